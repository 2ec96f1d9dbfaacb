//! HMAC-SHA1, the one MAC of SRTP in counter mode and of STUN.

use hmac::{Hmac, KeyInit as _};
use sha1::Sha1;

/// Both keyed states of HMAC-SHA1; cloned for each message, so that the key is never hashed again.
pub(crate) type HmacSha1 = Hmac<Sha1>;

/// The keyed states of `key`, which may have any length.
pub(crate) fn hmac_sha1(key: &[u8]) -> HmacSha1 {
    // The error is for MACs with keys of one length; HMAC hashes longer keys and pads shorter ones.
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}
