//! What users do in a chat: write, tap an answer, tap a call button.

use ahoy_calling::account::Number;
use ahoy_calling::identity::NamedBy;
use ahoy_calling::message::{Message, MessageKind, MessageStatus, Reply, Side, TemplateButton};
use ahoy_calling::place::PhoneRefusal;
use ahoy_types::{MessageId, PhoneNumberId, WaId};
use ahoy_wire::webhook::{self, InboundContent, InboundMessage, Referral};

use super::request::{broken, of_chat};
use super::{MAX_USER_TEXT, arrive, new_id, put};
use crate::account::ensure_user;
use crate::ledger::Step;
use crate::live::UserLegKind;
use crate::platform::Platform;
use crate::user::{Dial, Dialled};
use crate::{finish, identity, outbox, routing};

type Result<T> = std::result::Result<T, PhoneRefusal>;

impl Platform {
    /// The user writes to a business, as a reply to `context` if that is given.
    ///
    /// # Errors
    /// The text is empty or too long, the message it answers is not there, or the user has the business blocked.
    pub async fn user_writes(
        &self,
        user: WaId,
        number: PhoneNumberId,
        body: String,
        context: Option<MessageId>,
    ) -> Result<MessageId> {
        self.user_writes_from(user, number, body, context, None)
            .await
    }

    /// [`Platform::user_writes`], out of an advertisement if a `referral` is given: where the business answers within the service
    /// window, a free entry point opens (`rules.md` §7).
    ///
    /// # Errors
    /// As [`Platform::user_writes`].
    pub async fn user_writes_from(
        &self,
        user: WaId,
        number: PhoneNumberId,
        body: String,
        context: Option<MessageId>,
        referral: Option<Referral>,
    ) -> Result<MessageId> {
        let length = body.chars().count();
        if body.trim().is_empty() || length > MAX_USER_TEXT {
            return Err(PhoneRefusal::Invalid(format!(
                "text.body: 1 to {MAX_USER_TEXT} characters are allowed, not all of them blank; these are {length}"
            )));
        }
        let create_users = self.config().create_users;
        self.ledger()
            .execute(move |step| {
                if !create_users && step.tx.user(user).map_err(broken)?.is_none() {
                    return Err(PhoneRefusal::NoSuchUser(user.to_string()));
                }
                ensure_user(step, user).map_err(broken)?;
                let number = finish::number_of(step, number).map_err(broken)?;
                if let Some(context) = &context {
                    of_chat(step, number.id, user, context)?;
                }
                let words = Words {
                    kind: MessageKind::Text { body },
                    context,
                    referral,
                };
                write(step, &number, user, words)
            })
            .await
    }

    /// The user taps the answer with this id in a message with reply buttons, a list, or quick replies.
    ///
    /// # Errors
    /// The message or the answer is not there, or the user has the business blocked.
    pub async fn user_replies(
        &self,
        user: WaId,
        message: MessageId,
        reply: String,
    ) -> Result<MessageId> {
        self.ledger()
            .execute(move |step| {
                let asked = step.tx.message(&message).map_err(broken)?;
                let asked = asked
                    .filter(|m| m.user == user && m.from == Side::Business)
                    .ok_or_else(|| PhoneRefusal::NoSuchMessage(message.to_string()))?;
                let number = finish::number_of(step, asked.number).map_err(broken)?;
                let kind = chosen(&asked, &reply).ok_or_else(|| {
                    PhoneRefusal::Gone(format!("This message has no answer `{reply}` to tap on."))
                })?;
                let words = Words {
                    kind,
                    context: Some(message),
                    referral: None,
                };
                write(step, &number, user, words)
            })
            .await
    }

    /// The user taps the button with which the business asked for the number: the number goes to the business, which sees it in
    /// webhooks from now on (`rules.md` §8).
    ///
    /// # Errors
    /// The message does not ask for it or was answered already, or the user has the business blocked.
    pub async fn user_shares_number(&self, user: WaId, message: MessageId) -> Result<MessageId> {
        self.ledger()
            .execute(move |step| share(step, user, message))
            .await
    }

    /// The user taps the call button of a message: the business is called from this kind of phone.
    ///
    /// # Errors
    /// The message has no call button or it has expired, or what the phone would say to the call.
    pub async fn user_taps(
        &self,
        user: WaId,
        message: MessageId,
        leg: UserLegKind,
    ) -> Result<Dialled> {
        let found = self.read(|rows| rows.message(&message)).map_err(broken)?;
        let found = found
            .filter(|m| m.user == user)
            .ok_or_else(|| PhoneRefusal::NoSuchMessage(message.to_string()))?;
        let dial = Dial {
            button: Some(message),
            ..Dial::default()
        };
        self.user_calls(user, found.number, leg, dial).await
    }
}

fn share(step: &mut Step<'_>, user: WaId, id: MessageId) -> Result<MessageId> {
    let gone = |sentence: &str| Err(PhoneRefusal::Gone(sentence.into()));
    let found = step.tx.message(&id).map_err(broken)?;
    let mut asked = found
        .filter(|m| m.user == user && m.from == Side::Business)
        .ok_or_else(|| PhoneRefusal::NoSuchMessage(id.to_string()))?;
    if asked.contact_request().is_some() && !arrived(&asked) {
        return gone("This message has not arrived.");
    }
    let now = step.now;
    match asked.contact_request_mut() {
        None => return gone("This message does not ask for your number."),
        Some(card) if card.shared_at.is_some() => {
            return gone("You have shared your number already.");
        }
        Some(card) => card.shared_at = Some(now),
    }
    put(step, &asked).map_err(broken)?;
    let number = finish::number_of(step, asked.number).map_err(broken)?;
    let known = step.tx.user(user).map_err(broken)?;
    let name = known.map_or_else(|| user.to_string(), |user| user.display_name());
    let words = Words {
        kind: MessageKind::SharedNumber { name, number: user },
        context: Some(id),
        referral: None,
    };
    write(step, &number, user, words)
}

