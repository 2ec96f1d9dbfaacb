//! Businesses and their accounts.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde::Serialize;

use super::super::Ask;
use super::{Id, OfBusiness, body, of, one};

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
    /// Whether it keeps a contact book, which goes on showing numbers of users it once met [default: true].
    #[arg(long, value_name = "BOOL")]
    contact_book: Option<bool>,
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
    /// Whether it keeps a contact book, which goes on showing numbers of users it once met.
    #[arg(long, value_name = "BOOL")]
    contact_book: Option<bool>,
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

pub(super) fn business(verb: BusinessVerb) -> anyhow::Result<Ask> {
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

pub(super) fn waba(verb: WabaVerb) -> anyhow::Result<Ask> {
    let columns = &["id", "business", "name", "currency", "time_zone"];
    Ok(match verb {
        WabaVerb::List(business) => Ask::list(of("wabas", &business)?, columns),
        WabaVerb::Create(new) => Ask::send(Method::POST, "/wabas", body(new)?),
        WabaVerb::Show(Id { id }) => Ask::show(one("wabas", &id)?),
        WabaVerb::Update(patch) => Ask::send(Method::PATCH, one("wabas", &patch.id)?, body(patch)?),
        WabaVerb::Delete(Id { id }) => Ask::delete(one("wabas", &id)?, "Deleted."),
    })
}
