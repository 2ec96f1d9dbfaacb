//! When the next call begins: a function of the time since the start, what was started and what is live.

use std::time::Duration;

use crate::config::{LoadConfig, Target};

/// The plan of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pace {
    target: Target,
    ramp: f64,
    duration: f64,
    calls: u64,
    max_concurrent: u64,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Next {
    /// Start so many calls at once.
    Start(u64),
    /// Nothing before this much time has passed.
    Wait(Duration),
    /// Nothing before a call ends: as many as allowed are live.
    Full,
    /// Nothing ever again.
    Over,
}

impl Pace {
    pub(crate) fn new(config: &LoadConfig) -> Self {
        Self {
            target: config.target,
            ramp: config.ramp.as_secs_f64(),
            duration: config.duration.as_secs_f64(),
            calls: config.calls.unwrap_or(u64::MAX),
            max_concurrent: config.max_concurrent.into(),
        }
    }

    /// Calls that should have been started `at` seconds after the start, at a rate: the integral of the ramp.
    fn due(&self, rate: f64, at: f64) -> f64 {
        if at < self.ramp {
            rate * at * at / (2.0 * self.ramp)
        } else {
            rate * (at - self.ramp / 2.0)
        }
    }

    /// When the call number `n` (from 0) is due at a rate: the inverse of [`Pace::due`].
    fn due_at(&self, rate: f64, n: u64) -> f64 {
        let n = n as f64;
        let in_ramp = (n * 2.0 * self.ramp / rate).sqrt();
        if in_ramp < self.ramp {
            in_ramp
        } else {
            n / rate + self.ramp / 2.0
        }
    }

    /// What to do `at` after the start, with `started` calls so far and `live` of them not over.
    pub(crate) fn next(&self, at: Duration, started: u64, live: u64) -> Next {
        let at = at.as_secs_f64();
        if at >= self.duration || started >= self.calls {
            return Next::Over;
        }
        let room = self
            .max_concurrent
            .saturating_sub(live)
            .min(self.calls - started);
        let until = |then: f64| {
            Next::Wait(Duration::from_secs_f64(
                (then.min(self.duration) - at).max(0.0005),
            ))
        };
        match self.target {
            Target::Rate(rate) => {
                // The first call is due at once: call 0.
                let due = self.due(rate, at) as u64 + 1;
                let behind = due.saturating_sub(started);
                match (behind, room) {
                    (0, _) => until(self.due_at(rate, started)),
                    (_, 0) => Next::Full,
                    (behind, room) => Next::Start(behind.min(room)),
                }
            }
            Target::Concurrent(wanted) => {
                let wanted = u64::from(wanted);
                let share = if self.ramp > 0.0 {
                    (at / self.ramp).min(1.0)
                } else {
                    1.0
                };
                let now = ((wanted as f64 * share) as u64).max(1);
                match now.saturating_sub(live).min(room) {
                    0 if now < wanted => until((now + 1) as f64 / wanted as f64 * self.ramp),
                    0 => Next::Full,
                    n => Next::Start(n),
                }
            }
        }
    }

    /// How many calls may be live at once, for what is prepared beforehand.
    pub(crate) fn expected_live(&self, hold: Duration) -> u64 {
        let n = match self.target {
            // A second for everything around the hold.
            Target::Rate(rate) => (rate * (hold.as_secs_f64() + 1.0)).ceil() as u64,
            Target::Concurrent(n) => n.into(),
        };
        n.clamp(1, self.max_concurrent).min(self.calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(target: Target, ramp: u64) -> Pace {
        Pace::new(&LoadConfig {
            target,
            ramp: Duration::from_secs(ramp),
            duration: Duration::from_secs(30),
            max_concurrent: 50,
            ..LoadConfig::default()
        })
    }

    /// Plays a run whose calls last `hold` and answers the starts.
    fn play(pace: Pace, hold: f64) -> Vec<f64> {
        let (mut at, mut starts) = (0.0, Vec::new());
        for _ in 0..100_000 {
            let live = starts.iter().filter(|s| at < *s + hold).count() as u64;
            match pace.next(Duration::from_secs_f64(at), starts.len() as u64, live) {
                Next::Start(n) => starts.extend((0..n).map(|_| at)),
                Next::Wait(time) => at += time.as_secs_f64(),
                Next::Full => {
                    let ends = starts.iter().map(|s| s + hold).filter(|e| *e > at);
                    at = ends.fold(f64::INFINITY, f64::min).min(30.0) + 1e-6;
                }
                Next::Over => return starts,
            }
        }
        panic!("no end");
    }

    #[test]
    fn a_rate_is_kept_after_its_ramp() {
        let starts = play(pace(Target::Rate(10.0), 10), 1.0);
        let between = |a: f64, b: f64| starts.iter().filter(|s| (a..b).contains(*s)).count();
        assert!(
            (48..=52).contains(&between(0.0, 10.0)),
            "{}",
            between(0.0, 10.0)
        );
        assert!((99..=101).contains(&between(10.0, 20.0)));
        assert!((99..=101).contains(&between(20.0, 30.0)));
        // Ever faster within the ramp.
        assert!(between(0.0, 5.0) * 2 < between(5.0, 10.0));
    }

    #[test]
    fn no_more_are_live_than_allowed() {
        let starts = play(pace(Target::Rate(100.0), 0), 5.0);
        for at in &starts {
            assert!(
                starts
                    .iter()
                    .filter(|s| **s <= *at && *at < **s + 5.0)
                    .count()
                    <= 50
            );
        }
        assert_eq!(starts.len(), 50 * 6);
    }

    #[test]
    fn concurrency_is_reached_over_the_ramp_and_held() {
        let starts = play(pace(Target::Concurrent(20), 10), 4.0);
        let live = |at: f64| {
            starts
                .iter()
                .filter(|s| **s <= at && at < **s + 4.0)
                .count()
        };
        assert_eq!(
            (live(0.1), live(5.1), live(15.0), live(29.0)),
            (1, 10, 20, 20)
        );
    }

    #[test]
    fn the_number_of_calls_ends_a_run() {
        let mut pace = pace(Target::Rate(10.0), 0);
        pace.calls = 7;
        assert_eq!(play(pace, 1.0).len(), 7);
        assert_eq!(pace.expected_live(Duration::from_secs(4)), 7);
    }
}
