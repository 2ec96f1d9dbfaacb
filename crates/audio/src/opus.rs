//! Opus (RFC 6716), mono, 20 ms a frame.
//!
//! The codec is `ropus`, safe Rust after the fixed-point libopus; the trait `Codec` is all that the rest knows of it. It is held to Debian's libopus 1.3.1
//! sample by sample (`tests/opus_agrees_with_libopus.rs`).

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ropus::{
    Application, Bitrate, Channels, DecodeError, DecodeMode, EncodeError, InbandFec, Signal,
};

use crate::AudioError;

/// Frames a second: every frame is 20 ms (`media.md` §8).
pub const FRAMES_PER_SECOND: u32 = 50;
/// The largest packet the encoder writes, in bytes (RFC 6716 §3.4, one frame and its head).
pub const MAX_PACKET: usize = 1276;
/// The longest packet, in milliseconds (RFC 6716 §3.2.5).
const MAX_MS: usize = 120;
/// Loss that the encoder is told to expect, in per cent. At 5 it spends nothing on copies at the bit rates of a call, whatever is said
/// about error correction in the session description; below some 17 kb/s there is no room for them at any setting.
const EXPECTED_LOSS: u8 = 20;
/// Of lost sound that is bridged, in milliseconds: until when it has full level, and from when on there is silence. The codec alone
/// goes on for a second.
const FADE_MS: (usize, usize) = (20, 80);

fn check_rate(rate: u32) -> Result<u32, AudioError> {
    match rate {
        8_000 | 12_000 | 16_000 | 24_000 | 48_000 => Ok(rate),
        other => Err(AudioError::SampleRate(other)),
    }
}

/// How an encoder shall work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderSettings {
    /// Samples a second of the PCM given: 8,000, 12,000, 16,000, 24,000 or 48,000.
    pub sample_rate: u32,
    /// Target in bits a second, 6,000 to 128,000.
    pub bitrate: u32,
    /// 0 (cheapest) to 10.
    pub complexity: u8,
    /// Carry a coarse copy of the previous frame for a receiver that lost it (RFC 6716 §2.1.7).
    pub fec: bool,
}

impl Default for EncoderSettings {
    /// What the platform itself sends: wide band at 20 kbit/s with error correction (`media.md` §8).
    fn default() -> Self {
        Self {
            sample_rate: 16_000,
            bitrate: 20_000,
            complexity: 5,
            fec: true,
        }
    }
}

/// Turns 20 ms of mono PCM into one Opus packet. About 40 kB of state.
pub struct OpusEncoder {
    codec: ropus::Encoder,
    frame: usize,
}

impl fmt::Debug for OpusEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpusEncoder").finish_non_exhaustive()
    }
}

fn encoder_failure(error: EncodeError) -> AudioError {
    match error {
        EncodeError::BufferTooSmall => AudioError::BufferTooSmall,
        other => AudioError::Codec(other.to_string()),
    }
}

impl OpusEncoder {
    /// A new encoder, tuned for voice.
    ///
    /// # Errors
    /// [`AudioError::SampleRate`], or [`AudioError::Codec`] for a bit rate or complexity out of range.
    pub fn new(settings: EncoderSettings) -> Result<Self, AudioError> {
        let rate = check_rate(settings.sample_rate)?;
        if !(6_000..=128_000).contains(&settings.bitrate) {
            return Err(AudioError::Codec(format!(
                "{} bits a second are not 6,000 to 128,000",
                settings.bitrate
            )));
        }
        let (mode, loss) = if settings.fec {
            (InbandFec::Enabled, EXPECTED_LOSS)
        } else {
            (InbandFec::Disabled, 0)
        };
        let codec = ropus::Encoder::builder(rate, Channels::Mono, Application::Voip)
            .bitrate(Bitrate::Bits(settings.bitrate))
            .complexity(settings.complexity)
            .signal(Signal::Voice)
            .inband_fec(mode)
            .packet_loss_perc(loss)
            .build()
            .map_err(|e| AudioError::Codec(e.to_string()))?;
        Ok(Self {
            codec,
            frame: (rate / FRAMES_PER_SECOND) as usize,
        })
    }

    /// Samples of one frame: 20 ms at the encoder's rate.
    pub const fn frame_len(&self) -> usize {
        self.frame
    }

    /// Encodes exactly 20 ms of `pcm` and returns the packet's length in `out`. [`MAX_PACKET`] bytes always suffice.
    ///
    /// # Errors
    /// [`AudioError::FrameLength`] for any other number of samples; [`AudioError::BufferTooSmall`].
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, AudioError> {
        if pcm.len() != self.frame {
            return Err(AudioError::FrameLength {
                got: pcm.len(),
                expected: self.frame,
            });
        }
        let room = out.len().min(MAX_PACKET);
        let out = out.get_mut(..room).unwrap_or_default();
        self.codec.encode(pcm, out).map_err(encoder_failure)
    }
}

