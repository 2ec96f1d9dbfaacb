//! JSON in pure ASCII: what is not ASCII becomes lower-case `\uXXXX`, so that the bytes that are signed survive any
//! proxy, log or re-encoding on the way (`webhooks.md` §1.2).

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| !c.is_ascii()) {
            let (plain, tail) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = tail.get(c.len_utf8()..).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// JSON bytes of a value whose maps have text keys, which holds for every type of this crate.
pub(crate) fn to_vec<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Ascii);
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
            to_vec("Zoë ☎ 🎧\r\n\u{1f}"),
            br#""Zo\u00eb \u260e \ud83c\udfa7\r\n\u001f""#
        );
    }

    proptest! {
        #[test]
        fn any_text_survives(text: String) {
            let bytes = to_vec(&text);
            prop_assert!(bytes.is_ascii());
            prop_assert_eq!(serde_json::from_slice::<String>(&bytes).unwrap(), text);
        }
    }
}
