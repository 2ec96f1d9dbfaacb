//! `interactive`: what a user can tap on.

use std::collections::HashSet;

use super::{missing, needed_object, needed_text, optional_text, wrong_value};
use crate::body::{Fields, excerpt};
use crate::{ErrorCode, GraphError};

/// Most characters in the body of a message with reply buttons, a call button or a permission request.
const MAX_BODY: usize = 1024;
/// Most characters in the body of a list.
const MAX_LIST_BODY: usize = 4096;
/// Most characters in headers and footers.
const MAX_EDGE: usize = 60;
/// Most characters on buttons, and in the headings of a list.
const MAX_TITLE: usize = 20;
/// Most characters in a list's rows and sections.
const MAX_ROW: usize = 24;
/// Most characters below a row.
const MAX_DESCRIPTION: usize = 72;
/// Most characters in the id of a reply button, and of a row.
const MAX_REPLY_ID: usize = 256;
const MAX_ROW_ID: usize = 200;
/// Most reply buttons, and most rows and sections of a list.
const MAX_BUTTONS: usize = 3;
const MAX_ROWS: usize = 10;
/// Most characters in the payload of a call button.
const MAX_PAYLOAD: usize = 512;
/// Longest life of a call button, in minutes.
const MAX_TTL_MINUTES: u64 = 43_200;
/// Life of a call button of which nothing is said, in minutes.
pub const TTL_MINUTES_DEFAULT: u32 = 10_080;
/// What stands on a call button of which nothing is said.
const DISPLAY_TEXT_DEFAULT: &str = "Call Now";

/// Something to tap on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interactive {
    /// `voice_call`: a button that calls the business.
    VoiceCall {
        /// The words above it.
        body: String,
        /// The button.
        button: CallButton,
    },
    /// `call_permission_request`.
    PermissionRequest {
        /// The words above it.
        body: Option<String>,
    },
    /// `request_contact_info`: asks for the user's number; what stands on the button the app decides.
    ContactRequest {
        /// The words above the button.
        body: String,
    },
    /// `button`: up to three answers.
    Buttons(ReplyButtons),
    /// `list`: a menu.
    List(List),
}

/// A button that calls the business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallButton {
    /// What stands on it.
    pub display_text: String,
    /// How long it works.
    pub ttl_minutes: u32,
    /// Repeated as `cta_payload` in the call's webhooks.
    pub payload: Option<String>,
}

/// Up to three answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyButtons {
    /// The words above the body.
    pub header: Option<String>,
    /// The words.
    pub body: String,
    /// The words below.
    pub footer: Option<String>,
    /// The answers.
    pub buttons: Vec<Reply>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The business's name for it.
    pub id: String,
    /// What stands on it.
    pub title: String,
}

/// A menu.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub sections: Vec<Section>,
}

/// A part of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub title: Option<String>,
    /// Its answers.
    pub rows: Vec<Row>,
}

/// An answer of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The business's name for it.
    pub id: String,
    /// What it says.
    pub title: String,
    /// The smaller words below.
    pub description: Option<String>,
}

impl Interactive {
    pub(super) fn parse(fields: &Fields<'_>) -> Result<Self, GraphError> {
        let kind = fields
            .text("type")?
            .ok_or_else(|| missing(fields, "type"))?;
        match kind {
            "voice_call" => voice_call(fields),
            "call_permission_request" => permission_request(fields),
            "request_contact_info" => {
                let body = needed_text(&needed_object(fields, "body")?, "text", MAX_BODY)?;
                action_named(fields, "request_contact_info")?;
                Ok(Self::ContactRequest { body })
            }
            "button" => buttons(fields).map(Self::Buttons),
            "list" => list(fields).map(Self::List),
            other => Err(wrong_value(format!(
                "The parameter `interactive.type` has the value `{}`; allowed: voice_call, call_permission_request, request_contact_info, button, list.",
                excerpt(other)
            ))),
        }
    }
}

