//! The command line of `ahoy admin` and the request behind each command.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::print::View;
use super::{Ask, Content};

const EXAMPLES: &str = "\
Examples:
  ahoy admin token bootstrap --data .ahoy    the first admin token, while no server runs
  export AHOY_ADMIN_TOKEN=ahoy_admin_…
  ahoy admin business create --name 'Harbour Café Ltd'
  ahoy admin waba create --business 730… --name 'Harbour Café'
  ahoy admin number create --waba 720… --number '+44 20 7946 0000' --name 'Harbour Café'
  ahoy admin app create --business 730… --name 'Harbour Voice'
  ahoy admin token create --app 900… --name 'voice agent'
  ahoy admin role create --name Ana --role developer --business 730…

`ahoy dev` takes the admin token `ahoy-dev-admin`.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AdminArgs {
    /// Address of the running server.
    #[arg(
        long,
        global = true,
        env = "AHOY_SERVER",
        default_value = "http://127.0.0.1:8080"
    )]
    pub server: Url,
    /// Admin token.
    #[arg(long, global = true, env = "AHOY_ADMIN_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Print the server's JSON instead of tables.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub noun: Noun,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Noun {
    /// Business portfolios: the tenants.
    #[command(subcommand)]
    Business(BusinessVerb),
    /// WhatsApp Business Accounts of a business.
    #[command(subcommand)]
    Waba(WabaVerb),
    /// Phone numbers, their allow-lists and pictures.
    #[command(subcommand)]
    Number(NumberVerb),
    /// Apps: holders of access tokens and receivers of webhooks.
    #[command(subcommand)]
    App(AppVerb),
    /// Access tokens of the business API; and the first admin token.
    #[command(subcommand)]
    Token(TokenVerb),
    /// Who may use this very command, and on what: each role has an admin token.
    #[command(subcommand)]
    Role(RoleVerb),
    /// Whose admin token this is.
    Me,
}

#[derive(Debug, Args)]
pub(crate) struct Id {
    /// Its id.
    id: String,
}

