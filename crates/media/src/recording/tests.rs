//! What is kept, what is heard of it, and where it ends.
#![allow(clippy::unwrap_used)]
use super::*;
use ahoy_audio::EncodedSound;

/// The stamp of the `i`-th frame of a stream that began at `first`.
fn stamp(first: u64, i: u64) -> Stamp {
    Stamp {
        seq: (first + i) as u16,
        timestamp: (i as u32).wrapping_mul(960),
    }
}
const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn record(frames: impl IntoIterator<Item = u64>) -> Recording {
    let sound = EncodedSound::tone(440.0, -12.0).unwrap();
    let mut recorder = Recorder::new();
    for i in frames {
        recorder.audio(stamp(65_500, i), ms(100 + 20 * i), sound.frame(i));
    }
    recorder.snapshot(3)
}

#[test]
fn a_tone_is_recognised() {
    let recording = record(0..150);
    let heard = recording.heard();
    assert_eq!(
        (heard.packets, heard.lost, heard.packets_before_gate),
        (150, 0, 3)
    );
    assert!((heard.tone_hz.unwrap() - 440.0).abs() < 2.0, "{heard:?}");
    assert!((2_900..=3_000).contains(&heard.audio_ms), "{heard:?}");
    assert!(
        (100..=140).contains(&heard.first_audio_ms_after_accept.unwrap()),
        "{heard:?}"
    );
    assert!(heard.gaps.is_empty());
    let (pcm, rate) = wav::read(&recording.wav(48_000).unwrap()).unwrap();
    assert_eq!((pcm.len(), rate), (150 * 960, 48_000));
    assert!(recording.wav(44_100).is_err());
}

#[test]
fn holes_and_disorder_are_told_apart() {
    let recording = record((0..40).chain([41, 40]).chain(45..80));
    let heard = recording.heard();
    assert_eq!((heard.packets, heard.lost), (77, 3));
    assert_eq!(
        heard.gaps,
        [SequenceGap {
            at_ms: 100 + 20 * 45,
            missing: 3
        }]
    );
    // Concealment keeps the time.
    assert_eq!(recording.pcm(8_000).unwrap().len(), 80 * 160);
}

#[test]
fn silence_has_no_pitch() {
    let sound = EncodedSound::silence().unwrap();
    let mut recorder = Recorder::new();
    for i in 0..50 {
        recorder.audio(stamp(0, i), ms(20 * i), sound.frame(i));
    }
    let heard = recorder.snapshot(0).heard().clone();
    assert_eq!(
        (heard.tone_hz, heard.level_dbfs, heard.audio_ms),
        (None, None, 0)
    );
    assert_eq!(heard.first_audio_ms_after_accept, None);
}

#[test]
fn the_store_is_bounded() {
    let mut recorder = Recorder::new();
    for i in 0..u64::try_from(CHUNK_FRAMES * (MAX_CHUNKS + 20)).unwrap() {
        recorder.audio(stamp(0, i), ms(i), &[0; 10]);
    }
    assert_eq!(recorder.full.len(), MAX_CHUNKS);
    let mut recorder = Recorder::new();
    for i in 0..20_000u64 {
        recorder.audio(stamp(0, i), ms(i), &[0; 1_400]);
    }
    assert!(recorder.bytes <= MAX_BYTES);
    for _ in 0..2_000 {
        recorder.digit(Digit::try_from('5').unwrap());
    }
    assert_eq!(recorder.snapshot(0).heard().digits.len(), MAX_DIGITS);
}

#[test]
fn rubbish_is_silence() {
    let mut recorder = Recorder::new();
    recorder.audio(stamp(1, 0), ms(0), &[]);
    recorder.audio(stamp(1, 1), ms(20), &[0xff; 3]);
    let heard = recorder.snapshot(0).heard().clone();
    assert_eq!((heard.packets, heard.tone_hz), (2, None));
}