fn voice_call(fields: &Fields<'_>) -> Result<Interactive, GraphError> {
    let body = needed_text(&needed_object(fields, "body")?, "text", MAX_BODY)?;
    let action = action_named(fields, "voice_call")?;
    let button = match action.object("parameters")? {
        Some(parameters) => CallButton::parse(&parameters)?,
        None => CallButton {
            display_text: DISPLAY_TEXT_DEFAULT.to_owned(),
            ttl_minutes: TTL_MINUTES_DEFAULT,
            payload: None,
        },
    };
    Ok(Interactive::VoiceCall { body, button })
}

impl CallButton {
    fn parse(parameters: &Fields<'_>) -> Result<Self, GraphError> {
        let display_text = optional_text(parameters, "display_text", MAX_TITLE)?;
        Ok(Self {
            display_text: display_text.unwrap_or_else(|| DISPLAY_TEXT_DEFAULT.to_owned()),
            ttl_minutes: ttl_minutes(parameters)?.unwrap_or(TTL_MINUTES_DEFAULT),
            payload: payload(parameters)?,
        })
    }
}

/// `ttl_minutes`, as a number or as digits.
pub(super) fn ttl_minutes(fields: &Fields<'_>) -> Result<Option<u32>, GraphError> {
    let Some(text) = fields.text_or_integer("ttl_minutes")? else {
        return Ok(None);
    };
    let minutes: Option<u64> = text
        .parse()
        .ok()
        .filter(|m| (1..=MAX_TTL_MINUTES).contains(m));
    match minutes.and_then(|m| u32::try_from(m).ok()) {
        Some(minutes) => Ok(Some(minutes)),
        None => Err(wrong_value(format!(
            "The parameter `{}` has the value `{}`; 1 to {MAX_TTL_MINUTES} minutes are allowed.",
            fields.name("ttl_minutes"),
            excerpt(&text)
        ))),
    }
}

