//! Export and import of everything, for the sandbox.

use ahoy_store::{Dump, ReplaceError, Result, StoreError};
use ahoy_types::RuleTime;
use serde_json::{Map, Value};

use crate::host::to_the_end;
use crate::ledger::Step;
use crate::platform::Platform;
use crate::recover::Recovered;
use crate::timers::{CLOCK_KEY, PATIENCE};

/// Everything the platform keeps, at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Rule time.
    pub now: RuleTime,
    /// Whether the clock stands still.
    pub frozen: bool,
    /// Every row; the clock's mark is not among them.
    pub rows: Dump,
}

/// The table of the platform's own values.
const META: &str = "meta";

fn is_mark(row: &Map<String, Value>) -> bool {
    row.get("key").is_some_and(|key| key == CLOCK_KEY)
}

impl Platform {
    /// Everything there is, out of one snapshot.
    pub fn export(&self) -> Result<State> {
        let mut rows = self.read(|rows| rows.dump())?;
        // Read after the snapshot: no row is of a later instant.
        let (now, frozen) = (self.clock().now(), self.clock().frozen());
        if let Some(meta) = rows.tables.get_mut(META) {
            meta.retain(|row| !is_mark(row));
        }
        Ok(State { now, frozen, rows })
    }

    /// Puts `state` in the place of everything there is, its clock included, and ends the live calls without a word. What
    /// lives in `state` is settled as at a start after a crash: unfinished calls end as failed, webhooks that were being
    /// sent are sent again. When it is refused everything goes on as it was.
    ///
    /// # Errors
    /// [`ReplaceError::Invalid`] names the place in the state.
    pub async fn import(&self, state: State) -> std::result::Result<Recovered, ReplaceError> {
        let platform = self.clone();
        let importing = async move {
            let _turn = platform.timer_turn().lock().await;
            // What is under way belongs to the rows that go.
            platform.quiet().settle(PATIENCE).await;
            let State { now, frozen, rows } = state;
            let meta = rows.tables.get(META).map(Vec::as_slice);
            if meta.unwrap_or_default().iter().any(is_mark) {
                return Err(ReplaceError::Invalid(format!(
                    "tables.{META}: the clock is not among these"
                )));
            }
            platform.ledger().replace(rows, now, frozen).await
        };
        to_the_end(self.host().as_ref(), importing)
            .await
            .unwrap_or_else(|| Err(StoreError("the import broke off".into()).into()))
    }

    /// Lets the clock stand still, or run on from where it stands. While it stands, timers fire by [`Platform::advance`]
    /// alone; media goes on in real time.
    pub async fn freeze(&self, frozen: bool) -> Result<()> {
        let platform = self.clone();
        let freezing = async move {
            let _turn = platform.timer_turn().lock().await;
            let clock = platform.clock().clone();
            let marked = platform
                .ledger()
                .execute(move |step: &mut Step<'_>| {
                    clock.freeze(frozen);
                    step.tx.put_meta(CLOCK_KEY, &clock.mark(clock.now()))
                })
                .await;
            platform.timers_changed().notify_one();
            marked
        };
        to_the_end(self.host().as_ref(), freezing)
            .await
            .unwrap_or_else(|| Err(StoreError("the clock could not be set".into())))
    }

    /// Sets the clock of a store that was never planted, to any instant. Says whether it did: in one that was planted, time
    /// never goes back.
    pub async fn begin_at(&self, now: RuleTime) -> Result<bool> {
        let platform = self.clone();
        let setting = async move {
            let _turn = platform.timer_turn().lock().await;
            let clock = platform.clock().clone();
            let set = platform
                .ledger()
                .execute(move |step: &mut Step<'_>| {
                    if step.tx.meta(crate::seed::SEEDED_KEY)?.is_some() {
                        return Ok(false);
                    }
                    clock.set(now, clock.frozen());
                    step.tx.put_meta(CLOCK_KEY, &clock.mark(now))?;
                    Ok(true)
                })
                .await;
            platform.timers_changed().notify_one();
            set
        };
        to_the_end(self.host().as_ref(), setting)
            .await
            .unwrap_or_else(|| Err(StoreError("the clock could not be set".into())))
    }
}
