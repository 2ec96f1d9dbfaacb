//! The users of a run: numbers from the range reserved for fiction, each with a pitch of its own, lent to one call at a time.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ahoy_audio::{AudioError, EncodedSound};
use ahoy_types::WaId;
use serde_json::json;

use crate::api::Api;
use crate::config::{Direction, LoadConfig, Media, Users};
use crate::failure::Failure;
use crate::phone::Phone;

/// Pitches of the business and of the users. They are far enough apart from each other, and no multiples, that a call which is
/// sent the sound of another one is found out in eleven cases of twelve.
const BUSINESS_HZ: [f64; 12] = [
    410.0, 440.0, 470.0, 500.0, 530.0, 560.0, 590.0, 620.0, 650.0, 680.0, 710.0, 740.0,
];
const USER_HZ: [f64; 12] = [
    1010.0, 1060.0, 1110.0, 1160.0, 1210.0, 1260.0, 1310.0, 1360.0, 1410.0, 1460.0, 1510.0, 1560.0,
];
/// How far a heard pitch may be off.
const TOLERANCE: f64 = 0.015;
const LEVEL_DBFS: f64 = -12.0;
/// A business may have a hundred answered calls with a user in a day; after so many the user is let go.
const CALLS_A_USER: u32 = 95;

/// Tones, encoded once.
pub(crate) struct Sounds {
    business: Vec<EncodedSound>,
    user: Vec<EncodedSound>,
}

/// A pitch of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tone(usize);

impl Tone {
    /// Whether what was heard is the business's tone.
    pub(crate) fn is_business(self, heard: Option<f64>) -> bool {
        near(heard, BUSINESS_HZ[self.0 % BUSINESS_HZ.len()])
    }
    /// Whether what was heard is the user's tone.
    pub(crate) fn is_user(self, heard: Option<f64>) -> bool {
        near(heard, self.user_hz())
    }
    pub(crate) fn business_hz(self) -> f64 {
        BUSINESS_HZ[self.0 % BUSINESS_HZ.len()]
    }
    pub(crate) fn user_hz(self) -> f64 {
        USER_HZ[self.0 % USER_HZ.len()]
    }
}

fn near(heard: Option<f64>, wanted: f64) -> bool {
    heard.is_some_and(|hz| (hz / wanted - 1.0).abs() <= TOLERANCE)
}

impl Sounds {
    pub(crate) fn new() -> Result<Self, AudioError> {
        let encode = |all: [f64; 12]| {
            all.iter()
                .map(|hz| EncodedSound::tone(*hz, LEVEL_DBFS))
                .collect::<Result<_, _>>()
        };
        Ok(Self {
            business: encode(BUSINESS_HZ)?,
            user: encode(USER_HZ)?,
        })
    }
    pub(crate) fn business(&self, tone: Tone) -> EncodedSound {
        self.business[tone.0 % self.business.len()].clone()
    }
    pub(crate) fn user(&self, tone: Tone) -> EncodedSound {
        self.user[tone.0 % self.user.len()].clone()
    }
    /// One of the business's pitches.
    pub(crate) fn draw(&self, random: &mut fastrand::Rng) -> Tone {
        Tone(random.usize(0..self.business.len()))
    }
}

/// A user, lent to a call.
pub(crate) struct User {
    pub(crate) wa_id: WaId,
    pub(crate) tone: Tone,
    /// Where this tool plays the user.
    pub(crate) phone: Option<Phone>,
    calls: u32,
}

/// The users there are.
pub(crate) struct Crowd {
    idle: Mutex<VecDeque<User>>,
    next: AtomicU64,
    api: Arc<Api>,
    config: LoadConfig,
}

/// The number of the `n`-th user. The first nine hundred lie in the range reserved for fiction (+44 7700 900000 to 900999), the others
/// behind it with digits too many for any network.
fn number(n: u64) -> WaId {
    WaId::from_u64(match n {
        0..900 => 447_700_900_100 + n,
        _ => 447_700_900_100_000 + n,
    })
}

impl Crowd {
    pub(crate) fn new(api: Arc<Api>, config: &LoadConfig) -> Self {
        Self {
            idle: Mutex::default(),
            next: AtomicU64::new(0),
            api,
            config: config.clone(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<User>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The user that has rested longest, or a new one.
    pub(crate) async fn take(&self) -> Result<User, Failure> {
        let rested = self.lock().pop_front();
        match rested {
            Some(mut user) => {
                user.calls += 1;
                if let Some(phone) = &mut user.phone {
                    phone.clear();
                }
                Ok(user)
            }
            None => self.make().await,
        }
    }

    /// Takes a user back after a call that went well. After another one its state is unknown: it is let go.
    pub(crate) fn give_back(&self, user: User) {
        if user.calls < CALLS_A_USER {
            self.lock().push_back(user);
        }
    }

    /// Makes a user beforehand.
    pub(crate) async fn prepare(&self) -> Result<(), Failure> {
        let user = self.make().await?;
        self.lock().push_back(user);
        Ok(())
    }

    async fn make(&self) -> Result<User, Failure> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let (wa_id, tone) = (number(n), Tone(n as usize % USER_HZ.len()));
        let failed = |what: &str, why: String| {
            Failure::tool(format!("user {wa_id} could not {what}: {why}"))
        };
        let audio = match self.config.media {
            Media::Audio => json!({ "tone_hz": tone.user_hz() }),
            Media::None => json!({ "silence": true }),
        };
        // Without media nobody could be heard: the phone rings until the business gives up.
        let on_ring = match self.config.media {
            Media::Audio => "answer",
            Media::None => "ignore",
        };
        let behaviour = json!({ "on_ring": on_ring, "answer_after_ms": 0, "hang_up_after_ms": null, "audio": audio });
        let api = &self.api;
        api.dress(wa_id, &behaviour)
            .await
            .map_err(|e| failed("be made", e.to_string()))?;
        if self.config.direction != Direction::User {
            api.permit(wa_id)
                .await
                .map_err(|e| failed("permit calls", e.to_string()))?;
        }
        let phone = match self.config.users {
            Users::Sandbox => None,
            Users::Socket => {
                let phone = Phone::open(&self.config.url, wa_id, self.config.patience).await;
                Some(phone.map_err(|e| failed("switch the phone on", e))?)
            }
        };
        Ok(User {
            wa_id,
            tone,
            phone,
            calls: 1,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_number_is_one_of_a_country_and_different() {
        let mut seen = std::collections::HashSet::new();
        for n in (0..2_000).chain([20_000, 899_999]) {
            let number = number(n);
            assert!(seen.insert(number));
            let again: WaId = number.to_string().parse().unwrap();
            assert_eq!(again, number);
            assert_eq!(number.country().unwrap().as_str(), "GB", "{number}");
        }
    }

    #[test]
    fn no_pitch_passes_for_another() {
        let all: Vec<f64> = BUSINESS_HZ.into_iter().chain(USER_HZ).collect();
        for (at, hz) in all.iter().enumerate() {
            for (other, wanted) in all.iter().enumerate() {
                assert_eq!(near(Some(*hz), *wanted), at == other, "{hz} {wanted}");
            }
        }
        assert!(!near(None, 410.0));
    }
}
