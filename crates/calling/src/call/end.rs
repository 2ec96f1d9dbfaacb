//! How a call ends, in the words of log, webhook, phone and console.

use std::time::Duration;

use ahoy_types::{RuleTime, Seconds};
use serde::{Deserialize, Serialize};

/// How the terminate webhook reports an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EndStatus {
    /// Any ordinary end, an unanswered call included.
    Completed,
    /// A technical failure.
    Failed,
}

/// Why a call ended. Closed: log, webhook, phone and console speak from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    /// The business hung up a connected call.
    BusinessHungUp,
    /// The user hung up a connected call.
    UserHungUp,
    /// The business rejected the user's call.
    BusinessRejected,
    /// The user declined the business's call.
    UserDeclined,
    /// The user gave up before the business answered.
    Abandoned,
    /// The business gave up before the user answered.
    Cancelled,
    /// Nobody answered in time.
    NoAnswer,
    /// No media from the business: 20 s at the start or 30 s in the call.
    BusinessMediaTimeout,
    /// No media from the user.
    UserMediaTimeout,
    /// An accepted call was hung up before the business's media came; told of where [`WithoutMedia::Failed`] holds.
    NoMedia,
    /// The platform stopped or crashed before the call was connected.
    SetupLost,
    /// The platform stopped or crashed while the call was connected.
    RelayLost,
}

/// What the end of an accepted call is that is hung up before the business's media came.
///
/// The reference has a code for it and does not say when it is used (`errors.md`); whoever tests signalling alone never has media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WithoutMedia {
    /// COMPLETED, like any call that is hung up.
    #[default]
    Completed,
    /// FAILED with 138023.
    Failed,
}

impl EndCause {
    /// The webhook status of this cause.
    pub const fn status(self) -> EndStatus {
        match self.error_code() {
            Some(_) => EndStatus::Failed,
            None => EndStatus::Completed,
        }
    }
    /// The error a FAILED end carries (`errors.md`).
    pub const fn error_code(self) -> Option<u32> {
        match self {
            Self::BusinessMediaTimeout => Some(138_021),
            Self::UserMediaTimeout => Some(138_022),
            Self::NoMedia => Some(138_023),
            Self::SetupLost => Some(138_019),
            Self::RelayLost => Some(138_020),
            _ => None,
        }
    }
    /// The word stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BusinessHungUp => "business_hung_up",
            Self::UserHungUp => "user_hung_up",
            Self::BusinessRejected => "business_rejected",
            Self::UserDeclined => "user_declined",
            Self::Abandoned => "abandoned",
            Self::Cancelled => "cancelled",
            Self::NoAnswer => "no_answer",
            Self::BusinessMediaTimeout => "business_media_timeout",
            Self::UserMediaTimeout => "user_media_timeout",
            Self::NoMedia => "no_media",
            Self::SetupLost => "setup_lost",
            Self::RelayLost => "relay_lost",
        }
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Why.
    pub cause: EndCause,
    /// When.
    pub at: RuleTime,
}

/// A call's end as the webhook tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// COMPLETED or FAILED.
    pub status: EndStatus,
    /// When it was picked up, if it was.
    pub start: Option<RuleTime>,
    /// When it ended, if it was picked up.
    pub end: Option<RuleTime>,
    /// How long it lasted in the seconds of its two instants, if it was picked up: end less start, as both are told.
    pub duration: Option<Seconds>,
    /// How long it lasted exactly: what it is charged by.
    pub length: Option<Duration>,
    /// The error of a failed call.
    pub error_code: Option<u32>,
}
