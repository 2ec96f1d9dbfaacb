//! A limit of so many a second and number, over a sliding second of real time.
//!
//! Not a rule of the ledger: it protects the server, and a jump of the virtual clock must not reset it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ahoy_types::PhoneNumberId;

const WINDOW: Duration = Duration::from_secs(1);

/// Instants of the last second for each number.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<PhoneNumberId, VecDeque<Instant>>>);

impl Throttle {
    /// Counts one at `now`, unless `most` are in the last second already. Numbers that have been quiet are forgotten.
    pub(crate) fn admit(&self, number: PhoneNumberId, most: u32, now: Instant) -> bool {
        let mut numbers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |at: &Instant| now.saturating_duration_since(*at) < WINDOW;
        if !numbers.contains_key(&number) {
            numbers.retain(|_, times| times.back().is_some_and(recent));
        }
        let times = numbers.entry(number).or_default();
        while times.front().is_some_and(|at| !recent(at)) {
            times.pop_front();
        }
        let room = times.len() < most as usize;
        if room {
            times.push_back(now);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_slides() {
        let throttle = Throttle::default();
        let (a, b) = (PhoneNumberId(1), PhoneNumberId(2));
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        assert!(throttle.admit(a, 2, at(0)));
        assert!(throttle.admit(a, 2, at(600)));
        assert!(!throttle.admit(a, 2, at(999)));
        assert!(throttle.admit(b, 2, at(999)), "numbers do not share");
        assert!(
            throttle.admit(a, 2, at(1000)),
            "the first has left the window"
        );
        assert!(!throttle.admit(a, 2, at(1599)));
        assert!(throttle.admit(a, 2, at(1600)));
    }

    #[test]
    fn quiet_numbers_are_forgotten() {
        let throttle = Throttle::default();
        let start = Instant::now();
        for i in 0..100 {
            assert!(throttle.admit(PhoneNumberId(i), 1, start));
        }
        assert!(throttle.admit(PhoneNumberId(1000), 1, start + WINDOW));
        let numbers = throttle.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(numbers.len(), 1);
    }
}
