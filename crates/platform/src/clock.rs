//! Rule time at the rim: the system's clock plus an offset, or an instant at which it stands.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use ahoy_types::RuleTime;

use crate::host::{Host, Tokio};

const RUNS: i64 = i64::MIN;
/// The system's clock stepping back by more than this is a step, by less the usual correction of a few milliseconds.
const STEP_MS: i64 = 1_000;

/// The virtual clock. It runs with the system's clock unless it is frozen, stands still while a jump works through what is
/// due, and never goes back but where everything it dated is replaced.
pub struct Clock {
    host: Arc<dyn Host>,
    offset_ms: AtomicI64,
    held: AtomicI64,
    latest: AtomicI64,
    frozen: AtomicBool,
}

/// Runs with the system's clock.
impl Default for Clock {
    fn default() -> Self {
        Self::of(Arc::new(Tokio))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock")
            .field("now", &self.now())
            .finish_non_exhaustive()
    }
}

impl Clock {
    /// A running clock that begins with the system's.
    pub(crate) fn of(host: Arc<dyn Host>) -> Self {
        Self {
            host,
            offset_ms: AtomicI64::new(0),
            held: AtomicI64::new(RUNS),
            latest: AtomicI64::new(i64::MIN),
            frozen: AtomicBool::new(false),
        }
    }
    /// Rule time now.
    pub fn now(&self) -> RuleTime {
        self.at(self.host.system_ms())
    }
    fn at(&self, system_ms: i64) -> RuleTime {
        let held = self.held.load(Ordering::Acquire);
        let offset = self.offset_ms.load(Ordering::Acquire);
        let now = if held == RUNS {
            system_ms.saturating_add(offset)
        } else {
            held
        };
        let latest = self.latest.fetch_max(now, Ordering::AcqRel).max(now);
        if held == RUNS && latest.saturating_sub(now) > STEP_MS {
            // The system's clock was set back. Standing still until it has caught up would stop every timer, so
            // rule time runs on from where it was. Whoever else sees it at the same instant corrects it alike.
            let ahead = latest.saturating_sub(system_ms);
            let _ =
                self.offset_ms
                    .compare_exchange(offset, ahead, Ordering::AcqRel, Ordering::Acquire);
        }
        RuleTime(latest)
    }
    /// How far the clock is ahead of the system's, in milliseconds.
    pub fn offset_ms(&self) -> i64 {
        if self.held.load(Ordering::Acquire) == RUNS {
            self.offset_ms.load(Ordering::Acquire)
        } else {
            self.now().0.saturating_sub(self.host.system_ms())
        }
    }
    /// Whether it stands still between jumps.
    pub fn frozen(&self) -> bool {
        self.frozen.load(Ordering::Acquire)
    }
    /// Stands still from now on, or runs on from where it stands.
    pub(crate) fn freeze(&self, frozen: bool) {
        let now = self.now();
        self.frozen.store(frozen, Ordering::Release);
        self.run_from(now);
    }
    /// Goes to `now`, back if need be: nothing may be left that it dated.
    pub(crate) fn set(&self, now: RuleTime, frozen: bool) {
        self.frozen.store(frozen, Ordering::Release);
        self.held.store(now.0, Ordering::Release);
        self.latest.store(now.0, Ordering::Release);
        let ahead = now.0.saturating_sub(self.host.system_ms());
        self.offset_ms.store(ahead, Ordering::Release);
        if !frozen {
            self.held.store(RUNS, Ordering::Release);
        }
    }
    /// What the store keeps of the clock at this rule time; [`Clock::restore`] reads it.
    pub(crate) fn mark(&self, now: RuleTime) -> String {
        let system = self.host.system_ms();
        // A jump may take longer than it is wide. The clock then runs on as far from the system's as before, and so it must
        // after a crash: dated by the system's clock alone, the mark of a standing clock would lose what the jump took.
        let ran = now.0.saturating_sub(self.offset_ms.load(Ordering::Acquire));
        write_mark(now, system.min(ran), self.frozen())
    }
    /// The mark of a clock that will be [`set`](Self::set) to `now`.
    pub(crate) fn mark_of(&self, now: RuleTime, frozen: bool) -> String {
        write_mark(now, self.host.system_ms(), frozen)
    }
    /// The rule time of a mark.
    pub(crate) fn marked(mark: &str) -> Option<RuleTime> {
        parse(mark).map(|(rule, ..)| RuleTime(rule))
    }
    /// Goes on where the mark was left: standing if it stood, else as far from the system's clock as then, and never
    /// behind the mark itself. `None` where the mark cannot be read.
    pub(crate) fn restore(&self, mark: &str) -> Option<()> {
        let (rule, system, frozen) = parse(mark)?;
        self.set(RuleTime(rule), frozen);
        if !frozen {
            let ahead = rule.saturating_sub(system);
            self.offset_ms.fetch_max(ahead, Ordering::AcqRel);
        }
        Some(())
    }
    /// Never earlier than `at` from now on.
    fn at_least(&self, at: RuleTime) {
        let ahead = at.0.saturating_sub(self.host.system_ms());
        self.offset_ms.fetch_max(ahead, Ordering::AcqRel);
    }
    /// Stands still at `at`, or at the present instant if that is later.
    pub(crate) fn hold(&self, at: RuleTime) {
        let at = at.max(self.now());
        self.held.store(at.0, Ordering::Release);
    }
    /// Runs on from `at`, or from where it stands if that is later; a frozen clock stands there.
    pub(crate) fn run_from(&self, at: RuleTime) {
        let at = at.max(self.now());
        self.at_least(at);
        let held = if self.frozen() { at.0 } else { RUNS };
        self.held.store(held, Ordering::Release);
    }
}

