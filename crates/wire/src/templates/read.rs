//! Bodies of `POST /{waba-id}/message_templates` and `POST /{template-id}`.

use crate::body::{Fields, excerpt};
use crate::{Body, GraphError};

/// What a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateCategory {
    /// Promotions.
    Marketing,
    /// About something the user is engaged in.
    Utility,
    /// A code to sign in with.
    Authentication,
}

impl TemplateCategory {
    /// Every category with its word.
    pub const WORDS: [(&'static str, Self); 3] = [
        ("MARKETING", Self::Marketing),
        ("UTILITY", Self::Utility),
        ("AUTHENTICATION", Self::Authentication),
    ];
}

/// A template to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateBody {
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// What it is for.
    pub category: TemplateCategory,
    /// Whether its variables have names.
    pub named: bool,
    /// Its parts.
    pub components: Components,
}

/// A change of a template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplateEdit {
    /// What it is for from now on.
    pub category: Option<TemplateCategory>,
    /// Its parts from now on.
    pub components: Option<Components>,
}

/// The parts of a template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Components {
    /// Above the body.
    pub header: Option<HeaderSpec>,
    /// The message.
    pub body: TextSpec,
    /// Below it.
    pub footer: Option<String>,
    /// Below that.
    pub buttons: Vec<ButtonSpec>,
    /// Whether it asks for permission to call.
    pub call_permission_request: bool,
}

/// A text and the samples of its variables, with the variables' names where they have some.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextSpec {
    /// The text.
    pub text: String,
    /// Samples.
    pub examples: Vec<(Option<String>, String)>,
}

/// The header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderSpec {
    /// A line of text.
    Text(TextSpec),
    /// A picture with its sample handles.
    Image(Vec<String>),
    /// A film.
    Video(Vec<String>),
    /// A file.
    Document(Vec<String>),
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ButtonSpec {
    /// Calls the business.
    VoiceCall {
        /// On the button.
        text: String,
        /// How long it works.
        ttl_minutes: Option<u64>,
    },
    /// Opens a page.
    Url {
        /// On the button.
        text: String,
        /// The page.
        url: String,
        /// A sample of its variable.
        example: Option<String>,
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
        /// On the button.
        text: String,
    },
    /// Shares the user's number; what stands on it the app decides.
    RequestContactInfo,
}

impl TemplateBody {
    /// Reads it.
    ///
    /// # Errors
    /// Code 100 with a sentence that names the parameter.
    pub fn parse(body: &Body) -> Result<Self, GraphError> {
        let fields = body.fields();
        let name = fields.required_text("name")?.to_owned();
        let language = fields.required_text("language")?.to_owned();
        let category = fields.word("category", &TemplateCategory::WORDS)?;
        let format = fields.word(
            "parameter_format",
            &[("POSITIONAL", false), ("NAMED", true)],
        )?;
        // Whether the platform may choose another category: it never does.
        fields.boolean("allow_category_change")?;
        Ok(Self {
            name,
            language,
            category: category.ok_or_else(|| fields.missing("category"))?,
            named: format.unwrap_or_default(),
            components: Components::parse(&fields)?.ok_or_else(|| fields.missing("components"))?,
        })
    }
}

