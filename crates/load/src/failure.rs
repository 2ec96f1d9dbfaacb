//! Why a call failed.

use std::fmt;

use serde::Serialize;

/// One end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The business.
    Business,
    /// The user.
    User,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Business => "business",
            Self::User => "user",
        })
    }
}

/// The kind of a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// A request was refused; the detail holds the code.
    Refused,
    /// A request got no answer in time, or one that makes no sense.
    NoAnswer,
    /// A webhook did not come in time.
    WebhookMissing,
    /// A word of the phone's socket did not come in time.
    PhoneEventMissing,
    /// The user declined or was busy.
    UserDeclined,
    /// No connectivity check was answered.
    NoIce,
    /// ICE had a path, and there were no keys.
    NoDtls,
    /// Nothing was heard.
    NoAudio,
    /// Another pitch was heard than this call's.
    WrongPitch,
    /// The call ended by itself, or as failed.
    EndedEarly,
    /// A session description cannot be used.
    BadDescription,
    /// The system gave this tool no socket, or a user could not be prepared.
    Tool,
}

impl FailureKind {
    /// For people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Refused => "request refused",
            Self::NoAnswer => "no answer",
            Self::WebhookMissing => "webhook missing",
            Self::PhoneEventMissing => "phone event missing",
            Self::UserDeclined => "declined or busy",
            Self::NoIce => "no ICE",
            Self::NoDtls => "no DTLS",
            Self::NoAudio => "no audio",
            Self::WrongPitch => "wrong pitch",
            Self::EndedEarly => "ended early",
            Self::BadDescription => "bad session description",
            Self::Tool => "this tool",
        }
    }
}

/// Why one call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// Calls that fail alike share it: what was refused with which code, which webhook is missing.
    pub(crate) detail: String,
    /// The whole story of this one.
    pub(crate) sentence: String,
    /// The fault lies with the server (RFC 6076 §4.8: 408, 500, 503, 504 and their like).
    pub(crate) ineffective: bool,
}

impl Failure {
    pub(crate) fn new(
        kind: FailureKind,
        detail: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        let ineffective = matches!(
            kind,
            FailureKind::NoAnswer | FailureKind::WebhookMissing | FailureKind::PhoneEventMissing
        );
        Self {
            kind,
            detail: detail.into(),
            sentence: sentence.into(),
            ineffective,
        }
    }

    pub(crate) fn tool(sentence: impl Into<String>) -> Self {
        let sentence = sentence.into();
        Self::new(FailureKind::Tool, sentence.clone(), sentence)
    }
}
