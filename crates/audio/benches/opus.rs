//! CPU time of a second of Opus, read and written: `cargo bench -p ahoy-audio --profile release --bench opus`
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::f64::consts::TAU;
use std::time::Instant;

use ahoy_audio::opus::{EncoderSettings, MAX_PACKET, OpusDecoder, OpusEncoder};

/// Seconds of audio a run.
const SECONDS: usize = 60;
/// Runs, of which the quickest counts: other work only ever slows one down.
const RUNS: usize = 7;

/// Something like speech: a gliding tone with harmonics in syllables, and a little noise.
fn voice(rate: u32) -> Vec<i16> {
    let (mut phase, mut noise) = (0.0, 1_u32);
    let mut all = Vec::new();
    for n in 0..SECONDS * rate as usize {
        let at = n as f64 / f64::from(rate);
        let pitch = 140.0 + 40.0 * (TAU * 0.7 * at).sin();
        phase += pitch / f64::from(rate);
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let syllable = (TAU * 3.0 * at).sin().max(0.0);
        let tone: f64 = (1..8)
            .map(|k| (TAU * phase * f64::from(k)).sin() / f64::from(k))
            .sum();
        let hiss = f64::from(noise >> 16) / 32_768.0 - 1.0;
        all.push((syllable * tone * 7_000.0 + hiss * 200.0) as i16);
    }
    all
}

/// Microseconds of the quickest run, for one second of audio.
fn quickest(mut run: impl FnMut()) -> f64 {
    let times = (0..RUNS).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::MAX, f64::min) / SECONDS as f64 * 1e6
}

fn main() {
    println!("rate     kb/s   encode µs/s   decode µs/s   decode at 8 kHz µs/s");
    for (rate, bitrate) in [
        (16_000, 20_000),
        (16_000, 32_000),
        (48_000, 32_000),
        (48_000, 64_000),
    ] {
        let settings = EncoderSettings {
            sample_rate: rate,
            bitrate,
            ..EncoderSettings::default()
        };
        let pcm = voice(rate);
        let mut packets: Vec<Vec<u8>> = Vec::new();
        let encode = quickest(|| {
            packets.clear();
            let mut encoder = OpusEncoder::new(settings).unwrap();
            for frame in pcm.chunks_exact(encoder.frame_len()) {
                let mut out = [0; MAX_PACKET];
                let length = encoder.encode(frame, &mut out).unwrap();
                packets.push(out.get(..length).unwrap().to_vec());
            }
        });
        let decode = |rate| {
            quickest(|| {
                let mut decoder = OpusDecoder::new(rate).unwrap();
                let mut heard = 0;
                let mut out = vec![0; rate as usize];
                for packet in &packets {
                    heard += decoder.decode(Some(packet), &mut out).unwrap();
                }
                assert_eq!(heard, SECONDS * rate as usize);
            })
        };
        let (whole, narrow) = (decode(rate), decode(8_000));
        println!(
            "{rate:<8} {:<6} {encode:>11.0} {whole:>13.0} {narrow:>22.0}",
            bitrate / 1000
        );
    }
}
