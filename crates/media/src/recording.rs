//! What a simulated user was sent: Opus frames in a bounded store, decoded only when somebody asks, never on a media thread.

mod ear;

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ahoy_audio::{AudioError, wav};
use ahoy_packet::dtmf::Digit;
use ahoy_packet::rtcp::ReceiverStats;
use ahoy_packet::rtp::SequenceExtender;
use ahoy_types::Ssrc;

use crate::rewrite::Stamp;

pub use ear::{Heard, HeardGap};

/// Frames of a chunk: one second, so that the store allocates once a second and not once a packet.
const CHUNK_FRAMES: usize = 50;
/// Room for the payload of a chunk of telephone quality; more grows it.
const CHUNK_BYTES: usize = CHUNK_FRAMES * 64;
/// Chunks kept: ten minutes.
const MAX_CHUNKS: usize = 600;
/// Sound kept, however few packets it takes.
const MAX_KEPT_MS: u32 = 600_000;
/// Bytes kept, whatever the bit rate.
const MAX_BYTES: usize = 8 << 20;
/// The first chunks are kept of every call: they tell when the first sound came.
const HEAD_CHUNKS: usize = 10;
/// Digits kept.
const MAX_DIGITS: usize = 512;
/// Ticks a second of Opus's RTP clock (RFC 7587 §4.1).
const CLOCK: u32 = 48_000;
/// Where the media time of a recording begins, so that a packet that overtook the first one has a place before it.
const ORIGIN_MS: i64 = 60_000;

#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Extended sequence number, its lower half: enough for two years.
    index: u32,
    /// Milliseconds from accept to arrival.
    at_ms: u32,
    /// When it was made, by its timestamp, in milliseconds from [`ORIGIN_MS`] before the first frame.
    media_ms: u32,
    start: u32,
    /// Length of the payload; [`KEY`] for a packet of a key.
    len: u16,
}

/// A packet that takes a number and holds no audio.
const KEY: u16 = u16::MAX;

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
    fn ends_ms(&self) -> u32 {
        self.frames.last().map_or(0, |frame| frame.at_ms)
    }
    fn begins_ms(&self) -> u32 {
        self.frames.first().map_or(0, |frame| frame.at_ms)
    }
}

/// The writing end, owned by a worker.
#[derive(Debug)]
pub(crate) struct Recorder {
    head: Vec<Arc<Chunk>>,
    full: VecDeque<Arc<Chunk>>,
    current: Chunk,
    bytes: usize,
    forgotten: bool,
    extender: SequenceExtender,
    first: Option<u64>,
    /// The last frame's timestamp and media time in ticks.
    clock: Option<(u32, i64)>,
    packets: u64,
    late: u64,
    jitter: ReceiverStats,
    digits: String,
}

impl Recorder {
    pub fn new() -> Self {
        Self {
            head: Vec::new(),
            full: VecDeque::new(),
            current: Chunk::default(),
            bytes: 0,
            forgotten: false,
            extender: SequenceExtender::default(),
            first: None,
            clock: None,
            packets: 0,
            late: 0,
            jitter: ReceiverStats::new(Ssrc(0), CLOCK),
            digits: String::new(),
        }
    }

    fn count(&mut self, sequence: u16) -> u64 {
        let index = self.extender.extend(sequence);
        self.late += u64::from(self.extender.highest().is_some_and(|h| index < h));
        self.first = Some(self.first.map_or(index, |first| first.min(index)));
        self.packets += 1;
        index
    }

    /// Counts a packet of a key, so that its number is no hole.
    pub fn key(&mut self, stamp: Stamp, after_accept: Duration) {
        let index = self.count(stamp.seq);
        self.keep(index, after_accept, 0, KEY, &[]);
    }

