//! The vocabulary of call settings (`graph-api.md` §4): values as stored, asked for and shown. Which of them may
//! stand together is a rule and decided elsewhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Country, Date, TimeOfDay, Weekday};

/// On or off, as the wire spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Switch {
    /// On.
    Enabled,
    /// Off.
    #[default]
    Disabled,
}

impl Switch {
    /// Whether it is on.
    pub const fn on(self) -> bool {
        matches!(self, Self::Enabled)
    }
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "ENABLED",
            Self::Disabled => "DISABLED",
        }
    }
}

/// Where phones show the call icon. Hiding it refuses no call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IconVisibility {
    /// In the chat and the business profile.
    #[default]
    Default,
    /// Nowhere; calls by button, link or call log still work.
    DisableAll,
}

impl IconVisibility {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "DEFAULT",
            Self::DisableAll => "DISABLE_ALL",
        }
    }
}

/// How the keys of a call's media are agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum KeyExchange {
    /// In the media itself.
    Dtls,
    /// In the session description.
    Sdes,
}

/// A codec beside Opus, which is always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum ExtraCodec {
    /// G.711 A-law.
    Pcma,
    /// G.711 µ-law.
    Pcmu,
}

/// What makes voicemail take a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum VoicemailTrigger {
    /// The business declines the call.
    Reject,
    /// The business lets it ring for too long.
    Timeout,
}

/// When the business takes calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallHours {
    /// Off means open at all times.
    pub status: Switch,
    /// IANA name of the zone the times are in.
    pub timezone_id: String,
    /// Opening hours; a day that is not listed is closed.
    pub weekly_operating_hours: Vec<OpenHours>,
    /// Dates with hours of their own.
    #[serde(default)]
    pub holiday_schedule: Vec<Holiday>,
}

/// Opening hours on one day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenHours {
    /// The day.
    pub day_of_week: Weekday,
    /// From when on, `HHMM`.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "0900"))]
    pub open_time: TimeOfDay,
    /// Until when, `HHMM`; `2359` lasts until midnight.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "1730"))]
    pub close_time: TimeOfDay,
}

/// A window of one date in which the weekly hours do not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Holiday {
    /// The date, `YYYY-MM-DD`.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2027-01-01"))]
    pub date: Date,
    /// From when on, `HHMM`.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "0000"))]
    pub start_time: TimeOfDay,
    /// Until when, `HHMM`; `2359` lasts until midnight.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2359"))]
    pub end_time: TimeOfDay,
}

/// A business's SIP server as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipServerWish {
    /// Its name.
    pub hostname: String,
    /// Its TLS port.
    pub port: u16,
    /// Parameters of the user part of the request URI.
    pub request_uri_user_params: BTreeMap<String, String>,
}

/// A change of `voicemail`: what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoicemailPatch {
    /// On or off.
    pub status: Switch,
    /// What makes it take a call.
    pub triggers: Option<Vec<VoicemailTrigger>>,
    /// The media object it plays.
    pub announcement_media_id: Option<u64>,
    /// How long it lets a call ring, in seconds.
    pub timeout_seconds: Option<u8>,
}

/// A change of `sip`: what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SipPatch {
    /// Whether calls go over SIP.
    pub status: Option<Switch>,
    /// Whether calls over SIP send webhooks.
    pub webhook_delivery: Option<Switch>,
    /// The asking app's servers; none takes its server away.
    pub servers: Option<Vec<SipServerWish>>,
}

/// A partial update of the calling settings: what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsPatch {
    /// New `status`.
    pub status: Option<Switch>,
    /// New `call_icon_visibility`.
    pub call_icon_visibility: Option<IconVisibility>,
    /// New `callback_permission_status`.
    pub callback_permission_status: Option<Switch>,
    /// New `call_icons.restrict_to_user_countries`; none means everywhere.
    pub restrict_to_user_countries: Option<Vec<Country>>,
    /// New `call_hours`, replacing the old ones whole.
    pub call_hours: Option<CallHours>,
    /// New `srtp_key_exchange_protocol`.
    pub srtp_key_exchange_protocol: Option<KeyExchange>,
    /// New `audio.additional_codecs`.
    pub additional_codecs: Option<Vec<ExtraCodec>>,
    /// Change of `voicemail`.
    pub voicemail: Option<VoicemailPatch>,
    /// Change of `sip`.
    pub sip: Option<SipPatch>,
}
