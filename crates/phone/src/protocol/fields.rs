//! Fields of a phone's message: each wrong one is named.

use ahoy_types::CallId;
use serde_json::{Map, Value};

use super::{HELD, PAYLOAD, Problem, SHORT};

/// The fields of a message.
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// A field; `null` counts as absent.
    pub(super) fn get(&self, name: &'static str) -> Option<&'a Value> {
        self.0.get(name).filter(|v| !v.is_null())
    }
    pub(super) fn optional(
        &self,
        name: &'static str,
        longest: usize,
    ) -> Result<Option<&'a str>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(s)) if s.is_empty() => Err(Problem::field(name, "empty")),
            Some(Value::String(s)) if s.chars().count() > longest => Err(Problem::field(
                name,
                format!("longer than {longest} characters"),
            )),
            Some(Value::String(s)) => Ok(Some(s)),
            Some(_) => Err(Problem::field(name, "text is expected")),
        }
    }
    pub(super) fn text(&self, name: &'static str, longest: usize) -> Result<&'a str, Problem> {
        self.optional(name, longest)?
            .ok_or_else(|| Problem::field(name, "missing"))
    }
    /// One word out of a closed set.
    pub(super) fn word<T: Copy>(
        &self,
        name: &'static str,
        set: &[(&str, T)],
    ) -> Result<T, Problem> {
        let text = self.text(name, SHORT)?;
        let hit = set.iter().find(|(word, _)| *word == text);
        hit.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = set.iter().map(|(word, _)| *word).collect();
            Problem::field(name, format!("{} is expected", words.join(" or ")))
        })
    }
    pub(super) fn payload(&self, name: &'static str) -> Result<Option<String>, Problem> {
        Ok(self.optional(name, PAYLOAD)?.map(str::to_owned))
    }
    pub(super) fn number(&self, name: &'static str) -> Result<Option<u64>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(n) => Ok(Some(n)),
                None => Err(Problem::field(name, "a whole number is expected")),
            },
        }
    }
    pub(super) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<T, Problem> {
        // Numbers and ids are shorter than call ids, which hold 256 characters at most.
        let text = self.text(name, 256)?;
        text.parse().map_err(|e| Problem::field(name, e))
    }
    pub(super) fn calls(&self, name: &'static str) -> Result<Vec<CallId>, Problem> {
        let expected = || {
            Problem::field(
                name,
                format!("a list of at most {HELD} call ids is expected"),
            )
        };
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) if list.len() <= HELD => list
                .iter()
                .map(|v| v.as_str().and_then(|s| s.parse().ok()).ok_or_else(expected))
                .collect(),
            Some(_) => Err(expected()),
        }
    }
}
