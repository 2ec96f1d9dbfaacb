//! Rule time: the virtual clock every rule, timer, expiry and retry follows.
//!
//! Monotonic time (media, HTTP time-outs, sockets) stays `std::time::Instant` and never mixes with this.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant of rule time: milliseconds since the Unix epoch.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct RuleTime(pub i64);

impl RuleTime {
    /// From whole Unix seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1000)
    }
    /// Whole Unix seconds, rounded down: the form of every webhook timestamp.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }
    /// Seconds from an earlier instant to this one as both are told, in whole Unix seconds; none if it is later.
    pub const fn whole_seconds_since(self, earlier: Self) -> Seconds {
        let passed = self.secs().saturating_sub(earlier.secs());
        Seconds(if passed < 0 { 0 } else { passed.unsigned_abs() })
    }
    /// Whole Unix seconds, rounded up: whoever waits until then is not too early.
    pub const fn secs_up(self) -> i64 {
        self.secs() + if self.0.rem_euclid(1000) > 0 { 1 } else { 0 }
    }
    /// Time since `earlier`, zero if `earlier` lies ahead.
    pub fn since(self, earlier: RuleTime) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }
}

impl Add<Duration> for RuleTime {
    type Output = RuleTime;
    fn add(self, d: Duration) -> RuleTime {
        RuleTime(
            self.0
                .saturating_add(i64::try_from(d.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}
impl Sub<Duration> for RuleTime {
    type Output = RuleTime;
    fn sub(self, d: Duration) -> RuleTime {
        RuleTime(
            self.0
                .saturating_sub(i64::try_from(d.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}
impl fmt::Display for RuleTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.secs(), self.0.rem_euclid(1000))
    }
}

/// A whole number of seconds, as durations and charges are counted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seconds(pub u64);

impl Seconds {
    /// Length of a call in seconds, a started one counted whole (`contract.md` §4).
    pub fn started(d: Duration) -> Self {
        Self(u64::try_from(d.as_millis().div_ceil(1000)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_started_second_counts() {
        assert_eq!(Seconds::started(Duration::from_millis(20_000)), Seconds(20));
        assert_eq!(Seconds::started(Duration::from_millis(20_001)), Seconds(21));
        assert_eq!(Seconds::started(Duration::ZERO), Seconds(0));
    }
}
