//! The parameters of a request, by name and type.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{excerpt, kind_of};
use crate::{GraphError, json};

/// A set of parameters and its place in the request, for the sentences.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    pub(super) path: String,
    pub(super) json: Cow<'a, Map<String, Value>>,
    pub(super) form: Option<&'a Map<String, Value>>,
}

/// A value and whether it came as text, so that text may stand for other types.
struct Found<'f> {
    value: &'f Value,
    textual: bool,
}

impl<'a> Fields<'a> {
    /// Full name of a parameter, as in `session.sdp`.
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// Whether the parameter is there and not `null`.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Names of the parameters that are there and not `null`, the query's left out.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let form = self.form.into_iter().flat_map(Map::keys);
        self.json
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, _)| name)
            .chain(form)
            .map(String::as_str)
    }

    /// Whether the parameter holds an object or a list, also as JSON text in a form.
    pub fn is_structured(&self, name: &str) -> bool {
        self.find(name).is_some_and(|found| match found.value {
            Value::Object(_) | Value::Array(_) => true,
            Value::String(text) => found.textual && text.trim_start().starts_with(['{', '[']),
            _ => false,
        })
    }

    fn find(&self, name: &str) -> Option<Found<'_>> {
        let json = self.json.get(name).map(|value| Found {
            value,
            textual: false,
        });
        let form = || {
            self.form
                .and_then(|form| form.get(name))
                .map(|value| Found {
                    value,
                    textual: true,
                })
        };
        json.filter(|found| !found.value.is_null()).or_else(form)
    }

    /// A text.
    ///
    /// # Errors
    /// Code 100 if it has another type.
    pub fn text(&self, name: &str) -> Result<Option<&str>, GraphError> {
        match self.find(name) {
            None => Ok(None),
            Some(Found {
                value: Value::String(text),
                ..
            }) => Ok(Some(text)),
            Some(found) => Err(self.wrong_type(name, "a string", found.value)),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// Code 100 if it is missing or has another type.
    pub fn required_text(&self, name: &str) -> Result<&str, GraphError> {
        self.text(name)?.ok_or_else(|| self.missing(name))
    }

    /// A text of at most `most` characters.
    ///
    /// # Errors
    /// Code 100 if it has another type or is longer.
    pub fn short_text(&self, name: &str, most: usize) -> Result<Option<&str>, GraphError> {
        let text = self.text(name)?;
        match text.map(|text| text.chars().count()) {
            Some(length) if length > most => Err(GraphError::invalid(format!(
                "The parameter `{}` is too long: {length} characters, at most {most} are allowed.",
                self.name(name)
            ))),
            _ => Ok(text),
        }
    }

    /// A text or a whole number, as text: phone numbers and ids come both ways.
    ///
    /// # Errors
    /// Code 100 if it has another type.
    pub fn text_or_integer(&self, name: &str) -> Result<Option<Cow<'_, str>>, GraphError> {
        match self.find(name).map(|found| found.value) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.into())),
            Some(Value::Number(number)) if number.is_u64() || number.is_i64() => {
                Ok(Some(number.to_string().into()))
            }
            Some(other) => Err(self.wrong_type(name, "a string or an integer", other)),
        }
    }

    /// `true` or `false`; in a form also `1` and `0`.
    ///
    /// # Errors
    /// Code 100 if it is anything else.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, GraphError> {
        match self.find(name) {
            None => Ok(None),
            Some(Found {
                value: Value::Bool(value),
                ..
            }) => Ok(Some(*value)),
            Some(Found {
                value: Value::String(text),
                textual: true,
            }) => match text.to_ascii_lowercase().as_str() {
                "true" | "1" => Ok(Some(true)),
                "false" | "0" | "" => Ok(Some(false)),
                _ => Err(self.not_allowed(name, text, "true or false")),
            },
            Some(found) => Err(self.wrong_type(name, "a boolean", found.value)),
        }
    }

    /// A whole number of at least zero; in a form also as text.
    ///
    /// # Errors
    /// Code 100 if it is anything else.
    pub fn integer(&self, name: &str) -> Result<Option<u64>, GraphError> {
        match self.find(name) {
            None => Ok(None),
            Some(Found {
                value: Value::String(text),
                textual: true,
            }) => match text.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(self.not_allowed(name, text, "a whole number")),
            },
            Some(found) => match found.value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong_type(name, "a whole number", found.value)),
            },
        }
    }

    /// An object; in a form also as JSON text.
    ///
    /// # Errors
    /// Code 100 if it is anything else.
    pub fn object(&self, name: &str) -> Result<Option<Fields<'_>>, GraphError> {
        let path = format!("{}{name}.", self.path);
        let map = match self.find(name) {
            None => return Ok(None),
            Some(Found {
                value: Value::Object(map),
                ..
            }) => Cow::Borrowed(map),
            Some(Found {
                value: Value::String(text),
                textual: true,
            }) => match json::parse(text.as_bytes()) {
                Ok(Value::Object(map)) => Cow::Owned(map),
                _ => return Err(self.not_allowed(name, text, "a JSON object")),
            },
            Some(found) => return Err(self.wrong_type(name, "an object", found.value)),
        };
        Ok(Some(Fields {
            path,
            json: map,
            form: None,
        }))
    }

    /// A list of objects; in a form also as JSON text. Each has its place in its path: `components[0].text`.
    ///
    /// # Errors
    /// Code 100 if it is anything else.
    pub fn objects(&self, name: &str) -> Result<Option<Vec<Fields<'_>>>, GraphError> {
        let values = match self.find(name) {
            None => return Ok(None),
            Some(Found {
                value: Value::Array(values),
                ..
            }) => Cow::Borrowed(values),
            Some(Found {
                value: Value::String(text),
                textual: true,
            }) => match json::parse(text.as_bytes()) {
                Ok(Value::Array(values)) => Cow::Owned(values),
                _ => return Err(self.not_allowed(name, text, "a JSON list")),
            },
            Some(found) => return Err(self.wrong_type(name, "a list of objects", found.value)),
        };
        let item = |(at, value): (usize, &Value)| match value {
            Value::Object(map) => Ok(Fields {
                path: format!("{}{name}[{at}].", self.path),
                // A list that came as text has no other owner.
                json: Cow::Owned(map.clone()),
                form: None,
            }),
            other => Err(self.wrong_type(&format!("{name}[{at}]"), "an object", other)),
        };
        values
            .iter()
            .enumerate()
            .map(item)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// An object whose values are all texts; numbers count as texts.
    ///
    /// # Errors
    /// Code 100 if it is anything else.
    pub fn texts(&self, name: &str) -> Result<Option<BTreeMap<String, String>>, GraphError> {
        let Some(object) = self.object(name)? else {
            return Ok(None);
        };
        let mut texts = BTreeMap::new();
        for key in object.names() {
            if let Some(value) = object.text_or_integer(key)? {
                texts.insert(key.to_owned(), value.into_owned());
            }
        }
        Ok(Some(texts))
    }

    /// A list of texts; also one text with commas, and in a form as JSON text.
    ///
    /// # Errors
    /// Code 100 if it is anything else.
    pub fn list(&self, name: &str) -> Result<Option<Vec<String>>, GraphError> {
        let words = |values: &[Value]| -> Result<Vec<String>, GraphError> {
            let word = |value: &Value| match value {
                Value::String(text) => Ok(text.clone()),
                other => Err(self.wrong_type(name, "a list of strings", other)),
            };
            values.iter().map(word).collect()
        };
        match self.find(name) {
            None => Ok(None),
            Some(Found {
                value: Value::Array(values),
                ..
            }) => words(values).map(Some),
            Some(Found {
                value: Value::String(text),
                textual,
            }) => {
                if textual && text.trim_start().starts_with('[') {
                    return match json::parse(text.as_bytes()) {
                        Ok(Value::Array(values)) => words(&values).map(Some),
                        _ => Err(self.not_allowed(name, text, "a list")),
                    };
                }
                let parts = text.split(',').map(str::trim).filter(|p| !p.is_empty());
                Ok(Some(parts.map(str::to_owned).collect()))
            }
            Some(found) => Err(self.wrong_type(name, "a list of strings", found.value)),
        }
    }

    /// A list of lists of texts; one list of texts stands for a list with that one in it.
    ///
    /// # Errors
    /// Code 100 if it is anything else.
    pub fn lists(&self, name: &str) -> Result<Option<Vec<Vec<String>>>, GraphError> {
        let Some(Found {
            value: Value::Array(values),
            ..
        }) = self.find(name)
        else {
            return Ok(self.list(name)?.map(|one| vec![one]));
        };
        if !values.iter().any(Value::is_array) {
            return Ok(self.list(name)?.map(|one| vec![one]));
        }
        let text = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            other => Err(self.wrong_type(name, "lists of strings", other)),
        };
        let row = |value: &Value| match value {
            Value::Array(values) => values.iter().map(text).collect(),
            other => Err(self.wrong_type(name, "a list of lists", other)),
        };
        values.iter().map(row).collect::<Result<_, _>>().map(Some)
    }

    /// One word out of a closed set, in either case.
    ///
    /// # Errors
    /// Code 100 with the set if it is anything else.
    pub fn word<T: Copy>(&self, name: &str, set: &[(&str, T)]) -> Result<Option<T>, GraphError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let hit = set.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        match hit {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let words: Vec<&str> = set.iter().map(|(word, _)| *word).collect();
                Err(self.not_allowed(name, text, &words.join(", ")))
            }
        }
    }

    /// The sentence for a parameter that must be there and is not.
    pub fn missing(&self, name: &str) -> GraphError {
        GraphError::invalid(format!("The parameter `{}` is required.", self.name(name)))
    }

    /// The sentence for a value outside of what is allowed.
    pub fn not_allowed(&self, name: &str, value: &str, allowed: &str) -> GraphError {
        GraphError::invalid(format!(
            "The parameter `{}` has the value `{}`; allowed: {allowed}.",
            self.name(name),
            excerpt(value)
        ))
    }

    fn wrong_type(&self, name: &str, expected: &str, found: &Value) -> GraphError {
        GraphError::invalid(format!(
            "The parameter `{}` must be {expected}, not {}.",
            self.name(name),
            kind_of(found)
        ))
    }
}
