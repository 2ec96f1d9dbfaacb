//! What a simulated user's microphone hears and what is between it and us, from words to media.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ahoy_audio::{AudioError, EncodedSound, SoundCache, SoundKey, wav};
use ahoy_calling::simulated::{Audio, Behaviour, Network};
use ahoy_media::{Conditions, LegNetwork};
use ahoy_types::WaId;

use crate::host::off_thread;
use crate::platform::Platform;

/// Level of a simulated user's tone: loud enough to be told from noise, quiet enough never to clip.
const TONE_DBFS: f64 = -12.0;
/// Longest sound a simulated user plays before it repeats.
const LONGEST_FILE: Duration = Duration::from_secs(300);
/// Largest file read, in bytes: five minutes of 48 kHz stereo, and some more.
const LARGEST_FILE: u64 = 64 << 20;

impl Platform {
    /// Looks whether a user can behave so, and makes the sound ready. The sentence names what cannot be.
    ///
    /// # Errors
    /// The sentence.
    pub async fn check_behaviour(&self, behaviour: &Behaviour) -> Result<(), String> {
        conditions(&behaviour.network)
            .check()
            .map_err(|e| format!("network: {e}"))?;
        let platform = self.clone();
        let audio = behaviour.audio.clone();
        // Reading and encoding take their time.
        let looked_at = off_thread(self.host().as_ref(), move || {
            encode(platform.sounds(), &audio).map(|_| ())
        });
        let broken = || Err("audio: looking at it broke off".to_owned());
        looked_at.await.unwrap_or_else(broken)
    }

    /// A sound, encoded on its first use on a thread that may take its time; silence, and a line in the log, where that cannot
    /// be done.
    pub(crate) async fn sound_of(&self, audio: Audio) -> Arc<EncodedSound> {
        let platform = self.clone();
        let encoded = off_thread(self.host().as_ref(), move || {
            encode(platform.sounds(), &audio)
        });
        match encoded.await {
            Some(Ok(sound)) => Arc::new(sound),
            Some(Err(error)) => {
                tracing::warn!(error, "the simulated user stays silent");
                self.silence()
            }
            None => self.silence(),
        }
    }
}

/// Silence, encoded once a process.
pub(crate) fn silence() -> Result<Arc<EncodedSound>, AudioError> {
    static SILENCE: OnceLock<Arc<EncodedSound>> = OnceLock::new();
    if let Some(sound) = SILENCE.get() {
        return Ok(sound.clone());
    }
    let sound = Arc::new(EncodedSound::silence()?);
    Ok(SILENCE.get_or_init(|| sound).clone())
}

fn encode(cache: &SoundCache, audio: &Audio) -> Result<EncodedSound, String> {
    let fail = |e: AudioError| format!("audio: {e}");
    match audio {
        Audio::Tone { tone_hz } if !(80.0..=3400.0).contains(tone_hz) => {
            Err(format!("audio.tone_hz: {tone_hz} is outside 80 to 3400 Hz"))
        }
        Audio::Tone { tone_hz } => cache.tone(*tone_hz, TONE_DBFS).map_err(fail),
        Audio::Silence { silence: true } => silence().map(|s| (*s).clone()).map_err(fail),
        Audio::Silence { silence: false } => {
            Err("audio.silence: only true is expected; leave it out for another sound".to_owned())
        }
        Audio::File { file, repeat } => encode_file(cache, file, *repeat),
    }
}

/// A file that was changed is another sound; one that was not is encoded once.
fn encode_file(cache: &SoundCache, file: &str, repeat: bool) -> Result<EncodedSound, String> {
    let fail = |e: &dyn std::fmt::Display| format!("audio.file: `{file}`: {e}");
    let about = std::fs::metadata(Path::new(file)).map_err(|e| fail(&e))?;
    if !about.is_file() {
        return Err(fail(&"it is no file"));
    }
    if about.len() > LARGEST_FILE {
        let (is, most) = (about.len() >> 20, LARGEST_FILE >> 20);
        return Err(fail(&format_args!(
            "it has {is} MiB; at most {most} are read"
        )));
    }
    let changed = about.modified().map_err(|e| fail(&e))?;
    let key = SoundKey::Named(format!("{changed:?} {} {repeat} {file}", about.len()));
    if let Some(sound) = cache.get(&key) {
        return Ok(sound);
    }
    let bytes = std::fs::read(file).map_err(|e| fail(&e))?;
    let sound = read(&bytes, repeat).map_err(|e| fail(&e))?;
    if sound.duration() > LONGEST_FILE {
        let (is, most) = (sound.duration().as_secs(), LONGEST_FILE.as_secs());
        return Err(fail(&format_args!(
            "it lasts {is} s; at most {most} s are played"
        )));
    }
    cache.get_or_build(key, || Ok(sound)).map_err(|e| fail(&e))
}

/// WAV or Ogg with Opus, told apart by their first bytes.
fn read(bytes: &[u8], repeat: bool) -> Result<EncodedSound, String> {
    let text = |e: AudioError| e.to_string();
    if bytes.starts_with(b"OggS") {
        let sound = EncodedSound::from_ogg(bytes).map_err(text)?;
        return if repeat { Ok(sound) } else { sound.once() }.map_err(text);
    }
    if !bytes.starts_with(b"RIFF") {
        return Err("it is neither WAV nor Ogg with Opus".to_owned());
    }
    let (pcm, rate) = wav::read(bytes).map_err(text)?;
    if pcm.is_empty() {
        return Err("it holds no sound".to_owned());
    }
    let most = LONGEST_FILE.as_secs() * u64::from(rate);
    if pcm.len() as u64 > most {
        let (is, most) = (
            pcm.len() as u64 / u64::from(rate.max(1)),
            LONGEST_FILE.as_secs(),
        );
        return Err(format!("it lasts {is} s; at most {most} s are played"));
    }
    if repeat {
        EncodedSound::from_pcm(&pcm, rate)
    } else {
        EncodedSound::clip(&pcm, rate).and_then(EncodedSound::once)
    }
    .map_err(text)
}

fn conditions(network: &Network) -> Conditions {
    Conditions {
        loss: network.loss,
        burst: network.burst,
        delay: Duration::from_millis(network.delay_ms.into()),
        jitter: Duration::from_millis(network.jitter_ms.into()),
        reorder: network.reorder,
    }
}

/// The network of a user, the same both ways; `None` where it does nothing.
pub(crate) fn network(user: WaId, network: &Network) -> Option<LegNetwork> {
    let conditions = conditions(network);
    if conditions.is_clear() {
        return None;
    }
    // Without a seed each user has one of its own, so that a thousand of them do not lose the same packets.
    let seed = network.seed.unwrap_or_else(|| user.as_u64());
    Some(LegNetwork::both_ways(conditions, seed))
}
