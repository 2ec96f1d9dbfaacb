//! What the relay tells, and the words it tells it with.

use std::time::Instant;

use ahoy_packet::dtmf::Digit;
use serde::{Deserialize, Serialize};

use crate::{CallReport, TimelineEntry};

/// One call inside the relay: two legs and the gate between them. Given by the caller, unique while the engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BridgeId(pub u64);

impl std::fmt::Display for BridgeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One of the two ends of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The customer's media stack: bot, PBX, contact centre.
    Business,
    /// The person with the phone.
    User,
}

impl Side {
    /// Both, the business first: the order of every pair of legs.
    pub const BOTH: [Side; 2] = [Side::Business, Side::User];

    /// The far end.
    pub const fn other(self) -> Side {
        match self {
            Side::Business => Side::User,
            Side::User => Side::Business,
        }
    }
    pub(crate) const fn index(self) -> usize {
        match self {
            Side::Business => 0,
            Side::User => 1,
        }
    }
    /// The word in sentences: "business" or "user".
    pub const fn as_str(self) -> &'static str {
        match self {
            Side::Business => "business",
            Side::User => "user",
        }
    }
}

/// Which end of the DTLS handshake somebody takes (RFC 5763 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DtlsRole {
    /// `setup:active`: sends the ClientHello.
    Client,
    /// `setup:passive`: waits for it.
    Server,
}

/// What kind of silence a watchdog noticed (`media.md` §10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeoutKind {
    /// No audio at all within the start time-out after accept.
    Start,
    /// Neither RTP nor RTCP for the silence time-out within the call.
    Silence,
}

/// Something the caller should know. Sent from a worker thread: the receiver must not block.
#[derive(Debug, Clone)]
#[non_exhaustive]
// A handful of events a call: their size costs nothing, a box would cost every receiver a word.
#[allow(clippy::large_enum_variant)]
pub enum MediaEvent {
    /// Media can leave: DTLS is done, the certificate matches, and the peer has nominated a pair. Once a peer.
    LegUp {
        /// The call.
        bridge: BridgeId,
        /// Whose leg.
        side: Side,
        /// When.
        at: Instant,
    },
    /// The first authenticated audio packet after accept.
    FirstAudio {
        /// The call.
        bridge: BridgeId,
        /// Who sent it.
        side: Side,
        /// When.
        at: Instant,
    },
    /// A telephone event ended.
    Digits {
        /// The call.
        bridge: BridgeId,
        /// Who pressed the key.
        side: Side,
        /// Which key.
        digit: Digit,
    },
    /// A watchdog fired; the call goes on until it is closed.
    Timeout {
        /// The call.
        bridge: BridgeId,
        /// Who was silent.
        side: Side,
        /// At the start or within the call.
        kind: TimeoutKind,
    },
    /// A step of the call's timeline, in order; only where [`MediaConfig::tell_steps`](crate::MediaConfig::tell_steps) asks for it.
    /// The summaries at the end ([`TimelineEvent::is_summary`](crate::TimelineEvent::is_summary)) are in the report alone.
    Step {
        /// The call.
        bridge: BridgeId,
        /// What happened, and when.
        entry: TimelineEntry,
    },
    /// The call is gone from the relay; nothing about it follows.
    Closed {
        /// The call.
        bridge: BridgeId,
        /// All there is to know about it.
        report: CallReport,
    },
}
