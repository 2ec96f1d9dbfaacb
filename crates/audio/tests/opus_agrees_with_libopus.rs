//! Streams of libopus 1.3.1 in every mode, bandwidth and frame size, mono and stereo, with DTX, loss and copies: what comes out is what it
//! decodes itself. `data/make-opus-streams.py` made them.
#![allow(clippy::unwrap_used)]

use ahoy_audio::{EncoderSettings, OpusDecoder, OpusEncoder, listen, opus};

const STREAMS: &[u8] = include_bytes!("data/opus-streams.bin");
/// By how much a sample may differ: the reference rounds floats, this codec is fixed-point. SILK is integers in both.
const ROUNDING: i32 = 6;

struct Stream {
    name: String,
    ms10: u16,
    copies: bool,
    lost: Vec<usize>,
    packets: Vec<Vec<u8>>,
    heard: Vec<i16>,
}

fn take<'a>(from: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (head, rest) = from.split_at(length);
    *from = rest;
    head
}

fn number(from: &mut &[u8], bytes: usize) -> usize {
    let mut whole = [0; 8];
    whole[..bytes].copy_from_slice(take(from, bytes));
    usize::try_from(u64::from_le_bytes(whole)).unwrap()
}

fn streams() -> Vec<Stream> {
    let mut rest = STREAMS;
    let rest = &mut rest;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let length = number(rest, 1);
        let name = String::from_utf8(take(rest, length).to_vec()).unwrap();
        let ms10 = u16::try_from(number(rest, 2)).unwrap();
        let copies = number(rest, 1) == 1;
        let count = number(rest, 1);
        let lost = take(rest, count).iter().map(|n| usize::from(*n)).collect();
        let packets = (0..number(rest, 2))
            .map(|_| {
                let length = number(rest, 2);
                take(rest, length).to_vec()
            })
            .collect();
        let count = number(rest, 4);
        let heard = take(rest, 2 * count)
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        all.push(Stream {
            name,
            ms10,
            copies,
            lost,
            packets,
            heard,
        });
    }
    all
}

/// What we hear, and where each packet begins.
fn decode(stream: &Stream) -> (Vec<i16>, Vec<usize>) {
    let mut decoder = OpusDecoder::new(8_000).unwrap();
    let mut out = [0; OpusDecoder::MAX_SAMPLES];
    let (mut heard, mut begins) = (Vec::new(), Vec::new());
    // A decoder that has heard nothing yet takes 20 ms for what is lost.
    for (at, packet) in stream.packets.iter().enumerate() {
        let n = match (stream.lost.contains(&at), stream.copies) {
            (true, true) => decoder.recover(&stream.packets[at + 1], &mut out),
            (true, false) => decoder.decode(None, &mut out),
            (false, _) => decoder.decode(Some(packet), &mut out),
        }
        .unwrap();
        begins.push(heard.len());
        heard.extend_from_slice(&out[..n]);
    }
    (heard, begins)
}

fn furthest(a: &[i16], b: &[i16]) -> i32 {
    let apart = a
        .iter()
        .zip(b)
        .map(|(a, b)| (i32::from(*a) - i32::from(*b)).abs());
    apart.max().unwrap_or(0)
}

fn peak(pcm: &[i16]) -> u16 {
    pcm.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0)
}

