//! What came from one side: counts, loss, jitter, over changes of the sender's SSRC.

use std::time::{Duration, Instant};

use ahoy_packet::rtcp::{NtpTime, ReceiverStats, ReportBlock};
use ahoy_packet::rtp::Fields;
use ahoy_types::Ssrc;

/// Ticks a second of Opus's RTP clock, whatever the audio bandwidth (RFC 7587 §4.1).
const CLOCK: u32 = 48_000;

/// An Opus packet of no more bytes holds no sound: DTX is one or two (RFC 6716 §3.4), and three is CELT with its silence flag set.
const NO_ROOM_FOR_SOUND: usize = 3;

/// Whether an Opus payload is too small to hold sound. One that is larger may hold silence all the same: only decoding tells.
pub(crate) const fn is_empty_sound(payload: &[u8]) -> bool {
    payload.len() <= NO_ROOM_FOR_SOUND
}

/// Counts of the packets of one peer.
#[derive(Debug, Default)]
pub(crate) struct Reception {
    stats: Option<ReceiverStats>,
    /// Lost under earlier sources.
    lost_before: u64,
    /// RTP after accept.
    pub accepted: u64,
    /// Audio among it.
    pub audio: u64,
    /// Audio packets too small to hold sound.
    pub empty: u64,
    /// RTP before accept.
    pub early: u64,
    /// Packets whose tag did not fit.
    pub bad_authentication: u64,
    /// Packets that came twice or too late.
    pub replayed: u64,
    /// Authentic packets of a payload type nobody agreed on.
    pub unknown_payload_type: u64,
    /// When the last RTP packet came.
    pub last: Option<Instant>,
    /// By the peer's latest report on us.
    pub round_trip: Option<Duration>,
}

impl Reception {
    /// Counts an authentic packet; `timed` says that its timestamp tells when it was made. Returns the source used so
    /// far if this packet is of another one.
    pub fn count(&mut self, fields: &Fields, timed: bool, since_epoch: Duration) -> Option<Ssrc> {
        let before = self
            .stats
            .as_ref()
            .map(ReceiverStats::ssrc)
            .filter(|ssrc| *ssrc != fields.ssrc);
        if before.is_some() {
            self.lost_before = self.lost();
            self.stats = None;
        }
        let stats = self
            .stats
            .get_or_insert_with(|| ReceiverStats::new(fields.ssrc, CLOCK));
        if timed {
            stats.received(fields.sequence, fields.timestamp, since_epoch);
        } else {
            stats.received_untimed(fields.sequence);
        }
        before
    }
    /// Counts a packet of audio that was let through.
    pub fn count_audio(&mut self, payload: &[u8]) {
        self.audio += 1;
        self.empty += u64::from(is_empty_sound(payload));
    }
    /// Notes a sender report of `ssrc`.
    pub fn sender_report(&mut self, ssrc: Ssrc, ntp: NtpTime, since_epoch: Duration) {
        if let Some(stats) = self.stats.as_mut().filter(|stats| stats.ssrc() == ssrc) {
            stats.sender_report(ntp, since_epoch);
        }
    }
    /// The block for a report of ours.
    pub fn block(&mut self, since_epoch: Duration) -> Option<ReportBlock> {
        self.stats
            .as_mut()
            .and_then(|stats| stats.report(since_epoch))
    }
    /// The source of the latest packet.
    pub fn ssrc(&self) -> Option<Ssrc> {
        self.stats.as_ref().map(ReceiverStats::ssrc)
    }
    /// Packets that never came.
    pub fn lost(&self) -> u64 {
        let now = self.stats.as_ref().map_or(0, ReceiverStats::lost);
        self.lost_before
            .saturating_add(u64::try_from(now).unwrap_or(0))
    }
    /// Interarrival jitter in milliseconds.
    pub fn jitter_ms(&self) -> f64 {
        self.stats
            .as_ref()
            .map_or(0.0, |stats| stats.jitter_time().as_secs_f64() * 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ahoy_types::PayloadType;

    #[test]
    fn loss_adds_up_over_sources() {
        let mut r = Reception::default();
        let mut count = |ssrc, sequence| {
            let fields = Fields {
                payload_type: PayloadType(111),
                marker: false,
                sequence,
                timestamp: u32::from(sequence) * 960,
                ssrc: Ssrc(ssrc),
            };
            let arrival = Duration::from_millis(u64::from(sequence) * 20);
            (r.count(&fields, true, arrival), r.lost())
        };
        assert_eq!(count(1, 10), (None, 0));
        assert_eq!(count(1, 13), (None, 2));
        assert_eq!(count(2, 500), (Some(Ssrc(1)), 2));
        assert_eq!(count(2, 502), (None, 3));
    }
}
