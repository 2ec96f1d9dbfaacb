//! Handshake messages: their headers, and putting them together out of fragments (RFC 6347 §4.2.2, §4.2.3).

use super::Failure;
use crate::bytes::u16_at;

/// Bytes of a handshake message's header.
pub(super) const HEADER: usize = 12;
/// Longest message that is taken: a chain of certificates.
pub(super) const MOST_BYTES: usize = 16 << 10;
/// How many messages ahead of the next one are kept.
const AHEAD: u16 = 8;
/// Bytes of all messages that are being put together at most.
const MOST_PENDING: usize = 40 << 10;
/// Separate pieces of a message at most.
const MOST_PIECES: usize = 64;

/// Types of messages (RFC 5246 §7.4).
pub(super) mod kind {
    pub const HELLO_REQUEST: u8 = 0;
    pub const CLIENT_HELLO: u8 = 1;
    pub const SERVER_HELLO: u8 = 2;
    pub const HELLO_VERIFY_REQUEST: u8 = 3;
    pub const CERTIFICATE: u8 = 11;
    pub const SERVER_KEY_EXCHANGE: u8 = 12;
    pub const CERTIFICATE_REQUEST: u8 = 13;
    pub const SERVER_HELLO_DONE: u8 = 14;
    pub const CERTIFICATE_VERIFY: u8 = 15;
    pub const CLIENT_KEY_EXCHANGE: u8 = 16;
    pub const FINISHED: u8 = 20;
}

/// A whole message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub kind: u8,
    pub number: u16,
    pub body: Vec<u8>,
}

/// Appends a message in one piece: what goes into the transcript, and what our own messages look like on the wire.
pub(super) fn write(out: &mut Vec<u8>, kind: u8, number: u16, body: &[u8]) {
    let length = u24(body.len());
    out.push(kind);
    out.extend(length);
    out.extend(number.to_be_bytes());
    out.extend([0; 3]);
    out.extend(length);
    out.extend(body);
}

/// A length in three bytes.
pub(super) fn u24(length: usize) -> [u8; 3] {
    let [_, a, b, c] = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    [a, b, c]
}

/// A length of three bytes.
pub(super) fn u24_at(bytes: &[u8], at: usize) -> Option<usize> {
    let [a, b, c] = *bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes([0, a, b, c]) as usize)
}

#[derive(Debug)]
struct Pending {
    kind: u8,
    number: u16,
    body: Vec<u8>,
    /// Ranges that are there, in order, apart from each other.
    there: Vec<(usize, usize)>,
}

impl Pending {
    fn is_whole(&self) -> bool {
        matches!(self.there.as_slice(), [(0, end)] if *end == self.body.len())
            || self.body.is_empty()
    }

    fn add(&mut self, offset: usize, fragment: &[u8]) {
        let end = offset + fragment.len();
        let Some(place) = self.body.get_mut(offset..end) else {
            return;
        };
        place.copy_from_slice(fragment);
        let (mut begin, mut end) = (offset, end);
        self.there.retain(|&(from, to)| {
            let apart = to < begin || from > end;
            if !apart {
                begin = begin.min(from);
                end = end.max(to);
            }
            apart
        });
        let at = self.there.partition_point(|&(from, _)| from < begin);
        self.there.insert(at, (begin, end));
    }
}

/// What a fragment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// New, or not needed.
    New,
    /// Of a message that was read already: the peer has not seen our answer.
    Again,
}

/// Puts messages together and hands them out in order.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    /// Number of the next message to be read.
    next: u16,
    pending: Vec<Pending>,
}

impl Assembly {
    /// Takes the body of a handshake record, which may hold several fragments.
    ///
    /// # Errors
    /// A message that is too long.
    pub fn take(&mut self, mut body: &[u8]) -> Result<Taken, Failure> {
        let mut taken = Taken::New;
        while !body.is_empty() {
            let Some((kind, length, number, offset, part)) = fragment_header(body) else {
                // Cut off: whoever sent it sends it again.
                return Ok(taken);
            };
            let Some((fragment, rest)) = body
                .get(HEADER..)
                .and_then(|rest| rest.split_at_checked(part))
            else {
                return Ok(taken);
            };
            body = rest;
            if kind == kind::HELLO_REQUEST || offset + part > length {
                continue;
            }
            if length > MOST_BYTES {
                return Err(Failure::TooLong(length));
            }
            if number < self.next {
                taken = Taken::Again;
                continue;
            }
            if number - self.next >= AHEAD {
                continue;
            }
            self.fragment(kind, length, number, offset, fragment);
        }
        Ok(taken)
    }

