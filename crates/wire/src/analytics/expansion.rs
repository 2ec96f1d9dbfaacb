//! Modifiers of a field, as in `call_analytics.start(1).end(2)` (the Graph's field expansion).

use std::collections::BTreeMap;

use crate::GraphError;
use crate::body::excerpt;

/// The arguments of a field's modifiers by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Modifiers<'a>(BTreeMap<String, &'a str>);

impl<'a> Modifiers<'a> {
    /// The text between a modifier's brackets; `None` where it is not there or empty.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let text = self.0.get(name).copied()?;
        (!text.trim().is_empty()).then_some(text)
    }
}

/// Finds a field at the top level of a value of `?fields=` and reads its modifiers; `None` where it is not there.
///
/// # Errors
/// Code 100 for brackets or quotes without an end, a modifier without brackets, one that stands twice, and the field twice.
pub(super) fn modifiers<'a>(
    fields: &'a str,
    name: &str,
) -> Result<Option<Modifiers<'a>>, GraphError> {
    let mut found = None;
    let mut rest = fields;
    while !rest.is_empty() {
        let (part, after) = split(rest, ',').ok_or_else(|| broken(fields))?;
        rest = after;
        let part = part.trim();
        let end = part.find(['.', '{', '(', '[']).unwrap_or(part.len());
        let (head, tail) = part.split_at(end);
        if head.trim() != name {
            continue;
        }
        if found.is_some() {
            return Err(GraphError::invalid(format!(
                "The parameter `fields` names `{name}` twice."
            )));
        }
        found = Some(read(tail, name)?);
    }
    Ok(found)
}

fn broken(fields: &str) -> GraphError {
    GraphError::invalid(format!(
        "The parameter `fields` has the value `{}`, in which a bracket or a quote has no end.",
        excerpt(fields)
    ))
}

/// `.start(1).end(2){a}` → start and end; the nested selection says nothing that is not there anyway.
fn read<'a>(tail: &'a str, name: &str) -> Result<Modifiers<'a>, GraphError> {
    let mut modifiers = Modifiers::default();
    let mut rest = tail.trim();
    while let Some(after) = rest.strip_prefix('.') {
        let malformed = || {
            GraphError::invalid(format!(
                "The parameter `{name}` goes on with `.{}`, which is no modifier with a value in brackets.",
                excerpt(after)
            ))
        };
        let (modifier, after_name) = after.split_once('(').ok_or_else(malformed)?;
        let modifier = modifier.trim();
        let good = !modifier.is_empty()
            && modifier
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let end = closing(after_name).filter(|_| good).ok_or_else(malformed)?;
        let (value, after_value) = after_name.split_at(end);
        let twice = modifiers.0.insert(modifier.to_ascii_lowercase(), value);
        if twice.is_some() {
            return Err(GraphError::invalid(format!(
                "The parameter `{name}.{}` stands twice.",
                excerpt(modifier)
            )));
        }
        rest = after_value.get(1..).unwrap_or_default().trim_start();
    }
    if rest.is_empty() || (rest.starts_with('{') && rest.ends_with('}')) {
        return Ok(modifiers);
    }
    Err(GraphError::invalid(format!(
        "The parameter `{name}` goes on with `{}`, which has no meaning there.",
        excerpt(rest)
    )))
}

/// The text up to a character outside of brackets and quotes, and what comes after it; `None` where a bracket or quote has no end.
fn split(text: &str, at: char) -> Option<(&str, &str)> {
    let mut nested = Nested::default();
    for (place, c) in text.char_indices() {
        if c == at && nested.outside() {
            return Some((text.get(..place)?, text.get(place + c.len_utf8()..)?));
        }
        nested.next(c)?;
    }
    nested.outside().then_some((text, ""))
}

/// Where the `)` stands that closes a bracket opened just before the text.
fn closing(text: &str) -> Option<usize> {
    let mut nested = Nested::default();
    for (place, c) in text.char_indices() {
        if c == ')' && nested.outside() {
            return Some(place);
        }
        nested.next(c)?;
    }
    None
}

/// How deep in brackets and quotes a reader is.
#[derive(Default)]
struct Nested {
    depth: u32,
    quote: Option<char>,
}

impl Nested {
    const fn outside(&self) -> bool {
        self.depth == 0 && self.quote.is_none()
    }
    /// `None` for a bracket that closes nothing.
    fn next(&mut self, c: char) -> Option<()> {
        match (self.quote, c) {
            (Some(quote), _) if quote == c => self.quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => self.quote = Some(c),
            (None, '(' | '[' | '{') => self.depth += 1,
            (None, ')' | ']' | '}') => self.depth = self.depth.checked_sub(1)?,
            (None, _) => {}
        }
        Some(())
    }
}
