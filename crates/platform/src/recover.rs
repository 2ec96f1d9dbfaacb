//! After a crash: every unfinished call ends, every webhook in flight is due at once (`contract.md` §4).

use ahoy_store::{Result, StoreError};
use ahoy_types::RuleTime;

use crate::clock::Clock;
use crate::finish;
use crate::ledger::Step;
use crate::outbox;
use crate::platform::Platform;
use crate::timers::CLOCK_KEY;

/// What a start found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// Calls that were ended.
    pub calls: usize,
    /// Deliveries that are tried again at once.
    pub deliveries: usize,
}

impl Platform {
    /// Settles what a crash left behind; called once before the server reports ready.
    pub(crate) async fn recover(&self) -> Result<Recovered> {
        self.ledger().execute(recover).await
    }

    /// Ends every live call: the platform stops on purpose.
    pub(crate) async fn end_all(&self) -> Result<usize> {
        self.ledger()
            .execute(|step| {
                let now = step.now;
                end_live(step, now)
            })
            .await
    }
}

/// Settles what the rows say is under way.
pub(crate) fn recover(step: &mut Step<'_>) -> Result<Recovered> {
    // In flight before the new ends are: those go out by effects of their own.
    let sending = step.tx.sending()?;
    // Still the last run's: this one's first mark is written at the end of this very batch.
    let last_seen = match step.tx.meta(CLOCK_KEY)? {
        Some(mark) => Clock::marked(&mark)
            .ok_or_else(|| StoreError(format!("the clock's mark `{mark}` cannot be read")))?,
        None => step.now,
    };
    let calls = end_live(step, last_seen)?;
    for id in &sending {
        outbox::resend(step, *id)?;
    }
    Ok(Recovered {
        calls,
        deliveries: sending.len(),
    })
}

fn end_live(step: &mut Step<'_>, last_seen: RuleTime) -> Result<usize> {
    let calls = step.tx.live_calls()?;
    let count = calls.len();
    for mut call in calls {
        if call.lost(last_seen, step.now) {
            finish::ended(step, &call)?;
        }
    }
    Ok(count)
}
