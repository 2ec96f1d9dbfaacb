//! The agent's ear: what the caller said, as numbers.

use std::time::Instant;

use ahoy_audio::{AudioError, OpusDecoder, listen};
use serde::Serialize;

/// Telephone quality is enough to tell a pitch, and the cheapest to decode.
const RATE: u32 = 8_000;
/// PCM kept for the pitch, in samples: two seconds.
const KEPT: usize = 2 * RATE as usize;
/// The longest hole filled with invented sound, in packets.
const MAX_CONCEALED: u64 = 10;

/// What was heard in a call, since its start.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Heard {
    /// RTP packets received, those of digits included.
    pub packets: u64,
    /// Sequence numbers that never came.
    pub lost: u64,
    /// Time at an audible level, in milliseconds.
    pub audio_ms: u64,
    /// Dominant pitch of the last audible second in Hz, within well under 1 %.
    pub tone_hz: Option<f64>,
    /// Level of that second in dBFS.
    pub level_dbfs: Option<f64>,
    /// Keys pressed.
    pub digits: String,
    /// From the moment we began to talk to the first audible sound, in milliseconds; 0 if it was there before.
    pub first_audio_ms: Option<u64>,
}

/// Decodes what arrives and keeps count.
#[derive(Debug)]
pub(crate) struct Ear {
    decoder: OpusDecoder,
    pcm: Vec<i16>,
    /// Extended sequence numbers, first and highest.
    range: Option<(u64, u64)>,
    packets: u64,
    audible: u64,
    digits: String,
    since: Option<Instant>,
    first_audio: Option<Instant>,
}

impl Ear {
    pub(crate) fn new() -> Result<Self, AudioError> {
        Ok(Self {
            decoder: OpusDecoder::new(RATE)?,
            pcm: Vec::with_capacity(KEPT + RATE as usize),
            range: None,
            packets: 0,
            audible: 0,
            digits: String::new(),
            since: None,
            first_audio: None,
        })
    }

    /// Times count from here on.
    pub(crate) fn start(&mut self, now: Instant) {
        self.since = Some(now);
    }

    /// Notes a packet of any kind; answers how many before it are missing, `None` if it comes too late to be heard.
    fn count(&mut self, seq: u64) -> Option<u64> {
        self.packets += 1;
        match &mut self.range {
            None => {
                self.range = Some((seq, seq));
                Some(0)
            }
            Some((first, highest)) => {
                *first = seq.min(*first);
                if seq <= *highest {
                    return None;
                }
                let missing = seq - *highest - 1;
                *highest = seq;
                Some(missing)
            }
        }
    }

    /// A packet of audio.
    pub(crate) fn audio(&mut self, seq: u64, payload: &[u8], now: Instant) {
        let Some(missing) = self.count(seq) else {
            return;
        };
        let mut out = [0; OpusDecoder::MAX_SAMPLES];
        if missing <= MAX_CONCEALED {
            for _ in 0..missing {
                let n = self.decoder.decode(None, &mut out).unwrap_or(0);
                self.keep(&out[..n], now);
            }
        }
        // A packet that is no Opus is worth no sound; it was counted all the same.
        let n = self.decoder.decode(Some(payload), &mut out).unwrap_or(0);
        self.keep(&out[..n], now);
    }

    /// A packet that belongs to a pressed key.
    pub(crate) fn event(&mut self, seq: u64) {
        self.count(seq);
    }

    /// A key was pressed.
    pub(crate) fn digit(&mut self, digit: char) {
        // Bounded: a caller may press keys for hours.
        if self.digits.len() < 1_000 {
            self.digits.push(digit);
        }
    }

    fn keep(&mut self, pcm: &[i16], now: Instant) {
        let audible = listen::audible_ms(pcm, RATE, listen::AUDIBLE_DBFS);
        if audible > 0 && self.first_audio.is_none() {
            self.first_audio = Some(now);
        }
        self.audible += audible;
        self.pcm.extend_from_slice(pcm);
        if self.pcm.len() > KEPT + RATE as usize / 2 {
            self.pcm.drain(..self.pcm.len() - KEPT);
        }
    }

    /// The sum of it.
    pub(crate) fn heard(&self) -> Heard {
        let last = listen::last_audible(&self.pcm, RATE, 1_000);
        let first_audio_ms = self.since.zip(self.first_audio).map(|(since, first)| {
            u64::try_from(first.saturating_duration_since(since).as_millis()).unwrap_or(u64::MAX)
        });
        Heard {
            packets: self.packets,
            lost: self.range.map_or(0, |(first, highest)| {
                (highest - first)
                    .saturating_add(1)
                    .saturating_sub(self.packets)
            }),
            audio_ms: self.audible,
            tone_hz: listen::dominant_pitch(last, RATE),
            level_dbfs: (!last.is_empty()).then(|| listen::level_dbfs(last)),
            digits: self.digits.clone(),
            first_audio_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ahoy_audio::EncodedSound;

    #[test]
    fn counts_losses_and_tells_the_pitch() {
        let sound = EncodedSound::tone(660.0, -12.0).unwrap();
        let now = Instant::now();
        let mut ear = Ear::new().unwrap();
        ear.start(now);
        // 70 is lost, 80 and 81 change places, 90 to 99 are a pressed key.
        for seq in (1..70).chain(71..80).chain([81, 80]).chain(82..150) {
            if (90..100).contains(&seq) {
                ear.event(seq);
            } else {
                ear.audio(seq, sound.frame(seq), now);
            }
        }
        ear.digit('7');
        let heard = ear.heard();
        assert_eq!((heard.packets, heard.lost), (148, 1));
        assert_eq!(heard.digits, "7");
        assert!((heard.tone_hz.unwrap() - 660.0).abs() < 1.0);
        assert!((heard.level_dbfs.unwrap() + 12.0).abs() < 2.0);
        assert!(heard.audio_ms > 2_600, "{}", heard.audio_ms);
        assert_eq!(heard.first_audio_ms, Some(0));
    }

    #[test]
    fn rubbish_and_silence_are_nothing_heard() {
        let silence = EncodedSound::silence().unwrap();
        let now = Instant::now();
        let mut ear = Ear::new().unwrap();
        for seq in 0..100 {
            ear.audio(seq, silence.frame(seq), now);
        }
        ear.audio(100, &[], now);
        ear.audio(u64::MAX, &[0xff; 3], now);
        let heard = ear.heard();
        assert_eq!((heard.audio_ms, heard.tone_hz), (0, None));
        assert_eq!(heard.first_audio_ms, None);
    }
}
