//! Variables in a text: `{{1}}` or `{{name}}`.

use super::ParameterFormat;

/// Longest name of a variable, in characters.
const NAME_CHARS: usize = 64;

/// The variables of a text in the order in which they first stand there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Variables<'t> {
    /// Names or numbers, each once.
    pub names: Vec<&'t str>,
    /// The text in pieces.
    pub pieces: Vec<Piece<'t>>,
}

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'t> {
    /// As it stands.
    Plain(&'t str),
    /// A variable.
    Variable(&'t str),
}

/// Finds the variables of a text.
///
/// # Errors
/// A clause about what is wrong: braces without a partner, a name that is none, numbers that leave a gap.
pub fn variables(text: &str, format: ParameterFormat) -> Result<Variables<'_>, String> {
    let mut found = Variables::default();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((inside, tail)) = after.split_once("}}") else {
            return Err("opens `{{` and does not close it".into());
        };
        if before.contains("}}") {
            return Err("closes `}}` without having opened it".into());
        }
        let name = inside.trim();
        if !good_name(name, format) {
            let shown: String = inside.chars().take(30).collect();
            return Err(match format {
                ParameterFormat::Positional => {
                    format!("has the variable `{{{{{shown}}}}}`; whole numbers from 1 are expected")
                }
                ParameterFormat::Named => format!(
                    "has the variable `{{{{{shown}}}}}`; lower-case letters, digits and underscores are expected"
                ),
            });
        }
        if !before.is_empty() {
            found.pieces.push(Piece::Plain(before));
        }
        found.pieces.push(Piece::Variable(name));
        if !found.names.contains(&name) {
            found.names.push(name);
        }
        rest = tail;
    }
    if rest.contains("}}") {
        return Err("closes `}}` without having opened it".into());
    }
    if !rest.is_empty() {
        found.pieces.push(Piece::Plain(rest));
    }
    if format == ParameterFormat::Positional {
        // In the order of their numbers, whatever the order of the sentence.
        found
            .names
            .sort_by_key(|name| name.parse::<usize>().unwrap_or(usize::MAX));
        for (at, name) in found.names.iter().enumerate() {
            if name.parse() != Ok(at + 1) {
                return Err(format!(
                    "has the variable `{{{{{name}}}}}` and no `{{{{{}}}}}`",
                    at + 1
                ));
            }
        }
    }
    Ok(found)
}

fn good_name(name: &str, format: ParameterFormat) -> bool {
    let mut bytes = name.bytes();
    match format {
        ParameterFormat::Positional => {
            name.len() <= 3
                && !name.starts_with('0')
                && !name.is_empty()
                && bytes.all(|b| b.is_ascii_digit())
        }
        ParameterFormat::Named => {
            name.len() <= NAME_CHARS
                && bytes
                    .next()
                    .is_some_and(|b| b.is_ascii_lowercase() || b == b'_')
                && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        }
    }
}

impl Variables<'_> {
    /// Whether a variable stands at the very beginning or end, spaces aside.
    pub(super) fn at_an_edge(&self) -> bool {
        let solid: Vec<&Piece<'_>> = self
            .pieces
            .iter()
            .filter(|piece| !matches!(piece, Piece::Plain(text) if text.trim().is_empty()))
            .collect();
        let variable = |piece: Option<&&Piece<'_>>| matches!(piece, Some(Piece::Variable(_)));
        variable(solid.first()) || variable(solid.last())
    }

    /// Words beside the variables.
    pub(super) fn words(&self) -> usize {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Plain(text) => text
                    .split_whitespace()
                    .filter(|word| word.chars().any(char::is_alphanumeric))
                    .count(),
                Piece::Variable(_) => 0,
            })
            .sum()
    }

    /// The text with every variable replaced.
    pub(super) fn filled<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> String {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Plain(text) => text,
                Piece::Variable(name) => value(name).unwrap_or_default(),
            })
            .collect()
    }
}
