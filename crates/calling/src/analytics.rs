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
mod tests;
