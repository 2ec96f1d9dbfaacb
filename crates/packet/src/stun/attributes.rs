//! Message header, attribute list, MESSAGE-INTEGRITY and FINGERPRINT (RFC 8489 §5, §14).

use std::net::{IpAddr, SocketAddr};

use hmac::Mac as _;

use super::{IceKey, StunError, Transaction};
use crate::bytes::{u16_at, u32_at};

pub(super) const HEADER_LEN: usize = 20;
/// MESSAGE-INTEGRITY with its header.
pub(super) const INTEGRITY_LEN: usize = 24;
const COOKIE: u32 = 0x2112_a442;
const FINGERPRINT_XOR: u32 = 0x5354_554e;

pub(super) const USERNAME: u16 = 0x0006;
pub(super) const MESSAGE_INTEGRITY: u16 = 0x0008;
pub(super) const ERROR_CODE: u16 = 0x0009;
pub(super) const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
pub(super) const XOR_MAPPED_ADDRESS: u16 = 0x0020;
pub(super) const PRIORITY: u16 = 0x0024;
pub(super) const USE_CANDIDATE: u16 = 0x0025;
pub(super) const FINGERPRINT: u16 = 0x8028;
pub(super) const ICE_CONTROLLED: u16 = 0x8029;
pub(super) const ICE_CONTROLLING: u16 = 0x802a;

/// A message whose header and whole attribute list have been checked.
pub(super) struct Message<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) kind: u16,
    pub(super) transaction: Transaction,
    /// Where MESSAGE-INTEGRITY stands. Attributes behind it are not covered and were not handed out.
    pub(super) integrity: Option<usize>,
}

