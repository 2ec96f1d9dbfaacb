//! The thread of a user and a business as the user's phone shows it.

use ahoy_calling::message::{
    ContactRequest, Message, MessageKind, MessageStatus, Side, TemplateButton,
};
use ahoy_calling::{Call, CallState, EndCause};
use ahoy_store::Result;
use ahoy_types::{Direction, PhoneNumberId, RuleTime, WaId};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::user::arrived;
use crate::platform::Platform;

/// A thread.
#[derive(Debug, Clone, Serialize)]
pub struct ThreadView {
    /// What is in it, oldest first.
    pub data: Vec<ThreadEntry>,
    /// Whether the business types.
    pub typing: bool,
    /// Whether the user has the business blocked.
    pub blocked: bool,
    /// Until when the business may write freely, Unix seconds; null if it may not.
    pub window_until: Option<i64>,
    /// Whether the business wrote something that the user has not seen.
    pub unread: bool,
}

/// An entry of a thread.
#[derive(Debug, Clone, Serialize)]
pub struct ThreadEntry {
    /// What it is: `call`, or the kind of the message.
    pub kind: &'static str,
    /// The message or the call.
    pub id: String,
    /// `business`, `user` or `platform`.
    pub from: &'static str,
    /// When it was sent or placed, Unix seconds of rule time.
    pub time: i64,
    /// Of a call: `ringing`, `connected`, `ended`, `missed`, `declined`, `unanswered`, `cancelled`, `failed`. Of a
    /// permission request: `open`, `accepted`, `declined`, `expired`. Of a request for the number: `open`, `shared`. Of a call button: `active`, `expired`. Of other
    /// messages: `delivered`, `read`.
    pub state: &'static str,
    /// The message it replies to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// What it says; the keys depend on the kind.
    #[serde(flatten)]
    pub content: Map<String, Value>,
    #[serde(skip)]
    at: RuleTime,
}

impl Platform {
    /// What the user sees of the chat with a business: the newest `limit` entries. Nothing is marked as read by this.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn thread(&self, user: WaId, number: PhoneNumberId, limit: usize) -> Result<ThreadView> {
        let now = self.clock().now();
        self.read(|rows| {
            let pair = rows.pair(number, user)?;
            let messages = rows.messages_of_pair(number, user, limit)?;
            let calls = rows.calls_of_pair(number, user, limit)?;
            let seen = |m: &&Message| m.from != Side::Business || arrived(m);
            // Where the business was blocked its calls never rang, and the phone knows nothing of them.
            let held_back = |c: &Call| {
                let until = pair.chat.unblocked_at;
                c.rang_at.is_none() && (pair.blocked() || until.is_some_and(|at| c.placed_at < at))
            };
            let rang = |c: &&Call| c.direction == Direction::UserInitiated || !held_back(c);
            let mut data: Vec<ThreadEntry> = messages
                .iter()
                .filter(seen)
                .map(|m| of_message(m, now))
                .chain(calls.iter().filter(rang).map(of_call))
                .collect();
            let unread = messages
                .iter()
                .any(|m| m.from == Side::Business && m.status == MessageStatus::Delivered);
            data.sort_by_key(|entry| entry.at);
            data.drain(..data.len().saturating_sub(limit));
            Ok(ThreadView {
                data,
                typing: pair.chat.typing_until.is_some_and(|until| now < until),
                blocked: pair.blocked(),
                window_until: pair
                    .window_until
                    .filter(|until| now < *until)
                    .map(RuleTime::secs),
                unread,
            })
        })
    }
}

fn of_message(message: &Message, now: RuleTime) -> ThreadEntry {
    let asked = message.contact_request().map(ContactRequest::state);
    let state = match (message.request(), message.call_button()) {
        (Some(card), _) => card.state(now).as_str(),
        (None, Some(button)) if button.works(now) => "active",
        (None, Some(_)) => "expired",
        (None, None) => asked.unwrap_or(message.status.as_str()),
    };
    ThreadEntry {
        kind: message.kind.as_str(),
        id: message.id.to_string(),
        from: match message.kind {
            MessageKind::NumberChanged { .. } => Side::Platform.as_str(),
            _ => message.from.as_str(),
        },
        time: message.at.secs(),
        state,
        context: message.context.as_ref().map(ToString::to_string),
        content: content(message),
        at: message.at,
    }
}

