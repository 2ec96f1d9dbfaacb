//! A message of the business on its way: sent, delivered, read or failed, and the webhook of each
//! (`webhooks.md` §3.4).

use ahoy_calling::account::Number;
use ahoy_calling::message::{Message, MessageStatus, Pricing, Side};
use ahoy_calling::simulated::OnMessage;
use ahoy_store::{Result, StoreError, TimerKind};
use ahoy_types::{RuleTime, TokenHash, WaId};
use ahoy_wire::ErrorCode;
use ahoy_wire::errors::WebhookError;
use ahoy_wire::webhook::{self, MessageStatusEvent};

use super::{Device, put};
use crate::effect::Effect;
use crate::ledger::Step;
use crate::{finish, outbox, routing};

/// Most messages a phone takes at once when it comes back.
const BACKLOG: usize = 1_000;

/// A message was taken: it is written, and comes as far as it can at once.
pub(super) fn sent(
    step: &mut Step<'_>,
    number: &Number,
    message: &mut Message,
    device: Device,
) -> Result<()> {
    put(step, message)?;
    tell(step, number, message)?;
    if message.status == MessageStatus::Failed || device == Device::Away {
        return Ok(());
    }
    if step.tx.pair(number.id, message.user)?.blocked() {
        return Ok(());
    }
    delivered(step, number, message)?;
    if device == Device::Simulated {
        simulated(step, number, message)?;
    }
    Ok(())
}

/// The message is on the user's device.
fn delivered(step: &mut Step<'_>, number: &Number, message: &mut Message) -> Result<()> {
    let ends = step.now + step.limits.of(number.profile).request_card;
    if let Some(card) = message.request_mut() {
        card.expires = Some(ends);
    }
    reached(step, number, message, MessageStatus::Delivered)
}

/// What a simulated user does with it.
fn simulated(step: &mut Step<'_>, number: &Number, message: &mut Message) -> Result<()> {
    let behaviour = step.tx.user(message.user)?.and_then(|u| u.behaviour);
    let behaviour = behaviour.unwrap_or_default();
    if message.request().is_some()
        && let Some((after, answer)) = behaviour.when_asked()
    {
        let kind = TimerKind::AnswerRequest {
            message: message.id.clone(),
            answer,
        };
        step.tx.add_timer(step.now + after, &kind)?;
        step.effects.push(Effect::TimersChanged);
    }
    if behaviour.on_message == OnMessage::Read {
        reached(step, number, message, MessageStatus::Read)?;
    }
    Ok(())
}

/// The user has seen everything the business wrote.
pub(super) fn read_all(step: &mut Step<'_>, number: &Number, user: WaId) -> Result<()> {
    for mut message in step.tx.unread(number.id, user, Side::Business, None)? {
        // What never arrived cannot be seen.
        if message.status == MessageStatus::Delivered {
            reached(step, number, &mut message, MessageStatus::Read)?;
        }
    }
    Ok(())
}

/// A phone of this user is there: it takes what has waited for it.
pub(crate) fn taken_by_phone(step: &mut Step<'_>, user: WaId) -> Result<()> {
    for mut message in step.tx.undelivered(user, BACKLOG)? {
        let pair = step.tx.pair(message.number, user)?;
        let held_back = pair.chat.unblocked_at.is_some_and(|at| message.at < at);
        if !pair.blocked() && !held_back {
            let number = finish::number_of(step, message.number)?;
            delivered(step, &number, &mut message)?;
        }
    }
    Ok(())
}

fn reached(
    step: &mut Step<'_>,
    number: &Number,
    message: &mut Message,
    status: MessageStatus,
) -> Result<()> {
    if !message.advance(status) {
        return Ok(());
    }
    put(step, message)?;
    tell(step, number, message)
}

/// The webhook of the status the message has.
fn tell(step: &mut Step<'_>, number: &Number, message: &Message) -> Result<()> {
    let (status, priced) = match message.status {
        MessageStatus::Sent => (webhook::MessageStatus::Sent, true),
        MessageStatus::Delivered => (webhook::MessageStatus::Delivered, true),
        MessageStatus::Read => (webhook::MessageStatus::Read, false),
        MessageStatus::Failed => (webhook::MessageStatus::Failed, false),
    };
    let common = outbox::common_for(step, number, message.user)?;
    let body = webhook::message_status(
        &common,
        &MessageStatusEvent {
            id: message.id.clone(),
            timestamp: step.now,
            status,
            biz_opaque_callback_data: message.opaque.clone(),
            pricing: message.pricing.clone().filter(|_| priced).map(price),
            free_entry: free_entry(message).filter(|_| priced),
            error: message.error.map(error_of).transpose()?,
        },
    );
    routing::message_status(step, number, message, &body)
}

fn price(pricing: Pricing) -> webhook::Pricing {
    webhook::Pricing {
        billable: pricing.billable,
        pricing_model: "PMP".to_owned(),
        kind: pricing.kind().to_owned(),
        category: pricing.category,
    }
}

/// Id and end of the free entry point a message was sent in. There is one a number and user, so its id follows from these and
/// from its end.
fn free_entry(message: &Message) -> Option<(String, RuleTime)> {
    let until = message.pricing.as_ref()?.free_entry_until?;
    let hash = TokenHash::of(&format!(
        "free entry {} {} {}",
        message.number, message.user, until.0
    ));
    let id = hash.0.iter().take(16).map(|b| format!("{b:02x}")).collect();
    Some((id, until))
}

/// The error of a message that failed.
fn error_of(code: u32) -> Result<WebhookError> {
    let code = ErrorCode::from_code(code)
        .ok_or_else(|| StoreError(format!("{code} is not a code of a message's failure")))?;
    let details = match code {
        ErrorCode::Reengagement => {
            "Message failed to send because more than 24 hours have passed since the customer last replied to this number."
        }
        ErrorCode::Payment => {
            "Message failed to send because the account has no valid payment method."
        }
        _ => {
            "The recipient is not on the platform, or the recipient's app is too old for this message."
        }
    };
    Ok(WebhookError::new(code, details))
}
