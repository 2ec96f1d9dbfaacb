//! Records: their headers, their protection, and the window against replays (RFC 6347 §4.1, RFC 5288, RFC 7905).

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce, UnboundKey};

use super::suite::Cipher;
use crate::bytes::{u16_at, u64_at};

/// Bytes of a record's header.
pub(super) const HEADER: usize = 13;
/// Bytes of a tag of any cipher spoken here.
const TAG: usize = 16;

pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;

/// DTLS 1.2 on the wire.
pub(super) const VERSION: [u8; 2] = [0xfe, 0xfd];

/// A record as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub kind: u8,
    pub epoch: u16,
    /// 48 bits.
    pub number: u64,
    /// Still protected from epoch 1 on.
    pub body: &'a [u8],
}

/// Splits the next record off a datagram; what cannot be one ends it.
pub(super) fn split(datagram: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let kind = *datagram.first()?;
    // DTLS 1.0 stands in the first records of a peer that does not know yet what is spoken.
    if !matches!(datagram.get(1..3)?, [0xfe, 0xfd | 0xff]) {
        return None;
    }
    let epoch = u16_at(datagram, 3)?;
    let number = u64_at(datagram, 3)? & 0xffff_ffff_ffff;
    let length = usize::from(u16_at(datagram, 11)?);
    let (body, rest) = datagram.get(HEADER..)?.split_at_checked(length)?;
    let record = Record {
        kind,
        epoch,
        number,
        body,
    };
    Some((record, rest))
}

/// Writes a header; `body` is the length of what follows.
pub(super) fn header(out: &mut Vec<u8>, kind: u8, epoch: u16, number: u64, body: usize) {
    out.push(kind);
    out.extend(VERSION);
    out.extend(sequence(epoch, number));
    out.extend(u16::try_from(body).unwrap_or(u16::MAX).to_be_bytes());
}

/// Epoch and number as they stand in a header.
fn sequence(epoch: u16, number: u64) -> [u8; 8] {
    ((u64::from(epoch) << 48) | (number & 0xffff_ffff_ffff)).to_be_bytes()
}

/// The key of one direction from epoch 1 on.
#[derive(Clone)]
pub(super) struct Protection {
    cipher: Cipher,
    key: [u8; 32],
    iv: [u8; 12],
}

impl Protection {
    /// `None` for keys of another length.
    pub fn new(cipher: Cipher, key: &[u8], iv: &[u8]) -> Option<Self> {
        let mut own = Self {
            cipher,
            key: [0; 32],
            iv: [0; 12],
        };
        own.key.get_mut(..cipher.key_len())?.copy_from_slice(key);
        own.iv.get_mut(..cipher.iv_len())?.copy_from_slice(iv);
        Some(own)
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        let key = self.key.get(..self.cipher.key_len())?;
        Some(LessSafeKey::new(
            UnboundKey::new(self.cipher.algorithm(), key).ok()?,
        ))
    }

    fn nonce(&self, explicit: [u8; 8]) -> Nonce {
        let mut nonce = self.iv;
        for (to, from) in nonce.iter_mut().skip(4).zip(explicit) {
            // The last eight bytes of the implicit part are zero in GCM, whose nonce is the two one after the other.
            *to ^= from;
        }
        Nonce::assume_unique_for_key(nonce)
    }

    fn aad(kind: u8, sequence: [u8; 8], length: usize) -> Aad<[u8; 13]> {
        let mut aad = [0; 13];
        let [a, b, c, d, e, f, g, h] = sequence;
        let [l0, l1] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
        aad.copy_from_slice(&[a, b, c, d, e, f, g, h, kind, VERSION[0], VERSION[1], l0, l1]);
        Aad::from(aad)
    }

