//! Voicemail as a setting.

use ahoy_types::settings::{Switch, VoicemailPatch, VoicemailTrigger};
use serde::{Deserialize, Serialize};

use super::{distinct, wrong};
use crate::limits::VOICEMAIL_WAIT;
use crate::place::Refusal;

/// Voicemail: stored and shown; no call reaches it yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Voicemail {
    /// On or off.
    pub status: Switch,
    /// What makes it take a call.
    pub triggers: Vec<VoicemailTrigger>,
    /// The media object it plays.
    pub announcement_media_id: Option<u64>,
    /// How long it lets a call ring, in seconds; without it the trigger `TIMEOUT` is off.
    pub timeout_seconds: Option<u8>,
}

impl Voicemail {
    pub(super) fn patched(mut self, patch: &VoicemailPatch) -> Result<Self, Refusal> {
        self.status = patch.status;
        if let Some(triggers) = &patch.triggers {
            self.triggers = distinct(triggers);
        }
        self.announcement_media_id = patch.announcement_media_id.or(self.announcement_media_id);
        self.timeout_seconds = patch.timeout_seconds.or(self.timeout_seconds);
        if self
            .timeout_seconds
            .is_some_and(|wait| wait > VOICEMAIL_WAIT)
        {
            return Err(wrong(
                "voicemail.audio.default.timeout_seconds",
                format_args!("0 to {VOICEMAIL_WAIT} seconds are allowed"),
            ));
        }
        if self.status.on() && self.triggers.is_empty() {
            return Err(wrong(
                "voicemail.triggers",
                "REJECT, TIMEOUT or both are needed where voicemail is ENABLED",
            ));
        }
        if self.status.on() && self.announcement_media_id.is_none() {
            return Err(wrong(
                "voicemail.audio.default.announcement_media_id",
                "an announcement is needed where voicemail is ENABLED",
            ));
        }
        Ok(self)
    }

    /// How long a call rings before voicemail takes it; `None` where it does not for that reason.
    pub fn waits(&self) -> Option<u8> {
        let by_time = self.status.on() && self.triggers.contains(&VoicemailTrigger::Timeout);
        self.timeout_seconds.filter(|_| by_time)
    }
}
