//! Changes the sample rate of a whole sound by windowed sinc interpolation. For files played by users;
//! live streams need none, because Opus decodes to the rate asked for.

use std::f64::consts::PI;

use crate::AudioError;

/// Zero crossings of the sinc to each side.
const REACH: f64 = 16.0;

/// `pcm` at the rate `to` instead of `from`, both in Hz from 4,000 to 192,000.
///
/// # Errors
/// [`AudioError::SampleRate`] with the rate that is out of range.
pub fn resample(pcm: &[i16], from: u32, to: u32) -> Result<Vec<i16>, AudioError> {
    for rate in [from, to] {
        if !(4_000..=192_000).contains(&rate) {
            return Err(AudioError::SampleRate(rate));
        }
    }
    if from == to {
        return Ok(pcm.to_vec());
    }
    let ratio = f64::from(from) / f64::from(to);
    // Cut below the lower of both halves, against aliases.
    let cut = (1.0 / ratio).min(1.0) * 0.95;
    let half = REACH / cut;
    let len = (pcm.len() as u64 * u64::from(to) / u64::from(from)) as usize;
    let mut out = Vec::with_capacity(len);
    for i in 0..len {
        let centre = i as f64 * ratio;
        let first = (centre - half).ceil().max(0.0) as usize;
        let last = ((centre + half) as usize).min(pcm.len().saturating_sub(1));
        let mut sum = 0.0;
        for (k, sample) in pcm.iter().enumerate().take(last + 1).skip(first) {
            let x = centre - k as f64;
            let window = 0.5 + 0.5 * (PI * x / half).cos();
            sum += f64::from(*sample) * cut * sinc(cut * x) * window;
        }
        out.push(crate::tone::to_i16(sum));
    }
    Ok(out)
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        1.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{listen, tone};

    #[test]
    fn a_tone_keeps_pitch_and_level() {
        for (from, to) in [
            (44_100, 16_000),
            (22_050, 48_000),
            (11_025, 16_000),
            (8_000, 48_000),
        ] {
            let pcm = tone::beep(1_000.0, -10.0, 500, from);
            let out = resample(&pcm, from, to).unwrap();
            let pitch = listen::dominant_pitch(&out, to).unwrap();
            assert!((pitch - 1_000.0).abs() < 1.0, "{from} to {to}: {pitch}");
            let level = listen::level_dbfs(&out);
            assert!((level + 10.1).abs() < 0.3, "{from} to {to}: {level} dBFS");
        }
    }

    #[test]
    fn what_does_not_fit_the_new_rate_is_removed() {
        let pcm = tone::beep(6_000.0, -10.0, 500, 44_100);
        let out = resample(&pcm, 44_100, 8_000).unwrap();
        assert!(listen::level_dbfs(&out[200..3_800]) < -60.0);
        assert!(resample(&pcm, 44_100, 100).is_err());
        assert!(resample(&[], 44_100, 8_000).unwrap().is_empty());
    }
}
