//! How fast a phone is listened to: a burst at once, then a steady rate. Who speaks faster waits, nothing is refused.

use std::time::{Duration, Instant};

/// Paces reading from one socket (the generic cell rate algorithm).
#[derive(Debug)]
pub(crate) struct Pace {
    burst: Duration,
    each: Duration,
    /// When the messages taken so far would be through at the steady rate.
    through: Instant,
}

impl Pace {
    /// `burst` messages at once, then one every `each`.
    pub(crate) fn new(burst: u32, each: Duration, now: Instant) -> Self {
        Self {
            burst: each.saturating_mul(burst.saturating_sub(1)),
            each,
            through: now,
        }
    }

    /// A message was taken at `now`: how long to wait before the next one is read.
    pub(crate) fn after(&mut self, now: Instant) -> Duration {
        self.through = self.through.max(now) + self.each;
        self.through
            .saturating_duration_since(now)
            .saturating_sub(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let start = Instant::now();
        let each = Duration::from_millis(100);
        let mut pace = Pace::new(3, each, start);
        assert_eq!(
            [(); 4].map(|()| pace.after(start)),
            [0, 0, 1, 2].map(|n| each * n)
        );
        // Two owed: after two the next one is free again, the one after it not.
        assert_eq!(pace.after(start + each * 2), each);
        let later = start + each * 1000;
        assert_eq!(
            [(); 4].map(|()| pace.after(later)),
            [0, 0, 1, 2].map(|n| each * n)
        );
    }
}
