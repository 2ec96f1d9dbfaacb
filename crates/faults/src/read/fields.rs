//! The keys of one rule, read with a sentence for each thing that is wrong.

use std::time::Duration;

use ahoy_types::{Direction, PhoneNumberId, WaId};
use ahoy_wire::ErrorCode;
use serde_json::{Map, Value};

use super::Numbers;

/// Longest delay that can be asked for.
const LONGEST_MS: u64 = 60_000;

/// Words in a sentence.
pub(super) fn list(words: &[&str]) -> String {
    words.join(", ")
}

fn shown(value: &Value) -> String {
    let text: String = value.to_string().chars().take(64).collect();
    format!("`{text}`")
}

/// A whole number up to `most`, as a number or as text.
pub(super) fn whole(at: &str, value: &Value, most: u64) -> Result<u64, String> {
    let number = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    number.filter(|n| *n <= most).ok_or_else(|| {
        let bound = if most == u64::MAX {
            String::new()
        } else {
            format!(" to {most}")
        };
        format!("{at}: {} is not a whole number from 0{bound}", shown(value))
    })
}

pub(super) struct Fields<'a> {
    at: &'a str,
    body: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// # Errors
    /// A key that is none of `known`.
    pub fn new(at: &'a str, body: &'a Map<String, Value>, known: &[&str]) -> Result<Self, String> {
        let fields = Self { at, body };
        match body.keys().find(|key| !known.contains(&key.as_str())) {
            Some(stray) => Err(fields.at(
                stray,
                &format!("there is no such key; there are {}", list(known)),
            )),
            None => Ok(fields),
        }
    }
    /// A sentence about a key, or about the rule itself.
    pub fn at(&self, key: &str, sentence: &str) -> String {
        match (self.at, key) {
            ("", "") => sentence.to_owned(),
            (at, "") => format!("{at}: {sentence}"),
            ("", key) => format!("{key}: {sentence}"),
            (at, key) => format!("{at}.{key}: {sentence}"),
        }
    }
    /// The rule without what is null.
    pub fn asked(&self) -> Map<String, Value> {
        let set = self.body.iter().filter(|(_, value)| !value.is_null());
        set.map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.body.get(key).filter(|value| !value.is_null())
    }
    fn expected(&self, key: &str, value: &Value, what: &str) -> String {
        self.at(key, &format!("{} is not {what}", shown(value)))
    }
    /// Text; a number counts as its digits.
    pub fn text(&self, key: &str) -> Result<Option<String>, String> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(other) => Err(self.expected(key, other, "text")),
        }
    }
    /// A fault that is on or off: its own probability, if it has one.
    pub fn chance(&self, key: &str) -> Result<Option<Option<f64>>, String> {
        match self.get(key) {
            None | Some(Value::Bool(false)) => Ok(None),
            Some(Value::Bool(true)) => Ok(Some(None)),
            Some(other) => match other.as_f64().filter(|p| (0.0..=1.0).contains(p)) {
                Some(probability) => Ok(Some(Some(probability))),
                None => Err(self.expected(key, other, "true, false or a probability from 0 to 1")),
            },
        }
    }
    /// A share from 0 to 1.
    pub fn share(&self, key: &str) -> Result<Option<f64>, String> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => match value.as_f64().filter(|p| (0.0..=1.0).contains(p)) {
                Some(share) => Ok(Some(share)),
                None => Err(self.expected(key, value, "a number from 0 to 1")),
            },
        }
    }
    pub fn whole(&self, key: &str, most: u64) -> Result<Option<u64>, String> {
        let at = self.at(key, "");
        self.get(key)
            .map(|value| whole(at.trim_end_matches(": "), value, most))
            .transpose()
    }
    pub fn millis(&self, key: &str) -> Result<Option<Duration>, String> {
        Ok(self.whole(key, LONGEST_MS)?.map(Duration::from_millis))
    }
    /// One of these words.
    pub fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, String> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let found = words.iter().find(|(word, _)| value.as_str() == Some(word));
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        match found {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => Err(self.expected(key, value, &format!("one of {}", list(&names)))),
        }
    }
    /// A code of the table.
    pub fn error_code(&self, key: &str) -> Result<Option<ErrorCode>, String> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let code = match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        };
        code.and_then(|code| u32::try_from(code).ok())
            .and_then(ErrorCode::from_code)
            .map(Some)
            .ok_or_else(|| self.expected(key, value, "a code of the error table (docs/errors.md)"))
    }
    pub fn number(&self, key: &str, numbers: Numbers<'_>) -> Result<Option<PhoneNumberId>, String> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        match numbers(&text) {
            Some(id) => Ok(Some(id)),
            None => Err(self.at(key, &format!("there is no business number `{text}`"))),
        }
    }
    pub fn user(&self, key: &str) -> Result<Option<WaId>, String> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let user = WaId::parse_loose(&text);
        user.map(Some).map_err(|e| self.at(key, &e.to_string()))
    }
    pub fn direction(&self, key: &str) -> Result<Option<Direction>, String> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let word = value.as_str().unwrap_or_default().to_uppercase();
        [Direction::BusinessInitiated, Direction::UserInitiated]
            .into_iter()
            .find(|direction| direction.as_str() == word)
            .map(Some)
            .ok_or_else(|| self.expected(key, value, "one of business_initiated, user_initiated"))
    }
}
