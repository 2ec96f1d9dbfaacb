//! The media timeline of a call: what happened when, in a closed vocabulary.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ahoy_types::Ssrc;
use serde::{Serialize, Serializer};

use crate::{CheckFault, DtlsRole, EndReason, Flow, HelloFault, Passages, Side, TimeoutKind};

/// A call keeps no more entries than this of what a peer can make happen again and again: address changes, new sources.
const MAX_REPEATS: usize = 32;
/// Nor more than this of all others but those that happen once a call, which are always kept: the verdict rests on them.
const MAX_ENTRIES: usize = 64;

/// One thing that happened to the media of a call.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum TimelineEvent {
    /// The leg exists: STUN and DTLS are answered at these addresses; none for a simulated user inside the server.
    Armed {
        /// Whose leg.
        side: Side,
        /// Where it is reached.
        addresses: Vec<SocketAddr>,
    },
    /// The first connectivity check that carried our user name and a valid integrity.
    FirstBindingRequest {
        /// Who sent it.
        side: Side,
        /// From where.
        from: SocketAddr,
    },
    /// A connectivity check named the leg and was not answered: the first of its kind.
    CheckRefused {
        /// Whose leg it named.
        side: Side,
        /// From where.
        from: SocketAddr,
        /// What did not match.
        fault: CheckFault,
        /// The sender's own user name fragment.
        ufrag: Box<str>,
    },
    /// The session description says that those who checked so far under another user name fragment were somebody else.
    OthersDropped {
        /// Whose leg.
        side: Side,
        /// One of them.
        from: SocketAddr,
        /// Its user name fragment.
        ufrag: Box<str>,
        /// Whether checks of the right peer came too.
        checked: bool,
        /// The pair the right peer nominated.
        nominated: Option<SocketAddr>,
        /// Whether a handshake with one of the others was dropped.
        handshake: bool,
    },
    /// The peer claimed the controlled role, which is ours; it was told so (487).
    RoleConflict {
        /// Who claimed it.
        side: Side,
    },
    /// The peer chose the pair media takes.
    Nominated {
        /// Whose leg.
        side: Side,
        /// The peer's address.
        address: SocketAddr,
    },
    /// The peer nominated another pair later: a NAT bound anew, or a better path.
    AddressChanged {
        /// Whose leg.
        side: Side,
        /// The pair used so far.
        from: SocketAddr,
        /// The pair used from now on.
        to: SocketAddr,
    },
    /// The peer's session description is known.
    RemoteSet {
        /// Whose leg.
        side: Side,
        /// The role we take.
        role: DtlsRole,
        /// Which way media flows, as the peer says.
        direction: Flow,
        /// Its candidates, as far as they are literal addresses.
        candidates: Vec<SocketAddr>,
        /// It says `a=ice-lite`, as we do: nobody sends checks.
        ice_lite: bool,
    },
    /// Another peer took the leg over: what came before of ICE and DTLS was somebody else's.
    PeerReplaced {
        /// Whose leg.
        side: Side,
    },
    /// A ClientHello came and began no handshake: the first of its kind.
    HelloIgnored {
        /// Whose leg.
        side: Side,
        /// From where.
        from: SocketAddr,
        /// Why.
        fault: HelloFault,
    },
    /// The handshake began: a ClientHello came or went.
    DtlsStarted {
        /// Whose leg.
        side: Side,
        /// The role we take.
        role: DtlsRole,
    },
    /// The handshake is finished and the certificate is the one announced.
    DtlsDone {
        /// Whose leg.
        side: Side,
        /// SRTP profile by its name in RFC 5764 or RFC 7714.
        profile: &'static str,
    },
    /// The handshake failed; a new ClientHello may start over.
    DtlsFailed {
        /// Whose leg.
        side: Side,
        /// The reason, in the words of the DTLS library.
        reason: String,
    },
    /// The peer's certificate is not the one its session description announced: its keys are not used.
    FingerprintMismatch {
        /// Whose leg.
        side: Side,
    },
    /// An authentic DTLS alert came after the handshake: the peer most likely closed its end. Not a hang-up.
    DtlsAlert {
        /// Who.
        side: Side,
    },
    /// A DTLS alert was sent after the handshake, because a fault asked for it.
    DtlsAlertSent {
        /// Whose leg.
        side: Side,
        /// Whether it was `internal_error`, which is fatal; otherwise `close_notify`.
        fatal: bool,
    },
    /// The side that was called took the call. Audio flows when the media of both is up: see [`TimelineEvent::GateOpened`].
    Answered {
        /// Who.
        side: Side,
    },
    /// The call was accepted; audio flows from now on.
    GateOpened,
    /// The first authenticated audio packet after accept.
    FirstPacket {
        /// Who sent it.
        side: Side,
        /// Its SSRC.
        ssrc: Ssrc,
    },
    /// The first authentic packet of a payload type nobody agreed on.
    UnknownPayloadType {
        /// Who sent it.
        side: Side,
        /// The number it carries.
        sent: u8,
        /// The number agreed for audio.
        agreed: u8,
    },
    /// The sender changed its SSRC within the call.
    SsrcChanged {
        /// Who.
        side: Side,
        /// The one used so far.
        from: Ssrc,
        /// The one used from now on.
        to: Ssrc,
    },
    /// RTCP BYE; it does not end a call (`media.md` §10).
    RtcpBye {
        /// Who sent it.
        side: Side,
    },
    /// A watchdog fired.
    Timeout {
        /// Who was silent.
        side: Side,
        /// At the start or within the call.
        kind: TimeoutKind,
        /// How long.
        #[serde(rename = "seconds", serialize_with = "seconds")]
        after: Duration,
    },
    /// How many packets were dropped because they came before accept.
    DroppedBeforeAccept {
        /// Who sent them.
        side: Side,
        /// How many.
        packets: u64,
    },
    /// How many packets did not authenticate.
    BadAuthentication {
        /// From whose address.
        side: Side,
        /// How many.
        packets: u64,
    },
    /// How many connectivity checks named the leg and were not answered.
    ChecksRefused {
        /// Whose leg.
        side: Side,
        /// With another password.
        password: u64,
        /// Under another user name fragment than the one of the session description.
        ufrag: u64,
    },
    /// ClientHellos from an address that belongs to no call, while this one waited for a ClientHello.
    StrayHellos {
        /// The latest address.
        from: SocketAddr,
        /// How many.
        hellos: u64,
    },
    /// Audio packets of one side after accept, and how many of them have no room for sound: at most three bytes of Opus, which is what
    /// encoders send for silence.
    Audio {
        /// Who sent them.
        side: Side,
        /// How many.
        packets: u64,
        /// How many of those were that small.
        empty: u64,
    },
    /// What a simulated user heard of the other side, decoded.
    Listened {
        /// Who listened.
        side: Side,
        /// Milliseconds of audible sound.
        audio_ms: u64,
        /// Keys that were heard.
        keys: usize,
    },
    /// What was received of one side's audio.
    Received {
        /// Who sent it.
        side: Side,
        /// Packets that came after accept.
        packets: u64,
        /// Packets that never came, by sequence number.
        lost: u64,
        /// Interarrival jitter in milliseconds (RFC 3550 A.8).
        jitter_ms: f64,
    },
    /// What the network that was emulated at a side did to media.
    Network {
        /// Whose network.
        side: Side,
        /// Both directions.
        #[serde(flatten)]
        passages: Passages,
    },
    /// When the last media packet of a side came.
    LastPacket {
        /// Who sent it.
        side: Side,
    },
    /// The sandbox was asked to make something go wrong.
    Fault {
        /// Whose leg.
        side: Side,
        /// What, with its measure.
        fault: String,
    },
    /// How many packets a fault has taken.
    LostToFault {
        /// Who sent them.
        side: Side,
        /// How many.
        packets: u64,
    },
    /// How the call ended, where signalling said so.
    Ended {
        /// Why.
        #[serde(flatten)]
        reason: EndReason,
    },
    /// The call was closed.
    Closed,
}

