//! The business sends: what is taken, what fails, and what the message holds.

use std::time::Duration;

use ahoy_calling::Refusal;
use ahoy_calling::account::{Number, Scope};
use ahoy_calling::calendar::Month;
use ahoy_calling::identity::{Client, NamedBy};
use ahoy_calling::message::{
    BillFacts, Buttons, CallButton, ContactRequest, Fate, List, ListRow, ListSection, Message,
    MessageKind, MessageStatus, Pricing, ReplyButton, RequestCard, SendFacts, Side, may_send,
    pricing,
};
use ahoy_calling::pair::Pair;
use ahoy_store::{Result as StoreResult, StoreError};
use ahoy_types::{AppId, MessageId, PhoneNumberId, RuleTime, WaId};
use ahoy_wire::messages::{Content, Interactive};
use ahoy_wire::webhook::ContactCard;

use super::{Device, arrive, new_id, request, template};
use crate::account::{self, Caller, ensure_user};
use crate::business::{Recipient, internal};
use crate::ledger::Step;
use crate::platform::Platform;
use crate::{finish, identity, outbox, routing};

/// A message of the business.
#[derive(Debug, Clone)]
pub struct OutgoingMessage {
    /// To whom.
    pub recipient: Recipient,
    /// What it says.
    pub content: Content,
    /// The message it replies to.
    pub context: Option<MessageId>,
    /// `biz_opaque_callback_data`.
    pub opaque: Option<String>,
    /// The body of the request, for partners who watch the thread.
    pub sent: Option<serde_json::Value>,
}

/// A message that was taken. Whether it arrives its statuses tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// Its id.
    pub id: MessageId,
    /// The user as the business may know it.
    pub contact: ContactCard,
}

impl Platform {
    /// The business writes to a user; answers once the message is committed together with its first statuses.
    ///
    /// # Errors
    /// The refusals of [`may_send`], and those of permission requests.
    pub async fn send_message(
        &self,
        caller: &Caller,
        number: PhoneNumberId,
        message: OutgoingMessage,
    ) -> Result<SentMessage, Refusal> {
        caller.need(Scope::WhatsappBusinessMessaging)?;
        let number = self.number_for(caller, number)?;
        let user = self.resolve(&number, &message.recipient)?;
        if user == number.number {
            return Err(Refusal::RecipientIsSender);
        }
        let device = self.device(user)?;
        let create_users = self.config().create_users;
        let app = caller.app;
        self.ledger()
            .execute(move |step| take(step, number.id, user, app, message, device, create_users))
            .await
    }
}

fn take(
    step: &mut Step<'_>,
    number: PhoneNumberId,
    user: WaId,
    app: AppId,
    outgoing: OutgoingMessage,
    device: Device,
    create_users: bool,
) -> Result<SentMessage, Refusal> {
    let number = finish::number_of(step, number).map_err(internal)?;
    let found = step.tx.user(user).map_err(internal)?;
    let known = found.is_some() || create_users;
    let client = found.map(|user| user.client).unwrap_or_default();
    if let Some(context) = &outgoing.context {
        let found = step.tx.message(context).map_err(internal)?;
        if !found.is_some_and(|m| m.number == number.id && m.user == user) {
            return Err(Refusal::Invalid(format!(
                "context.message_id: there is no message `{context}` between this number and the recipient"
            )));
        }
    }
    let named = identity::named(&outgoing.recipient);
    let kind = kind_of(step, &number, outgoing.content)?;
    let id = new_id(step, user).map_err(internal)?;
    let now = step.now;
    let mut message = Message::new(id, number.id, user, Side::Business, kind, now);
    message.context = outgoing.context;
    message.opaque = outgoing.opaque;
    message.app = Some(app);
    let reach = Reach {
        known,
        client,
        by_user_id: named == NamedBy::Id,
    };
    let (month, pair) = priced(step, &number, &mut message).map_err(internal)?;
    let fate = judge(step, &number, &message, &reach)?;
    if known {
        ensure_user(step, user).map_err(internal)?;
    }
    if fate == Fate::Sent {
        identity::met(step, &number, user, named).map_err(internal)?;
    }
    if fate == Fate::Sent
        && let Some(pair) = pair
    {
        step.tx.put_pair(number.id, user, &pair).map_err(internal)?;
    }
    if fate == Fate::Sent && message.request().is_some() {
        request::note(step, &number, user).map_err(internal)?;
    }
    if fate == Fate::Sent && message.pricing.as_ref().is_some_and(Pricing::service) {
        step.tx
            .count_service_message(number.id, month)
            .map_err(internal)?;
    }
    if fate == Fate::Sent {
        routing::outbound(step, &number, &message, app, outgoing.sent)?;
    }
    if let Some(code) = fate.error() {
        message.status = MessageStatus::Failed;
        message.error = Some(code);
    }
    arrive::sent(step, &number, &mut message, device).map_err(internal)?;
    let mut contact = outbox::common_for(step, &number, user)
        .map_err(internal)?
        .contact;
    if named == NamedBy::Number {
        // The answer says no more than the request did.
        contact.wa_id = Some(user);
    }
    Ok(SentMessage {
        id: message.id,
        contact,
    })
}

