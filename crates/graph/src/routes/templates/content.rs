//! What a template says, back on the wire.

use ahoy_calling::template::{Button, Content, Header, Text};
use serde_json::{Value, json};

/// The parts as the business gave them, types in upper case.
pub(super) fn components(content: &Content) -> Vec<Value> {
    let mut parts = Vec::new();
    match &content.header {
        Some(Header::Text(text)) => {
            let mut part = json!({"type": "HEADER", "format": "TEXT", "text": text.text});
            add_examples(&mut part, "header_text", text, false);
            parts.push(part);
        }
        Some(
            header @ (Header::Image { examples }
            | Header::Video { examples }
            | Header::Document { examples }),
        ) => parts.push(json!({
            "type": "HEADER", "format": header.format(), "example": {"header_handle": examples},
        })),
        None => {}
    }
    let mut body = json!({"type": "BODY", "text": content.body.text});
    add_examples(&mut body, "body_text", &content.body, true);
    parts.push(body);
    if let Some(footer) = &content.footer {
        parts.push(json!({"type": "FOOTER", "text": footer}));
    }
    if !content.buttons.is_empty() {
        let buttons: Vec<Value> = content.buttons.iter().map(button_json).collect();
        parts.push(json!({"type": "BUTTONS", "buttons": buttons}));
    }
    if content.call_permission_request {
        parts.push(json!({"type": "CALL_PERMISSION_REQUEST"}));
    }
    parts
}

fn add_examples(part: &mut Value, key: &str, text: &Text, nested: bool) {
    if text.examples.is_empty() {
        return;
    }
    let named = text.examples.iter().any(|example| example.name.is_some());
    let example = if named {
        let params: Vec<Value> = text
            .examples
            .iter()
            .map(|e| json!({"param_name": e.name, "example": e.value}))
            .collect();
        json!({format!("{key}_named_params"): params})
    } else {
        let values: Vec<&str> = text.examples.iter().map(|e| e.value.as_str()).collect();
        if nested {
            json!({key: [values]})
        } else {
            json!({key: values})
        }
    };
    if let Some(object) = part.as_object_mut() {
        object.insert("example".to_owned(), example);
    }
}

fn button_json(button: &Button) -> Value {
    let mut json = json!({"type": button.kind(), "text": button.text()});
    let mut add = |key: &str, value: Value| {
        if let Some(object) = json.as_object_mut() {
            object.insert(key.to_owned(), value);
        }
    };
    match button {
        Button::VoiceCall { ttl_minutes, .. } => {
            if let Some(minutes) = ttl_minutes {
                add("ttl_minutes", json!(minutes));
            }
        }
        Button::Url { url, example, .. } => {
            add("url", json!(url));
            if let Some(example) = example {
                add("example", json!([example]));
            }
        }
        Button::PhoneNumber { phone_number, .. } => add("phone_number", json!(phone_number)),
        Button::QuickReply { .. } | Button::RequestContactInfo => {}
    }
    json
}
