//! What arrived, as numbers: loss and jitter by RTP, gaps by the clock, and the last second and a half to be decoded afterwards.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ahoy_audio::{OpusDecoder, listen};
use ahoy_packet::rtcp::ReceiverStats;
use ahoy_packet::rtp::{Fields, SequenceExtender};

/// Opus over RTP always counts at 48 kHz (RFC 7587 §4.1).
const CLOCK: u32 = 48_000;
/// Two packets further apart than this are a gap: three of them are missing or late, more than receivers commonly bridge.
const GAP: Duration = Duration::from_millis(60);
/// Payloads kept for decoding: a second and a half.
const KEPT: usize = 75;
/// Telephone quality tells a pitch, and is the cheapest to decode.
const RATE: u32 = 8_000;
/// The longest hole that is bridged while decoding, in packets.
const MAX_CONCEALED: u64 = 10;

/// Keeps count while a call lasts.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    stats: Option<ReceiverStats>,
    extender: SequenceExtender,
    first: Option<Instant>,
    last: Option<Instant>,
    gaps: u32,
    longest_gap: Duration,
    last_frames: VecDeque<(u64, Box<[u8]>)>,
}

/// What was heard in a call, without listening to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    /// RTP packets received.
    pub(crate) packets: u64,
    /// Sequence numbers that never came.
    pub(crate) lost: u64,
    /// Interarrival jitter at the end (RFC 3550 §6.4.1).
    pub(crate) jitter: Duration,
    /// Arrivals more than 60 ms apart.
    pub(crate) gaps: u32,
    /// The longest time between two arrivals, if it was a gap.
    pub(crate) longest_gap: Duration,
    /// When the first packet came.
    pub(crate) first: Option<Instant>,
    /// The last payloads with their extended sequence numbers, in the order of arrival.
    pub(crate) frames: Vec<(u64, Box<[u8]>)>,
}

impl Ear {
    /// Takes an opened packet. `origin` is the same for all calls of a thread.
    pub(crate) fn hear(&mut self, fields: &Fields, payload: &[u8], now: Instant, origin: Instant) {
        let stats = self
            .stats
            .get_or_insert_with(|| ReceiverStats::new(fields.ssrc, CLOCK));
        stats.received(
            fields.sequence,
            fields.timestamp,
            now.saturating_duration_since(origin),
        );
        let index = self.extender.extend(fields.sequence);
        self.first.get_or_insert(now);
        if let Some(last) = self.last.replace(now) {
            let pause = now.saturating_duration_since(last);
            if pause > GAP {
                self.gaps += 1;
                self.longest_gap = self.longest_gap.max(pause);
            }
        }
        // The oldest one's memory serves the newest.
        let mut frame = match self.last_frames.len() {
            KEPT => self
                .last_frames
                .pop_front()
                .map(|(_, frame)| frame.into_vec())
                .unwrap_or_default(),
            _ => Vec::with_capacity(payload.len()),
        };
        frame.clear();
        frame.extend_from_slice(payload);
        self.last_frames
            .push_back((index, frame.into_boxed_slice()));
    }

    /// Packets so far.
    pub(crate) fn packets(&self) -> u64 {
        self.stats.as_ref().map_or(0, ReceiverStats::packets)
    }

    pub(crate) fn into_heard(self) -> Heard {
        let stats = self.stats.as_ref();
        Heard {
            packets: self.packets(),
            lost: stats.map_or(0, |s| u64::try_from(s.lost()).unwrap_or(0)),
            jitter: stats.map_or(Duration::ZERO, ReceiverStats::jitter_time),
            gaps: self.gaps,
            longest_gap: self.longest_gap,
            first: self.first,
            frames: self.last_frames.into(),
        }
    }
}

/// What decoding the last second and a half tells.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Listened {
    /// Dominant pitch of the last audible second.
    pub(crate) tone_hz: Option<f64>,
    /// Holes of 10 ms and more in the sound.
    pub(crate) holes: u32,
}

impl Heard {
    /// Decodes the kept payloads. Costs some 0.7 ms.
    pub(crate) fn listen(mut self) -> Listened {
        let Ok(mut decoder) = OpusDecoder::new(RATE) else {
            return Listened::default();
        };
        self.frames.sort_by_key(|(index, _)| *index);
        let mut out = [0; OpusDecoder::MAX_SAMPLES];
        let mut pcm = Vec::with_capacity(self.frames.len() * 160);
        let mut before = None;
        for (index, frame) in &self.frames {
            let missing = before.map_or(0, |b: u64| index.saturating_sub(b + 1));
            for _ in 0..missing.min(MAX_CONCEALED) {
                let n = decoder.decode(None, &mut out).unwrap_or(0);
                pcm.extend_from_slice(&out[..n]);
            }
            let n = decoder.decode(Some(frame), &mut out).unwrap_or(0);
            pcm.extend_from_slice(&out[..n]);
            before = Some(*index);
        }
        Listened {
            tone_hz: listen::dominant_pitch(listen::last_audible(&pcm, RATE, 1_000), RATE),
            holes: u32::try_from(listen::gaps(&pcm, RATE).len()).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ahoy_audio::EncodedSound;
    use ahoy_types::{PayloadType, Ssrc};

    #[test]
    fn loss_gaps_and_pitch_are_told() {
        let sound = EncodedSound::tone(660.0, -12.0).unwrap();
        let origin = Instant::now();
        let mut ear = Ear::default();
        // 200 packets; 50 is lost, 100 to 104 are: the second hole is a gap of 120 ms.
        for n in (0..200u16).filter(|n| *n != 50 && !(100..105).contains(n)) {
            let fields = Fields {
                payload_type: PayloadType(111),
                marker: false,
                sequence: 65_500u16.wrapping_add(n),
                timestamp: u32::from(n) * 960,
                ssrc: Ssrc(1),
            };
            let at = origin + Duration::from_millis(20) * u32::from(n);
            ear.hear(&fields, sound.frame(n.into()), at, origin);
        }
        let heard = ear.into_heard();
        assert_eq!((heard.packets, heard.lost, heard.gaps), (194, 6, 1));
        assert_eq!(heard.longest_gap, Duration::from_millis(120));
        assert!(
            heard.jitter < Duration::from_micros(50),
            "{:?}",
            heard.jitter
        );
        assert_eq!(heard.frames.len(), KEPT);
        let listened = heard.listen();
        assert!((listened.tone_hz.unwrap() - 660.0).abs() < 2.0);
        assert_eq!(listened.holes, 0);
    }

    #[test]
    fn silence_and_rubbish_have_no_pitch() {
        let heard = Heard {
            frames: vec![(1, [0xff; 5].into()), (2, [].into())],
            ..Heard::default()
        };
        assert_eq!(heard.listen().tone_hz, None);
        assert_eq!(Heard::default().listen(), Listened::default());
    }
}
