//! Apps, access tokens, and the roles of administrators.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde::Serialize;

use super::super::Ask;
use super::{Id, OfBusiness, body, of, one};

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
    /// The app it is for.
    #[arg(long)]
    app: String,
    /// The business whose objects it reaches [default: the app's own].
    #[arg(long)]
    business: Option<String>,
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

pub(super) fn app(verb: AppVerb) -> anyhow::Result<Ask> {
    let columns = &["id", "business", "name", "callback_url", "fields"];
    Ok(match verb {
        AppVerb::List(business) => Ask::list(of("apps", &business)?, columns),
        AppVerb::Create(new) => Ask::send(Method::POST, "/apps", body(new)?),
        AppVerb::Show(Id { id }) => Ask::show(one("apps", &id)?),
        AppVerb::Update(patch) => Ask::send(Method::PATCH, one("apps", &patch.id)?, body(patch)?),
        AppVerb::Delete(Id { id }) => Ask::delete(one("apps", &id)?, "Deleted."),
    })
}

pub(super) fn token(verb: TokenVerb) -> anyhow::Result<Ask> {
    let columns = &["id", "app", "name", "scopes", "expires_at", "revoked_at"];
    Ok(match verb {
        TokenVerb::Bootstrap(_) => anyhow::bail!("bootstrap asks no server"),
        TokenVerb::List(business) => Ask::list(of("tokens", &business)?, columns),
        TokenVerb::Create(new) => Ask::send(Method::POST, "/tokens", body(new)?),
        TokenVerb::Show(Id { id }) => Ask::show(one("tokens", &id)?),
        TokenVerb::Revoke(Id { id }) => Ask::delete(one("tokens", &id)?, "Revoked."),
    })
}

pub(super) fn role(verb: RoleVerb) -> anyhow::Result<Ask> {
    let columns = &["id", "name", "role", "business", "expires_at"];
    Ok(match verb {
        RoleVerb::List => Ask::list("/roles", columns),
        RoleVerb::Create(new) => Ask::send(Method::POST, "/roles", body(new)?),
        RoleVerb::Show(Id { id }) => Ask::show(one("roles", &id)?),
        RoleVerb::Delete(Id { id }) => Ask::delete(one("roles", &id)?, "Taken back."),
    })
}
