//! SRTP and SRTCP (RFC 3711, RFC 6188, RFC 7714) in place, keys expanded once a leg.
//!
//! An [`Outbound`] protects what we send with our key, an [`Inbound`] opens what the peer sent with its key. One
//! implementation serves both kinds of keying: DTLS-SRTP ([`Keys::from_dtls`], RFC 5764) and SDES ([`Keys::from_sdes`],
//! RFC 4568). There is no MKI, no key derivation rate and no re-keying, as the reference has none (`media.md` §7).
//!
//! Nothing unauthenticated changes state: roll-over counter, replay window and list of sources move only after the tag
//! of a packet has been verified.

mod aead;
mod counter;
mod inbound;
mod keys;
mod outbound;
mod session;
#[cfg(test)]
mod vectors;
mod window;

pub use inbound::Inbound;
pub use keys::{DtlsKeys, DtlsRole, Keys, Profile};
pub use outbound::Outbound;

use keys::SessionKeys;

use crate::rtp::RtpError;

/// Most bytes that protection adds to a packet: a 16-byte tag and the SRTCP index word.
pub const MAX_OVERHEAD: usize = 20;

/// How many sources (SSRC) one direction of a leg keeps state for.
pub const MAX_SOURCES: usize = 4;

/// Why a packet could not be protected or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SrtpError {
    /// The packet is shorter than its header and tag, or `len` is longer than the buffer.
    #[error("the packet is too short to be SRTP or SRTCP")]
    TooShort,
    /// No room behind the packet for the tag.
    #[error("the buffer has no room for the authentication tag")]
    BufferTooSmall,
    /// The RTP header is malformed.
    #[error(transparent)]
    Header(#[from] RtpError),
    /// The tag is wrong: forged, damaged, or another key.
    #[error("the authentication tag does not fit")]
    Authentication,
    /// This index was seen before, or is older than the replay window. On the way out it would repeat a key stream.
    #[error("the packet index was used before or is too old to tell")]
    Replayed,
    /// An [`Outbound`] was given more sources than it can remember.
    #[error("more than {MAX_SOURCES} outbound sources")]
    TooManySources,
    /// The key has protected all the packets it may (2^48 RTP, 2^31 RTCP).
    #[error("the master key is used up")]
    KeyExhausted,
    /// The key material is shorter or longer than the profile's.
    #[error("the key material does not have the length of its profile")]
    KeyLength,
}
