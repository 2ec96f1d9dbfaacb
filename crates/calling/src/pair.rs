//! What holds between one business number and one user: permission, counters, streaks (`rules.md` §3).
//!
//! A file a rule: `permission` is its life cycle, `requests` what limits asking for it, `streak` what
//! unanswered calls lead to, `usage` how a limit over a sliding window is counted.

mod permission;
mod requests;
mod streak;
mod usage;

use ahoy_types::{Direction, RuleTime};
use serde::{Deserialize, Serialize};

use crate::limits::{DAY_WINDOW, Limits};

pub use permission::{Answer, Permission, grants_callback};
pub use requests::RequestLimit;
pub use streak::Streak;
pub use usage::Usage;

/// The state of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Pair {
    /// Permission as last set; read it through [`Pair::permission`].
    pub granted: Permission,
    /// When business-initiated calls were connected, newest last, of the last 24 hours.
    pub connected: Vec<RuleTime>,
    /// When permission was asked for, newest last, of the last 7 days and since the last connected call.
    pub requests: Vec<RuleTime>,
    /// Business-initiated calls in a row that the user did not answer.
    pub unanswered: u32,
    /// End of the 24-hour service window.
    pub window_until: Option<RuleTime>,
    /// When the user last opened the chat information, which shows the phone the newest settings.
    pub seen: Option<RuleTime>,
    /// Blocking, reporting, typing.
    pub chat: crate::message::Chat,
}

impl Pair {
    /// Connected business-initiated calls of the last 24 hours.
    pub fn call_usage(&self, limits: &Limits, now: RuleTime) -> Usage {
        Usage::of(&self.connected, DAY_WINDOW, limits.connected_per_day, now)
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
        self.open_window(now);
    }

    /// A user's call opens the service window, answered or not.
    pub fn user_called(&mut self, now: RuleTime) {
        self.open_window(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

    #[test]
    fn any_connected_call_resets_the_request_counters() {
        let asked = Pair {
            requests: vec![NOW],
            unanswered: 3,
            ..Default::default()
        };
        let mut pair = asked.clone();
        pair.call_connected(Direction::UserInitiated, NOW);
        assert!(pair.requests.is_empty());
        assert!(
            pair.connected.is_empty(),
            "only business-initiated calls count"
        );
        assert_eq!(pair.unanswered, 3, "nor do they end the streak");
        let mut pair = asked;
        pair.call_connected(Direction::BusinessInitiated, NOW);
        assert!(pair.requests.is_empty());
        assert_eq!((pair.connected.len(), pair.unanswered), (1, 0));
    }
}
