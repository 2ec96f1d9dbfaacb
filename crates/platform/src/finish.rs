//! What every change of a call brings with it: the row, the pair, the timers, the webhooks, the effects.

use ahoy_calling::account::Number;
use ahoy_calling::act::CallAct;
use ahoy_calling::{Call, CallState, EndCause, EndStatus};
use ahoy_store::{Result, StoreError, TimerKind};
use ahoy_types::{CallId, Direction, PhoneNumberId, RuleTime};
use ahoy_wire::errors::WebhookError;
use ahoy_wire::webhook::{self, Answered, CallOutcome, CallStatus, StatusEvent, TerminateEvent};

use crate::effect::Effect;
use crate::ledger::Step;
use crate::{call_log, charge, outbox, permission, quality, routing};

/// The number of a call; a call without one is a corrupt store.
pub(crate) fn number_of(step: &mut Step<'_>, id: PhoneNumberId) -> Result<Number> {
    step.tx
        .number(id)?
        .ok_or_else(|| StoreError(format!("there is no number {id}")))
}

/// Tells the business how its call fares.
pub(crate) fn publish_status(step: &mut Step<'_>, call: &Call, status: CallStatus) -> Result<()> {
    let number = number_of(step, call.number)?;
    let common = outbox::common(step, &number, call)?;
    let body = webhook::status(
        &common,
        &StatusEvent {
            call_id: call.id.clone(),
            timestamp: step.now,
            status,
            biz_opaque_callback_data: call.opaque.clone(),
        },
    );
    routing::call_event(step, &number, call, false, &body)
}

/// The call is connected: counters, the gate, and ACCEPTED where the business called.
pub(crate) fn connected(step: &mut Step<'_>, call: &Call) -> Result<()> {
    let mut pair = step.tx.pair(call.number, call.user)?;
    pair.call_connected(call.direction, call.answered_at.unwrap_or(step.now));
    step.tx.put_pair(call.number, call.user, &pair)?;
    step.tx.delete_timers_of_call(&call.id)?;
    step.tx.put_call(call)?;
    call_log::note(step, &call.id, CallAct::Connected, None, None)?;
    if call.direction == Direction::BusinessInitiated {
        publish_status(step, call, CallStatus::Accepted)?;
    } else {
        let number = number_of(step, call.number)?;
        permission::after_user_call(step, &number, call)?;
    }
    step.effects.extend([
        Effect::OpenGate {
            bridge: call.bridge,
        },
        Effect::Connected {
            call: call.id.clone(),
            at: step.now,
        },
        Effect::TimersChanged,
    ]);
    Ok(())
}

/// What a simulated user does about the call that was connected at `since` goes to the scheduler.
pub(crate) fn plan_hang_up(step: &mut Step<'_>, id: &CallId, since: RuleTime) -> Result<()> {
    let Some(call) = step
        .tx
        .call(id)?
        .filter(|c| c.state == CallState::Connected)
    else {
        return Ok(());
    };
    let user = step.tx.user(call.user)?;
    let Some((after, act)) = user
        .and_then(|u| u.behaviour)
        .and_then(|b| b.when_connected())
    else {
        return Ok(());
    };
    let kind = TimerKind::UserAct {
        call: id.clone(),
        act,
    };
    step.tx.add_timer(since + after, &kind)?;
    step.effects.push(Effect::TimersChanged);
    Ok(())
}

/// The call has ended: exactly one terminate webhook, after REJECTED where the user declined.
pub(crate) fn ended(step: &mut Step<'_>, call: &Call) -> Result<()> {
    let (Some(end), Some(ending)) = (call.end, call.ending()) else {
        return Ok(());
    };
    step.tx.delete_timers_of_call(&call.id)?;
    step.tx.put_call(call)?;
    let cause = Some(end.cause.as_str());
    call_log::note(step, &call.id, CallAct::End, cause, None)?;
    if end.cause == EndCause::UserDeclined {
        publish_status(step, call, CallStatus::Rejected)?;
    }
    let number = number_of(step, call.number)?;
    quality::call_finished(step, &number, call)?;
    let common = outbox::common(step, &number, call)?;
    let answered = match (ending.start, ending.end, ending.duration) {
        (Some(start), Some(end), Some(duration)) => Some(Answered {
            start,
            end,
            duration,
        }),
        _ => None,
    };
    let body = webhook::terminate(
        &common,
        &TerminateEvent {
            call_id: call.id.clone(),
            direction: call.direction,
            timestamp: step.now,
            outcome: match ending.status {
                EndStatus::Completed => CallOutcome::Completed,
                EndStatus::Failed => CallOutcome::Failed,
            },
            answered,
            biz_opaque_callback_data: call.opaque.clone(),
            deeplink_payload: call.deeplink_payload.clone(),
            cta_payload: call.cta_payload.clone(),
            errors: error_of(end.cause).into_iter().collect(),
        },
    );
    routing::call_event(step, &number, call, true, &body)?;
    charge::settle(step, &number, call)?;
    permission::after_user_call(step, &number, call)?;
    if call.counts_as_unanswered() {
        permission::after_unanswered(step, &number, call)?;
    }
    step.effects.extend([
        Effect::Ended {
            call: call.id.clone(),
            bridge: call.bridge,
            cause: end.cause,
        },
        Effect::TimersChanged,
    ]);
    Ok(())
}

/// The error object of a failed call.
fn error_of(cause: EndCause) -> Option<WebhookError> {
    use ahoy_wire::errors::ErrorCode;
    let (code, details) = match cause {
        EndCause::BusinessMediaTimeout => (
            ErrorCode::MediaReceiveTimeout,
            "The call ended because no media was received from the business for a long time.",
        ),
        EndCause::UserMediaTimeout => (
            ErrorCode::MediaTransmitTimeout,
            "The call ended because no media was received from the user for a long time.",
        ),
        EndCause::NoMedia => (
            ErrorCode::NoMedia,
            "The call was accepted and hung up before any media came from the business.",
        ),
        EndCause::SetupLost => (
            ErrorCode::CallSetupFailed,
            "The platform stopped before the call was connected.",
        ),
        EndCause::RelayLost => (
            ErrorCode::RelayFailed,
            "The platform stopped while the call was connected.",
        ),
        _ => return None,
    };
    Some(WebhookError::new(code, details))
}
