//! What callers hear: a greeting made for this project, a beep, and a tone for each digit.
//!
//! Nothing is recorded. The chime is three struck bars, the word is *ahoy* from a small formant synthesiser: a buzz
//! like that of the vocal cords, or a hiss for the `h`, through resonators tuned as a mouth is for each vowel.
//! All of it is encoded once and shared by every call.

use std::collections::HashMap;
use std::f64::consts::TAU;

use ahoy_audio::tone::{self, digit_tone, samples, to_i16};
use ahoy_audio::{AudioError, EncodedSound};

const RATE: u32 = 16_000;
/// The beep after which the caller is echoed, in Hz.
pub const BEEP_HZ: f64 = 1_000.0;
/// D5, F sharp 5 and A5, in Hz. None is near the beep or a tone used in tests.
const CHIME_HZ: [f64; 3] = [587.33, 739.99, 880.0];

/// Every sound the agent makes, as Opus frames.
#[derive(Debug, Clone)]
pub struct Sounds {
    /// Chime and word, about two seconds.
    pub greeting: EncodedSound,
    /// 200 ms of [`BEEP_HZ`].
    pub beep: EncodedSound,
    /// What is sent while there is nothing to say.
    pub silence: EncodedSound,
    digits: HashMap<char, EncodedSound>,
}

impl Sounds {
    /// Makes and encodes them; takes a few hundredths of a second.
    ///
    /// # Errors
    /// Those of the encoder.
    pub fn new() -> Result<Self, AudioError> {
        let mut digits = HashMap::new();
        for digit in tone::DIGITS {
            if let Some(hz) = digit_tone(digit) {
                let pcm = tone::beep(hz, -12.0, 240, RATE);
                digits.insert(digit, EncodedSound::clip(&pcm, RATE)?);
            }
        }
        Ok(Self {
            greeting: EncodedSound::clip(&greeting(), RATE)?,
            beep: EncodedSound::clip(&tone::beep(BEEP_HZ, -12.0, 200, RATE), RATE)?,
            silence: EncodedSound::silence()?,
            digits,
        })
    }

    /// The tone that answers a digit, see [`digit_tone`].
    pub fn digit(&self, digit: char) -> Option<EncodedSound> {
        self.digits.get(&digit.to_ascii_uppercase()).cloned()
    }
}

/// The greeting as PCM at 16 kHz.
fn greeting() -> Vec<i16> {
    let mut pcm = chime();
    pcm.resize(samples(900, RATE), 0);
    pcm.extend(ahoy());
    pcm.resize(pcm.len() + samples(150, RATE), 0);
    pcm
}

/// Three notes, each struck while the one before still rings.
fn chime() -> Vec<i16> {
    let mut sum = vec![0.0; samples(880, RATE)];
    for (i, hz) in CHIME_HZ.into_iter().enumerate() {
        let start = samples(170 * i as u32, RATE);
        for (n, slot) in sum[start..].iter_mut().enumerate() {
            let t = n as f64 / f64::from(RATE);
            let attack = (t / 0.004).min(1.0);
            // A struck bar: the higher partials die first.
            let partials = (TAU * hz * t).sin() * (-5.0 * t).exp()
                + 0.35 * (TAU * 2.0 * hz * t).sin() * (-9.0 * t).exp()
                + 0.12 * (TAU * 3.93 * hz * t).sin() * (-20.0 * t).exp();
            *slot += 7_000.0 * attack * partials;
        }
    }
    let mut pcm: Vec<i16> = sum.into_iter().map(to_i16).collect();
    tone::fade(&mut pcm, 20, RATE);
    pcm
}

/// One moment of the word; between two of them everything changes evenly.
struct Shape {
    at_ms: f64,
    /// Pitch of the voice in Hz.
    pitch: f64,
    /// The first three resonances of the mouth in Hz.
    formants: [f64; 3],
    /// Loudness of the buzz and of the hiss, 0 to 1.
    voice: f64,
    breath: f64,
}

const fn shape(at_ms: f64, pitch: f64, formants: [f64; 3], voice: f64, breath: f64) -> Shape {
    Shape {
        at_ms,
        pitch,
        formants,
        voice,
        breath,
    }
}

/// *Ahoy*: a short open `a`, an `h`, a long `o` that glides to `i`, with the pitch of a glad call.
const AHOY: [Shape; 9] = [
    shape(0.0, 128.0, [620.0, 1_250.0, 2_500.0], 0.0, 0.0),
    shape(30.0, 132.0, [640.0, 1_230.0, 2_500.0], 0.7, 0.0),
    shape(110.0, 140.0, [620.0, 1_150.0, 2_480.0], 0.7, 0.05),
    shape(140.0, 150.0, [600.0, 1_000.0, 2_450.0], 0.05, 0.5),
    shape(200.0, 165.0, [570.0, 850.0, 2_420.0], 0.05, 0.5),
    shape(240.0, 188.0, [560.0, 830.0, 2_410.0], 1.0, 0.03),
    shape(400.0, 176.0, [540.0, 880.0, 2_410.0], 1.0, 0.0),
    shape(600.0, 140.0, [360.0, 1_950.0, 2_600.0], 0.8, 0.0),
    shape(760.0, 112.0, [330.0, 2_080.0, 2_700.0], 0.0, 0.0),
];

