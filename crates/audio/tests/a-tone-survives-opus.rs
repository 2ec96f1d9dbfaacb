//! Tones go through Opus as calls carry them and are told again by ear.
#![allow(clippy::unwrap_used)]

use ahoy_audio::{
    EncodedSound, EncoderSettings, OpusDecoder, OpusEncoder, SoundCache, SoundKey, listen, opus,
    tone,
};

fn decode(sound: &EncodedSound, frames: u64, rate: u32) -> Vec<i16> {
    let mut decoder = OpusDecoder::new(rate).unwrap();
    let mut pcm = [0; OpusDecoder::MAX_SAMPLES];
    let mut heard = Vec::new();
    for tick in 0..frames {
        let n = decoder.decode(Some(sound.frame(tick)), &mut pcm).unwrap();
        assert_eq!(n, rate as usize / 50);
        heard.extend_from_slice(&pcm[..n]);
    }
    heard
}

fn encode(pcm: &[i16], settings: EncoderSettings) -> Vec<Vec<u8>> {
    let mut encoder = OpusEncoder::new(settings).unwrap();
    let mut packet = [0; opus::MAX_PACKET];
    pcm.chunks_exact(encoder.frame_len())
        .map(|frame| {
            let n = encoder.encode(frame, &mut packet).unwrap();
            packet[..n].to_vec()
        })
        .collect()
}

#[test]
fn pitch_is_told_within_a_third_of_a_per_cent_over_the_whole_telephone_band() {
    let mut bad = Vec::new();
    for step in 0..84 {
        let hz = 80.0 + 40.0 * f64::from(step) + 0.37 * f64::from(step % 3);
        let sound = EncodedSound::tone(hz, -14.0).unwrap();
        let heard = decode(&sound, 60, 8_000);
        let pitch = listen::dominant_pitch(listen::last_audible(&heard, 8_000, 1_000), 8_000);
        let level = listen::level_dbfs(&heard[4_000..]);
        match pitch {
            Some(p) if (p - hz).abs() <= hz * 0.003 && (level + 14.0).abs() < 3.0 => {}
            other => bad.push((hz, other, level)),
        }
    }
    assert!(bad.is_empty(), "{bad:.2?}");
}

#[test]
fn tones_made_at_48_khz_are_told_at_8_khz() {
    for hz in [440.0, 660.0, 1_000.0] {
        let mut pcm = vec![0; 48_000];
        tone::Sine::new(hz, -20.0, 48_000).fill(&mut pcm);
        for (rate, bitrate) in [(48_000, 32_000), (48_000, 20_000)] {
            let packets = encode(
                &pcm,
                EncoderSettings {
                    sample_rate: rate,
                    bitrate,
                    ..EncoderSettings::default()
                },
            );
            let mut decoder = OpusDecoder::new(8_000).unwrap();
            let mut heard = Vec::new();
            let mut out = [0; 160];
            for packet in &packets {
                let n = decoder.decode(Some(packet), &mut out).unwrap();
                heard.extend_from_slice(&out[..n]);
            }
            let pitch = listen::dominant_pitch(&heard[800..], 8_000).unwrap();
            let level = listen::level_dbfs(&heard[800..]);
            assert!((pitch - hz).abs() < hz * 0.002, "{hz}: {pitch}");
            assert!((level + 20.0).abs() < 3.0, "{hz}: {level} dBFS");
            assert_eq!(listen::gaps(&heard, 8_000), []);
        }
    }
}

#[test]
fn every_digit_tone_is_told_from_the_others() {
    let cache = SoundCache::default();
    for digit in tone::DIGITS {
        let sound = cache.tone(tone::digit_tone(digit).unwrap(), -10.0).unwrap();
        // A short press: 120 ms.
        let heard = decode(&sound, 6, 8_000);
        let pitch = listen::dominant_pitch(&heard[160..], 8_000).unwrap();
        assert_eq!(tone::tone_digit(pitch), Some(digit), "{pitch} Hz");
    }
    assert_eq!(cache.len(), tone::DIGITS.len());
}

#[test]
fn a_loop_has_no_seam() {
    for hz in [440.0, 660.0, 123.45, 1_000.0] {
        let sound = EncodedSound::tone(hz, -12.0).unwrap();
        let heard = decode(&sound, 4 * sound.frames.len() as u64, 48_000);
        assert_eq!(listen::gaps(&heard, 48_000), [], "{hz}");
        // A click at a seam would be power away from the tone in the 20 ms around it.
        let lap = sound.frames.len() * 960;
        for seam in [lap, 2 * lap, 3 * lap] {
            let around = &heard[seam - 2_400..seam + 4_800];
            let pitch = listen::dominant_pitch(around, 48_000).unwrap();
            assert!((pitch - hz).abs() < hz * 0.01, "{hz} at {seam}: {pitch}");
        }
    }
}

#[test]
fn silence_stays_silent_and_has_no_pitch() {
    let sound = SoundCache::default().silence().unwrap();
    let heard = decode(&sound, 100, 8_000);
    assert!(listen::level_dbfs(&heard) < -70.0);
    assert_eq!(listen::dominant_pitch(&heard, 8_000), None);
    assert_eq!(listen::first_audible(&heard, 8_000), None);
}

