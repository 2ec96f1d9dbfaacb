//! Call hours: is the business open, and when does it open next (`rules.md` §5, `contract.md` §4).
//!
//! Windows hold from their first minute to the one they end at, which is outside; an end of `2359` lasts until midnight, so
//! that a business can be open around the clock. Times are read off the wall in the business's zone: an hour that is skipped
//! in spring opens nothing, one that is repeated in autumn is open twice.

mod timetable;

use std::sync::OnceLock;

use ahoy_types::settings::{CallHours, Holiday};
use ahoy_types::{Date, RuleTime, TimeOfDay, Weekday};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

pub use timetable::{Line, Timetable};

use crate::limits::HOLIDAYS;

/// What an entry of the holiday schedule says about its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HolidayReading {
    /// The business is closed in it; the weekly hours hold for the rest of the day.
    #[default]
    Closed,
    /// On that date the business is open in it and at no other time.
    Open,
}

/// Days looked ahead for an opening. Each of the most holidays can close one of the only day of the week that has hours, and a
/// skipped hour another.
const HORIZON_DAYS: usize = (HOLIDAYS + 3) * 7;

/// The time-zone database that is part of the binary.
fn zones() -> &'static TimeZoneDatabase {
    static ZONES: OnceLock<TimeZoneDatabase> = OnceLock::new();
    ZONES.get_or_init(TimeZoneDatabase::bundled)
}

/// The time zone of this IANA name.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    zones().get(name).ok()
}

/// Whether there is a time zone of this name.
pub fn zone_exists(name: &str) -> bool {
    zone(name).is_some()
}

/// Today in that zone; `None` for an unknown zone and for times the calendar does not reach.
pub fn today(zone_name: &str, now: RuleTime) -> Option<Date> {
    let wall = zone(zone_name)?.to_datetime(timestamp(now)?);
    date_of(wall)
}

fn timestamp(at: RuleTime) -> Option<Timestamp> {
    Timestamp::from_millisecond(at.0).ok()
}

fn rule_time(at: Timestamp) -> RuleTime {
    RuleTime(at.as_millisecond())
}

fn date_of(wall: DateTime) -> Option<Date> {
    Date::new(
        wall.year(),
        u8::try_from(wall.month()).ok()?,
        u8::try_from(wall.day()).ok()?,
    )
}

fn weekday_of(wall: DateTime) -> Weekday {
    use jiff::civil::Weekday as Day;
    match wall.date().weekday() {
        Day::Monday => Weekday::Monday,
        Day::Tuesday => Weekday::Tuesday,
        Day::Wednesday => Weekday::Wednesday,
        Day::Thursday => Weekday::Thursday,
        Day::Friday => Weekday::Friday,
        Day::Saturday => Weekday::Saturday,
        Day::Sunday => Weekday::Sunday,
    }
}

/// A window of a day in minutes since midnight; the end is outside.
#[derive(Clone, Copy)]
struct Window {
    from: u16,
    to: u16,
}

impl Window {
    fn new(from: TimeOfDay, to: TimeOfDay) -> Self {
        let to = match to {
            TimeOfDay::LAST => 24 * 60,
            to => to.minutes(),
        };
        Self {
            from: from.minutes(),
            to,
        }
    }
    const fn has(self, minute: u16) -> bool {
        self.from <= minute && minute < self.to
    }
}

/// The hours of a number, ready to be asked. Without hours, or with hours that are switched off, it is always open.
#[derive(Debug)]
pub struct Hours<'a> {
    hours: &'a CallHours,
    zone: TimeZone,
    reading: HolidayReading,
}

impl<'a> Hours<'a> {
    /// `None` where the business is open at all times. A zone this binary does not know is read as UTC: settings name known
    /// zones only, so that can happen only to data written by a newer binary.
    pub fn of(hours: Option<&'a CallHours>, reading: HolidayReading) -> Option<Self> {
        let hours = hours.filter(|hours| hours.status.on())?;
        let zone = zone(&hours.timezone_id).unwrap_or(TimeZone::UTC);
        Some(Self {
            hours,
            zone,
            reading,
        })
    }

    /// Whether the business is open at that instant.
    pub fn is_open(&self, at: RuleTime) -> bool {
        timestamp(at).is_some_and(|at| self.open_at(self.zone.to_datetime(at)))
    }

