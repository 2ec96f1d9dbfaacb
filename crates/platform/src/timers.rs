//! The scheduler: entries in the store, popped in order, each at its own instant (`design.md` §6, "Two clocks").

use std::time::Duration;

use ahoy_calling::Call;
use ahoy_calling::place::PhoneRefusal;
use ahoy_store::{StoreError, Timer, TimerKind};
use ahoy_types::RuleTime;

use crate::effect::Effect;
use crate::host::to_the_end;
use crate::ledger::{Fault, Step};
use crate::platform::Platform;
use crate::{finish, mail, messages, outbox, templates, uploads, user};

/// How long a jump waits, in real time, for each thing that a due instant caused.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);
/// The scheduler looks again after this long even if nothing woke it: the system's clock may have been set.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// How long a timer that failed waits, in rule time: others are due meanwhile.
const POSTPONED: Duration = Duration::from_secs(60);
/// How long the scheduler rests, in real time, when the store takes nothing.
const STORE_AGAIN: Duration = Duration::from_secs(1);

/// Key of the clock's mark in the store: when the platform was last seen alive.
pub(crate) const CLOCK_KEY: &str = "clock";

impl Platform {
    /// Runs due timers as rule time passes, until the platform stops.
    pub(crate) async fn run_timers(self) {
        while !*self.stop_signal().borrow() {
            let wait = match self.run_next_timer().await {
                Ok(None) => continue,
                Ok(Some(wait)) => wait,
                Err(e) => {
                    tracing::error!(error = %e, "the scheduler cannot work");
                    STORE_AGAIN
                }
            };
            tokio::select! {
                biased;
                () = self.stopping() => return,
                () = self.timers_changed().notified() => {}
                () = self.host().sleep(wait) => {}
            }
        }
    }

    /// Runs the first timer if it is due, else says how long to wait for it.
    async fn run_next_timer(&self) -> Result<Option<Duration>, StoreError> {
        let next = self.read(|rows| rows.next_timer())?;
        let now = self.clock().now();
        match next {
            Some(timer) if timer.due <= now => {
                // A jump may have run it meanwhile; then it is no longer there.
                let _turn = self.timer_turn().lock().await;
                self.fire(timer).await?;
                Ok(None)
            }
            Some(timer) => Ok(Some(timer.due.since(now).min(LOOK_AGAIN))),
            None => Ok(Some(LOOK_AGAIN)),
        }
    }

    /// Runs one timer. The clock's mark is committed with it, so that a crash in a jump does not turn time back.
    async fn fire(&self, timer: Timer) -> Result<(), StoreError> {
        let Timer { id, due, kind } = timer;
        let what = kind.clone();
        let clock = self.clock().clone();
        let result = self
            .ledger()
            .execute(move |step| {
                step.tx.put_meta(CLOCK_KEY, &clock.mark(step.now))?;
                if step.tx.delete_timer(id)? {
                    run(step, what, due)?;
                }
                Ok(())
            })
            .await;
        let Err(e): Result<(), StoreError> = result else {
            return Ok(());
        };
        tracing::error!(timer = %id, error = %e, "a timer could not run and is put off");
        self.ledger()
            .execute(move |step| {
                if step.tx.delete_timer(id)? {
                    step.tx.add_timer(step.now + POSTPONED, &kind)?;
                }
                Ok(())
            })
            .await
    }

    /// Jumps: runs everything that falls due within `by`, each at its own instant, waits for what it causes, and
    /// answers the new rule time. A jump that was begun goes to its end even if nobody waits for it any more.
    ///
    /// # Errors
    /// The store failed, or the platform stops; rule time stands where the jump got to.
    pub async fn advance(&self, by: Duration) -> Result<RuleTime, StoreError> {
        let platform = self.clone();
        to_the_end(self.host().as_ref(), async move { platform.jump(by).await })
            .await
            .unwrap_or_else(|| Err(StoreError("the jump broke off".into())))
    }

    async fn jump(&self, by: Duration) -> Result<RuleTime, StoreError> {
        let _turn = self.timer_turn().lock().await;
        let start = self.clock().now();
        let target = start + by;
        let held = Held::at(self, start);
        if let Some(inspector) = self.inspecting() {
            inspector.clock_jumps(start, target);
        }
        self.run_until(target).await?;
        held.run_on_from(target);
        Ok(self.clock().now())
    }

    async fn run_until(&self, target: RuleTime) -> Result<(), StoreError> {
        let mut told = false;
        loop {
            let left = self.quiet().settle(PATIENCE).await;
            if left > 0 && !told {
                told = true;
                tracing::warn!(
                    left,
                    "a jump of the clock goes on although something is still under way"
                );
            }
            match self.read(|rows| rows.next_timer())? {
                Some(timer) if timer.due <= target => {
                    self.clock().hold(timer.due);
                    self.fire(timer).await?;
                }
                _ => break,
            }
        }
        let clock = self.clock().clone();
        let before = clock.now();
        clock.hold(target);
        let written = {
            let clock = clock.clone();
            self.ledger()
                .execute(move |step| step.tx.put_meta(CLOCK_KEY, &clock.mark(step.now)))
                .await
        };
        if written.is_err() {
            // A jump whose mark finds no room on the disk has not happened: a crash after it would take the time back.
            clock.set(before, clock.frozen());
        }
        written
    }
}

/// A clock that stands still; it runs on when this goes, however that comes about.
struct Held<'a>(&'a Platform);

impl<'a> Held<'a> {
    fn at(platform: &'a Platform, now: RuleTime) -> Self {
        platform.clock().hold(now);
        Self(platform)
    }
    fn run_on_from(self, at: RuleTime) {
        self.0.clock().run_from(at);
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let clock = self.0.clock();
        clock.run_from(clock.now());
        self.0.timers_changed().notify_one();
    }
}

/// Dates what a timer does to a call at the instant it was due: the scheduler comes some milliseconds later, and a call
/// of four seconds must not count five for it. Never before what happened to the call last.
fn date(step: &mut Step<'_>, call: &Call, due: RuleTime) {
    step.now = step.now.min(due.max(call.last_event()));
}

/// What a due timer does.
fn run(step: &mut Step<'_>, kind: TimerKind, due: RuleTime) -> Result<(), StoreError> {
    step.effects.push(Effect::TimersChanged);
    match kind {
        TimerKind::RingTimeout { call } => {
            let Some(mut call) = step.tx.call(&call)? else {
                return Ok(());
            };
            date(step, &call, due);
            if call.ring_timed_out(step.now) {
                finish::ended(step, &call)?;
            }
            Ok(())
        }
        TimerKind::UserAct { call, act } => {
            let Some(call) = step.tx.call(&call)? else {
                return Ok(());
            };
            date(step, &call, due);
            match user::act(step, call, act) {
                Err(PhoneRefusal::Internal(sentence)) => Err(StoreError::internal(sentence)),
                // The call went another way before the user got to it.
                Ok(()) | Err(_) => Ok(()),
            }
        }
        TimerKind::AnswerRequest { message, answer } => {
            messages::answer_planned(step, &message, answer)
        }
        TimerKind::Retry { delivery } => outbox::due(step, delivery),
        TimerKind::ReleaseLane { delivery } => outbox::hold_over(step, delivery),
        TimerKind::TemplateReview { template, revision } => {
            templates::reviewed(step, template, revision)
        }
        TimerKind::MediaExpiry { media } => uploads::expire(step, media),
        TimerKind::MailRetry { mail } => mail::due(step, mail),
    }
}
