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
fn tone() -> EncodedSound {
    EncodedSound::tone(440.0, -12.0).unwrap()
}

fn record(frames: impl IntoIterator<Item = u64>) -> Recording {
    let sound = tone();
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
    assert_eq!(
        (heard.late, heard.jitter_ms, heard.forgotten_ms),
        (0, 0.0, 0)
    );
    let (pcm, rate) = wav::read(&recording.wav(48_000).unwrap()).unwrap();
    assert_eq!((pcm.len(), rate), (150 * 960, 48_000));
    assert!(recording.wav(44_100).is_err());
}

#[test]
fn a_sender_that_is_quicker_than_time_is_heard_no_longer_than_the_call() {
    let sound = tone();
    let mut recorder = Recorder::new();
    // Ten seconds of sound within one.
    for i in 0..500 {
        recorder.audio(stamp(7, i), ms(2 * i), sound.frame(i));
    }
    let recording = recorder.snapshot(0);
    let heard = recording.heard();
    assert_eq!((heard.packets, heard.audio_ms), (500, 998));
    let recording = record(0..1);
    let one = recording.heard();
    assert!(one.audio_ms <= 100 && one.packets == 1, "{one:?}");
}

#[test]
fn holes_and_disorder_are_told_apart() {
    let recording = record((0..40).chain([41, 40]).chain(45..80));
    let heard = recording.heard();
    assert_eq!((heard.packets, heard.lost, heard.late), (77, 3, 1));
    assert_eq!(
        heard.gaps,
        [HeardGap {
            at_ms: 100 + 20 * 45,
            missing: 3,
            late_ms: 0
        }]
    );
    // Concealment keeps the time.
    assert_eq!(recording.pcm(8_000).unwrap().len(), 80 * 160);
}

#[test]
fn a_long_loss_is_concealed_for_a_second_and_silent_for_the_rest() {
    let recording = record((0..50).chain(200..250));
    let heard = recording.heard();
    assert_eq!((heard.lost, heard.gaps.len()), (150, 1));
    assert_eq!(recording.pcm(8_000).unwrap().len(), 250 * 160);
    assert!(heard.audio_ms < 3_100, "{heard:?}");
}

#[test]
fn silence_that_the_sender_leaves_out_keeps_its_time_and_is_no_hole() {
    let sound = tone();
    let mut recorder = Recorder::new();
    // Numbers go on, timestamps and arrivals leap by two seconds.
    for i in 0..100u64 {
        let moment = if i < 50 { i } else { i + 100 };
        let stamp = Stamp {
            seq: i as u16,
            timestamp: moment as u32 * 960,
        };
        recorder.audio(stamp, ms(20 * moment), sound.frame(i));
    }
    let recording = recorder.snapshot(0);
    let heard = recording.heard();
    assert_eq!((heard.lost, heard.gaps.len()), (0, 0), "{heard:?}");
    assert!((1_900..2_100).contains(&heard.audio_ms), "{heard:?}");
    assert_eq!(recording.pcm(8_000).unwrap().len(), 200 * 160);
}

#[test]
fn a_sender_that_stalls_leaves_a_hole_as_long_as_a_phone_would_hear() {
    let sound = tone();
    let mut recorder = Recorder::new();
    // Timestamps go on as if nothing had been, packets come a second late.
    for i in 0..100u64 {
        let delay = if i < 50 { 0 } else { 1_000 };
        recorder.audio(stamp(0, i), ms(20 * i + delay), sound.frame(i));
    }
    let recording = recorder.snapshot(0);
    let heard = recording.heard();
    assert_eq!((heard.lost, heard.gaps.len()), (0, 1), "{heard:?}");
    assert_eq!((heard.gaps[0].at_ms, heard.gaps[0].late_ms), (2_000, 800));
    assert_eq!(recording.pcm(8_000).unwrap().len(), 2_800 * 8);
    // Within the patience of a jitter buffer nobody hears anything of it.
    let mut recorder = Recorder::new();
    for i in 0..200u64 {
        let jitter = (i * 37) % 150;
        recorder.audio(stamp(0, i), ms(20 * i + jitter), sound.frame(i));
    }
    let heard = recorder.snapshot(0).heard().clone();
    assert!(heard.gaps.is_empty(), "{heard:?}");
    assert!(heard.jitter_ms > 30.0, "{heard:?}");
}