fn write_mark(rule: RuleTime, system_ms: i64, frozen: bool) -> String {
    let frozen = if frozen { " frozen" } else { "" };
    format!("{} {system_ms}{frozen}", rule.0)
}

fn parse(mark: &str) -> Option<(i64, i64, bool)> {
    let (rule, system) = mark.split_once(' ')?;
    let (system, frozen) = match system.split_once(' ') {
        None => (system, false),
        Some((system, "frozen")) => (system, true),
        Some(_) => return None,
    };
    Some((rule.parse().ok()?, system.parse().ok()?, frozen))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const WEEK: i64 = 604_800_000;

    #[test]
    fn it_stands_while_held_and_never_goes_back() {
        let clock = Clock::default();
        let start = clock.now();
        let week = RuleTime(start.0 + WEEK);
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

    #[test]
    fn a_restart_keeps_what_a_jump_gained() {
        let before = Clock::default();
        before.hold(RuleTime(before.now().0 + WEEK));
        before.run_from(before.now());
        // Written an hour ago by a process that ran on afterwards.
        let (rule, system, _) = parse(&before.mark(before.now())).unwrap();
        let mark = format!("{} {}", rule - 3_600_000, system - 3_600_000);
        let after = Clock::default();
        after.restore(&mark).unwrap();
        assert!(after.now() >= RuleTime(rule), "not back to the mark's hour");
        assert!(after.now().since(before.now()).as_secs() < 60);
    }

    #[test]
    fn a_jump_that_took_longer_than_it_is_wide_loses_nothing_in_a_crash() {
        let clock = Clock::default();
        let start = clock.now();
        clock.hold(start);
        // Held for an hour, by the system's clock, at an instant one second on.
        clock.offset_ms.fetch_add(3_600_000, Ordering::AcqRel);
        clock.hold(RuleTime(start.0 + 1_000));
        let mark = clock.mark(clock.now());
        clock.run_from(clock.now());
        let ran_on = clock.now();
        assert!(ran_on.0 >= start.0 + 3_600_000);
        let after = Clock::default();
        after.restore(&mark).unwrap();
        assert!(after.now() >= ran_on);
    }

    #[test]
    fn a_restart_with_the_systems_clock_set_back_goes_on_from_the_mark() {
        let ahead = Tokio.system_ms() + WEEK;
        let clock = Clock::default();
        clock.restore(&format!("{ahead} {ahead}")).unwrap();
        assert!(clock.now().0 >= ahead);
        assert!(Clock::default().restore("123").is_none());
        assert!(Clock::default().restore("1 two").is_none());
        assert!(Clock::default().restore("1 2 three").is_none());
    }

    #[test]
    fn frozen_it_stands_between_jumps_and_after_a_restart() {
        let clock = Clock::default();
        clock.freeze(true);
        let start = clock.now();
        clock.hold(RuleTime(start.0 + WEEK));
        clock.run_from(clock.now());
        let mark = clock.mark(clock.now());
        assert_eq!(clock.now(), RuleTime(start.0 + WEEK));
        assert!(clock.offset_ms() <= WEEK);
        let after = Clock::default();
        after.restore(&mark).unwrap();
        assert_eq!(after.now(), RuleTime(start.0 + WEEK));
        assert!(after.frozen());
        after.freeze(false);
        assert!(!after.frozen());
        assert!(after.now() >= RuleTime(start.0 + WEEK));
        assert!(after.now().since(RuleTime(start.0 + WEEK)).as_secs() < 60);
    }

    #[test]
    fn it_can_begin_in_the_past_and_stays_there() {
        let clock = Clock::default();
        let long_ago = RuleTime(clock.now().0 - 52 * WEEK);
        clock.set(long_ago, false);
        assert!(clock.now().since(long_ago).as_secs() < 60);
        let after = Clock::default();
        after.restore(&clock.mark(clock.now())).unwrap();
        assert!(after.now() >= long_ago);
        assert!(after.now().since(long_ago).as_secs() < 60);
    }

    #[test]
    fn it_runs_on_when_the_systems_clock_is_set_back() {
        let clock = Clock::default();
        let noon = 1_790_000_000_000;
        assert_eq!(clock.at(noon), RuleTime(noon));
        let back = noon - 3_600_000;
        assert_eq!(clock.at(back), RuleTime(noon));
        assert_eq!(
            clock.at(back + 500),
            RuleTime(noon + 500),
            "it does not stand still for the hour"
        );
        // A few milliseconds are waited out.
        assert_eq!(clock.at(back + 490), RuleTime(noon + 500));
    }
}
