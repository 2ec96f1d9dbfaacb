//! A template with its values filled in, as it is sent (`graph-api.md` §5, `errors.md` 132…).

use serde::{Deserialize, Serialize};

use super::variables::variables;
use super::{Button, Fault, FaultKind, Header, ParameterFormat, Status, Template, Text};
use crate::limits::{CALL_MINUTES, PAYLOAD_CHARS, TEMPLATE_BODY_CHARS, TEMPLATE_LINE_CHARS};

/// The values of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Given {
    /// Of the header's variable.
    pub header: Vec<GivenText>,
    /// The header's file.
    pub header_media: Option<GivenMedia>,
    /// Of the body's variables.
    pub body: Vec<GivenText>,
    /// Of the buttons.
    pub buttons: Vec<GivenButton>,
}

/// A value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenText {
    /// The variable, where variables have names.
    pub name: Option<String>,
    /// The value.
    pub text: String,
}

/// A file for the header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenMedia {
    /// `IMAGE`, `VIDEO` or `DOCUMENT`.
    pub format: String,
    /// Id of an uploaded file.
    pub id: Option<String>,
    /// Or its address.
    pub link: Option<String>,
}

/// A value of a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenButton {
    /// Of the call button.
    VoiceCall {
        /// How long it works.
        ttl_minutes: Option<u32>,
        /// Comes back in the call's webhooks.
        payload: Option<String>,
    },
    /// The end of an address.
    Url {
        /// The button's place, from 0.
        index: usize,
        /// The value.
        text: String,
    },
    /// What a quick reply sends back.
    QuickReply {
        /// The button's place, from 0.
        index: usize,
        /// Comes back with the answer.
        payload: String,
    },
}

/// A template as the user sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rendered {
    /// Above the body.
    pub header: Option<RenderedHeader>,
    /// The message.
    pub body: String,
    /// Below the body.
    pub footer: Option<String>,
    /// Below that.
    pub buttons: Vec<RenderedButton>,
    /// Whether it asks for permission to call.
    pub call_permission_request: bool,
}

/// The header as the user sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenderedHeader {
    /// A line.
    Text(String),
    /// A file.
    Media(GivenMedia),
}

/// A button as the user sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RenderedButton {
    /// Calls the business.
    VoiceCall {
        /// On the button.
        text: String,
        /// How long it works.
        ttl_minutes: u32,
        /// Comes back in the call's webhooks.
        payload: Option<String>,
    },
    /// Opens a page.
    Url {
        /// On the button.
        text: String,
        /// The page.
        url: String,
    },
    /// Dials.
    PhoneNumber {
        /// On the button.
        text: String,
        /// The number.
        phone_number: String,
    },
    /// Answers.
    QuickReply {
        /// On the button, and the answer.
        text: String,
        /// Comes back with the answer.
        payload: Option<String>,
    },
    /// Shares the user's number.
    RequestContactInfo,
}

impl Rendered {
    /// The call button, if it has one: text, minutes, payload.
    pub fn call_button(&self) -> Option<(&str, u32, Option<&str>)> {
        self.buttons.iter().find_map(|button| match button {
            RenderedButton::VoiceCall {
                text,
                ttl_minutes,
                payload,
            } => Some((text.as_str(), *ttl_minutes, payload.as_deref())),
            _ => None,
        })
    }
}

/// Fills a template.
///
/// # Errors
/// 132001, 132015, 132016 where it may not be sent now; 132000, 132012, 132018, 132005 for the values.
pub fn render(template: &Template, given: &Given) -> Result<Rendered, Fault> {
    let draft = &template.draft;
    let wrong = |kind, sentence: String| Err(Fault::new(kind, sentence));
    match template.status {
        Status::Approved => {}
        Status::Pending | Status::Rejected => {
            return wrong(
                FaultKind::Missing,
                format!(
                    "template.name: `{}` in `{}` is not approved",
                    draft.name, draft.language
                ),
            );
        }
        Status::Paused => {
            return wrong(
                FaultKind::Paused,
                format!("template.name: `{}` is paused", draft.name),
            );
        }
        Status::Disabled => {
            return wrong(
                FaultKind::Disabled,
                format!("template.name: `{}` is disabled", draft.name),
            );
        }
    }
    let format = draft.parameter_format;
    let content = &draft.content;
    let header = header(content.header.as_ref(), given, format)?;
    let body = fill(
        "body",
        &content.body,
        &given.body,
        format,
        TEMPLATE_BODY_CHARS,
    )?;
    Ok(Rendered {
        header,
        body,
        footer: content.footer.clone(),
        buttons: buttons(&content.buttons, &given.buttons)?,
        call_permission_request: content.call_permission_request,
    })
}

fn header(
    header: Option<&Header>,
    given: &Given,
    format: ParameterFormat,
) -> Result<Option<RenderedHeader>, Fault> {
    let count = |sentence: String| Err(Fault::new(FaultKind::Count, sentence));
    match (header, &given.header_media) {
        (Some(Header::Text(text)), None) => {
            let line = fill("header", text, &given.header, format, TEMPLATE_LINE_CHARS)?;
            Ok(Some(RenderedHeader::Text(line)))
        }
        (Some(Header::Text(_)), Some(_)) => Err(Fault::new(
            FaultKind::Format,
            "template.components: the header takes text and not a file",
        )),
        (Some(media), Some(file)) if given.header.is_empty() => {
            if media.format() != file.format {
                return Err(Fault::new(
                    FaultKind::Format,
                    format!(
                        "template.components: the header takes {} and not {}",
                        media.format(),
                        file.format
                    ),
                ));
            }
            Ok(Some(RenderedHeader::Media(file.clone())))
        }
        (Some(media), _) => count(format!(
            "template.components: the header needs one value of the type {}",
            media.format()
        )),
        (None, None) if given.header.is_empty() => Ok(None),
        (None, _) => count("template.components: the template has no header to fill".into()),
    }
}

