//! What messages say.

use ahoy_types::WaId;
use serde::{Deserialize, Serialize};

use super::card::{CallButton, ContactRequest, RequestCard};

/// The kinds of messages and their content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum MessageKind {
    /// Words.
    Text {
        /// The words.
        body: String,
    },
    /// A button that calls the business.
    CallButton {
        /// The words above it.
        body: String,
        /// The button.
        button: CallButton,
    },
    /// The business asks for permission to call.
    PermissionRequest {
        /// The words above it.
        body: Option<String>,
        /// Its state.
        card: RequestCard,
    },
    /// The business asks for the user's number.
    ContactRequest {
        /// The words above the button.
        body: String,
        /// Its state.
        asked: ContactRequest,
    },
    /// Up to three answers to tap on.
    Buttons(Buttons),
    /// A menu of answers.
    List(List),
    /// The user tapped a button of [`MessageKind::Buttons`].
    ButtonReply(Reply),
    /// The user chose a row of a [`MessageKind::List`].
    ListReply(Reply),
    /// The user tapped a quick reply of a template.
    TemplateReply(Reply),
    /// A template with its values filled in.
    Template(TemplateMessage),
    /// A recording.
    Audio(Audio),
    /// The user's own number, shared because the business asked for it.
    SharedNumber {
        /// The user's name then.
        name: String,
        /// The number.
        number: WaId,
    },
    /// The user has another number.
    NumberChanged {
        /// The former one.
        from: WaId,
        /// The one from then on.
        to: WaId,
    },
    /// A notice of the platform in the user's chat.
    System {
        /// Which.
        notice: Notice,
    },
}

impl MessageKind {
    /// The kind's word in the thread.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::CallButton { .. } => "call_button",
            Self::PermissionRequest { .. } => "permission_request",
            Self::Buttons(_) => "buttons",
            Self::List(_) => "list",
            Self::ButtonReply(_) => "button_reply",
            Self::ListReply(_) => "list_reply",
            Self::TemplateReply(_) => "template_reply",
            Self::Template(_) => "template",
            Self::Audio(_) => "audio",
            Self::SharedNumber { .. } => "shared_number",
            Self::ContactRequest { .. } => "contact_request",
            Self::System { .. } | Self::NumberChanged { .. } => "system",
        }
    }
}

/// Words with up to three answers to tap on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buttons {
    /// The words above the body.
    pub header: Option<String>,
    /// The words.
    pub body: String,
    /// The words below.
    pub footer: Option<String>,
    /// The answers.
    pub buttons: Vec<ReplyButton>,
}

/// An answer to tap on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyButton {
    /// The business's name for it.
    pub id: String,
    /// What stands on it.
    pub title: String,
}

/// Words with a menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// The words above the body.
    pub header: Option<String>,
    /// The words.
    pub body: String,
    /// The words below.
    pub footer: Option<String>,
    /// What opens the menu.
    pub button: String,
    /// The menu.
    pub sections: Vec<ListSection>,
}

/// A part of a menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListSection {
    /// Its heading; there where a menu has more than one part.
    pub title: Option<String>,
    /// Its answers.
    pub rows: Vec<ListRow>,
}

/// An answer of a menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRow {
    /// The business's name for it.
    pub id: String,
    /// What it says.
    pub title: String,
    /// The smaller words below.
    pub description: Option<String>,
}

/// The answer a user tapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The business's name for it.
    pub id: String,
    /// What it says.
    pub title: String,
    /// The smaller words of a menu's answer.
    pub description: Option<String>,
}

/// A template as the user sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateMessage {
    /// Its name.
    pub name: String,
    /// Its language, as in `en_GB`.
    pub language: String,
    /// Its category in the webhooks' spelling: `utility`, `marketing` or `authentication`.
    pub category: String,
    /// The words above the body.
    pub header: Option<String>,
    /// The words.
    pub body: String,
    /// The words below.
    pub footer: Option<String>,
    /// The buttons that do not call.
    pub buttons: Vec<TemplateButton>,
    /// The button that calls the business.
    pub call_button: Option<CallButton>,
    /// The permission request.
    pub request: Option<RequestCard>,
    /// The button that shares the user's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_request: Option<ContactRequest>,
}

/// A button of a template that does not call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TemplateButton {
    /// Opens a page.
    Url {
        /// What stands on it.
        text: String,
        /// Where it leads.
        url: String,
    },
    /// Dials a number outside of this platform.
    PhoneNumber {
        /// What stands on it.
        text: String,
        /// The number.
        phone_number: String,
    },
    /// Answers with a word.
    QuickReply {
        /// What stands on it.
        text: String,
        /// The business's name for it.
        payload: String,
    },
}

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audio {
    /// The stored media.
    pub media: u64,
    /// Its type.
    pub mime_type: String,
    /// Whether it was spoken for this chat.
    pub voice: bool,
}

/// Notices of the platform in the user's chat (`rules.md` §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Calls went unanswered: does the user still want them?
    ReviewPermission,
    /// Too many went unanswered: the permission is gone.
    PermissionRevoked,
}

impl Notice {
    /// What the user reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::ReviewPermission => {
                "You have not answered this business's latest calls. You can change whether it may call you."
            }
            Self::PermissionRevoked => {
                "This business may no longer call you because its latest calls were not answered."
            }
        }
    }
}