#[test]
fn sample_by_sample_in_every_mode_with_dtx_and_copies() {
    let all = streams();
    assert!(all.len() >= 24, "{}", all.len());
    let mut wrong = Vec::new();
    for stream in all.iter().filter(|s| s.lost.is_empty() || s.copies) {
        let (heard, _) = decode(stream);
        assert_eq!(heard.len(), stream.heard.len(), "{}", stream.name);
        let exact =
            stream.name.starts_with("silk") && !stream.copies && !stream.name.ends_with("dtx");
        let allowed = if exact { 0 } else { ROUNDING };
        let apart = furthest(&heard, &stream.heard);
        if apart > allowed {
            wrong.push((stream.name.clone(), apart, allowed));
        }
        let ticks: u32 = stream
            .packets
            .iter()
            .map(|p| opus::packet_ticks(p).unwrap())
            .sum();
        assert_eq!(ticks as usize / 6, heard.len(), "{}", stream.name);
        assert_eq!(
            usize::from(stream.ms10) * stream.packets.len() * 4 / 5,
            heard.len()
        );
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn lost_packets_make_no_burst_and_leave_the_rest_alone() {
    for stream in streams().iter().filter(|s| !s.lost.is_empty() && !s.copies) {
        let (heard, begins) = decode(stream);
        let first = begins[stream.lost[0]];
        assert!(
            furthest(&heard[..first], &stream.heard[..first]) <= ROUNDING,
            "{}",
            stream.name
        );
        // The guess is the codec's own; it is no louder than what libopus guesses, and a tenth.
        let (ours, theirs) = (peak(&heard), peak(&stream.heard));
        assert!(
            f64::from(ours) <= 1.1 * f64::from(theirs),
            "{}: {ours} {theirs}",
            stream.name
        );
        let last = begins[stream.lost.last().unwrap() + 8];
        let level = |pcm: &[i16]| listen::level_dbfs(&pcm[last..]);
        let (ours, theirs) = (level(&heard), level(&stream.heard));
        assert!(
            (ours - theirs).abs() < 1.0,
            "{}: {ours} {theirs} dBFS",
            stream.name
        );
    }
}

#[test]
fn dtx_after_silence_is_silence() {
    let mut decoder = OpusDecoder::new(16_000).unwrap();
    let mut encoder = OpusEncoder::new(EncoderSettings::default()).unwrap();
    let (mut packet, mut out) = ([0; opus::MAX_PACKET], [0; 320]);
    for _ in 0..20 {
        let n = encoder.encode(&[0; 320], &mut packet).unwrap();
        decoder.decode(Some(&packet[..n]), &mut out).unwrap();
    }
    for _ in 0..50 {
        let n = decoder.decode(Some(&[0x48]), &mut out).unwrap();
        assert_eq!(n, 320);
        assert!(peak(&out) < 100, "{}", peak(&out));
    }
}

#[test]
fn a_long_loss_ends_in_silence_whatever_the_mode() {
    for stream in streams()
        .iter()
        .filter(|s| s.ms10 == 200 && s.lost.is_empty())
    {
        let mut decoder = OpusDecoder::new(8_000).unwrap();
        let mut out = [0; OpusDecoder::MAX_SAMPLES];
        for packet in &stream.packets {
            decoder.decode(Some(packet), &mut out).unwrap();
        }
        for n in 0..60 {
            let len = decoder.decode(None, &mut out).unwrap();
            if n >= 4 {
                assert_eq!(peak(&out[..len]), 0, "{} after {n} packets", stream.name);
            }
        }
    }
}

/// Speech-like sound of `seconds` at 16 kHz.
fn speech(seconds: usize) -> Vec<i16> {
    let mut phase = 0.0_f64;
    (0..16_000 * seconds)
        .map(|n| {
            let t = n as f64 / 16_000.0;
            phase += std::f64::consts::TAU * (140.0 + 30.0 * (4.4 * t).sin()) / 16_000.0;
            let wave: f64 = (1..12)
                .map(|k| (f64::from(k) * phase).sin() / f64::from(k))
                .sum();
            (5_000.0 * (8.0 * t).sin().max(0.2) * wave) as i16
        })
        .collect()
}

#[test]
fn our_own_packets_carry_copies_and_a_lost_one_is_rebuilt_from_them() {
    for bitrate in [18_000, 20_000, 24_000] {
        let settings = EncoderSettings {
            bitrate,
            ..EncoderSettings::default()
        };
        let mut encoder = OpusEncoder::new(settings).unwrap();
        let mut packet = [0; opus::MAX_PACKET];
        let packets: Vec<Vec<u8>> = speech(10)
            .chunks_exact(320)
            .map(|frame| {
                let n = encoder.encode(frame, &mut packet).unwrap();
                packet[..n].to_vec()
            })
            .collect();
        let copies = packets.iter().filter(|p| opus::carries_copy(p)).count();
        assert!(copies > 250, "{bitrate}: {copies} of {}", packets.len());

        // Every tenth packet is lost; with copies what is rebuilt is far nearer to the real sound than a guess.
        let mut decoders = [0; 3].map(|_| OpusDecoder::new(16_000).unwrap());
        let (mut guess, mut copy) = (0.0, 0.0);
        for (at, packet) in packets.iter().enumerate() {
            let mut outs = [[0; 320]; 3];
            let [whole, guessed, rebuilt] = &mut outs;
            decoders[0].decode(Some(packet), whole).unwrap();
            if at % 10 == 9 && at + 1 < packets.len() {
                decoders[1].decode(None, guessed).unwrap();
                decoders[2].recover(&packets[at + 1], rebuilt).unwrap();
                let error = |of: &[i16; 320]| -> f64 {
                    whole
                        .iter()
                        .zip(of)
                        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
                        .sum()
                };
                guess += error(guessed);
                copy += error(rebuilt);
            } else {
                decoders[1].decode(Some(packet), guessed).unwrap();
                decoders[2].decode(Some(packet), rebuilt).unwrap();
            }
        }
        assert!(copy * 2.0 < guess, "{bitrate}: {copy} {guess}");
    }
}

/// The vectors of RFC 8251 are not in the tree: `OPUS_VECTORS` names the folder with `testvectorNN.bit` and `testvectorNNm.dec`.
#[test]
fn the_vectors_of_rfc_8251_where_they_are() {
    let Some(folder) = std::env::var_os("OPUS_VECTORS") else {
        eprintln!("not run: OPUS_VECTORS names no folder with the vectors of RFC 8251");
        return;
    };
    let folder = std::path::PathBuf::from(folder);
    for n in 1..=12 {
        let bits = std::fs::read(folder.join(format!("testvector{n:02}.bit"))).unwrap();
        let wanted = std::fs::read(folder.join(format!("testvector{n:02}m.dec"))).unwrap();
        let mut decoder = OpusDecoder::new(48_000).unwrap();
        let mut out = [0; OpusDecoder::MAX_SAMPLES];
        let (mut rest, mut heard) = (bits.as_slice(), Vec::new());
        while let Some((head, behind)) = rest.split_first_chunk::<8>() {
            let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
            let (packet, behind) = behind.split_at(length);
            rest = behind;
            let n = if packet.is_empty() {
                decoder.decode(None, &mut out)
            } else {
                decoder.decode(Some(packet), &mut out)
            };
            heard.extend_from_slice(&out[..n.unwrap()]);
        }
        let wanted: Vec<i16> = wanted
            .chunks_exact(2)
            .map(|p| i16::from_le_bytes([p[0], p[1]]))
            .collect();
        assert_eq!(heard.len(), wanted.len(), "vector {n}");
        let power = |pcm: &mut dyn Iterator<Item = f64>| pcm.map(|x| x * x).sum::<f64>();
        let sound = power(&mut wanted.iter().map(|s| f64::from(*s)));
        let error = power(
            &mut heard
                .iter()
                .zip(&wanted)
                .map(|(a, b)| f64::from(*a) - f64::from(*b)),
        );
        let ratio = 10.0 * (sound / error.max(1.0)).log10();
        assert!(ratio > 45.0, "vector {n}: {ratio:.1} dB");
    }
}
