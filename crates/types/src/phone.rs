//! Numbers of people, and the identifiers derived from them.

mod country_of;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Why a text is no phone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a phone number: 7 to 15 digits with country code are expected")]
pub struct WaIdError(pub String);

/// A phone number in the form the webhooks use: country code and digits, no `+` (E.164, at most 15 digits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WaId(u64);

impl WaId {
    /// Takes what people write: `+`, spaces, dashes, dots and brackets are dropped.
    pub fn parse_loose(text: &str) -> Result<Self, WaIdError> {
        let bad = || WaIdError(text.chars().take(40).collect());
        if text.len() > 64 {
            return Err(bad());
        }
        let mut digits = String::with_capacity(15);
        for (i, c) in text.trim().chars().enumerate() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if i == 0 => {}
                ' ' | '-' | '(' | ')' | '.' | '\u{a0}' => {}
                _ => return Err(bad()),
            }
        }
        if !(7..=15).contains(&digits.len()) || digits.starts_with('0') {
            return Err(bad());
        }
        digits.parse().map(Self).map_err(|_| bad())
    }
    /// The number as an integer.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
    /// From an integer that came out of [`WaId::as_u64`].
    pub const fn from_u64(value: u64) -> Self {
        Self(value)
    }
    /// The number as people write it: `+`, country code, and the country's own grouping where it is known.
    pub fn international(self) -> String {
        use phonenumber::Mode::International;
        let written = format!("+{}", self.0);
        match phonenumber::parse(None, &written) {
            Ok(number) => number.format().mode(International).to_string(),
            Err(_) => written,
        }
    }
    /// The country's calling code, as in `44`; `None` for ranges that belong to no country.
    pub fn calling_code(self) -> Option<u16> {
        let number = phonenumber::parse(None, format!("+{}", self.0)).ok()?;
        Some(number.code().value())
    }
    /// Country of the number by its prefix; `None` for ranges that belong to none.
    pub fn country(self) -> Option<Country> {
        country_of::country_of(self)
    }
}

impl fmt::Display for WaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl FromStr for WaId {
    type Err = WaIdError;
    fn from_str(text: &str) -> Result<Self, WaIdError> {
        Self::parse_loose(text)
    }
}
impl TryFrom<String> for WaId {
    type Error = WaIdError;
    fn try_from(text: String) -> Result<Self, WaIdError> {
        Self::parse_loose(&text)
    }
}
impl From<WaId> for String {
    fn from(id: WaId) -> String {
        id.to_string()
    }
}

/// ISO 3166-1 alpha-2 country code, upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("ZZ")
    }
}
impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl FromStr for Country {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let upper = text.to_ascii_uppercase();
        match upper.as_bytes() {
            [a, b] if upper.parse::<phonenumber::country::Id>().is_ok() => Ok(Self([*a, *b])),
            _ => Err(format!(
                "`{text}` is not an ISO 3166-1 alpha-2 country code"
            )),
        }
    }
}
impl TryFrom<String> for Country {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
impl From<Country> for String {
    fn from(c: Country) -> String {
        c.as_str().to_owned()
    }
}

/// Business-scoped user id (BSUID): `CC.` and digits, one a user and business portfolio (`graph-api.md` §1.5).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

impl UserId {
    /// The id of `user` as the portfolio `business` sees it: the same two always give the same id,
    /// and two portfolios cannot tell from it that they talk to one person.
    pub fn derive(business: crate::BusinessId, user: WaId, country: Option<Country>) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"ahoy-bsuid");
        hash.update(business.0.to_be_bytes());
        hash.update(user.0.to_be_bytes());
        let digest = hash.finalize();
        let mut eight = [0; 8];
        eight.copy_from_slice(&digest[..8]);
        let digits =
            u64::from_be_bytes(eight) % 9_000_000_000_000_000_000 + 1_000_000_000_000_000_000;
        let country = country.map_or_else(|| "ZZ".to_owned(), |c| c.to_string());
        Self(format!("{country}.{digits}"))
    }
    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl FromStr for UserId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let good = text.split_once('.').is_some_and(|(cc, digits)| {
            cc.len() == 2
                && cc.bytes().all(|b| b.is_ascii_uppercase())
                && (1..=128).contains(&digits.len())
                && digits.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "`{}` is not a business-scoped user id: a country code, a dot and digits are expected",
                text.chars().take(40).collect::<String>()
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_becomes_digits() {
        for text in ["+44 7700 900001", "447700900001", "+44 (7700) 900-001"] {
            assert_eq!(
                WaId::parse_loose(text).map(|w| w.to_string()),
                Ok("447700900001".into())
            );
        }
        for bad in [
            "",
            "12",
            "0044770090000",
            "44x7700900001",
            "1234567890123456",
        ] {
            assert!(WaId::parse_loose(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn countries_follow_the_prefix() {
        let country = |n: u64| WaId::from_u64(n).country().map(|c| c.to_string());
        assert_eq!(country(447_700_900_001).as_deref(), Some("GB"));
        assert_eq!(country(34_600_111_222).as_deref(), Some("ES"));
        assert_eq!(country(15_550_001_111).as_deref(), Some("US"));
        assert!("XX".parse::<Country>().is_err());
    }

    #[test]
    fn numbers_are_written_for_people() {
        let london = WaId::from_u64(442_079_460_000);
        assert_eq!(london.international(), "+44 20 7946 0000");
        assert_eq!(london.calling_code(), Some(44));
        assert_eq!(WaId::from_u64(15_550_001_111).calling_code(), Some(1));
    }

    #[test]
    fn a_user_id_is_stable_and_private() {
        let user = WaId::from_u64(447_700_900_001);
        let a = UserId::derive(crate::BusinessId(1), user, user.country());
        assert_eq!(
            a,
            UserId::derive(crate::BusinessId(1), user, user.country())
        );
        assert_ne!(
            a,
            UserId::derive(crate::BusinessId(2), user, user.country())
        );
        assert_eq!(a.as_str().parse::<UserId>(), Ok(a.clone()));
        assert!(a.as_str().starts_with("GB."));
    }
}
