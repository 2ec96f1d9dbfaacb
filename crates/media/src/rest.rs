//! How long a worker rests between two rounds. A wake-up costs ten times what a packet does, so that under load a worker
//! wakes at fixed intervals and serves what has gathered, and with few calls it blocks and serves at once.

use std::time::Duration;

/// Below this rate a worker never rests: about ten calls both ways, where wake-ups cost at most 2 % of a core.
const IDLE_RATE: f64 = 1_000.0;
/// From this rate on it rests as long as it may: about sixty calls.
const BUSY_RATE: f64 = 6_000.0;
/// Weight of a measuring interval in the running mean.
const WEIGHT: f64 = 0.25;
/// Length of a measuring interval.
const INTERVAL: Duration = Duration::from_millis(50);

/// Measures the packet rate and turns it into a rest. Pure: time comes in.
#[derive(Debug, Clone)]
pub struct RestPolicy {
    max_rest: Duration,
    rate: f64,
    since: Duration,
    packets: u64,
    last_round: usize,
    blocked: bool,
}

impl RestPolicy {
    /// A policy that never rests longer than `max_rest`; zero means never at all.
    pub fn new(max_rest: Duration) -> Self {
        Self {
            max_rest,
            rate: 0.0,
            since: Duration::ZERO,
            packets: 0,
            last_round: 0,
            blocked: false,
        }
    }

    /// Notes `packets` served in a round that ended at `now` (time since the worker's start).
    pub fn served(&mut self, packets: usize, now: Duration) {
        self.packets += packets as u64;
        self.last_round = packets;
        let passed = now.saturating_sub(self.since);
        if passed < INTERVAL {
            return;
        }
        let rate = self.packets as f64 / passed.as_secs_f64();
        // After a pause longer than a few intervals the past says nothing any more.
        let weight = if passed > INTERVAL * 8 { 1.0 } else { WEIGHT };
        self.rate += (rate - self.rate) * weight;
        self.since = now;
        self.packets = 0;
    }

    /// Packets a second, smoothed.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// How long to rest before the next round; `None` to block until something happens.
    pub fn rest(&mut self) -> Option<Duration> {
        let share = ((self.rate - IDLE_RATE) / (BUSY_RATE - IDLE_RATE)).clamp(0.0, 1.0);
        let rest = self.max_rest.mul_f64(share);
        // A rest shorter than the cost of waking up buys nothing. After a round that found nothing, resting again would
        // only wake for nothing: packets come in bursts, and the next burst is waited for.
        if rest < Duration::from_micros(50) || self.last_round == 0 {
            self.blocked = true;
            return None;
        }
        // The first packets of a burst have been served; the others are on their way already.
        Some(match std::mem::take(&mut self.blocked) {
            true => rest / 2,
            false => rest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_rate(policy: &mut RestPolicy, per_second: u64, from_ms: u64, for_ms: u64) {
        for ms in from_ms..from_ms + for_ms {
            policy.served((per_second / 1000) as usize, Duration::from_millis(ms));
        }
    }

    #[test]
    fn few_calls_are_served_at_once() {
        let mut policy = RestPolicy::new(Duration::from_millis(1));
        assert_eq!(policy.rest(), None);
        at_rate(&mut policy, 1_000, 0, 1_000);
        assert_eq!(policy.rest(), None);
    }

    #[test]
    fn many_calls_rest_to_the_full_and_no_longer() {
        let mut policy = RestPolicy::new(Duration::from_millis(1));
        at_rate(&mut policy, 20_000, 0, 2_000);
        assert_eq!(policy.rest(), Some(Duration::from_millis(1)));
        assert_eq!(policy.rest(), Some(Duration::from_millis(1)));
    }

    #[test]
    fn in_between_the_rest_grows_with_the_rate() {
        let rest = |rate| {
            let mut policy = RestPolicy::new(Duration::from_millis(1));
            at_rate(&mut policy, rate, 0, 3_000);
            policy.rest();
            policy.rest().unwrap_or_default()
        };
        assert!(rest(2_000) < rest(4_000) && rest(4_000) < rest(6_000));
        assert!(rest(2_000) > Duration::ZERO);
    }

    #[test]
    fn silence_ends_the_rest() {
        let mut policy = RestPolicy::new(Duration::from_millis(1));
        at_rate(&mut policy, 20_000, 0, 2_000);
        policy.served(1, Duration::from_millis(4_000));
        assert_eq!(policy.rest(), None);
    }

    #[test]
    fn without_a_rest_allowed_there_is_none() {
        let mut policy = RestPolicy::new(Duration::ZERO);
        at_rate(&mut policy, 50_000, 0, 2_000);
        assert_eq!(policy.rest(), None);
    }

    #[test]
    fn between_bursts_it_waits_for_the_next() {
        let mut policy = RestPolicy::new(Duration::from_millis(1));
        at_rate(&mut policy, 20_000, 0, 2_000);
        policy.served(0, Duration::from_millis(2_001));
        assert_eq!(policy.rest(), None);
        // The first packet has ended the wait: its companions are near.
        policy.served(1, Duration::from_millis(2_003));
        assert_eq!(policy.rest(), Some(Duration::from_micros(500)));
        policy.served(99, Duration::from_millis(2_004));
        assert_eq!(policy.rest(), Some(Duration::from_millis(1)));
    }
}