fn fill(
    field: &str,
    text: &Text,
    given: &[GivenText],
    format: ParameterFormat,
    most: usize,
) -> Result<String, Fault> {
    let found = variables(&text.text, format).map_err(|clause| {
        Fault::new(
            FaultKind::Format,
            format!("template.components: the {field} {clause}"),
        )
    })?;
    if given.len() != found.names.len() {
        return Err(Fault::new(
            FaultKind::Count,
            format!(
                "template.components: the {field} needs {} values and {} were given",
                found.names.len(),
                given.len()
            ),
        ));
    }
    for value in given {
        usable(field, &value.text)?;
    }
    let value = |name: &str| {
        let found = match format {
            ParameterFormat::Positional => {
                let place: usize = name.parse().ok()?;
                given.get(place.checked_sub(1)?)
            }
            ParameterFormat::Named => given.iter().find(|g| g.name.as_deref() == Some(name)),
        };
        found.map(|value| value.text.as_str())
    };
    if let Some(missing) = found.names.iter().find(|name| value(name).is_none()) {
        return Err(Fault::new(
            FaultKind::Parameter,
            format!(
                "template.components: the {field}'s variable `{missing}` has no value with its parameter_name"
            ),
        ));
    }
    let filled = found.filled(value);
    let length = filled.chars().count();
    if length > most {
        return Err(Fault::new(
            FaultKind::TooLong,
            format!(
                "template.components: with its values the {field} has {length} characters, at most {most} are allowed"
            ),
        ));
    }
    Ok(filled)
}

/// A value stays on its line and leaves no holes.
fn usable(field: &str, text: &str) -> Result<(), Fault> {
    let clause = if text.trim().is_empty() {
        "is empty"
    } else if text.chars().any(char::is_control) {
        "has line breaks or tabs"
    } else if text.contains("     ") {
        "has more than four spaces in a row"
    } else {
        return Ok(());
    };
    Err(Fault::new(
        FaultKind::Parameter,
        format!("template.components: a value of the {field} {clause}"),
    ))
}

fn buttons(buttons: &[Button], given: &[GivenButton]) -> Result<Vec<RenderedButton>, Fault> {
    let count = |sentence: String| Fault::new(FaultKind::Count, sentence);
    let mut used = 0;
    let mut out = Vec::with_capacity(buttons.len());
    for (place, button) in buttons.iter().enumerate() {
        out.push(match button {
            Button::VoiceCall { text, ttl_minutes } => {
                let mut calls = given.iter().filter_map(|given| match given {
                    GivenButton::VoiceCall {
                        ttl_minutes,
                        payload,
                    } => Some((ttl_minutes, payload)),
                    _ => None,
                });
                let own = calls.next();
                used += usize::from(own.is_some());
                let (ttl, payload) = own.unwrap_or((&None, &None));
                call_button(text, ttl.or(*ttl_minutes), payload.as_deref())?
            }
            Button::Url { text, url, .. } => {
                let own = given.iter().find_map(|given| match given {
                    GivenButton::Url { index, text } if *index == place => Some(text),
                    _ => None,
                });
                used += usize::from(own.is_some());
                let url = match (url.strip_suffix("{{1}}"), own) {
                    (Some(start), Some(end)) => {
                        usable("button", end)?;
                        format!("{start}{end}")
                    }
                    (None, None) => url.clone(),
                    (Some(_), None) => {
                        return Err(count(format!(
                            "template.components: the button {place} needs one value for its url"
                        )));
                    }
                    (None, Some(_)) => {
                        return Err(count(format!(
                            "template.components: the url of button {place} has no variable"
                        )));
                    }
                };
                RenderedButton::Url {
                    text: text.clone(),
                    url,
                }
            }
            Button::PhoneNumber { text, phone_number } => RenderedButton::PhoneNumber {
                text: text.clone(),
                phone_number: phone_number.clone(),
            },
            Button::QuickReply { text } => {
                let own = given.iter().find_map(|given| match given {
                    GivenButton::QuickReply { index, payload } if *index == place => Some(payload),
                    _ => None,
                });
                used += usize::from(own.is_some());
                RenderedButton::QuickReply {
                    text: text.clone(),
                    payload: own.cloned(),
                }
            }
            Button::RequestContactInfo => RenderedButton::RequestContactInfo,
        });
    }
    if used < given.len() {
        return Err(count(
            "template.components: there are values for buttons which the template does not have"
                .into(),
        ));
    }
    Ok(out)
}

fn call_button(
    text: &str,
    ttl_minutes: Option<u32>,
    payload: Option<&str>,
) -> Result<RenderedButton, Fault> {
    let (least, most, default) = CALL_MINUTES;
    let minutes = ttl_minutes.unwrap_or(default);
    if !(least..=most).contains(&minutes) {
        return Err(Fault::new(
            FaultKind::Parameter,
            format!("template.components: ttl_minutes is {minutes}; {least} to {most} is expected"),
        ));
    }
    if payload.is_some_and(|payload| payload.chars().count() > PAYLOAD_CHARS) {
        return Err(Fault::new(
            FaultKind::Parameter,
            format!("template.components: payload has more than {PAYLOAD_CHARS} characters"),
        ));
    }
    Ok(RenderedButton::VoiceCall {
        text: text.to_owned(),
        ttl_minutes: minutes,
        payload: payload.map(str::to_owned),
    })
}
