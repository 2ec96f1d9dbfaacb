//! Sending a webhook once more because somebody asked for it (`contract.md` §3).
//!
//! A replay is one attempt beside the schedule: the same bytes to wherever the app's webhooks go now. It is logged like
//! any other. Success delivers a webhook that was not delivered; failure changes nothing, so that trying out a
//! receiver never begins another week of retries.

use ahoy_calling::delivery::delivered;
use ahoy_store::{Attempt, DeliveryState, Result, StoreError};
use ahoy_types::{DeliveryId, RuleTime};
use tokio::sync::oneshot;

use crate::inspector::Attempted;
use crate::ledger::Step;
use crate::outbox::{self, AttemptReport};
use crate::platform::Platform;

/// Why a webhook is not sent once more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayRefusal {
    /// It is not there, or was deleted meanwhile.
    #[error("there is no delivery {0}")]
    NoSuchDelivery(DeliveryId),
    /// Its first attempt is not over: a second one would overtake it.
    #[error("delivery {0} is {state}: it can be replayed once its attempt is over", state = .1.as_str())]
    OnItsWay(DeliveryId, DeliveryState),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Platform {
    /// Sends a webhook once more, waits for the outcome, and says which attempt in its log it was. The attempt goes on
    /// if nobody waits for it any more.
    ///
    /// # Errors
    /// [`ReplayRefusal`]; nothing was sent then.
    pub async fn replay(&self, id: DeliveryId) -> std::result::Result<u32, ReplayRefusal> {
        let row = self.read(|rows| rows.delivery(id))?;
        let row = row.ok_or(ReplayRefusal::NoSuchDelivery(id))?;
        match row.state {
            DeliveryState::Delivered | DeliveryState::Abandoned | DeliveryState::Retrying => {}
            state @ (DeliveryState::Waiting | DeliveryState::Sending) => {
                return Err(ReplayRefusal::OnItsWay(id, state));
            }
        }
        let (done, outcome) = oneshot::channel();
        let mut job = self.job(id, row.app, row.lane, std::time::Instant::now());
        job.replay = Some(done);
        self.hand_out(job);
        // Dropped unanswered where the sandbox started over meanwhile.
        outcome.await.map_err(|_| ReplayRefusal::NoSuchDelivery(id))
    }
}

/// A replay is over: log it, and settle the delivery if it was owed still and is delivered now.
pub(crate) fn replayed(
    step: &mut Step<'_>,
    id: DeliveryId,
    report: AttemptReport,
    began: RuleTime,
) -> Result<Option<Attempted>> {
    let Some(mut row) = step.tx.delivery(id)? else {
        return Ok(None);
    };
    row.attempts += 1;
    let number = row.attempts;
    let outcome = report.outcome;
    step.tx.add_attempt(&Attempt {
        replay: true,
        ..outbox::logged(id, number, report, began)
    })?;
    let owed = matches!(
        row.state,
        DeliveryState::Retrying | DeliveryState::Abandoned
    );
    if owed && delivered(outcome) {
        row.state = DeliveryState::Delivered;
        let settled = outbox::settle(step, row, false)?;
        return Ok(Some(Attempted {
            row: settled,
            number,
        }));
    }
    step.tx.update_delivery(&row)?;
    Ok(Some(Attempted { row, number }))
}
