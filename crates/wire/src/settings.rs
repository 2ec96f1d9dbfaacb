//! `/{phone-number-id}/settings` (`graph-api.md` §4).

use serde::{Deserialize, Serialize};

use crate::body::excerpt;
use crate::{Body, GraphError};

/// A feature that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Switch {
    /// On.
    Enabled,
    /// Off.
    Disabled,
}

/// Whether phones show the call icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IconVisibility {
    /// Shown wherever calling works.
    Default,
    /// Hidden everywhere; calls by button, link or call log still work.
    DisableAll,
}

/// The `calling` object of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Calling {
    /// Calling on this number.
    pub status: Switch,
    /// Call icon.
    pub call_icon_visibility: IconVisibility,
    /// Whether a user's call permits the business to call back.
    pub callback_permission_status: Switch,
}

/// Answer to `GET /{phone-number-id}/settings`; with `fields`, what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Settings {
    /// Calling.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub calling: Calling,
    /// Where data at rest lies.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub storage_configuration: StorageConfiguration,
}

/// Where data at rest lies: `DEFAULT`, on this server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StorageConfiguration {
    /// `DEFAULT`.
    pub status: String,
}

impl Settings {
    /// The answer for these calling settings.
    pub fn new(calling: Calling) -> Self {
        Self {
            calling,
            storage_configuration: StorageConfiguration {
                status: "DEFAULT".to_owned(),
            },
        }
    }
}

/// A change of settings: what is absent stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SettingsChange {
    /// Calling on this number.
    pub status: Option<Switch>,
    /// Call icon.
    pub call_icon_visibility: Option<IconVisibility>,
    /// Permission to call back.
    pub callback_permission_status: Option<Switch>,
}

/// Settings this server can change.
const KNOWN: &str = "status, call_icon_visibility, callback_permission_status";
/// Settings of the documented API that this server cannot change.
const UNSUPPORTED: [&str; 7] = [
    "call_icons",
    "call_hours",
    "srtp_key_exchange_protocol",
    "audio",
    "voicemail",
    "sip",
    "video",
];
/// Documented feature groups beside `calling`.
const GROUPS: [&str; 3] = [
    "payload_encryption",
    "storage_configuration",
    "user_identity_change",
];
const SWITCH: &[(&str, Switch)] = &[("ENABLED", Switch::Enabled), ("DISABLED", Switch::Disabled)];
const ICON: &[(&str, IconVisibility)] = &[
    ("DEFAULT", IconVisibility::Default),
    ("DISABLE_ALL", IconVisibility::DisableAll),
];

impl SettingsChange {
    /// Reads the body of `POST /{phone-number-id}/settings`.
    ///
    /// A setting that would be swallowed is refused: documented ones this server does not have, and unknown groups.
    /// Other unknown keys are let pass, as everywhere.
    ///
    /// # Errors
    /// Code 100 with a sentence that names the parameter.
    pub fn parse(body: &Body) -> Result<Self, GraphError> {
        let fields = body.fields();
        for name in fields.names() {
            if GROUPS.contains(&name) {
                return Err(GraphError::invalid(format!(
                    "The parameter `{name}` is not supported by this server; the group `calling` is."
                )));
            }
            if name != "calling" && fields.is_structured(name) {
                return Err(unknown_group(name));
            }
        }
        let Some(calling) = fields.object("calling")? else {
            return Err(fields.missing("calling"));
        };
        for name in calling.names() {
            if UNSUPPORTED.contains(&name) {
                return Err(GraphError::invalid(format!(
                    "The parameter `calling.{name}` is not supported by this server; it can change {KNOWN}."
                )));
            }
            if calling.is_structured(name) && !KNOWN.split(", ").any(|known| known == name) {
                return Err(unknown_group(&format!("calling.{name}")));
            }
        }
        let change = Self {
            status: calling.word("status", SWITCH)?,
            call_icon_visibility: calling.word("call_icon_visibility", ICON)?,
            callback_permission_status: calling.word("callback_permission_status", SWITCH)?,
        };
        if change == Self::default() {
            return Err(GraphError::invalid(format!(
                "The parameter `calling` names no setting; it can change {KNOWN}."
            )));
        }
        Ok(change)
    }
}

fn unknown_group(name: &str) -> GraphError {
    GraphError::invalid(format!(
        "The parameter `{}` is not a known group of settings.",
        excerpt(name)
    ))
}
