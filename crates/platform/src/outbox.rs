//! Webhooks: owed in the transaction that causes them, handed out after the commit, tried until taken
//! (`contract.md` §4, `webhooks.md` §1).

use std::time::Duration;

use ahoy_calling::Call;
use ahoy_calling::account::{Number, Subscription};
use ahoy_calling::delivery::{self, Next, Outcome};
use ahoy_faults::Subject;
use ahoy_store::{Attempt, Delivery, DeliveryState, NewDelivery, Result, TimerKind};
use ahoy_types::{AppId, BusinessId, CallId, DeliveryId, PhoneNumberId, RuleTime, WaId, WabaId};
use ahoy_wire::webhook::Common;
use tokio::sync::oneshot;

use crate::effect::{DeliveryJob, Effect};
use crate::inspector::Attempted;
use crate::ledger::Step;
use crate::platform::Platform;
use crate::replay::replayed;
use crate::{figures, identity};

/// How long an outcome that could not be stored waits for the next try.
const STORE_AGAIN: Duration = Duration::from_secs(1);

/// How one attempt went, as the webhooks edge saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptReport {
    /// Where it was sent.
    pub url: String,
    /// The request's headers.
    pub headers: Vec<(String, String)>,
    /// Real microseconds it took.
    pub took_us: u64,
    /// What came of it.
    pub outcome: Outcome,
    /// The reason there was no answer, or the beginning of the answer's body.
    pub note: String,
    /// The answer's headers. The inspector shows them; the log of deliveries does not keep them.
    pub answer_headers: Vec<(String, String)>,
    /// Which faults the sandbox was asked to do to it, if any.
    pub fault: Option<String>,
    /// The same webhook sent once more, where a fault asked for that. What came of it counts for nothing.
    pub copy: Option<Box<AttemptReport>>,
}

/// What every calling webhook of this number and user has in common.
pub(crate) fn common(step: &mut Step<'_>, number: &Number, call: &Call) -> Result<Common> {
    common_for(step, number, call.user)
}

/// What every webhook of this number and user has in common.
pub(crate) fn common_for(step: &mut Step<'_>, number: &Number, wa_id: WaId) -> Result<Common> {
    let business = identity::owner(step.tx, number)?;
    Ok(Common {
        waba: number.waba,
        phone_number_id: number.id,
        display_phone_number: number.number,
        contact: identity::card(step.tx, business, wa_id, step.now)?,
    })
}

/// Owes `body`, which routing does not touch, to every app that is subscribed to the number's WABA and to `field`. What
/// is about calls or messages goes through [`crate::routing`].
pub(crate) fn publish_to_all(
    step: &mut Step<'_>,
    number: &Number,
    field: &str,
    lane: Option<&CallId>,
    body: &[u8],
) -> Result<()> {
    owe(step, number.waba, number.id, None, field, lane, body)
}

/// The same to the apps of one business alone.
pub(crate) fn publish_to(
    step: &mut Step<'_>,
    number: &Number,
    business: BusinessId,
    field: &str,
    lane: Option<&CallId>,
    body: &[u8],
) -> Result<()> {
    let only = Some(business);
    owe(step, number.waba, number.id, only, field, lane, body)
}

/// Owes `body`, which is about the account and none of its numbers, to every app subscribed to it and to `field`.
pub(crate) fn publish_for_account(
    step: &mut Step<'_>,
    waba: WabaId,
    field: &str,
    body: &[u8],
) -> Result<()> {
    owe(step, waba, PhoneNumberId(waba.0), None, field, None, body)
}

