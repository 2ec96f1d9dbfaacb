//! Sound files that a business uploads or a user plays: Ogg with Opus, and WAV.
#![no_main]

use std::time::Duration;

use ahoy_audio::{ogg, wav};
use libfuzzer_sys::fuzz_target;

/// What is read of a WAV file at most: ten minutes at 48 kHz.
const MOST_SAMPLES: usize = 48_000 * 600;
/// The longest Opus packet (RFC 6716 §2).
const LONGEST: Duration = Duration::from_millis(120);

fuzz_target!(|data: &[u8]| {
    let file = ogg::OpusFile::read(data);
    // Counting the packets and keeping them must agree.
    match (&file, ogg::opus_length(data)) {
        (Ok(file), Ok(length)) => {
            assert_eq!(file.length, length);
            let packets = u32::try_from(file.packets.len()).unwrap_or(u32::MAX);
            assert!(length <= LONGEST.saturating_mul(packets), "{length:?} of {packets} packets");
            assert!((1..=2).contains(&file.channels));
            let kept: usize = file.packets.iter().map(|packet| packet.len()).sum();
            assert!(kept <= data.len(), "packets come from the file");
        }
        (Err(one), Err(other)) => assert_eq!(one.to_string(), other.to_string()),
        (one, other) => panic!("{one:?} and {other:?}"),
    }
    if let Ok((pcm, rate)) = wav::read(data) {
        assert!(pcm.len() <= MOST_SAMPLES && pcm.len() <= data.len(), "samples come from the file");
        // What was read is written and reads back the same.
        if let Ok(written) = wav::write(&pcm, rate) {
            let (again, again_rate) = wav::read(&written).expect("what was written is a WAV file");
            assert!(again == pcm && again_rate == rate);
        }
    }
});
