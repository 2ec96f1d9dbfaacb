//! Webhooks: owed in the transaction that causes them, handed out after the commit, tried until taken
//! (`contract.md` §4, `webhooks.md` §1).

use ahoy_calling::Call;
use ahoy_calling::account::{Number, Subscription};
use ahoy_calling::delivery::{self, Next, Outcome};
use ahoy_store::{
    Attempt, Delivery, DeliveryState, NewDelivery, Result, Rows, StoreError, TimerKind,
};
use ahoy_types::{AppId, CallId, DeliveryId, UserId};
use ahoy_wire::webhook::{Common, ContactCard};

use crate::effect::Effect;
use crate::ledger::Step;

/// Where one delivery goes at the moment it is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The delivery, body included.
    pub delivery: Delivery,
    /// The callback, by override of the number, else of the WABA, else of the app; `None` where none is set.
    pub url: Option<String>,
    /// The key of the signature.
    pub app_secret: String,
}

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
}

/// What every calling webhook of this number and user has in common.
pub(crate) fn common(rows: &mut dyn Rows, number: &Number, call: &Call) -> Result<Common> {
    let waba = rows
        .waba(number.waba)?
        .ok_or_else(|| StoreError(format!("number {} belongs to no account", number.id)))?;
    let user = rows.user(call.user)?;
    let country = match &user {
        Some(user) => user.country.or_else(|| call.user.country()),
        None => call.user.country(),
    };
    Ok(Common {
        waba: number.waba,
        phone_number_id: number.id,
        display_phone_number: number.number,
        contact: ContactCard {
            name: user.and_then(|u| u.name),
            wa_id: call.user,
            user_id: UserId::derive(waba.business, call.user, country),
        },
    })
}

/// Owes `body` to every app that is subscribed to the number's WABA and to `field`.
pub(crate) fn publish(
    step: &mut Step<'_>,
    number: &Number,
    field: &str,
    lane: Option<&CallId>,
    body: &[u8],
) -> Result<()> {
    for Subscription { app: id, .. } in step.tx.subscriptions(number.waba)? {
        let Some(app) = step.tx.app(id)? else {
            continue;
        };
        if !app.fields.iter().any(|f| f == field) {
            continue;
        }
        let waits = match lane {
            Some(call) => step.tx.lane_held(id, call)?,
            None => false,
        };
        let delivery = step.tx.add_delivery(&NewDelivery {
            app: id,
            number: number.id,
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
        if !waits {
            step.effects.push(Effect::Deliver(delivery));
        }
    }
    Ok(())
}

/// Where a delivery goes now.
pub(crate) fn target(rows: &mut dyn Rows, id: DeliveryId) -> Result<Option<Target>> {
    let Some(delivery) = rows.delivery(id)? else {
        return Ok(None);
    };
    let Some(app) = rows.app(delivery.app)? else {
        return Ok(None);
    };
    let by_number = rows
        .number_override(delivery.number, delivery.app)?
        .map(|o| o.callback.url);
    let url = match by_number {
        Some(url) => Some(url),
        None => match waba_override(rows, &delivery)? {
            Some(url) => Some(url),
            None => app.callback.map(|c| c.url),
        },
    };
    Ok(Some(Target {
        delivery,
        url,
        app_secret: app.secret,
    }))
}

fn waba_override(rows: &mut dyn Rows, delivery: &Delivery) -> Result<Option<String>> {
    let Some(number) = rows.number(delivery.number)? else {
        return Ok(None);
    };
    let own = rows
        .subscriptions(number.waba)?
        .into_iter()
        .find(|s| s.app == delivery.app);
    Ok(own.and_then(|s| s.callback).map(|c| c.url))
}

/// An attempt is over: log it, settle the delivery, let the call's next event go or hold it.
pub(crate) fn attempted(
    step: &mut Step<'_>,
    id: DeliveryId,
    report: AttemptReport,
    began: ahoy_types::RuleTime,
) -> Result<()> {
    let Some(mut row) = step.tx.delivery(id)? else {
        return Ok(());
    };
    if row.state != DeliveryState::Sending {
        return Ok(());
    }
    row.attempts += 1;
    step.tx.add_attempt(&Attempt {
        delivery: id,
        number: row.attempts,
        url: report.url,
        headers: report.headers,
        at: began,
        took_us: report.took_us,
        status: match report.outcome {
            Outcome::Status(status) => Some(status),
            Outcome::NoAnswer | Outcome::NoCallback => None,
        },
        note: report.note,
    })?;
    match delivery::after_attempt(id, row.attempts, row.created_at, report.outcome, step.now) {
        Next::Done => row.state = DeliveryState::Delivered,
        Next::Abandoned => row.state = DeliveryState::Abandoned,
        Next::RetryAt(at) => {
            row.state = DeliveryState::Retrying;
            row.next_due = Some(at);
            step.tx.add_timer(at, &TimerKind::Retry { delivery: id })?;
        }
    }
    let held =
        row.holds_lane && row.state == DeliveryState::Retrying && delivery::holds(report.outcome);
    if held && row.attempts == 1 {
        // The hold is counted from the event's first attempt, which `began`.
        step.tx.add_timer(
            began + delivery::HOLD,
            &TimerKind::ReleaseLane { delivery: id },
        )?;
    }
    settle(step, row, held)
}

/// Writes the row; unless it still holds its lane, the next event of the call goes out.
fn settle(step: &mut Step<'_>, mut row: Delivery, held: bool) -> Result<()> {
    step.effects.push(Effect::TimersChanged);
    if row.state != DeliveryState::Retrying {
        row.next_due = None;
    }
    let released = row.holds_lane && !held;
    row.holds_lane = held;
    step.tx.update_delivery(&row)?;
    match (released, &row.lane) {
        (true, Some(lane)) => release_next(step, row.app, lane),
        _ => Ok(()),
    }
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
    step.effects.push(Effect::Deliver(id));
    Ok(())
}

/// A delivery held its lane long enough.
pub(crate) fn hold_over(step: &mut Step<'_>, id: DeliveryId) -> Result<()> {
    match step.tx.delivery(id)? {
        Some(row) if row.holds_lane => settle(step, row, false),
        _ => Ok(()),
    }
}

/// A retry is due, or the platform came back: hand the delivery out again.
pub(crate) fn due(step: &mut Step<'_>, id: DeliveryId) -> Result<()> {
    let Some(mut row) = step.tx.delivery(id)? else {
        return Ok(());
    };
    if matches!(row.state, DeliveryState::Retrying | DeliveryState::Sending) {
        row.state = DeliveryState::Sending;
        row.next_due = None;
        step.tx.update_delivery(&row)?;
        step.effects.push(Effect::Deliver(id));
    }
    Ok(())
}
