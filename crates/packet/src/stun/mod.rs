//! STUN as ICE uses it (RFC 8489, RFC 8445 §7): binding requests and their answers, with short-term credentials.
//!
//! The server is ICE-lite: it reads requests with [`parse_binding_request`], finds the leg by
//! [`BindingRequest::local_ufrag`], checks [`BindingRequest::verify`] with that leg's [`IceKey`], and only then answers.
//! Whatever fails any of this deserves silence, so that the port is no reflector. The client half serves benchmarks,
//! the load tool and tests.

mod attributes;
mod request;
mod response;

use hmac::Mac as _;

use crate::mac::{HmacSha1, hmac_sha1};

pub use request::{BindingRequest, Check, Role, parse_binding_request, write_binding_request};
pub use response::{
    BindingResponse, Outcome, parse_binding_response, write_role_conflict, write_success,
    write_unknown_attributes,
};

/// 96 bits that pair a response with its request.
pub type Transaction = [u8; 12];

/// Room that suffices for every response written here.
pub const RESPONSE_MAX: usize = 128;

/// Why bytes are not the STUN message asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StunError {
    /// No STUN message: wrong cookie, or a length field that does not fit the datagram.
    #[error("not a STUN message of this length")]
    NotStun,
    /// Another kind of message; the field is its 14-bit type.
    #[error("a STUN message of type {0:#06x}, which was not asked for")]
    UnexpectedType(u16),
    /// An attribute runs over the end, or its value is malformed.
    #[error("the STUN attribute {0:#06x} is malformed")]
    Attribute(u16),
    /// A request without USERNAME in the form `ours:theirs`.
    #[error("the binding request has no USERNAME of two fragments")]
    Username,
    /// No MESSAGE-INTEGRITY.
    #[error("the message carries no MESSAGE-INTEGRITY")]
    NoIntegrity,
    /// MESSAGE-INTEGRITY does not fit the key.
    #[error("MESSAGE-INTEGRITY does not fit the password")]
    Integrity,
    /// FINGERPRINT is wrong: damaged, or not STUN at all.
    #[error("FINGERPRINT does not fit the message")]
    Fingerprint,
    /// The buffer to write into is too small.
    #[error("the buffer is too small for the STUN message")]
    BufferTooSmall,
}

/// The HMAC-SHA1 key of a leg, expanded once from the password of the side that receives the requests
/// (`a=ice-pwd`; RFC 8445 §7.1.2: requests and responses of one pair use the same one).
#[derive(Clone)]
pub struct IceKey(HmacSha1);

impl std::fmt::Debug for IceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IceKey(…)")
    }
}

impl IceKey {
    /// The key of a password in its literal form: the characters of `a=ice-pwd`, `=` signs included.
    pub fn new(password: &str) -> Self {
        Self(hmac_sha1(password.as_bytes()))
    }

    /// The HMAC of a message up to an attribute, as if the message ended after that attribute (RFC 8489 §14.5).
    fn mac(&self, before: &[u8]) -> HmacSha1 {
        let mut mac = self.0.clone();
        let attributes = before.len().saturating_sub(attributes::HEADER_LEN);
        let length = (attributes + attributes::INTEGRITY_LEN) as u16;
        mac.update(before.get(..2).unwrap_or_default());
        mac.update(&length.to_be_bytes());
        mac.update(before.get(4..).unwrap_or_default());
        mac
    }

    /// Whether the attribute whose header stands at `at` holds the right HMAC, in constant time.
    fn verify(&self, message: &[u8], at: usize) -> bool {
        let (Some(before), Some(tag)) = (message.get(..at), message.get(at + 4..at + 24)) else {
            return false;
        };
        self.mac(before).verify_slice(tag).is_ok()
    }
}
