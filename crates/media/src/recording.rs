//! What a simulated user was sent: Opus frames in a bounded store, decoded only when somebody asks, never on a media thread.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ahoy_audio::{AudioError, OpusDecoder, listen, wav};
use ahoy_packet::dtmf::Digit;
use ahoy_packet::rtcp::ReceiverStats;
use ahoy_packet::rtp::SequenceExtender;
use ahoy_types::Ssrc;
use serde::Serialize;

use crate::rewrite::Stamp;

/// Frames of a chunk: one second, so that the store allocates once a second and not once a packet.
const CHUNK_FRAMES: usize = 50;
/// Room for the payload of a chunk of telephone quality; more grows it.
const CHUNK_BYTES: usize = CHUNK_FRAMES * 64;
/// Chunks kept: ten minutes.
const MAX_CHUNKS: usize = 600;
/// Bytes kept, whatever the bit rate.
const MAX_BYTES: usize = 8 << 20;
/// Digits kept.
const MAX_DIGITS: usize = 512;
/// Holes listed one by one; the count of lost packets goes on.
const MAX_GAPS: usize = 100;
/// The longest hole that is filled with concealment: a second. What is longer is cut to it.
const MAX_CONCEALED: u64 = 50;
/// Ticks a second of Opus's RTP clock (RFC 7587 §4.1).
const CLOCK: u32 = 48_000;
/// Rate at which everything but a WAV file is judged.
const EAR_RATE: u32 = 8_000;

#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Extended sequence number.
    index: u64,
    /// Milliseconds from accept to arrival.
    at_ms: u32,
    start: u32,
    len: u16,
}

#[derive(Debug, Clone, Default)]
struct Chunk {
    frames: Vec<Frame>,
    bytes: Vec<u8>,
}

impl Chunk {
    fn with_room() -> Self {
        Self {
            frames: Vec::with_capacity(CHUNK_FRAMES),
            bytes: Vec::with_capacity(CHUNK_BYTES),
        }
    }
}

/// The writing end, owned by a worker.
#[derive(Debug)]
pub(crate) struct Recorder {
    full: VecDeque<Arc<Chunk>>,
    current: Chunk,
    bytes: usize,
    extender: SequenceExtender,
    first: Option<u64>,
    packets: u64,
    late: u64,
    jitter: ReceiverStats,
    digits: String,
}

impl Recorder {
    pub fn new() -> Self {
        Self {
            full: VecDeque::new(),
            current: Chunk::default(),
            bytes: 0,
            extender: SequenceExtender::default(),
            first: None,
            packets: 0,
            late: 0,
            jitter: ReceiverStats::new(Ssrc(0), CLOCK),
            digits: String::new(),
        }
    }

    /// Counts a packet that holds no audio, so that its number is no hole.
    pub fn count(&mut self, sequence: u16) -> u64 {
        let index = self.extender.extend(sequence);
        self.late += u64::from(self.extender.highest().is_some_and(|h| index < h));
        self.first = Some(self.first.map_or(index, |first| first.min(index)));
        self.packets += 1;
        index
    }

    /// Keeps one Opus frame that arrived this long after accept.
    pub fn audio(&mut self, stamp: Stamp, after_accept: Duration, payload: &[u8]) {
        let index = self.count(stamp.seq);
        self.jitter
            .received(stamp.seq, stamp.timestamp, after_accept);
        let (Ok(len), Ok(start)) = (
            u16::try_from(payload.len()),
            u32::try_from(self.current.bytes.len()),
        ) else {
            return;
        };
        if self.current.frames.capacity() == 0 {
            self.current = Chunk::with_room();
        }
        let at_ms = u32::try_from(after_accept.as_millis()).unwrap_or(u32::MAX);
        self.current.frames.push(Frame {
            index,
            at_ms,
            start,
            len,
        });
        self.current.bytes.extend_from_slice(payload);
        if self.current.frames.len() == CHUNK_FRAMES {
            let full = std::mem::take(&mut self.current);
            self.bytes += full.bytes.len();
            self.full.push_back(Arc::new(full));
            while self.full.len() > MAX_CHUNKS || self.bytes > MAX_BYTES {
                let Some(oldest) = self.full.pop_front() else {
                    break;
                };
                self.bytes -= oldest.bytes.len();
            }
        }
    }