/// A two-pole resonator with gain 1 at zero frequency (D. H. Klatt, 1980).
#[derive(Default)]
struct Resonator {
    y1: f64,
    y2: f64,
}

impl Resonator {
    fn next(&mut self, x: f64, hz: f64, width: f64) -> f64 {
        let t = 1.0 / f64::from(RATE);
        let c = -(-TAU * width * t).exp();
        let b = 2.0 * (-TAU / 2.0 * width * t).exp() * (TAU * hz * t).cos();
        let y = (1.0 - b - c) * x + b * self.y1 + c * self.y2;
        (self.y1, self.y2) = (y, self.y1);
        y
    }
}

fn ahoy() -> Vec<i16> {
    let mut resonators: [Resonator; 3] = Default::default();
    let mut phase = 0.0;
    let (mut tilt, mut hiss) = (0.0, 0x1234_5678_u32);
    let mut out = Vec::new();
    for pair in AHOY.windows(2) {
        let [from, to] = pair else { continue };
        let len = samples((to.at_ms - from.at_ms) as u32, RATE);
        for n in 0..len {
            let part = n as f64 / len as f64;
            let between = |a: f64, b: f64| a + (b - a) * part;
            phase += between(from.pitch, to.pitch) / f64::from(RATE);
            if phase >= 1.0 {
                phase -= 1.0;
            }
            // The cords open slowly and shut at once.
            let buzz = if phase < 0.6 {
                (phase / 0.6).powi(2) * (1.0 - phase / 0.6) * 6.75
            } else {
                0.0
            };
            // xorshift (G. Marsaglia, 2003): the same hiss in every build.
            hiss ^= hiss << 13;
            hiss ^= hiss >> 17;
            hiss ^= hiss << 5;
            let noise = f64::from(hiss) / f64::from(u32::MAX) - 0.5;
            let source = between(from.voice, to.voice) * (buzz - 0.34)
                + between(from.breath, to.breath) * noise;
            // What leaves the lips is the change of the flow.
            let mut x = source - 0.95 * tilt;
            tilt = source;
            for (i, resonator) in resonators.iter_mut().enumerate() {
                let hz = between(from.formants[i], to.formants[i]);
                x = resonator.next(x, hz, [70.0, 90.0, 140.0][i]);
            }
            out.push(x);
        }
    }
    let peak = out.iter().fold(0.0f64, |m, x| m.max(x.abs())).max(1e-9);
    let mut pcm: Vec<i16> = out.iter().map(|x| to_i16(x / peak * 16_000.0)).collect();
    tone::fade(&mut pcm, 10, RATE);
    pcm
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ahoy_audio::listen;

    #[test]
    fn the_greeting_is_short_audible_and_not_clipped() {
        let pcm = greeting();
        let ms = pcm.len() as u64 * 1000 / u64::from(RATE);
        assert!((1_500..=3_000).contains(&ms), "{ms} ms");
        assert!(listen::audible_ms(&pcm, RATE, -40.0) > 1_200);
        assert!(pcm.iter().all(|s| s.unsigned_abs() < 30_000));
    }

    #[test]
    fn the_chime_plays_its_notes() {
        let pcm = chime();
        let first = listen::dominant_pitch(&pcm[..samples(165, RATE)], RATE).unwrap();
        assert!((first - CHIME_HZ[0]).abs() < 6.0, "{first}");
        let last =
            listen::dominant_pitch(&pcm[samples(345, RATE)..samples(500, RATE)], RATE).unwrap();
        assert!((last - CHIME_HZ[2]).abs() < 9.0, "{last}");
    }

    #[test]
    fn the_word_has_the_melody_of_a_call() {
        // The voice's pitch by its own repetition: the lag at which the sound is most like itself.
        let pcm = ahoy();
        let pitch = |at_ms: u32| {
            let at = samples(at_ms, RATE);
            let window = &pcm[at..at + 1_000];
            let like = |lag: usize| -> f64 {
                let later = &pcm[at + lag..at + lag + 1_000];
                let dot: f64 = window
                    .iter()
                    .zip(later)
                    .map(|(a, b)| f64::from(*a) * f64::from(*b))
                    .sum();
                dot / later
                    .iter()
                    .map(|b| f64::from(*b).powi(2))
                    .sum::<f64>()
                    .sqrt()
            };
            let best = (60..160)
                .max_by(|a, b| like(*a).total_cmp(&like(*b)))
                .unwrap();
            f64::from(RATE) / best as f64
        };
        let (stressed, end) = (pitch(260), pitch(600));
        assert!((170.0..200.0).contains(&stressed), "{stressed}");
        assert!((115.0..150.0).contains(&end), "{end}");
    }

    #[test]
    fn every_digit_has_its_tone() {
        let sounds = Sounds::new().unwrap();
        for digit in tone::DIGITS {
            assert_eq!(sounds.digit(digit).unwrap().frames.len(), 12, "{digit}");
        }
        assert!(sounds.digit('x').is_none());
        assert_eq!(sounds.digit('a').unwrap(), sounds.digit('A').unwrap());
    }
}
