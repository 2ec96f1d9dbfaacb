//! The operator's HTTP API: businesses, accounts, phone numbers, apps, access tokens, roles.
//!
//! | route | what |
//! |---|---|
//! | `/admin/v1/…` | JSON; each request carries an admin token: `Authorization: Bearer …` |
//! | `/admin/openapi.json` | the description of these routes |
//!
//! Admin tokens are not access tokens: neither opens what is the other's. Errors are `{"error":{"message","code"}}` with
//! a proper HTTP status. The routes hold no rules: they read the request and call [`ahoy_platform::admin`].

mod answer;
mod incoming;
mod model;
mod routes;

pub use routes::{DOCUMENT, openapi, router};

use std::sync::Arc;

use ahoy_calling::admin::{AdminRefusal, Administrator};
use ahoy_platform::Platform;
use ahoy_platform::admin::Admin;
use ahoy_types::TokenHash;

/// What the routes work on. Cheap to clone.
#[derive(Clone)]
pub struct AdminState {
    platform: Platform,
    fixed: Arc<[TokenHash]>,
}

impl AdminState {
    /// The platform, and admin tokens that come from the server's own configuration: each has the role admin as long
    /// as the server runs with it, and none of them is in the store.
    pub fn new<'t>(platform: Platform, fixed: impl IntoIterator<Item = &'t str>) -> Self {
        Self {
            platform,
            fixed: fixed.into_iter().map(TokenHash::of).collect(),
        }
    }

    fn enter(&self, token: &str) -> Result<Admin, AdminRefusal> {
        // Hashes are compared, so that the time it takes tells nothing about the token.
        let who = if self.fixed.contains(&TokenHash::of(token)) {
            Administrator::all("configuration")
        } else {
            self.platform.administrator(token)?
        };
        Ok(self.platform.admin(who))
    }
}
