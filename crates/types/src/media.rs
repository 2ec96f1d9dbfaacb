//! Words that the session description and the packets share.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// ICE user name fragment (RFC 8839 §5.4). The server demultiplexes by its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ufrag(pub Arc<str>);

/// ICE password (RFC 8839 §5.4).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IcePwd(pub Arc<str>);

impl std::borrow::Borrow<str> for Ufrag {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IcePwd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IcePwd(…)")
    }
}
impl fmt::Display for Ufrag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RTP payload type, 0 to 127 (RFC 3550 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadType(pub u8);

/// RTP synchronisation source (RFC 3550 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ssrc(pub u32);

impl fmt::Display for PayloadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl fmt::Display for Ssrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// SHA-256 fingerprint of a DTLS certificate (RFC 8122 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// Why a text is no SHA-256 fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the fingerprint is not 32 hexadecimal octets separated by colons")]
pub struct FingerprintError;

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}
impl FromStr for Fingerprint {
    type Err = FingerprintError;
    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let mut bytes = [0; 32];
        let mut parts = text.trim().split(':');
        for byte in &mut bytes {
            let part = parts
                .next()
                .filter(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()))
                .ok_or(FingerprintError)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| FingerprintError)?;
        }
        match parts.next() {
            None => Ok(Self(bytes)),
            Some(_) => Err(FingerprintError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_round_trip_in_either_case() {
        let fp = Fingerprint([0xab; 32]);
        assert_eq!(fp.to_string().parse(), Ok(fp));
        assert_eq!(fp.to_string().to_lowercase().parse(), Ok(fp));
        assert_eq!("AB:CD".parse::<Fingerprint>(), Err(FingerprintError));
        assert_eq!(
            format!("{fp}:AB").parse::<Fingerprint>(),
            Err(FingerprintError)
        );
        let signed = fp.to_string().replacen("AB", "+B", 1);
        assert_eq!(signed.parse::<Fingerprint>(), Err(FingerprintError));
    }
}
