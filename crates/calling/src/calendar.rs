//! Days and months, as volumes and figures are counted: by the clock of an account's time zone.

use std::fmt;
use std::str::FromStr;

use ahoy_types::RuleTime;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::hours;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Days of 400 years: the calendar repeats after them.
const ERA_DAYS: i64 = 146_097;

/// The clock of an account (`M/price`: cards and months go by the account's time zone).
#[derive(Debug, Clone)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// The name of the zone of accounts that have set none.
pub const UTC: &str = "UTC";

impl Zone {
    /// The zone of accounts that have set none.
    pub fn utc() -> Self {
        Self {
            name: UTC.to_owned(),
            zone: TimeZone::UTC,
        }
    }
    /// The zone of an IANA name; `None` where there is none of that name.
    pub fn named(name: &str) -> Option<Self> {
        hours::zone(name).map(|zone| Self {
            name: name.to_owned(),
            zone,
        })
    }
    /// The zone of a stored name. One this binary does not know, written by a newer one, keeps its name and is read as UTC.
    pub fn stored(name: &str) -> Self {
        Self::named(name).unwrap_or_else(|| Self {
            name: name.to_owned(),
            zone: TimeZone::UTC,
        })
    }
    /// Its IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// What the wall clock of the zone shows, written as the instant at which a clock in UTC would show the same.
    pub fn wall(&self, at: RuleTime) -> RuleTime {
        let Ok(instant) = Timestamp::from_millisecond(at.0) else {
            return at;
        };
        let offset = i64::from(self.zone.to_offset(instant).seconds());
        RuleTime(at.0.saturating_add(offset.saturating_mul(1_000)))
    }
    /// The month an instant lies in.
    pub fn month(&self, at: RuleTime) -> Month {
        Month::of(self.wall(at))
    }
    /// The first instant of the day an instant lies in: not always midnight, which a clock that is put forward may skip.
    pub fn start_of_day(&self, at: RuleTime) -> RuleTime {
        self.first_instant(start_of_day(self.wall(at)))
    }
    /// The first instant of the day after.
    pub fn next_day(&self, at: RuleTime) -> RuleTime {
        let today = start_of_day(self.wall(at));
        self.first_instant(RuleTime(today.0.saturating_add(DAY_MS)))
    }
    /// The first instant of a month.
    pub fn start_of_month(&self, month: Month) -> RuleTime {
        self.first_instant(month.start())
    }
    /// The first instant of the day whose midnight a clock in UTC shows at `midnight`.
    fn first_instant(&self, midnight: RuleTime) -> RuleTime {
        if self.zone == TimeZone::UTC {
            return midnight;
        }
        let (year, month, day) = civil(midnight.0.div_euclid(DAY_MS));
        let date = i16::try_from(year)
            .ok()
            .zip(i8::try_from(month).ok())
            .zip(i8::try_from(day).ok())
            .and_then(|((year, month), day)| jiff::civil::Date::new(year, month, day).ok());
        // Days beyond the calendar have no changes of the clock.
        let first = date.and_then(|date| date.to_zoned(self.zone.clone()).ok());
        let first = first.and_then(|midnight| midnight.start_of_day().ok());
        first.map_or(midnight, |first| {
            RuleTime(first.timestamp().as_millisecond())
        })
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
impl Eq for Zone {}
impl Default for Zone {
    fn default() -> Self {
        Self::utc()
    }
}
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A calendar month, written `2026-10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    year: i32,
    /// 1 to 12.
    month: u8,
}

impl Month {
    /// The month an instant lies in, in UTC.
    pub fn of(at: RuleTime) -> Self {
        let (year, month, _) = civil(at.0.div_euclid(DAY_MS));
        Self { year, month }
    }
    /// Its first instant in UTC.
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

/// The first instant of the day an instant lies in, in UTC.
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
    use std::time::Duration;

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

    fn zone(name: &str) -> Zone {
        Zone::named(name).unwrap()
    }

    #[test]
    fn days_and_months_begin_by_the_wall_clock_and_differ_in_length() {
        let madrid = zone("Europe/Madrid");
        let hours = |day_text: &str| {
            let start = madrid.start_of_day(day(day_text).unwrap() + Duration::from_secs(43_200));
            (madrid.next_day(start).0 - start.0) / 3_600_000
        };
        // 2026: forward on March 29th, back on October 25th.
        assert_eq!(hours("2026-03-28"), 24);
        assert_eq!(hours("2026-03-29"), 23);
        assert_eq!(hours("2026-10-25"), 25);
        // The month begins at 23:00 UTC in winter and at 22:00 in summer.
        let november: Month = "2026-11".parse().unwrap();
        let july: Month = "2026-07".parse().unwrap();
        assert_eq!(
            november.start().0 - madrid.start_of_month(november).0,
            3_600_000
        );
        assert_eq!(july.start().0 - madrid.start_of_month(july).0, 7_200_000);
        let eve = RuleTime(madrid.start_of_month(november).0 - 1);
        assert_eq!(madrid.month(eve).to_string(), "2026-10");
        assert_eq!(madrid.month(RuleTime(eve.0 + 1)), november);
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_at_one() {
        // Santiago puts its clocks forward at midnight: 2026-09-06 begins at 01:00.
        let santiago = zone("America/Santiago");
        let noon = day("2026-09-06").unwrap() + Duration::from_secs(16 * 3_600);
        let start = santiago.start_of_day(noon);
        assert_eq!(
            santiago.wall(start).0 - day("2026-09-06").unwrap().0,
            3_600_000
        );
        assert_eq!((santiago.next_day(start).0 - start.0) / 3_600_000, 23);
    }

    #[test]
    fn zones_have_names_and_an_unknown_one_is_read_as_utc() {
        assert!(Zone::named("Europe/Atlantis").is_none());
        let unknown = Zone::stored("Europe/Atlantis");
        assert_eq!(unknown.name(), "Europe/Atlantis");
        assert_eq!(unknown.wall(RuleTime(5)), RuleTime(5));
        assert_eq!(Zone::default(), Zone::stored("UTC"));
    }

    proptest! {
        #[test]
        fn every_instant_lies_in_its_day_by_any_clock(
            secs in 0i64..4_000_000_000,
            name in prop::sample::select(vec!["UTC", "Europe/Madrid", "America/Santiago", "Asia/Kathmandu",
                "Pacific/Apia", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca"]),
        ) {
            let (zone, at) = (zone(name), RuleTime::from_secs(secs));
            let (start, next) = (zone.start_of_day(at), zone.next_day(at));
            prop_assert!(start <= at && at < next);
            prop_assert_eq!(zone.start_of_day(start), start);
            prop_assert_eq!(zone.start_of_day(RuleTime(next.0 - 1)), start);
            let month = zone.month(at);
            prop_assert!(zone.start_of_month(month) <= start);
            prop_assert!(at < zone.start_of_month(month.next()));
        }

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
