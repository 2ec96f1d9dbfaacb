#!/usr/bin/env bash
# Packages:  unsafe-libopus 0.2.0 (crates.io), libopus 1.3.1 translated to Rust.
# Input:     valid packets of its own encoder: a second of a 300 Hz tone at -12 dBFS, 16 kHz, mono, 20 kb/s; then one lost packet (opus_decode with
#            no data), and in a second run packets of one byte, which is what DTX sends (RFC 6716 section 3.1: a frame of no bytes).
# Guess:     a translation that is equal to the sample while packets come is so where they do not: the C library fades.
# Seen:      the lost packet and the one-byte packet are decoded to samples at full scale.
# Surprises: tests on whole streams are green, and the first lost packet of a real call is a bang.
set -euo pipefail
command -v cargo >/dev/null || { echo "not run: cargo is needed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TARGET_DIR=$work/target
mkdir -p "$work/src"
cd "$work"
cat >Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"
[dependencies]
unsafe-libopus = "=0.2.0"
[workspace]
TOML
cat >src/main.rs <<'RUST'
use unsafe_libopus as opus;

fn decoder() -> *mut opus::OpusDecoder {
    let mut error = 0;
    unsafe { opus::opus_decoder_create(16_000, 1, &mut error) }
}

fn peak(decoder: *mut opus::OpusDecoder, packet: Option<&[u8]>) -> u16 {
    let mut out = [0i16; 320];
    let (data, len) = packet.map_or((std::ptr::null(), 0), |p| (p.as_ptr(), p.len() as i32));
    let n = unsafe { opus::opus_decode(decoder, data, len, out.as_mut_ptr(), 320, 0) };
    assert_eq!(n, 320);
    out.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0)
}

fn main() {
    let mut error = 0;
    let encoder = unsafe { opus::opus_encoder_create(16_000, 1, opus::OPUS_APPLICATION_VOIP, &mut error) };
    let packets: Vec<Vec<u8>> = (0..50)
        .map(|frame| {
            let pcm: Vec<i16> = (0..320)
                .map(|n| (8_000.0 * (300.0 * std::f64::consts::TAU * f64::from(frame * 320 + n) / 16_000.0).sin()) as i16)
                .collect();
            let mut out = vec![0; 1_276];
            let n = unsafe { opus::opus_encode(encoder, pcm.as_ptr(), 320, out.as_mut_ptr(), 1_276) };
            out[..n as usize].to_vec()
        })
        .collect();
    let (lost, dtx) = (decoder(), decoder());
    let tone = packets.iter().map(|p| peak(lost, Some(p)).max(peak(dtx, Some(p)))).max().unwrap_or(0);
    let bridged = peak(lost, None);
    let silent = (0..10).map(|_| peak(dtx, Some(&packets[0][..1]))).max().unwrap_or(0);
    println!("largest sample of the tone {tone}, of the lost packet {bridged}, of ten packets of one byte {silent}");
    std::process::exit(i32::from(!(bridged > 30_000 || silent > 30_000)));
}
RUST
cargo build -q --release 2>build.log || { tail -3 build.log; echo "not run: it does not build"; exit 77; }
exec target/release/finding
