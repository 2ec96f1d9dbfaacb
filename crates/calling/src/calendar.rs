//! Days and months in UTC, as volumes and figures are counted.

use std::fmt;
use std::str::FromStr;

use ahoy_types::RuleTime;
use serde::{Deserialize, Serialize};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Days of 400 years: the calendar repeats after them.
const ERA_DAYS: i64 = 146_097;

/// A calendar month in UTC, written `2026-10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    year: i32,
    /// 1 to 12.
    month: u8,
}

impl Month {
    /// The month an instant lies in.
    pub fn of(at: RuleTime) -> Self {
        let (year, month, _) = civil(at.0.div_euclid(DAY_MS));
        Self { year, month }
    }
    /// Its first instant.
    pub fn start(self) -> RuleTime {
        RuleTime(days(self.year, self.month, 1).saturating_mul(DAY_MS))
    }
    /// The month after it.
    pub const fn next(self) -> Self {
        match self.month {
            12 => Self {
                year: self.year.saturating_add(1),
                month: 1,
            },
            month => Self {
                year: self.year,
                month: month + 1,
            },
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}
impl FromStr for Month {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let day = day(&format!("{text}-01")).map_err(|_| {
            let shown: String = text.chars().take(20).collect();
            format!("`{shown}` is not a month: YYYY-MM is expected")
        })?;
        Ok(Self::of(day))
    }
}
impl TryFrom<String> for Month {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
impl From<Month> for String {
    fn from(month: Month) -> String {
        month.to_string()
    }
}

/// The first instant of a day written `2026-10-01`, in UTC.
///
/// # Errors
/// A sentence for a text that is none, also for days the month does not have.
pub fn day(text: &str) -> Result<RuleTime, String> {
    let bad = || {
        let shown: String = text.chars().take(20).collect();
        format!("`{shown}` is not a day: YYYY-MM-DD is expected")
    };
    let well_formed = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| match i {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
    if !well_formed {
        return Err(bad());
    }
    let part = |range: std::ops::Range<usize>| text.get(range).and_then(|p| p.parse::<i32>().ok());
    let (Some(year), Some(month), Some(day)) = (part(0..4), part(5..7), part(8..10)) else {
        return Err(bad());
    };
    let (Ok(month), Ok(day)) = (u8::try_from(month), u8::try_from(day)) else {
        return Err(bad());
    };
    if !(1..=12).contains(&month) {
        return Err(bad());
    }
    let count = days(year, month, day);
    // A day that is not in its month comes back as one of the next.
    if day == 0 || civil(count) != (year, month, day) {
        return Err(bad());
    }
    Ok(RuleTime(count * DAY_MS))
}

/// The first instant of the day an instant lies in.
pub fn start_of_day(at: RuleTime) -> RuleTime {
    RuleTime(at.0.div_euclid(DAY_MS).saturating_mul(DAY_MS))
}

/// Days since 1970-01-01. Years are counted from March, so that the leap day comes last.
fn days(year: i32, month: u8, day: u8) -> i64 {
    let month = i64::from(month);
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let months_since_march = (month + 9) % 12;
    let day_of_year = (153 * months_since_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA_DAYS + day_of_era - 719_468
}

/// Year, month and day of a count of days since 1970-01-01.
fn civil(days: i64) -> (i32, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(ERA_DAYS);
    let day_of_era = days.rem_euclid(ERA_DAYS);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = (months_since_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    // What an instant in milliseconds can hold fits: it ends 292 million years from now.
    (
        i32::try_from(year).unwrap_or(i32::MAX),
        u8::try_from(month).unwrap_or(1),
        u8::try_from(day).unwrap_or(1),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_days_are_where_they_belong() {
        for (text, secs) in [
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400),
            ("2025-08-01", 1_754_006_400),
            ("2026-10-01", 1_790_812_800),
            ("1969-12-31", -86_400),
        ] {
            assert_eq!(day(text), Ok(RuleTime::from_secs(secs)), "{text}");
        }
        for bad in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-04-31",
            "2026-4-01",
            "2026-10-00",
            "2026/10/01",
            "",
            "+026-10-01",
            "٢٠٢٦-10",
        ] {
            assert!(day(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn months_follow_one_another() {
        let december: Month = "2026-12".parse().unwrap();
        assert_eq!(december.next().to_string(), "2027-01");
        assert_eq!(
            Month::of(RuleTime::from_secs(1_790_812_799)).to_string(),
            "2026-09"
        );
        assert_eq!(
            Month::of(RuleTime::from_secs(1_790_812_800)).to_string(),
            "2026-10"
        );
        assert!("2026-1".parse::<Month>().is_err());
    }

    proptest! {
        #[test]
        fn every_instant_lies_in_its_day_and_month(ms in any::<i64>()) {
            // At the very ends of the range a bound does not fit any more.
            let at = RuleTime(ms / 2);
            let month = Month::of(at);
            prop_assert!(month.start() <= at && at < month.next().start());
            let day = start_of_day(at);
            prop_assert!(month.start() <= day && day <= at && at.0 - day.0 < DAY_MS);
        }
    }
}
