//! `/{phone-number-id}/settings` (`graph-api.md` §4): the answer here, the change in `change`.

mod change;

use std::collections::BTreeMap;

use ahoy_types::settings::{CallHours, ExtraCodec, KeyExchange, VoicemailTrigger};
pub use ahoy_types::settings::{IconVisibility, SettingsPatch, Switch};
use ahoy_types::{Country, RuleTime};
use serde::{Deserialize, Serialize};

pub use change::SettingsChange;

/// The groups of settings.
pub const GROUPS: [&str; 4] = [
    "calling",
    "payload_encryption",
    "storage_configuration",
    "user_identity_change",
];

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
    /// Who sees the call icon.
    #[serde(default)]
    pub call_icons: CallIcons,
    /// When users may call; absent until first set: at all times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_hours: Option<CallHours>,
    /// How media keys are agreed on; absent until first set: `DTLS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub srtp_key_exchange_protocol: Option<KeyExchange>,
    /// Codecs.
    #[serde(default)]
    pub audio: Audio,
    /// Voicemail; absent until first set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voicemail: Option<Voicemail>,
    /// Calls over SIP.
    #[serde(default)]
    pub sip: Sip,
    /// What the number may not do for a while; absent unless something is restricted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrictions: Option<Restrictions>,
}

/// Who sees the call icon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallIcons {
    /// ISO 3166-1 alpha-2 countries of the users' numbers; none means all.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, example = json!(["ES", "BR"])))]
    pub restrict_to_user_countries: Vec<Country>,
}

/// Codecs of a number's calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Audio {
    /// Beside Opus, which is always there.
    pub additional_codecs: Vec<ExtraCodec>,
}

/// Voicemail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Voicemail {
    /// On or off.
    pub status: Switch,
    /// What makes it take a call.
    pub triggers: Vec<VoicemailTrigger>,
    /// What it plays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<VoicemailAudio>,
}

/// What voicemail plays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VoicemailAudio {
    /// At any time.
    pub default: Announcement,
}

/// An announcement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Announcement {
    /// Uploaded with `use_case=call_voicemail_announcement`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement_media_id: Option<u64>,
    /// How long a call rings before it is played, for the trigger `TIMEOUT`: 0 to 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u8>,
}

/// Calls over SIP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sip {
    /// While it is on, the call endpoints of the Graph refuse with 131055.
    pub status: Switch,
    /// Whether such calls send webhooks.
    #[serde(default)]
    pub webhook_delivery: Switch,
    /// One an app.
    #[serde(default)]
    pub servers: Vec<SipServer>,
}

/// An app's SIP server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SipServer {
    /// Its name.
    pub hostname: String,
    /// Its TLS port.
    pub port: u16,
    /// The app it belongs to.
    pub app_id: u64,
    /// Parameters of the user part of the request URI.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub request_uri_user_params: BTreeMap<String, String>,
    /// What it signs in with: only with `include_sip_credentials`, and only of the asking app's own server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_user_password: Option<String>,
}

impl std::fmt::Debug for SipServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SipServer")
            .field("hostname", &self.hostname)
            .field("port", &self.port)
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}

/// What a number may not do for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Restrictions {
    /// All of them.
    pub restrictions_list: Vec<Restriction>,
}

/// A restriction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Restriction {
    /// `RESTRICTED_BUSINESS_INITIATED_CALLING` or `RESTRICTED_USER_INITIATED_CALLING`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Why, in a sentence.
    pub reason: String,
    /// When it ends, in Unix seconds; absent where only the business can end it.
    #[serde(default, with = "expiration", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i64>))]
    pub expiration: Option<RuleTime>,
}

/// Whole Unix seconds as an integer, as everywhere in answers.
mod expiration {
    use ahoy_types::RuleTime;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[allow(clippy::ref_option, reason = "the signature is serde's")]
    pub(super) fn serialize<S: Serializer>(
        at: &Option<RuleTime>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        at.map(RuleTime::secs).serialize(to)
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<RuleTime>, D::Error> {
        Ok(Option::<i64>::deserialize(from)?.map(|secs| RuleTime(secs.saturating_mul(1000))))
    }
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
