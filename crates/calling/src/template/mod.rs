//! Message templates: what one is, whether it may be made or changed, and what becomes of it when it is sent
//! (`graph-api.md` §6).

mod check;
mod edit;
mod render;
mod review;
mod variables;

pub use check::check;
pub use edit::{Edit, may_create};
pub use render::{
    Given, GivenButton, GivenMedia, GivenText, Rendered, RenderedButton, RenderedHeader, render,
};
pub use review::review;
pub use variables::{Variables, variables};

use ahoy_types::{RuleTime, TemplateId, WabaId};
use serde::{Deserialize, Serialize};

/// Which rule about templates is broken; the Graph edge has a code for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// 2388019: the account has as many as it may.
    Full,
    /// 2388040: a field is too long.
    Length,
    /// 2388047: the header's form.
    Header,
    /// 2388072: the body's form.
    Body,
    /// 2388073: the footer's form.
    Footer,
    /// 2388293: too many variables for the length of the text.
    Ratio,
    /// 2388299: a variable at the beginning or the end.
    Edges,
    /// 132000: another number of values than of variables.
    Count,
    /// 132001: there is no approved template of this name and language.
    Missing,
    /// 132005: too long with its values.
    TooLong,
    /// 132012: a value of another kind.
    Format,
    /// 132015: paused.
    Paused,
    /// 132016: disabled.
    Disabled,
    /// 132018: a value that cannot be used.
    Parameter,
}

/// A rule about templates is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Fault {
    /// Which.
    pub kind: FaultKind,
    /// One sentence that names the field.
    pub sentence: String,
}

impl Fault {
    /// A fault with the sentence that names the field.
    pub fn new(kind: FaultKind, sentence: impl Into<String>) -> Self {
        Self {
            kind,
            sentence: sentence.into(),
        }
    }
}

/// What a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// Promotions.
    Marketing,
    /// About something the user is engaged in.
    Utility,
    /// A code to sign in with. It goes to telephone numbers only (131062) and has nothing to do with calls.
    Authentication,
}

impl Category {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Marketing => "MARKETING",
            Self::Utility => "UTILITY",
            Self::Authentication => "AUTHENTICATION",
        }
    }
}

/// How variables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ParameterFormat {
    /// `{{1}}`, `{{2}}`, …
    #[default]
    Positional,
    /// `{{first_name}}`.
    Named,
}

impl ParameterFormat {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Positional => "POSITIONAL",
            Self::Named => "NAMED",
        }
    }
}

/// Where a template stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Under review.
    Pending,
    /// May be sent.
    Approved,
    /// Failed its review.
    Rejected,
    /// Held back for a while.
    Paused,
    /// Held back for good.
    Disabled,
}

impl Status {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Paused => "PAUSED",
            Self::Disabled => "DISABLED",
        }
    }
}

impl Status {
    /// Every status with its word.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("APPROVED", Self::Approved),
        ("PENDING", Self::Pending),
        ("REJECTED", Self::Rejected),
        ("PAUSED", Self::Paused),
        ("DISABLED", Self::Disabled),
    ];
}

/// Why a review failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The form: shortened links, or the text of another template.
    InvalidFormat,
}

impl Reason {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFormat => "INVALID_FORMAT",
        }
    }
}

/// A message template in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// The account it belongs to.
    pub waba: WabaId,
    /// What it says.
    pub draft: Draft,
    /// Where it stands.
    pub status: Status,
    /// Why it was rejected.
    pub reason: Option<Reason>,
    /// Grows with each edit, so that the review of an earlier text decides nothing about a later one.
    pub revision: u32,
    /// When it was edited while approved, newest last, of the last 30 days.
    pub edits: Vec<RuleTime>,
    /// When it was made.
    pub created_at: RuleTime,
}

/// What a business says when it makes a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Lower-case letters, digits and underscores.
    pub name: String,
    /// `en`, `en_GB`.
    pub language: String,
    /// What it is for.
    pub category: Category,
    /// How its variables are written.
    pub parameter_format: ParameterFormat,
    /// Its parts.
    pub content: Content,
}

/// The parts of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Above the body.
    pub header: Option<Header>,
    /// The message itself.
    pub body: Text,
    /// Below the body.
    pub footer: Option<String>,
    /// Below that.
    pub buttons: Vec<Button>,
    /// Whether it asks for permission to call.
    pub call_permission_request: bool,
}

/// A text with variables, and a sample value for each.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Text {
    /// With `{{1}}` or `{{name}}` where values go.
    pub text: String,
    /// Samples: by position with an empty name, or by name.
    pub examples: Vec<Example>,
}

/// A sample value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The variable, where variables have names.
    pub name: Option<String>,
    /// The sample.
    pub value: String,
}

/// Above the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Header {
    /// A line of text with one variable at most.
    Text(Text),
    /// A picture; its samples are upload handles.
    Image {
        /// Handles of sample files.
        examples: Vec<String>,
    },
    /// A film.
    Video {
        /// Handles of sample files.
        examples: Vec<String>,
    },
    /// A file.
    Document {
        /// Handles of sample files.
        examples: Vec<String>,
    },
}

impl Header {
    /// The word on the wire.
    pub const fn format(&self) -> &'static str {
        match self {
            Self::Text(_) => "TEXT",
            Self::Image { .. } => "IMAGE",
            Self::Video { .. } => "VIDEO",
            Self::Document { .. } => "DOCUMENT",
        }
    }
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Button {
    /// The user calls the business.
    VoiceCall {
        /// On the button.
        text: String,
        /// How long it works after it was sent, unless the message says otherwise.
        ttl_minutes: Option<u32>,
    },
    /// Opens a page.
    Url {
        /// On the button.
        text: String,
        /// May end in a variable.
        url: String,
        /// A sample of the variable.
        example: Option<String>,
    },
    /// Dials a telephone number.
    PhoneNumber {
        /// On the button.
        text: String,
        /// The number.
        phone_number: String,
    },
    /// Answers with its text.
    QuickReply {
        /// On the button.
        text: String,
    },
    /// Shares the user's number (`graph-api.md` §5).
    RequestContactInfo,
}

/// On a button that shares the user's number: no business can say it otherwise.
pub const CONTACT_BUTTON: &str = "Share phone number";

impl Button {
    /// The word on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::VoiceCall { .. } => "VOICE_CALL",
            Self::Url { .. } => "URL",
            Self::PhoneNumber { .. } => "PHONE_NUMBER",
            Self::QuickReply { .. } => "QUICK_REPLY",
            Self::RequestContactInfo => "REQUEST_CONTACT_INFO",
        }
    }
    /// On the button.
    pub fn text(&self) -> &str {
        match self {
            Self::VoiceCall { text, .. }
            | Self::Url { text, .. }
            | Self::PhoneNumber { text, .. }
            | Self::QuickReply { text } => text,
            Self::RequestContactInfo => CONTACT_BUTTON,
        }
    }
}

#[cfg(test)]
mod tests;
