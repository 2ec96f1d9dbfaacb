//! Ears: what was heard, from PCM alone.
//!
//! Levels are in dBFS, where 0 is the RMS level of a sine that just fills 16 bits (AES17). Times are in milliseconds
//! from the first sample given.

use std::f64::consts::TAU;

use crate::spectrum;

/// What [`level_dbfs`] answers for digital silence.
pub const FLOOR_DBFS: f64 = -96.0;
/// Above this a sound counts as audible: far below speech, far above what a codec makes of silence.
pub const AUDIBLE_DBFS: f64 = -50.0;
/// Lowest and highest pitch told, in Hz: what fits a telephone channel sampled at 8 kHz.
pub const PITCH_RANGE: (f64, f64) = (60.0, 3_700.0);

/// The longest stretch analysed for one pitch, in samples.
const MAX_PITCH_SAMPLES: usize = 1 << 16;
/// Part of the power that must lie around the strongest frequency. A sine has nearly all of it there and a
/// square wave four fifths; white noise has a few hundredths, a tenth in the shortest stretch analysed.
const TONAL_SHARE: f64 = 0.3;
/// Windows in which levels over time are measured.
const STEP_MS: u32 = 5;

/// RMS level in dBFS, never below [`FLOOR_DBFS`].
pub fn level_dbfs(pcm: &[i16]) -> f64 {
    if pcm.is_empty() {
        return FLOOR_DBFS;
    }
    let power = pcm.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / pcm.len() as f64;
    power_dbfs(power)
}

/// Level of what moves: [`level_dbfs`] without the mean, which no ear hears.
fn swing_dbfs(pcm: &[i16]) -> f64 {
    let n = pcm.len().max(1) as f64;
    let mean = pcm.iter().map(|s| f64::from(*s)).sum::<f64>() / n;
    let power = pcm
        .iter()
        .map(|s| (f64::from(*s) - mean).powi(2))
        .sum::<f64>()
        / n;
    power_dbfs(power)
}

fn power_dbfs(power: f64) -> f64 {
    // A full-scale sine has the power 32767² / 2.
    (10.0 * (2.0 * power / 32_767f64.powi(2)).log10()).max(FLOOR_DBFS)
}

/// The one frequency that dominates `pcm`, in Hz, within a small fraction of a per cent for a steady tone of 80 to
/// 3,400 Hz that lasts 100 ms or more; `None` in silence, in noise, and in less than 25 ms.
///
/// Of sound that goes on for long the last 65,536 samples are looked at. For "what is heard now" give it
/// [`last_audible`].
pub fn dominant_pitch(pcm: &[i16], rate: u32) -> Option<f64> {
    let pcm = &pcm[pcm.len().saturating_sub(MAX_PITCH_SAMPLES)..];
    if rate < 2_000 || pcm.len() < (rate / 40) as usize || swing_dbfs(pcm) < AUDIBLE_DBFS {
        return None;
    }
    // Padded at least twice, so that the three points around the peak lie well inside its main lobe.
    let size = (pcm.len() * 2).next_power_of_two();
    let power = spectrum::power(pcm, size);
    let bin = f64::from(rate) / size as f64;
    let low = (PITCH_RANGE.0 / bin).ceil().max(1.0) as usize;
    let high = ((PITCH_RANGE.1.min(f64::from(rate) * 0.48)) / bin) as usize;
    let range = power.get(low..=high.min(power.len().saturating_sub(2)))?;
    let peak = low
        + range
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(b.1))?
            .0;

    // Main lobe of the Hann window: two bins of the unpadded transform to each side.
    let lobe = 2 * size / pcm.len() + 1;
    let around: f64 = power[peak.saturating_sub(lobe)..(peak + lobe + 1).min(power.len())]
        .iter()
        .sum();
    let total: f64 = power.iter().sum();
    if around < total * TONAL_SHARE {
        return None;
    }
    // A parabola through the logarithms is almost exact for a Hann window.
    let [a, b, c] = [peak - 1, peak, peak + 1].map(|k| power[k].max(f64::MIN_POSITIVE).ln());
    let bend = a - 2.0 * b + c;
    let shift = if bend < 0.0 {
        (0.5 * (a - c) / bend).clamp(-0.5, 0.5)
    } else {
        0.0
    };
    Some((peak as f64 + shift) * bin)
}

/// The stretch of at most `ms` milliseconds that ends where `pcm` was last audible; empty if it never was.
pub fn last_audible(pcm: &[i16], rate: u32, ms: u32) -> &[i16] {
    let step = window(rate);
    let Some(last) = pcm
        .chunks(step)
        .rposition(|w| level_dbfs(w) >= AUDIBLE_DBFS)
    else {
        return &[];
    };
    let end = ((last + 1) * step).min(pcm.len());
    let len = (u64::from(ms) * u64::from(rate) / 1000) as usize;
    &pcm[end.saturating_sub(len)..end]
}

