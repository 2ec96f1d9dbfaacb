//! Limits of an earlier date, for whoever tests a client that was written then (`rules.md` §3, §11).

use std::time::Duration;

use super::Limits;

const DAY: Duration = Duration::from_secs(86_400);

/// A date at which limits of a pair changed. The order is the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Contract {
    /// General availability: a temporary permission of 72 hours, 5 connected calls a day.
    July2025,
    /// 10 connected calls a day.
    October2025,
    /// A temporary permission of 7 days.
    November2025,
    /// 100 connected calls a day: what holds today.
    #[default]
    December2025,
}

impl Contract {
    /// Every contract with its word in a configuration file.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("2025-07", Self::July2025),
        ("2025-10-13", Self::October2025),
        ("2025-11-03", Self::November2025),
        ("2025-12-19", Self::December2025),
    ];

    /// The contract of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS
            .into_iter()
            .find(|(known, _)| *known == word)
            .map(|(_, contract)| contract)
    }
}

impl Limits {
    /// These limits with those that a contract of another date sets.
    #[must_use]
    pub fn dated(mut self, contract: Contract) -> Self {
        if contract < Contract::November2025 {
            self.temporary_grant = 3 * DAY;
        }
        match contract {
            Contract::July2025 => self.connected_per_day = 5,
            Contract::October2025 | Contract::November2025 => self.connected_per_day = 10,
            Contract::December2025 => {}
        }
        self
    }
}
