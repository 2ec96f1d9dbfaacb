//! The ear: puts frames in order, gives each its place in time, decodes, and judges.

use std::sync::Arc;

use ahoy_audio::{AudioError, OpusDecoder, listen, opus};
use serde::Serialize;

use super::{Chunk, Frame, KEY, Recording};

/// Rate at which everything but a WAV file is judged.
const EAR_RATE: u32 = 8_000;
/// The longest hole that is filled with concealment, in packets: a second. The rest of a longer one is silence.
const MAX_CONCEALED: u32 = 50;
/// Holes listed one by one; the count of lost packets goes on.
const MAX_GAPS: usize = 100;
/// How long the ear waits for what is late before it hears nothing: what the jitter buffers of phones allow for.
const PATIENCE_MS: i64 = 200;
/// Differences up to this are the raster of packets and clocks.
const RASTER_MS: i64 = 20;
/// How far timestamps may run ahead of time before they are not believed.
const AHEAD_MS: i64 = 1_000;

/// A frame of most senders.
const FRAME_MS: u64 = 20;

/// A hole in what was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HeardGap {
    /// Milliseconds from accept to the packet behind the hole.
    pub at_ms: u64,
    /// Packets missing.
    pub missing: u64,
    /// Milliseconds of silence because that packet came too late for a jitter buffer of 200 ms.
    pub late_ms: u64,
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
    /// Milliseconds of audible sound that came, of a sender that is quicker than time no more than had passed. What was guessed for lost packets is not in it.
    pub audio_ms: u64,
    /// Milliseconds that were guessed for lost packets, audible or not. What a later packet carried a copy of has come.
    pub concealed_ms: u64,
    /// Dominant pitch of the last audible second in Hz; none in silence and noise.
    pub tone_hz: Option<f64>,
    /// Level of that second; none if nothing was audible.
    pub level_dbfs: Option<f64>,
    /// Keys the business pressed.
    pub digits: String,
    /// Milliseconds from accept to the first audible sound.
    pub first_audio_ms_after_accept: Option<u64>,
    /// Where packets are missing or came too late, the first hundred places.
    pub gaps: Vec<HeardGap>,
    /// Packets of the business that came before accept and were dropped; none of them is in the rest.
    pub packets_before_gate: u64,
    /// Milliseconds at the beginning whose sound is no longer kept: that is so in calls longer than ten minutes, and `audio_ms`,
    /// `gaps` and the WAV file tell of what is kept.
    pub forgotten_ms: u64,
}

/// Decoded sound, with what is needed to find the arrival time of a sample.
pub(super) struct Sound {
    pub pcm: Vec<i16>,
    rate: u32,
    /// First sample of each frame and the frame's arrival.
    arrivals: Vec<(usize, u32)>,
    gaps: Vec<HeardGap>,
    /// Where sound was guessed for lost packets: first sample and the one behind the last.
    guessed: Vec<(usize, usize)>,
}

impl Recording {
    pub(super) fn listen(&self) -> Heard {
        // The rate is one of the codec's, so there is always a sound, if only an empty one.
        let sound = decode(&self.chunks, EAR_RATE).unwrap_or_else(|_| Sound::new(EAR_RATE));
        let came = sound.came();
        let first = listen::first_audible(&came, EAR_RATE);
        // Bridges of single packets may stand within the second that is judged, which keeps its pitch; not where nothing else was heard.
        let judged = if first.is_some() { &sound.pcm } else { &came };
        let last = listen::last_audible(judged, EAR_RATE, 1_000);
        let first_at = decode(&self.head, EAR_RATE)
            .ok()
            .and_then(|head| {
                let ms = listen::first_audible(&head.came(), EAR_RATE)?;
                Some(head.arrival_of(ms))
            })
            .or(first.map(|ms| sound.arrival_of(ms)));
        Heard {
            packets: self.packets,
            lost: self.lost,
            late: self.late,
            jitter_ms: (self.jitter_ms * 10.0).round() / 10.0,
            audio_ms: listen::audible_ms(&came, EAR_RATE, listen::AUDIBLE_DBFS)
                .min(sound.passed_ms()),
            concealed_ms: sound.guessed_ms(),
            tone_hz: listen::dominant_pitch(last, EAR_RATE),
            level_dbfs: first.map(|_| listen::level_dbfs(last)),
            digits: self.digits.clone(),
            first_audio_ms_after_accept: first_at,
            gaps: sound.gaps,
            packets_before_gate: self.packets_before_gate,
            forgotten_ms: self.forgotten_ms,
        }
    }
}

fn in_order(chunks: &[Arc<Chunk>]) -> Vec<(Frame, &[u8])> {
    let mut frames: Vec<(Frame, &[u8])> = chunks
        .iter()
        .flat_map(|chunk| {
            chunk.frames.iter().map(|frame| {
                let start = frame.start as usize;
                let len = if frame.len == KEY {
                    0
                } else {
                    frame.len.into()
                };
                let payload = chunk.bytes.get(start..start + len);
                (*frame, payload.unwrap_or_default())
            })
        })
        .collect();
    frames.sort_by_key(|(frame, _)| frame.index);
    frames
}

