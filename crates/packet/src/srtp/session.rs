//! The transforms of one direction: where in a packet cipher text, index and tag stand. No state but keys.

use super::SrtpError;
use super::aead::{Galois, TAG as AEAD_TAG};
use super::counter::CounterMode;
use super::keys::{Profile, SessionKeys};

/// Bytes of SRTCP's index word.
const WORD: usize = 4;
/// Bytes of an RTCP header with its source; both stay in the clear.
pub(super) const RTCP_HEADER: usize = 8;
/// Bytes of SRTCP's tag in counter mode, whatever RTP's is (RFC 5764 §4.1.2, RFC 4568 §6.2.2).
const RTCP_TAG: usize = 10;
/// The bit of the index word that says "encrypted".
const ENCRYPTED: u32 = 1 << 31;

/// Expanded keys of RTP or RTCP in one direction.
#[expect(
    clippy::large_enum_variant,
    reason = "counter mode is what most legs use, and its keys are touched with every packet"
)]
pub(super) enum Session {
    Counter(CounterMode),
    /// Boxed, so that legs in counter mode do not pay for the larger context.
    Galois(Box<Galois>),
}

/// The index word of an SRTCP packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct IndexWord(u32);

impl IndexWord {
    pub(super) fn index(self) -> u64 {
        u64::from(self.0 & !ENCRYPTED)
    }
    fn encrypted(self) -> bool {
        self.0 & ENCRYPTED != 0
    }
}

impl Session {
    pub(super) fn new(keys: &SessionKeys) -> Result<Self, SrtpError> {
        Ok(if keys.profile.is_aead() {
            Self::Galois(Box::new(Galois::new(keys)?))
        } else {
            Self::Counter(CounterMode::new(keys))
        })
    }

