//! Rule time at the rim: the system's clock plus an offset that only grows.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ahoy_types::RuleTime;

const RUNS: i64 = i64::MIN;

/// The virtual clock. It runs with the system's clock, stands still while a jump works through what is due, and
/// never goes back.
#[derive(Debug)]
pub struct Clock {
    offset_ms: AtomicI64,
    held: AtomicI64,
    latest: AtomicI64,
}

impl Default for Clock {
    fn default() -> Self {
        Self::with_offset(0)
    }
}

fn system_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(d) => i64::try_from(d.as_millis()).unwrap_or(i64::MAX),
        Err(_) => 0,
    }
}

impl Clock {
    /// A running clock this many milliseconds ahead of the system's.
    pub const fn with_offset(offset_ms: i64) -> Self {
        Self {
            offset_ms: AtomicI64::new(offset_ms),
            held: AtomicI64::new(RUNS),
            latest: AtomicI64::new(i64::MIN),
        }
    }
    /// Rule time now.
    pub fn now(&self) -> RuleTime {
        let held = self.held.load(Ordering::Acquire);
        let now = if held == RUNS {
            system_ms().saturating_add(self.offset_ms.load(Ordering::Acquire))
        } else {
            held
        };
        RuleTime(self.latest.fetch_max(now, Ordering::AcqRel).max(now))
    }
    /// How far the clock is ahead of the system's, in milliseconds.
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Acquire)
    }
    /// Never earlier than `at` from now on (after a restart).
    pub fn at_least(&self, at: RuleTime) {
        let ahead = at.0.saturating_sub(system_ms());
        self.offset_ms.fetch_max(ahead, Ordering::AcqRel);
    }
    /// Stands still at `at`, or at the present instant if that is later.
    pub(crate) fn hold(&self, at: RuleTime) {
        let at = at.max(self.now());
        self.held.store(at.0, Ordering::Release);
    }
    /// Runs on from `at`, or from where it stands if that is later.
    pub(crate) fn run_from(&self, at: RuleTime) {
        let at = at.max(self.now());
        self.at_least(at);
        self.held.store(RUNS, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stands_while_held_and_never_goes_back() {
        let clock = Clock::default();
        let start = clock.now();
        let week = RuleTime(start.0 + 604_800_000);
        clock.hold(week);
        assert_eq!(clock.now(), week);
        clock.hold(start);
        assert_eq!(
            clock.now(),
            week,
            "an earlier instant does not turn it back"
        );
        clock.run_from(start);
        assert!(clock.now() >= week);
        assert!(clock.now().since(week).as_secs() < 60);
    }
}
