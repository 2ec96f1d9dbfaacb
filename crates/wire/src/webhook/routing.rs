//! Conversation routing (`webhooks.md` §7): who gained or lost a thread, and copies for those who only watch.

use ahoy_types::{MessageId, PhoneNumberId, RuleTime, WaId, WabaId};
use serde::{Deserialize, Serialize};

use super::build::{Common, body};
use super::model::{Contact, Message, Metadata, Notification, Status, Value};
use super::unix;

/// The webhook field of [`handover`].
pub const HANDOVERS: &str = "messaging_handovers";
/// The webhook field of copies.
pub const STANDBY: &str = "standby";

/// One list of copies.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Standby {
    /// Whose the messages are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// What the user wrote; also the user's answers to permission requests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
    /// What the business wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub message_echoes: Vec<MessageEcho>,
    /// How far that has come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Status>,
}

/// A message of whoever answers in a thread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageEcho {
    /// Its id.
    pub id: String,
    /// When it was sent.
    #[serde(with = "unix")]
    pub timestamp: RuleTime,
    /// The body of the request that sent it.
    pub message: serde_json::Value,
}

/// The user of a thread.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverSender {
    /// The number; missing for users who hide it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<WaId>,
}

/// The number of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverRecipient {
    /// Its node.
    pub phone_number_id: PhoneNumberId,
    /// The number.
    pub display_phone_number: WaId,
}

/// A change of owner. Roles are named, businesses and apps are not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// The role that had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_owner_role: Option<String>,
    /// The role that has it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_owner_role: Option<String>,
    /// What was said with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverEvent {
    /// When.
    pub timestamp: RuleTime,
    /// Whether the owner passed it; it was taken otherwise.
    pub passed: bool,
    /// From whom to whom.
    pub control: Control,
}

/// Bytes of a change of owner (`webhooks.md` §7.2).
pub fn handover(common: &Common, event: &HandoverEvent) -> Vec<u8> {
    let control = Some(event.control.clone());
    let mut value = Value {
        messaging_product: Some("whatsapp".to_owned()),
        sender: Some(HandoverSender {
            phone_number: common.contact.wa_id,
        }),
        recipient: Some(HandoverRecipient {
            phone_number_id: common.phone_number_id,
            display_phone_number: common.display_phone_number,
        }),
        timestamp: Some(event.timestamp),
        ..Value::default()
    };
    let word = if event.passed {
        value.control_passed = control;
        "control_passed"
    } else {
        value.control_taken = control;
        "control_taken"
    };
    value.kind = Some(word.to_owned());
    body(common.waba, HANDOVERS, value)
}

/// Bytes of the copy of what the business wrote (`webhooks.md` §7.3).
pub fn echo(
    common: &Common,
    id: &MessageId,
    timestamp: RuleTime,
    sent: serde_json::Value,
) -> Vec<u8> {
    let standby = Standby {
        message_echoes: vec![MessageEcho {
            id: id.to_string(),
            timestamp,
            message: sent,
        }],
        ..Standby::default()
    };
    let metadata = Metadata {
        display_phone_number: common.display_phone_number,
        phone_number_id: common.phone_number_id,
    };
    copied(common.waba, Some(metadata), standby)
}

/// The copy of a webhook of the field `messages` (`webhooks.md` §7.3); `None` for bytes that are none.
pub fn standby_copy(of: &[u8]) -> Option<Vec<u8>> {
    let notification: Notification = serde_json::from_slice(of).ok()?;
    let entry = notification.entry.into_iter().next()?;
    let value = *entry.changes.into_iter().next()?.value;
    let mut standby = Standby {
        messages: value.messages,
        statuses: value.statuses,
        ..Standby::default()
    };
    if !standby.messages.is_empty() {
        standby.contacts = value.contacts;
    }
    Some(copied(entry.id, value.metadata, standby))
}

fn copied(waba: WabaId, metadata: Option<Metadata>, standby: Standby) -> Vec<u8> {
    let value = Value {
        messaging_product: Some("whatsapp".to_owned()),
        metadata,
        standby: Some(Box::new(standby)),
        ..Value::default()
    };
    body(waba, STANDBY, value)
}
