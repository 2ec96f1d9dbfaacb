//! What users write, and how far the business's messages have come (`webhooks.md` §3.3, §3.4).

use ahoy_types::{MessageId, RuleTime, WaId};

use super::build::{Common, notification, value};
use super::model::{
    Context, Conversation, ConversationOrigin, Interactive, Message, MessageStatus, Pricing,
    QuickReply, Referral, Reply, Status, StatusWord, Text,
};
use super::person::own_number;
use crate::errors::WebhookError;

/// How far a message of the business has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageStatusEvent {
    /// The message.
    pub id: MessageId,
    /// When.
    pub timestamp: RuleTime,
    /// How far.
    pub status: MessageStatus,
    /// What the business sent with it.
    pub biz_opaque_callback_data: Option<String>,
    /// What it costs; on sent and delivered.
    pub pricing: Option<Pricing>,
    /// Id and end of the free entry point it was sent in; on sent and delivered.
    pub free_entry: Option<(String, RuleTime)>,
    /// Why it failed, if it did.
    pub error: Option<WebhookError>,
}

/// Bytes of a message's status (`webhooks.md` §3.4).
pub fn message_status(common: &Common, event: &MessageStatusEvent) -> Vec<u8> {
    let mut value = value(common);
    value.statuses.push(Status {
        id: event.id.to_string(),
        timestamp: event.timestamp,
        kind: None,
        status: StatusWord::Message(event.status),
        recipient_id: common.contact.wa_id,
        recipient_user_id: Some(common.contact.user_id.clone()),
        recipient_parent_user_id: common.contact.parent_user_id.clone(),
        biz_opaque_callback_data: event.biz_opaque_callback_data.clone(),
        conversation: event.free_entry.as_ref().map(|(id, until)| Conversation {
            id: id.clone(),
            expiration_timestamp: (event.status == MessageStatus::Sent).then_some(*until),
            origin: ConversationOrigin {
                kind: "referral_conversion".to_owned(),
            },
        }),
        pricing: event.pricing.clone(),
        errors: event.error.iter().cloned().collect(),
    });
    notification(common, "messages", value)
}

/// A message of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// Its id.
    pub id: MessageId,
    /// When it was written.
    pub timestamp: RuleTime,
    /// What it says.
    pub content: InboundContent,
    /// The message it answers, and whether the business wrote that one.
    pub context: Option<(MessageId, bool)>,
    /// The advertisement it was written out of.
    pub referral: Option<Referral>,
}

/// What a message of the user says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboundContent {
    /// Words.
    Text(String),
    /// A reply button was tapped.
    ButtonReply(Reply),
    /// A row of a list was chosen.
    ListReply(Reply),
    /// A quick reply of a template was tapped.
    QuickReply(QuickReply),
    /// The user's own number, which the business had asked for.
    OwnNumber {
        /// The user's name.
        name: String,
        /// The number.
        number: WaId,
    },
}

/// Bytes of a user's message (`webhooks.md` §3.3).
pub fn inbound(common: &Common, event: &InboundMessage) -> Vec<u8> {
    let mut message = Message {
        from: common.contact.wa_id,
        from_user_id: Some(common.contact.user_id.clone()),
        from_parent_user_id: common.contact.parent_user_id.clone(),
        context: event.context.as_ref().map(|(id, own)| Context {
            from: if *own {
                Some(common.display_phone_number)
            } else {
                common.contact.wa_id
            },
            id: id.to_string(),
        }),
        referral: event.referral.clone(),
        ..Message::empty(event.id.to_string(), event.timestamp, String::new())
    };
    let interactive = |kind: &str, button_reply, list_reply| Interactive {
        kind: kind.to_owned(),
        button_reply,
        list_reply,
        call_permission_reply: None,
    };
    let kind = match event.content.clone() {
        InboundContent::Text(body) => {
            message.text = Some(Text { body });
            "text"
        }
        InboundContent::ButtonReply(reply) => {
            message.interactive = Some(interactive("button_reply", Some(reply), None));
            "interactive"
        }
        InboundContent::ListReply(reply) => {
            message.interactive = Some(interactive("list_reply", None, Some(reply)));
            "interactive"
        }
        InboundContent::QuickReply(reply) => {
            message.button = Some(reply);
            "button"
        }
        InboundContent::OwnNumber { name, number } => {
            message.contacts.push(own_number(name, number));
            "contacts"
        }
    };
    message.kind = kind.to_owned();
    let mut value = value(common);
    value.messages.push(message);
    notification(common, "messages", value)
}
