//! How often a business may ask a user for permission.

use std::time::Duration;

use ahoy_types::RuleTime;

use super::{Pair, Usage};
use crate::limits::{DAY_WINDOW, Limits, WEEK_WINDOW};

/// The limit of requests that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimit {
    /// How many are allowed in the window.
    pub allowed: u32,
    /// The length of the window.
    pub window: Duration,
    /// The first instant at which both limits leave room again.
    pub next_at: RuleTime,
}

impl Pair {
    /// Permission requests of the last 24 hours.
    pub fn request_usage_day(&self, limits: &Limits, now: RuleTime) -> Usage {
        Usage::of(&self.requests, DAY_WINDOW, limits.requests_per_day, now)
    }

    /// Permission requests of the last 7 days.
    pub fn request_usage_week(&self, limits: &Limits, now: RuleTime) -> Usage {
        Usage::of(&self.requests, WEEK_WINDOW, limits.requests_per_week, now)
    }

    /// What stands in the way of one more request; `None` while there is room.
    pub fn request_limit(&self, limits: &Limits, now: RuleTime) -> Option<RequestLimit> {
        let day = self.request_usage_day(limits, now);
        let week = self.request_usage_week(limits, now);
        let next_of = |usage: &Usage, window| usage.next_at.unwrap_or(now + window);
        let (usage, window) = match (day.free(), week.free()) {
            (true, true) => return None,
            (false, true) => (day, DAY_WINDOW),
            (true, false) => (week, WEEK_WINDOW),
            // Both: the one that lasts longer.
            (false, false) if next_of(&day, DAY_WINDOW) > next_of(&week, WEEK_WINDOW) => {
                (day, DAY_WINDOW)
            }
            (false, false) => (week, WEEK_WINDOW),
        };
        Some(RequestLimit {
            allowed: usage.allowed,
            window,
            next_at: next_of(&usage, window),
        })
    }

    /// A request was sent.
    pub fn requested(&mut self, now: RuleTime) {
        self.requests.retain(|t| *t > now - WEEK_WINDOW);
        self.requests.push(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::Profile;

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);
    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn one_a_day_and_two_a_week() {
        let limits = Limits::of(Profile::Production);
        let mut pair = Pair::default();
        assert_eq!(pair.request_limit(&limits, NOW), None);
        pair.requested(NOW);
        let day_later = NOW + DAY_WINDOW;
        let limit = RequestLimit {
            allowed: 1,
            window: DAY_WINDOW,
            next_at: day_later,
        };
        assert_eq!(pair.request_limit(&limits, NOW), Some(limit));
        let eve = RuleTime(day_later.0 - 1);
        assert_eq!(pair.request_limit(&limits, eve), Some(limit));
        assert_eq!(pair.request_limit(&limits, day_later), None);
        pair.requested(day_later);
        // Both limits are used up; the week's is the one to wait for.
        let week_later = NOW + WEEK_WINDOW;
        let limit = RequestLimit {
            allowed: 2,
            window: WEEK_WINDOW,
            next_at: week_later,
        };
        assert_eq!(pair.request_limit(&limits, day_later + HOUR), Some(limit));
        assert_eq!(pair.request_limit(&limits, week_later), None);
        pair.requested(week_later);
        assert_eq!(pair.requests.len(), 2, "what left the week is forgotten");
    }

    #[test]
    fn a_limit_of_none_never_opens() {
        let limits = Limits {
            requests_per_day: 0,
            ..Limits::default()
        };
        let limit = Pair::default().request_limit(&limits, NOW);
        assert_eq!(limit.map(|l| l.next_at), Some(NOW + DAY_WINDOW));
    }

    proptest! {
        /// Whoever waits until the named instant is let in, and nobody a millisecond earlier.
        #[test]
        fn the_named_instant_is_the_first_with_room(
            gaps in proptest::collection::vec(0i64..200_000_000, 1..40),
            day in 1u32..6, week in 1u32..12,
        ) {
            let limits = Limits { requests_per_day: day, requests_per_week: week, ..Default::default() };
            let (mut pair, mut now) = (Pair::default(), NOW);
            for gap in gaps {
                now = RuleTime(now.0 + gap);
                if pair.request_limit(&limits, now).is_none() {
                    pair.requested(now);
                }
            }
            if let Some(limit) = pair.request_limit(&limits, now) {
                prop_assert!(limit.next_at > now);
                prop_assert!(pair.request_limit(&limits, limit.next_at).is_none());
                prop_assert!(pair.request_limit(&limits, RuleTime(limit.next_at.0 - 1)).is_some());
            }
        }
    }
}