/// Frames in order of their numbers, each at the time its timestamp says, and those that come too late when they come.
pub(super) fn decode(chunks: &[Arc<Chunk>], rate: u32) -> Result<Sound, AudioError> {
    let mut decoder = OpusDecoder::new(rate)?;
    let mut frame_pcm = vec![0; OpusDecoder::MAX_SAMPLES];
    let mut sound = Sound::new(rate);
    let mut before: Option<u32> = None;
    let mut place: Option<Place> = None;
    for (frame, payload) in in_order(chunks) {
        let missing = before.map_or(0, |before| frame.index.saturating_sub(before + 1));
        before = Some(frame.index);
        // The packet behind a hole may carry a copy of the last one in it.
        let copied = missing > 0 && frame.len != KEY && opus::carries_copy(payload);
        let guessed = missing - u32::from(copied);
        for _ in 0..guessed.min(MAX_CONCEALED) {
            let begin = sound.pcm.len();
            sound.append(decoder.decode(None, &mut frame_pcm), &frame_pcm);
            sound.guessed.push((begin, sound.pcm.len()));
        }
        if copied {
            sound.append(decoder.recover(payload, &mut frame_pcm), &frame_pcm);
        }
        let mut late_ms = 0;
        if frame.len != KEY {
            let place = place.get_or_insert_with(|| Place::of(&frame));
            sound.fill_to(place.by_timestamp(&frame, sound.ms()));
            if let Some(late) = place.too_late(&frame, sound.ms()) {
                sound.fill_to(sound.ms() + late);
                late_ms = late.unsigned_abs();
            }
        }
        if (missing > 0 || late_ms > 0) && sound.gaps.len() < MAX_GAPS {
            sound.gaps.push(HeardGap {
                at_ms: frame.at_ms.into(),
                missing: missing.into(),
                late_ms,
            });
        }
        if frame.len != KEY {
            sound.arrivals.push((sound.pcm.len(), frame.at_ms));
            sound.append(decoder.decode(Some(payload), &mut frame_pcm), &frame_pcm);
        }
    }
    Ok(sound)
}

/// Where the timestamps of the sender lie in the time of the ear. In milliseconds, from the first frame.
struct Place {
    first_at: i64,
    first_media: i64,
    /// By how much the ear is behind the sender's clock.
    shift: i64,
}

impl Place {
    fn of(first: &Frame) -> Self {
        Self {
            first_at: first.at_ms.into(),
            first_media: first.media_ms.into(),
            shift: 0,
        }
    }

    /// Where the frame's timestamp puts it; not before `now`, where the sound has got to.
    fn by_timestamp(&mut self, frame: &Frame, now: i64) -> i64 {
        let at = i64::from(frame.at_ms) - self.first_at;
        let wanted = i64::from(frame.media_ms) - self.first_media + self.shift;
        let place = if wanted <= now + RASTER_MS / 2 {
            now
        } else {
            // Silence that the sender left out; no more of it than time has passed.
            wanted.min((at + AHEAD_MS).max(now))
        };
        if (place - wanted).abs() >= RASTER_MS {
            self.shift += place - wanted;
        }
        place
    }

    /// How long the ear has heard nothing when the frame comes, beyond its patience.
    fn too_late(&mut self, frame: &Frame, now: i64) -> Option<i64> {
        let at = i64::from(frame.at_ms) - self.first_at;
        let late = at - PATIENCE_MS - now;
        (late >= RASTER_MS).then(|| {
            self.shift += late;
            late
        })
    }
}

impl Sound {
    fn new(rate: u32) -> Self {
        Self {
            pcm: Vec::new(),
            rate,
            arrivals: Vec::new(),
            gaps: Vec::new(),
            guessed: Vec::new(),
        }
    }
    /// From accept to the last frame that came; one frame at least.
    fn passed_ms(&self) -> u64 {
        let last = self.arrivals.iter().map(|(_, at_ms)| *at_ms).max();
        u64::from(last.unwrap_or(0)).max(FRAME_MS)
    }
    /// The sound with silence where it was guessed.
    fn came(&self) -> Vec<i16> {
        let mut pcm = self.pcm.clone();
        for &(begin, end) in &self.guessed {
            if let Some(guessed) = pcm.get_mut(begin..end) {
                guessed.fill(0);
            }
        }
        pcm
    }
    fn guessed_ms(&self) -> u64 {
        let samples: usize = self.guessed.iter().map(|(begin, end)| end - begin).sum();
        samples as u64 * 1_000 / u64::from(self.rate)
    }
    fn ms(&self) -> i64 {
        (self.pcm.len() as u64 * 1_000 / u64::from(self.rate)).cast_signed()
    }
    fn fill_to(&mut self, ms: i64) {
        let samples = ms.max(0).unsigned_abs() * u64::from(self.rate) / 1_000;
        let samples = usize::try_from(samples).unwrap_or(usize::MAX);
        if samples > self.pcm.len() {
            self.pcm.resize(samples, 0);
        }
    }
    fn append(&mut self, decoded: Result<usize, AudioError>, frame: &[i16]) {
        match decoded.ok().and_then(|n| frame.get(..n)) {
            Some(samples) => self.pcm.extend_from_slice(samples),
            // Not Opus: 20 ms of silence stand for it.
            None => {
                let len = self.pcm.len() + self.rate as usize / 50;
                self.pcm.resize(len, 0);
            }
        }
    }
    /// When the sample at `ms` of the sound arrived, in milliseconds after accept.
    fn arrival_of(&self, ms: u64) -> u64 {
        let sample = usize::try_from(ms * u64::from(self.rate) / 1_000).unwrap_or(usize::MAX);
        let at = self.arrivals.partition_point(|(start, _)| *start <= sample);
        match at.checked_sub(1).and_then(|at| self.arrivals.get(at)) {
            Some((start, at_ms)) => {
                u64::from(*at_ms) + (sample - start) as u64 * 1_000 / u64::from(self.rate)
            }
            None => ms,
        }
    }
}
