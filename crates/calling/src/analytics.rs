//! Figures about calls (`graph-api.md` §7): which calls count, into which bucket of time, and how a question sorts them.
//!
//! A call counts once it has ended and had been picked up, at the instant it was placed. Buckets are whole half
//! hours, and days and months of the account's time zone.

use std::collections::BTreeMap;
use std::time::Duration;

use ahoy_types::{Country, Direction, PhoneNumberId, RuleTime, Seconds};
use serde::{Deserialize, Serialize};

use crate::Call;
use crate::calendar::Zone;
use crate::limits::{ANALYTICS_LOOK_BACK, ANALYTICS_POINTS};
use crate::price::Micros;

/// Half an hour in milliseconds.
const HALF_HOUR_MS: i64 = 1_800_000;

/// How fine the points of an answer are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Granularity {
    /// Half hours.
    HalfHour,
    /// Days of the account.
    Daily,
    /// Months of the account.
    Monthly,
}

impl Granularity {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HalfHour => "HALF_HOUR",
            Self::Daily => "DAILY",
            Self::Monthly => "MONTHLY",
        }
    }
    /// Beginning of the bucket an instant lies in.
    pub fn start(self, at: RuleTime, zone: &Zone) -> RuleTime {
        match self {
            Self::HalfHour => Span::HalfHour.start(at, zone),
            Self::Daily => Span::Day.start(at, zone),
            Self::Monthly => zone.start_of_month(zone.month(at)),
        }
    }
    /// End of the bucket that begins at `start`: the beginning of the next.
    pub fn end(self, start: RuleTime, zone: &Zone) -> RuleTime {
        match self {
            Self::HalfHour => start + Duration::from_millis(HALF_HOUR_MS.unsigned_abs()),
            Self::Daily => zone.next_day(start),
            Self::Monthly => zone.start_of_month(zone.month(start).next()),
        }
    }
    /// The coarsest kept figures that answer it.
    pub const fn span(self) -> Span {
        match self {
            Self::HalfHour => Span::HalfHour,
            Self::Daily | Self::Monthly => Span::Day,
        }
    }
}

/// Length of time that figures are kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// A half hour.
    HalfHour,
    /// A day of the account.
    Day,
}

impl Span {
    /// Both.
    pub const ALL: [Self; 2] = [Self::HalfHour, Self::Day];

    /// Its usual length in seconds, by which the store knows it.
    pub const fn seconds(self) -> u32 {
        match self {
            Self::HalfHour => 1_800,
            Self::Day => 86_400,
        }
    }
    /// Beginning of the span an instant lies in.
    pub fn start(self, at: RuleTime, zone: &Zone) -> RuleTime {
        match self {
            Self::HalfHour => RuleTime(at.0.div_euclid(HALF_HOUR_MS).saturating_mul(HALF_HOUR_MS)),
            Self::Day => zone.start_of_day(at),
        }
    }
}

/// What calls add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Calls that were picked up and have ended.
    pub calls: u64,
    /// Their lengths together.
    pub seconds: Seconds,
    /// What they cost together.
    pub cost: Micros,
}

impl Figures {
    /// What one ended call adds; `None` for one that does not count.
    pub fn of(call: &Call, cost: Micros) -> Option<Self> {
        let seconds = call.ending()?.duration?;
        Some(Self {
            calls: 1,
            seconds,
            cost,
        })
    }
    /// Adds others.
    pub fn add(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.seconds = Seconds(self.seconds.0.saturating_add(other.seconds.0));
        self.cost = self.cost.plus(other.cost);
    }
    /// Average length in whole seconds, half a second counted whole.
    pub const fn average(&self) -> u64 {
        match self.calls {
            0 => 0,
            calls => self.seconds.0.saturating_add(calls / 2) / calls,
        }
    }
}

/// Figures of one span, as they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Beginning of the span.
    pub start: RuleTime,
    /// The business's number; `None` where the figures are of a whole account.
    pub number: Option<PhoneNumberId>,
    /// The user's country by number; `None` for ranges of no country.
    pub country: Option<Country>,
    /// Who called.
    pub direction: Direction,
    /// The figures.
    pub figures: Figures,
}

