//! Opus (RFC 6716), mono, 20 ms a frame.
//!
//! The codec is `unsafe-libopus`, libopus 1.3.1 translated to Rust: its interface is raw pointers, so this one
//! module may use `unsafe`. Each block below states why the pointers hold.
#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};

use unsafe_libopus as unsafe_opus;
use unsafe_libopus::varargs;

use crate::AudioError;
use crate::conceal::Concealment;

/// Frames a second: every frame is 20 ms (`media.md` §8).
pub const FRAMES_PER_SECOND: u32 = 50;
/// The largest packet the encoder writes, in bytes (RFC 6716 §3.4, one frame and its head).
pub const MAX_PACKET: usize = 1276;

fn check_rate(rate: u32) -> Result<i32, AudioError> {
    match rate {
        8_000 | 12_000 | 16_000 | 24_000 | 48_000 => Ok(rate.cast_signed()),
        other => Err(AudioError::SampleRate(other)),
    }
}

fn failure(code: i32) -> AudioError {
    match code {
        unsafe_opus::OPUS_INVALID_PACKET => AudioError::NotOpus,
        unsafe_opus::OPUS_BUFFER_TOO_SMALL => AudioError::BufferTooSmall,
        other => AudioError::Codec(other),
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

/// Turns 20 ms of mono PCM into one Opus packet. About 44 kB of state.
#[derive(Debug)]
pub struct OpusEncoder {
    state: NonNull<unsafe_opus::OpusEncoder>,
    frame: usize,
}

// SAFETY: the state is one heap block owned by this value alone and holds no thread-local data;
// every use needs `&mut self`.
unsafe impl Send for OpusEncoder {}

impl OpusEncoder {
    /// A new encoder, tuned for voice.
    ///
    /// # Errors
    /// [`AudioError::SampleRate`], or [`AudioError::Codec`] for a bit rate or complexity out of range.
    pub fn new(settings: EncoderSettings) -> Result<Self, AudioError> {
        let rate = check_rate(settings.sample_rate)?;
        let mut error = 0;
        // SAFETY: arguments are plain values; `error` outlives the call.
        let state = unsafe {
            unsafe_opus::opus_encoder_create(
                rate,
                1,
                unsafe_opus::OPUS_APPLICATION_VOIP,
                &mut error,
            )
        };
        let state = NonNull::new(state).ok_or(AudioError::Codec(error))?;
        let mut encoder = Self {
            state,
            frame: (settings.sample_rate / FRAMES_PER_SECOND) as usize,
        };
        let bitrate = i32::try_from(settings.bitrate)
            .ok()
            .filter(|b| (6_000..=128_000).contains(b))
            .ok_or(AudioError::Codec(unsafe_opus::OPUS_BAD_ARG))?;
        encoder.set(unsafe_opus::OPUS_SET_BITRATE_REQUEST, bitrate)?;
        encoder.set(
            unsafe_opus::OPUS_SET_COMPLEXITY_REQUEST,
            i32::from(settings.complexity),
        )?;
        encoder.set(
            unsafe_opus::OPUS_SET_SIGNAL_REQUEST,
            unsafe_opus::OPUS_SIGNAL_VOICE,
        )?;
        encoder.set(
            unsafe_opus::OPUS_SET_INBAND_FEC_REQUEST,
            i32::from(settings.fec),
        )?;
        // Without an expected loss libopus never spends a bit on the copy.
        let loss = if settings.fec { 5 } else { 0 };
        encoder.set(unsafe_opus::OPUS_SET_PACKET_LOSS_PERC_REQUEST, loss)?;
        Ok(encoder)
    }

    fn set(&mut self, request: i32, value: i32) -> Result<(), AudioError> {
        // SAFETY: `state` is a live encoder; each request used here takes exactly one i32.
        let code = unsafe {
            unsafe_opus::opus_encoder_ctl_impl(self.state.as_ptr(), request, varargs!(value))
        };
        if code == unsafe_opus::OPUS_OK {
            Ok(())
        } else {
            Err(failure(code))
        }
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
        let room = i32::try_from(out.len().min(MAX_PACKET)).unwrap_or(0);
        // SAFETY: `pcm` holds `frame` mono samples, `out` at least `room` bytes, both for the whole call.
        let code = unsafe {
            unsafe_opus::opus_encode(
                self.state.as_ptr(),
                pcm.as_ptr(),
                self.frame as i32,
                out.as_mut_ptr(),
                room,
            )
        };
        usize::try_from(code).map_err(|_| failure(code))
    }
}

impl Drop for OpusEncoder {
    fn drop(&mut self) {
        // SAFETY: made by `opus_encoder_create`, released once.
        unsafe { unsafe_opus::opus_encoder_destroy(self.state.as_ptr()) }
    }
}

/// Turns Opus packets into mono PCM at any of the codec's rates, whatever rate and channels they were made with.
/// About 18 kB of state.
#[derive(Debug)]
pub struct OpusDecoder {
    state: NonNull<unsafe_opus::OpusDecoder>,
    rate: i32,
    last: usize,
    /// The last packet had a SILK layer.
    silk: bool,
    concealment: Concealment,
}

// SAFETY: as for the encoder.
unsafe impl Send for OpusDecoder {}

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
            state: Self::create(rate)?,
            rate,
            last: (sample_rate / FRAMES_PER_SECOND) as usize,
            silk: false,
            concealment: Concealment::new(sample_rate),
        })
    }

    fn create(rate: i32) -> Result<NonNull<unsafe_opus::OpusDecoder>, AudioError> {
        let mut error = 0;
        // SAFETY: plain values; `error` outlives the call.
        let state = unsafe { unsafe_opus::opus_decoder_create(rate, 1, &mut error) };
        NonNull::new(state).ok_or(AudioError::Codec(error))
    }

    /// Decodes one packet, or bridges a lost one (`None`) for as long as the packet before it lasted.
    /// Returns the number of samples written to `out`.
    ///
    /// # Errors
    /// [`AudioError::NotOpus`] or [`AudioError::BufferTooSmall`]; the decoder stays usable.
    pub fn decode(&mut self, packet: Option<&[u8]>, out: &mut [i16]) -> Result<usize, AudioError> {
        match packet {
            Some([]) => Err(AudioError::NotOpus),
            Some(packet) => {
                let n = self.run(Some(packet), out.len(), out, false)?;
                // RFC 6716 §3.1: from configuration 16 on a packet is CELT alone.
                self.silk = packet.first().is_some_and(|toc| toc >> 3 < 16);
                self.last = n;
                if let Some(pcm) = out.get_mut(..n) {
                    self.concealment.heard(pcm);
                }
                Ok(n)
            }
            None if !self.silk => {
                let n = self.run(None, self.last, out, false)?;
                if let Some(pcm) = out.get_mut(..n) {
                    self.concealment.heard(pcm);
                }
                Ok(n)
            }
            None => {
                // The codec is not told: it would glue the next frame to its own burst.
                let pcm = out.get_mut(..self.last).ok_or(AudioError::BufferTooSmall)?;
                self.concealment.fill(pcm);
                Ok(self.last)
            }
        }
    }

    /// Rebuilds a lost packet from the copy that the packet after it, `next`, may carry (RFC 6716 §2.1.7);
    /// bridges it where there is none. `next` must be decoded by [`Self::decode`] afterwards.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn recover(&mut self, next: &[u8], out: &mut [i16]) -> Result<usize, AudioError> {
        if next.is_empty() {
            return Err(AudioError::NotOpus);
        }
        self.run(Some(next), self.last, out, true)
    }

    fn run(
        &mut self,
        packet: Option<&[u8]>,
        samples: usize,
        out: &mut [i16],
        fec: bool,
    ) -> Result<usize, AudioError> {
        if samples > out.len() {
            return Err(AudioError::BufferTooSmall);
        }
        let samples = samples.min(Self::MAX_SAMPLES) as i32;
        let (data, len) = match packet {
            Some(p) => (p.as_ptr(), i32::try_from(p.len()).unwrap_or(0)),
            None => (ptr::null(), 0),
        };
        let state = self.state.as_ptr();
        // The translation keeps assertions that C builds leave out. A hostile packet that meets one must cost
        // no more than its own sound.
        let result = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: `data` is null with length 0 or `len` readable bytes; `out` has room for `samples` mono samples.
            unsafe {
                unsafe_opus::opus_decode(
                    state,
                    data,
                    len,
                    out.as_mut_ptr(),
                    samples,
                    i32::from(fec),
                )
            }
        }));
        match result {
            Ok(code) => usize::try_from(code).map_err(|_| failure(code)),
            Err(_) => {
                let fresh = Self::create(self.rate)?;
                // SAFETY: the broken state is replaced before it is released, and released once.
                unsafe { unsafe_opus::opus_decoder_destroy(state) };
                self.state = fresh;
                Err(AudioError::NotOpus)
            }
        }
    }
}

impl Drop for OpusDecoder {
    fn drop(&mut self) {
        // SAFETY: made by `opus_decoder_create`, released once.
        unsafe { unsafe_opus::opus_decoder_destroy(self.state.as_ptr()) }
    }
}

/// How long a packet lasts, in ticks of the 48 kHz RTP clock (RFC 7587 §4.1); `None` if it is not Opus.
pub fn packet_ticks(packet: &[u8]) -> Option<u32> {
    let len = i32::try_from(packet.len()).ok().filter(|l| *l > 0)?;
    // SAFETY: `packet` holds `len` readable bytes, and the function looks at the first two at most.
    let n = unsafe { unsafe_opus::opus_packet_get_nb_samples(packet.as_ptr(), len, 48_000) };
    u32::try_from(n).ok().filter(|n| *n > 0)
}
