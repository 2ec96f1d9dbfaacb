//! When a business gets to see a user's number (`rules.md` §8).

use std::time::Duration;

use ahoy_types::RuleTime;
use serde::{Deserialize, Serialize};

use super::Identity;

/// How long the number of a user with a username stays visible after the last message or call exchanged by it.
pub const NUMBER_SEEN_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// Since when contact books take up whom a business meets: early April 2026, the day is an inference.
pub const CONTACT_BOOK_FROM: RuleTime = RuleTime::from_secs(1_775_001_600);

/// What a business knows of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Acquaintance {
    /// When the two last exchanged a message or a call by the user's number; `None` where they only did so by the user's id.
    pub met_at: Option<RuleTime>,
    /// Whether number and id stand in the contact book.
    pub in_book: bool,
}

/// How a message or a call names the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// The business named the number, or the user gave it to the business.
    Number,
    /// The business named the id, or the user wrote or called.
    Id,
}

impl Identity {
    /// Whether a business sees the number. It always does without a username; with one, while the user stands in the contact
    /// book (`keeps_book`: the portfolio keeps one), or for thirty days after the two met by the number.
    pub fn shows_number(&self, known: &Acquaintance, keeps_book: bool, now: RuleTime) -> bool {
        if self.hides_number {
            return false;
        }
        let lately = || known.met_at.is_some_and(|at| now < at + NUMBER_SEEN_FOR);
        self.username.is_none() || (keeps_book && known.in_book) || lately()
    }

    /// What the business knows after a message or a call. One that ran by the id alone tells no number, else the first would
    /// give it away.
    pub fn met(
        &self,
        known: &Acquaintance,
        keeps_book: bool,
        named: NamedBy,
        now: RuleTime,
    ) -> Acquaintance {
        if named == NamedBy::Id && !self.shows_number(known, keeps_book, now) {
            return *known;
        }
        Acquaintance {
            met_at: Some(now),
            in_book: known.in_book || (keeps_book && now >= CONTACT_BOOK_FROM),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

    fn named(username: Option<&str>) -> Identity {
        Identity {
            username: username.map(str::to_owned),
            hides_number: false,
        }
    }

    #[test]
    fn without_a_username_there_is_always_a_number() {
        let cold = Acquaintance::default();
        assert!(named(None).shows_number(&cold, false, NOW));
        assert!(!named(Some("ana")).shows_number(&cold, true, NOW));
    }

    #[test]
    fn thirty_days_after_the_last_exchange_the_number_is_gone_unless_a_book_has_it() {
        let ana = named(Some("ana"));
        let met = |book| {
            let known = ana.met(&Acquaintance::default(), book, NamedBy::Number, NOW);
            (known, NOW + NUMBER_SEEN_FOR)
        };
        let (known, ends) = met(false);
        assert!(ana.shows_number(&known, false, RuleTime(ends.0 - 1)));
        assert!(!ana.shows_number(&known, false, ends));
        assert!(
            !ana.shows_number(&known, true, ends),
            "no book was kept when they met"
        );
        let (known, ends) = met(true);
        assert!(ana.shows_number(&known, true, ends + NUMBER_SEEN_FOR));
        assert!(!ana.shows_number(&known, false, ends), "the book is closed");
    }

    #[test]
    fn an_exchange_by_id_alone_gives_no_number_away_and_one_by_number_keeps_it() {
        let ana = named(Some("ana"));
        let cold = Acquaintance::default();
        assert_eq!(ana.met(&cold, true, NamedBy::Id, NOW), cold);
        let known = ana.met(&cold, false, NamedBy::Number, NOW);
        let later = NOW + NUMBER_SEEN_FOR - Duration::from_secs(1);
        let again = ana.met(&known, false, NamedBy::Id, later);
        assert_eq!(again.met_at, Some(later));
    }

    #[test]
    fn before_april_2026_nobody_came_into_a_book() {
        let before = RuleTime(CONTACT_BOOK_FROM.0 - 1);
        let known = |now| named(None).met(&Acquaintance::default(), true, NamedBy::Id, now);
        assert!(!known(before).in_book);
        assert!(known(CONTACT_BOOK_FROM).in_book);
    }

    #[test]
    fn who_hides_the_number_in_the_sandbox_hides_it_from_all() {
        let hidden = Identity {
            hides_number: true,
            ..named(Some("ana"))
        };
        let known = hidden.met(&Acquaintance::default(), true, NamedBy::Number, NOW);
        assert!(known.in_book);
        assert!(!hidden.shows_number(&known, true, NOW));
    }

    proptest! {
        /// Whatever was exchanged: who met by number is seen for thirty days, and a book never shows fewer.
        #[test]
        fn a_book_shows_at_least_what_thirty_days_show(
            username in any::<bool>(),
            acts in prop::collection::vec((any::<bool>(), 0_u64..100 * 86_400), 0..12),
            ask in 0_u64..100 * 86_400,
        ) {
            let user = named(username.then_some("ana"));
            let (mut with, mut without) = (Acquaintance::default(), Acquaintance::default());
            let mut now = NOW;
            let mut by_number = None;
            for (number, wait) in acts {
                now = now + Duration::from_secs(wait);
                let by = if number { NamedBy::Number } else { NamedBy::Id };
                if number {
                    by_number = Some(now);
                }
                with = user.met(&with, true, by, now);
                without = user.met(&without, false, by, now);
            }
            now = now + Duration::from_secs(ask);
            let (book, days) = (user.shows_number(&with, true, now), user.shows_number(&without, false, now));
            prop_assert!(book || !days);
            if by_number.is_some_and(|at| now < at + NUMBER_SEEN_FOR) {
                prop_assert!(days);
            }
            prop_assert_eq!(book, !username || by_number.is_some());
        }
    }
}
