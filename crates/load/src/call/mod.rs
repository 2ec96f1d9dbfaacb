//! One call, as both ends play it: [`by_user`] and [`by_business`] are the two ways it comes about, [`ending`] what follows.

mod by_business;
mod by_user;
mod ending;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ahoy_types::CallId;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout_at;

use crate::api::Api;
use crate::config::{LoadConfig, Media};
use crate::failure::{Failure, FailureKind, Side};
use crate::hooks::{Hook, Hooks, Mailbox, News};
use crate::measure::Measure;
use crate::media::{Leg, MediaPool};
use crate::phone::{Phone, PhoneError, Word};
use crate::record::{Outcome, Record};
use crate::users::{Crowd, Sounds, Tone, User};

/// What every call uses.
pub(crate) struct Stage {
    pub(crate) config: LoadConfig,
    pub(crate) api: Arc<Api>,
    pub(crate) hooks: Arc<Hooks>,
    pub(crate) media: MediaPool,
    pub(crate) crowd: Crowd,
    pub(crate) sounds: Sounds,
    pub(crate) record: Arc<Record>,
    pub(crate) stop: watch::Receiver<bool>,
    /// How much may be decoded here and asked of the sandbox.
    pub(crate) ears: Budget,
    pub(crate) questions: Budget,
}

/// So many of something a second, so that measuring does not become the load.
pub(crate) struct Budget {
    most: u32,
    begun: Instant,
    now: Mutex<(u64, u32)>,
}

impl Budget {
    pub(crate) fn new(most: u32) -> Self {
        Self {
            most,
            begun: Instant::now(),
            now: Mutex::new((0, 0)),
        }
    }
    pub(crate) fn take(&self) -> bool {
        let second = self.begun.elapsed().as_secs();
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.0 != second {
            *now = (second, 0);
        }
        now.1 += 1;
        now.1 <= self.most
    }
}

/// What the seed has decided about a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) by_user: bool,
    pub(crate) tone: Tone,
    pub(crate) business_hangs_up: bool,
}

/// Plays a call from the first request to the last webhook.
pub(crate) async fn play(stage: Arc<Stage>, plan: Plan) {
    let user = match stage.crowd.take().await {
        Ok(user) => user,
        Err(failure) => return stage.record.ended(None, &Outcome::Failed(failure)),
    };
    let mut call = Call {
        stage: &stage,
        plan,
        user,
        id: None,
        mail: None,
        early: Vec::new(),
        business: None,
        phone_leg: None,
        established: None,
        over: false,
        cut_short: false,
    };
    let result = if plan.by_user {
        call.by_user().await
    } else {
        call.by_business().await
    };
    call.finish(result).await;
}

/// A call under way.
struct Call<'s> {
    stage: &'s Stage,
    plan: Plan,
    user: User,
    id: Option<CallId>,
    mail: Option<Mailbox>,
    /// Webhooks that came before they were waited for.
    early: Vec<Hook>,
    business: Option<Leg>,
    phone_leg: Option<Leg>,
    /// When it was answered, as the business was told.
    established: Option<Instant>,
    over: bool,
    /// The run was stopped so soon after the answer that nothing can be told of its sound.
    cut_short: bool,
}

