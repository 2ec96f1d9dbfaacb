//! SIP as a setting: the switch and the servers of the apps.

use std::collections::BTreeMap;
use std::fmt;

use ahoy_types::AppId;
use ahoy_types::settings::{SipPatch, SipServerWish, Switch};
use serde::{Deserialize, Serialize};

use super::{Asker, wrong};
use crate::limits::SIP_PARAM_CHARS;
use crate::place::Refusal;

/// A name of the domain name system has at most so many characters.
const HOSTNAME_CHARS: usize = 253;

/// A secret the platform made up; `Debug` does not tell it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SipPassword(pub String);

impl fmt::Debug for SipPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SipPassword(…)")
    }
}

/// An app's SIP server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipServer {
    /// The app it belongs to: each has at most one.
    pub app: AppId,
    /// Its name.
    pub hostname: String,
    /// Its TLS port.
    pub port: u16,
    /// Parameters of the user part of the request URI.
    pub request_uri_user_params: BTreeMap<String, String>,
    /// What the server signs in with.
    pub password: SipPassword,
}

/// Calls over SIP.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sip {
    /// Whether calls go over SIP; then the call endpoints of the Graph refuse (131055).
    pub status: Switch,
    /// Whether such calls send webhooks.
    pub webhook_delivery: Switch,
    /// The servers, one an app.
    pub servers: Vec<SipServer>,
}

impl Sip {
    pub(super) fn patched(mut self, patch: &SipPatch, asker: &Asker) -> Result<Self, Refusal> {
        self.status = patch.status.unwrap_or(self.status);
        self.webhook_delivery = patch.webhook_delivery.unwrap_or(self.webhook_delivery);
        match patch.servers.as_deref() {
            None => {}
            Some([]) => self.servers.retain(|server| server.app != asker.app),
            Some([wish]) => self.put(wish, asker)?,
            Some(more) => {
                return Err(wrong(
                    "sip.servers",
                    format_args!("{} servers are given, an app has one", more.len()),
                ));
            }
        }
        if self.status.on() && self.servers.is_empty() {
            return Err(wrong(
                "sip.servers",
                "a server is needed where sip is ENABLED",
            ));
        }
        Ok(self)
    }

    /// The password stays with the app's server until that is taken away.
    fn put(&mut self, wish: &SipServerWish, asker: &Asker) -> Result<(), Refusal> {
        check_server(wish)?;
        let before = self
            .servers
            .iter()
            .position(|server| server.app == asker.app);
        let password = match before {
            Some(at) => self.servers.remove(at).password,
            None => asker.password.clone(),
        };
        self.servers.push(SipServer {
            app: asker.app,
            hostname: wish.hostname.clone(),
            port: wish.port,
            request_uri_user_params: wish.request_uri_user_params.clone(),
            password,
        });
        self.servers.sort_by_key(|server| server.app);
        Ok(())
    }
}

fn check_server(wish: &SipServerWish) -> Result<(), Refusal> {
    const FIELD: &str = "sip.servers[0]";
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if wish.hostname.len() > HOSTNAME_CHARS || !wish.hostname.split('.').all(label) {
        return Err(wrong(
            &format!("{FIELD}.hostname"),
            "a host name of letters, digits, dots and hyphens is expected",
        ));
    }
    if wish.port == 0 {
        return Err(wrong(&format!("{FIELD}.port"), "1 to 65535 is allowed"));
    }
    for (name, value) in &wish.request_uri_user_params {
        let long = [name, value]
            .iter()
            .any(|text| text.chars().count() > SIP_PARAM_CHARS);
        if long || name.is_empty() {
            return Err(wrong(
                &format!("{FIELD}.request_uri_user_params"),
                format_args!(
                    "names have 1 to {SIP_PARAM_CHARS} characters, values at most {SIP_PARAM_CHARS}"
                ),
            ));
        }
    }
    Ok(())
}