/// The words of a message, without nulls.
fn content(message: &Message) -> Map<String, Value> {
    let mut value = match &message.kind {
        MessageKind::Text { body } => json!({ "body": body }),
        MessageKind::CallButton { body, .. } => json!({ "body": body }),
        MessageKind::PermissionRequest { body, .. } => json!({ "body": body }),
        MessageKind::Buttons(b) => json!({
            "header": b.header, "body": b.body, "footer": b.footer, "buttons": b.buttons,
        }),
        MessageKind::List(l) => json!({
            "header": l.header, "body": l.body, "footer": l.footer, "button": l.button, "sections": l.sections,
        }),
        MessageKind::ButtonReply(r) | MessageKind::ListReply(r) | MessageKind::TemplateReply(r) => {
            json!({ "reply_id": r.id, "title": r.title, "description": r.description })
        }
        MessageKind::Template(t) => json!({
            "header": t.header, "body": t.body, "footer": t.footer, "template": t.name, "language": t.language,
            "buttons": t.buttons.iter().map(template_button).collect::<Vec<_>>(),
        }),
        MessageKind::Audio(a) => json!({
            "media_id": a.media.to_string(), "mime_type": a.mime_type, "voice": a.voice,
        }),
        MessageKind::ContactRequest { body, .. } => json!({ "body": body }),
        MessageKind::SharedNumber { name, number } => json!({
            "name": name, "number": number, "body": number.international(),
        }),
        MessageKind::NumberChanged { from, to } => json!({
            "notice": "number_changed",
            "body": format!("You changed your number from {} to {}.", from.international(), to.international()),
        }),
        MessageKind::System { notice } => json!({ "notice": notice, "body": notice.text() }),
    };
    if let Some(button) = message.call_button() {
        value["call_button"] = json!({
            "display_text": button.display_text, "expires": button.expires.secs(),
        });
    }
    if let Some(card) = message.request() {
        value["request"] = json!({
            "answer": card.answer.map(|(answer, _)| answer.as_str()),
            "expires": card.expires.map(RuleTime::secs),
        });
    }
    if let Some(asked) = message.contact_request() {
        value["contact_request"] = json!({ "shared_at": asked.shared_at.map(RuleTime::secs) });
    }
    match value {
        Value::Object(mut map) => {
            map.retain(|_, value| !value.is_null());
            map
        }
        _ => Map::new(),
    }
}

fn template_button(button: &TemplateButton) -> Value {
    match button {
        TemplateButton::Url { text, url } => json!({ "type": "url", "title": text, "url": url }),
        TemplateButton::PhoneNumber { text, phone_number } => {
            json!({ "type": "phone_number", "title": text, "phone_number": phone_number })
        }
        TemplateButton::QuickReply { text, payload } => {
            json!({ "type": "quick_reply", "title": text, "id": payload })
        }
    }
}

fn of_call(call: &Call) -> ThreadEntry {
    let duration = call.ending().and_then(|e| e.duration).map(|d| d.0);
    let mut content = Map::new();
    content.insert("direction".into(), json!(call.direction));
    if let Some(duration) = duration {
        content.insert("duration".into(), json!(duration));
    }
    ThreadEntry {
        kind: "call",
        id: call.id.to_string(),
        from: match call.direction {
            Direction::BusinessInitiated => "business",
            Direction::UserInitiated => "user",
        },
        time: call.placed_at.secs(),
        state: state_of_call(call),
        context: None,
        content,
        at: call.placed_at,
    }
}

/// How a call reads in the user's chat.
fn state_of_call(call: &Call) -> &'static str {
    let Some(end) = call.end else {
        return match call.state {
            CallState::Ringing | CallState::PreAccepted => "ringing",
            _ => "connected",
        };
    };
    let incoming = call.direction == Direction::BusinessInitiated;
    match end.cause {
        _ if call.answered_at.is_some() && call.ending().is_some_and(|e| e.duration.is_some()) => {
            "ended"
        }
        EndCause::UserDeclined => "declined",
        EndCause::Abandoned => "cancelled",
        EndCause::NoAnswer | EndCause::Cancelled | EndCause::BusinessRejected if incoming => {
            "missed"
        }
        EndCause::NoAnswer | EndCause::BusinessRejected => "unanswered",
        EndCause::BusinessMediaTimeout
        | EndCause::UserMediaTimeout
        | EndCause::NoMedia
        | EndCause::SetupLost
        | EndCause::RelayLost => "failed",
        EndCause::BusinessHungUp | EndCause::UserHungUp | EndCause::Cancelled => "ended",
    }
}
