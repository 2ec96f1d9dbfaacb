//! `POST /{phone-number-id}/messages` (`graph-api.md` §5).
//!
//! Wrong types, `to` and texts get code 100; inside `interactive` and `template` a missing value gets 131008 and one
//! that is not allowed 131009, as the reference platform has it.

mod answer;
mod interactive;
mod template;

use ahoy_types::MessageId;

use crate::body::{Fields, excerpt};
use crate::calls::{Callee, MAX_CALLBACK_DATA, callee, messaging_product};
use crate::{Body, ErrorCode, GraphError};

pub use answer::{ContactRef, MessageRef, SendAnswer};
pub use interactive::{
    CallButton, Interactive, List, Reply, ReplyButtons, Row, Section, TTL_MINUTES_DEFAULT,
};
pub use template::{Component, Parameter, Template};

/// Most characters in a text message.
pub const MAX_TEXT: usize = 4096;

/// Types of the reference platform that have nothing to do with calling and are not offered here.
const FOREIGN_TYPES: [&str; 9] = [
    "audio", "contacts", "document", "image", "location", "reaction", "sticker", "video", "pin",
];

/// What the business wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageRequest {
    /// It has read what the user wrote, up to this message.
    Read {
        /// The newest message it read.
        message_id: MessageId,
        /// Whether the user is to see that it types.
        typing: bool,
    },
    /// It writes to a user.
    Send(Box<Send>),
}

/// A message to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// The user.
    pub callee: Callee,
    /// `to` or `recipient` as it was sent: the answer repeats it.
    pub input: String,
    /// What it says.
    pub content: Content,
    /// The message it replies to.
    pub context: Option<MessageId>,
    /// To be repeated in the message's status webhooks.
    pub biz_opaque_callback_data: Option<String>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Words.
    Text {
        /// The words.
        body: String,
    },
    /// Something to tap on.
    Interactive(Interactive),
    /// A template with its values.
    Template(Template),
}

impl MessageRequest {
    /// Reads the body of `POST /{phone-number-id}/messages`.
    ///
    /// # Errors
    /// Code 100, 131008, 131009 or 131051 with a sentence that names the parameter.
    pub fn parse(body: &Body) -> Result<Self, GraphError> {
        let fields = body.fields();
        messaging_product(&fields)?;
        if fields.has("status") {
            return read(&fields);
        }
        if let Some(kind) = fields.text("recipient_type")?
            && kind != "individual"
        {
            return Err(fields.not_allowed("recipient_type", kind, "individual"));
        }
        let callee = callee(&fields)?;
        let input = match fields.text_or_integer("to")? {
            Some(to) => to.into_owned(),
            None => fields.required_text("recipient")?.to_owned(),
        };
        let content = content(&fields)?;
        let context = match fields.object("context")? {
            Some(context) => Some(message_id(&context)?),
            None => None,
        };
        let data = fields.short_text("biz_opaque_callback_data", MAX_CALLBACK_DATA)?;
        Ok(Self::Send(Box::new(Send {
            callee,
            input,
            content,
            context,
            biz_opaque_callback_data: data.map(str::to_owned),
        })))
    }
}

fn read(fields: &Fields<'_>) -> Result<MessageRequest, GraphError> {
    let status = fields.required_text("status")?;
    if status != "read" {
        return Err(fields.not_allowed("status", status, "read"));
    }
    let typing = match fields.object("typing_indicator")? {
        None => false,
        Some(typing) => {
            let kind = typing.required_text("type")?;
            if kind != "text" {
                return Err(typing.not_allowed("type", kind, "text"));
            }
            true
        }
    };
    Ok(MessageRequest::Read {
        message_id: message_id(fields)?,
        typing,
    })
}

fn message_id(fields: &Fields<'_>) -> Result<MessageId, GraphError> {
    let text = fields.required_text("message_id")?;
    text.parse().map_err(|_| {
        GraphError::invalid(format!(
            "The parameter `{}` has the value `{}`, which is not a message id: text that begins with `wamid.` is expected.",
            fields.name("message_id"),
            excerpt(text)
        ))
    })
}

fn content(fields: &Fields<'_>) -> Result<Content, GraphError> {
    // The reference platform takes a body without a type for a text.
    let kind = fields.text("type")?.unwrap_or("text");
    match kind {
        "text" => {
            let text = fields
                .object("text")?
                .ok_or_else(|| fields.missing("text"))?;
            text.boolean("preview_url")?;
            text.required_text("body")?;
            let body = text.short_text("body", MAX_TEXT)?.unwrap_or_default();
            if body.trim().is_empty() {
                return Err(GraphError::invalid(
                    "The parameter `text.body` must not be empty.",
                ));
            }
            Ok(Content::Text {
                body: body.to_owned(),
            })
        }
        "interactive" => {
            let interactive = needed_object(fields, "interactive")?;
            Interactive::parse(&interactive).map(Content::Interactive)
        }
        "template" => {
            let template = needed_object(fields, "template")?;
            Template::parse(&template).map(Content::Template)
        }
        foreign if FOREIGN_TYPES.contains(&foreign) => Err(GraphError::new(
            ErrorCode::MessageType,
            format!(
                "The parameter `type` has the value `{foreign}`, which this server does not offer; allowed: text, interactive, template."
            ),
        )),
        other => Err(fields.not_allowed("type", other, "text, interactive, template")),
    }
}

/// 131008: inside a message's content something is missing.
fn missing(fields: &Fields<'_>, name: &str) -> GraphError {
    GraphError::new(
        ErrorCode::RequiredParameterMissing,
        format!("The parameter `{}` is required.", fields.name(name)),
    )
}

/// 131009: inside a message's content a value is not allowed.
fn wrong_value(sentence: String) -> GraphError {
    GraphError::new(ErrorCode::MessageParameterValue, sentence)
}

fn needed_object<'f>(fields: &'f Fields<'_>, name: &str) -> Result<Fields<'f>, GraphError> {
    fields.object(name)?.ok_or_else(|| missing(fields, name))
}

/// A text of at most `most` characters that is there and says something.
fn needed_text(fields: &Fields<'_>, name: &str, most: usize) -> Result<String, GraphError> {
    optional_text(fields, name, most)?.ok_or_else(|| missing(fields, name))
}

fn optional_text(
    fields: &Fields<'_>,
    name: &str,
    most: usize,
) -> Result<Option<String>, GraphError> {
    let Some(text) = fields.text(name)? else {
        return Ok(None);
    };
    let length = text.chars().count();
    if text.trim().is_empty() || length > most {
        return Err(wrong_value(format!(
            "The parameter `{}` has {length} characters; 1 to {most} are allowed, not all of them blank.",
            fields.name(name)
        )));
    }
    Ok(Some(text.to_owned()))
}
