//! Reading what a client sent: JSON or form, unknown keys ignored, `null` as if absent (`contract.md` §4), and for
//! everything that cannot be used one sentence that names the parameter.

mod fields;

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::{GraphError, json};

pub use fields::Fields;

/// Longest excerpt of a client's own text in a sentence, in characters.
const EXCERPT: usize = 60;

/// The parameters of one request: those of the body, then those of the query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Body {
    json: Map<String, Value>,
    form: Map<String, Value>,
}

impl Body {
    /// Reads a body. A `{` at the start means JSON whatever the header says, because `curl -d` labels all it sends as
    /// a form. An empty body has no parameters.
    ///
    /// # Errors
    /// Code 100 for bytes that are not UTF-8, broken or too deeply nested JSON, JSON other than an object, a parameter given
    /// twice, and multipart.
    pub fn parse(content_type: Option<&str>, bytes: &[u8]) -> Result<Self, GraphError> {
        let text = std::str::from_utf8(bytes).map_err(|e| {
            GraphError::invalid(format!(
                "The request body is not UTF-8 text: the byte at offset {} is wrong.",
                e.valid_up_to()
            ))
        })?;
        let text = text.trim_start_matches('\u{feff}').trim();
        let media_type = content_type
            .and_then(|t| t.split(';').next())
            .map(|t| t.trim().to_ascii_lowercase())
            .unwrap_or_default();
        if text.is_empty() {
            return Ok(Self::default());
        }
        if media_type.starts_with("multipart/") {
            return Err(GraphError::invalid(
                "The request body is multipart: send JSON or application/x-www-form-urlencoded.",
            ));
        }
        let json = text.starts_with('{')
            || media_type == "text/json"
            || media_type.ends_with("/json")
            || media_type.ends_with("+json");
        if !json {
            return Ok(Self {
                json: Map::new(),
                form: form_body(text)?,
            });
        }
        match json::parse(text.as_bytes()) {
            Ok(Value::Object(json)) => Ok(Self {
                json,
                form: Map::new(),
            }),
            Ok(other) => Err(GraphError::invalid(format!(
                "The request body must be a JSON object, not {}.",
                kind_of(&other)
            ))),
            Err(error) => Err(GraphError::invalid(format!(
                "The request body is not valid JSON: {error}."
            ))),
        }
    }

    /// Adds the parameters of a query string; those of the body win.
    #[must_use]
    pub fn with_query(mut self, query: &str) -> Self {
        for (key, value) in form(query) {
            self.form.entry(key).or_insert(value);
        }
        self
    }

    /// The parameters of a query string alone.
    pub fn from_query(query: &str) -> Self {
        Self::default().with_query(query)
    }

    /// The parameters as one object, without those that say who asks.
    pub fn sent(&self) -> Value {
        let mut all = self.form.clone();
        all.extend(self.json.clone());
        all.remove("access_token");
        all.remove("appsecret_proof");
        Value::Object(all)
    }

    /// The parameters.
    pub fn fields(&self) -> Fields<'_> {
        Fields {
            path: String::new(),
            json: Cow::Borrowed(&self.json),
            form: Some(&self.form),
        }
    }
}

fn form(text: &str) -> Map<String, Value> {
    form_urlencoded::parse(text.as_bytes())
        .map(|(key, value)| (key.into_owned(), Value::String(value.into_owned())))
        .collect()
}

/// A form in a body, in which nothing is given twice.
fn form_body(text: &str) -> Result<Map<String, Value>, GraphError> {
    let mut form = Map::new();
    for (key, value) in form_urlencoded::parse(text.as_bytes()) {
        if form.contains_key(key.as_ref()) {
            return Err(GraphError::invalid(format!(
                "The request body gives `{}` twice.",
                excerpt(&key)
            )));
        }
        form.insert(key.into_owned(), Value::String(value.into_owned()));
    }
    Ok(form)
}

/// The beginning of a client's text with control characters made visible, fit for a sentence.
pub fn excerpt(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    for c in chars.by_ref().take(EXCERPT) {
        if c.is_control() {
            // Writing to a String cannot fail.
            let _ = write!(out, "{}", c.escape_default());
        } else {
            out.push(c);
        }
    }
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
