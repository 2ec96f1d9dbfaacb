//! What is measured, with its name in RFC 6076 where it has one. `docs/load.md` defines each.

use serde::Serialize;

/// A duration that is collected over all calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// From the request for a call to the first sign that the other side is alerted.
    RequestDelay,
    /// From the request to hang up to the `terminate` webhook.
    DisconnectDelay,
    /// From the answer to the request to hang up.
    SessionDuration,
    /// From the first connectivity check to its answer.
    Ice,
    /// From that answer to the keys.
    Dtls,
    /// From the call's answer to the first packet at the business.
    FirstAudioBusiness,
    /// From the call's answer to the first sound at the user.
    FirstAudioUser,
    /// Interarrival jitter at the business, a value a call.
    JitterBusiness,
    /// Interarrival jitter at a user on a socket, a value a call.
    JitterUser,
    /// The user's request for a call.
    Dial,
    /// `connect`.
    Connect,
    /// `pre_accept`.
    PreAccept,
    /// `accept`.
    Accept,
    /// `terminate`.
    Terminate,
    /// Whatever else a user does: pick up, describe media, hang up.
    UserAct,
    /// `connect` behind the answer that caused it.
    WebhookConnect,
    /// `RINGING` behind `connect`.
    WebhookRinging,
    /// `ACCEPTED` behind `RINGING`: the user's decision and the business's media are in it.
    WebhookAccepted,
    /// `terminate` behind the answer that caused it.
    WebhookTerminate,
}

/// Chapters of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// A call as a whole.
    Session,
    /// ICE, DTLS, sound.
    Media,
    /// Requests.
    Api,
    /// Deliveries.
    Webhook,
}

impl Measure {
    /// All of them, in the order of the report.
    pub const ALL: [Self; 19] = [
        Self::RequestDelay,
        Self::DisconnectDelay,
        Self::SessionDuration,
        Self::Ice,
        Self::Dtls,
        Self::FirstAudioBusiness,
        Self::FirstAudioUser,
        Self::JitterBusiness,
        Self::JitterUser,
        Self::Dial,
        Self::Connect,
        Self::PreAccept,
        Self::Accept,
        Self::Terminate,
        Self::UserAct,
        Self::WebhookConnect,
        Self::WebhookRinging,
        Self::WebhookAccepted,
        Self::WebhookTerminate,
    ];

    /// Key in JSON.
    pub const fn key(self) -> &'static str {
        match self {
            Self::RequestDelay => "session_request_delay",
            Self::DisconnectDelay => "session_disconnect_delay",
            Self::SessionDuration => "session_duration_time",
            Self::Ice => "ice",
            Self::Dtls => "dtls",
            Self::FirstAudioBusiness => "first_audio_business",
            Self::FirstAudioUser => "first_audio_user",
            Self::JitterBusiness => "jitter_business",
            Self::JitterUser => "jitter_user",
            Self::Dial => "dial",
            Self::Connect => "connect",
            Self::PreAccept => "pre_accept",
            Self::Accept => "accept",
            Self::Terminate => "terminate",
            Self::UserAct => "user_act",
            Self::WebhookConnect => "webhook_connect",
            Self::WebhookRinging => "webhook_ringing",
            Self::WebhookAccepted => "webhook_accepted",
            Self::WebhookTerminate => "webhook_terminate",
        }
    }

    /// For people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::RequestDelay => "Session Request Delay",
            Self::DisconnectDelay => "Session Disconnect Delay",
            Self::SessionDuration => "Session Duration Time",
            Self::Ice => "ICE",
            Self::Dtls => "DTLS",
            Self::FirstAudioBusiness => "first audio, business",
            Self::FirstAudioUser => "first audio, user",
            Self::JitterBusiness => "jitter, business",
            Self::JitterUser => "jitter, user",
            Self::Dial => "dial (user)",
            Self::Connect => "connect",
            Self::PreAccept => "pre_accept",
            Self::Accept => "accept",
            Self::Terminate => "terminate",
            Self::UserAct => "other acts (user)",
            Self::WebhookConnect => "connect",
            Self::WebhookRinging => "RINGING",
            Self::WebhookAccepted => "ACCEPTED",
            Self::WebhookTerminate => "terminate",
        }
    }

    /// Abbreviation in RFC 6076.
    pub const fn rfc6076(self) -> Option<&'static str> {
        match self {
            Self::RequestDelay => Some("SRD"),
            Self::DisconnectDelay => Some("SDD"),
            Self::SessionDuration => Some("SDT"),
            _ => None,
        }
    }

    /// Its chapter.
    pub const fn group(self) -> Group {
        match self {
            Self::RequestDelay | Self::DisconnectDelay | Self::SessionDuration => Group::Session,
            Self::Ice
            | Self::Dtls
            | Self::FirstAudioBusiness
            | Self::FirstAudioUser
            | Self::JitterBusiness
            | Self::JitterUser => Group::Media,
            Self::Dial
            | Self::Connect
            | Self::PreAccept
            | Self::Accept
            | Self::Terminate
            | Self::UserAct => Group::Api,
            Self::WebhookConnect
            | Self::WebhookRinging
            | Self::WebhookAccepted
            | Self::WebhookTerminate => Group::Webhook,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stands_at_its_place_and_has_a_key_of_its_own() {
        let mut keys = std::collections::HashSet::new();
        for (at, measure) in Measure::ALL.into_iter().enumerate() {
            assert_eq!(measure as usize, at);
            assert!(keys.insert(measure.key()));
        }
    }
}
