//! Invented receivers of webhooks: well, sick, slow, silent, hanging, redirecting; and a log of all they were sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ahoy_calling::delivery::{ATTEMPT_TIMEOUT, Outcome};
use ahoy_platform::{AttemptReport, DeliveryJob, Host, Platform};
use ahoy_types::{AppId, CallId, DeliveryId, RuleTime};
use tokio::sync::mpsc;

use crate::dice::Dice;
use crate::machine::{Machine, lock};

/// How a receiver fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Takes everything at once.
    Well,
    /// Takes it after a while.
    Slow,
    /// Errors of its own now and then.
    Sick,
    /// Too busy now and then: 429 and 503.
    Busy,
    /// Refuses the connection.
    Gone,
    /// Takes the webhook and never answers.
    Hangs,
    /// Answers after the platform stopped waiting.
    Late,
    /// Sends the platform elsewhere, which it does not follow.
    Redirects,
    /// All of it in turn.
    Mixed,
}

impl Mood {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Well,
        Self::Slow,
        Self::Sick,
        Self::Busy,
        Self::Gone,
        Self::Hangs,
        Self::Late,
        Self::Redirects,
        Self::Mixed,
    ];

    /// Whether the webhook gets there, how long the attempt takes, and how it goes.
    fn draw(self, dice: &mut Dice) -> (bool, Duration, Outcome) {
        let ms = Duration::from_millis;
        let quick = ms(dice.below(40));
        match self {
            Self::Well => (true, quick, Outcome::Status(200)),
            Self::Slow => (true, ms(dice.below(9_900)), Outcome::Status(200)),
            Self::Sick => (true, quick, Outcome::Status(dice.of(&[200, 500, 404]))),
            Self::Busy => (true, quick, Outcome::Status(dice.of(&[200, 429, 503, 504]))),
            Self::Gone => (false, quick, Outcome::NoAnswer),
            // From outside these two are the same: no answer within the time.
            Self::Hangs | Self::Late => (true, ATTEMPT_TIMEOUT, Outcome::NoAnswer),
            Self::Redirects => (true, quick, Outcome::Status(dice.of(&[301, 302, 307]))),
            Self::Mixed => {
                let mood = dice.of(&Self::ALL[..8]);
                mood.draw(dice)
            }
        }
    }
}

/// One attempt as the receiver's side of the wire saw it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Which webhook.
    pub delivery: DeliveryId,
    /// The receiver.
    pub app: AppId,
    /// The call whose order it keeps.
    pub lane: Option<CallId>,
    /// The process that sent it, counted from 1.
    pub life: u32,
    /// The bytes.
    pub body: Arc<[u8]>,
    /// Place of its beginning among all beginnings and ends.
    pub began_at: u64,
    /// Rule time of its beginning.
    pub began: RuleTime,
    /// Whether the receiver got the bytes.
    pub reached: bool,
    /// Place of its end, and how it went; `None` if the process died before.
    pub ended: Option<(u64, Outcome)>,
}

/// A mistake of whoever sends webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeBug {
    /// No answer is reported as an error of the receiver's.
    SilenceTakenForAnAnswer,
    /// Now and then a webhook that was handed out is forgotten.
    ForgetsWebhooks,
    /// A success is reported before the receiver has answered.
    ReportsTooEarly,
}

#[derive(Debug)]
struct State {
    dice: Dice,
    bug: Option<EdgeBug>,
    moods: BTreeMap<AppId, Mood>,
    attempts: Vec<Attempt>,
    places: u64,
    lives: u32,
    /// Of each webhook, how many attempts are at hand to keep one copy of its bytes.
    bodies: BTreeMap<DeliveryId, Arc<[u8]>>,
}

/// All receivers, whatever becomes of the process.
#[derive(Debug)]
pub struct Receivers(Mutex<State>);

impl Receivers {
    /// All of them well, and served by an edge with this bug.
    pub fn new(seed: u64, bug: Option<EdgeBug>) -> Self {
        Self(Mutex::new(State {
            dice: Dice::new(seed, 4),
            bug,
            moods: BTreeMap::new(),
            attempts: Vec::new(),
            places: 0,
            lives: 0,
            bodies: BTreeMap::new(),
        }))
    }