#[test]
fn a_lost_packet_is_bridged_and_can_be_recovered() {
    let mut pcm = vec![0; 16_000];
    tone::Sine::new(500.0, -12.0, 16_000).fill(&mut pcm);
    let packets = encode(&pcm, EncoderSettings::default());
    for recover in [false, true] {
        let mut decoder = OpusDecoder::new(16_000).unwrap();
        let mut heard = Vec::new();
        let mut out = [0; 320];
        for (i, packet) in packets.iter().enumerate() {
            let n = match (i, recover) {
                (25, false) => decoder.decode(None, &mut out),
                (25, true) => decoder.recover(&packets[26], &mut out),
                _ => decoder.decode(Some(packet), &mut out),
            }
            .unwrap();
            assert_eq!(n, 320);
            heard.extend_from_slice(&out);
        }
        assert_eq!(listen::gaps(&heard, 16_000), []);
    }
}

/// A hundred packets of CELT alone, a tone of 440 Hz at -12 dBFS, made by libopus 1.3.1 (restricted low delay, 24 kb/s): our own
/// encoder always has a SILK layer. Each with its length before it.
const CELT: &[u8] = include_bytes!("data/celt-440hz");

fn celt() -> Vec<Vec<u8>> {
    let mut rest = CELT;
    let mut packets = Vec::new();
    while let Some((len, from)) = rest.split_first() {
        let (packet, after) = from.split_at(usize::from(*len));
        packets.push(packet.to_vec());
        rest = after;
    }
    packets
}

#[test]
fn one_packet_in_twenty_may_be_lost_and_a_tone_keeps_its_pitch_and_level() {
    let mut sounds = vec![(440.0, celt())];
    for hz in [440.0, 660.0, 1_000.0] {
        for (sample_rate, bitrate) in [(16_000, 20_000), (16_000, 48_000), (48_000, 32_000)] {
            let mut pcm = vec![0; 2 * sample_rate as usize];
            tone::Sine::new(hz, -12.0, sample_rate).fill(&mut pcm);
            let settings = EncoderSettings {
                sample_rate,
                bitrate,
                ..EncoderSettings::default()
            };
            sounds.push((hz, encode(&pcm, settings)));
        }
    }
    // RFC 6716 §3.1: the first byte's upper five bits, CELT alone from 16 on.
    let of = |mode: fn(u8) -> bool| sounds.iter().any(|(_, packets)| mode(packets[50][0] >> 3));
    assert!(of(|config| config < 12) && of(|config| config >= 16));
    for (hz, packets) in sounds {
        let config = packets[50][0] >> 3;
        for rate in [8_000, 48_000] {
            let mut decoder = OpusDecoder::new(rate).unwrap();
            let mut heard = Vec::new();
            let mut out = [0; OpusDecoder::MAX_SAMPLES];
            for (i, packet) in packets.iter().enumerate() {
                let lost = i % 20 == 10;
                let packet = (!lost).then_some(&packet[..]);
                let n = decoder.decode(packet, &mut out).unwrap();
                let level = listen::level_dbfs(&out[..n]);
                // The codec's own way made +3 of a SILK frame that was lost.
                assert!(
                    level < -5.0,
                    "{hz} Hz, configuration {config}, at {rate}: packet {i} bursts with {level:.1} dBFS"
                );
                heard.extend_from_slice(&out[..n]);
            }
            let last = listen::last_audible(&heard, rate, 1_000);
            let pitch = listen::dominant_pitch(last, rate).unwrap_or(0.0);
            assert!((pitch - hz).abs() < hz * 0.01, "{pitch} for {hz}");
            let level = listen::level_dbfs(last);
            assert!(
                (level + 12.0).abs() < 1.5,
                "{level} of {hz} Hz, configuration {config}"
            );
        }
    }
}

#[test]
fn files_of_any_rate_play_to_their_end() {
    let pcm = tone::chirp(300.0, 2_000.0, -10.0, 1_010, 44_100);
    let sound = EncodedSound::clip(&pcm, 44_100).unwrap();
    assert_eq!(sound.frames.len(), 51);
    let heard = decode(&sound, 51, 8_000);
    let audible = listen::audible_ms(&heard, 8_000, listen::AUDIBLE_DBFS);
    assert!((960..=1_020).contains(&audible), "{audible} ms");
    let short = EncodedSound::from_pcm(&[], 8_000).unwrap();
    assert!(!short.frame(0).is_empty());
}

#[test]
fn a_cache_shares_and_forgets_only_what_nobody_plays() {
    let cache = SoundCache::new(2);
    let kept = cache.tone(440.0, -12.0).unwrap();
    let again = cache.tone(440.0, -12.0).unwrap();
    assert!(std::sync::Arc::ptr_eq(&kept.frames, &again.frames));
    for hz in [500.0, 600.0, 700.0] {
        cache.tone(hz, -12.0).unwrap();
    }
    assert!(cache.len() <= 2, "{}", cache.len());
    let build = || panic!("it is still there");
    let kept_still = cache
        .get_or_build(SoundKey::tone(440.0, -12.0), build)
        .unwrap();
    assert!(std::sync::Arc::ptr_eq(&kept.frames, &kept_still.frames));
}
