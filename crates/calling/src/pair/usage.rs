//! Limits over a sliding window.

use std::time::Duration;

use ahoy_types::RuleTime;

/// How much of a limit is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The most that is allowed in the window.
    pub allowed: u32,
    /// How much of it is used.
    pub used: u32,
    /// When the next one is allowed; only while `used` has reached `allowed`.
    pub next_at: Option<RuleTime>,
}

impl Usage {
    /// Whether one more is allowed.
    pub const fn free(&self) -> bool {
        self.used < self.allowed
    }

    /// What of `times`, oldest first, lies in the window that ends now.
    pub(super) fn of(times: &[RuleTime], window: Duration, allowed: u32, now: RuleTime) -> Self {
        let start = now - window;
        let inside = times.iter().rev().take_while(|t| **t > start);
        let used = u32::try_from(inside.count()).unwrap_or(u32::MAX);
        // One more fits as soon as the window holds fewer than allowed: when the allowed-th newest leaves it.
        let next_at = (used >= allowed).then(|| {
            let leaves = match (allowed as usize).checked_sub(1) {
                Some(nth) => times.iter().rev().nth(nth).copied(),
                None => None,
            };
            // Where none is allowed there is no such instant; a window ahead is as far as anybody can say.
            leaves.unwrap_or(now) + window
        });
        Self {
            allowed,
            used,
            next_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::{DAY_WINDOW, Limits};
    use crate::pair::Pair;

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

    #[test]
    fn where_none_is_allowed_there_is_no_room() {
        let usage = Usage::of(&[], DAY_WINDOW, 0, NOW);
        assert!(!usage.free());
        assert_eq!(usage.next_at, Some(NOW + DAY_WINDOW));
    }

    proptest! {
        #[test]
        fn the_next_allowed_instant_is_the_first_free_one(
            ages in proptest::collection::vec(0i64..100_000, 0..12),
            allowed in 1u32..6,
        ) {
            let limits = Limits { connected_per_day: allowed, ..Default::default() };
            let mut connected: Vec<RuleTime> = ages.iter().map(|a| RuleTime(NOW.0 - a * 1000)).collect();
            connected.sort();
            let pair = Pair { connected, ..Default::default() };
            let usage = pair.call_usage(&limits, NOW);
            prop_assert_eq!(usage.free(), usage.next_at.is_none());
            if let Some(next) = usage.next_at {
                prop_assert!(next > NOW);
                prop_assert!(pair.call_usage(&limits, next).free());
                prop_assert!(!pair.call_usage(&limits, RuleTime(next.0 - 1)).free());
            }
        }
    }
}
