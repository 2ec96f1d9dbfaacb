//! Whether a template may be made: form, lengths, variables (`graph-api.md` §6, `errors.md` 2388…).

use super::{
    Button, Category, Draft, Example, Fault, FaultKind, Header, ParameterFormat, Text, variables,
};
use crate::Refusal;
use crate::limits::{
    CALL_BUTTON_CHARS, TEMPLATE_BODY_CHARS, TEMPLATE_BUTTON_CHARS, TEMPLATE_BUTTONS,
    TEMPLATE_CALL_MINUTES, TEMPLATE_LINE_CHARS, TEMPLATE_NAME_CHARS, TEMPLATE_URL_CHARS,
    TEMPLATE_WORDS_PER_VARIABLE,
};

/// Checks what a business says when it makes or changes a template.
///
/// # Errors
/// The first rule that is broken, in a sentence that names the field.
pub fn check(draft: &Draft) -> Result<(), Refusal> {
    name(&draft.name)?;
    language(&draft.language)?;
    let format = draft.parameter_format;
    let content = &draft.content;
    match &content.header {
        Some(Header::Text(text)) => header(text, format)?,
        Some(
            Header::Image { examples } | Header::Video { examples } | Header::Document { examples },
        ) if examples.iter().all(|handle| handle.trim().is_empty()) => {
            return Err(fault(
                FaultKind::Header,
                "components: a header with a file needs a sample in `example.header_handle`",
            ));
        }
        _ => {}
    }
    body(&content.body, format)?;
    if let Some(text) = &content.footer {
        footer(text)?;
    }
    if draft.category == Category::Authentication {
        let call = |button: &Button| matches!(button, Button::VoiceCall { .. });
        if content.call_permission_request || content.buttons.iter().any(call) {
            return invalid(
                "components: a template of the category AUTHENTICATION has neither a call button nor a request for permission to call",
            );
        }
    }
    if content.call_permission_request && !content.buttons.is_empty() {
        return invalid(
            "components: a template that asks for permission to call has no buttons beside",
        );
    }
    buttons(&content.buttons)
}

fn fault(kind: FaultKind, sentence: impl Into<String>) -> Refusal {
    Fault::new(kind, sentence).into()
}

fn invalid<T>(sentence: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Invalid(sentence.into()))
}

fn name(name: &str) -> Result<(), Refusal> {
    let length = name.chars().count();
    if length > TEMPLATE_NAME_CHARS {
        return Err(fault(
            FaultKind::Length,
            format!("name: it has {length} characters, at most {TEMPLATE_NAME_CHARS} are allowed"),
        ));
    }
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if name.is_empty() || !name.bytes().all(good) {
        return invalid("name: only lower-case letters, digits and underscores are allowed");
    }
    Ok(())
}

fn language(code: &str) -> Result<(), Refusal> {
    let (language, region) = match code.split_once('_') {
        Some((language, region)) => (language, Some(region)),
        None => (code, None),
    };
    let lower = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase());
    let upper = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase());
    let good = (2..=3).contains(&language.len())
        && lower(language)
        && region.is_none_or(|region| (2..=3).contains(&region.len()) && upper(region));
    if good {
        return Ok(());
    }
    let shown: String = code.chars().take(20).collect();
    invalid(format!(
        "language: `{shown}` is no language code such as `en` or `en_GB`"
    ))
}

fn length(field: &str, text: &str, most: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length <= most {
        return Ok(());
    }
    Err(fault(
        FaultKind::Length,
        format!("components: the {field} has {length} characters, at most {most} are allowed"),
    ))
}

fn header(header: &Text, format: ParameterFormat) -> Result<(), Refusal> {
    length("header", &header.text, TEMPLATE_LINE_CHARS)?;
    let wrong = |what: &str| {
        Err(fault(
            FaultKind::Header,
            format!("components: the header {what}"),
        ))
    };
    if header.text.trim().is_empty() {
        return wrong("has no text");
    }
    if header.text.chars().any(char::is_control) {
        return wrong("is one line without line breaks and tabs");
    }
    if header.text.contains(['*', '~', '`']) {
        return wrong("has no formatting characters");
    }
    let found = match variables(&header.text, format) {
        Ok(found) => found,
        Err(clause) => return wrong(&clause),
    };
    if found.names.len() > 1 {
        return wrong("has more than one variable");
    }
    examples("header", &found.names, &header.examples, format)
}