impl<'a> Message<'a> {
    /// Checks structure and, if present, FINGERPRINT; hands each attribute that integrity covers to `take`.
    pub(super) fn parse(
        bytes: &'a [u8],
        mut take: impl FnMut(u16, &'a [u8]) -> Result<(), StunError>,
    ) -> Result<Self, StunError> {
        let header: &[u8; HEADER_LEN] = bytes.first_chunk().ok_or(StunError::NotStun)?;
        let [k0, k1, l0, l1, c0, c1, c2, c3, transaction @ ..] = *header;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let kind = u16::from_be_bytes([k0, k1]);
        if u32::from_be_bytes([c0, c1, c2, c3]) != COOKIE
            || kind >> 14 != 0
            || length % 4 != 0
            || bytes.len() != HEADER_LEN + length
        {
            return Err(StunError::NotStun);
        }
        let mut message = Self {
            bytes,
            kind,
            transaction,
            integrity: None,
        };
        let mut at = HEADER_LEN;
        while at < bytes.len() {
            let kind = u16_at(bytes, at).ok_or(StunError::NotStun)?;
            let malformed = StunError::Attribute(kind);
            let len = usize::from(u16_at(bytes, at + 2).ok_or(malformed)?);
            let value = bytes.get(at + 4..at + 4 + len).ok_or(malformed)?;
            let next = at + 4 + len.next_multiple_of(4);
            match kind {
                FINGERPRINT => {
                    let crc = u32_at(value, 0)
                        .filter(|_| len == 4 && next == bytes.len())
                        .ok_or(malformed)?;
                    if crc != fingerprint(bytes.get(..at).unwrap_or_default()) {
                        return Err(StunError::Fingerprint);
                    }
                }
                MESSAGE_INTEGRITY if message.integrity.is_none() => {
                    if len != INTEGRITY_LEN - 4 {
                        return Err(malformed);
                    }
                    message.integrity = Some(at);
                }
                _ if message.integrity.is_none() => take(kind, value)?,
                _ => {}
            }
            at = next;
        }
        // Padding may not run over the end: the loop stops only exactly there, since lengths are multiples of 4.
        Ok(message)
    }

    /// Whether MESSAGE-INTEGRITY is present and right.
    pub(super) fn check_integrity(&self, key: &IceKey) -> Result<(), StunError> {
        let at = self.integrity.ok_or(StunError::NoIntegrity)?;
        if key.verify(self.bytes, at) {
            Ok(())
        } else {
            Err(StunError::Integrity)
        }
    }
}

/// Reads XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
pub(super) fn read_xor_address(value: &[u8], transaction: &Transaction) -> Option<SocketAddr> {
    let port = u16_at(value, 2)? ^ (COOKIE >> 16) as u16;
    let ip = match (value.get(1)?, value.len()) {
        (1, 8) => IpAddr::from((u32_at(value, 4)? ^ COOKIE).to_be_bytes()),
        (2, 20) => {
            let mut ip: [u8; 16] = *value.get(4..)?.first_chunk()?;
            xor(&mut ip, transaction);
            IpAddr::from(ip)
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn xor(ip: &mut [u8; 16], transaction: &Transaction) {
    let mask = COOKIE.to_be_bytes().into_iter().chain(*transaction);
    for (byte, mask) in ip.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

/// Writes a message attribute by attribute.
pub(super) struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
    transaction: Transaction,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        out: &'a mut [u8],
        kind: u16,
        transaction: &Transaction,
    ) -> Result<Self, StunError> {
        let mut writer = Self {
            out,
            len: 0,
            transaction: *transaction,
        };
        writer.bytes(&kind.to_be_bytes())?;
        writer.bytes(&[0, 0])?;
        writer.bytes(&COOKIE.to_be_bytes())?;
        writer.bytes(transaction)?;
        Ok(writer)
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), StunError> {
        let end = self.len + bytes.len();
        self.out
            .get_mut(self.len..end)
            .ok_or(StunError::BufferTooSmall)?
            .copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }

    /// One attribute whose value is the concatenation of `parts`, padded with zeros.
    pub(super) fn attribute(&mut self, kind: u16, parts: &[&[u8]]) -> Result<(), StunError> {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let field = u16::try_from(len).map_err(|_| StunError::Attribute(kind))?;
        self.bytes(&kind.to_be_bytes())?;
        self.bytes(&field.to_be_bytes())?;
        for part in parts {
            self.bytes(part)?;
        }
        let padding = [0; 3];
        self.bytes(padding.split_at(len.next_multiple_of(4) - len).0)
    }

    pub(super) fn xor_address(&mut self, address: SocketAddr) -> Result<(), StunError> {
        let port = (address.port() ^ (COOKIE >> 16) as u16).to_be_bytes();
        // A dual-stack socket shows IPv4 peers as mapped IPv6 addresses; the peer knows itself by IPv4.
        match address.ip().to_canonical() {
            IpAddr::V4(ip) => {
                let ip = (u32::from(ip) ^ COOKIE).to_be_bytes();
                self.attribute(XOR_MAPPED_ADDRESS, &[&[0, 1], &port, &ip])
            }
            IpAddr::V6(ip) => {
                let mut ip = ip.octets();
                xor(&mut ip, &self.transaction);
                self.attribute(XOR_MAPPED_ADDRESS, &[&[0, 2], &port, &ip])
            }
        }
    }

    /// Sets the length field as if `more` bytes of attributes followed.
    fn set_length(&mut self, more: usize) -> Result<(), StunError> {
        let length =
            u16::try_from(self.len + more - HEADER_LEN).map_err(|_| StunError::BufferTooSmall)?;
        self.out
            .get_mut(2..4)
            .ok_or(StunError::BufferTooSmall)?
            .copy_from_slice(&length.to_be_bytes());
        Ok(())
    }

    /// Adds MESSAGE-INTEGRITY and FINGERPRINT; returns the length of the whole message.
    pub(super) fn finish(mut self, key: &IceKey) -> Result<usize, StunError> {
        let before = self.out.get(..self.len).ok_or(StunError::BufferTooSmall)?;
        let tag: [u8; 20] = key.mac(before).finalize().into_bytes().into();
        self.attribute(MESSAGE_INTEGRITY, &[&tag])?;
        self.set_length(8)?;
        let crc = fingerprint(self.out.get(..self.len).ok_or(StunError::BufferTooSmall)?);
        self.attribute(FINGERPRINT, &[&crc.to_be_bytes()])?;
        Ok(self.len)
    }
}

/// The value of FINGERPRINT over the bytes before it (RFC 8489 §14.7).
fn fingerprint(before: &[u8]) -> u32 {
    crc32(before) ^ FINGERPRINT_XOR
}

/// CRC-32 of ITU-T V.42. Checks are short and come once in seconds: a table suffices.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut i = 0;
        while i < 256 {
            let mut crc = i as u32;
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 1 == 1 {
                    crc >> 1 ^ 0xedb8_8320
                } else {
                    crc >> 1
                };
                bit += 1;
            }
            table[i] = crc;
            i += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc, byte| {
        crc >> 8 ^ TABLE[usize::from(crc as u8 ^ byte)]
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_the_one_of_v42() {
        assert_eq!(super::crc32(b"123456789"), 0xcbf4_3926);
    }
}
