//! A template as a message: found, filled in, its buttons and its request brought to life.

use ahoy_calling::Refusal;
use ahoy_calling::account::Number;
use ahoy_calling::message::{
    CallButton, ContactRequest, MessageKind, RequestCard, TemplateButton, TemplateMessage,
};
use ahoy_calling::template::{
    Fault, FaultKind, Given, GivenButton, GivenMedia, GivenText, Rendered, RenderedButton,
    RenderedHeader, Template, render,
};
use ahoy_types::MediaId;
use ahoy_wire::messages as wire;

use super::send::button_ends;
use crate::business::internal;
use crate::ledger::Step;

/// The message that this template makes with these values.
///
/// # Errors
/// 100 for a shape that no template could take; 132001 where the account has none of this name and language, and what [`render`] refuses.
pub(super) fn kind(
    step: &mut Step<'_>,
    number: &Number,
    asked: &wire::Template,
) -> Result<MessageKind, Refusal> {
    let given = given(asked)?;
    let found = step
        .tx
        .template_by_name(number.waba, &asked.name, &asked.language);
    let Some(template) = found.map_err(internal)? else {
        return Err(fault(
            FaultKind::Missing,
            format!(
                "template.name: there is no template `{}` in `{}`",
                asked.name, asked.language
            ),
        ));
    };
    if let Some(file) = &given.header_media {
        usable(step, number, file)?;
    }
    let rendered = render(&template, &given)?;
    Ok(message(step, &template, rendered))
}

fn fault(kind: FaultKind, sentence: String) -> Refusal {
    Fault { kind, sentence }.into()
}

/// The values by what they are for. The shape has been looked at where the request was read: what it lets through and this
/// does not is refused the same way.
fn given(asked: &wire::Template) -> Result<Given, Refusal> {
    let mut out = Given::default();
    for part in &asked.components {
        match (part.kind.as_str(), part.sub_type.as_deref()) {
            ("header", _) => {
                for value in &part.parameters {
                    match value {
                        wire::Parameter::File { format, id, link } => {
                            out.header_media = Some(GivenMedia {
                                format: (*format).to_owned(),
                                id: id.clone(),
                                link: link.clone(),
                            });
                        }
                        other => out.header.push(text(other, "header")?),
                    }
                }
            }
            ("body", _) => {
                for value in &part.parameters {
                    out.body.push(text(value, "body")?);
                }
            }
            ("button", Some("voice_call")) => {
                let (mut ttl_minutes, mut payload) = (None, None);
                for value in &part.parameters {
                    match value {
                        wire::Parameter::TtlMinutes(minutes) => ttl_minutes = Some(*minutes),
                        wire::Parameter::Payload(text) => payload = Some(text.clone()),
                        wire::Parameter::Text { .. } | wire::Parameter::File { .. } => {
                            return Err(wrong("voice_call button", "ttl_minutes and payload"));
                        }
                    }
                }
                out.buttons.push(GivenButton::VoiceCall {
                    ttl_minutes,
                    payload,
                });
            }
            ("button", Some(kind @ ("url" | "quick_reply"))) => {
                let Some(value) = part.parameters.first() else {
                    continue;
                };
                let index = part.index.and_then(|index| usize::try_from(index).ok());
                let Some(index) = index else {
                    return Err(Refusal::Invalid(format!(
                        "template.components: a {kind} button needs its index"
                    )));
                };
                out.buttons.push(match (kind, value) {
                    ("url", wire::Parameter::Text { text, .. }) => GivenButton::Url {
                        index,
                        text: text.clone(),
                    },
                    ("quick_reply", wire::Parameter::Payload(payload)) => GivenButton::QuickReply {
                        index,
                        payload: payload.clone(),
                    },
                    ("url", _) => return Err(wrong("url button", "text")),
                    _ => return Err(wrong("quick_reply button", "payload")),
                });
            }
            ("button", other) => {
                return Err(Refusal::Invalid(format!(
                    "template.components: sub_type is `{}`; voice_call, url or quick_reply is expected",
                    other.unwrap_or_default()
                )));
            }
            (other, _) => {
                return Err(Refusal::Invalid(format!(
                    "template.components: type is `{other}`; header, body or button is expected"
                )));
            }
        }
    }
    Ok(out)
}

fn wrong(part: &str, expected: &str) -> Refusal {
    Refusal::Invalid(format!(
        "template.components: the values of a {part} are {expected}"
    ))
}

fn text(value: &wire::Parameter, part: &str) -> Result<GivenText, Refusal> {
    match value {
        wire::Parameter::Text { text, name } => Ok(GivenText {
            name: name.clone(),
            text: text.clone(),
        }),
        _ => Err(wrong(part, "text")),
    }
}

/// A file named by its id must be the account's own, there, and no announcement.
fn usable(step: &mut Step<'_>, number: &Number, file: &GivenMedia) -> Result<(), Refusal> {
    let Some(text) = &file.id else {
        return Ok(());
    };
    let found = match text.parse::<MediaId>() {
        Ok(id) => step.tx.media(id).map_err(internal)?,
        Err(_) => None,
    };
    let owner = match &found {
        Some(found) => step.tx.number(found.number).map_err(internal)?,
        None => None,
    };
    let kind = format!("{}/", file.format.to_ascii_lowercase());
    let good = found.is_some_and(|found| {
        found.there(step.now)
            && found.use_case == ahoy_calling::media::UseCase::Message
            && (file.format == "DOCUMENT" || found.mime_type.starts_with(&kind))
            && owner.is_some_and(|owner| owner.waba == number.waba)
    });
    if good {
        return Ok(());
    }
    let shown: String = text.chars().take(40).collect();
    Err(fault(
        FaultKind::Parameter,
        format!(
            "template.components: the header's file `{shown}` is no {} of this account",
            file.format
        ),
    ))
}

fn message(step: &Step<'_>, template: &Template, rendered: Rendered) -> MessageKind {
    let call_button = rendered
        .call_button()
        .map(|(text, minutes, payload)| CallButton {
            display_text: text.to_owned(),
            payload: payload.map(str::to_owned),
            expires: button_ends(step.now, minutes),
        });
    let asks = rendered
        .buttons
        .contains(&RenderedButton::RequestContactInfo);
    let header = rendered.header.map(|header| match header {
        RenderedHeader::Text(line) => line,
        RenderedHeader::Media(file) => match file.format.as_str() {
            "IMAGE" => "Photo".to_owned(),
            "VIDEO" => "Video".to_owned(),
            _ => "Document".to_owned(),
        },
    });
    let buttons = rendered.buttons.into_iter().filter_map(|button| {
        Some(match button {
            RenderedButton::VoiceCall { .. } | RenderedButton::RequestContactInfo => return None,
            RenderedButton::Url { text, url } => TemplateButton::Url { text, url },
            RenderedButton::PhoneNumber { text, phone_number } => {
                TemplateButton::PhoneNumber { text, phone_number }
            }
            RenderedButton::QuickReply { text, payload } => TemplateButton::QuickReply {
                // Without a payload of the business's own, the words come back.
                payload: payload.unwrap_or_else(|| text.clone()),
                text,
            },
        })
    });
    MessageKind::Template(TemplateMessage {
        name: template.draft.name.clone(),
        language: template.draft.language.clone(),
        category: template.draft.category.as_str().to_ascii_lowercase(),
        header,
        body: rendered.body,
        footer: rendered.footer,
        buttons: buttons.collect(),
        call_button,
        request: rendered.call_permission_request.then(RequestCard::new),
        contact_request: asks.then(ContactRequest::default),
    })
}