    fn fragment(&mut self, kind: u8, length: usize, number: u16, offset: usize, fragment: &[u8]) {
        let known = self.pending.iter().position(|p| p.number == number);
        let at = match known {
            Some(at) => at,
            None => {
                let held: usize = self.pending.iter().map(|p| p.body.len()).sum();
                if held + length > MOST_PENDING {
                    return;
                }
                self.pending.push(Pending {
                    kind,
                    number,
                    body: vec![0; length],
                    there: Vec::new(),
                });
                self.pending.len() - 1
            }
        };
        let Some(pending) = self.pending.get_mut(at) else {
            return;
        };
        // A fragment that says otherwise than the first one is not of this message.
        let fits = pending.kind == kind && pending.body.len() == length;
        if fits && pending.there.len() < MOST_PIECES && !pending.is_whole() {
            pending.add(offset, fragment);
        }
    }

    /// The next message, once it is whole.
    pub fn next(&mut self) -> Option<Message> {
        let whole = |p: &Pending| p.number == self.next && p.is_whole();
        let at = self.pending.iter().position(whole)?;
        let pending = self.pending.swap_remove(at);
        self.next = self.next.checked_add(1)?;
        Some(Message {
            kind: pending.kind,
            number: pending.number,
            body: pending.body,
        })
    }
}

/// Type, length, number, offset and length of the fragment.
fn fragment_header(body: &[u8]) -> Option<(u8, usize, u16, usize, usize)> {
    Some((
        *body.first()?,
        u24_at(body, 1)?,
        u16_at(body, 4)?,
        u24_at(body, 6)?,
        u24_at(body, 9)?,
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn fragment(kind: u8, number: u16, whole: &[u8], from: usize, to: usize) -> Vec<u8> {
        let mut out = vec![kind];
        out.extend(u24(whole.len()));
        out.extend(number.to_be_bytes());
        out.extend(u24(from));
        out.extend(u24(to - from));
        out.extend(&whole[from..to]);
        out
    }

    proptest! {
        #[test]
        fn any_cut_in_any_order_makes_the_message(
            body in proptest::collection::vec(any::<u8>(), 0..400),
            cuts in proptest::collection::vec(0usize..400, 0..12),
            order in any::<u64>(),
        ) {
            let mut at: Vec<usize> = cuts.into_iter().map(|c| c.min(body.len())).collect();
            at.extend([0, body.len()]);
            at.sort_unstable();
            let mut pieces: Vec<Vec<u8>> =
                at.windows(2).map(|w| fragment(11, 0, &body, w[0], w[1])).collect();
            let turn = order as usize % pieces.len();
            pieces.rotate_left(turn);
            // Overlaps and repetitions change nothing.
            pieces.push(fragment(11, 0, &body, 0, body.len() / 2));
            let mut assembly = Assembly::default();
            for piece in &pieces {
                assembly.take(piece).unwrap();
            }
            let message = assembly.next().unwrap();
            prop_assert_eq!(message.body, body);
            prop_assert_eq!(assembly.take(&pieces[0]), Ok(Taken::Again));
        }

        #[test]
        fn any_bytes_are_survived_within_bounds(records in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..40)) {
            let mut assembly = Assembly::default();
            for record in &records {
                let _ = assembly.take(record);
                while assembly.next().is_some() {}
            }
            let held: usize = assembly.pending.iter().map(|p| p.body.len()).sum();
            prop_assert!(held <= MOST_PENDING);
        }
    }

    #[test]
    fn messages_come_out_in_order_and_too_long_ones_are_refused() {
        let mut assembly = Assembly::default();
        assembly.take(&fragment(12, 1, b"second", 0, 6)).unwrap();
        assert!(assembly.next().is_none());
        assembly.take(&fragment(11, 0, b"first", 0, 5)).unwrap();
        assert_eq!(assembly.next().unwrap().body, b"first");
        assert_eq!(assembly.next().unwrap().body, b"second");
        let long = vec![0; MOST_BYTES + 1];
        let refused = assembly.take(&fragment(11, 2, &long, 0, 1));
        assert_eq!(refused, Err(Failure::TooLong(MOST_BYTES + 1)));
    }
}