#[derive(Debug, Args)]
pub(crate) struct OfBusiness {
    /// Only those of this business.
    #[arg(long)]
    business: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BusinessVerb {
    /// List all.
    List,
    /// Create one.
    Create(NewBusiness),
    /// Show one.
    Show(Id),
    /// Change one: what is not named stays.
    Update(BusinessPatch),
    /// Delete one that has no WABAs and apps.
    Delete(Id),
}

#[derive(Debug, Args, Serialize)]
pub(crate) struct NewBusiness {
    /// Its name.
    #[arg(long)]
    name: String,
    /// Its id [default: a fresh one].
    #[arg(long)]
    id: Option<String>,
    /// Mail address that warnings and restrictions of its numbers reach; repeat it for more.
    #[arg(long = "contact", value_name = "ADDRESS")]
    contacts: Option<Vec<String>>,
}

#[derive(Debug, Args, Serialize)]
pub(crate) struct BusinessPatch {
    /// Its id.
    #[serde(skip)]
    id: String,
    /// New name.
    #[arg(long)]
    name: Option<String>,
    /// Mail address that warnings and restrictions reach, in place of those before; repeat it for more.
    #[arg(long = "contact", value_name = "ADDRESS")]
    contacts: Option<Vec<String>>,
    /// Take all mail addresses away.
    #[arg(long, conflicts_with = "contacts")]
    #[serde(skip)]
    no_contacts: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WabaVerb {
    /// List them.
    List(OfBusiness),
    /// Create one.
    Create(NewWaba),
    /// Show one.
    Show(Id),
    /// Change one: what is not named stays.
    Update(WabaPatch),
    /// Delete one that has no phone numbers.
    Delete(Id),
}

#[derive(Debug, Args, Serialize)]
pub(crate) struct NewWaba {
    /// The business that owns it.
    #[arg(long)]
    business: String,
    /// Its name.
    #[arg(long)]
    name: String,
    /// Its id [default: a fresh one].
    #[arg(long)]
    id: Option<String>,
    /// ISO 4217 code of its currency [default: USD].
    #[arg(long)]
    currency: Option<String>,
    /// Number of its time zone in the reference's list, only shown [default: 0, none].
    #[arg(long)]
    timezone_id: Option<String>,
    /// IANA name of the time zone by which its days and months are counted [default: UTC].
    #[arg(long)]
    time_zone: Option<String>,
}

#[derive(Debug, Args, Serialize)]
pub(crate) struct WabaPatch {
    /// Its id.
    #[serde(skip)]
    id: String,
    /// New name.
    #[arg(long)]
    name: Option<String>,
    /// New currency.
    #[arg(long)]
    currency: Option<String>,
    /// New number of its time zone.
    #[arg(long)]
    timezone_id: Option<String>,
    /// New time zone by which its days and months are counted.
    #[arg(long)]
    time_zone: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NumberVerb {
    /// List them.
    List {
        /// Only those of this WABA.
        #[arg(long)]
        waba: Option<String>,
        #[command(flatten)]
        of: OfBusiness,
    },
    /// Create one; calling is off until the business enables it.
    Create(NewNumber),
    /// Show one.
    Show(Id),
    /// Change one: what is not named stays.
    Update(Box<NumberPatch>),
    /// Delete one that has no live calls.
    Delete(Id),
    /// Put users on the allow-list of a test number.
    Allow(AllowListed),
    /// Take users off the allow-list.
    Disallow(AllowListed),
    /// Show the allow-list.
    Allowed(Id),
    /// Set the profile picture, or take it away.
    Picture {
        /// The number's id.
        id: String,
        /// A JPEG, PNG or WebP file.
        #[arg(required_unless_present = "remove")]
        file: Option<PathBuf>,
        /// Take the picture away.
        #[arg(long, conflicts_with = "file")]
        remove: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AllowListed {
    /// The number's id.
    id: String,
    /// Numbers of users.
    #[arg(required = true)]
    users: Vec<String>,
}

#[derive(Debug, Args, Serialize)]
pub(crate) struct NewNumber {
    /// The WABA it belongs to.
    #[arg(long)]
    waba: String,
    /// The number with its country code.
    #[arg(long)]
    number: String,
    /// The name on the user's phone.
    #[arg(long)]
    name: String,
    /// Its id [default: a fresh one].
    #[arg(long)]
    id: Option<String>,
    /// production, sandbox or test: which limits hold; a test number reaches its allow-list alone [default: production].
    #[arg(long)]
    profile: Option<String>,
    /// TIER_250, TIER_2K, TIER_10K, TIER_100K or TIER_UNLIMITED [default: TIER_2K].
    #[arg(long)]
    messaging_limit: Option<String>,
    /// Whether somebody pays for its calls [default: true].
    #[arg(long, value_name = "true|false")]
    payment_valid: Option<bool>,
    /// Whether it is registered already [default: true].
    #[arg(long, value_name = "true|false")]
    registered: Option<bool>,
    /// Whether it is shown to be the business's own [default: true].
    #[arg(long, value_name = "true|false")]
    verified: Option<bool>,
}

#[derive(Debug, Args, Serialize)]
pub(crate) struct NumberPatch {
    /// Its id.
    #[serde(skip)]
    id: String,
    /// New name.
    #[arg(long)]
    name: Option<String>,
    /// APPROVED, AVAILABLE_WITHOUT_REVIEW, DECLINED, EXPIRED, PENDING_REVIEW or NONE.
    #[arg(long)]
    name_status: Option<String>,
    /// Badge of an official account.
    #[arg(long, value_name = "true|false")]
    official: Option<bool>,
    /// production, sandbox or test.
    #[arg(long)]
    profile: Option<String>,
    /// TIER_250, TIER_2K, TIER_10K, TIER_100K or TIER_UNLIMITED.
    #[arg(long)]
    messaging_limit: Option<String>,
    /// Whether somebody pays for its calls.
    #[arg(long, value_name = "true|false")]
    payment_valid: Option<bool>,
    /// Whether it is shown to be the business's own.
    #[arg(long, value_name = "true|false")]
    verified: Option<bool>,
    /// Short line of the public profile.
    #[arg(long)]
    about: Option<String>,
    /// Postal address.
    #[arg(long)]
    address: Option<String>,
    /// What the business does.
    #[arg(long)]
    description: Option<String>,
    /// E-mail address.
    #[arg(long)]
    email: Option<String>,
    /// Line of business, as RESTAURANT.
    #[arg(long)]
    vertical: Option<String>,
    /// Addresses of web sites, at most two; all of them.
    #[arg(long = "website")]
    websites: Option<Vec<String>>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AppVerb {
    /// List them.
    List(OfBusiness),
    /// Create one; its secret is in the answer.
    Create(NewApp),
    /// Show one.
    Show(Id),
    /// Change one: what is not named stays.
    Update(AppPatch),
    /// Delete one with its tokens and subscriptions.
    Delete(Id),
}

#[derive(Debug, Args, Serialize)]
pub(crate) struct NewApp {
    /// The business that owns it.
    #[arg(long)]
    business: String,
    /// Its name.
    #[arg(long)]
    name: String,
    /// Its id [default: a fresh one].
    #[arg(long)]
    id: Option<String>,
    /// The key of its webhook signatures [default: a fresh one].
    #[arg(long)]
    secret: Option<String>,
}

#[derive(Debug, Args, Serialize)]
pub(crate) struct AppPatch {
    /// Its id.
    #[serde(skip)]
    id: String,
    /// New name.
    #[arg(long)]
    name: Option<String>,
    /// New secret.
    #[arg(long)]
    secret: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenVerb {
    /// Make an admin token straight in a data folder while no server runs on it: the way to begin.
    Bootstrap(Bootstrap),
    /// List access tokens, ended ones included.
    List(OfBusiness),
    /// Issue an access token; it is shown once.
    Create(NewToken),
    /// Show one, without its text.
    Show(Id),
    /// Revoke one.
    #[command(visible_alias = "delete")]
    Revoke(Id),
}

#[derive(Debug, Args)]
pub(crate) struct Bootstrap {
    /// Folder of the database [default: that of the configuration, else .ahoy].
    #[arg(long, env = "AHOY_DATA")]
    pub data: Option<PathBuf>,
    /// The server's configuration file.
    #[arg(long, env = "AHOY_CONFIG")]
    pub config: Option<PathBuf>,
    /// Whose it is, for lists and the log.
    #[arg(long, default_value = "Bootstrap")]
    pub name: String,
}

#[derive(Debug, Args, Serialize)]
pub(crate) struct NewToken {
    /// The app it is for; it reaches the objects of the app's business.
    #[arg(long)]
    app: String,
    /// What it is for.
    #[arg(long)]
    name: Option<String>,
    /// whatsapp_business_management or whatsapp_business_messaging; repeat it for both [default: both].
    #[arg(long = "scope")]
    scopes: Option<Vec<String>>,
    /// Seconds until it ends [default: never].
    #[arg(long)]
    expires_in: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RoleVerb {
    /// List them.
    List,
    /// Give one; its admin token is shown once.
    Create(NewRole),
    /// Show one.
    Show(Id),
    /// Take one back.
    Delete(Id),
}

#[derive(Debug, Args, Serialize)]
pub(crate) struct NewRole {
    /// Whose it is.
    #[arg(long)]
    name: String,
    /// admin (everything), developer (one business, read and write) or viewer (read).
    #[arg(long)]
    role: String,
    /// The one business it reaches.
    #[arg(long)]
    business: Option<String>,
    /// Seconds until it ends [default: never].
    #[arg(long)]
    expires_in: Option<u64>,
}

/// A path with what a person typed as its last part but one, and parameters.
fn path(parts: &[&str], query: &[(&str, Option<&String>)]) -> anyhow::Result<String> {
    let mut url = Url::parse("http://ahoy/")?;
    url.path_segments_mut()
        .map_err(|()| anyhow::anyhow!("the path cannot be made"))?
        .clear()
        .extend(parts);
    let given: Vec<_> = query
        .iter()
        .filter_map(|(name, value)| value.map(|value| (*name, value)))
        .collect();
    if !given.is_empty() {
        url.query_pairs_mut().extend_pairs(given);
    }
    let query = url.query().map(|q| format!("?{q}")).unwrap_or_default();
    Ok(format!("{}{query}", url.path()))
}

fn one(plural: &str, id: &str) -> anyhow::Result<String> {
    path(&[plural, id], &[])
}

fn of(plural: &str, of: &OfBusiness) -> anyhow::Result<String> {
    path(&[plural], &[("business", of.business.as_ref())])
}

fn body(args: impl Serialize) -> anyhow::Result<Value> {
    Ok(serde_json::to_value(args)?)
}

impl Noun {
    /// The requests of this command, in order.
    pub(super) fn asks(self) -> anyhow::Result<Vec<Ask>> {
        Ok(vec![match self {
            Self::Me => Ask::show("/me"),
            Self::Business(verb) => business(verb)?,
            Self::Waba(verb) => waba(verb)?,
            Self::Number(verb) => return number(verb),
            Self::App(verb) => app(verb)?,
            Self::Token(verb) => token(verb)?,
            Self::Role(verb) => role(verb)?,
        }])
    }
}

fn business(verb: BusinessVerb) -> anyhow::Result<Ask> {
    Ok(match verb {
        BusinessVerb::List => Ask::list("/businesses", &["id", "name", "contacts"]),
        BusinessVerb::Create(new) => Ask::send(Method::POST, "/businesses", body(new)?),
        BusinessVerb::Show(Id { id }) => Ask::show(one("businesses", &id)?),
        BusinessVerb::Update(mut patch) => {
            if patch.no_contacts {
                patch.contacts = Some(Vec::new());
            }
            let path = one("businesses", &patch.id)?;
            Ask::send(Method::PATCH, path, body(patch)?)
        }
        BusinessVerb::Delete(Id { id }) => Ask::delete(one("businesses", &id)?, "Deleted."),
    })
}

fn waba(verb: WabaVerb) -> anyhow::Result<Ask> {
    let columns = &["id", "business", "name", "currency", "time_zone"];
    Ok(match verb {
        WabaVerb::List(business) => Ask::list(of("wabas", &business)?, columns),
        WabaVerb::Create(new) => Ask::send(Method::POST, "/wabas", body(new)?),
        WabaVerb::Show(Id { id }) => Ask::show(one("wabas", &id)?),
        WabaVerb::Update(patch) => Ask::send(Method::PATCH, one("wabas", &patch.id)?, body(patch)?),
        WabaVerb::Delete(Id { id }) => Ask::delete(one("wabas", &id)?, "Deleted."),
    })
}

fn number(verb: NumberVerb) -> anyhow::Result<Vec<Ask>> {
    let columns = &[
        "id",
        "number",
        "name",
        "profile",
        "calling",
        "registered",
        "waba",
    ];
    Ok(vec![match verb {
        NumberVerb::List { waba, of } => {
            let query = [("business", of.business.as_ref()), ("waba", waba.as_ref())];
            Ask::list(path(&["numbers"], &query)?, columns)
        }
        NumberVerb::Create(new) => Ask::send(Method::POST, "/numbers", body(new)?),
        NumberVerb::Show(Id { id }) => Ask::show(one("numbers", &id)?),
        NumberVerb::Update(patch) => {
            Ask::send(Method::PATCH, one("numbers", &patch.id)?, body(patch)?)
        }
        NumberVerb::Delete(Id { id }) => Ask::delete(one("numbers", &id)?, "Deleted."),
        NumberVerb::Allowed(Id { id }) => {
            Ask::list(path(&["numbers", &id, "allow_list"], &[])?, &["wa_id"])
        }
        NumberVerb::Allow(AllowListed { id, users }) => {
            let path = path(&["numbers", &id, "allow_list"], &[])?;
            let ask = |user| {
                let body = serde_json::json!({ "wa_id": user });
                Ask::send(Method::POST, path.clone(), body)
            };
            return Ok(users.into_iter().map(ask).collect());
        }
        NumberVerb::Disallow(AllowListed { id, users }) => {
            let ask = |user: &String| {
                let path = path(&["numbers", &id, "allow_list", user], &[])?;
                Ok(Ask::delete(path, "Taken off."))
            };
            return users.iter().map(ask).collect();
        }
        NumberVerb::Picture { id, file, .. } => {
            let path = path(&["numbers", &id, "picture"], &[])?;
            match file {
                Some(file) => Ask {
                    body: Content::File(file),
                    ..Ask::new(Method::PUT, path, View::Done("Set."))
                },
                None => Ask::delete(path, "Taken away."),
            }
        }
    }])
}

fn app(verb: AppVerb) -> anyhow::Result<Ask> {
    let columns = &["id", "business", "name", "callback_url", "fields"];
    Ok(match verb {
        AppVerb::List(business) => Ask::list(of("apps", &business)?, columns),
        AppVerb::Create(new) => Ask::send(Method::POST, "/apps", body(new)?),
        AppVerb::Show(Id { id }) => Ask::show(one("apps", &id)?),
        AppVerb::Update(patch) => Ask::send(Method::PATCH, one("apps", &patch.id)?, body(patch)?),
        AppVerb::Delete(Id { id }) => Ask::delete(one("apps", &id)?, "Deleted."),
    })
}

fn token(verb: TokenVerb) -> anyhow::Result<Ask> {
    let columns = &["id", "app", "name", "scopes", "expires_at", "revoked_at"];
    Ok(match verb {
        TokenVerb::Bootstrap(_) => anyhow::bail!("bootstrap asks no server"),
        TokenVerb::List(business) => Ask::list(of("tokens", &business)?, columns),
        TokenVerb::Create(new) => Ask::send(Method::POST, "/tokens", body(new)?),
        TokenVerb::Show(Id { id }) => Ask::show(one("tokens", &id)?),
        TokenVerb::Revoke(Id { id }) => Ask::delete(one("tokens", &id)?, "Revoked."),
    })
}

fn role(verb: RoleVerb) -> anyhow::Result<Ask> {
    let columns = &["id", "name", "role", "business", "expires_at"];
    Ok(match verb {
        RoleVerb::List => Ask::list("/roles", columns),
        RoleVerb::Create(new) => Ask::send(Method::POST, "/roles", body(new)?),
        RoleVerb::Show(Id { id }) => Ask::show(one("roles", &id)?),
        RoleVerb::Delete(Id { id }) => Ask::delete(one("roles", &id)?, "Taken back."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_types_cannot_leave_its_place() {
        let path = one("numbers", "../../x?y#z").unwrap_or_default();
        assert_eq!(path, "/numbers/..%2F..%2Fx%3Fy%23z");
        let of = OfBusiness {
            business: Some("7&a=b".into()),
        };
        assert_eq!(
            super::of("apps", &of).unwrap_or_default(),
            "/apps?business=7%26a%3Db"
        );
    }
}