impl TimelineEvent {
    /// Whether it sums up a call in its report instead of telling a step of it.
    pub const fn is_summary(&self) -> bool {
        matches!(
            self,
            Self::DroppedBeforeAccept { .. }
                | Self::BadAuthentication { .. }
                | Self::ChecksRefused { .. }
                | Self::StrayHellos { .. }
                | Self::Audio { .. }
                | Self::Listened { .. }
                | Self::Received { .. }
                | Self::Network { .. }
                | Self::LastPacket { .. }
                | Self::Closed
        )
    }

    /// Whose leg it is about; none if it is about the call.
    pub const fn side(&self) -> Option<Side> {
        match self {
            Self::Armed { side, .. }
            | Self::FirstBindingRequest { side, .. }
            | Self::CheckRefused { side, .. }
            | Self::OthersDropped { side, .. }
            | Self::RoleConflict { side, .. }
            | Self::Nominated { side, .. }
            | Self::AddressChanged { side, .. }
            | Self::RemoteSet { side, .. }
            | Self::PeerReplaced { side, .. }
            | Self::HelloIgnored { side, .. }
            | Self::DtlsStarted { side, .. }
            | Self::DtlsDone { side, .. }
            | Self::DtlsFailed { side, .. }
            | Self::FingerprintMismatch { side, .. }
            | Self::DtlsAlert { side, .. }
            | Self::DtlsAlertSent { side, .. }
            | Self::Answered { side, .. }
            | Self::FirstPacket { side, .. }
            | Self::UnknownPayloadType { side, .. }
            | Self::SsrcChanged { side, .. }
            | Self::RtcpBye { side, .. }
            | Self::Timeout { side, .. }
            | Self::DroppedBeforeAccept { side, .. }
            | Self::BadAuthentication { side, .. }
            | Self::ChecksRefused { side, .. }
            | Self::Audio { side, .. }
            | Self::Listened { side, .. }
            | Self::Received { side, .. }
            | Self::Network { side, .. }
            | Self::LastPacket { side, .. }
            | Self::Fault { side, .. }
            | Self::LostToFault { side, .. } => Some(*side),
            Self::GateOpened | Self::StrayHellos { .. } | Self::Ended { .. } | Self::Closed => None,
        }
    }

