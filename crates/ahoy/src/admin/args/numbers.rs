//! Phone numbers, their allow-lists and pictures.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde::Serialize;

use super::super::print::View;
use super::super::{Ask, Content};
use super::{Id, OfBusiness, body, one, path};

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

pub(super) fn number(verb: NumberVerb) -> anyhow::Result<Vec<Ask>> {
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
