//! Numbers of people, and the identifiers derived from them.

mod country_of;
mod two_forms;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use two_forms::{TWO_FORMS, TwoForms};

/// Why a text is no phone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a phone number: 7 to 15 digits with country code are expected")]
pub struct WaIdError(pub String);

/// A phone number in the form the webhooks use: country code and digits, no `+` (E.164, at most 15 digits). Where a line
/// has two numbers ([`TWO_FORMS`]), both are read as the one by which the platform knows its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WaId(u64);

impl WaId {
    /// Takes what people write: `+`, spaces, dashes, dots and brackets are dropped, and of two forms of a number the
    /// platform's own comes out.
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
                // A sign, not a separator: a negative number is nobody's.
                '-' if digits.is_empty() => return Err(bad()),
                ' ' | '-' | '(' | ')' | '.' | '\u{a0}' => {}
                _ => return Err(bad()),
            }
        }
        if !(7..=15).contains(&digits.len()) || digits.starts_with('0') {
            return Err(bad());
        }
        let digits = digits.parse().map_err(|_| bad())?;
        Ok(Self(two_forms::known_by(digits)))
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

/// Business-scoped user id (BSUID): a country, a dot, and up to 128 letters and digits, one a user and business portfolio;
/// those of a portfolio above others have `ENT.` behind the dot (`graph-api.md` §1.5).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(String);

/// Marks the ids of a portfolio above others.
const ENTERPRISE: &str = "ENT.";
/// Letters and digits of an id at most, country and mark aside.
const USER_ID_CHARS: usize = 128;

/// Whom an id is to name, and to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The portfolio that gets to see the id.
    pub business: crate::BusinessId,
    /// The user's number.
    pub user: WaId,
    /// Which of the people who had this number one after the other, from 0: whoever takes over a number somebody gave up
    /// gets ids of his own.
    pub holder: u32,
    /// The user's country.
    pub country: Option<Country>,
    /// Whether the portfolio sees the id as the one above the business's own.
    pub parent: bool,
}

impl UserId {
    /// The id of a user as a portfolio sees it: the same values always give the same id, and two portfolios cannot tell
    /// from it that they talk to one person.
    pub fn derive(named: &Named) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"ahoy-bsuid");
        hash.update(named.business.0.to_be_bytes());
        hash.update(named.user.0.to_be_bytes());
        if named.holder > 0 {
            hash.update(named.holder.to_be_bytes());
        }
        let digest = hash.finalize();
        let mut eight = [0; 8];
        eight.copy_from_slice(&digest[..8]);
        let digits =
            u64::from_be_bytes(eight) % 9_000_000_000_000_000_000 + 1_000_000_000_000_000_000;
        let country = named
            .country
            .map_or_else(|| "ZZ".to_owned(), |c| c.to_string());
        let mark = if named.parent { ENTERPRISE } else { "" };
        Self(format!("{country}.{mark}{digits}"))
    }
    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether it is of a portfolio above others.
    pub fn is_parent(&self) -> bool {
        self.0
            .get(3..)
            .is_some_and(|rest| rest.starts_with(ENTERPRISE))
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
        let good = text.split_once('.').is_some_and(|(country, id)| {
            let id = id.strip_prefix(ENTERPRISE).unwrap_or(id);
            country.len() == 2
                && country.bytes().all(|b| b.is_ascii_uppercase())
                && (1..=USER_ID_CHARS).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "`{}` is not a business-scoped user id: a country code, a dot and 1 to {USER_ID_CHARS} letters and digits are expected",
                text.chars().take(40).collect::<String>()
            ))
        }
    }
}
impl TryFrom<String> for UserId {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
impl From<UserId> for String {
    fn from(id: UserId) -> String {
        id.0
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
            "-447700900001",
            " -447700900001",
            "+-447700900001",
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

    fn named(business: u64) -> Named {
        let user = WaId::from_u64(447_700_900_001);
        Named {
            business: crate::BusinessId(business),
            user,
            holder: 0,
            country: user.country(),
            parent: false,
        }
    }

    #[test]
    fn a_user_id_is_stable_and_private() {
        let first = named(1);
        let a = UserId::derive(&first);
        assert_eq!(a, UserId::derive(&first));
        assert_ne!(a, UserId::derive(&named(2)));
        assert_ne!(a, UserId::derive(&Named { holder: 1, ..first }));
        assert_eq!(a.as_str().parse::<UserId>(), Ok(a.clone()));
        assert!(a.as_str().starts_with("GB.") && !a.is_parent());
        let above = UserId::derive(&Named {
            parent: true,
            ..first
        });
        assert_eq!(above.as_str(), a.as_str().replace("GB.", "GB.ENT."));
        assert_eq!(above.as_str().parse::<UserId>(), Ok(above.clone()));
        assert!(above.is_parent());
    }

    #[test]
    fn an_id_has_up_to_128_letters_and_digits() {
        let of = |n: usize, mark: &str| format!("US.{mark}{}", "a1".repeat(n)).parse::<UserId>();
        for mark in ["", "ENT."] {
            assert!(of(1, mark).is_ok());
            assert!(of(64, mark).is_ok());
            assert!(of(65, mark).is_err());
            assert!(of(0, mark).is_err());
        }
        for bad in [
            "",
            "US",
            "US.",
            "us.1",
            "USA.1",
            "US.ENT.ENT.1",
            "US.PAR.1",
            "US.a-b",
            "US.é",
        ] {
            assert!(bad.parse::<UserId>().is_err(), "{bad}");
        }
    }
}
