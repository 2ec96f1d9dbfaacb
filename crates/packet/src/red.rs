//! Redundant audio (RED, RFC 2198): read only to tell a sound payload from a malformed one, as no call agrees on it.

use ahoy_types::PayloadType;

use crate::bytes::u16_at;

/// Why a payload is no redundant audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedError {
    /// The payload ends inside a block header or a block.
    #[error("the RED payload ends inside a block")]
    Truncated,
}

/// One block of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// What it carries.
    pub payload_type: PayloadType,
    /// How many ticks it is older than the packet's timestamp; 0 in the primary block.
    pub age: u16,
    /// Its bytes.
    pub data: &'a [u8],
}

/// The blocks of a payload, the oldest first and the primary last.
///
/// # Errors
/// [`RedError::Truncated`], wherever in the payload it is.
pub fn blocks(payload: &[u8]) -> Result<impl Iterator<Item = Block<'_>>, RedError> {
    let mut at = 0;
    let mut total = 0;
    loop {
        let first = *payload.get(at).ok_or(RedError::Truncated)?;
        if first & 0x80 == 0 {
            break;
        }
        let tail = u16_at(payload, at + 2).ok_or(RedError::Truncated)?;
        total += usize::from(tail & 0x3ff);
        at += 4;
    }
    let data = at + 1;
    if data + total > payload.len() {
        return Err(RedError::Truncated);
    }
    let (mut header, mut data) = (0, data);
    Ok(std::iter::from_fn(move || {
        let first = *payload.get(header).filter(|_| header <= at)?;
        let (age, len, next) = match first & 0x80 {
            0 => (0, payload.len() - data, at + 1),
            _ => {
                let high = *payload.get(header + 1)?;
                let tail = u16_at(payload, header + 2)?;
                let age = u16::from(high) << 6 | tail >> 10;
                (age, usize::from(tail & 0x3ff), header + 4)
            }
        };
        let block = Block {
            payload_type: PayloadType(first & 0x7f),
            age,
            data: payload.get(data..data + len)?,
        };
        (header, data) = (next, data + len);
        Some(block)
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blocks_stand_where_the_rfc_puts_them() {
        // One block of three bytes, 960 ticks old, then the primary.
        let payload = [0x80 | 111, 0x0f, 0x00, 3, 111, 1, 2, 3, 9, 9];
        let read: Vec<_> = blocks(&payload).unwrap().collect();
        let opus = PayloadType(111);
        let block = |age, data| Block {
            payload_type: opus,
            age,
            data,
        };
        assert_eq!(read, [block(960, &[1, 2, 3][..]), block(0, &[9, 9])]);
        assert_eq!(blocks(&[111]).unwrap().count(), 1, "an empty primary");
        for broken in [
            &[][..],
            &[0xef],
            &[0xef, 0, 0, 3],
            &[0xef, 0, 0, 3, 111, 1, 2],
        ] {
            assert_eq!(
                blocks(broken).err(),
                Some(RedError::Truncated),
                "{broken:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_blocks_of_any_payload_lie_in_it_one_behind_the_other(payload in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(read) = blocks(&payload) {
                let read: Vec<_> = read.collect();
                let headers = 4 * (read.len() - 1) + 1;
                let data: Vec<u8> = read.iter().flat_map(|block| block.data.iter().copied()).collect();
                prop_assert_eq!(&data[..], &payload[headers..]);
            }
        }
    }
}
