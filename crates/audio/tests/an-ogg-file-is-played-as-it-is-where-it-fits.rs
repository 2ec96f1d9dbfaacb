//! Ogg files with Opus as the sound of a call: 20 ms packets go out unchanged, everything else is encoded anew.
#![allow(clippy::unwrap_used, missing_docs)]

use ahoy_audio::ogg::{OggDefect, OpusFile};
use ahoy_audio::{AudioError, EncodedSound, OpusDecoder, listen};

/// A page of an Ogg stream (RFC 3533 §6).
fn page(flags: u8, granule: i64, sequence: u32, packet: &[u8]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(granule.to_le_bytes());
    page.extend(77_u32.to_le_bytes());
    page.extend(sequence.to_le_bytes());
    page.extend([0; 4]);
    let segments = packet.len() / 255 + 1;
    page.push(segments as u8);
    page.extend(std::iter::repeat_n(255, segments - 1));
    page.push((packet.len() % 255) as u8);
    page.extend(packet);
    let sum = page.iter().fold(0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            (crc << 1) ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    });
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

struct File {
    channels: u8,
    /// In 256ths of a dB.
    gain: i16,
    family: u8,
    /// Milliseconds of each packet.
    ms: i64,
}

const PLAIN: File = File {
    channels: 1,
    gain: 0,
    family: 0,
    ms: 20,
};

impl File {
    fn of<'p>(&self, packets: impl IntoIterator<Item = &'p [u8]>) -> Vec<u8> {
        let mut head = b"OpusHead\x01".to_vec();
        head.push(self.channels);
        head.extend(312_u16.to_le_bytes());
        head.extend(48_000_u32.to_le_bytes());
        head.extend(self.gain.to_le_bytes());
        head.push(self.family);
        let mut file = page(2, 0, 0, &head);
        file.extend(page(0, 0, 1, b"OpusTags\x04\0\0\0ahoy\0\0\0\0"));
        for (n, packet) in (0..).zip(packets) {
            file.extend(page(0, (n + 1) * self.ms * 48, n as u32 + 2, packet));
        }
        file
    }
}

fn tone() -> EncodedSound {
    EncodedSound::tone(440.0, -12.0).unwrap()
}
fn packets(sound: &EncodedSound) -> Vec<&[u8]> {
    sound.frames.iter().map(|f| &**f).collect()
}
/// Pitch and level of the first `frames` frames played.
fn heard(sound: &EncodedSound, frames: std::ops::Range<u64>) -> (Option<f64>, f64) {
    let mut ear = OpusDecoder::new(8_000).unwrap();
    let (mut pcm, mut out) = (Vec::new(), [0; OpusDecoder::MAX_SAMPLES]);
    for tick in frames {
        let n = ear.decode(Some(sound.frame(tick)), &mut out).unwrap();
        pcm.extend_from_slice(&out[..n]);
    }
    (
        listen::dominant_pitch(&pcm, 8_000),
        listen::level_dbfs(&pcm),
    )
}

#[test]
fn packets_of_twenty_milliseconds_go_out_unchanged() {
    let tone = tone();
    let file = PLAIN.of(packets(&tone));
    let played = EncodedSound::from_ogg(&file).unwrap();
    assert_eq!(packets(&played), packets(&tone));
    // Looped: the frame behind the last is the first.
    let len = played.frames.len() as u64;
    assert_eq!(played.frame(len), played.frame(0));
    let stereo = File {
        channels: 2,
        ..PLAIN
    };
    let played = EncodedSound::from_ogg(&stereo.of(packets(&tone))).unwrap();
    assert_eq!(packets(&played), packets(&tone));
}

#[test]
fn longer_packets_are_encoded_anew() {
    let tone = tone();
    // Two frames in a packet of 40 ms (RFC 6716 §3.2.4).
    let double: Vec<Vec<u8>> = packets(&tone)
        .chunks_exact(2)
        .filter(|pair| pair[0][0] == pair[1][0] && pair[0].len() < 252)
        .map(|pair| {
            let mut packet = vec![pair[0][0] & !3 | 2, pair[0].len() as u8 - 1];
            packet.extend(&pair[0][1..]);
            packet.extend(&pair[1][1..]);
            packet
        })
        .collect();
    assert!(double.len() > 20, "the tone has enough packets of one kind");
    let file = File { ms: 40, ..PLAIN }.of(double.iter().map(Vec::as_slice));
    let read = OpusFile::read(&file).unwrap();
    assert_eq!(read.packets.len(), double.len());
    let played = EncodedSound::from_ogg(&file).unwrap();
    let wanted = (read.length.as_millis() as usize).div_ceil(20);
    assert_eq!(played.frames.len(), wanted);
    let (pitch, level) = heard(&played, 0..40);
    assert!((pitch.unwrap() - 440.0).abs() < 2.0, "{pitch:?}");
    assert!((level + 12.0).abs() < 2.0, "{level}");
}

#[test]
fn a_gain_in_the_head_is_applied() {
    let tone = tone();
    let quiet = File {
        gain: -6 * 256,
        ..PLAIN
    };
    let played = EncodedSound::from_ogg(&quiet.of(packets(&tone))).unwrap();
    let (pitch, level) = heard(&played, 0..40);
    assert!((pitch.unwrap() - 440.0).abs() < 2.0, "{pitch:?}");
    assert!((level + 18.0).abs() < 1.5, "{level}");
}

#[test]
fn once_is_once_and_then_silence() {
    let sound = tone().once().unwrap();
    let len = sound.frames.len() as u64;
    assert!(heard(&sound, 0..len).0.is_some());
    let (pitch, level) = heard(&sound, len + 5..len + 200);
    assert!(pitch.is_none() && level < listen::AUDIBLE_DBFS, "{level}");
    assert_eq!(sound.duration(), tone().duration());
}

#[test]
fn what_is_no_such_file_says_why() {
    let tone = tone();
    let refused = |file: &[u8]| match EncodedSound::from_ogg(file).unwrap_err() {
        AudioError::Ogg(defect) => defect,
        other => panic!("{other}"),
    };
    assert_eq!(refused(b"RIFF"), OggDefect::NoPage(0));
    assert_eq!(refused(&PLAIN.of([])), OggDefect::Empty);
    let surround = File {
        channels: 6,
        family: 1,
        ..PLAIN
    };
    assert_eq!(
        refused(&surround.of(packets(&tone))),
        OggDefect::ManyChannels
    );
    let mut damaged = PLAIN.of(packets(&tone));
    let at = damaged.len() - 3;
    damaged[at] ^= 1;
    assert!(matches!(refused(&damaged), OggDefect::Damaged(_)));
    // Cut anywhere it is refused or shorter, and never more.
    let whole = PLAIN.of(packets(&tone).into_iter().take(5));
    for cut in 0..whole.len() {
        if let Ok(sound) = EncodedSound::from_ogg(&whole[..cut]) {
            assert!(sound.frames.len() < 5, "cut at {cut}");
        }
    }
}
