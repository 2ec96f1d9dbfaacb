//! Which figures an answer holds.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::calendar::day;

fn question(granularity: Granularity) -> Question {
    Question {
        start: day("2026-10-01").unwrap(),
        end: day("2026-11-01").unwrap(),
        granularity,
        zone: Zone::utc(),
        countries: Vec::new(),
        directions: Vec::new(),
        by_number: false,
        by_direction: false,
        by_country: false,
    }
}

fn cell(at: RuleTime, country: &str, direction: Direction, calls: u64) -> Cell {
    Cell {
        start: at,
        number: Some(PhoneNumberId(1)),
        country: country.parse().ok(),
        direction,
        figures: Figures {
            calls,
            seconds: Seconds(calls * 10),
            cost: Micros(calls * 5_000),
        },
    }
}

const US: Direction = Direction::UserInitiated;
const BIZ: Direction = Direction::BusinessInitiated;

#[test]
fn filters_leave_out_and_dimensions_split() {
    let at = day("2026-10-02").unwrap();
    let cells = [
        cell(at, "GB", US, 1),
        cell(at, "GB", BIZ, 2),
        cell(at, "ES", BIZ, 4),
        cell(at, "none", BIZ, 8),
    ];
    let ask = |change: &dyn Fn(&mut Question)| {
        let mut question = question(Granularity::Daily);
        change(&mut question);
        let mut table = Table::new(&question);
        cells.iter().for_each(|cell| table.add(cell).unwrap());
        let points = table.points();
        points.iter().map(|p| p.figures.calls).collect::<Vec<_>>()
    };
    assert_eq!(ask(&|_| {}), [15]);
    assert_eq!(ask(&|q| q.directions = vec![BIZ]), [14]);
    assert_eq!(ask(&|q| q.countries = vec!["GB".parse().unwrap()]), [3]);
    assert_eq!(ask(&|q| q.by_direction = true), [14, 1]);
    assert_eq!(ask(&|q| q.by_country = true), [8, 4, 3]);
    assert_eq!(ask(&|q| q.by_number = true), [15]);
    assert_eq!(
        ask(&|q| {
            q.by_country = true;
            q.by_direction = true;
        }),
        [8, 4, 2, 1]
    );
}

#[test]
fn buckets_are_whole_and_ends_are_left_out() {
    let mut month = question(Granularity::Monthly);
    assert_eq!(month.range(), (month.start, month.end));
    month.start = RuleTime(month.start.0 + 1);
    month.end = RuleTime(month.end.0 + 1);
    assert_eq!(
        month.range(),
        (day("2026-10-01").unwrap(), day("2026-12-01").unwrap())
    );
    let mut table = Table::new(&month);
    for at in ["2026-10-01", "2026-10-31", "2026-11-01"] {
        table.add(&cell(day(at).unwrap(), "GB", US, 1)).unwrap();
    }
    let points = table.points();
    let calls: Vec<u64> = points.iter().map(|p| p.figures.calls).collect();
    assert_eq!(calls, [2, 1]);
    assert_eq!(points[0].end, points[1].start);
}

#[test]
fn what_cannot_be_answered_is_said() {
    let now = day("2026-11-20").unwrap();
    let good = question(Granularity::Daily);
    assert_eq!(good.check(now), Ok(()));
    let mut empty = good.clone();
    empty.end = empty.start;
    assert!(empty.check(now).unwrap_err().contains("`start`"));
    let mut old = good.clone();
    old.start = day("2025-11-18").unwrap();
    assert!(old.check(now).unwrap_err().contains("366 days"));
    let fine = question(Granularity::HalfHour);
    let mut table = Table::new(&fine);
    let mut refused = None;
    for n in 0..=ANALYTICS_POINTS {
        let at = RuleTime(i64::try_from(n).unwrap() * HALF_HOUR_MS);
        refused = table.add(&cell(at, "GB", US, 1)).err();
    }
    assert!(refused.unwrap().contains("points"));
    assert!(table.add(&cell(RuleTime(0), "GB", US, 1)).is_ok());
}

#[test]
fn half_a_second_of_an_average_counts() {
    let figures = |calls, seconds| Figures {
        calls,
        seconds: Seconds(seconds),
        cost: Micros(0),
    };
    assert_eq!(figures(0, 0).average(), 0);
    assert_eq!(figures(2, 21).average(), 11);
    assert_eq!(figures(3, 4).average(), 1);
}

proptest! {
    #[test]
    fn no_call_is_lost_or_counted_twice(
        cells in prop::collection::vec(
            (0i64..40 * 86_400, prop::sample::select(vec!["GB", "ES", "none"]), any::<bool>(), 1u64..9),
            0..60,
        ),
        (by_number, by_direction, by_country) in any::<(bool, bool, bool)>(),
    ) {
        let mut asked = question(Granularity::Daily);
        (asked.by_number, asked.by_direction, asked.by_country) = (by_number, by_direction, by_country);
        let mut table = Table::new(&asked);
        let mut all = 0;
        for (secs, country, user, calls) in cells {
            let at = RuleTime(asked.start.0 + secs * 1_000);
            let direction = if user { US } else { BIZ };
            table.add(&cell(Span::Day.start(at, &Zone::utc()), country, direction, calls)).unwrap();
            all += calls;
        }
        let points = table.points();
        prop_assert_eq!(points.iter().map(|p| p.figures.calls).sum::<u64>(), all);
        prop_assert!(points.iter().all(|p| p.start < p.end));
    }
}