/// What is asked for. Empty lists ask for everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The first instant; the bucket it lies in is part of the answer.
    pub start: RuleTime,
    /// The end, not included itself.
    pub end: RuleTime,
    /// How fine.
    pub granularity: Granularity,
    /// The account's clock.
    pub zone: Zone,
    /// Countries of users to count.
    pub countries: Vec<Country>,
    /// Directions to count.
    pub directions: Vec<Direction>,
    /// A point each number.
    pub by_number: bool,
    /// A point each direction.
    pub by_direction: bool,
    /// A point each country.
    pub by_country: bool,
}

impl Question {
    /// Whether it can be answered.
    ///
    /// # Errors
    /// A clause that names the parameter.
    pub fn check(&self, now: RuleTime) -> Result<(), String> {
        if self.start >= self.end {
            return Err("call_analytics: `start` must lie before `end`".into());
        }
        if self.start < now - ANALYTICS_LOOK_BACK {
            return Err(format!(
                "call_analytics: `start` lies more than {} days back",
                ANALYTICS_LOOK_BACK.as_secs() / 86_400
            ));
        }
        Ok(())
    }
    /// The kept figures to look at: from this instant until before that one.
    pub fn range(&self) -> (RuleTime, RuleTime) {
        let last = RuleTime(self.end.0.saturating_sub(1));
        (
            self.granularity.start(self.start, &self.zone),
            self.granularity
                .end(self.granularity.start(last, &self.zone), &self.zone),
        )
    }
}

/// A point of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// Beginning of its bucket.
    pub start: RuleTime,
    /// End of its bucket.
    pub end: RuleTime,
    /// Where a point each number was asked for.
    pub number: Option<PhoneNumberId>,
    /// Where a point each direction was asked for.
    pub direction: Option<Direction>,
    /// Where a point each country was asked for: the country, or `None` inside for numbers of no country.
    pub country: Option<Option<Country>>,
    /// The figures.
    pub figures: Figures,
}

type Key = (
    RuleTime,
    Option<PhoneNumberId>,
    Option<Direction>,
    Option<Option<Country>>,
);

/// The answer in the making.
#[derive(Debug)]
pub struct Table<'q> {
    question: &'q Question,
    points: BTreeMap<Key, Figures>,
    /// Beginning and end of the bucket of the cell before: cells come by time, and asking a calendar takes its time.
    bucket: Option<(RuleTime, RuleTime)>,
}

impl<'q> Table<'q> {
    /// An empty one.
    pub const fn new(question: &'q Question) -> Self {
        Self {
            question,
            points: BTreeMap::new(),
            bucket: None,
        }
    }

    /// Counts kept figures in, if the question asks for them.
    ///
    /// # Errors
    /// A clause, where the answer would have too many points.
    pub fn add(&mut self, cell: &Cell) -> Result<(), String> {
        let asked = self.question;
        let country = cell.country;
        if !asked.countries.is_empty() && !country.is_some_and(|c| asked.countries.contains(&c)) {
            return Ok(());
        }
        if !asked.directions.is_empty() && !asked.directions.contains(&cell.direction) {
            return Ok(());
        }
        let start = match self.bucket {
            Some((start, end)) if (start..end).contains(&cell.start) => start,
            _ => {
                let start = asked.granularity.start(cell.start, &asked.zone);
                self.bucket = Some((start, asked.granularity.end(start, &asked.zone)));
                start
            }
        };
        let key = (
            start,
            cell.number.filter(|_| asked.by_number),
            asked.by_direction.then_some(cell.direction),
            asked.by_country.then_some(country),
        );
        if self.points.len() >= ANALYTICS_POINTS && !self.points.contains_key(&key) {
            return Err(format!(
                "call_analytics: the answer has more than {ANALYTICS_POINTS} points; ask for a shorter time, a coarser granularity or fewer dimensions"
            ));
        }
        self.points.entry(key).or_default().add(cell.figures);
        Ok(())
    }

    /// The points by time; buckets without a call have none.
    pub fn points(self) -> Vec<Point> {
        let Question {
            granularity, zone, ..
        } = self.question;
        self.points
            .into_iter()
            .map(|((start, number, direction, country), figures)| Point {
                start,
                end: granularity.end(start, zone),
                number,
                direction,
                country,
                figures,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
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
}