impl TemplateEdit {
    /// Reads it.
    ///
    /// # Errors
    /// Code 100 with a sentence that names the parameter.
    pub fn parse(body: &Body) -> Result<Self, GraphError> {
        let fields = body.fields();
        Ok(Self {
            category: fields.word("category", &TemplateCategory::WORDS)?,
            components: Components::parse(&fields)?,
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Header,
    Body,
    Footer,
    Buttons,
    Request,
}

const PARTS: [(&str, Part); 5] = [
    ("HEADER", Part::Header),
    ("BODY", Part::Body),
    ("FOOTER", Part::Footer),
    ("BUTTONS", Part::Buttons),
    ("CALL_PERMISSION_REQUEST", Part::Request),
];

impl Components {
    fn parse(fields: &Fields<'_>) -> Result<Option<Self>, GraphError> {
        let Some(list) = fields.objects("components")? else {
            return Ok(None);
        };
        let mut seen = Vec::new();
        let mut out = Self::default();
        for part in &list {
            let kind = required_word(part, "type", &PARTS)?;
            if seen.contains(&kind) {
                let name = part.name("type");
                return Err(GraphError::invalid(format!(
                    "The parameter `{name}` repeats a component: each may be there once."
                )));
            }
            seen.push(kind);
            match kind {
                Part::Header => out.header = Some(header(part)?),
                Part::Body => {
                    out.body = TextSpec {
                        text: part.required_text("text")?.to_owned(),
                        examples: examples(part, "body_text")?,
                    };
                }
                Part::Footer => out.footer = Some(part.required_text("text")?.to_owned()),
                Part::Buttons => out.buttons = buttons(part)?,
                Part::Request => out.call_permission_request = true,
            }
        }
        if !seen.contains(&Part::Body) {
            return Err(GraphError::invalid(
                "The parameter `components` needs a component of the type BODY.",
            ));
        }
        Ok(Some(out))
    }
}

fn required_word<T: Copy>(
    fields: &Fields<'_>,
    name: &str,
    set: &[(&str, T)],
) -> Result<T, GraphError> {
    fields.word(name, set)?.ok_or_else(|| fields.missing(name))
}

fn header(part: &Fields<'_>) -> Result<HeaderSpec, GraphError> {
    #[derive(Clone, Copy)]
    enum Format {
        Text,
        Image,
        Video,
        Document,
    }
    let set = [
        ("TEXT", Format::Text),
        ("IMAGE", Format::Image),
        ("VIDEO", Format::Video),
        ("DOCUMENT", Format::Document),
    ];
    let handles = || match part.object("example")? {
        Some(example) => Ok(example.list("header_handle")?.unwrap_or_default()),
        None => Ok::<_, GraphError>(Vec::new()),
    };
    Ok(match required_word(part, "format", &set)? {
        Format::Text => HeaderSpec::Text(TextSpec {
            text: part.required_text("text")?.to_owned(),
            examples: examples(part, "header_text")?,
        }),
        Format::Image => HeaderSpec::Image(handles()?),
        Format::Video => HeaderSpec::Video(handles()?),
        Format::Document => HeaderSpec::Document(handles()?),
    })
}

/// `example.header_text: ["A"]`, `example.body_text: [["A", "B"]]` (also flat), or by name
/// `example.body_text_named_params: [{"param_name", "example"}]`.
fn examples(part: &Fields<'_>, key: &str) -> Result<Vec<(Option<String>, String)>, GraphError> {
    let Some(example) = part.object("example")? else {
        return Ok(Vec::new());
    };
    let named = format!("{key}_named_params");
    if let Some(list) = example.objects(&named)? {
        return list
            .iter()
            .map(|one| {
                let name = one.required_text("param_name")?.to_owned();
                let value = one.text_or_integer("example")?;
                let value = value.ok_or_else(|| one.missing("example"))?.into_owned();
                Ok((Some(name), value))
            })
            .collect();
    }
    let values = match example.lists(key)? {
        Some(mut lists) => {
            // Several samples of the same text may be given; one is enough.
            if lists.is_empty() {
                Vec::new()
            } else {
                lists.swap_remove(0)
            }
        }
        None => Vec::new(),
    };
    Ok(values.into_iter().map(|value| (None, value)).collect())
}

fn buttons(part: &Fields<'_>) -> Result<Vec<ButtonSpec>, GraphError> {
    #[derive(Clone, Copy)]
    enum Kind {
        VoiceCall,
        Url,
        PhoneNumber,
        QuickReply,
        RequestContactInfo,
    }
    let set = [
        ("VOICE_CALL", Kind::VoiceCall),
        ("URL", Kind::Url),
        ("PHONE_NUMBER", Kind::PhoneNumber),
        ("QUICK_REPLY", Kind::QuickReply),
        ("REQUEST_CONTACT_INFO", Kind::RequestContactInfo),
    ];
    let list = part
        .objects("buttons")?
        .ok_or_else(|| part.missing("buttons"))?;
    list.iter()
        .map(|button| {
            let kind = required_word(button, "type", &set)?;
            let text = || button.required_text("text").map(str::to_owned);
            Ok(match kind {
                Kind::VoiceCall => ButtonSpec::VoiceCall {
                    text: button.text("text")?.unwrap_or("Call Now").to_owned(),
                    ttl_minutes: whole(button, "ttl_minutes")?,
                },
                Kind::Url => ButtonSpec::Url {
                    text: text()?,
                    url: button.required_text("url")?.to_owned(),
                    example: button
                        .list("example")?
                        .and_then(|list| list.into_iter().next()),
                },
                Kind::PhoneNumber => ButtonSpec::PhoneNumber {
                    text: text()?,
                    phone_number: button
                        .text_or_integer("phone_number")?
                        .ok_or_else(|| button.missing("phone_number"))?
                        .into_owned(),
                },
                Kind::QuickReply => ButtonSpec::QuickReply { text: text()? },
                Kind::RequestContactInfo => ButtonSpec::RequestContactInfo,
            })
        })
        .collect()
}

/// A whole number, also as text.
fn whole(fields: &Fields<'_>, name: &str) -> Result<Option<u64>, GraphError> {
    match fields.text_or_integer(name)? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            let allowed = "a whole number";
            fields.not_allowed(name, &excerpt(&text), allowed)
        }),
    }
}