    /// Notes a key the far end pressed.
    pub fn digit(&mut self, digit: Digit) {
        if self.digits.len() < MAX_DIGITS {
            self.digits.push(digit.as_char());
        }
    }

    /// What has been kept so far. Costs a copy of at most one second.
    pub fn snapshot(&self, packets_before_gate: u64) -> Recording {
        let mut chunks: Vec<Arc<Chunk>> = self.full.iter().cloned().collect();
        if !self.current.frames.is_empty() {
            chunks.push(Arc::new(self.current.clone()));
        }
        let expected = match (self.first, self.extender.highest()) {
            (Some(first), Some(highest)) => highest - first + 1,
            _ => 0,
        };
        Recording {
            chunks,
            packets: self.packets,
            lost: expected.saturating_sub(self.packets),
            late: self.late,
            jitter_ms: self.jitter.jitter_time().as_secs_f64() * 1_000.0,
            digits: self.digits.clone(),
            packets_before_gate,
            heard: OnceLock::new(),
        }
    }
}

/// What was in a simulated user's ear. Decoding costs some milliseconds a minute of sound: ask off the media threads, and
/// off the threads of an asynchronous runtime if the call was long.
#[derive(Debug)]
pub struct Recording {
    chunks: Vec<Arc<Chunk>>,
    packets: u64,
    lost: u64,
    late: u64,
    jitter_ms: f64,
    digits: String,
    packets_before_gate: u64,
    heard: OnceLock<Heard>,
}

/// A hole in the sequence numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SequenceGap {
    /// Milliseconds from accept to the packet behind the hole.
    pub at_ms: u64,
    /// Packets missing.
    pub missing: u64,
}

/// The judgement of a simulated user's ear (`contract.md` §3).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Heard {
    /// Packets that came after accept, telephone events among them.
    pub packets: u64,
    /// Packets missing by sequence number.
    pub lost: u64,
    /// Packets that came behind one sent after them; they are no loss.
    pub late: u64,
    /// Interarrival jitter in milliseconds (RFC 3550 A.8).
    pub jitter_ms: f64,
    /// Milliseconds of audible sound.
    pub audio_ms: u64,
    /// Dominant pitch of the last audible second in Hz; none in silence and noise.
    pub tone_hz: Option<f64>,
    /// Level of that second; none if nothing was audible.
    pub level_dbfs: Option<f64>,
    /// Keys the business pressed.
    pub digits: String,
    /// Milliseconds from accept to the first audible sound.
    pub first_audio_ms_after_accept: Option<u64>,
    /// Where packets are missing, the first hundred places.
    pub gaps: Vec<SequenceGap>,
    /// Packets of the business that came before accept and were dropped; none of them is in the rest.
    pub packets_before_gate: u64,
}

/// Decoded sound, with what is needed to find the arrival time of a sample.
struct Sound {
    pcm: Vec<i16>,
    /// First sample of each frame and the frame's arrival.
    arrivals: Vec<(usize, u32)>,
}

impl Recording {
    /// What a listener would say. Decoded on the first call, remembered afterwards.
    pub fn heard(&self) -> &Heard {
        self.heard.get_or_init(|| self.listen())
    }

    /// The sound as a WAV file, mono, at 8,000, 12,000, 16,000, 24,000 or 48,000 samples a second.
    ///
    /// # Errors
    /// [`AudioError::SampleRate`].
    pub fn wav(&self, sample_rate: u32) -> Result<Vec<u8>, AudioError> {
        wav::write(&self.decode(sample_rate)?.pcm, sample_rate)
    }

    /// The sound as PCM, mono, at one of the rates of [`Recording::wav`].
    ///
    /// # Errors
    /// [`AudioError::SampleRate`].
    pub fn pcm(&self, sample_rate: u32) -> Result<Vec<i16>, AudioError> {
        Ok(self.decode(sample_rate)?.pcm)
    }

