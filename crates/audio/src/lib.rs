//! Sound of telephone quality: Opus, G.711, tones, WAV, and ears that tell what was heard.
//!
//! Everything here is a plain function or a small state machine over mono 16-bit PCM. No I/O, no clock.
//!
//! * [`opus`] – encoder and decoder, one mono stream each.
//! * [`EncodedSound`] – Opus frames of one sound, encoded once and shared by every call that plays it.
//! * [`tone`] – sine, beep, chirp and one pitch for every telephone digit.
//! * [`listen`] – pitch, level, audible time and holes of what arrived.
//! * [`ogg`] – length and packets of an Ogg file with Opus.
//! * [`wav`], [`g711`], [`resample`] – the other forms sound comes in.
//!
//! ```
//! use ahoy_audio::{EncodedSound, OpusDecoder, listen};
//!
//! let sound = EncodedSound::tone(440.0, -12.0)?;
//! let mut ear = OpusDecoder::new(8_000)?;
//! let (mut heard, mut pcm) = (Vec::new(), [0; OpusDecoder::MAX_SAMPLES]);
//! for frame in sound.frames.iter() {
//!     let n = ear.decode(Some(frame), &mut pcm)?;
//!     heard.extend_from_slice(&pcm[..n]);
//! }
//! let pitch = listen::dominant_pitch(&heard, 8_000).expect("a tone has a pitch");
//! assert!((pitch - 440.0).abs() < 1.0);
//! # Ok::<(), ahoy_audio::AudioError>(())
//! ```

pub mod g711;
pub mod listen;
pub mod ogg;
pub mod opus;
pub mod resample;
mod sound;
mod spectrum;
pub mod tone;
pub mod wav;

pub use opus::{EncoderSettings, OpusDecoder, OpusEncoder};
pub use sound::{EncodedSound, SoundCache, SoundKey};

/// What can go wrong with sound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The sample rate is none of those the codec runs at.
    #[error("{0} Hz is not a sample rate of Opus: 8000, 12000, 16000, 24000 or 48000 is expected")]
    SampleRate(u32),
    /// The encoder was given something else than 20 ms.
    #[error("a frame of {got} samples was given where 20 ms are {expected}")]
    FrameLength {
        /// Samples given.
        got: usize,
        /// Samples of 20 ms at the encoder's rate.
        expected: usize,
    },
    /// The bytes are not an Opus packet, or are damaged.
    #[error("the packet is not Opus")]
    NotOpus,
    /// The output slice cannot hold the result.
    #[error("the output buffer is too small")]
    BufferTooSmall,
    /// The codec refused; the text says why.
    #[error("the Opus codec refuses: {0}")]
    Codec(String),
    /// A pitch that cannot be played at telephone quality.
    #[error("a tone of {0} cannot be played: 20 to 7000 Hz is expected")]
    Pitch(String),
    /// The file is not an Ogg file with Opus that this house reads.
    #[error("the Ogg file cannot be read: {0}")]
    Ogg(#[from] ogg::OggDefect),
    /// The file is not a WAV this house reads; the text says why.
    #[error("the WAV file cannot be read: {0}")]
    Wav(String),
}