/// What a decoder needs of a codec. One stream, mono.
trait Codec: Send {
    /// Decodes a packet; its length must have been checked.
    fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, AudioError>;
    /// Bridges as many samples as `out` has room for.
    fn conceal(&mut self, out: &mut [i16]) -> Result<usize, AudioError>;
    /// Decodes the copy of the packet before that `next` carries; `out` has the length of that packet.
    fn recover(&mut self, next: &[u8], out: &mut [i16]) -> Result<usize, AudioError>;
}

fn decoder_failure(error: DecodeError) -> AudioError {
    match error {
        DecodeError::InvalidPacket => AudioError::NotOpus,
        DecodeError::BufferTooSmall => AudioError::BufferTooSmall,
        other => AudioError::Codec(other.to_string()),
    }
}

impl Codec for ropus::Decoder {
    fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, AudioError> {
        Self::decode(self, packet, out, DecodeMode::Normal).map_err(decoder_failure)
    }
    fn conceal(&mut self, out: &mut [i16]) -> Result<usize, AudioError> {
        Self::decode(self, &[], out, DecodeMode::Normal).map_err(decoder_failure)
    }
    fn recover(&mut self, next: &[u8], out: &mut [i16]) -> Result<usize, AudioError> {
        Self::decode(self, next, out, DecodeMode::Fec).map_err(decoder_failure)
    }
}

/// Turns Opus packets into mono PCM at any of the codec's rates, whatever rate and channels they were made with.
/// About 70 kB of state.
pub struct OpusDecoder {
    codec: Box<dyn Codec>,
    rate: u32,
    /// Samples of the last packet.
    last: usize,
    /// Samples that were bridged since the last packet.
    bridged: usize,
}

impl fmt::Debug for OpusDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpusDecoder").finish_non_exhaustive()
    }
}

impl OpusDecoder {
    /// Samples of the longest packet (120 ms) at 48 kHz: an output of this length is never too small.
    pub const MAX_SAMPLES: usize = 5_760;

    /// A decoder giving mono at `sample_rate`.
    ///
    /// # Errors
    /// [`AudioError::SampleRate`].
    pub fn new(sample_rate: u32) -> Result<Self, AudioError> {
        let rate = check_rate(sample_rate)?;
        Ok(Self {
            codec: Self::codec(rate)?,
            rate,
            last: (rate / FRAMES_PER_SECOND) as usize,
            bridged: 0,
        })
    }

    fn codec(rate: u32) -> Result<Box<dyn Codec>, AudioError> {
        let codec = ropus::Decoder::new(rate, Channels::Mono);
        codec
            .map(|codec| Box::new(codec) as Box<dyn Codec>)
            .map_err(|e| AudioError::Codec(e.to_string()))
    }

    /// Decodes one packet, or bridges a lost one (`None`) for as long as the packet before it lasted: for a moment as the codec guesses,
    /// then with less and less level, then with silence.
    /// Returns the number of samples written to `out`.
    ///
    /// # Errors
    /// [`AudioError::NotOpus`] or [`AudioError::BufferTooSmall`]; the decoder stays usable.
    pub fn decode(&mut self, packet: Option<&[u8]>, out: &mut [i16]) -> Result<usize, AudioError> {
        let Some(packet) = packet else {
            return self.bridge(out);
        };
        let length = self.samples(packet)?;
        if out.len() < length {
            return Err(AudioError::BufferTooSmall);
        }
        let n = self.guarded(|codec| codec.decode(packet, out))?;
        self.last = n;
        self.bridged = 0;
        Ok(n)
    }

    /// Rebuilds a lost packet from the copy that the packet after it, `next`, may carry (RFC 6716 §2.1.7);
    /// bridges it where there is none. `next` must be decoded by [`Self::decode`] afterwards.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn recover(&mut self, next: &[u8], out: &mut [i16]) -> Result<usize, AudioError> {
        self.samples(next)?;
        if !carries_copy(next) {
            return self.bridge(out);
        }
        let last = self.last;
        let out = out.get_mut(..last).ok_or(AudioError::BufferTooSmall)?;
        let n = self.guarded(|codec| codec.recover(next, out))?;
        self.bridged = 0;
        Ok(n)
    }

    fn bridge(&mut self, out: &mut [i16]) -> Result<usize, AudioError> {
        let last = self.last;
        let out = out.get_mut(..last).ok_or(AudioError::BufferTooSmall)?;
        let n = self.guarded(|codec| codec.conceal(out))?;
        let ms = |ms: usize| ms * self.rate as usize / 1_000;
        let (full, silent) = (ms(FADE_MS.0), ms(FADE_MS.1));
        for (at, sample) in (self.bridged..).zip(out.iter_mut().take(n)) {
            let left = silent.saturating_sub(at).min(silent - full);
            let faded = i64::from(*sample) * left as i64 / (silent - full) as i64;
            // No larger than the sample it came from.
            *sample = i16::try_from(faded).unwrap_or(0);
        }
        self.bridged = self.bridged.saturating_add(n);
        Ok(n)
    }

    /// Samples of a packet at this rate.
    fn samples(&self, packet: &[u8]) -> Result<usize, AudioError> {
        let ticks = packet_ticks(packet).ok_or(AudioError::NotOpus)?;
        Ok(ticks as usize * self.rate as usize / 48_000)
    }

    /// A packet that finds a fault in the codec must cost no more than its own sound.
    fn guarded(
        &mut self,
        run: impl FnOnce(&mut dyn Codec) -> Result<usize, AudioError>,
    ) -> Result<usize, AudioError> {
        let codec = &mut self.codec;
        match catch_unwind(AssertUnwindSafe(|| run(codec.as_mut()))) {
            Ok(done) => done,
            Err(_) => {
                self.codec = Self::codec(self.rate)?;
                Err(AudioError::NotOpus)
            }
        }
    }
}

