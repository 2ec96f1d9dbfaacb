//! What the chat makes of a pair: the service window, blocking, reporting (`rules.md` §4, §6).

use ahoy_types::RuleTime;
use serde::{Deserialize, Serialize};

use super::FreeEntry;
use crate::limits::DAY_WINDOW;
use crate::pair::Pair;

/// What the two do to each other in the chat.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Chat {
    /// Since when the user has the business blocked: nothing it sends arrives, and its calls do not ring.
    pub blocked_at: Option<RuleTime>,
    /// When the user last unblocked it: what was held back before never arrives.
    pub unblocked_at: Option<RuleTime>,
    /// When the user last reported the business.
    pub reported_at: Option<RuleTime>,
    /// Until when the user sees that the business types.
    pub typing_until: Option<RuleTime>,
    /// The free entry point that an advertisement opened last.
    pub free_entry: Option<FreeEntry>,
}

impl Pair {
    /// Whether the business may write freely now.
    pub fn window_open(&self, now: RuleTime) -> bool {
        self.window_until.is_some_and(|until| now < until)
    }

    /// The user wrote or tapped an answer: the service window begins anew.
    pub fn user_wrote(&mut self, now: RuleTime) {
        self.open_window(now);
        self.chat.typing_until = None;
    }

    /// The service window begins anew.
    pub(crate) fn open_window(&mut self, now: RuleTime) {
        self.drop_unanswered_click(now);
        self.window_until = Some(now + DAY_WINDOW);
    }

    /// Whether the user has the business blocked.
    pub const fn blocked(&self) -> bool {
        self.chat.blocked_at.is_some()
    }

    /// The user blocks the business, or no longer does; says whether that is news.
    pub fn block(&mut self, blocked: bool, now: RuleTime) -> bool {
        let news = self.blocked() != blocked;
        if news {
            self.chat.blocked_at = blocked.then_some(now);
            if !blocked {
                self.chat.unblocked_at = Some(now);
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_closes_after_24_hours_to_the_millisecond() {
        let now = RuleTime::from_secs(1_790_000_000);
        let mut pair = Pair::default();
        assert!(!pair.window_open(now));
        pair.user_wrote(now);
        let end = now + DAY_WINDOW;
        assert!(pair.window_open(RuleTime(end.0 - 1)));
        assert!(!pair.window_open(end));
    }

    #[test]
    fn blocking_twice_is_no_news() {
        let mut pair = Pair::default();
        assert!(pair.block(true, RuleTime(1)));
        assert!(!pair.block(true, RuleTime(2)));
        assert_eq!(pair.chat.blocked_at, Some(RuleTime(1)));
        assert!(pair.block(false, RuleTime(3)) && !pair.blocked());
        assert_eq!(pair.chat.unblocked_at, Some(RuleTime(3)));
    }
}
