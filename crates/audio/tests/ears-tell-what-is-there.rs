//! The listening functions on sounds whose content is known.
#![allow(clippy::unwrap_used)]

use ahoy_audio::listen::{self, Gap, ToneDetector};
use ahoy_audio::tone::{self, Sine};

/// A small linear congruential generator: noise that is the same in every run.
fn noise(len: usize, amplitude: f64) -> Vec<i16> {
    let mut state = 1u64;
    (0..len)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            tone::to_i16(((state >> 40) as f64 / f64::from(1 << 23) - 1.0) * amplitude)
        })
        .collect()
}

#[test]
fn pitch_is_exact_on_clean_tones_at_every_rate() {
    for rate in [8_000, 16_000, 48_000] {
        for hz in [80.0, 123.4, 440.0, 659.26, 1_000.0, 2_500.5, 3_400.0] {
            for ms in [100, 300, 1_000] {
                let pcm = tone::beep(hz, -20.0, ms, rate);
                let pitch = listen::dominant_pitch(&pcm, rate).unwrap();
                assert!(
                    (pitch - hz).abs() < hz * 0.002,
                    "{hz} Hz, {ms} ms, {rate}: {pitch}"
                );
            }
        }
    }
}

#[test]
fn noise_silence_and_scraps_have_no_pitch() {
    for len in [200, 800, 8_000, 80_000] {
        assert_eq!(
            listen::dominant_pitch(&noise(len, 8_000.0), 8_000),
            None,
            "{len}"
        );
        assert_eq!(listen::dominant_pitch(&vec![0; len], 8_000), None);
        // A constant is silence to the ear, however large.
        assert_eq!(listen::dominant_pitch(&vec![9_000; len], 8_000), None);
    }
    assert_eq!(listen::dominant_pitch(&[], 8_000), None);
    assert_eq!(listen::dominant_pitch(&[1, 2, 3], 0), None);
}

#[test]
fn a_tone_is_heard_through_noise() {
    let mut pcm = noise(8_000, 3_000.0);
    Sine::new(660.0, -12.0, 8_000).mix(&mut pcm);
    let pitch = listen::dominant_pitch(&pcm, 8_000).unwrap();
    assert!((pitch - 660.0).abs() < 1.0, "{pitch}");
}

#[test]
fn levels_follow_the_full_scale_sine() {
    for dbfs in [0.0, -6.0, -20.0, -40.0] {
        let mut pcm = vec![0; 8_000];
        Sine::new(440.0, dbfs, 8_000).fill(&mut pcm);
        let level = listen::level_dbfs(&pcm);
        assert!((level - dbfs).abs() < 0.1, "{dbfs}: {level}");
    }
    assert_eq!(listen::level_dbfs(&[0; 100]), listen::FLOOR_DBFS);
    assert_eq!(listen::level_dbfs(&[]), listen::FLOOR_DBFS);
}

#[test]
fn times_are_those_of_the_sound() {
    let mut pcm = vec![0; 8_000 * 3];
    let mut sine = Sine::new(500.0, -10.0, 8_000);
    sine.fill(&mut pcm[4_000..16_000]);
    assert_eq!(listen::first_audible(&pcm, 8_000), Some(500));
    assert_eq!(listen::audible_ms(&pcm, 8_000, listen::AUDIBLE_DBFS), 1_500);
    assert_eq!(listen::last_audible(&pcm, 8_000, 1_000).len(), 8_000);
    assert_eq!(listen::last_audible(&pcm, 8_000, 9_000).len(), 16_000);
    assert!(listen::last_audible(&[0; 500], 8_000, 1_000).is_empty());
    assert_eq!(listen::gaps(&pcm, 8_000), []);

    // Two holes: one of 20 ms, one of 100 ms.
    pcm[6_000..6_160].fill(0);
    pcm[8_000..8_800].fill(0);
    assert_eq!(
        listen::gaps(&pcm, 8_000),
        [
            Gap {
                start_ms: 750,
                len_ms: 20
            },
            Gap {
                start_ms: 1_000,
                len_ms: 100
            },
        ]
    );
}

#[test]
fn the_detector_reports_each_block() {
    let pitches: Vec<f64> = tone::DIGITS
        .iter()
        .filter_map(|d| tone::digit_tone(*d))
        .collect();
    let mut detector = ToneDetector::new(8_000, &pitches, 40);
    let mut heard = Vec::new();
    // 80 ms each, pushed in pieces that do not match the blocks.
    let mut sound = Vec::new();
    for digit in ['1', '5', '*'] {
        let mut block = vec![0; 640];
        Sine::new(tone::digit_tone(digit).unwrap(), -15.0, 8_000).fill(&mut block);
        sound.extend(block);
    }
    sound.extend(noise(640, 4_000.0));
    sound.extend([0; 640]);
    for piece in sound.chunks(77) {
        detector.push(piece, |tone| heard.push(tone.and_then(tone::tone_digit)));
    }
    let expected: Vec<Option<char>> = [Some('1'), Some('5'), Some('*'), None, None]
        .iter()
        .flat_map(|d| [*d, *d])
        .collect();
    assert_eq!(heard, expected);
}
