#![allow(clippy::unwrap_used)]
use ahoy_types::settings::{OpenHours, Switch};
use proptest::prelude::*;

use super::*;

fn time(text: &str) -> TimeOfDay {
    text.parse().unwrap()
}

fn open(day: Weekday, from: &str, to: &str) -> OpenHours {
    OpenHours {
        day_of_week: day,
        open_time: time(from),
        close_time: time(to),
    }
}

fn holiday(date: &str, from: &str, to: &str) -> Holiday {
    Holiday {
        date: date.parse().unwrap(),
        start_time: time(from),
        end_time: time(to),
    }
}

fn schedule(zone: &str, weekly: Vec<OpenHours>, holidays: Vec<Holiday>) -> CallHours {
    CallHours {
        status: Switch::Enabled,
        timezone_id: zone.into(),
        weekly_operating_hours: weekly,
        holiday_schedule: holidays,
    }
}

/// An instant written as in `2026-11-21T09:00:00Z`.
fn at(text: &str) -> RuleTime {
    rule_time(text.parse().unwrap())
}

fn every_day(from: &str, to: &str) -> Vec<OpenHours> {
    Weekday::ALL
        .iter()
        .map(|day| open(*day, from, to))
        .collect()
}

#[track_caller]
fn check(hours: &CallHours, reading: HolidayReading, table: &[(&str, bool, Option<&str>)]) {
    let hours = Hours::of(Some(hours), reading).unwrap();
    for (now, is_open, next) in table {
        let now = at(now);
        assert_eq!(hours.is_open(now), *is_open, "{now}");
        assert_eq!(
            hours.next_opening(now),
            next.map(at).or(is_open.then_some(now)),
            "{now}"
        );
    }
}

#[test]
fn two_intervals_of_a_working_day_in_its_own_zone() {
    // Madrid is one hour ahead of UTC in November. The 23rd is a Monday.
    let hours = schedule(
        "Europe/Madrid",
        vec![
            open(Weekday::Monday, "0900", "1330"),
            open(Weekday::Monday, "1500", "1900"),
        ],
        vec![],
    );
    check(
        &hours,
        HolidayReading::Closed,
        &[
            ("2026-11-21T12:00:00Z", false, Some("2026-11-23T08:00:00Z")),
            (
                "2026-11-23T07:59:59.999Z",
                false,
                Some("2026-11-23T08:00:00Z"),
            ),
            ("2026-11-23T08:00:00Z", true, None),
            ("2026-11-23T12:29:59.999Z", true, None),
            ("2026-11-23T12:30:00Z", false, Some("2026-11-23T14:00:00Z")),
            ("2026-11-23T18:00:00Z", false, Some("2026-11-30T08:00:00Z")),
        ],
    );
}

#[test]
fn around_the_clock_has_no_hole_at_midnight() {
    let hours = schedule("UTC", every_day("0000", "2359"), vec![]);
    for now in [
        "2026-11-21T23:58:59.999Z",
        "2026-11-21T23:59:30Z",
        "2026-11-22T00:00:00Z",
    ] {
        check(&hours, HolidayReading::Closed, &[(now, true, None)]);
    }
    let evenings = schedule("UTC", every_day("2000", "2358"), vec![]);
    check(
        &evenings,
        HolidayReading::Closed,
        &[("2026-11-21T23:58:00Z", false, Some("2026-11-22T20:00:00Z"))],
    );
}