/// `payload` of a call button.
pub(super) fn payload(fields: &Fields<'_>) -> Result<Option<String>, GraphError> {
    let Some(text) = fields.text("payload")? else {
        return Ok(None);
    };
    let length = text.chars().count();
    if length > MAX_PAYLOAD {
        return Err(wrong_value(format!(
            "The parameter `{}` is too long: {length} characters, at most {MAX_PAYLOAD} are allowed.",
            fields.name("payload")
        )));
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

fn permission_request(fields: &Fields<'_>) -> Result<Interactive, GraphError> {
    for name in ["header", "footer"] {
        if fields.has(name) {
            return Err(wrong_value(format!(
                "The parameter `interactive.{name}` is not allowed in a call permission request."
            )));
        }
    }
    action_named(fields, "call_permission_request")?;
    let body = match fields.object("body")? {
        Some(body) => Some(needed_text(&body, "text", MAX_BODY)?),
        None => None,
    };
    Ok(Interactive::PermissionRequest { body })
}

fn action_named<'f>(fields: &'f Fields<'_>, expected: &str) -> Result<Fields<'f>, GraphError> {
    let action = needed_object(fields, "action")?;
    let name = action
        .text("name")?
        .ok_or_else(|| missing(&action, "name"))?;
    if name != expected {
        return Err(wrong_value(format!(
            "The parameter `interactive.action.name` has the value `{}`; allowed: {expected}.",
            excerpt(name)
        )));
    }
    Ok(action)
}

/// The words above and below.
fn edges(fields: &Fields<'_>) -> Result<(Option<String>, Option<String>), GraphError> {
    let header = match fields.object("header")? {
        None => None,
        Some(header) => {
            let kind = header
                .text("type")?
                .ok_or_else(|| missing(&header, "type"))?;
            if kind != "text" {
                return Err(GraphError::new(
                    ErrorCode::MessageType,
                    format!(
                        "The parameter `interactive.header.type` has the value `{}`; this server offers text only.",
                        excerpt(kind)
                    ),
                ));
            }
            Some(needed_text(&header, "text", MAX_EDGE)?)
        }
    };
    let footer = match fields.object("footer")? {
        None => None,
        Some(footer) => Some(needed_text(&footer, "text", MAX_EDGE)?),
    };
    Ok((header, footer))
}

fn buttons(fields: &Fields<'_>) -> Result<ReplyButtons, GraphError> {
    let (header, footer) = edges(fields)?;
    let body = needed_text(&needed_object(fields, "body")?, "text", MAX_BODY)?;
    let action = needed_object(fields, "action")?;
    let found = action
        .objects("buttons")?
        .ok_or_else(|| missing(&action, "buttons"))?;
    let mut ids = HashSet::new();
    let mut titles = HashSet::new();
    let mut buttons = Vec::new();
    for button in &found {
        let kind = button
            .text("type")?
            .ok_or_else(|| missing(button, "type"))?;
        if kind != "reply" {
            return Err(wrong_value(format!(
                "The parameter `{}` has the value `{}`; allowed: reply.",
                button.name("type"),
                excerpt(kind)
            )));
        }
        let reply = needed_object(button, "reply")?;
        let id = needed_text(&reply, "id", MAX_REPLY_ID)?;
        let title = needed_text(&reply, "title", MAX_TITLE)?;
        once(&mut ids, &reply, "id", &id)?;
        once(&mut titles, &reply, "title", &title)?;
        buttons.push(Reply { id, title });
    }
    counted(&action, "buttons", buttons.len(), MAX_BUTTONS)?;
    Ok(ReplyButtons {
        header,
        body,
        footer,
        buttons,
    })
}

fn list(fields: &Fields<'_>) -> Result<List, GraphError> {
    let (header, footer) = edges(fields)?;
    let body = needed_text(&needed_object(fields, "body")?, "text", MAX_LIST_BODY)?;
    let action = needed_object(fields, "action")?;
    let button = needed_text(&action, "button", MAX_TITLE)?;
    let found = action
        .objects("sections")?
        .ok_or_else(|| missing(&action, "sections"))?;
    let many = found.len() > 1;
    let mut ids = HashSet::new();
    let mut sections = Vec::new();
    let mut count = 0;
    for section in &found {
        let title = optional_text(section, "title", MAX_ROW)?;
        if many && title.is_none() {
            return Err(missing(section, "title"));
        }
        let mut rows = Vec::new();
        let found = section
            .objects("rows")?
            .ok_or_else(|| missing(section, "rows"))?;
        for row in &found {
            let id = needed_text(row, "id", MAX_ROW_ID)?;
            once(&mut ids, row, "id", &id)?;
            rows.push(Row {
                id,
                title: needed_text(row, "title", MAX_ROW)?,
                description: optional_text(row, "description", MAX_DESCRIPTION)?,
            });
        }
        counted(section, "rows", rows.len(), MAX_ROWS)?;
        count += rows.len();
        sections.push(Section { title, rows });
    }
    counted(&action, "sections", sections.len(), MAX_ROWS)?;
    if count > MAX_ROWS {
        return Err(wrong_value(format!(
            "The parameter `interactive.action.sections` has {count} rows in all; at most {MAX_ROWS} are allowed."
        )));
    }
    Ok(List {
        header,
        body,
        footer,
        button,
        sections,
    })
}

fn once(
    seen: &mut HashSet<String>,
    fields: &Fields<'_>,
    name: &str,
    value: &str,
) -> Result<(), GraphError> {
    if seen.insert(value.to_owned()) {
        return Ok(());
    }
    Err(wrong_value(format!(
        "The parameter `{}` repeats the value `{}`; each may be there once.",
        fields.name(name),
        excerpt(value)
    )))
}

fn counted(fields: &Fields<'_>, name: &str, count: usize, most: usize) -> Result<(), GraphError> {
    if (1..=most).contains(&count) {
        return Ok(());
    }
    Err(wrong_value(format!(
        "The parameter `{}` has {count} entries; 1 to {most} are allowed.",
        fields.name(name)
    )))
}
