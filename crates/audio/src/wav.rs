//! WAV files in memory: what a user hears leaves as one, what a user plays may come as one.

use std::io::Cursor;
use std::ops::RangeInclusive;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

use crate::AudioError;

/// Longest file read, in seconds, and in samples of one channel: ten minutes at 48 kHz.
const MAX_SECONDS: u32 = 600;
const MAX_SAMPLES: u32 = 48_000 * MAX_SECONDS;
/// Sample rates that sound is kept at. A file may claim any, and the claim is multiplied with its length.
const RATES: RangeInclusive<u32> = 1_000..=768_000;

fn failure(error: hound::Error) -> AudioError {
    AudioError::Wav(error.to_string())
}

fn check_rate(rate: u32) -> Result<(), AudioError> {
    if RATES.contains(&rate) {
        return Ok(());
    }
    let (least, most) = (RATES.start(), RATES.end());
    Err(AudioError::Wav(format!(
        "its sample rate is {rate} Hz: {least} to {most} is expected"
    )))
}

/// A WAV file of mono 16-bit PCM.
///
/// # Errors
/// [`AudioError::Wav`] if the sound is too long for the format (4 GiB), or the rate none.
pub fn write(pcm: &[i16], rate: u32) -> Result<Vec<u8>, AudioError> {
    check_rate(rate)?;
    let spec = WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut file = Cursor::new(Vec::with_capacity(44 + 2 * pcm.len()));
    let mut writer = WavWriter::new(&mut file, spec).map_err(failure)?;
    for sample in pcm {
        writer.write_sample(*sample).map_err(failure)?;
    }
    writer.finalize().map_err(failure)?;
    Ok(file.into_inner())
}

/// Mono 16-bit PCM and its rate from a WAV file of 8 to 32 bits or floating point; channels are averaged.
///
/// # Errors
/// [`AudioError::Wav`] for anything else, and for more than ten minutes, or as many samples as ten minutes have at 48 kHz.
pub fn read(bytes: &[u8]) -> Result<(Vec<i16>, u32), AudioError> {
    let reader = WavReader::new(Cursor::new(bytes)).map_err(failure)?;
    let spec = reader.spec();
    let channels = usize::from(spec.channels);
    check_rate(spec.sample_rate)?;
    let most = spec
        .sample_rate
        .saturating_mul(MAX_SECONDS)
        .min(MAX_SAMPLES);
    if channels == 0 || reader.duration() > most {
        return Err(AudioError::Wav(
            "it has no channel or is longer than ten minutes".into(),
        ));
    }
    let wide: Vec<f64> = match spec.sample_format {
        SampleFormat::Float => reader
            .into_samples::<f32>()
            .map(|s| s.map(|v| f64::from(v) * 32_767.0))
            .collect::<Result<_, _>>()
            .map_err(failure)?,
        SampleFormat::Int => {
            let scale = 2f64.powi(16 - i32::from(spec.bits_per_sample));
            reader
                .into_samples::<i32>()
                .map(|s| s.map(|v| f64::from(v) * scale))
                .collect::<Result<_, _>>()
                .map_err(failure)?
        }
    };
    let pcm = wide
        .chunks_exact(channels)
        .map(|frame| crate::tone::to_i16(frame.iter().sum::<f64>() / channels as f64))
        .collect();
    Ok((pcm, spec.sample_rate))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_rate_nobody_keeps_sound_at_is_refused() {
        let mut file = write(&[1, 2, 3], 8_000).unwrap();
        for rate in [0u32, 1, 999, 768_001, 1_000_000_000] {
            assert!(write(&[1, 2, 3], rate).is_err());
            file[24..28].copy_from_slice(&rate.to_le_bytes());
            file[28..32].copy_from_slice(&(2 * rate).to_le_bytes());
            let refused = read(&file).unwrap_err().to_string();
            assert!(refused.contains(&format!("{rate} Hz")), "{refused}");
        }
    }

    #[test]
    fn ten_minutes_are_ten_minutes_at_any_rate() {
        assert!(read(&write(&vec![0; 600_000], 1_000).unwrap()).is_ok());
        assert!(read(&write(&vec![0; 600_001], 1_000).unwrap()).is_err());
    }

    #[test]
    fn what_is_written_reads_back() {
        let pcm: Vec<i16> = (-400..400).map(|i| i * 80).collect();
        let file = write(&pcm, 8_000).unwrap();
        assert_eq!(file.len(), 44 + 1_600);
        assert_eq!(read(&file).unwrap(), (pcm, 8_000));
    }

    #[test]
    fn stereo_float_is_averaged() {
        let spec = WavSpec {
            channels: 2,
            sample_rate: 44_100,
            bits_per_sample: 32,
            sample_format: SampleFormat::Float,
        };
        let mut file = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut file, spec).unwrap();
        for sample in [0.5f32, 0.0, -1.0, -1.0, 9.0, 9.0] {
            writer.write_sample(sample).unwrap();
        }
        writer.finalize().unwrap();
        let (pcm, rate) = read(&file.into_inner()).unwrap();
        assert_eq!((pcm, rate), (vec![8_192, -32_767, 32_767], 44_100));
    }

    #[test]
    fn damaged_files_are_refused_at_every_length() {
        let file = write(&[1, 2, 3, 4], 8_000).unwrap();
        for cut in 0..file.len() {
            // Either an error or a shorter sound, never a panic.
            if let Ok((pcm, _)) = read(&file[..cut]) {
                assert!(pcm.len() <= 4, "cut at {cut}");
            }
        }
        assert!(read(b"RIFF....WAVE").is_err());
        assert!(read(&[]).is_err());
    }

    proptest::proptest! {
        #[test]
        fn hostile_headers_are_refused(flips in proptest::collection::vec((0usize..44, proptest::num::u8::ANY), 1..6)) {
            let mut file = write(&[1; 400], 8_000).unwrap();
            for (at, value) in flips {
                file[at] = value;
            }
            if let Ok((pcm, _)) = read(&file) {
                proptest::prop_assert!(pcm.len() <= 800);
            }
        }
    }
}
