//! Sounds encoded once and shared by every call that plays them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::ogg::{self, OpusFile};
use crate::opus::{EncoderSettings, MAX_PACKET, OpusDecoder, OpusEncoder};
use crate::tone::Sine;
use crate::{AudioError, resample};

/// The rate at which generated sounds are made: wide band, as the platform's own streams are.
const RATE: u32 = 16_000;
const FRAME: usize = 320;
/// Enough for a steady tone to come back at its level.
const TONE_BITRATE: u32 = 24_000;

/// Opus frames of 20 ms, ready to be sent. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedSound {
    /// The frames in order, one Opus packet each.
    pub frames: Arc<[Box<[u8]>]>,
    /// What is played in a loop once they are over; `None` plays them again.
    rest: Option<Arc<[Box<[u8]>]>>,
}

impl EncodedSound {
    /// A sine of `hz` at `level_dbfs`, to be looped: the loop holds whole periods (in 0.5 to 3 s; within 0.01 % of the pitch asked
    /// for from 100 Hz up) and was encoded twice, so that the seam is as smooth as the rest.
    ///
    /// # Errors
    /// [`AudioError::Pitch`] outside 20 to 7,000 Hz.
    pub fn tone(hz: f64, level_dbfs: f64) -> Result<Self, AudioError> {
        if !(20.0..=7_000.0).contains(&hz) || !level_dbfs.is_finite() {
            return Err(AudioError::Pitch(format!("{hz} Hz at {level_dbfs} dBFS")));
        }
        let (frames, hz) = whole_periods(hz);
        let mut pcm = vec![0; frames * FRAME];
        Sine::new(hz, level_dbfs, RATE).fill(&mut pcm);
        Self::encode(&pcm, RATE, TONE_BITRATE, true)
    }

    /// Silence as a real stream has it: frames go on, nothing is heard. To be looped.
    ///
    /// # Errors
    /// Only those of the codec itself.
    pub fn silence() -> Result<Self, AudioError> {
        Self::encode(
            &[0; FRAME * 10],
            RATE,
            EncoderSettings::default().bitrate,
            true,
        )
    }

    /// `pcm` at `rate`, to be looped, filled up with silence to whole frames. Any rate from 4 to 192 kHz.
    ///
    /// # Errors
    /// [`AudioError::SampleRate`] outside these.
    pub fn from_pcm(pcm: &[i16], rate: u32) -> Result<Self, AudioError> {
        let (pcm, rate) = codec_rate(pcm, rate)?;
        Self::encode(&pcm, rate, TONE_BITRATE, true)
    }

    /// `pcm` at `rate`, to be played once from a decoder's fresh state.
    ///
    /// # Errors
    /// As [`Self::from_pcm`].
    pub fn clip(pcm: &[i16], rate: u32) -> Result<Self, AudioError> {
        let (pcm, rate) = codec_rate(pcm, rate)?;
        Self::encode(&pcm, rate, TONE_BITRATE, false)
    }

    /// The sound of an Ogg file with Opus, to be looped. Packets that fit a call as they are (20 ms each, mono or stereo, no gain to
    /// apply, small enough for a datagram) are taken unchanged; anything else is decoded and encoded anew.
    ///
    /// # Errors
    /// [`AudioError::Ogg`], or [`AudioError::NotOpus`] for packets that cannot be decoded.
    pub fn from_ogg(bytes: &[u8]) -> Result<Self, AudioError> {
        let file = OpusFile::read(bytes)?;
        if fits(&file) {
            return Ok(Self {
                frames: file.packets.into(),
                rest: None,
            });
        }
        Self::from_pcm(&decode(&file)?, RATE)
    }

    /// The same sound played once and followed by silence, as a microphone goes on when nobody speaks any more.
    ///
    /// # Errors
    /// Only those of the codec itself.
    pub fn once(self) -> Result<Self, AudioError> {
        Ok(Self {
            rest: Some(Self::silence()?.frames),
            ..self
        })
    }

    fn encode(pcm: &[i16], rate: u32, bitrate: u32, looped: bool) -> Result<Self, AudioError> {
        let mut encoder = OpusEncoder::new(EncoderSettings {
            sample_rate: rate,
            bitrate,
            // Encoded once and played by many: copies for lost packets take bits, which a careful encoder makes up for.
            complexity: 8,
            ..EncoderSettings::default()
        })?;
        let len = encoder.frame_len();
        let mut frame = vec![0; len];
        let mut packet = [0; MAX_PACKET];
        let mut frames: Vec<Box<[u8]>> = Vec::with_capacity(pcm.len() / len + 1);
        for _ in 0..if looped { 2 } else { 1 } {
            frames.clear();
            for chunk in pcm.chunks(len) {
                frame[..chunk.len()].copy_from_slice(chunk);
                frame[chunk.len()..].fill(0);
                let n = encoder.encode(&frame, &mut packet)?;
                frames.push(packet[..n].into());
            }
        }
        if frames.is_empty() {
            return Self::silence();
        }
        Ok(Self {
            frames: frames.into(),
            rest: None,
        })
    }

    /// The frame to send in the `tick`-th 20 ms.
    pub fn frame(&self, tick: u64) -> &[u8] {
        let over = self.frames.len() as u64;
        let (frames, tick) = match &self.rest {
            Some(rest) if tick >= over => (rest, tick - over),
            _ => (&self.frames, tick),
        };
        // Never empty: `encode` gives silence instead, and an Ogg file without packets is refused.
        let len = frames.len().max(1) as u64;
        frames.get((tick % len) as usize).map_or(&[], |f| &**f)
    }

    /// Length of one pass.
    pub fn duration(&self) -> Duration {
        Duration::from_millis(20 * self.frames.len() as u64)
    }
}

