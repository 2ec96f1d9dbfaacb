//! A template as the business wrote it, for the rules.

use ahoy_calling::template::{
    Button, Category, Content, Draft, Example, Header, ParameterFormat, Text,
};
use ahoy_wire::templates::{
    ButtonSpec, Components, HeaderSpec, TemplateBody, TemplateCategory, TextSpec,
};

/// The body of a request to make a template.
pub fn draft_of(body: TemplateBody) -> Draft {
    Draft {
        name: body.name,
        language: body.language,
        category: category_of(body.category),
        parameter_format: if body.named {
            ParameterFormat::Named
        } else {
            ParameterFormat::Positional
        },
        content: content_of(body.components),
    }
}

/// A category of the wire.
pub const fn category_of(category: TemplateCategory) -> Category {
    match category {
        TemplateCategory::Marketing => Category::Marketing,
        TemplateCategory::Utility => Category::Utility,
        TemplateCategory::Authentication => Category::Authentication,
    }
}

fn text(spec: TextSpec) -> Text {
    let example = |(name, value)| Example { name, value };
    Text {
        text: spec.text,
        examples: spec.examples.into_iter().map(example).collect(),
    }
}

/// The parts of the wire.
pub fn content_of(parts: Components) -> Content {
    let header = parts.header.map(|header| match header {
        HeaderSpec::Text(spec) => Header::Text(text(spec)),
        HeaderSpec::Image(examples) => Header::Image { examples },
        HeaderSpec::Video(examples) => Header::Video { examples },
        HeaderSpec::Document(examples) => Header::Document { examples },
    });
    let button = |button| match button {
        ButtonSpec::VoiceCall { text, ttl_minutes } => Button::VoiceCall {
            text,
            // What does not fit is far beyond what is allowed, and refused as such.
            ttl_minutes: ttl_minutes.map(|m| u32::try_from(m).unwrap_or(u32::MAX)),
        },
        ButtonSpec::Url { text, url, example } => Button::Url { text, url, example },
        ButtonSpec::PhoneNumber { text, phone_number } => {
            Button::PhoneNumber { text, phone_number }
        }
        ButtonSpec::QuickReply { text } => Button::QuickReply { text },
        ButtonSpec::RequestContactInfo => Button::RequestContactInfo,
    };
    Content {
        header,
        body: text(parts.body),
        footer: parts.footer,
        buttons: parts.buttons.into_iter().map(button).collect(),
        call_permission_request: parts.call_permission_request,
    }
}