fn body(body: &Text, format: ParameterFormat) -> Result<(), Refusal> {
    length("body", &body.text, TEMPLATE_BODY_CHARS)?;
    let wrong = |what: &str| {
        Err(fault(
            FaultKind::Body,
            format!("components: the body {what}"),
        ))
    };
    if body.text.trim().is_empty() {
        return wrong("has no text");
    }
    if body.text.chars().any(|c| c.is_control() && c != '\n') {
        return wrong("has no tabs and other control characters");
    }
    if body.text.contains("\n\n\n") {
        return wrong("has at most two line breaks in a row");
    }
    if body.text.contains("     ") {
        return wrong("has at most four spaces in a row");
    }
    let found = match variables(&body.text, format) {
        Ok(found) => found,
        Err(clause) => return wrong(&clause),
    };
    if found.at_an_edge() {
        return Err(fault(
            FaultKind::Edges,
            "components: the body begins or ends with a variable",
        ));
    }
    let words = found.words();
    if words < found.names.len() * TEMPLATE_WORDS_PER_VARIABLE {
        return Err(fault(
            FaultKind::Ratio,
            format!(
                "components: the body has {} variables and only {words} words beside them",
                found.names.len()
            ),
        ));
    }
    examples("body", &found.names, &body.examples, format)
}

/// Every variable has a sample, and every sample a variable.
fn examples(
    field: &str,
    names: &[&str],
    examples: &[Example],
    format: ParameterFormat,
) -> Result<(), Refusal> {
    let matches = match format {
        ParameterFormat::Positional => examples.len() == names.len(),
        ParameterFormat::Named => {
            examples.len() == names.len()
                && names.iter().all(|name| {
                    let of = |example: &Example| example.name.as_deref() == Some(*name);
                    examples.iter().any(of)
                })
        }
    };
    if !matches {
        return invalid(format!(
            "components: the {field} has {} variables and {} samples in `example`",
            names.len(),
            examples.len()
        ));
    }
    if examples
        .iter()
        .any(|example| example.value.trim().is_empty())
    {
        return invalid(format!("components: a sample of the {field} is empty"));
    }
    Ok(())
}

fn footer(text: &str) -> Result<(), Refusal> {
    length("footer", text, TEMPLATE_LINE_CHARS)?;
    let wrong = |what: &str| {
        Err(fault(
            FaultKind::Footer,
            format!("components: the footer {what}"),
        ))
    };
    if text.trim().is_empty() {
        return wrong("has no text");
    }
    if text.contains("{{") || text.contains("}}") {
        return wrong("has no variables");
    }
    if text.chars().any(char::is_control) {
        return wrong("is one line without line breaks and tabs");
    }
    Ok(())
}

fn buttons(buttons: &[Button]) -> Result<(), Refusal> {
    let (most, most_urls) = TEMPLATE_BUTTONS;
    if buttons.len() > most {
        return invalid(format!("components: at most {most} buttons are allowed"));
    }
    let count = |kind: &str| buttons.iter().filter(|b| b.kind() == kind).count();
    for (kind, most) in [
        ("VOICE_CALL", 1),
        ("PHONE_NUMBER", 1),
        ("REQUEST_CONTACT_INFO", 1),
        ("URL", most_urls),
    ] {
        if count(kind) > most {
            return invalid(format!(
                "components: at most {most} buttons of the type {kind} are allowed"
            ));
        }
    }
    for button in buttons {
        let most = match button {
            Button::VoiceCall { .. } => CALL_BUTTON_CHARS,
            _ => TEMPLATE_BUTTON_CHARS,
        };
        length("text of a button", button.text(), most)?;
        if button.text().trim().is_empty() {
            return invalid("components: a button has no text");
        }
        match button {
            Button::VoiceCall {
                ttl_minutes: Some(minutes),
                ..
            } => {
                let (least, most) = TEMPLATE_CALL_MINUTES;
                if !(least..=most).contains(minutes) {
                    return invalid(format!(
                        "components: ttl_minutes is {minutes}; {least} to {most} is expected"
                    ));
                }
            }
            Button::Url { url, example, .. } => address(url, example.as_deref())?,
            Button::PhoneNumber { phone_number, .. } => {
                if ahoy_types::WaId::parse_loose(phone_number).is_err() {
                    return invalid("components: phone_number of a button is no telephone number");
                }
            }
            Button::VoiceCall { .. } | Button::QuickReply { .. } | Button::RequestContactInfo => {}
        }
    }
    Ok(())
}

fn address(url: &str, example: Option<&str>) -> Result<(), Refusal> {
    length("url of a button", url, TEMPLATE_URL_CHARS)?;
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return invalid("components: url of a button must begin with https:// or http://");
    }
    match url.find("{{") {
        None => Ok(()),
        Some(at) if url.get(at..) == Some("{{1}}") => match example {
            Some(text) if !text.trim().is_empty() => Ok(()),
            _ => invalid("components: a button's url with a variable needs a sample in `example`"),
        },
        Some(_) => {
            invalid("components: url of a button may have the one variable {{1}} at its end")
        }
    }
}
