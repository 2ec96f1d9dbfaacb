//! What the parties say: speech-like sound as Opus (the system's libopus) and as G.711.
use crate::peer::Codec;
use std::os::raw::{c_int, c_uchar, c_void};

#[link(name = "opus")]
unsafe extern "C" {
    fn opus_encoder_create(fs: i32, ch: c_int, app: c_int, err: *mut c_int) -> *mut c_void;
    fn opus_encoder_ctl(st: *mut c_void, req: c_int, ...) -> c_int;
    fn opus_encode(st: *mut c_void, pcm: *const i16, n: c_int, out: *mut c_uchar, max: i32) -> i32;
    pub fn opus_decoder_create(fs: i32, ch: c_int, err: *mut c_int) -> *mut c_void;
    pub fn opus_decode(st: *mut c_void, d: *const c_uchar, len: i32, pcm: *mut i16, n: c_int, fec: c_int) -> c_int;
}
const VOIP: c_int = 2048;
const SET_BITRATE: c_int = 4002;
const SET_COMPLEXITY: c_int = 4010;
const SET_SIGNAL: c_int = 4024;
const SIGNAL_VOICE: c_int = 3001;

pub struct Encoder(*mut c_void, usize);
impl Encoder {
    pub fn new(rate: i32, complexity: c_int, bitrate: c_int) -> Self {
        unsafe {
            let mut err = 0;
            let e = opus_encoder_create(rate, 1, VOIP, &mut err);
            assert!(err == 0);
            opus_encoder_ctl(e, SET_COMPLEXITY, complexity);
            opus_encoder_ctl(e, SET_BITRATE, bitrate);
            opus_encoder_ctl(e, SET_SIGNAL, SIGNAL_VOICE); // else the analysis of complexity 7 and up may call the synthetic voice music
            Encoder(e, rate as usize / 50)
        }
    }
    pub fn encode(&mut self, pcm: &[i16]) -> Vec<u8> {
        let mut b = [0u8; 1000];
        let n = unsafe { opus_encode(self.0, pcm.as_ptr(), self.1 as c_int, b.as_mut_ptr(), 1000) };
        b[..n as usize].to_vec()
    }
}

/// Five seconds of something speech-like: a gliding voice with formants, syllables, breath noise and pauses.
pub fn voice(rate: usize) -> Vec<i16> {
    let (mut seed, mut phase) = (1u32, 0.0f64);
    (0..rate * 5)
        .map(|i| {
            let t = i as f64 / rate as f64;
            let f0 = 120.0 + 25.0 * (t * 1.7).sin();
            phase += f0 / rate as f64;
            seed = seed.wrapping_mul(1664525).wrapping_add(1013904223);
            let noise = (seed >> 16) as f64 / 32768.0 - 1.0;
            let formant = 500.0 + 300.0 * (t * 9.0).sin();
            let v: f64 = (1..25)
                .map(|h| {
                    let f = h as f64 * f0;
                    let g = (-((f - formant) / 250.0).powi(2)).exp() + 0.5 * (-((f - 1500.0) / 400.0).powi(2)).exp() + 0.05;
                    g * (phase * h as f64 * std::f64::consts::TAU).sin()
                })
                .sum();
            let env = (t * 4.0 * std::f64::consts::PI).sin().max(0.0) * if t % 2.5 > 2.0 { 0.02 } else { 1.0 };
            ((v * 3500.0 + noise * 600.0) * env) as i16
        })
        .collect()
}
pub fn ulaw(s: i16) -> u8 {
    let (sign, mag) = (if s < 0 { 0x80u8 } else { 0 }, ((s as i32).abs() + 132).min(32767));
    let exp = 31 - (mag as u32).leading_zeros() as i32 - 7;
    !(sign | (exp as u8) << 4 | ((mag >> (exp + 3)) & 15) as u8)
}

/// 250 encoded 20 ms frames of each codec.
pub struct Frames {
    opus: Vec<Vec<u8>>,
    pcmu: Vec<Vec<u8>>,
}
impl Frames {
    pub fn new() -> Self {
        let mut e = Encoder::new(16000, 5, 24000);
        let opus = voice(16000).chunks(320).map(|c| e.encode(c)).collect();
        Frames { opus, pcmu: voice(8000).chunks(160).map(|c| c.iter().map(|s| ulaw(*s)).collect()).collect() }
    }
    pub fn get(&self, c: Codec, i: usize) -> &[u8] {
        let v = if c == Codec::Opus { &self.opus } else { &self.pcmu };
        &v[i % v.len()]
    }
}