/// The payload of the call button in this message, if it still works.
pub(crate) fn payload_of_button(
    step: &mut Step<'_>,
    number: PhoneNumberId,
    user: WaId,
    message: &MessageId,
) -> Result<Option<String>> {
    let now = step.now;
    let message = of_chat(step, number, user, message)?;
    let gone = |sentence: &str| Err(PhoneRefusal::Gone(sentence.into()));
    match message.call_button() {
        None => gone("This message has no call button."),
        Some(_) if !arrived(&message) => gone("This message has not arrived."),
        Some(button) if !button.works(now) => gone("This call button has expired."),
        Some(button) => {
            let payload = button.payload.clone();
            let number = finish::number_of(step, number).map_err(broken)?;
            arrive::read_all(step, &number, user).map_err(broken)?;
            Ok(payload)
        }
    }
}

/// Whether the user has the business's message on the phone.
pub(super) const fn arrived(message: &Message) -> bool {
    matches!(
        message.status,
        MessageStatus::Delivered | MessageStatus::Read
    )
}

/// The answer as a message of the user.
fn chosen(asked: &Message, reply: &str) -> Option<MessageKind> {
    if !arrived(asked) {
        return None;
    }
    match &asked.kind {
        MessageKind::Buttons(buttons) => {
            let button = buttons.buttons.iter().find(|b| b.id == reply)?;
            Some(MessageKind::ButtonReply(Reply {
                id: button.id.clone(),
                title: button.title.clone(),
                description: None,
            }))
        }
        MessageKind::List(list) => {
            let mut rows = list.sections.iter().flat_map(|s| &s.rows);
            let row = rows.find(|r| r.id == reply)?;
            Some(MessageKind::ListReply(Reply {
                id: row.id.clone(),
                title: row.title.clone(),
                description: row.description.clone(),
            }))
        }
        MessageKind::Template(template) => template.buttons.iter().find_map(|b| match b {
            TemplateButton::QuickReply { text, payload } if payload == reply => {
                Some(MessageKind::TemplateReply(Reply {
                    id: payload.clone(),
                    title: text.clone(),
                    description: None,
                }))
            }
            _ => None,
        }),
        _ => None,
    }
}

/// What a user writes or taps.
#[derive(Debug)]
struct Words {
    kind: MessageKind,
    /// The message it answers.
    context: Option<MessageId>,
    /// The advertisement it is written out of.
    referral: Option<Referral>,
}

/// Something of the user goes to the business: it opens the service window, and the business is told.
fn write(step: &mut Step<'_>, number: &Number, user: WaId, words: Words) -> Result<MessageId> {
    let now = step.now;
    let mut pair = step.tx.pair(number.id, user).map_err(broken)?;
    if pair.blocked() {
        return Err(PhoneRefusal::Blocked);
    }
    if words.referral.is_some() {
        let found = step.tx.user(user).map_err(broken)?;
        let client = found.map(|user| user.client).unwrap_or_default();
        if client.platform.opens_free_entry() {
            pair.clicked_ad(now);
        }
    }
    pair.user_wrote(now);
    step.tx.put_pair(number.id, user, &pair).map_err(broken)?;
    // Whoever writes has the chat open.
    arrive::read_all(step, number, user).map_err(broken)?;
    let id = new_id(step, user).map_err(broken)?;
    let mut message = Message::new(id.clone(), number.id, user, Side::User, words.kind, now);
    message.status = MessageStatus::Delivered;
    message.context = words.context;
    put(step, &message).map_err(broken)?;
    let named = match message.kind {
        MessageKind::SharedNumber { .. } => NamedBy::Number,
        _ => NamedBy::Id,
    };
    identity::met(step, number, user, named).map_err(broken)?;
    tell(step, number, &message, words.referral).map_err(broken)?;
    Ok(id)
}

/// The webhook of a user's message (`webhooks.md` §3.3).
fn tell(
    step: &mut Step<'_>,
    number: &Number,
    message: &Message,
    referral: Option<Referral>,
) -> ahoy_store::Result<()> {
    let reply = |reply: &Reply| webhook::Reply {
        id: reply.id.clone(),
        title: reply.title.clone(),
        description: reply.description.clone(),
    };
    let content = match &message.kind {
        MessageKind::Text { body } => InboundContent::Text(body.clone()),
        MessageKind::ButtonReply(r) => InboundContent::ButtonReply(reply(r)),
        MessageKind::ListReply(r) => InboundContent::ListReply(reply(r)),
        MessageKind::TemplateReply(r) => InboundContent::QuickReply(webhook::QuickReply {
            payload: r.id.clone(),
            text: r.title.clone(),
        }),
        MessageKind::SharedNumber { name, number } => InboundContent::OwnNumber {
            name: name.clone(),
            number: *number,
        },
        // Users write nothing else.
        _ => return Ok(()),
    };
    let context = match &message.context {
        None => None,
        Some(id) => {
            let own = step
                .tx
                .message(id)?
                .is_some_and(|m| m.from == Side::Business);
            Some((id.clone(), own))
        }
    };
    let advertisement = referral.is_some();
    let common = outbox::common_for(step, number, message.user)?;
    let body = webhook::inbound(
        &common,
        &InboundMessage {
            id: message.id.clone(),
            timestamp: message.at,
            content,
            context,
            referral,
        },
    );
    routing::inbound(step, number, message, advertisement, &body)
}
