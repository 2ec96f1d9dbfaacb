//! `a=crypto` (RFC 4568): master keys in the description.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::defect::excerpt;

/// Keys whose length is no multiple of three come with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An SRTP crypto suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80` (RFC 4568 §6.2.1): the only one we offer.
    AesCm128HmacSha1_80,
    /// `AES_CM_128_HMAC_SHA1_32` (RFC 4568 §6.2.2).
    AesCm128HmacSha1_32,
    /// `AES_256_CM_HMAC_SHA1_80` (RFC 6188 §5).
    AesCm256HmacSha1_80,
    /// `AES_256_CM_HMAC_SHA1_32` (RFC 6188 §5).
    AesCm256HmacSha1_32,
    /// `AEAD_AES_128_GCM` (RFC 7714 §14.2).
    AeadAes128Gcm,
    /// `AEAD_AES_256_GCM` (RFC 7714 §14.2).
    AeadAes256Gcm,
}

impl Suite {
    const ALL: [Self; 6] = [
        Self::AesCm128HmacSha1_80,
        Self::AesCm128HmacSha1_32,
        Self::AesCm256HmacSha1_80,
        Self::AesCm256HmacSha1_32,
        Self::AeadAes128Gcm,
        Self::AeadAes256Gcm,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Self::AesCm256HmacSha1_80 => "AES_256_CM_HMAC_SHA1_80",
            Self::AesCm256HmacSha1_32 => "AES_256_CM_HMAC_SHA1_32",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
        }
    }
    /// Octets of the master key.
    pub const fn key_len(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 | Self::AeadAes128Gcm => 16,
            Self::AesCm256HmacSha1_80 | Self::AesCm256HmacSha1_32 | Self::AeadAes256Gcm => 32,
        }
    }
    /// Octets of the master salt.
    pub const fn salt_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
            _ => 14,
        }
    }
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|s| s.as_str().eq_ignore_ascii_case(name))
    }
}

/// Master key and salt of one direction. `Debug` hides them.
#[derive(Clone, PartialEq, Eq)]
pub struct SdesKey(Vec<u8>);

impl fmt::Debug for SdesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SdesKey(…)")
    }
}

/// One usable line `a=crypto`: the sender encrypts what it sends with the key it wrote there (`media.md` §7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CryptoLine {
    /// Number of the line, which an answer repeats.
    pub tag: u32,
    /// Cipher and authentication.
    pub suite: Suite,
    key: SdesKey,
}

impl CryptoLine {
    /// A line of ours. `None` unless `key_and_salt` is as long as the suite demands and the tag has at most nine digits.
    pub fn new(tag: u32, suite: Suite, key_and_salt: &[u8]) -> Option<Self> {
        let fits = key_and_salt.len() == suite.key_len() + suite.salt_len();
        (fits && tag <= 999_999_999).then(|| Self {
            tag,
            suite,
            key: SdesKey(key_and_salt.to_vec()),
        })
    }
    /// The master key.
    pub fn key(&self) -> &[u8] {
        self.key
            .0
            .split_at_checked(self.suite.key_len())
            .map_or(&[], |(key, _)| key)
    }
    /// The master salt.
    pub fn salt(&self) -> &[u8] {
        self.key
            .0
            .split_at_checked(self.suite.key_len())
            .map_or(&[], |(_, salt)| salt)
    }
    /// The value of the attribute: tag, suite and key, without lifetime, MKI or session parameters (`media.md` §2.2).
    pub(crate) fn attribute(&self) -> String {
        format!(
            "{} {} inline:{}",
            self.tag,
            self.suite.as_str(),
            BASE64.encode(&self.key.0)
        )
    }
    /// Reads the value of the attribute, or says why the line cannot be used. Foreign key material is never repeated.
    pub(crate) fn read(value: &str) -> Result<Self, String> {
        let mut words = value.split_ascii_whitespace();
        let tag = words
            .next()
            .filter(|w| w.len() <= 9 && w.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|w| w.parse().ok())
            .ok_or("a tag of 1 to 9 digits is expected")?;
        let name = words.next().ok_or("the suite is missing")?;
        let suite = Suite::from_name(name)
            .ok_or_else(|| format!("suite `{}` is not supported", excerpt(name)))?;
        let key = read_key(words.next().ok_or("the key is missing")?, suite)?;
        // Parameters that change the packets cannot be passed over; WSH only hints at a replay window (RFC 4568 §6.3.7).
        if let Some(parameter) = words.find(|w| !w.starts_with("WSH=")) {
            return Err(format!(
                "session parameter `{}` is not supported",
                excerpt(parameter)
            ));
        }
        Ok(Self { tag, suite, key })
    }
}

