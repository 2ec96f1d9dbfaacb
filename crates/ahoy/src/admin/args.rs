//! The command line of `ahoy admin` and the request behind each command.

mod access;
mod accounts;
mod numbers;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::Ask;
use access::{AppVerb, RoleVerb};
pub(crate) use access::{Bootstrap, TokenVerb};
use accounts::{BusinessVerb, WabaVerb};
use numbers::NumberVerb;

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
    /// Mails to the contacts of businesses: warnings and restrictions.
    #[command(subcommand)]
    Mail(MailVerb),
    /// Whose admin token this is.
    Me,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MailVerb {
    /// List them.
    List(OfBusiness),
    /// Show one, with what it says.
    Show(Id),
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
            Self::Business(verb) => accounts::business(verb)?,
            Self::Waba(verb) => accounts::waba(verb)?,
            Self::Number(verb) => return numbers::number(verb),
            Self::App(verb) => access::app(verb)?,
            Self::Token(verb) => access::token(verb)?,
            Self::Role(verb) => access::role(verb)?,
            Self::Mail(MailVerb::List(list)) => Ask::list(
                of("mails", &list)?,
                &["id", "created_at", "to", "state", "subject"],
            ),
            Self::Mail(MailVerb::Show(mail)) => Ask::show(one("mails", &mail.id)?),
        }])
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use serde_json::json;

    use super::super::Content;
    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: AdminArgs,
    }

    /// What a command line asks for: method, path and body.
    fn asked(line: &[&str]) -> Result<(Method, String, Value), String> {
        use clap::Parser as _;
        let line = std::iter::once(&"ahoy").chain(line);
        let line = Line::try_parse_from(line).map_err(|e| e.to_string())?;
        let asks = line.args.noun.asks().map_err(|e| e.to_string())?;
        let ask = asks.into_iter().next().ok_or("nothing is asked")?;
        let body = match ask.body {
            Content::Json(body) => body,
            Content::None | Content::File(_) => Value::Null,
        };
        Ok((ask.method, ask.path, body))
    }

    #[test]
    fn contacts_mails_and_time_zones_reach_the_server_as_typed() -> Result<(), String> {
        let two = ["--contact", "a@b.example", "--contact", "c@d.example"];
        let update = ["business", "update", "73"];
        let (method, path, body) = asked(&[&update[..], &two].concat())?;
        assert_eq!((method, path.as_str()), (Method::PATCH, "/businesses/73"));
        assert_eq!(
            body,
            json!({"name": null, "contacts": ["a@b.example", "c@d.example"], "contact_book": null})
        );
        let (.., body) = asked(&[&update[..], &["--no-contacts"]].concat())?;
        assert_eq!(body["contacts"], json!([]));
        let (.., body) = asked(&[&update[..], &["--name", "x"]].concat())?;
        assert_eq!(body["contacts"], Value::Null, "they stay");
        assert!(asked(&[&update[..], &two, &["--no-contacts"]].concat()).is_err());
        let mails = asked(&["mail", "list", "--business", "73"])?;
        assert_eq!(
            (mails.0, mails.1.as_str()),
            (Method::GET, "/mails?business=73")
        );
        assert_eq!(asked(&["mail", "show", "7"])?.1, "/mails/7");
        let zone = ["waba", "update", "72", "--time-zone", "Europe/Madrid"];
        assert_eq!(asked(&zone)?.2["time_zone"], "Europe/Madrid");
        Ok(())
    }

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
