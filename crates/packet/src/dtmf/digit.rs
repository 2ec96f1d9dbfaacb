//! The sixteen keys.

use std::fmt;
use std::str::FromStr;

/// A key: `0` to `9`, `*`, `#`, `A` to `D`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digit(u8);

/// The keys in the order of their event codes (RFC 4733 §3.2).
const KEYS: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D',
];

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a key: one of 0-9, *, #, A-D is expected")]
pub struct DigitError(pub String);

impl Digit {
    /// The key with this event code, 0 to 15.
    pub const fn from_code(code: u8) -> Option<Self> {
        if code < 16 { Some(Self(code)) } else { None }
    }
    /// The event code, 0 to 15.
    pub const fn code(self) -> u8 {
        self.0
    }
    /// The character on the key.
    pub fn as_char(self) -> char {
        KEYS.get(usize::from(self.0)).copied().unwrap_or('?')
    }
}

impl TryFrom<char> for Digit {
    type Error = DigitError;
    fn try_from(key: char) -> Result<Self, DigitError> {
        let key = key.to_ascii_uppercase();
        KEYS.iter()
            .zip(0..)
            .find(|(known, _)| **known == key)
            .map(|(_, code)| Self(code))
            .ok_or_else(|| DigitError(key.to_string()))
    }
}

impl FromStr for Digit {
    type Err = DigitError;
    fn from_str(text: &str) -> Result<Self, DigitError> {
        let mut keys = text.chars();
        match (keys.next(), keys.next()) {
            (Some(key), None) => key.try_into(),
            _ => Err(DigitError(text.chars().take(20).collect())),
        }
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn all_keys_go_there_and_back() {
        for code in 0..16 {
            let digit = Digit::from_code(code).unwrap();
            assert_eq!(digit.to_string().parse(), Ok(digit));
            assert_eq!(digit.to_string().to_lowercase().parse(), Ok(digit));
            assert_eq!(digit.code(), code);
        }
        assert_eq!(Digit::from_code(16), None);
        assert_eq!("*".parse::<Digit>().unwrap().code(), 10);
        for bad in ["", "12", "E", "é", " "] {
            assert!(bad.parse::<Digit>().is_err(), "{bad}");
        }
    }
}