#[test]
fn a_holiday_closes_its_window_or_is_the_only_one_open() {
    let hours = schedule(
        "UTC",
        every_day("0900", "1700"),
        vec![
            holiday("2026-12-24", "1200", "1400"),
            holiday("2026-12-25", "0000", "2359"),
        ],
    );
    check(
        &hours,
        HolidayReading::Closed,
        &[
            ("2026-12-24T11:59:59Z", true, None),
            ("2026-12-24T12:00:00Z", false, Some("2026-12-24T14:00:00Z")),
            ("2026-12-24T17:00:00Z", false, Some("2026-12-26T09:00:00Z")),
            ("2026-12-25T10:00:00Z", false, Some("2026-12-26T09:00:00Z")),
        ],
    );
    check(
        &hours,
        HolidayReading::Open,
        &[
            ("2026-12-24T09:30:00Z", false, Some("2026-12-24T12:00:00Z")),
            ("2026-12-24T14:00:00Z", false, Some("2026-12-25T00:00:00Z")),
            ("2026-12-25T23:59:59Z", true, None),
            ("2026-12-26T00:00:00Z", false, Some("2026-12-26T09:00:00Z")),
        ],
    );
}

/// In Madrid the clock goes from 02:00 to 03:00 on 2027-03-28 at 01:00 UTC.
#[test]
fn a_skipped_hour_opens_nothing_and_the_jump_may_land_in_a_window() {
    let within = schedule(
        "Europe/Madrid",
        vec![open(Weekday::Sunday, "0200", "0300")],
        vec![],
    );
    check(
        &within,
        HolidayReading::Closed,
        &[("2027-03-28T00:30:00Z", false, Some("2027-04-04T00:00:00Z"))],
    );
    let across = schedule(
        "Europe/Madrid",
        vec![open(Weekday::Sunday, "0230", "0400")],
        vec![],
    );
    check(
        &across,
        HolidayReading::Closed,
        &[
            (
                "2027-03-28T00:59:59.999Z",
                false,
                Some("2027-03-28T01:00:00Z"),
            ),
            ("2027-03-28T01:59:59.999Z", true, None),
            ("2027-03-28T02:00:00Z", false, Some("2027-04-04T00:30:00Z")),
        ],
    );
}

/// In Madrid the clock goes from 03:00 back to 02:00 on 2027-10-31 at 01:00 UTC.
#[test]
fn a_repeated_hour_is_open_twice() {
    let hours = schedule(
        "Europe/Madrid",
        vec![open(Weekday::Sunday, "0215", "0230")],
        vec![],
    );
    check(
        &hours,
        HolidayReading::Closed,
        &[
            ("2027-10-31T00:00:00Z", false, Some("2027-10-31T00:15:00Z")),
            ("2027-10-31T00:30:00Z", false, Some("2027-10-31T01:15:00Z")),
            ("2027-10-31T01:20:00Z", true, None),
            ("2027-10-31T01:30:00Z", false, Some("2027-11-07T01:15:00Z")),
        ],
    );
    let from_the_hour = schedule(
        "Europe/Madrid",
        vec![open(Weekday::Sunday, "0200", "0230")],
        vec![],
    );
    check(
        &from_the_hour,
        HolidayReading::Closed,
        &[("2027-10-31T00:45:00Z", false, Some("2027-10-31T01:00:00Z"))],
    );
}

#[test]
fn twenty_closed_mondays_leave_the_next_one() {
    let mut day: jiff::civil::Date = "2026-11-23".parse().unwrap();
    let mut closed = Vec::new();
    for _ in 0..HOLIDAYS {
        closed.push(holiday(&day.to_string(), "0000", "2359"));
        day = day.checked_add(jiff::Span::new().weeks(1)).unwrap();
    }
    let hours = schedule("UTC", vec![open(Weekday::Monday, "0900", "1000")], closed);
    check(
        &hours,
        HolidayReading::Closed,
        &[("2026-11-22T00:00:00Z", false, Some("2027-04-12T09:00:00Z"))],
    );
}

#[test]
fn hours_that_are_off_hold_nobody_back() {
    let mut hours = schedule("UTC", vec![open(Weekday::Monday, "0900", "1000")], vec![]);
    hours.status = Switch::Disabled;
    assert!(Hours::of(Some(&hours), HolidayReading::Closed).is_none());
    assert!(Hours::of(None, HolidayReading::Closed).is_none());
}

