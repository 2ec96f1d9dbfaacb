//! The scheduler: entries in the store, popped in order, each at its own instant (`design.md` §6, "Two clocks").

use std::time::Duration;

use ahoy_calling::place::PhoneRefusal;
use ahoy_store::{StoreError, Timer, TimerKind};
use ahoy_types::RuleTime;
use tokio::time::Instant;

use crate::effect::Effect;
use crate::ledger::{Fault, Step};
use crate::platform::Platform;
use crate::{finish, outbox, user};

/// How long a jump waits, in real time, for what one due instant caused.
const SETTLE: Duration = Duration::from_secs(3);
/// The scheduler looks again after this long even if nothing woke it: the system's clock may have been set.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Key of the clock's high-water mark in the store.
pub(crate) const CLOCK_KEY: &str = "clock";

impl Platform {
    /// Runs due timers as rule time passes, until the platform stops.
    pub(crate) async fn run_timers(self) {
        loop {
            let due = match self.read(|rows| rows.next_timer()) {
                Ok(timer) => timer,
                Err(e) => {
                    tracing::error!(error = %e, "the scheduler cannot read its timers");
                    None
                }
            };
            let now = self.clock().now();
            match due {
                Some(timer) if timer.due <= now => {
                    let _turn = self.timer_turn().lock().await;
                    if let Err(e) = self.fire(timer, None).await {
                        tracing::error!(error = %e, "a timer could not run");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
                due => {
                    let wait = due.map_or(LOOK_AGAIN, |t| t.due.since(now).min(LOOK_AGAIN));
                    tokio::select! {
                        () = self.timers_changed().notified() => {}
                        () = tokio::time::sleep(wait) => {}
                        () = self.stopping() => return,
                    }
                }
            }
        }
    }

    /// Runs one timer; in a jump the clock's mark is committed with it, so that a crash does not turn time back.
    async fn fire(&self, timer: Timer, mark: Option<RuleTime>) -> Result<(), StoreError> {
        self.ledger()
            .execute(move |step| {
                if let Some(at) = mark {
                    step.tx.put_meta(CLOCK_KEY, &at.0.to_string())?;
                }
                if step.tx.delete_timer(timer.id)? {
                    run(step, timer.kind)?;
                }
                Ok(())
            })
            .await
    }

    /// Jumps: runs everything that falls due within `by`, each at its own instant, waits for what it causes, and
    /// answers the new rule time.
    pub async fn advance(&self, by: Duration) -> Result<RuleTime, StoreError> {
        let _turn = self.timer_turn().lock().await;
        let start = self.clock().now();
        let target = start + by;
        self.clock().hold(start);
        let result = self.run_until(target).await;
        self.clock()
            .run_from(if result.is_ok() { target } else { start });
        self.timers_changed().notify_one();
        result.map(|()| self.clock().now())
    }

    async fn run_until(&self, target: RuleTime) -> Result<(), StoreError> {
        loop {
            self.settle().await;
            match self.read(|rows| rows.next_timer())? {
                Some(timer) if timer.due <= target => {
                    self.clock().hold(timer.due);
                    self.fire(timer, Some(self.clock().now())).await?;
                }
                _ => break,
            }
        }
        self.clock().hold(target);
        let mark = target.0.to_string();
        self.ledger()
            .execute(move |step| step.tx.put_meta(CLOCK_KEY, &mark))
            .await
    }

    /// Waits until nothing caused so far is under way, or for [`SETTLE`] at most.
    async fn settle(&self) {
        let until = Instant::now() + SETTLE;
        if tokio::time::timeout_at(until, self.quiet().wait())
            .await
            .is_err()
        {
            tracing::warn!(
                under_way = self.quiet().count(),
                "the jump goes on although a receiver has not answered yet"
            );
        }
    }
}

/// What a due timer does.
fn run(step: &mut Step<'_>, kind: TimerKind) -> Result<(), StoreError> {
    step.effects.push(Effect::TimersChanged);
    match kind {
        TimerKind::RingTimeout { call } => {
            if let Some(mut call) = step.tx.call(&call)?
                && call.ring_timed_out(step.now)
            {
                finish::ended(step, &call)?;
            }
            Ok(())
        }
        TimerKind::UserAct { call, act } => {
            let Some(call) = step.tx.call(&call)? else {
                return Ok(());
            };
            match user::act(step, call, act) {
                Err(PhoneRefusal::Internal(sentence)) => Err(StoreError::internal(sentence)),
                // The call went another way before the user got to it.
                Ok(()) | Err(_) => Ok(()),
            }
        }
        TimerKind::Retry { delivery } => outbox::due(step, delivery),
        TimerKind::ReleaseLane { delivery } => outbox::hold_over(step, delivery),
    }
}