    fn in_order(&self) -> Vec<(Frame, &[u8])> {
        let mut frames: Vec<(Frame, &[u8])> = self
            .chunks
            .iter()
            .flat_map(|chunk| {
                chunk.frames.iter().map(|frame| {
                    let start = frame.start as usize;
                    let payload = chunk.bytes.get(start..start + usize::from(frame.len));
                    (*frame, payload.unwrap_or_default())
                })
            })
            .collect();
        frames.sort_by_key(|(frame, _)| frame.index);
        frames
    }

    fn decode(&self, rate: u32) -> Result<Sound, AudioError> {
        let mut decoder = OpusDecoder::new(rate)?;
        let mut frame_pcm = vec![0; OpusDecoder::MAX_SAMPLES];
        let mut sound = Sound {
            pcm: Vec::new(),
            arrivals: Vec::new(),
        };
        let mut last: Option<u64> = None;
        for (frame, payload) in self.in_order() {
            let missing = last.map_or(0, |last| frame.index.saturating_sub(last + 1));
            last = Some(frame.index);
            for _ in 0..missing.min(MAX_CONCEALED) {
                sound.append(decoder.decode(None, &mut frame_pcm), &frame_pcm, rate);
            }
            sound.arrivals.push((sound.pcm.len(), frame.at_ms));
            sound.append(
                decoder.decode(Some(payload), &mut frame_pcm),
                &frame_pcm,
                rate,
            );
        }
        Ok(sound)
    }

    fn gaps(&self) -> Vec<SequenceGap> {
        let frames = self.in_order();
        frames
            .iter()
            .zip(frames.iter().skip(1))
            .filter_map(|((before, _), (after, _))| {
                let missing = after.index.saturating_sub(before.index + 1);
                (missing > 0).then_some(SequenceGap {
                    at_ms: after.at_ms.into(),
                    missing,
                })
            })
            .take(MAX_GAPS)
            .collect()
    }

    fn listen(&self) -> Heard {
        // The rate is one of the codec's, so there is always a sound, if only an empty one.
        let sound = self.decode(EAR_RATE).unwrap_or_else(|_| Sound {
            pcm: Vec::new(),
            arrivals: Vec::new(),
        });
        let last = listen::last_audible(&sound.pcm, EAR_RATE, 1_000);
        let first = listen::first_audible(&sound.pcm, EAR_RATE);
        Heard {
            packets: self.packets,
            lost: self.lost,
            late: self.late,
            jitter_ms: (self.jitter_ms * 10.0).round() / 10.0,
            audio_ms: listen::audible_ms(&sound.pcm, EAR_RATE, listen::AUDIBLE_DBFS),
            tone_hz: listen::dominant_pitch(last, EAR_RATE),
            level_dbfs: first.map(|_| listen::level_dbfs(last)),
            digits: self.digits.clone(),
            first_audio_ms_after_accept: first.map(|ms| sound.arrival_of(ms)),
            gaps: if self.lost > 0 {
                self.gaps()
            } else {
                Vec::new()
            },
            packets_before_gate: self.packets_before_gate,
        }
    }
}

impl Sound {
    fn append(&mut self, decoded: Result<usize, AudioError>, frame: &[i16], rate: u32) {
        match decoded.ok().and_then(|n| frame.get(..n)) {
            Some(samples) => self.pcm.extend_from_slice(samples),
            // Not Opus: 20 ms of silence stand for it.
            None => self.pcm.resize(self.pcm.len() + rate as usize / 50, 0),
        }
    }
    /// When the sample at `ms` of the sound arrived, in milliseconds after accept.
    fn arrival_of(&self, ms: u64) -> u64 {
        let sample = usize::try_from(ms * u64::from(EAR_RATE) / 1_000).unwrap_or(usize::MAX);
        let at = self.arrivals.partition_point(|(start, _)| *start <= sample);
        match at.checked_sub(1).and_then(|at| self.arrivals.get(at)) {
            Some((start, at_ms)) => {
                u64::from(*at_ms) + (sample - start) as u64 * 1_000 / u64::from(EAR_RATE)
            }
            None => ms,
        }
    }
}

#[cfg(test)]
mod tests;