impl Call<'_> {
    fn with_audio(&self) -> bool {
        self.stage.config.media == Media::Audio
    }

    fn time(&self, measure: Measure, took: Duration) {
        self.stage.record.time(measure, took);
    }

    fn named(&mut self, id: CallId) {
        self.mail = Some(self.stage.hooks.claim(&id));
        self.id = Some(id);
    }

    fn id(&self) -> Result<&CallId, Failure> {
        self.id
            .as_ref()
            .ok_or_else(|| Failure::tool("the call has no id"))
    }

    fn deadline(&self) -> tokio::time::Instant {
        tokio::time::Instant::now() + self.stage.config.patience
    }

    /// A peer with a socket.
    fn leg(&self) -> Result<Leg, Failure> {
        let failed =
            |e: std::io::Error| Failure::tool(format!("a media socket could not be opened: {e}"));
        self.stage.media.leg().map_err(failed)
    }

    /// Waits for a webhook. One that ends the call is a failure unless it is the one waited for.
    async fn hook(
        &mut self,
        name: &'static str,
        wanted: fn(&News) -> bool,
    ) -> Result<Hook, Failure> {
        if let Some(at) = self.early.iter().position(|hook| wanted(&hook.news)) {
            return Ok(self.early.remove(at));
        }
        let deadline = self.deadline();
        let patience = self.stage.config.patience;
        let mail = self
            .mail
            .as_mut()
            .ok_or_else(|| Failure::tool("the call has no id"))?;
        loop {
            let Ok(hook) = timeout_at(deadline, mail.next()).await else {
                let sentence = format!(
                    "the webhook `{name}` did not come within {} s",
                    patience.as_secs_f64()
                );
                return Err(Failure::new(FailureKind::WebhookMissing, name, sentence));
            };
            if wanted(&hook.news) {
                return Ok(hook);
            }
            match hook.news {
                News::Terminate { failed } => {
                    self.over = true;
                    return Err(ended_early(&format!("before `{name}`"), failed));
                }
                News::Rejected => {
                    return Err(Failure::new(
                        FailureKind::UserDeclined,
                        "REJECTED",
                        "the user declined the call",
                    ));
                }
                _ => self.early.push(hook),
            }
        }
    }

    fn phone(&mut self) -> Result<&mut Phone, Failure> {
        self.user
            .phone
            .as_mut()
            .ok_or_else(|| Failure::tool("the user has no phone"))
    }

    /// A request of the user's phone about this call.
    async fn phone_act(&mut self, kind: &'static str, mut fields: Value) -> Result<(), Failure> {
        fields["call_id"] = json!(self.id()?);
        let start = Instant::now();
        let answer = self.phone()?.ask(kind, fields).await;
        if !matches!(answer, Err(PhoneError::Late | PhoneError::Lost)) {
            self.time(Measure::UserAct, start.elapsed());
        }
        answer.map(drop).map_err(|e| e.failure(kind))
    }

    /// Waits for a word of the server to the user's phone about this call.
    async fn word(
        &mut self,
        name: &'static str,
        wanted: fn(&Word) -> bool,
    ) -> Result<Word, Failure> {
        let (deadline, patience) = (self.deadline(), self.stage.config.patience);
        let id = self.id()?.as_str().to_owned();
        let phone = self.phone()?;
        loop {
            let word = match timeout_at(deadline, phone.word()).await {
                Ok(Some(word)) => word,
                Ok(None) => return Err(PhoneError::Lost.failure(name)),
                Err(_) => {
                    let sentence = format!(
                        "the phone was not told `{name}` within {} s",
                        patience.as_secs_f64()
                    );
                    return Err(Failure::new(FailureKind::PhoneEventMissing, name, sentence));
                }
            };
            let (Word::Ring { call, .. } | Word::Connected { call } | Word::Ended { call, .. }) =
                &word;
            if *call != id {
                continue;
            }
            if wanted(&word) {
                return Ok(word);
            }
            if let Word::Ended { cause, .. } = word {
                return Err(ended_early(&format!("before `{name}`"), Some(cause)));
            }
        }
    }

    /// Takes the server's offer to the user's phone and gives the phone's answer.
    async fn phone_answers(&mut self, offer: &str) -> Result<(), Failure> {
        let mut leg = self.leg()?;
        let sound = self.stage.sounds.user(self.user.tone);
        let answer = leg
            .answer(offer, sound)
            .map_err(|e| bad_description(Side::User, &e))?;
        self.phone_leg = Some(leg);
        self.phone_act("sdp", json!({ "sdp": answer })).await
    }

    /// Waits for the keys of a leg.
    async fn up(&mut self, side: Side) -> Result<(), Failure> {
        let deadline = self.deadline();
        let patience = self.stage.config.patience;
        let leg = match side {
            Side::Business => self.business.as_mut(),
            Side::User => self.phone_leg.as_mut(),
        };
        let Some(leg) = leg else {
            return Ok(());
        };
        match timeout_at(deadline, leg.up()).await {
            Ok(Ok(())) => Ok(()),
            // Whether it was ICE or DTLS the peer's report tells.
            Ok(Err(_)) => Err(no_keys(side, "the handshake failed")),
            Err(_) => Err(no_keys(
                side,
                &format!("there were no keys within {} s", patience.as_secs_f64()),
            )),
        }
    }

    /// The user's side of "connected": from now on the user is heard.
    async fn user_speaks(&mut self) -> Result<(), Failure> {
        if self.user.phone.is_none() {
            return Ok(());
        }
        self.word("connected", |word| matches!(word, Word::Connected { .. }))
            .await?;
        self.up(Side::User).await?;
        if let Some(leg) = &self.phone_leg {
            leg.speak();
        }
        Ok(())
    }
}

fn ended_early(when: &str, why: Option<String>) -> Failure {
    let why = why.unwrap_or_else(|| "COMPLETED".into());
    Failure::new(
        FailureKind::EndedEarly,
        format!("{when}: {why}"),
        format!("the call ended {when}: {why}"),
    )
}

fn bad_description(side: Side, why: &str) -> Failure {
    let sentence = format!("the session description for the {side} cannot be used: {why}");
    Failure::new(FailureKind::BadDescription, side.to_string(), sentence)
}

fn no_keys(side: Side, why: &str) -> Failure {
    Failure::new(
        FailureKind::NoDtls,
        side.to_string(),
        format!("{why} at the {side}"),
    )
}
