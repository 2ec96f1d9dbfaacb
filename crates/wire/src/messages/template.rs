//! `template`: which one, in which language, and the values for it. A shape that no template could take is refused here,
//! with code 100 and the component's name; whether the values fit the template named is the platform's question (132…).

use super::{interactive, missing, needed_object, needed_text};
use crate::GraphError;
use crate::body::{Fields, excerpt};
use shape::Shape;

mod shape;

/// Most characters in a template's name and language.
const MAX_NAME: usize = 512;
/// Most characters in a value.
const MAX_VALUE: usize = 1024;
/// Most components and values: more than any template has.
const MAX_ENTRIES: usize = 64;

/// A template with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// `language.code`.
    pub language: String,
    /// The values by component.
    pub components: Vec<Component>,
}

/// The values of one component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// `header`, `body`, `button` …, lower-case.
    pub kind: String,
    /// Of a button, lower-case: `voice_call`, `url`, `quick_reply`.
    pub sub_type: Option<String>,
    /// Which button, from 0.
    pub index: Option<u32>,
    /// The values in order.
    pub parameters: Vec<Parameter>,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// Words, also for a URL's end.
    Text {
        /// The words.
        text: String,
        /// The variable's name, where the template names its variables.
        name: Option<String>,
    },
    /// A file for the header.
    File {
        /// `IMAGE`, `VIDEO` or `DOCUMENT`.
        format: &'static str,
        /// Id of an uploaded file.
        id: Option<String>,
        /// Or its address.
        link: Option<String>,
    },
    /// How long the call button works.
    TtlMinutes(u32),
    /// `cta_payload` of the call button, or what a quick reply answers.
    Payload(String),
}

impl Template {
    pub(super) fn parse(fields: &Fields<'_>) -> Result<Self, GraphError> {
        let name = needed_text(fields, "name", MAX_NAME)?;
        let language = needed_text(&needed_object(fields, "language")?, "code", MAX_NAME)?;
        let mut components = Vec::new();
        let found = fields.objects("components")?.unwrap_or_default();
        limited(fields, "components", found.len())?;
        let mut shape = Shape::default();
        for component in &found {
            components.push(Component::parse(component)?);
            if let Some(parsed) = components.last() {
                shape.take(component, parsed)?;
            }
        }
        Ok(Self {
            name,
            language,
            components,
        })
    }
}

impl Component {
    fn parse(fields: &Fields<'_>) -> Result<Self, GraphError> {
        let kind = needed_text(fields, "type", MAX_NAME)?.to_ascii_lowercase();
        let sub_type = fields.text("sub_type")?.map(str::to_ascii_lowercase);
        let index = match fields.text_or_integer("index")? {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                GraphError::invalid(format!(
                    "The parameter `{}` has the value `{}`; a whole number from 0 is expected.",
                    fields.name("index"),
                    excerpt(&text)
                ))
            })?),
        };
        let found = fields.objects("parameters")?.unwrap_or_default();
        limited(fields, "parameters", found.len())?;
        let parameters = found.iter().map(Parameter::parse);
        Ok(Self {
            kind,
            sub_type,
            index,
            parameters: parameters.collect::<Result<_, _>>()?,
        })
    }
}

impl Parameter {
    fn parse(fields: &Fields<'_>) -> Result<Self, GraphError> {
        let kind = needed_text(fields, "type", MAX_NAME)?.to_ascii_lowercase();
        match kind.as_str() {
            "text" => Ok(Self::Text {
                text: needed_text(fields, "text", MAX_VALUE)?,
                name: fields.text("parameter_name")?.map(str::to_owned),
            }),
            "ttl_minutes" => match interactive::ttl_minutes(fields)? {
                Some(minutes) => Ok(Self::TtlMinutes(minutes)),
                None => Err(missing(fields, "ttl_minutes")),
            },
            "payload" => match interactive::payload(fields)? {
                Some(payload) => Ok(Self::Payload(payload)),
                None => Err(missing(fields, "payload")),
            },
            // Both come with words for clients that cannot write them themselves; these are shown.
            "currency" | "date_time" => {
                let value = needed_object(fields, &kind)?;
                Ok(Self::Text {
                    text: needed_text(&value, "fallback_value", MAX_VALUE)?,
                    name: fields.text("parameter_name")?.map(str::to_owned),
                })
            }
            "image" => Self::file(fields, &kind, "IMAGE"),
            "video" => Self::file(fields, &kind, "VIDEO"),
            "document" => Self::file(fields, &kind, "DOCUMENT"),
            other => Err(GraphError::invalid(format!(
                "The parameter `{}` has the value `{}`; allowed: text, currency, date_time, image, video, document, ttl_minutes, payload.",
                fields.name("type"),
                excerpt(other)
            ))),
        }
    }
}

impl Parameter {
    fn file(fields: &Fields<'_>, kind: &str, format: &'static str) -> Result<Self, GraphError> {
        let file = needed_object(fields, kind)?;
        let id = file.text_or_integer("id")?.map(|id| id.into_owned());
        let link = file.text("link")?.map(str::to_owned);
        if id.is_none() && link.is_none() {
            return Err(missing(&file, "id"));
        }
        Ok(Self::File { format, id, link })
    }
}

fn limited(fields: &Fields<'_>, name: &str, count: usize) -> Result<(), GraphError> {
    if count <= MAX_ENTRIES {
        return Ok(());
    }
    Err(GraphError::invalid(format!(
        "The parameter `{}` has {count} entries; at most {MAX_ENTRIES} are allowed.",
        fields.name(name)
    )))
}
