//! A radix-2 Fourier transform: all that the pitch detector needs.

use std::f64::consts::TAU;

/// Transforms in place (Cooley and Tukey, decimation in time). Both slices have the same length, a power of two.
pub(crate) fn fft(re: &mut [f64], im: &mut [f64]) {
    let n = re.len();
    debug_assert!(n.is_power_of_two() && im.len() == n);
    let mut j = 0;
    for i in 1..n {
        let mut bit = n >> 1;
        while j & bit != 0 {
            j ^= bit;
            bit >>= 1;
        }
        j |= bit;
        if i < j {
            re.swap(i, j);
            im.swap(i, j);
        }
    }
    // One table serves every stage: a shorter one takes every second, fourth … of its entries.
    let turns: Vec<(f64, f64)> = (0..n / 2)
        .map(|k| (-TAU * k as f64 / n as f64).sin_cos())
        .collect();
    let mut len = 2;
    while len <= n {
        let half = len / 2;
        for start in (0..n).step_by(len) {
            for k in 0..half {
                let (sin, cos) = turns[k * (n / len)];
                let (a, b) = (start + k, start + k + half);
                let (tr, ti) = (re[b] * cos - im[b] * sin, re[b] * sin + im[b] * cos);
                (re[b], im[b]) = (re[a] - tr, im[a] - ti);
                re[a] += tr;
                im[a] += ti;
            }
        }
        len *= 2;
    }
}

/// Power of each bin from 0 to half the sampling rate, of `pcm` without its mean, under a Hann window,
/// padded with zeros to `size` (a power of two, not less than `pcm`).
pub(crate) fn power(pcm: &[i16], size: usize) -> Vec<f64> {
    let n = pcm.len().max(1) as f64;
    let mean = pcm.iter().map(|s| f64::from(*s)).sum::<f64>() / n;
    let mut re = vec![0.0; size];
    let mut im = vec![0.0; size];
    for (i, (slot, sample)) in re.iter_mut().zip(pcm).enumerate() {
        let window = 0.5 - 0.5 * (TAU * (i as f64 + 0.5) / n).cos();
        *slot = (f64::from(*sample) - mean) * window;
    }
    fft(&mut re, &mut im);
    re.iter()
        .zip(&im)
        .take(size / 2 + 1)
        .map(|(r, i)| r * r + i * i)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_plain_definition() {
        let n = 64;
        let input: Vec<f64> = (0..n).map(|i| ((i * i * 7 + 3) % 31) as f64).collect();
        let (mut re, mut im) = (input.clone(), vec![0.0; n]);
        fft(&mut re, &mut im);
        for k in 0..n {
            let (mut r, mut i) = (0.0, 0.0);
            for (t, x) in input.iter().enumerate() {
                let (sin, cos) = (-TAU * (k * t) as f64 / n as f64).sin_cos();
                r += x * cos;
                i += x * sin;
            }
            assert!(
                (re[k] - r).abs() < 1e-9 && (im[k] - i).abs() < 1e-9,
                "bin {k}"
            );
        }
    }
}
