//! JSON in pure ASCII: what is not ASCII becomes lower-case `\uXXXX`, so that the bytes that are signed survive any
//! proxy, log or re-encoding on the way. Webhooks escape a few plain characters as well, as live (`webhooks.md` §1.2): a
//! receiver that hashes JSON it wrote anew, instead of the bytes it was sent, fails here as it fails there.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

/// How strings are written: beyond what JSON demands, everything outside ASCII and what `plain` names is escaped.
struct Ascii {
    plain: fn(char) -> Option<&'static str>,
}

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        let escaped = |c: char| !c.is_ascii() || (self.plain)(c).is_some();
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| escaped(*c)) {
            let (before, tail) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            match (self.plain)(c) {
                Some(escape) => writer.write_all(escape.as_bytes())?,
                None => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        write!(writer, "\\u{unit:04x}")?;
                    }
                }
            }
            rest = tail.get(c.len_utf8()..).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// The characters that webhooks escape and answers do not, with the very letters seen live.
const fn of_webhooks(c: char) -> Option<&'static str> {
    match c {
        '/' => Some("\\/"),
        '@' => Some("\\u0040"),
        '%' => Some("\\u0025"),
        '<' => Some("\\u003C"),
        _ => None,
    }
}

/// The bytes of an answer. The value's maps have text keys, which holds for every type of this crate.
pub(crate) fn answer_bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    written(value, Ascii { plain: |_| None })
}

/// The bytes of a webhook's body. The value's maps have text keys, which holds for every type of this crate.
pub(crate) fn webhook_bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    written(value, Ascii { plain: of_webhooks })
}

fn written<T: Serialize + ?Sized>(value: &T, formatter: Ascii) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    match value.serialize(&mut serializer) {
        Ok(()) => out,
        // Writing to a Vec cannot fail and our types have text keys only: nothing else makes serde_json fail.
        Err(_) => b"null".to_vec(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_lower_case_and_in_pairs_beyond_the_basic_plane() {
        assert_eq!(
            answer_bytes("Zoë ☎ 🎧\r\n\u{1f}</@%"),
            br#""Zo\u00eb \u260e \ud83c\udfa7\r\n\u001f</@%""#
        );
    }

    #[test]
    fn webhooks_escape_four_plain_characters_and_no_others() {
        assert_eq!(
            webhook_bytes("Zoë <a@b.example> 100% \"a=rtpmap:111 opus/48000/2\" & 'q'"),
            br#""Zo\u00eb \u003Ca\u0040b.example> 100\u0025 \"a=rtpmap:111 opus\/48000\/2\" & 'q'""#
        );
    }

    proptest! {
        #[test]
        fn any_text_survives(text: String) {
            for bytes in [answer_bytes(&text), webhook_bytes(&text)] {
                prop_assert!(bytes.is_ascii());
                prop_assert_eq!(serde_json::from_slice::<String>(&bytes).unwrap(), text.clone());
            }
        }
    }
}
