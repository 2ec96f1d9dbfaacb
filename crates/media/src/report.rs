//! What is left of a call: timeline, verdict, figures, and the sound a simulated user heard.

use std::net::SocketAddr;
use std::sync::Arc;

use ahoy_types::Ssrc;
use serde::{Serialize, Serializer};

use crate::recording::{Heard, Recording};
use crate::timeline::TimelineEntry;
use crate::{DtlsRole, Passages, Side};

/// All there is to know about a call's media. Serialising it asks for [`CallReport::heard`], which may decode.
#[derive(Debug, Clone, Serialize)]
pub struct CallReport {
    /// What happened, in order of time.
    pub timeline: Vec<TimelineEntry>,
    /// One sentence that answers "why was it silent?".
    pub verdict: String,
    /// Business and user, in this order.
    pub legs: [LegReport; 2],
    /// What a simulated user was sent; none for a WebRTC user.
    #[serde(rename = "heard", serialize_with = "heard")]
    pub recording: Option<Arc<Recording>>,
}

impl CallReport {
    /// What a simulated user heard. The first call decodes the recording: milliseconds for a minute of sound.
    pub fn heard(&self) -> Option<&Heard> {
        self.recording.as_deref().map(Recording::heard)
    }
    /// The figures of a side.
    pub fn leg(&self, side: Side) -> &LegReport {
        let [business, user] = &self.legs;
        match side {
            Side::Business => business,
            Side::User => user,
        }
    }
}

fn heard<S: Serializer>(
    recording: &Option<Arc<Recording>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    recording
        .as_deref()
        .map(Recording::heard)
        .serialize(serializer)
}

/// Figures of one leg. "Received" is what its peer sent us.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LegReport {
    /// Whose leg.
    pub side: Side,
    /// Whether it is a simulated user inside the relay.
    pub local: bool,
    /// Where media goes: the nominated address.
    pub remote: Option<SocketAddr>,
    /// The role we took in DTLS, once it began.
    pub dtls: Option<DtlsRole>,
    /// SRTP profile, once there are keys.
    pub profile: Option<&'static str>,
    /// The peer's source, as last seen.
    pub ssrc: Option<Ssrc>,
    /// Authenticated RTP packets received after accept.
    pub received: u64,
    /// RTP packets received before accept, all dropped.
    pub before_accept: u64,
    /// Packets that never came, by sequence number, since the first one.
    pub lost: u64,
    /// Interarrival jitter in milliseconds (RFC 3550 A.8).
    pub jitter_ms: f64,
    /// Round-trip time by the peer's latest report, in milliseconds.
    pub rtt_ms: Option<f64>,
    /// RTP packets sent.
    pub sent: u64,
    /// Packets from the peer's address whose authentication failed.
    pub bad_authentication: u64,
    /// Packets that came twice or too late.
    pub replayed: u64,
    /// Authenticated packets of a payload type nobody agreed on.
    pub unknown_payload_type: u64,
    /// What an emulated network did to this leg's packets; none without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Passages>,
}