    fn open_at(&self, wall: DateTime) -> bool {
        let minute =
            u16::try_from(i32::from(wall.hour()) * 60 + i32::from(wall.minute())).unwrap_or(0);
        let weekly = || {
            self.weekly(weekday_of(wall))
                .any(|window| window.has(minute))
        };
        let mut special = self.special(wall).peekable();
        match (special.peek(), self.reading) {
            (None, _) => weekly(),
            (Some(_), HolidayReading::Closed) => {
                !special.any(|window| window.has(minute)) && weekly()
            }
            (Some(_), HolidayReading::Open) => special.any(|window| window.has(minute)),
        }
    }

    fn weekly(&self, day: Weekday) -> impl Iterator<Item = Window> {
        let entries = self.hours.weekly_operating_hours.iter();
        entries
            .filter(move |entry| entry.day_of_week == day)
            .map(|entry| Window::new(entry.open_time, entry.close_time))
    }

    fn special(&self, wall: DateTime) -> impl Iterator<Item = Window> {
        let date = date_of(wall);
        let entries = self.hours.holiday_schedule.iter();
        entries.filter(move |entry| Some(entry.date) == date).map(
            |Holiday {
                 start_time,
                 end_time,
                 ..
             }| Window::new(*start_time, *end_time),
        )
    }

    /// The first instant from `now` on at which the business is open: `now` itself if it is. `None` if it never opens.
    pub fn next_opening(&self, now: RuleTime) -> Option<RuleTime> {
        let start = timestamp(now)?;
        if self.is_open(now) {
            return Some(now);
        }
        // On a running clock the business can open only at an edge of a window; and where the clock is put forward or back,
        // it can be put into one.
        let by_clock = self.next_edge(start);
        let by_change = self
            .zone
            .following(start)
            .map(|change| change.timestamp())
            .take_while(|at| within(start, *at) && by_clock.is_none_or(|edge| *at < edge))
            .find(|at| self.open_at(self.zone.to_datetime(*at)));
        by_change.or(by_clock).map(rule_time)
    }

    fn next_edge(&self, start: Timestamp) -> Option<Timestamp> {
        let mut midnight = self.zone.to_datetime(start).start_of_day();
        for _ in 0..HORIZON_DAYS {
            let edges = self.edges(midnight);
            let opens = edges.filter(|at| *at > start && self.open_at(self.zone.to_datetime(*at)));
            if let Some(first) = opens.min() {
                return Some(first);
            }
            midnight = midnight.tomorrow().ok()?;
        }
        None
    }

    /// Every instant of a day at which a window may begin to hold.
    fn edges(&self, midnight: DateTime) -> impl Iterator<Item = Timestamp> {
        let begins = self.weekly(weekday_of(midnight)).map(|window| window.from);
        let special = self
            .special(midnight)
            .flat_map(|window| [window.from, window.to]);
        let minutes = begins.chain(special).filter(|minute| *minute < 24 * 60);
        minutes
            .flat_map(move |minute| self.instants(midnight, minute))
            .flatten()
    }

    /// The instants at which the wall clock shows that minute: none where it is skipped, two where it is repeated.
    fn instants(&self, midnight: DateTime, minute: u16) -> [Option<Timestamp>; 2] {
        let (hour, minute) = (i8::try_from(minute / 60), i8::try_from(minute % 60));
        let (Ok(hour), Ok(minute)) = (hour, minute) else {
            return [None; 2];
        };
        let wall = midnight.date().at(hour, minute, 0, 0);
        match self.zone.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } => [offset.to_timestamp(wall).ok(), None],
            AmbiguousOffset::Gap { .. } => [None; 2],
            AmbiguousOffset::Fold { before, after } => [
                before.to_timestamp(wall).ok(),
                after.to_timestamp(wall).ok(),
            ],
        }
    }

    /// An instant as the business would name it: `Monday 09:00`, with the date when it is not within a week.
    pub fn spoken(&self, at: RuleTime, now: RuleTime) -> String {
        let (Some(then), Some(now)) = (timestamp(at), timestamp(now)) else {
            return "later".into();
        };
        let (then, now) = (self.zone.to_datetime(then), self.zone.to_datetime(now));
        let day = weekday_of(then).name();
        let time = format!("{:02}:{:02}", then.hour(), then.minute());
        let days = now
            .date()
            .until(then.date())
            .map_or(i32::MAX, |span| span.get_days());
        if days < 7 {
            return format!("{day} {time}");
        }
        match date_of(then) {
            Some(date) => format!("{day} {date} {time}"),
            None => format!("{day} {time}"),
        }
    }
}

fn within(start: Timestamp, at: Timestamp) -> bool {
    let days = i64::try_from(HORIZON_DAYS).unwrap_or(i64::MAX);
    at.as_second() - start.as_second() < days * 86_400
}

#[cfg(test)]
mod tests;
