//! What is left of a call: timeline, verdict, figures, and the sound a simulated user heard.

use std::net::SocketAddr;
use std::sync::Arc;

use ahoy_types::Ssrc;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::leg::NoAudio;
use crate::recording::{Heard, Recording};
use crate::timeline::{TimelineEntry, TimelineEvent};
use crate::verdict::verdict;
use crate::{DtlsRole, Passages, Side};

/// All there is to know about a call's media. Serialising it listens first, as [`CallReport::listened`] does.
#[derive(Debug, Clone)]
pub struct CallReport {
    /// What happened, in order of time.
    pub timeline: Vec<TimelineEntry>,
    /// One sentence that answers "why was it silent?". What a simulated user heard is in it once somebody has listened.
    pub verdict: String,
    /// Business and user, in this order.
    pub legs: [LegReport; 2],
    /// What a simulated user was sent; none for a WebRTC user.
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
    /// The report with what its simulated user heard in timeline and verdict. It decodes, as [`CallReport::heard`] does.
    #[must_use]
    pub fn listened(mut self) -> Self {
        let done = |entry: &TimelineEntry| matches!(entry.event, TimelineEvent::Listened { .. });
        if !self.timeline.iter().any(done)
            && let Some(event) = self.heard().and_then(listened)
        {
            let closed = |entry: &TimelineEntry| entry.event == TimelineEvent::Closed;
            let at_ms = self.timeline.last().map_or(0, |entry| entry.at_ms);
            let end = self.timeline.iter().rposition(closed);
            let place = end.unwrap_or(self.timeline.len());
            self.timeline.insert(place, TimelineEntry { at_ms, event });
            self.verdict = verdict(&self.timeline);
        }
        self
    }
}

/// What the user's ear says of the business. Nothing where the beginning is no longer kept and the rest is silent: that beginning
/// may have been heard.
fn listened(heard: &Heard) -> Option<TimelineEvent> {
    (heard.audio_ms > 0 || heard.forgotten_ms == 0).then_some(TimelineEvent::Listened {
        side: Side::User,
        audio_ms: heard.audio_ms,
        keys: heard.digits.len(),
    })
}

impl Serialize for CallReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.clone().listened();
        let mut fields = serializer.serialize_struct("CallReport", 4)?;
        fields.serialize_field("timeline", &report.timeline)?;
        fields.serialize_field("verdict", &report.verdict)?;
        fields.serialize_field("legs", &report.legs)?;
        fields.serialize_field("heard", &report.heard())?;
        fields.end()
    }
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
    /// Authenticated RTP packets that reached the relay after accept, audio or not.
    pub received: u64,
    /// RTP packets received before accept, all dropped.
    pub before_accept: u64,
    /// Packets that did not reach the relay, by their sequence numbers, between the first and the last that came after accept. It
    /// means the same of a simulated user, between whom and the relay there is nothing but an emulated network.
    pub lost: u64,
    /// Interarrival jitter in milliseconds (RFC 3550 A.8).
    pub jitter_ms: f64,
    /// Round-trip time by the peer's latest report, in milliseconds.
    pub rtt_ms: Option<f64>,
    /// RTP packets sent.
    pub sent: u64,
    /// RTP packets from the peer's address whose authentication failed.
    pub bad_authentication: u64,
    /// RTP packets that came twice or too late.
    pub replayed: u64,
    /// RTCP packets from the peer's address whose authentication failed.
    pub rtcp_bad_authentication: u64,
    /// RTCP packets that came twice or too late.
    pub rtcp_replayed: u64,
    /// Authenticated packets after accept that hold neither audio nor a key.
    pub no_audio: NoAudio,
    /// Those of them of a payload type nobody agreed on.
    pub unknown_payload_type: u64,
    /// Authenticated audio packets after accept.
    pub audio: u64,
    /// Those of them that are too small to hold sound.
    pub empty_audio: u64,
    /// Connectivity checks that named this leg with another password than ours.
    pub wrong_password_checks: u64,
    /// Connectivity checks under another user name fragment than the peer's session description names.
    pub foreign_ufrag_checks: u64,
    /// What an emulated network did to this leg's packets; none without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Passages>,
}
