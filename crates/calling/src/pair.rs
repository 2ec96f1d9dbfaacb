//! What holds between one business number and one user: permission, counters, streaks (`rules.md` §3).

use ahoy_types::{Direction, RuleTime};
use serde::{Deserialize, Serialize};

use crate::limits::{DAY_WINDOW, Limits, WEEK_WINDOW};

/// Whether the business may call the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Permission {
    /// It may not.
    #[default]
    None,
    /// It may until then. An expired grant stays here until something replaces it.
    Temporary {
        /// The first instant at which it may no longer.
        expires: RuleTime,
    },
    /// It may until the user revokes it.
    Permanent,
}

/// The state of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Pair {
    /// Permission as last set; read it through [`Pair::permission`].
    pub granted: Permission,
    /// When business-initiated calls were connected, newest last, of the last 24 hours.
    pub connected: Vec<RuleTime>,
    /// When permission was asked for, newest last, of the last 7 days.
    pub requests: Vec<RuleTime>,
    /// Business-initiated calls in a row that the user did not answer.
    pub unanswered: u32,
    /// End of the 24-hour service window.
    pub window_until: Option<RuleTime>,
}

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
    fn of(times: &[RuleTime], window: std::time::Duration, allowed: u32, now: RuleTime) -> Self {
        let start = now - window;
        let inside: Vec<RuleTime> = times.iter().copied().filter(|t| *t > start).collect();
        let used = u32::try_from(inside.len()).unwrap_or(u32::MAX);
        // One more fits as soon as the window holds fewer than allowed: when the allowed-th newest leaves it.
        let next_at = (used >= allowed)
            .then(|| {
                inside
                    .iter()
                    .rev()
                    .nth((allowed as usize).saturating_sub(1))
            })
            .flatten()
            .map(|t| *t + window);
        Self {
            allowed,
            used,
            next_at,
        }
    }
}

impl Pair {
    /// The permission that holds now.
    pub fn permission(&self, now: RuleTime) -> Permission {
        match self.granted {
            Permission::Temporary { expires } if expires <= now => Permission::None,
            other => other,
        }
    }

    /// A temporary grant from now on. It never takes a permanent one away.
    pub fn grant_temporary(&mut self, limits: &Limits, now: RuleTime) -> RuleTime {
        let expires = now + limits.temporary_grant;
        if self.granted != Permission::Permanent {
            self.granted = Permission::Temporary { expires };
            self.unanswered = 0;
        }
        expires
    }

    /// A permanent grant.
    pub fn grant_permanent(&mut self) {
        self.granted = Permission::Permanent;
        self.unanswered = 0;
    }

    /// No permission from now on.
    pub fn revoke(&mut self) {
        self.granted = Permission::None;
        self.unanswered = 0;
    }

    /// Connected business-initiated calls of the last 24 hours.
    pub fn call_usage(&self, limits: &Limits, now: RuleTime) -> Usage {
        Usage::of(&self.connected, DAY_WINDOW, limits.connected_per_day, now)
    }

    /// Permission requests of the last 24 hours.
    pub fn request_usage_day(&self, limits: &Limits, now: RuleTime) -> Usage {
        Usage::of(&self.requests, DAY_WINDOW, limits.requests_per_day, now)
    }

    /// Permission requests of the last 7 days.
    pub fn request_usage_week(&self, limits: &Limits, now: RuleTime) -> Usage {
        Usage::of(&self.requests, WEEK_WINDOW, limits.requests_per_week, now)
    }

    /// A call of this pair was connected: request counters start anew, the streak ends, and a
    /// business-initiated one counts towards the daily limit.
    pub fn call_connected(&mut self, direction: Direction, now: RuleTime) {
        self.requests.clear();
        self.connected.retain(|t| *t > now - DAY_WINDOW);
        if direction == Direction::BusinessInitiated {
            self.connected.push(now);
            self.unanswered = 0;
        }
        self.window_until = Some(now + DAY_WINDOW);
    }

    /// A user's call opens the service window, answered or not.
    pub fn user_called(&mut self, now: RuleTime) {
        self.window_until = Some(now + DAY_WINDOW);
    }

    /// The user did not answer a business-initiated call.
    pub fn call_unanswered(&mut self) {
        self.unanswered = self.unanswered.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::Profile;

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

    #[test]
    fn a_temporary_grant_ends_after_seven_days_to_the_millisecond() {
        let limits = Limits::of(Profile::Production);
        let mut pair = Pair::default();
        let expires = pair.grant_temporary(&limits, NOW);
        assert_eq!(expires.secs() - NOW.secs(), 604_800);
        assert_eq!(
            pair.permission(RuleTime(expires.0 - 1)),
            Permission::Temporary { expires }
        );
        assert_eq!(pair.permission(expires), Permission::None);
    }

    #[test]
    fn a_temporary_grant_does_not_shorten_a_permanent_one() {
        let mut pair = Pair::default();
        pair.grant_permanent();
        pair.grant_temporary(&Limits::default(), NOW);
        assert_eq!(pair.permission(NOW), Permission::Permanent);
        pair.revoke();
        assert_eq!(pair.permission(NOW), Permission::None);
    }

    #[test]
    fn any_connected_call_resets_the_request_counters() {
        let mut pair = Pair {
            requests: vec![NOW],
            ..Default::default()
        };
        pair.call_connected(Direction::UserInitiated, NOW);
        assert!(pair.requests.is_empty());
        assert!(
            pair.connected.is_empty(),
            "only business-initiated calls count"
        );
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
