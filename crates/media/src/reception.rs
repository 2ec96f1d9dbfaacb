//! What came from one side: counts, loss, jitter, over changes of the sender's SSRC.

use std::time::{Duration, Instant};

use ahoy_packet::rtcp::{NtpTime, ReceiverStats, ReportBlock};
use ahoy_packet::rtp::Fields;
use ahoy_types::Ssrc;

use crate::leg::{Content, Media, NoAudio};

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
    /// Lost up to the first packet after accept.
    lost_early: u64,
    /// RTP after accept.
    pub accepted: u64,
    /// Audio among it.
    pub audio: u64,
    /// Audio packets too small to hold sound.
    pub empty: u64,
    /// RTP before accept.
    pub early: u64,
    /// Audio and keys among it.
    pub early_media: u64,
    /// RTP whose tag did not fit.
    pub bad_authentication: u64,
    /// RTP that came twice or too late.
    pub replayed: u64,
    /// RTCP whose tag did not fit.
    pub rtcp_bad_authentication: u64,
    /// RTCP that came twice or too late.
    pub rtcp_replayed: u64,
    /// What came after accept and was no audio.
    pub no_audio: NoAudio,
    /// When the last RTP packet came.
    pub last: Option<Instant>,
    /// By the peer's latest report on us.
    pub round_trip: Option<Duration>,
}

impl Reception {
    /// Counts an authentic packet. Returns the source used so far if this packet is of another one. What is no audio has a number
    /// of its own source's stream, but begins no source and changes none.
    pub fn count(
        &mut self,
        fields: &Fields,
        content: Content,
        since_epoch: Duration,
    ) -> Option<Ssrc> {
        let Ok(media) = content else {
            if let Some(stats) = self.stats.as_mut().filter(|s| s.ssrc() == fields.ssrc) {
                stats.received_untimed(fields.sequence);
            }
            return None;
        };
        let before = self
            .stats
            .as_ref()
            .map(ReceiverStats::ssrc)
            .filter(|ssrc| *ssrc != fields.ssrc);
        if before.is_some() {
            self.lost_before = self.lost_in_all();
            self.stats = None;
        }
        let stats = self
            .stats
            .get_or_insert_with(|| ReceiverStats::new(fields.ssrc, CLOCK));
        // The timestamp of a key is not when its packet was made.
        if media == Media::Audio {
            stats.received(fields.sequence, fields.timestamp, since_epoch);
        } else {
            stats.received_untimed(fields.sequence);
        }
        before
    }
    /// A packet that was counted came after accept, and is let through if it is audio or a key.
    pub fn accept(&mut self, content: Content) {
        self.accepted += 1;
        if let Err(nothing) = content {
            self.no_audio.count(nothing);
        }
        if self.accepted == 1 {
            self.lost_early = self.lost_in_all();
        }
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
    /// Packets that never came, by their sequence numbers, between the first and the last that came after accept.
    pub fn lost(&self) -> u64 {
        match self.accepted {
            0 => 0,
            _ => self.lost_in_all().saturating_sub(self.lost_early),
        }
    }
    fn lost_in_all(&self) -> u64 {
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
    use crate::leg::Nothing;
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
            let changed = r.count(&fields, Ok(Media::Audio), arrival);
            r.accept(Ok(Media::Audio));
            (changed, r.lost())
        };
        assert_eq!(count(1, 10), (None, 0));
        assert_eq!(count(1, 13), (None, 2));
        assert_eq!(count(2, 500), (Some(Ssrc(1)), 2));
        assert_eq!(count(2, 502), (None, 3));
    }

    #[test]
    fn loss_counts_from_accept_on_and_nothing_that_came_is_lost() {
        let mut r = Reception::default();
        let mut came = |ssrc, sequence, content: Content, accepted| {
            let fields = Fields {
                payload_type: PayloadType(111),
                marker: false,
                sequence,
                timestamp: 0,
                ssrc: Ssrc(ssrc),
            };
            let changed = r.count(&fields, content, Duration::ZERO);
            if accepted {
                r.accept(content);
            }
            (changed, r.lost())
        };
        let (audio, padding) = (Ok(Media::Audio), Err(Nothing::Empty));
        assert_eq!(came(9, 700, padding, false), (None, 0), "no source yet");
        assert_eq!(came(1, 10, audio, false), (None, 0));
        came(1, 14, audio, false);
        assert_eq!(
            came(1, 17, audio, true),
            (None, 0),
            "what was lost before is not counted"
        );
        assert_eq!(came(1, 18, padding, true), (None, 0));
        assert_eq!(
            came(9, 3, padding, true),
            (None, 0),
            "a probe of another source"
        );
        assert_eq!(came(1, 20, audio, true), (None, 1));
        assert_eq!(r.no_audio.empty, 2);
        assert_eq!((r.accepted, r.ssrc()), (4, Some(Ssrc(1))));
    }
}