fn read_key(text: &str, suite: Suite) -> Result<SdesKey, String> {
    if text.contains(';') {
        return Err("more than one key in a line is not supported".into());
    }
    let material = text
        .strip_prefix("inline:")
        .ok_or("the key is not given inline")?;
    let mut parts = material.split('|');
    let encoded = parts.next().unwrap_or_default();
    // A lifetime has no colon, an MKI has one. Our calls end long before 2^31 packets, so lifetimes are passed over.
    if parts.any(|p| p.contains(':')) {
        return Err("a master key identifier (MKI) is not supported".into());
    }
    let bytes = BASE64
        .decode(encoded)
        .map_err(|_| "the key is not base64")?;
    let expected = suite.key_len() + suite.salt_len();
    if bytes.len() != expected {
        return Err(format!(
            "key and salt have {} octets, {} takes {expected}",
            bytes.len(),
            suite.as_str()
        ));
    }
    Ok(SdesKey(bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_written_line_reads_back() {
        for suite in Suite::ALL {
            let bytes: Vec<u8> = (0u8..).take(suite.key_len() + suite.salt_len()).collect();
            let line = CryptoLine::new(4, suite, &bytes).unwrap();
            assert_eq!(CryptoLine::read(&line.attribute()), Ok(line.clone()));
            assert_eq!([line.key(), line.salt()].concat(), bytes);
            assert!(!format!("{line:?}").contains("0, 1, 2"));
            assert_eq!(CryptoLine::new(4, suite, &bytes[1..]), None);
        }
        let line = CryptoLine::new(1, Suite::AesCm128HmacSha1_80, &[7; 30]).unwrap();
        assert_eq!(
            line.attribute().len(),
            "1 AES_CM_128_HMAC_SHA1_80 inline:".len() + 40
        );
    }

    #[test]
    fn lifetimes_pass_and_what_changes_packets_does_not() {
        let key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
        for good in [
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{key}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{key}|2^31"),
            format!("1 aes_cm_128_hmac_sha1_80 inline:{key}|1048576 WSH=128"),
        ] {
            assert!(CryptoLine::read(&good).is_ok(), "{good}");
        }
        for (bad, word) in [
            (format!("x AES_CM_128_HMAC_SHA1_80 inline:{key}"), "tag"),
            ("1".into(), "suite"),
            (format!("1 F8_128_HMAC_SHA1_80 inline:{key}"), "F8_128"),
            ("1 AES_CM_128_HMAC_SHA1_80".into(), "key"),
            (format!("1 AES_CM_128_HMAC_SHA1_80 {key}"), "inline"),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{key}|1:4"), "MKI"),
            (
                format!("1 AES_CM_128_HMAC_SHA1_80 inline:{key}|2^20|1:4"),
                "MKI",
            ),
            (
                format!("1 AES_CM_128_HMAC_SHA1_80 inline:{key};inline:{key}"),
                "more than one",
            ),
            (
                format!("1 AES_CM_128_HMAC_SHA1_80 inline:{key} UNENCRYPTED_SRTP"),
                "UNENCRYPTED",
            ),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:AAAA".into(), "3 octets"),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:~~~~".into(), "base64"),
        ] {
            let why = CryptoLine::read(&bad).unwrap_err();
            assert!(why.contains(word), "{bad}: {why}");
            assert!(!why.contains(key));
        }
    }
}