#[test]
fn timestamps_that_run_away_are_not_believed() {
    let sound = tone();
    for leap in [1 << 30, -(1 << 30)] {
        let mut recorder = Recorder::new();
        for i in 0..100u64 {
            let wild = if i < 50 { 0 } else { leap };
            let stamp = Stamp {
                seq: i as u16,
                timestamp: (i as u32 * 960).wrapping_add_signed(wild),
            };
            recorder.audio(stamp, ms(20 * i), sound.frame(i));
        }
        let recording = recorder.snapshot(0);
        let len = recording.pcm(8_000).unwrap().len();
        assert!((100 * 160..=100 * 160 + 9_000).contains(&len), "{len}");
        assert!((recording.heard().tone_hz.unwrap() - 440.0).abs() < 2.0);
    }
}

#[test]
fn keys_are_no_holes() {
    let sound = tone();
    let mut recorder = Recorder::new();
    for i in 0..100u64 {
        let at = ms(20 * i);
        match i {
            40..50 => recorder.key(
                Stamp {
                    seq: i as u16,
                    timestamp: 40 * 960,
                },
                at,
            ),
            // One is lost, so that holes are looked for.
            70 => {}
            _ => recorder.audio(stamp(0, i), at, sound.frame(i)),
        }
    }
    let recording = recorder.snapshot(0);
    let heard = recording.heard();
    assert_eq!((heard.packets, heard.lost, heard.gaps.len()), (99, 1, 1));
    assert_eq!(heard.gaps[0].at_ms, 1_420);
    assert_eq!(recording.pcm(8_000).unwrap().len(), 100 * 160);
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
fn of_a_long_call_the_last_ten_minutes_are_kept_and_the_first_sound_is_known() {
    let sound = tone();
    let mut recorder = Recorder::new();
    let frames = u64::try_from(CHUNK_FRAMES * (MAX_CHUNKS + 20)).unwrap();
    for i in 0..frames {
        recorder.audio(stamp(0, i), ms(250 + 20 * i), sound.frame(i));
    }
    assert_eq!(recorder.full.len(), MAX_CHUNKS);
    let recording = recorder.snapshot(0);
    let heard = recording.heard();
    assert_eq!(
        (heard.packets, heard.lost, heard.gaps.len()),
        (frames, 0, 0)
    );
    assert_eq!(heard.forgotten_ms, 20_250);
    assert!(
        (250..290).contains(&heard.first_audio_ms_after_accept.unwrap()),
        "{heard:?}"
    );
    assert!((599_000..=600_000).contains(&heard.audio_ms), "{heard:?}");
    assert!(recording.size() < 4 << 20, "{}", recording.size());
}

#[test]
fn the_store_is_bounded() {
    let mut recorder = Recorder::new();
    for i in 0..20_000u64 {
        recorder.audio(stamp(0, i), ms(i), &[0; 1_400]);
    }
    assert!(recorder.bytes <= MAX_BYTES);
    // Few packets over a long time make a long sound: that is bounded too.
    let mut recorder = Recorder::new();
    for i in 0..2_000u64 {
        let stamp = Stamp {
            seq: i as u16,
            timestamp: (i as u32).wrapping_mul(96_000),
        };
        recorder.audio(stamp, ms(2_000 * i), &[0xf8, 0xff, 0xfe]);
    }
    let kept = recorder.snapshot(0);
    let seconds = kept.pcm(8_000).unwrap().len() / 8_000;
    assert!((600..=700).contains(&seconds), "{seconds}");
    for _ in 0..2_000 {
        recorder.digit(Digit::try_from('5').unwrap());
    }
    assert_eq!(recorder.snapshot(0).digits.len(), MAX_DIGITS);
}

#[test]
fn rubbish_is_silence() {
    let mut recorder = Recorder::new();
    recorder.audio(stamp(1, 0), ms(0), &[]);
    recorder.audio(stamp(1, 1), ms(20), &[0xff; 3]);
    let heard = recorder.snapshot(0).heard().clone();
    assert_eq!((heard.packets, heard.tone_hz), (2, None));
}
