//! The hours as a phone lists them: seven days, and the dates that differ.

use ahoy_types::{Date, RuleTime, Weekday};
use jiff::civil;

use super::{HolidayReading, Hours, Window, date_of, timestamp, weekday_of};

/// One line of a timetable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `Monday`, or `Friday 2027-01-01`.
    pub day: String,
    /// `09:00–13:30, 15:00–19:00`, `Closed`, `Closed 12:00–24:00` or `Open all day`.
    pub hours: String,
}

/// The hours of a number, in words, on its own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    /// IANA name of the zone the times are in.
    pub zone: String,
    /// The days of a week from Monday on.
    pub week: Vec<Line>,
    /// Dates from today on that differ from their day of the week.
    pub dates: Vec<Line>,
}

const CLOSED: &str = "Closed";

impl Window {
    const fn all_day(self) -> bool {
        self.from == 0 && self.to >= 24 * 60
    }
    fn spoken(self) -> String {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        format!("{}–{}", clock(self.from), clock(self.to))
    }
}

/// Windows of a day in order, in words.
fn open(mut windows: Vec<Window>) -> String {
    windows.sort_by_key(|window| window.from);
    match windows.as_slice() {
        [] => CLOSED.to_owned(),
        [one] if one.all_day() => "Open all day".to_owned(),
        some => {
            let spoken: Vec<String> = some.iter().map(|window| window.spoken()).collect();
            spoken.join(", ")
        }
    }
}

fn weekday(date: Date) -> Option<Weekday> {
    let (month, day) = (
        i8::try_from(date.month()).ok()?,
        i8::try_from(date.day()).ok()?,
    );
    let date = civil::Date::new(date.year(), month, day).ok()?;
    Some(weekday_of(date.at(0, 0, 0, 0)))
}

impl Hours<'_> {
    /// The hours as a phone lists them at this instant.
    pub fn timetable(&self, now: RuleTime) -> Timetable {
        let today = timestamp(now).and_then(|now| date_of(self.zone.to_datetime(now)));
        let entries = &self.hours.holiday_schedule;
        let mut dates: Vec<Date> = entries.iter().map(|entry| entry.date).collect();
        dates.retain(|date| today.is_none_or(|today| *date >= today));
        dates.sort_unstable();
        dates.dedup();
        let line = |date: Date| Line {
            day: match weekday(date) {
                Some(day) => format!("{} {date}", day.name()),
                None => date.to_string(),
            },
            hours: self.differing(date),
        };
        Timetable {
            zone: self.hours.timezone_id.clone(),
            week: Weekday::ALL
                .into_iter()
                .map(|day| Line {
                    day: day.name().to_owned(),
                    hours: open(self.weekly(day).collect()),
                })
                .collect(),
            dates: dates.into_iter().map(line).collect(),
        }
    }

    fn differing(&self, date: Date) -> String {
        let entries = self.hours.holiday_schedule.iter();
        let entries = entries.filter(|entry| entry.date == date);
        let windows = entries.map(|entry| Window::new(entry.start_time, entry.end_time));
        let windows: Vec<Window> = windows.collect();
        match self.reading {
            HolidayReading::Open => open(windows),
            HolidayReading::Closed if windows.iter().any(|window| window.all_day()) => {
                CLOSED.to_owned()
            }
            HolidayReading::Closed => format!("{CLOSED} {}", open(windows)),
        }
    }
}

#[cfg(test)]
mod tests {
    use ahoy_types::settings::{CallHours, Holiday, OpenHours, Switch};

    use super::*;

    /// 2026-11-21 23:30 UTC, a Saturday; in Madrid it is Sunday already.
    const NOW: RuleTime = RuleTime::from_secs(1_795_303_800);

    fn hours() -> Option<CallHours> {
        let open = |day_of_week, from: &str, to: &str| {
            Some(OpenHours {
                day_of_week,
                open_time: from.parse().ok()?,
                close_time: to.parse().ok()?,
            })
        };
        let date = |date: &str, from: &str, to: &str| {
            Some(Holiday {
                date: date.parse().ok()?,
                start_time: from.parse().ok()?,
                end_time: to.parse().ok()?,
            })
        };
        Some(CallHours {
            status: Switch::Enabled,
            timezone_id: "Europe/Madrid".into(),
            weekly_operating_hours: vec![
                open(Weekday::Monday, "1500", "1900")?,
                open(Weekday::Monday, "0900", "1330")?,
                open(Weekday::Sunday, "0000", "2359")?,
                open(Weekday::Saturday, "2200", "2359")?,
            ],
            holiday_schedule: vec![
                date("2027-01-01", "0000", "2359")?,
                date("2026-12-24", "1200", "2359")?,
                date("2026-11-22", "0000", "0100")?,
                date("2026-11-21", "0000", "2359")?,
            ],
        })
    }

    fn told(reading: HolidayReading) -> Option<Timetable> {
        Some(Hours::of(hours().as_ref(), reading)?.timetable(NOW))
    }

    fn lines(lines: &[Line]) -> Vec<(&str, &str)> {
        let words = lines.iter();
        words
            .map(|line| (line.day.as_str(), line.hours.as_str()))
            .collect()
    }

    #[test]
    fn a_week_from_monday_and_the_dates_that_are_left() {
        let Some(table) = told(HolidayReading::Closed) else {
            panic!("there are hours");
        };
        assert_eq!(table.zone, "Europe/Madrid");
        let week = lines(&table.week);
        assert_eq!(week.len(), 7);
        assert_eq!(week[0], ("Monday", "09:00–13:30, 15:00–19:00"));
        assert_eq!(week[1], ("Tuesday", "Closed"));
        assert_eq!(week[5], ("Saturday", "22:00–24:00"));
        assert_eq!(week[6], ("Sunday", "Open all day"));
        assert_eq!(
            lines(&table.dates),
            [
                ("Sunday 2026-11-22", "Closed 00:00–01:00"),
                ("Thursday 2026-12-24", "Closed 12:00–24:00"),
                ("Friday 2027-01-01", "Closed"),
            ],
            "yesterday is over on the business's clock"
        );
    }

    #[test]
    fn the_other_reading_of_holidays_says_when_it_is_open() {
        let table = told(HolidayReading::Open);
        let dates = table.as_ref().map(|table| lines(&table.dates));
        assert_eq!(
            dates,
            Some(vec![
                ("Sunday 2026-11-22", "00:00–01:00"),
                ("Thursday 2026-12-24", "12:00–24:00"),
                ("Friday 2027-01-01", "Open all day"),
            ])
        );
    }
}
