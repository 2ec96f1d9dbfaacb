//! Whatever arrives as a payload, the decoder answers and works on.
#![allow(clippy::unwrap_used)]

use ahoy_audio::{AudioError, EncodedSound, EncoderSettings, OpusDecoder, OpusEncoder, opus};
use proptest::prelude::*;
use std::sync::LazyLock;

static GOOD: LazyLock<EncodedSound> = LazyLock::new(|| EncodedSound::tone(440.0, -10.0).unwrap());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn arbitrary_bytes(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 1..12)) {
        let mut decoder = OpusDecoder::new(8_000).unwrap();
        let mut out = [0; OpusDecoder::MAX_SAMPLES];
        for packet in &packets {
            if let Ok(n) = decoder.decode(Some(packet), &mut out) {
                prop_assert!(n <= 960);
                prop_assert_eq!(opus::packet_ticks(packet), Some(n as u32 * 6));
            }
            decoder.decode(None, &mut out).unwrap();
        }
        let good = &*GOOD;
        prop_assert_eq!(decoder.decode(Some(good.frame(0)), &mut out), Ok(160));
    }

    #[test]
    fn damaged_packets(flips in prop::collection::vec((0usize..50, 0usize..60, any::<u8>()), 1..40)) {
        let good = &*GOOD;
        let mut decoder = OpusDecoder::new(48_000).unwrap();
        let mut out = [0; OpusDecoder::MAX_SAMPLES];
        for (frame, at, value) in flips {
            let mut packet = good.frame(frame as u64).to_vec();
            let at = at % packet.len();
            packet[at] ^= value;
            let _ = decoder.decode(Some(&packet), &mut out);
        }
        prop_assert_eq!(decoder.decode(Some(good.frame(0)), &mut out), Ok(960));
    }
}

#[test]
fn wrong_sizes_are_named() {
    let mut encoder = OpusEncoder::new(EncoderSettings::default()).unwrap();
    let mut out = [0; opus::MAX_PACKET];
    assert_eq!(
        encoder.encode(&[0; 160], &mut out),
        Err(AudioError::FrameLength {
            got: 160,
            expected: 320
        })
    );
    assert_eq!(
        encoder.encode(&[0; 320], &mut []),
        Err(AudioError::BufferTooSmall)
    );
    for rate in [0, 11_025, 44_100] {
        assert_eq!(
            OpusDecoder::new(rate).err(),
            Some(AudioError::SampleRate(rate))
        );
    }
    let settings = EncoderSettings {
        complexity: 11,
        ..EncoderSettings::default()
    };
    assert!(OpusEncoder::new(settings).is_err());
    let settings = EncoderSettings {
        bitrate: 1,
        ..EncoderSettings::default()
    };
    assert!(OpusEncoder::new(settings).is_err());

    let mut decoder = OpusDecoder::new(48_000).unwrap();
    let frame = EncodedSound::silence().unwrap();
    assert_eq!(
        decoder.decode(Some(frame.frame(0)), &mut [0; 100]),
        Err(AudioError::BufferTooSmall)
    );
    assert_eq!(
        decoder.decode(Some(&[]), &mut [0; 960]),
        Err(AudioError::NotOpus)
    );
    assert_eq!(
        decoder.decode(None, &mut [0; 100]),
        Err(AudioError::BufferTooSmall)
    );
    for rate in [1.0, 9_000.0, f64::NAN] {
        assert!(matches!(
            EncodedSound::tone(rate, -10.0),
            Err(AudioError::Pitch(_))
        ));
    }
}
