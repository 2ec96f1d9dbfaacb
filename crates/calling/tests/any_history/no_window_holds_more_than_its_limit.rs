use std::time::Duration;

use ahoy_calling::limits::{DAY_WINDOW, Limits, WEEK_WINDOW};
use ahoy_calling::registration::{Pin, Registration};
use ahoy_calling::{Pair, Refusal};
use ahoy_types::{Direction, PhoneNumberId, RuleTime};
use proptest::prelude::*;

use crate::{DAY, HOUR, START};

/// The most of these instants, oldest first, that lie in any window of this length.
fn most_in(times: &[RuleTime], window: Duration) -> usize {
    let inside = |end: RuleTime| {
        times
            .iter()
            .filter(|t| **t > end - window && **t <= end)
            .count()
    };
    times.iter().map(|end| inside(*end)).max().unwrap_or(0)
}

proptest! {
    /// Who calls whenever it is allowed has never more than the day's calls in any 24 hours, and is let in as soon as
    /// there is room.
    #[test]
    fn of_connected_calls(gaps in prop::collection::vec(0..8 * HOUR, 1..80), allowed in 1u32..8) {
        let limits = Limits { connected_per_day: allowed, ..Limits::default() };
        let (mut pair, mut now, mut calls) = (Pair::default(), START, Vec::new());
        for gap in gaps {
            now = RuleTime(now.0 + gap);
            let recent = calls.iter().filter(|at| **at > now - DAY_WINDOW).count();
            let usage = pair.call_usage(&limits, now);
            prop_assert_eq!(usage.used as usize, recent);
            prop_assert_eq!(usage.free(), recent < allowed as usize);
            if usage.free() {
                pair.call_connected(Direction::BusinessInitiated, now);
                calls.push(now);
            }
        }
        prop_assert!(most_in(&calls, DAY_WINDOW) <= allowed as usize);
    }

    #[test]
    fn of_requests(gaps in prop::collection::vec(0..DAY, 1..80), day in 1u32..5, more in 0u32..8) {
        let limits = Limits { requests_per_day: day, requests_per_week: day + more, ..Limits::default() };
        let (mut pair, mut now, mut asked) = (Pair::default(), START, Vec::new());
        for gap in gaps {
            now = RuleTime(now.0 + gap);
            let used = |window| asked.iter().filter(|at| **at > now - window).count();
            let room = used(DAY_WINDOW) < day as usize && used(WEEK_WINDOW) < (day + more) as usize;
            prop_assert_eq!(pair.request_limit(&limits, now).is_none(), room);
            if room {
                pair.requested(now);
                asked.push(now);
            }
        }
        prop_assert!(most_in(&asked, DAY_WINDOW) <= day as usize);
        prop_assert!(most_in(&asked, WEEK_WINDOW) <= (day + more) as usize);
    }

    /// However registering, deregistering and guessing alternate.
    #[test]
    fn of_registrations_and_guesses(acts in prop::collection::vec((0..6 * HOUR, 0u8..4), 1..120)) {
        let limits = Limits { registrations: 3, pin_guesses: 2, ..Limits::default() };
        let number = PhoneNumberId(710_000_000_000_001);
        let [right, wrong] = ["123456", "654321"].map(|pin| Pin::parse(number, pin).unwrap());
        let mut registration = Registration::default();
        let (mut now, mut changes, mut guesses, mut set) = (START, Vec::new(), Vec::new(), false);
        for (gap, act) in acts {
            now = RuleTime(now.0 + gap);
            let before = registration.registered;
            let done = match act {
                0 => registration.deregister(&limits, now),
                // Before there is one, the first PIN is the right one.
                1 if set => registration.register(&wrong, &limits, now),
                _ => registration.register(&right, &limits, now),
            };
            match done {
                Ok(()) => {
                    prop_assert_eq!(registration.registered, act != 0);
                    changes.push(now);
                    if act != 0 {
                        set = true;
                        guesses.clear();
                    }
                }
                Err(Refusal::PinMismatch) => {
                    prop_assert!(set && act == 1);
                    guesses.push(now);
                }
                Err(Refusal::PinGuesses) => {
                    let recent = guesses.iter().filter(|at| now.since(**at) < limits.pin_window);
                    prop_assert!(recent.count() >= limits.pin_guesses as usize);
                }
                Err(Refusal::RegistrationLimit(_)) => {
                    let recent = changes.iter().filter(|at| now.since(**at) < limits.registration_window);
                    prop_assert!(recent.count() >= limits.registrations as usize);
                }
                Err(Refusal::NotRegistered) => prop_assert!(act == 0 && !before),
                Err(other) => prop_assert!(false, "{other}"),
            }
            if registration.registered != before {
                prop_assert_eq!(changes.last(), Some(&now));
            }
        }
        prop_assert!(most_in(&changes, limits.registration_window) <= limits.registrations as usize);
        prop_assert!(most_in(&guesses, limits.pin_window) <= limits.pin_guesses as usize);
    }
}