    /// Whether signalling brought it, which tells of it itself.
    pub const fn is_signalling(&self) -> bool {
        matches!(self, Self::Answered { .. } | Self::Ended { .. })
    }

    /// With how many entries there is still room for this one.
    const fn room(&self) -> usize {
        match self {
            Self::AddressChanged { .. }
            | Self::SsrcChanged { .. }
            | Self::DtlsStarted { .. }
            | Self::DtlsFailed { .. }
            | Self::Fault { .. } => MAX_REPEATS,
            Self::Answered { .. }
            | Self::GateOpened
            | Self::FirstPacket { .. }
            | Self::Timeout { .. }
            | Self::Ended { .. } => usize::MAX,
            _ => MAX_ENTRIES,
        }
    }
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

/// An event and its time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimelineEntry {
    /// Milliseconds since the call was armed.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: TimelineEvent,
}

/// The entries of a living call.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    armed: Instant,
    entries: Vec<TimelineEntry>,
    /// How many of them were told.
    told: usize,
}

impl Timeline {
    pub fn new(armed: Instant) -> Self {
        Self {
            armed,
            entries: Vec::with_capacity(12),
            told: 0,
        }
    }
    /// When the call was armed.
    pub fn armed(&self) -> Instant {
        self.armed
    }
    /// Whether a check from this address, for this leg, was refused.
    pub fn refused(&self, of: Side, address: SocketAddr) -> bool {
        self.entries.iter().any(|entry| {
            matches!(&entry.event, TimelineEvent::CheckRefused { side, from, .. } if (*side, *from) == (of, address))
        })
    }
    /// Milliseconds from arming to `at`.
    pub fn ms(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.armed).as_millis()).unwrap_or(u64::MAX)
    }
    pub fn push(&mut self, at: Instant, event: TimelineEvent) {
        if self.entries.len() < event.room() {
            self.entries.push(TimelineEntry {
                at_ms: self.ms(at),
                event,
            });
        }
    }
    /// What was added since the last time.
    pub fn untold(&mut self) -> &[TimelineEntry] {
        let from = std::mem::replace(&mut self.told, self.entries.len());
        self.entries.get(from..).unwrap_or_default()
    }
    /// A copy with the summaries that are true at this moment, in order of time.
    pub fn with(
        &self,
        more: impl IntoIterator<Item = (Instant, TimelineEvent)>,
    ) -> Vec<TimelineEntry> {
        let mut all = self.entries.clone();
        all.extend(more.into_iter().map(|(at, event)| TimelineEntry {
            at_ms: self.ms(at),
            event,
        }));
        all.sort_by_key(|e| e.at_ms);
        all
    }
}
