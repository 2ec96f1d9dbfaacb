//! What a call costs (`rules.md` §7): pulses, markets, tiers of a month's volume, cards with effective dates.
//!
//! Money is counted in whole millionths of its currency's unit; nothing here is a floating-point number.

mod list;

use std::fmt;
use std::sync::Arc;

use ahoy_types::{Country, Direction, RuleTime, Seconds};
use serde::{Deserialize, Serialize};

use crate::Call;
use crate::calendar::{Month, Zone};

pub use list::{PriceList, PriceListError};

/// Money in millionths of its currency's unit.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Micros(pub u64);

impl Micros {
    /// The sum, at most what a count can hold.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// As people write it, without the currency: `1.7302`.
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 1_000_000, self.0 % 1_000_000);
        if part == 0 {
            return write!(f, "{whole}");
        }
        let part = format!("{part:06}");
        write!(f, "{whole}.{}", part.trim_end_matches('0'))
    }
}

/// A step of the volume discount; the first is the dearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tier {
    /// Its place, from 0.
    pub index: usize,
    /// Where it ends, in minutes a month, this one included; `None` for the last.
    pub to_minute: Option<u64>,
    /// Where the tier before it ends, 0 for the first.
    pub above_minute: u64,
}

impl Tier {
    /// Its first minute.
    pub const fn from_minute(&self) -> u64 {
        match self.above_minute {
            0 => 0,
            minute => minute.saturating_add(1),
        }
    }
}

/// As webhooks name it: `0:50000`, `50001:250000`, and `5000001:` for the last (`webhooks.md` §5).
impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.from_minute();
        match self.to_minute {
            Some(to) => write!(f, "{from}:{to}"),
            None => write!(f, "{from}:"),
        }
    }
}

/// What is charged for: a business-initiated call that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Billable {
    /// The callee's country by number; `None` for ranges of no country.
    pub country: Option<Country>,
    /// When it was answered, by the wall clock of the account ([`Zone::wall`]): this decides card and month.
    pub start: RuleTime,
    /// How long it lasted, in started seconds.
    pub length: Seconds,
}

impl Billable {
    /// What of an ended call is charged; `None` for a user's call, a call nobody answered and one that lives.
    pub fn of(call: &Call, zone: &Zone) -> Option<Self> {
        let ending = call.ending()?;
        match (call.direction, ending.start, ending.length) {
            (Direction::BusinessInitiated, Some(start), Some(length)) => Some(Self {
                country: call.user.country(),
                start: zone.wall(start),
                length: Seconds::started(length),
            }),
            _ => None,
        }
    }
    /// The month whose volume it adds to.
    pub fn month(&self) -> Month {
        Month::of(self.start)
    }
}

/// What a call costs and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The market of the callee's country: volumes are counted in it.
    pub market: Arc<str>,
    /// The tier whose rate holds for the whole call.
    pub tier: Tier,
    /// What it is billed in: an ISO 4217 code.
    pub currency: Arc<str>,
    /// Started pulses.
    pub pulses: u64,
    /// Seconds the call adds to the month's volume: its pulses.
    pub volume: Seconds,
    /// The rate.
    pub per_minute: Micros,
    /// The sum.
    pub cost: Micros,
    /// Whether the volume got into this tier by this very call.
    pub tier_reached: bool,
}

impl PriceList {
    /// What a call costs an account of this currency after `before` of volume in the same month and market. A call
    /// with which the volume crosses into another tier is charged at that tier's rate as a whole.
    pub fn price(&self, call: &Billable, before: Seconds, of_account: Option<&str>) -> Price {
        let currency = self.currency(of_account);
        let market = self.market(call.country);
        let pulses = call.length.0.div_ceil(self.pulse_seconds());
        let volume = Seconds(pulses.saturating_mul(self.pulse_seconds()));
        let tier = self.tier(Seconds(before.0.saturating_add(volume.0)));
        let per_minute = self.per_minute(&currency, &market, call.start, tier.index);
        // A pulse has a price of its own, so that a call costs exactly as much as its pulses.
        let per_pulse = (u128::from(per_minute.0) * u128::from(self.pulse_seconds()) + 30) / 60;
        let cost = per_pulse.saturating_mul(u128::from(pulses));
        Price {
            tier_reached: tier.index > self.tier(before).index,
            market,
            currency,
            tier,
            pulses,
            volume,
            per_minute,
            cost: Micros(u64::try_from(cost).unwrap_or(u64::MAX)),
        }
    }

    /// The tier a month's volume lies in. A started minute above a tier's end belongs to the next.
    pub fn tier(&self, volume: Seconds) -> Tier {
        let ends = self.tier_minutes();
        let index = ends
            .iter()
            .take_while(|end| volume.0 > end.saturating_mul(60))
            .count();
        Tier {
            index,
            to_minute: ends.get(index).copied(),
            above_minute: index
                .checked_sub(1)
                .and_then(|before| ends.get(before).copied())
                .unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests;