fn owe(
    step: &mut Step<'_>,
    waba: WabaId,
    node: PhoneNumberId,
    only: Option<BusinessId>,
    field: &str,
    lane: Option<&CallId>,
    body: &[u8],
) -> Result<()> {
    for Subscription { app: id, .. } in step.tx.subscriptions(waba)? {
        let Some(app) = step.tx.app(id)? else {
            continue;
        };
        let meant = only.is_none_or(|business| app.business == business);
        if !meant || !app.fields.iter().any(|f| f == field) {
            continue;
        }
        let waits = match lane {
            Some(call) => step.tx.lane_held(id, call)?,
            None => false,
        };
        let delivery = step.tx.add_delivery(&NewDelivery {
            app: id,
            number: node,
            lane: lane.cloned(),
            field: field.to_owned(),
            body: body.to_vec(),
            created_at: step.now,
            state: if waits {
                DeliveryState::Waiting
            } else {
                DeliveryState::Sending
            },
            holds_lane: lane.is_some() && !waits,
        })?;
        step.put_under_faults(Subject::Delivery(delivery));
        if !waits {
            step.effects.push(Effect::Deliver {
                id: delivery,
                app: id,
                lane: lane.cloned(),
            });
        }
    }
    Ok(())
}

/// An attempt is over: log it, settle the delivery, let the call's next event go or hold it.
pub(crate) fn attempted(
    step: &mut Step<'_>,
    id: DeliveryId,
    report: AttemptReport,
    began: RuleTime,
) -> Result<Option<Attempted>> {
    let Some(mut row) = step.tx.delivery(id)? else {
        return Ok(None);
    };
    if row.state != DeliveryState::Sending {
        return Ok(None);
    }
    row.attempts += 1;
    let (number, outcome) = (row.attempts, report.outcome);
    let mut report = report;
    let copy = report.copy.take();
    step.tx.add_attempt(&logged(id, number, report, began))?;
    if let Some(copy) = copy {
        row.attempts += 1;
        step.tx
            .add_attempt(&logged(id, row.attempts, *copy, began))?;
    }
    match delivery::after_attempt(id, number, row.created_at, outcome, step.now) {
        Next::Done => row.state = DeliveryState::Delivered,
        Next::Abandoned => row.state = DeliveryState::Abandoned,
        Next::RetryAt(at) => {
            row.state = DeliveryState::Retrying;
            row.next_due = Some(at);
            step.tx.add_timer(at, &TimerKind::Retry { delivery: id })?;
        }
    }
    let held = row.holds_lane && row.state == DeliveryState::Retrying && delivery::holds(outcome);
    if held && number == 1 {
        // The hold is counted from the event's first attempt, which `began`.
        step.tx.add_timer(
            began + delivery::HOLD,
            &TimerKind::ReleaseLane { delivery: id },
        )?;
    }
    let row = settle(step, row, held)?;
    Ok(Some(Attempted { row, number }))
}

/// An attempt as the log keeps it.
pub(crate) fn logged(
    delivery: DeliveryId,
    number: u32,
    report: AttemptReport,
    at: RuleTime,
) -> Attempt {
    Attempt {
        delivery,
        number,
        url: report.url,
        headers: report.headers,
        at,
        took_us: report.took_us,
        status: match report.outcome {
            Outcome::Status(status) => Some(status),
            Outcome::NoAnswer | Outcome::NoCallback => None,
        },
        note: report.note,
        replay: false,
        fault: report.fault,
    }
}

/// Lets the next event of its call overtake this one: it holds its lane no more.
pub(crate) fn let_overtake(step: &mut Step<'_>, id: DeliveryId) -> Result<()> {
    match step.tx.delivery(id)? {
        Some(row) if row.holds_lane && row.state == DeliveryState::Sending => {
            settle(step, row, false).map(drop)
        }
        _ => Ok(()),
    }
}

/// Writes the row; unless it still holds its lane, the next event of the call goes out.
pub(crate) fn settle(step: &mut Step<'_>, mut row: Delivery, held: bool) -> Result<Delivery> {
    step.effects.push(Effect::TimersChanged);
    if row.state != DeliveryState::Retrying {
        row.next_due = None;
    }
    let released = row.holds_lane && !held;
    row.holds_lane = held;
    step.tx.update_delivery(&row)?;
    if let (true, Some(lane)) = (released, &row.lane) {
        release_next(step, row.app, lane)?;
    }
    Ok(row)
}

