//! From text to levels of attributes (RFC 8866 §5), with bounds on everything.

use crate::defect::{Defect, excerpt};

/// Longest session description that is read, in bytes. Real ones stay under 8 KiB.
pub const MAX_BYTES: usize = 64 * 1024;
/// Most lines that are read. The longest browser offers for audio have about a hundred.
pub const MAX_LINES: usize = 1024;
/// Most media sections that are read, rejected ones included.
pub const MAX_SECTIONS: usize = 16;

/// The attributes and the connection line of one level: the session's or one media section's.
#[derive(Debug, Default)]
pub(crate) struct Level<'a> {
    pub connection: Option<&'a str>,
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Level<'a> {
    /// The values of every attribute of that name, in order. A flag has the empty value.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.attributes
            .iter()
            .filter(move |(n, _)| *n == name)
            .map(|(_, value)| *value)
    }
    pub fn first(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }
    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }
    /// Names in order, for attributes whose name is the message (`sendrecv` …).
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.attributes.iter().map(|(name, _)| *name)
    }
}

/// One `m=` line and what follows it.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub media: &'a str,
    pub port: u16,
    pub protocol: &'a str,
    /// The rest of the line: at least one format.
    pub formats: &'a str,
    pub level: Level<'a>,
}

/// A whole description.
#[derive(Debug)]
pub(crate) struct Description<'a> {
    pub session: Level<'a>,
    pub sections: Vec<Section<'a>>,
}

impl<'a> Description<'a> {
    /// The level that speaks about `name`: the section's if it mentions it at all, else the session's.
    /// baresip and linphone put ICE and DTLS attributes on the session level (`media.md` §4.2).
    pub fn level_of<'s>(&'s self, section: &'s Section<'a>, name: &str) -> &'s Level<'a> {
        if section.level.has(name) {
            &section.level
        } else {
            &self.session
        }
    }
}

/// Splits the text. CRLF, LF, both mixed and blank lines are taken; the order of lines within a level is not checked.
pub(crate) fn split(text: &str) -> Result<Description<'_>, Defect> {
    if text.len() > MAX_BYTES {
        return Err(Defect::TooLong(text.len()));
    }
    if text.contains('\0') {
        return Err(Defect::Nul);
    }
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Defect::Empty);
    }
    if trimmed.starts_with(['{', '"']) || (!trimmed.contains('\n') && trimmed.contains("\\n")) {
        return Err(Defect::SerialisedTwice);
    }
    let mut session = Level::default();
    let mut sections: Vec<Section<'_>> = Vec::new();
    let (mut version, mut origin, mut name, mut time) = (false, false, false, false);
    for (i, raw) in text.lines().enumerate() {
        if i >= MAX_LINES {
            return Err(Defect::TooManyLines);
        }
        let line = raw.trim_end();
        if line.chars().any(|c| c.is_control() && c != '\t') {
            return Err(Defect::ControlCharacter(i + 1));
        }
        if line.is_empty() {
            continue;
        }
        let (kind, value) = key_and_value(line).ok_or_else(|| Defect::Line {
            line: i + 1,
            text: excerpt(line),
        })?;
        if !version {
            if (kind, value) != (b'v', "0") {
                return Err(Defect::Version);
            }
            version = true;
            continue;
        }
        if kind == b'm' {
            if sections.len() >= MAX_SECTIONS {
                return Err(Defect::TooManySections);
            }
            sections.push(media_line(value).ok_or_else(|| Defect::MediaLine(excerpt(value)))?);
            continue;
        }
        let level = sections.last_mut().map_or(&mut session, |s| &mut s.level);
        match kind {
            b'c' if level.connection.is_none() => level.connection = Some(value),
            b'a' => {
                let (name, value) = value.split_once(':').unwrap_or((value, ""));
                level.attributes.push((name.trim(), value.trim()));
            }
            b'o' => origin = true,
            b's' => name = true,
            b't' => time = true,
            _ => {}
        }
    }
    for (there, letter) in [(origin, 'o'), (name, 's'), (time, 't')] {
        if !there {
            return Err(Defect::MissingLine(letter));
        }
    }
    Ok(Description { session, sections })
}

fn key_and_value(line: &str) -> Option<(u8, &str)> {
    let (kind, value) = line.split_once('=')?;
    match kind.as_bytes() {
        [letter] if letter.is_ascii_lowercase() => Some((*letter, value)),
        _ => None,
    }
}

fn media_line(value: &str) -> Option<Section<'_>> {
    let mut words = value.splitn(4, ' ');
    let (media, port, protocol) = (words.next()?, words.next()?, words.next()?);
    let formats = words.next()?.trim();
    // `<port>/<number of ports>` is grammar (RFC 8866 §5.14); hierarchical encodings are not used here.
    let port = port.split('/').next()?.parse().ok()?;
    let good = !formats.is_empty() && is_token(media) && !protocol.is_empty();
    good.then_some(Section {
        media,
        port,
        protocol,
        formats,
        level: Level::default(),
    })
}

/// A `token` of RFC 8866 §9, at most 256 characters.
pub(crate) fn is_token(text: &str) -> bool {
    let mark = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&b);
    (1..=256).contains(&text.len()) && text.bytes().all(mark)
}