    /// Protects the RTP packet in `buf[..len]` whose payload begins at `payload`; `buf` has room for the overhead.
    pub(super) fn seal_rtp(
        &self,
        profile: Profile,
        buf: &mut [u8],
        payload: usize,
        len: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, SrtpError> {
        let end = len + profile.rtp_overhead();
        let packet = buf.get_mut(..end).ok_or(SrtpError::BufferTooSmall)?;
        let (packet, room) = packet.split_at_mut(len);
        let (header, body) = packet
            .split_at_mut_checked(payload)
            .ok_or(SrtpError::TooShort)?;
        match self {
            Self::Counter(keys) => {
                keys.crypt(ssrc, index, body);
                let tag = keys.tag(packet, &rollover(index));
                write(room, &tag);
            }
            Self::Galois(keys) => {
                let tag = keys.seal(ssrc, index, header, body)?;
                write(room, &tag);
            }
        }
        Ok(end)
    }

    /// Opens the SRTP packet whose payload begins at `payload`; returns its length without tag.
    pub(super) fn open_rtp(
        &self,
        profile: Profile,
        packet: &mut [u8],
        payload: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, SrtpError> {
        let end = packet
            .len()
            .checked_sub(profile.rtp_overhead())
            .filter(|end| *end >= payload)
            .ok_or(SrtpError::TooShort)?;
        match self {
            Self::Counter(keys) => {
                let (clear, tag) = packet.split_at_mut(end);
                keys.verify(clear, &rollover(index), tag)?;
                let (_, body) = clear.split_at_mut(payload);
                keys.crypt(ssrc, index, body);
            }
            Self::Galois(keys) => {
                let (header, body) = packet.split_at_mut(payload);
                keys.open(ssrc, index, header, body)?;
            }
        }
        Ok(end)
    }

    /// Protects the RTCP packet in `buf[..len]`, always encrypting.
    pub(super) fn seal_rtcp(
        &self,
        profile: Profile,
        buf: &mut [u8],
        len: usize,
        ssrc: u32,
        index: u32,
    ) -> Result<usize, SrtpError> {
        let end = len + profile.rtcp_overhead();
        let packet = buf.get_mut(..end).ok_or(SrtpError::BufferTooSmall)?;
        let (packet, room) = packet.split_at_mut(len);
        let (header, body) = packet
            .split_at_mut_checked(RTCP_HEADER)
            .ok_or(SrtpError::TooShort)?;
        let word = (index | ENCRYPTED).to_be_bytes();
        match self {
            Self::Counter(keys) => {
                keys.crypt(ssrc, u64::from(index), body);
                let tag = keys.tag(packet, &word);
                write(room, &word);
                write(room.get_mut(WORD..).unwrap_or_default(), &tag);
            }
            Self::Galois(keys) => {
                let associated = rtcp_associated(header, word);
                let tag = keys.seal(ssrc, u64::from(index), &associated, body)?;
                write(room, &tag);
                write(room.get_mut(AEAD_TAG..).unwrap_or_default(), &word);
            }
        }
        Ok(end)
    }

    /// Where the index word of an SRTCP packet stands, and the word.
    pub(super) fn index_word(&self, packet: &[u8]) -> Result<(usize, IndexWord), SrtpError> {
        let behind = match self {
            Self::Counter(_) => WORD + RTCP_TAG,
            Self::Galois(_) => WORD,
        };
        let at = packet
            .len()
            .checked_sub(behind)
            .ok_or(SrtpError::TooShort)?;
        let word = crate::bytes::u32_at(packet, at).ok_or(SrtpError::TooShort)?;
        Ok((at, IndexWord(word)))
    }

    /// Opens the SRTCP packet whose index word stands at `at`; returns its length without word and tag.
    pub(super) fn open_rtcp(
        &self,
        packet: &mut [u8],
        at: usize,
        word: IndexWord,
        ssrc: u32,
    ) -> Result<usize, SrtpError> {
        let (before, from_word) = packet.split_at_mut_checked(at).ok_or(SrtpError::TooShort)?;
        match self {
            Self::Counter(keys) => {
                let (_, body) = before
                    .split_at_mut_checked(RTCP_HEADER)
                    .ok_or(SrtpError::TooShort)?;
                let body_len = body.len();
                let (word_bytes, tag) = from_word
                    .split_at_mut_checked(WORD)
                    .ok_or(SrtpError::TooShort)?;
                keys.verify(before, word_bytes, tag)?;
                if word.encrypted() {
                    let (_, body) = before.split_at_mut(RTCP_HEADER);
                    keys.crypt(ssrc, word.index(), body);
                }
                Ok(RTCP_HEADER + body_len)
            }
            Self::Galois(keys) => {
                let end = at
                    .checked_sub(AEAD_TAG)
                    .filter(|end| *end >= RTCP_HEADER)
                    .ok_or(SrtpError::TooShort)?;
                if word.encrypted() {
                    let (header, body) = before.split_at_mut(RTCP_HEADER);
                    let associated = rtcp_associated(header, word.0.to_be_bytes());
                    keys.open(ssrc, word.index(), &associated, body)?;
                } else {
                    // Authenticated only: the word follows the packet in the associated data, so it takes the tag's place.
                    let mut tag = [0; AEAD_TAG];
                    write(&mut tag, before.split_at(end).1);
                    write(before.split_at_mut(end).1, &word.0.to_be_bytes());
                    let (associated, _) = before.split_at(end + WORD);
                    keys.open(ssrc, word.index(), associated, &mut tag)?;
                }
                Ok(end)
            }
        }
    }
}

/// The upper 32 bits of a packet index, which the tag covers but the packet does not carry.
fn rollover(index: u64) -> [u8; 4] {
    let [_, _, r0, r1, r2, r3, _, _] = index.to_be_bytes();
    [r0, r1, r2, r3]
}

fn rtcp_associated(header: &[u8], word: [u8; WORD]) -> [u8; RTCP_HEADER + WORD] {
    let mut associated = [0; RTCP_HEADER + WORD];
    write(&mut associated, header);
    write(associated.split_at_mut(RTCP_HEADER).1, &word);
    associated
}

/// Copies as much of `from` as fits.
fn write(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
