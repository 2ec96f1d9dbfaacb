//! What is played for a packet with a SILK layer that never came: the last pitch period once more, and less and less of it.
//!
//! The codec has a way of its own, but its translation makes a full-scale burst of a lost SILK frame where the C library fades:
//! 15 dB above the tone before it. A lost CELT frame it bridges well. After ITU-T G.711 Appendix I, at any rate: full level for the first
//! 10 ms, silence after 60.

/// Shortest and longest period that is looked for, in microseconds: 400 to 66 Hz. A higher pitch fits in several times.
const PERIODS_US: (u64, u64) = (2_500, 15_000);
/// The stretch whose likeness decides, in microseconds.
const LIKENESS_US: u64 = 20_000;
/// Distance of the lags that are tried first, in microseconds.
const COARSE_US: u64 = 125;
/// Of a gap, in microseconds: until when it has full level, and from when on it is silent.
const FADE_US: (u64, u64) = (10_000, 60_000);
/// Over how long the sound that comes back takes over.
const RETURN_US: u64 = 2_500;

/// The end of what was played, and the gap that followed it.
#[derive(Debug)]
pub(crate) struct Concealment {
    rate: u64,
    tail: Vec<i16>,
    /// Length of the repeated period in this gap, and samples of the gap so far.
    gap: Option<(usize, usize)>,
}

impl Concealment {
    pub(crate) fn new(rate: u32) -> Self {
        Self {
            rate: rate.into(),
            tail: Vec::new(),
            gap: None,
        }
    }

    fn samples(&self, us: u64) -> usize {
        // At most 35 ms of 48 kHz.
        usize::try_from(us * self.rate / 1_000_000).unwrap_or(usize::MAX)
    }

    /// A packet was decoded to `pcm`. After a gap its beginning is blended with what went before.
    pub(crate) fn heard(&mut self, pcm: &mut [i16]) {
        if self.gap.is_some() {
            let over = self.samples(RETURN_US).min(pcm.len());
            let mut before = vec![0; over];
            self.fill(&mut before);
            for (n, (sample, old)) in pcm.iter_mut().zip(before).enumerate() {
                let (new, old) = (i64::from(*sample), i64::from(old));
                let (n, over) = (n as i64, over as i64);
                // Between two samples, so it is one.
                *sample = i16::try_from((new * n + old * (over - n)) / over).unwrap_or(*sample);
            }
            self.gap = None;
        }
        let keep = self.samples(PERIODS_US.1 + LIKENESS_US);
        let new = pcm.get(pcm.len().saturating_sub(keep)..).unwrap_or(pcm);
        let old = (self.tail.len() + new.len()).saturating_sub(keep);
        self.tail.drain(..old.min(self.tail.len()));
        self.tail.extend_from_slice(new);
    }

    /// Fills `pcm` with what stands for a packet that did not come.
    pub(crate) fn fill(&mut self, pcm: &mut [i16]) {
        let (period, mut at) = self.gap.unwrap_or_else(|| (self.period(), 0));
        let (full, silent) = (self.samples(FADE_US.0), self.samples(FADE_US.1));
        let cycle = self
            .tail
            .get(self.tail.len().saturating_sub(period)..)
            .unwrap_or_default();
        for sample in &mut *pcm {
            let old = cycle.get(at % period.max(1)).copied().unwrap_or(0);
            let left = silent.saturating_sub(at).min(silent - full) as i64;
            let faded = i64::from(old) * left / (silent - full) as i64;
            // No larger than the sample it came from.
            *sample = i16::try_from(faded).unwrap_or(0);
            at += 1;
        }
        self.gap = Some((period, at));
    }

    /// The lag at which the end of what was played is most like what lies before it. Looked for as if at 8 kHz, then around what
    /// was found: a long recording with many holes is concealed at any rate without great cost.
    fn period(&self) -> usize {
        let (least, most) = (self.samples(PERIODS_US.0), self.samples(PERIODS_US.1));
        let window = self.samples(LIKENESS_US);
        let Some(start) = self.tail.len().checked_sub(most + window) else {
            return 0;
        };
        // The last `window` samples, and those that lie `lag` before them.
        let likeness = |lag: usize, step: usize| {
            let (mut product, mut energy) = (0.0_f64, 1.0_f64);
            let late = self.tail.iter().skip(start + most).step_by(step);
            let early = self.tail.iter().skip(start + most - lag).step_by(step);
            for (late, early) in late.zip(early) {
                product += f64::from(*late) * f64::from(*early);
                energy += f64::from(*early) * f64::from(*early);
            }
            product / energy.sqrt()
        };
        let best = |lags: &mut dyn Iterator<Item = usize>, step| {
            let weighed = lags.map(|lag| (lag, likeness(lag, step)));
            weighed
                .max_by(|a, b| a.1.total_cmp(&b.1))
                .map_or(least, |(lag, _)| lag)
        };
        let step = self.samples(COARSE_US).max(1);
        let near = best(&mut (least..=most).step_by(step), step);
        best(
            &mut (near.saturating_sub(step).max(least)..=(near + step).min(most)),
            1,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::{dominant_pitch, level_dbfs};
    use crate::tone::Sine;

    #[test]
    fn a_gap_in_a_tone_goes_on_and_fades_and_the_tone_comes_back() {
        for rate in [8_000, 48_000] {
            let frame = rate as usize / 50;
            let mut tone = Sine::new(450.0, -12.0, rate);
            let mut concealment = Concealment::new(rate);
            let mut pcm = vec![0; frame];
            for _ in 0..5 {
                tone.fill(&mut pcm);
                concealment.heard(&mut pcm);
            }
            let mut levels = Vec::new();
            for _ in 0..4 {
                concealment.fill(&mut pcm);
                levels.push(level_dbfs(&pcm).max(-90.0).round());
                tone.fill(&mut vec![0; frame]);
            }
            assert!((-13.5..=-11.5).contains(&levels[0]), "{levels:?}");
            assert!(
                levels[1] < levels[0] - 2.0 && levels[1] > -22.0,
                "{levels:?}"
            );
            assert!(levels[2] < levels[1] - 4.0, "{levels:?}");
            assert_eq!(levels[3], -90.0, "silence after 60 ms");
            let mut back = Vec::new();
            for _ in 0..5 {
                tone.fill(&mut pcm);
                concealment.heard(&mut pcm);
                back.extend_from_slice(&pcm);
            }
            assert!((dominant_pitch(&back, rate).unwrap_or(0.0) - 450.0).abs() < 4.5);
        }
    }

    #[test]
    fn where_nothing_was_played_nothing_goes_on() {
        let mut concealment = Concealment::new(16_000);
        let mut pcm = vec![7; 320];
        concealment.fill(&mut pcm);
        assert_eq!(pcm, vec![0; 320]);
        concealment.heard(&mut []);
        concealment.fill(&mut pcm);
        assert_eq!(pcm, vec![0; 320]);
    }
}
