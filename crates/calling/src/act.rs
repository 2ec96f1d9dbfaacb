//! What a call's log tells: one word an act, one sentence an end.

use serde::{Deserialize, Serialize};

use crate::EndCause;

/// Something that happened to a call. Closed: log, export and console speak from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallAct {
    /// It was placed, and the business told so.
    Connect,
    /// The user's phone rings.
    Ringing,
    /// The business warmed up its media.
    PreAccept,
    /// The business took the user's call.
    Accept,
    /// The user picked up.
    Answer,
    /// Both sides can talk from here on.
    Connected,
    /// The business declined.
    Reject,
    /// The business ended it.
    Terminate,
    /// It is over; the detail is its cause.
    End,
}

impl CallAct {
    /// The word stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Ringing => "ringing",
            Self::PreAccept => "pre_accept",
            Self::Accept => "accept",
            Self::Answer => "answer",
            Self::Connected => "connected",
            Self::Reject => "reject",
            Self::Terminate => "terminate",
            Self::End => "end",
        }
    }
}

/// What became of a call, for whoever reads the log.
pub const fn details(cause: EndCause) -> &'static str {
    match cause {
        EndCause::BusinessHungUp => "The business hung up.",
        EndCause::UserHungUp => "The user hung up.",
        EndCause::BusinessRejected => "The business declined the call.",
        EndCause::UserDeclined => "The user declined the call.",
        EndCause::Abandoned => "The user gave up before the business answered.",
        EndCause::Cancelled => "The business gave up before the user answered.",
        EndCause::NoAnswer => "Nobody answered in time.",
        EndCause::BusinessMediaTimeout => "No media came from the business for too long.",
        EndCause::UserMediaTimeout => "No media came from the user for too long.",
        EndCause::NoMedia => "Hung up before any media came from the business.",
        EndCause::SetupLost => "The platform stopped before the call was connected.",
        EndCause::RelayLost => "The platform stopped while the call was connected.",
    }
}
