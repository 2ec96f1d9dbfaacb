//! The free entry point: a user who writes out of an advertisement makes what the business answers free for some days
//! (`rules.md` §7).

use std::time::Duration;

use ahoy_types::RuleTime;
use serde::{Deserialize, Serialize};

use crate::limits::{FREE_ENTRY_BEFORE, FREE_ENTRY_LONGER_FROM, Limits};
use crate::pair::Pair;

/// A free entry point of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreeEntry {
    /// When the user wrote out of the advertisement.
    pub clicked_at: RuleTime,
    /// Until when messages of the business are free; `None` until it has answered.
    pub until: Option<RuleTime>,
}

impl FreeEntry {
    /// Whether messages are free now.
    pub fn open(&self, now: RuleTime) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

impl Limits {
    /// How long a free entry point lasts that begins now, by the account's clock.
    pub fn free_entry_from(&self, now: RuleTime) -> Duration {
        if now < FREE_ENTRY_LONGER_FROM {
            self.free_entry_point.min(FREE_ENTRY_BEFORE)
        } else {
            self.free_entry_point
        }
    }
}

impl Pair {
    /// The user writes out of an advertisement. There is one free entry point a pair: while it is open, another click changes
    /// nothing. Called before [`Pair::user_wrote`].
    pub fn clicked_ad(&mut self, now: RuleTime) {
        if !self.free_entry_open(now) {
            self.chat.free_entry = Some(FreeEntry {
                clicked_at: now,
                until: None,
            });
        }
    }

    /// The business writes at `now`: inside the service window this answers the click. Answers until when the message
    /// and those after it are free; `lasts` is [`Limits::free_entry_from`].
    pub fn business_answers(&mut self, lasts: Duration, now: RuleTime) -> Option<RuleTime> {
        let answers = self.window_open(now);
        let entry = self.chat.free_entry.as_mut()?;
        if entry.until.is_none() && answers {
            entry.until = Some(now + lasts);
        }
        entry.until.filter(|until| now < *until)
    }

    /// Whether what the business writes is free for the entry point's sake.
    pub fn free_entry_open(&self, now: RuleTime) -> bool {
        self.chat.free_entry.as_ref().is_some_and(|e| e.open(now))
    }

    /// The service window is closed at `now`, before the user opens it anew: a click that nobody answered in it is spent.
    pub(super) fn drop_unanswered_click(&mut self, now: RuleTime) {
        let spent = !self.window_open(now)
            && self
                .chat
                .free_entry
                .as_ref()
                .is_some_and(|entry| entry.until.is_none() && entry.clicked_at < now);
        if spent {
            self.chat.free_entry = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{DAY_WINDOW, Profile};

    const NOW: RuleTime = RuleTime::from_secs(1_796_000_000);
    const WEEK: Duration = Duration::from_secs(7 * 86_400);

    fn clicked() -> Pair {
        let mut pair = Pair::default();
        pair.clicked_ad(NOW);
        pair.user_wrote(NOW);
        pair
    }

    #[test]
    fn the_answer_opens_it_and_the_end_is_exact() {
        let mut pair = clicked();
        assert!(!pair.free_entry_open(NOW));
        let answered = NOW + Duration::from_secs(60);
        assert_eq!(pair.business_answers(WEEK, answered), Some(answered + WEEK));
        let end = answered + WEEK;
        assert!(pair.free_entry_open(RuleTime(end.0 - 1)));
        assert!(!pair.free_entry_open(end));
        assert_eq!(pair.business_answers(WEEK, end), None);
    }

    #[test]
    fn an_answer_after_the_service_window_is_late_and_a_new_window_does_not_mend_it() {
        let mut pair = clicked();
        let late = NOW + DAY_WINDOW;
        assert_eq!(pair.business_answers(WEEK, late), None);
        pair.user_wrote(late);
        assert_eq!(pair.business_answers(WEEK, late), None);
    }

    #[test]
    fn what_the_user_writes_meanwhile_keeps_the_click_waiting() {
        let mut pair = clicked();
        let more = NOW + Duration::from_secs(80_000);
        pair.user_wrote(more);
        let answered = more + Duration::from_secs(80_000);
        assert_eq!(pair.business_answers(WEEK, answered), Some(answered + WEEK));
    }

    #[test]
    fn another_click_in_an_open_one_changes_nothing_and_one_after_it_counts() {
        let mut pair = clicked();
        pair.business_answers(WEEK, NOW);
        pair.clicked_ad(NOW + Duration::from_secs(1));
        assert!(pair.free_entry_open(NOW + Duration::from_secs(2)));
        let later = NOW + WEEK;
        pair.clicked_ad(later);
        pair.user_wrote(later);
        assert_eq!(pair.business_answers(WEEK, later), Some(later + WEEK));
    }

    #[test]
    fn without_a_click_nothing_is_free() {
        let mut pair = Pair::default();
        pair.user_wrote(NOW);
        assert_eq!(pair.business_answers(WEEK, NOW), None);
    }

    #[test]
    fn before_the_28th_of_september_2026_it_was_72_hours() {
        let limits = Limits::of(Profile::Production);
        let hours = |at| limits.free_entry_from(at).as_secs() / 3_600;
        assert_eq!(hours(RuleTime(FREE_ENTRY_LONGER_FROM.0 - 1)), 72);
        assert_eq!(hours(FREE_ENTRY_LONGER_FROM), 168);
    }
}