    /// Keeps one Opus frame that arrived this long after accept.
    pub fn audio(&mut self, stamp: Stamp, after_accept: Duration, payload: &[u8]) {
        let index = self.count(stamp.seq);
        self.jitter
            .received(stamp.seq, stamp.timestamp, after_accept);
        let ticks = match self.clock {
            Some((before, ticks)) => {
                ticks + i64::from(stamp.timestamp.wrapping_sub(before).cast_signed())
            }
            None => ORIGIN_MS * i64::from(CLOCK / 1_000),
        };
        self.clock = Some((stamp.timestamp, ticks));
        let media_ms = u32::try_from(ticks / i64::from(CLOCK / 1_000)).unwrap_or(0);
        if let Some(len) = u16::try_from(payload.len()).ok().filter(|len| *len != KEY) {
            self.keep(index, after_accept, media_ms, len, payload);
        }
    }

    fn keep(&mut self, index: u64, after_accept: Duration, media_ms: u32, len: u16, bytes: &[u8]) {
        let Ok(start) = u32::try_from(self.current.bytes.len()) else {
            return;
        };
        if self.current.frames.capacity() == 0 {
            self.current = Chunk::with_room();
        }
        self.current.frames.push(Frame {
            index: index as u32,
            at_ms: u32::try_from(after_accept.as_millis()).unwrap_or(u32::MAX),
            media_ms,
            start,
            len,
        });
        self.current.bytes.extend_from_slice(bytes);
        if self.current.frames.len() == CHUNK_FRAMES {
            let full = Arc::new(std::mem::take(&mut self.current));
            if self.head.len() < HEAD_CHUNKS {
                self.head.push(Arc::clone(&full));
            }
            self.bytes += full.bytes.len();
            self.full.push_back(full);
            self.forget();
        }
    }

    fn forget(&mut self) {
        let now = self.full.back().map_or(0, |chunk| chunk.ends_ms());
        let old = |chunk: &Arc<Chunk>| now.saturating_sub(chunk.ends_ms()) > MAX_KEPT_MS;
        while self.full.len() > MAX_CHUNKS
            || self.bytes > MAX_BYTES
            || self.full.front().is_some_and(old)
        {
            let Some(oldest) = self.full.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes.len();
            self.forgotten = true;
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
        let forgotten = self.forgotten.then(|| self.head.clone());
        let kept_from = chunks.first().map_or(0, |chunk| chunk.begins_ms());
        Recording {
            forgotten_ms: forgotten.as_ref().map_or(0, |_| kept_from.into()),
            head: forgotten.unwrap_or_default(),
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
    /// The beginning, where it is not among the chunks any more.
    head: Vec<Arc<Chunk>>,
    chunks: Vec<Arc<Chunk>>,
    forgotten_ms: u64,
    packets: u64,
    lost: u64,
    late: u64,
    jitter_ms: f64,
    digits: String,
    packets_before_gate: u64,
    heard: OnceLock<Heard>,
}

impl Recording {
    /// What a listener would say. Decoded on the first call, remembered afterwards.
    pub fn heard(&self) -> &Heard {
        self.heard.get_or_init(|| self.listen())
    }

    /// The sound as a WAV file, mono, at 8,000, 12,000, 16,000, 24,000 or 48,000 samples a second: its time is that of the ear, with
    /// silence where nothing came.
    ///
    /// # Errors
    /// [`AudioError::SampleRate`].
    pub fn wav(&self, sample_rate: u32) -> Result<Vec<u8>, AudioError> {
        wav::write(&self.pcm(sample_rate)?, sample_rate)
    }

    /// The sound as PCM, mono, at one of the rates of [`Recording::wav`].
    ///
    /// # Errors
    /// [`AudioError::SampleRate`].
    pub fn pcm(&self, sample_rate: u32) -> Result<Vec<i16>, AudioError> {
        Ok(ear::decode(&self.chunks, sample_rate)?.pcm)
    }

    /// Memory it holds, in bytes, about.
    pub fn size(&self) -> usize {
        let chunks = self.chunks.iter().chain(&self.head);
        chunks
            .map(|chunk| chunk.bytes.capacity() + chunk.frames.capacity() * size_of::<Frame>())
            .sum()
    }
}

#[cfg(test)]
mod tests;