/// How long `pcm` was at or above `threshold_dbfs`, in steps of 5 ms.
pub fn audible_ms(pcm: &[i16], rate: u32, threshold_dbfs: f64) -> u64 {
    let loud: usize = pcm
        .chunks(window(rate))
        .filter(|w| level_dbfs(w) >= threshold_dbfs)
        .map(<[i16]>::len)
        .sum();
    to_ms(loud, rate)
}

/// When sound at or above [`AUDIBLE_DBFS`] was first heard, in milliseconds; `None` if never.
pub fn first_audible(pcm: &[i16], rate: u32) -> Option<u64> {
    let step = window(rate);
    let first = pcm
        .chunks(step)
        .position(|w| level_dbfs(w) >= AUDIBLE_DBFS)?;
    Some(to_ms(first * step, rate))
}

/// A silent hole in a sound that goes on before and after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Where it begins, in milliseconds.
    pub start_ms: u64,
    /// How long it is, in milliseconds.
    pub len_ms: u64,
}

/// Holes of 10 ms or more in a sound meant to be continuous: stretches at least 20 dB below its usual level, or not
/// audible at all, between the first and the last audible moment.
pub fn gaps(pcm: &[i16], rate: u32) -> Vec<Gap> {
    let step = window(rate);
    let levels: Vec<f64> = pcm.chunks_exact(step).map(level_dbfs).collect();
    let audible = |l: &f64| *l >= AUDIBLE_DBFS;
    let (Some(first), Some(last)) = (
        levels.iter().position(audible),
        levels.iter().rposition(audible),
    ) else {
        return Vec::new();
    };
    let mut loud: Vec<f64> = levels.iter().copied().filter(|l| audible(l)).collect();
    loud.sort_by(f64::total_cmp);
    let usual = loud.get(loud.len() / 2).copied().unwrap_or(AUDIBLE_DBFS);
    let limit = (usual - 20.0).max(AUDIBLE_DBFS);

    let mut found = Vec::new();
    let mut hole = 0;
    for (i, level) in levels.iter().enumerate().take(last + 1).skip(first) {
        if *level < limit {
            hole += 1;
            continue;
        }
        if hole >= 2 {
            found.push(Gap {
                start_ms: to_ms((i - hole) * step, rate),
                len_ms: to_ms(hole * step, rate),
            });
        }
        hole = 0;
    }
    found
}

fn window(rate: u32) -> usize {
    ((rate * STEP_MS / 1000) as usize).max(1)
}

fn to_ms(samples: usize, rate: u32) -> u64 {
    samples as u64 * 1000 / u64::from(rate.max(1))
}

/// Listens to a stream for one of a few known tones, block by block (Goertzel's algorithm).
///
/// A block holds a tone when more than half of its power is at that frequency and it is audible. Blocks of 40 ms
/// tell tones apart that lie 50 Hz or more from each other.
#[derive(Debug, Clone)]
pub struct ToneDetector {
    tones: Vec<(f64, f64)>,
    block: Vec<i16>,
    len: usize,
}

impl ToneDetector {
    /// Listens at `rate` for the pitches `tones` (Hz) in blocks of `block_ms` milliseconds.
    pub fn new(rate: u32, tones: &[f64], block_ms: u32) -> Self {
        let rate = rate.max(1);
        let len = ((u64::from(rate) * u64::from(block_ms) / 1000) as usize).max(2);
        Self {
            tones: tones
                .iter()
                .map(|hz| (*hz, 2.0 * (TAU * hz / f64::from(rate)).cos()))
                .collect(),
            block: Vec::with_capacity(len),
            len,
        }
    }

    /// Takes the next samples; calls `heard` once for every block they complete, with the tone's pitch or `None`.
    pub fn push(&mut self, mut pcm: &[i16], mut heard: impl FnMut(Option<f64>)) {
        while !pcm.is_empty() {
            let (now, rest) = pcm.split_at(pcm.len().min(self.len - self.block.len()));
            self.block.extend_from_slice(now);
            pcm = rest;
            if self.block.len() == self.len {
                heard(self.judge());
                self.block.clear();
            }
        }
    }

    fn judge(&self) -> Option<f64> {
        if level_dbfs(&self.block) < AUDIBLE_DBFS {
            return None;
        }
        let n = self.len as f64;
        let total: f64 = self.block.iter().map(|s| f64::from(*s).powi(2)).sum();
        let (share, hz) = self
            .tones
            .iter()
            .map(|(hz, coefficient)| {
                let (mut s1, mut s2) = (0.0, 0.0);
                for sample in &self.block {
                    (s1, s2) = (f64::from(*sample) + coefficient * s1 - s2, s1);
                }
                let power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
                // A pure tone of amplitude A gives A²n²/4 here and A²n/2 in `total`.
                (2.0 * power / (n * total), *hz)
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        (share > 0.5).then_some(hz)
    }
}
