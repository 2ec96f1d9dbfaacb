//! Generated sound: sine with a continuous phase, beep, chirp, and one pitch for each telephone digit.

use std::f64::consts::TAU;

/// Peak value of a 16-bit sample: 0 dBFS.
const FULL_SCALE: f64 = 32_767.0;

/// Peak amplitude of a sine at `dbfs`, where 0 dBFS is the sine that just fills 16 bits (AES17).
pub fn amplitude(dbfs: f64) -> f64 {
    FULL_SCALE * 10f64.powf(dbfs.min(0.0) / 20.0)
}

/// A sine that keeps its phase between calls and when its pitch changes, so that blocks join without a click.
#[derive(Debug, Clone)]
pub struct Sine {
    rate: f64,
    phase: f64,
    step: f64,
    amplitude: f64,
}

impl Sine {
    /// A sine of `hz` at `dbfs`, for samples at `sample_rate` a second.
    pub fn new(hz: f64, dbfs: f64, sample_rate: u32) -> Self {
        let rate = f64::from(sample_rate.max(1));
        Self {
            rate,
            phase: 0.0,
            step: TAU * hz / rate,
            amplitude: amplitude(dbfs),
        }
    }

    /// Changes the pitch from the next sample on.
    pub fn set_pitch(&mut self, hz: f64) {
        self.step = TAU * hz / self.rate;
    }

    /// The next sample as a fraction of full scale times the amplitude, not yet rounded.
    pub fn next_sample(&mut self) -> f64 {
        let value = self.phase.sin() * self.amplitude;
        self.phase = (self.phase + self.step) % TAU;
        value
    }

    /// Overwrites `pcm` with the next samples.
    pub fn fill(&mut self, pcm: &mut [i16]) {
        for sample in pcm {
            *sample = to_i16(self.next_sample());
        }
    }

    /// Adds the next samples to what is in `pcm`, limited to 16 bits.
    pub fn mix(&mut self, pcm: &mut [i16]) {
        for sample in pcm {
            *sample = to_i16(f64::from(*sample) + self.next_sample());
        }
    }
}

/// Rounds and limits to 16 bits.
pub fn to_i16(value: f64) -> i16 {
    // `as` saturates: exactly the limit wanted.
    value.round() as i16
}

/// Number of samples in `ms` milliseconds.
pub fn samples(ms: u32, sample_rate: u32) -> usize {
    (u64::from(ms) * u64::from(sample_rate) / 1000) as usize
}

/// Fades the first and last `ms` milliseconds in and out with a raised cosine, against clicks.
pub fn fade(pcm: &mut [i16], ms: u32, sample_rate: u32) {
    let ramp = samples(ms, sample_rate).min(pcm.len() / 2);
    let len = pcm.len();
    for i in 0..ramp {
        let gain = 0.5 - 0.5 * (TAU / 2.0 * i as f64 / ramp as f64).cos();
        for at in [i, len - 1 - i] {
            pcm[at] = to_i16(f64::from(pcm[at]) * gain);
        }
    }
}

/// A sine of `ms` milliseconds with soft edges.
pub fn beep(hz: f64, dbfs: f64, ms: u32, sample_rate: u32) -> Vec<i16> {
    let mut pcm = vec![0; samples(ms, sample_rate)];
    Sine::new(hz, dbfs, sample_rate).fill(&mut pcm);
    fade(&mut pcm, 5, sample_rate);
    pcm
}

/// A sine that glides evenly from one pitch to another in `ms` milliseconds, with soft edges.
pub fn chirp(from_hz: f64, to_hz: f64, dbfs: f64, ms: u32, sample_rate: u32) -> Vec<i16> {
    let mut pcm = vec![0; samples(ms, sample_rate)];
    let last = pcm.len().saturating_sub(1).max(1) as f64;
    let mut sine = Sine::new(from_hz, dbfs, sample_rate);
    for (i, sample) in pcm.iter_mut().enumerate() {
        sine.set_pitch(from_hz + (to_hz - from_hz) * i as f64 / last);
        *sample = to_i16(sine.next_sample());
    }
    fade(&mut pcm, 5, sample_rate);
    pcm
}

/// The telephone digits in the order of their event codes (RFC 4733 §3.2).
pub const DIGITS: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D',
];

/// The pitch in Hz by which a digit is answered; `None` for anything that is no telephone digit.
///
/// | digit | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | * | # | A | B | C | D |
/// |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
/// | Hz | 1100 | 1180 | 1260 | 1340 | 1420 | 1500 | 1580 | 1660 | 1740 | 1820 | 1900 | 1980 | 2060 | 2140 | 2220 | 2300 |
///
/// One sine a digit and not the two of an in-band keypad (ITU-T Q.23), so that a simple ear tells them apart after
/// a narrow-band codec: steps of 80 Hz are 3.6 % at least, and none meets the tones used elsewhere (440, 660, 1000 Hz).
pub fn digit_tone(digit: char) -> Option<f64> {
    let digit = digit.to_ascii_uppercase();
    let code = DIGITS.iter().position(|d| *d == digit)?;
    Some(1100.0 + 80.0 * code as f64)
}

/// The digit whose [`digit_tone`] is within 1 % of `hz`.
pub fn tone_digit(hz: f64) -> Option<char> {
    DIGITS
        .into_iter()
        .find(|d| digit_tone(*d).is_some_and(|own| (own - hz).abs() < own * 0.01))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_joins_its_blocks_without_a_step() {
        let mut whole = vec![0; 960];
        Sine::new(441.3, -6.0, 8_000).fill(&mut whole);
        let mut sine = Sine::new(441.3, -6.0, 8_000);
        let mut parts = vec![0; 960];
        for block in parts.chunks_mut(160) {
            sine.fill(block);
        }
        assert_eq!(whole, parts);
    }

    #[test]
    fn a_pitch_change_makes_no_click() {
        let mut sine = Sine::new(300.0, 0.0, 48_000);
        let mut pcm = vec![0; 480];
        sine.fill(&mut pcm);
        let before = f64::from(pcm[479]);
        sine.set_pitch(900.0);
        let after = sine.next_sample();
        // The steepest step of 900 Hz at full scale.
        assert!((after - before).abs() < 32_767.0 * TAU * 900.0 / 48_000.0 + 1.0);
    }

    #[test]
    fn every_digit_has_a_pitch_of_its_own() {
        for digit in DIGITS {
            let hz = digit_tone(digit).expect("a digit");
            assert_eq!(tone_digit(hz), Some(digit));
            assert_eq!(tone_digit(hz * 1.009), Some(digit));
        }
        assert_eq!(digit_tone('a'), digit_tone('A'));
        assert_eq!(digit_tone('x'), None);
        for used in [440.0, 660.0, 1000.0] {
            assert_eq!(tone_digit(used), None);
        }
    }

    #[test]
    fn levels_and_edges() {
        assert_eq!(to_i16(amplitude(0.0)), 32_767);
        assert_eq!(to_i16(amplitude(-20.0)), 3_277);
        let pcm = beep(1_000.0, 0.0, 100, 8_000);
        assert_eq!(pcm.len(), 800);
        assert_eq!((pcm[0], pcm[799]), (0, 0));
        let glide = chirp(300.0, 3_000.0, -6.0, 500, 8_000);
        assert_eq!(glide.len(), 4_000);
        assert!(chirp(1.0, 2.0, 0.0, 0, 8_000).is_empty());
    }
}