#[test]
fn openings_are_named_by_day_and_soon_by_date() {
    let hours = schedule("Europe/Madrid", every_day("0900", "1700"), vec![]);
    let hours = Hours::of(Some(&hours), HolidayReading::Closed).unwrap();
    let now = at("2026-11-21T20:00:00Z");
    assert_eq!(
        hours.spoken(at("2026-11-23T08:00:00Z"), now),
        "Monday 09:00"
    );
    assert_eq!(
        hours.spoken(at("2026-11-28T08:00:00Z"), now),
        "Saturday 2026-11-28 09:00"
    );
}

#[test]
fn zones_are_known_by_their_iana_names() {
    for name in [
        "Europe/Madrid",
        "America/Argentina/Buenos_Aires",
        "UTC",
        "Asia/Kathmandu",
    ] {
        assert!(zone_exists(name), "{name}");
    }
    for name in [
        "",
        "Europe/Atlantis",
        "+02:00",
        "../etc/passwd",
        "CET-1CEST",
    ] {
        assert!(!zone_exists(name), "{name}");
    }
    // In Samoa it is tomorrow already.
    let now = at("2026-11-21T20:00:00Z");
    assert_eq!(today("Pacific/Apia", now), Date::new(2026, 11, 22));
    assert_eq!(today("UTC", RuleTime(i64::MAX)), None);
}

/// Months in which clocks are put forward or back in the zones of [`any_schedule`].
const MONTHS: [u8; 4] = [3, 4, 10, 11];

fn any_schedule() -> impl Strategy<Value = CallHours> {
    let zone = prop::sample::select(vec![
        "UTC",
        "Europe/Madrid",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Africa/Casablanca",
    ]);
    let span = (0u16..1439).prop_flat_map(|from| (Just(from), from + 1..1440));
    let of = |minute: u16| TimeOfDay::new(minute / 60, minute % 60).unwrap();
    let weekly = prop::collection::vec((0usize..7, span.clone()), 1..8).prop_map(move |list| {
        let entry = |(day, (from, to)): (usize, (u16, u16))| OpenHours {
            day_of_week: Weekday::ALL[day],
            open_time: of(from),
            close_time: of(to),
        };
        list.into_iter().map(entry).collect::<Vec<_>>()
    });
    let month = prop::sample::select(MONTHS.to_vec());
    let holidays = prop::collection::vec((month, 1u8..28, span), 0..9).prop_map(move |list| {
        let entry = |(month, day, (from, to)): (u8, u8, (u16, u16))| Holiday {
            date: Date::new(2027, month, day).unwrap(),
            start_time: of(from),
            end_time: of(to),
        };
        list.into_iter().map(entry).collect::<Vec<_>>()
    });
    (zone, weekly, holidays).prop_map(|(zone, weekly, holidays)| schedule(zone, weekly, holidays))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// From every minute until it the business is closed, and at it the business is open.
    #[test]
    fn the_next_opening_is_the_first_open_instant(
        hours in any_schedule(),
        month in prop::sample::select(MONTHS.to_vec()),
        minutes in 0i64..60 * 24 * 28,
        open in any::<bool>(),
    ) {
        let reading = if open { HolidayReading::Open } else { HolidayReading::Closed };
        let asked = Hours::of(Some(&hours), reading).unwrap();
        let first = at(&format!("2027-{month:02}-01T00:00:00Z"));
        let now = RuleTime(first.0 + minutes * 60_000 + 1);
        let next = asked.next_opening(now);
        if let Some(next) = next {
            prop_assert!(asked.is_open(next));
            prop_assert!(next >= now);
        }
        // A month is enough to see: hours are weekly. Where there is no opening at all, it is closed throughout.
        let mut at = now;
        while next.is_none_or(|next| at < next) && at.0 - now.0 < 31 * 86_400_000 {
            prop_assert!(!asked.is_open(at), "open at {at} before {next:?}");
            at = RuleTime((at.0 / 60_000 + 1) * 60_000);
        }
    }
}
