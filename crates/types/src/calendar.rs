//! Days, dates and times of day as people agree on them; which instants they are is a matter of a time zone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A day of the week, spelled as on the wire: `MONDAY` … `SUNDAY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Weekday {
    /// The first day of the week.
    Monday,
    /// The second.
    Tuesday,
    /// The third.
    Wednesday,
    /// The fourth.
    Thursday,
    /// The fifth.
    Friday,
    /// The sixth.
    Saturday,
    /// The last.
    Sunday,
}

impl Weekday {
    /// All of them, Monday first.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "MONDAY",
            Self::Tuesday => "TUESDAY",
            Self::Wednesday => "WEDNESDAY",
            Self::Thursday => "THURSDAY",
            Self::Friday => "FRIDAY",
            Self::Saturday => "SATURDAY",
            Self::Sunday => "SUNDAY",
        }
    }

    /// The day as a sentence names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monday => "Monday",
            Self::Tuesday => "Tuesday",
            Self::Wednesday => "Wednesday",
            Self::Thursday => "Thursday",
            Self::Friday => "Friday",
            Self::Saturday => "Saturday",
            Self::Sunday => "Sunday",
        }
    }
}

/// Why a text is no time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time of day: HHMM from 0000 to 2359 is expected")]
pub struct TimeOfDayError(pub String);

/// A minute of the day, midnight by default. Written `HHMM`; `HH:MM` is read too.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The last minute of the day.
    pub const LAST: Self = Self(24 * 60 - 1);

    /// Of an hour and a minute; `None` beyond 23:59.
    pub const fn new(hour: u16, minute: u16) -> Option<Self> {
        if hour < 24 && minute < 60 {
            Some(Self(hour * 60 + minute))
        } else {
            None
        }
    }
    /// Minutes since midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }
    /// Hour and minute.
    pub const fn parts(self) -> (u16, u16) {
        (self.0 / 60, self.0 % 60)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute) = self.parts();
        write!(f, "{hour:02}{minute:02}")
    }
}
impl FromStr for TimeOfDay {
    type Err = TimeOfDayError;
    fn from_str(text: &str) -> Result<Self, TimeOfDayError> {
        let bad = || TimeOfDayError(text.chars().take(20).collect());
        let (hour, minute) = match (text.split_once(':'), text.len()) {
            (Some((hour, minute)), 4 | 5) => (hour, minute),
            (None, 4) => text.split_at_checked(2).ok_or_else(bad)?,
            _ => return Err(bad()),
        };
        let number = |part: &str| match part.bytes().all(|b| b.is_ascii_digit()) {
            true => part.parse::<u16>().map_err(|_| bad()),
            false => Err(bad()),
        };
        if minute.len() != 2 {
            return Err(bad());
        }
        Self::new(number(hour)?, number(minute)?).ok_or_else(bad)
    }
}
impl TryFrom<String> for TimeOfDay {
    type Error = TimeOfDayError;
    fn try_from(text: String) -> Result<Self, TimeOfDayError> {
        text.parse()
    }
}
impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> String {
        time.to_string()
    }
}

/// Why a text is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date: YYYY-MM-DD is expected")]
pub struct DateError(pub String);

/// A day of the calendar, from the year 1 to 9999; written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    year: i16,
    month: u8,
    day: u8,
}

impl Date {
    /// Of a year, a month and a day; `None` for days the calendar does not have.
    pub const fn new(year: i16, month: u8, day: u8) -> Option<Self> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 31,
        };
        let fits = year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1;
        if fits && day <= days {
            Some(Self { year, month, day })
        } else {
            None
        }
    }
    /// The year.
    pub const fn year(self) -> i16 {
        self.year
    }
    /// The month, from 1.
    pub const fn month(self) -> u8 {
        self.month
    }
    /// The day of the month, from 1.
    pub const fn day(self) -> u8 {
        self.day
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}
impl FromStr for Date {
    type Err = DateError;
    fn from_str(text: &str) -> Result<Self, DateError> {
        let bad = || DateError(text.chars().take(20).collect());
        let part = |from: usize, to: usize| {
            let digits = text
                .get(from..to)
                .filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
            digits
                .and_then(|part| part.parse::<i16>().ok())
                .ok_or_else(bad)
        };
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return Err(bad());
        }
        let small = |n: i16| u8::try_from(n).map_err(|_| bad());
        Self::new(part(0, 4)?, small(part(5, 7)?)?, small(part(8, 10)?)?).ok_or_else(bad)
    }
}
impl TryFrom<String> for Date {
    type Error = DateError;
    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}
impl From<Date> for String {
    fn from(date: Date) -> String {
        date.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_of_day_are_read_in_both_spellings() {
        for (text, minutes) in [
            ("0000", 0),
            ("0930", 570),
            ("09:30", 570),
            ("9:30", 570),
            ("2359", 1439),
        ] {
            assert_eq!(
                text.parse::<TimeOfDay>().unwrap().minutes(),
                minutes,
                "{text}"
            );
        }
        for text in [
            "",
            "900",
            "2400",
            "24:00",
            "0960",
            "+9:3",
            "09:3",
            "1:2:3",
            "０９００",
            "09-30",
            "-100",
        ] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!("2028-02-29".parse(), Ok(Date::new(2028, 2, 29).unwrap()));
        for text in [
            "2027-02-29",
            "1900-02-29",
            "2027-13-01",
            "2027-00-10",
            "2027-1-1",
            "2027/01/01",
            "0000-01-01",
            "+027-01-01",
            "20270101",
            "2027-01-é1",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_readers(text in "\\PC{0,12}") {
            if let Ok(time) = text.parse::<TimeOfDay>() {
                prop_assert_eq!(time.to_string().parse(), Ok(time));
            }
            if let Ok(date) = text.parse::<Date>() {
                prop_assert_eq!(date.to_string(), text);
            }
        }
    }
}