/// The largest packet that is sent as it is: with its headers it fits any path (RFC 8200 §5).
const LARGEST_PACKET: usize = 1_200;
/// Samples of the 48 kHz clock in a frame of 20 ms.
const FRAME_48K: u64 = 960;

/// Whether a call can carry the packets of a file as they are.
fn fits(file: &OpusFile) -> bool {
    let packet = |p: &[u8]| ogg::packet_samples(p) == Some(FRAME_48K) && p.len() <= LARGEST_PACKET;
    file.gain == 0 && file.packets.iter().all(|p| packet(p))
}

/// A file as mono PCM at [`RATE`].
fn decode(file: &OpusFile) -> Result<Vec<i16>, AudioError> {
    let mut decoder = OpusDecoder::new(RATE)?;
    let mut out = [0; OpusDecoder::MAX_SAMPLES];
    let mut pcm = Vec::new();
    for packet in &file.packets {
        let n = decoder.decode(Some(packet), &mut out)?;
        pcm.extend_from_slice(&out[..n]);
    }
    // Whatever a file claims, nothing is cut that is not there.
    let at_rate = |samples: u64| usize::try_from(samples / 3).unwrap_or(usize::MAX);
    pcm.truncate(pcm.len().saturating_sub(at_rate(file.trimmed)));
    pcm.drain(..at_rate(file.pre_skip).min(pcm.len()));
    if file.gain != 0 {
        let gain = 10f64.powf(f64::from(file.gain) / (20.0 * 256.0));
        for sample in &mut pcm {
            *sample = crate::tone::to_i16(f64::from(*sample) * gain);
        }
    }
    Ok(pcm)
}

/// The number of 20 ms frames, 25 to 150, that holds whole periods of `hz` best, and the pitch that fits exactly.
fn whole_periods(hz: f64) -> (usize, f64) {
    let fit = |frames: usize| {
        let seconds = frames as f64 * 0.02;
        let exact = (hz * seconds).round() / seconds;
        ((exact - hz).abs(), frames, exact)
    };
    // One second first: it fits every whole number of Hz.
    let mut best = fit(50);
    for frames in 25..=150 {
        let this = fit(frames);
        if this.0 + 1e-9 < best.0 {
            best = this;
        }
    }
    (best.1, best.2)
}

fn codec_rate(pcm: &[i16], rate: u32) -> Result<(std::borrow::Cow<'_, [i16]>, u32), AudioError> {
    match rate {
        8_000 | 12_000 | 16_000 | 24_000 | 48_000 => Ok((pcm.into(), rate)),
        other => Ok((resample::resample(pcm, other, RATE)?.into(), RATE)),
    }
}

/// What a sound is, for the cache. Levels and pitches are compared in thousandths.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SoundKey {
    /// A looped sine.
    Tone {
        /// Thousandths of a Hz.
        millihertz: u32,
        /// Thousandths of a dBFS.
        millibel_fs: i32,
    },
    /// Looped silence.
    Silence,
    /// Sound from elsewhere, by a name the caller keeps unique (a path and its modification time, say).
    Named(String),
}

impl SoundKey {
    /// The key of [`EncodedSound::tone`].
    pub fn tone(hz: f64, level_dbfs: f64) -> Self {
        Self::Tone {
            millihertz: (hz * 1000.0).round() as u32,
            millibel_fs: (level_dbfs * 1000.0).round() as i32,
        }
    }
}

/// Keeps each distinct sound encoded once. Beyond its capacity it forgets sounds that nobody plays.
#[derive(Debug)]
pub struct SoundCache {
    sounds: Mutex<HashMap<SoundKey, EncodedSound>>,
    capacity: usize,
}

impl Default for SoundCache {
    fn default() -> Self {
        Self::new(256)
    }
}

impl SoundCache {
    /// A cache that begins to forget unused sounds when it holds `capacity`.
    pub fn new(capacity: usize) -> Self {
        Self {
            sounds: Mutex::default(),
            capacity,
        }
    }

    /// The sound for `key`, if it is there.
    pub fn get(&self, key: &SoundKey) -> Option<EncodedSound> {
        self.lock().get(key).cloned()
    }

    /// The sound for `key`, made by `build` if it is not there. Two callers may build the same sound at the same
    /// time; both get the one that was ready first.
    ///
    /// # Errors
    /// Those of `build`, which are not remembered.
    pub fn get_or_build(
        &self,
        key: SoundKey,
        build: impl FnOnce() -> Result<EncodedSound, AudioError>,
    ) -> Result<EncodedSound, AudioError> {
        if let Some(sound) = self.lock().get(&key) {
            return Ok(sound.clone());
        }
        // Encoding takes milliseconds: not under the lock.
        let sound = build()?;
        let mut sounds = self.lock();
        if sounds.len() >= self.capacity {
            sounds.retain(|_, s| Arc::strong_count(&s.frames) > 1);
        }
        Ok(sounds.entry(key).or_insert(sound).clone())
    }

    /// A looped sine; see [`EncodedSound::tone`].
    ///
    /// # Errors
    /// As there.
    pub fn tone(&self, hz: f64, level_dbfs: f64) -> Result<EncodedSound, AudioError> {
        self.get_or_build(SoundKey::tone(hz, level_dbfs), || {
            EncodedSound::tone(hz, level_dbfs)
        })
    }

    /// Looped silence.
    ///
    /// # Errors
    /// Only those of the codec itself.
    pub fn silence(&self) -> Result<EncodedSound, AudioError> {
        self.get_or_build(SoundKey::Silence, EncodedSound::silence)
    }

    /// How many sounds are kept.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SoundKey, EncodedSound>> {
        // The map is never left half changed, so a panic elsewhere does not spoil it.
        self.sounds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
