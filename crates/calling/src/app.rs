//! How old a user's app is. What an app of some age cannot do yet is asked of [`Client`](crate::identity::Client); the ages
//! themselves stand with the other numbers in [`limits`](crate::limits).

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A version of the app, `2.24.14.7`. iOS leaves out the leading 2 and says `24.14.7`; both are the same version here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppVersion([u16; 4]);

/// The text is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a version such as 2.24.14.7 or 24.14", .0.escape_debug())]
pub struct BadAppVersion(String);

impl AppVersion {
    /// The generation every version so far belongs to, which iOS does not print.
    const GENERATION: u16 = 2;
    /// Characters of a wrong text that its refusal repeats at most.
    const SHOWN: usize = 40;

    /// A version of generation 2: year, week or so, build.
    pub const fn new(year: u16, number: u16, build: u16) -> Self {
        Self([Self::GENERATION, year, number, build])
    }
}

impl FromStr for AppVersion {
    type Err = BadAppVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadAppVersion(text.chars().take(Self::SHOWN).collect());
        let mut parts = [0; 4];
        let mut count = 0;
        for part in text.split('.') {
            let slot = parts.get_mut(count).ok_or_else(bad)?;
            // `parse` alone would take a sign.
            if !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(bad());
            }
            *slot = part.parse().map_err(|_| bad())?;
            count += 1;
        }
        match (parts, count) {
            ([Self::GENERATION, ..], 3 | 4) => Ok(Self(parts)),
            ([year, number, build, _], 2 | 3) if year > Self::GENERATION => {
                Ok(Self::new(year, number, build))
            }
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for AppVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [generation, year, number, build] = self.0;
        write!(f, "{generation}.{year}.{number}.{build}")
    }
}

impl Serialize for AppVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AppVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_both_systems_print_them_and_compared_by_number() {
        let read = |text: &str| text.parse::<AppVersion>().ok();
        assert_eq!(read("2.24.14.7"), Some(AppVersion::new(24, 14, 7)));
        assert_eq!(read("24.14.7"), read("2.24.14.7"));
        assert_eq!(read("24.1"), read("2.24.1"));
        assert!(read("2.24.9") < read("2.24.10.8"));
        assert!(read("2.24.10.7") < read("24.10.8"));
        assert!(read("2.100.0") > read("2.25.27.99"));
        assert_eq!(
            read("24.1").map(|v| v.to_string()),
            Some("2.24.1.0".to_owned())
        );
    }

    #[test]
    fn what_is_no_version_is_refused_with_itself() {
        for text in [
            "",
            "2",
            "24",
            "2.24",
            "1.24.1",
            "2.24.14.7.1",
            "24.14.7.1",
            "2.24.x",
            "2.+24.1",
            "2..24",
            "2.24.99999",
            " 2.24.1",
            "v2.24.1",
            "０.24.1",
        ] {
            let said = text.parse::<AppVersion>().map_err(|e| e.to_string());
            let Err(said) = said else {
                panic!("{text} was taken");
            };
            assert!(said.contains(&format!("`{text}`")), "{said}");
        }
        let long = "9".repeat(10_000).parse::<AppVersion>();
        assert!(long.is_err_and(|e| e.to_string().len() < 120));
    }
}