/// Microseconds of a frame (RFC 6716 §3.1, table 2).
const fn frame_us(toc: u8) -> u32 {
    match toc >> 3 {
        config @ 0..=11 => [10_000, 20_000, 40_000, 60_000][config as usize % 4],
        config @ 12..=15 => [10_000, 20_000][config as usize % 2],
        config => [2_500, 5_000, 10_000, 20_000][config as usize % 4],
    }
}

/// How long a packet lasts, in ticks of the 48 kHz RTP clock (RFC 7587 §4.1); `None` if it is not Opus.
pub fn packet_ticks(packet: &[u8]) -> Option<u32> {
    let (toc, rest) = packet.split_first()?;
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(rest.first()? & 0x3f),
    };
    let us = frames * frame_us(*toc);
    let longest = MAX_MS as u32 * 1_000;
    (1..=longest).contains(&us).then(|| us * 48 / 1_000)
}

/// The first frame of a packet (RFC 6716 §3.2).
fn first_frame(packet: &[u8]) -> Option<&[u8]> {
    let (toc, rest) = packet.split_first()?;
    match toc & 3 {
        0 | 1 => Some(rest),
        2 => length(rest).map(|(_, behind)| behind),
        _ => {
            let (&count, mut rest) = rest.split_first()?;
            if count & 0x40 != 0 {
                // Padding: runs of 255 go on.
                loop {
                    let (&more, behind) = rest.split_first()?;
                    rest = behind;
                    if more != 255 {
                        break;
                    }
                }
            }
            if count & 0x80 != 0 {
                for _ in 1..count & 0x3f {
                    rest = length(rest)?.1;
                }
            }
            Some(rest)
        }
    }
}

/// A frame's length in one or two bytes (RFC 6716 §3.2.1).
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first < 252 {
        return Some((usize::from(first), rest));
    }
    let (&second, rest) = rest.split_first()?;
    Some((usize::from(first) + 4 * usize::from(second), rest))
}

/// Whether a packet carries a copy of the one before it (RFC 6716 §4.2.4: the LBRR flag of each channel behind its activity flags).
pub fn carries_copy(packet: &[u8]) -> bool {
    let (Some(&toc), Some(&flags)) = (
        packet.first(),
        first_frame(packet).and_then(|frame| frame.first()),
    ) else {
        return false;
    };
    // From configuration 16 on a packet is CELT alone, which has no copies.
    if toc >> 3 >= 16 {
        return false;
    }
    let frames = (frame_us(toc) / 20_000).max(1);
    let flag = |at: u32| flags << at & 0x80 != 0;
    flag(frames) || toc & 4 != 0 && flag(2 * frames + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_say_how_long_they_last() {
        for (packet, ticks) in [
            (&[0x48_u8][..], Some(960)),
            (&[0xe0], Some(120)),
            (&[0x18], Some(2_880)),
            (&[0x49, 1], Some(1_920)),
            (&[0x4b, 3], Some(2_880)),
            (&[0x4b, 6], Some(5_760)),
            (&[0x4b, 7], None),
            (&[0x4b, 0], None),
            (&[0x4b], None),
            (&[], None),
        ] {
            assert_eq!(packet_ticks(packet), ticks, "{packet:02x?}");
        }
    }

    #[test]
    fn the_flag_of_a_copy_stands_behind_the_activity_flags() {
        // 20 ms of wide band: activity, then copy.
        assert!(carries_copy(&[0x48, 0b0100_0000]));
        assert!(!carries_copy(&[0x48, 0b1011_1111]));
        // 60 ms: three frames.
        assert!(carries_copy(&[0x58, 0b0001_0000]));
        assert!(!carries_copy(&[0x58, 0b1110_1111]));
        // Stereo: the side channel's own.
        assert!(carries_copy(&[0x4c, 0b0001_0000]));
        // CELT, and packets that end too early.
        assert!(!carries_copy(&[0xf8, 0xff]));
        assert!(!carries_copy(&[0x48]));
        // Two frames with their lengths, and padding in front of the first.
        assert!(carries_copy(&[0x4a, 1, 0b0100_0000, 0]));
        assert!(carries_copy(&[0x4b, 0x41, 1, 0b0100_0000, 0]));
    }
}