    /// One fares like this from now on.
    pub fn fares(&self, app: AppId, mood: Mood) {
        lock(&self.0).moods.insert(app, mood);
    }

    /// All are well from now on.
    pub fn recover(&self) {
        lock(&self.0).moods.clear();
    }

    /// Looks at every attempt so far.
    pub fn look<T>(&self, look: impl FnOnce(&[Attempt]) -> T) -> T {
        look(&lock(&self.0).attempts)
    }

    fn begin(&self, target: &ahoy_platform::Target, began: RuleTime) -> Option<Begun> {
        target.url.as_ref()?;
        let mut state = lock(&self.0);
        let bug = state.bug;
        let app = target.delivery.app;
        let mood = state.moods.get(&app).copied().unwrap_or(Mood::Well);
        let (reached, takes, outcome) = mood.draw(&mut state.dice);
        state.places += 1;
        let same = state
            .bodies
            .get(&target.delivery.id)
            .filter(|kept| ***kept == *target.delivery.body)
            .cloned();
        let body: Arc<[u8]> = match same {
            Some(kept) => kept,
            None => {
                let bytes: Arc<[u8]> = target.delivery.body.as_slice().into();
                state.bodies.insert(target.delivery.id, bytes.clone());
                bytes
            }
        };
        let attempt = Attempt {
            delivery: target.delivery.id,
            app,
            lane: target.delivery.lane.clone(),
            life: state.lives,
            body,
            began_at: state.places,
            began,
            reached,
            ended: None,
        };
        state.attempts.push(attempt);
        Some(Begun {
            index: state.attempts.len() - 1,
            takes,
            outcome,
            bug,
        })
    }

    /// Whether the edge forgets the next webhook.
    fn forgets(&self) -> bool {
        let mut state = lock(&self.0);
        state.bug == Some(EdgeBug::ForgetsWebhooks) && state.dice.percent(2)
    }

    fn end(&self, index: usize, outcome: Outcome) {
        let mut state = lock(&self.0);
        state.places += 1;
        let place = state.places;
        if let Some(attempt) = state.attempts.get_mut(index) {
            attempt.ended = Some((place, outcome));
        }
    }

    /// Makes attempts as they are handed out, as the webhooks edge does.
    pub async fn serve(
        self: Arc<Self>,
        machine: Arc<Machine>,
        platform: Platform,
        mut jobs: mpsc::UnboundedReceiver<DeliveryJob>,
    ) {
        lock(&self.0).lives += 1;
        while let Some(job) = jobs.recv().await {
            let attempt = attempt(self.clone(), machine.clone(), platform.clone(), job);
            machine.spawn(Box::pin(attempt));
        }
    }
}

struct Begun {
    index: usize,
    takes: Duration,
    outcome: Outcome,
    bug: Option<EdgeBug>,
}

impl Begun {
    /// What the edge reports.
    const fn reported(&self) -> Outcome {
        match (self.bug, self.outcome) {
            (Some(EdgeBug::SilenceTakenForAnAnswer), Outcome::NoAnswer) => Outcome::Status(500),
            (Some(EdgeBug::ReportsTooEarly), _) => Outcome::Status(200),
            (_, outcome) => outcome,
        }
    }
}

async fn attempt(
    receivers: Arc<Receivers>,
    machine: Arc<Machine>,
    platform: Platform,
    job: DeliveryJob,
) {
    let began = platform.clock().now();
    let target = match platform.delivery_target(&job) {
        Ok(Some(target)) => target,
        // Gone, or the store is: then so is the process.
        Ok(None) | Err(_) => return,
    };
    let mut report = AttemptReport {
        url: target.url.clone().unwrap_or_default(),
        headers: Vec::new(),
        answer_headers: Vec::new(),
        took_us: 0,
        outcome: Outcome::NoCallback,
        note: String::new(),
        fault: None,
        copy: None,
    };
    if receivers.forgets() {
        return;
    }
    if let Some(begun) = receivers.begin(&target, began) {
        if begun.bug != Some(EdgeBug::ReportsTooEarly) {
            machine.sleep(begun.takes).await;
            receivers.end(begun.index, begun.outcome);
        }
        report.took_us = u64::try_from(begun.takes.as_micros()).unwrap_or(u64::MAX);
        report.outcome = begun.reported();
    }
    platform.delivery_attempted(job, report, began).await;
}