fn release_next(step: &mut Step<'_>, app: AppId, lane: &CallId) -> Result<()> {
    let Some(id) = step.tx.lane_next(app, lane)? else {
        return Ok(());
    };
    let Some(mut next) = step.tx.delivery(id)? else {
        return Ok(());
    };
    next.state = DeliveryState::Sending;
    next.holds_lane = true;
    step.tx.update_delivery(&next)?;
    step.effects.push(Effect::Deliver {
        id,
        app,
        lane: next.lane,
    });
    Ok(())
}

/// A delivery held its lane long enough.
pub(crate) fn hold_over(step: &mut Step<'_>, id: DeliveryId) -> Result<()> {
    match step.tx.delivery(id)? {
        Some(row) if row.holds_lane => settle(step, row, false).map(drop),
        _ => Ok(()),
    }
}

/// A retry is due: hand the delivery out again.
pub(crate) fn due(step: &mut Step<'_>, id: DeliveryId) -> Result<()> {
    hand_out(step, id, DeliveryState::Retrying)
}

/// The delivery was in flight when the last run died: hand it out again.
pub(crate) fn resend(step: &mut Step<'_>, id: DeliveryId) -> Result<()> {
    hand_out(step, id, DeliveryState::Sending)
}

fn hand_out(step: &mut Step<'_>, id: DeliveryId, only: DeliveryState) -> Result<()> {
    let Some(mut row) = step.tx.delivery(id)?.filter(|row| row.state == only) else {
        return Ok(());
    };
    row.state = DeliveryState::Sending;
    row.next_due = None;
    step.tx.update_delivery(&row)?;
    step.effects.push(Effect::Deliver {
        id,
        app: row.app,
        lane: row.lane,
    });
    Ok(())
}

impl Platform {
    /// An attempt is over. `began` is the rule time at which it was started.
    ///
    /// While the store fails this goes on trying, because a delivery whose outcome is not known holds up its call;
    /// at the platform's end it gives up, and the delivery is due at once after the next start.
    pub async fn delivery_attempted(
        &self,
        job: DeliveryJob,
        report: AttemptReport,
        began: RuleTime,
    ) {
        figures::attempted(report.outcome);
        tracing::debug!(
            delivery = %job.id,
            app = %job.app,
            url = report.url,
            outcome = ?report.outcome,
            took_us = report.took_us,
            "webhook attempted"
        );
        self.overtaken(&job).await;
        let DeliveryJob {
            id,
            pending,
            replay,
            started,
            ..
        } = job;
        let once_more = replay.is_some();
        let told = report.clone();
        // Jumps of the clock wait for the first try only.
        let mut pending = Some(pending);
        loop {
            let report = report.clone();
            let stored = self
                .ledger()
                .execute(move |step| match once_more {
                    true => replayed(step, id, report, began),
                    false => attempted(step, id, report, began),
                })
                .await;
            drop(pending.take());
            let e = match stored {
                Ok(done) => {
                    self.tell_attempted(done, &told, replay, started.into_inner());
                    return;
                }
                Err(e) => e,
            };
            tracing::error!(delivery = %id, error = %e, "the outcome of a webhook cannot be stored");
            tokio::select! {
                biased;
                () = self.stopping() => return,
                () = self.host().sleep(STORE_AGAIN) => {}
            }
        }
    }

    /// Tells whoever watches, and whoever asked for it, of an attempt whose outcome is stored.
    fn tell_attempted(
        &self,
        done: Option<Attempted>,
        report: &AttemptReport,
        replay: Option<oneshot::Sender<u32>>,
        started: Option<u64>,
    ) {
        let Some(done) = done else {
            return;
        };
        if replay.is_none() {
            self.tell_undelivered(&done, report);
        }
        if let Some(inspector) = self.inspecting() {
            inspector.webhook_ended(&done, report, replay.is_some(), started);
        }
        if let Some(asked) = replay {
            // Whoever asked may have gone.
            let _ = asked.send(done.number);
        }
    }
}
