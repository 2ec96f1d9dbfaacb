//! Messages between a business number and a user, as far as calling needs them (`graph-api.md` §5,
//! `webhooks.md` §3): what each kind holds, and what can still be done with it at an instant.

mod billing;
mod card;
mod chat;
mod content;
mod entry;
mod send;

use ahoy_types::{AppId, MessageId, PhoneNumberId, RuleTime, WaId};
use serde::{Deserialize, Serialize};

pub use crate::pair::Answer;
pub use billing::{BillFacts, Pricing, pricing};
pub use card::{CallButton, CardRefusal, CardState, ContactRequest, RequestCard};
pub use chat::Chat;
pub use content::{
    Audio, Buttons, List, ListRow, ListSection, MessageKind, Notice, Reply, ReplyButton,
    TemplateButton, TemplateMessage,
};
pub use entry::FreeEntry;
pub use send::{Fate, SendFacts, may_send};

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The business.
    Business,
    /// The user.
    User,
    /// The platform itself: a notice in the user's chat that the business never sees.
    Platform,
}

impl Side {
    /// The word stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::User => "user",
            Self::Platform => "platform",
        }
    }
}

/// How far a message has come; the order is the order of time. A failed one stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Taken by the platform.
    Sent,
    /// On the other side's device.
    Delivered,
    /// Seen by the other side.
    Read,
    /// It will never arrive.
    Failed,
}

impl MessageStatus {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }
}

/// A message of a pair's thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The business number.
    pub number: PhoneNumberId,
    /// The user.
    pub user: WaId,
    /// Who wrote it.
    pub from: Side,
    /// When it was sent.
    pub at: RuleTime,
    /// What it says.
    pub kind: MessageKind,
    /// The message it replies to.
    pub context: Option<MessageId>,
    /// How far it has come.
    pub status: MessageStatus,
    /// Code of `errors.md` of a failed one.
    pub error: Option<u32>,
    /// `biz_opaque_callback_data`: repeated in its status webhooks.
    pub opaque: Option<String>,
    /// The app of the business that sent it; `None` for what users and the platform write.
    pub app: Option<AppId>,
    /// What it counts as on the bill, decided when it was sent; `None` for what users and the platform write.
    pub pricing: Option<Pricing>,
}

impl Message {
    /// A message that was sent at `at` and has come no further yet.
    pub const fn new(
        id: MessageId,
        number: PhoneNumberId,
        user: WaId,
        from: Side,
        kind: MessageKind,
        at: RuleTime,
    ) -> Self {
        Self {
            id,
            number,
            user,
            from,
            at,
            kind,
            context: None,
            status: MessageStatus::Sent,
            error: None,
            opaque: None,
            app: None,
            pricing: None,
        }
    }

    /// Whether it is a template for signing in.
    pub fn authentication(&self) -> bool {
        matches!(&self.kind, MessageKind::Template(template) if template.category == "authentication")
    }

    /// The call button in it, also a template's.
    pub const fn call_button(&self) -> Option<&CallButton> {
        match &self.kind {
            MessageKind::CallButton { button, .. } => Some(button),
            MessageKind::Template(template) => template.call_button.as_ref(),
            _ => None,
        }
    }

    /// The permission request in it, also a template's.
    pub const fn request(&self) -> Option<&RequestCard> {
        match &self.kind {
            MessageKind::PermissionRequest { card, .. } => Some(card),
            MessageKind::Template(template) => template.request.as_ref(),
            _ => None,
        }
    }

    /// [`Message::request`], to be changed.
    pub const fn request_mut(&mut self) -> Option<&mut RequestCard> {
        match &mut self.kind {
            MessageKind::PermissionRequest { card, .. } => Some(card),
            MessageKind::Template(template) => template.request.as_mut(),
            _ => None,
        }
    }

    /// The request for the user's number in it, also a template's.
    pub const fn contact_request(&self) -> Option<&ContactRequest> {
        match &self.kind {
            MessageKind::ContactRequest { asked, .. } => Some(asked),
            MessageKind::Template(template) => template.contact_request.as_ref(),
            _ => None,
        }
    }

    /// [`Message::contact_request`], to be changed.
    pub const fn contact_request_mut(&mut self) -> Option<&mut ContactRequest> {
        match &mut self.kind {
            MessageKind::ContactRequest { asked, .. } => Some(asked),
            MessageKind::Template(template) => template.contact_request.as_mut(),
            _ => None,
        }
    }

    /// The message has come as far as `status`; says whether that is news.
    pub fn advance(&mut self, status: MessageStatus) -> bool {
        let news = status > self.status && self.status != MessageStatus::Failed;
        if news {
            self.status = status;
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_never_goes_back_and_a_failure_is_final() {
        let user = WaId::from_u64(447_700_900_001);
        let text = MessageKind::Text { body: "Hi".into() };
        let id = MessageId::new(user, [1; 16]);
        let mut message = Message::new(
            id,
            PhoneNumberId(1),
            user,
            Side::Business,
            text,
            RuleTime(0),
        );
        assert!(message.advance(MessageStatus::Read));
        assert!(!message.advance(MessageStatus::Delivered));
        assert_eq!(message.status, MessageStatus::Read);
        assert!(message.advance(MessageStatus::Failed));
        assert!(!message.advance(MessageStatus::Read));
        assert!(!message.advance(MessageStatus::Failed));
    }
}
