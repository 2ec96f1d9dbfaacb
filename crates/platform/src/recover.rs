//! After a crash: every unfinished call ends, every webhook in flight is due at once (`contract.md` §4).

use ahoy_store::{Result, StoreError};
use ahoy_types::RuleTime;

use crate::finish;
use crate::ledger::Step;
use crate::outbox;
use crate::platform::Platform;

/// Key of the heartbeat in the store: when the platform was last seen alive with a connected call.
pub(crate) const HEARTBEAT_KEY: &str = "heartbeat";

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

fn recover(step: &mut Step<'_>) -> Result<Recovered> {
    // In flight before the new ends are: those go out by effects of their own.
    let sending = step.tx.sending()?;
    let last_seen = match step.tx.meta(HEARTBEAT_KEY)? {
        Some(text) => RuleTime(
            text.parse()
                .map_err(|_| StoreError(format!("the heartbeat `{text}` is no number")))?,
        ),
        None => step.now,
    };
    let calls = end_live(step, last_seen)?;
    for id in &sending {
        outbox::due(step, *id)?;
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