    /// Appends a protected record of epoch 1.
    pub fn seal(&self, out: &mut Vec<u8>, kind: u8, number: u64, plain: &[u8]) -> Option<()> {
        let explicit = self.cipher.explicit_len();
        let sequence = sequence(1, number);
        header(out, kind, 1, number, explicit + plain.len() + TAG);
        out.extend(sequence.iter().take(explicit));
        let begin = out.len();
        out.extend(plain);
        let aad = Self::aad(kind, sequence, plain.len());
        let body = out.get_mut(begin..)?;
        let tag = self
            .cipher()?
            .seal_in_place_separate_tag(self.nonce(sequence), aad, body)
            .ok()?;
        out.extend(tag.as_ref());
        Some(())
    }

    /// Opens a record of epoch 1; `None` where it is not authentic.
    pub fn open(&self, record: &Record<'_>) -> Option<Vec<u8>> {
        let sequence = sequence(record.epoch, record.number);
        let (explicit, sealed) = record.body.split_at_checked(self.cipher.explicit_len())?;
        let explicit = match explicit.first_chunk() {
            Some(explicit) => *explicit,
            None => sequence,
        };
        let length = sealed.len().checked_sub(TAG)?;
        let mut body = sealed.to_vec();
        let aad = Self::aad(record.kind, sequence, length);
        let plain = self
            .cipher()?
            .open_in_place(self.nonce(explicit), aad, &mut body)
            .ok()?
            .len();
        body.truncate(plain);
        Some(body)
    }
}

/// Which of the last 64 numbers of an epoch have come (RFC 6347 §4.1.2.6).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Window {
    /// One above the highest number so far.
    next: u64,
    /// Bit n stands for `next - 1 - n`.
    seen: u64,
}

impl Window {
    /// Whether the number is new.
    pub const fn is_new(&self, number: u64) -> bool {
        if number >= self.next {
            return true;
        }
        let back = self.next - 1 - number;
        back < 64 && self.seen & (1 << back) == 0
    }
    /// Notes an authentic record's number.
    pub const fn note(&mut self, number: u64) {
        if number >= self.next {
            let ahead = number - self.next + 1;
            self.seen = if ahead < 64 { self.seen << ahead } else { 0 };
            self.seen |= 1;
            self.next = number + 1;
        } else {
            let back = self.next - 1 - number;
            if back < 64 {
                self.seen |= 1 << back;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn protection(cipher: Cipher) -> Protection {
        let (key, iv) = ([7; 32], [9; 12]);
        Protection::new(cipher, &key[..cipher.key_len()], &iv[..cipher.iv_len()]).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_and_a_flipped_bit_anywhere_does_not() {
        for cipher in [
            Cipher::Aes128Gcm,
            Cipher::Aes256Gcm,
            Cipher::ChaCha20Poly1305,
        ] {
            let keys = protection(cipher);
            let mut sealed = Vec::new();
            keys.seal(&mut sealed, ALERT, 5, &[2, 40]).unwrap();
            let (record, rest) = split(&sealed).unwrap();
            assert_eq!((record.kind, record.epoch, record.number), (ALERT, 1, 5));
            assert!(rest.is_empty());
            assert_eq!(keys.open(&record).unwrap(), [2, 40]);
            for at in [0, 4, 10].into_iter().chain(HEADER..sealed.len()) {
                let mut forged = sealed.clone();
                forged[at] ^= 1;
                let opened = split(&forged).and_then(|(record, _)| keys.open(&record));
                assert_eq!(opened, None, "{cipher:?} byte {at}");
            }
        }
    }

    #[test]
    fn the_window_takes_each_number_once() {
        let mut window = Window::default();
        for number in [0, 3, 1, 70, 69, 8] {
            assert!(window.is_new(number), "{number}");
            window.note(number);
            assert!(!window.is_new(number), "{number}");
        }
        assert!(!window.is_new(6), "too old to know");
        assert!(window.is_new(7));
        window.note(u64::MAX >> 16);
        assert!(!window.is_new(70));
    }

    #[test]
    fn pieces_of_records_are_none() {
        let mut record = Vec::new();
        header(&mut record, HANDSHAKE, 0, 0, 4);
        record.extend([1, 2, 3, 4]);
        assert!(split(&record).is_some());
        for length in 0..record.len() {
            assert!(split(&record[..length]).is_none());
        }
        record[1] = 3;
        assert!(split(&record).is_none(), "TLS");
    }
}