/// Decides what the message counts as on the bill; answers the month it counts in, by the account's clock, and the pair where a
/// message that is sent opens its free entry point.
fn priced(
    step: &mut Step<'_>,
    number: &Number,
    message: &mut Message,
) -> StoreResult<(Month, Option<Pair>)> {
    let waba = step
        .tx
        .waba(number.waba)?
        .ok_or_else(|| StoreError(format!("number {} belongs to no account", number.id)))?;
    let month = waba.zone.month(step.now);
    let wall = waba.zone.wall(step.now);
    let limits = step.limits.of(number.profile);
    let before = step.tx.pair(number.id, message.user)?;
    let mut pair = before.clone();
    let facts = BillFacts {
        window_open: pair.window_open(step.now),
        service_messages: step.tx.service_messages(number.id, month)?,
        free: limits.free_service_messages,
        utility: step.limits.utility_in_window_free,
        free_entry_until: pair.business_answers(limits.free_entry_from(wall), step.now),
    };
    message.pricing = Some(pricing(&message.kind, &facts, wall));
    Ok((month, (pair != before).then_some(pair)))
}

/// How the recipient can be reached.
#[derive(Debug)]
struct Reach {
    /// Whether it is on the platform.
    known: bool,
    /// Its phone.
    client: Client,
    /// Whether it was named by a business-scoped id.
    by_user_id: bool,
}

/// Whether the message is taken, and whether it arrives.
fn judge(
    step: &mut Step<'_>,
    number: &Number,
    message: &Message,
    reach: &Reach,
) -> Result<Fate, Refusal> {
    let user = message.user;
    let pair = step.tx.pair(number.id, user).map_err(internal)?;
    let allow_listed = account::reachable(step.tx, number, user).map_err(internal)?;
    let facts = SendFacts {
        number,
        limits: step.limits.of(number.profile),
        pair: &pair,
        allow_listed,
        known: reach.known,
        client: &reach.client,
        call_button: message.call_button().is_some(),
        request: message.request().is_some(),
        template: matches!(message.kind, MessageKind::Template(_)),
        authentication: message.authentication(),
        by_user_id: reach.by_user_id,
        billable: message.pricing.as_ref().is_some_and(|p| p.billable),
    };
    let fate = may_send(&facts, step.now)?;
    if facts.request {
        request::may(step, number, user)?;
    }
    Ok(fate)
}

fn kind_of(step: &mut Step<'_>, number: &Number, content: Content) -> Result<MessageKind, Refusal> {
    let interactive = match content {
        Content::Text { body } => return Ok(MessageKind::Text { body }),
        Content::Template(asked) => return template::kind(step, number, &asked),
        Content::Interactive(interactive) => interactive,
    };
    Ok(match interactive {
        Interactive::VoiceCall { body, button } => MessageKind::CallButton {
            body,
            button: CallButton {
                display_text: button.display_text,
                payload: button.payload,
                expires: button_ends(step.now, button.ttl_minutes),
            },
        },
        Interactive::PermissionRequest { body } => MessageKind::PermissionRequest {
            body,
            card: RequestCard::new(),
        },
        Interactive::ContactRequest { body } => MessageKind::ContactRequest {
            body,
            asked: ContactRequest::default(),
        },
        Interactive::Buttons(buttons) => MessageKind::Buttons(Buttons {
            header: buttons.header,
            body: buttons.body,
            footer: buttons.footer,
            buttons: buttons
                .buttons
                .into_iter()
                .map(|b| ReplyButton {
                    id: b.id,
                    title: b.title,
                })
                .collect(),
        }),
        Interactive::List(list) => MessageKind::List(List {
            header: list.header,
            body: list.body,
            footer: list.footer,
            button: list.button,
            sections: list
                .sections
                .into_iter()
                .map(|section| ListSection {
                    title: section.title,
                    rows: section
                        .rows
                        .into_iter()
                        .map(|row| ListRow {
                            id: row.id,
                            title: row.title,
                            description: row.description,
                        })
                        .collect(),
                })
                .collect(),
        }),
    })
}

/// When a call button ends that lives this long.
pub(super) fn button_ends(now: RuleTime, ttl_minutes: u32) -> RuleTime {
    now + Duration::from_secs(u64::from(ttl_minutes) * 60)
}
