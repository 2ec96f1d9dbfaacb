//! What a call needs from its worker while it handles something.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ahoy_packet::rtcp::NtpTime;

use crate::MediaEvent;
use crate::dtls::Identity;
use crate::net::Net;
use crate::network::held::Held;

/// Seconds from the NTP epoch (1900) to the Unix epoch (RFC 5905 §6).
const NTP_TO_UNIX: u64 = 2_208_988_800;

/// Where events go.
pub(crate) type Sink = dyn Fn(MediaEvent) + Send + Sync;

/// The clock of a worker: one origin for all durations, and its place in wall time for sender reports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Epoch {
    pub start: Instant,
    ntp: Duration,
}

impl Epoch {
    pub fn new(start: Instant) -> Self {
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            start,
            ntp: unix + Duration::from_secs(NTP_TO_UNIX),
        }
    }
    pub fn since(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.start)
    }
}

/// A small generator for spreading reports; nothing secret depends on it (xorshift64).
#[derive(Debug)]
pub(crate) struct Dice(Cell<u64>);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Cell::new(seed | 1))
    }
    fn next(&self) -> u64 {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        x
    }
}

/// The surroundings of a call during one step.
pub(crate) struct Cx<'a> {
    pub now: Instant,
    pub epoch: &'a Epoch,
    pub net: &'a mut Net,
    pub held: &'a mut Held,
    pub sink: &'a Sink,
    pub identity: &'a Identity,
    pub dice: &'a Dice,
}

impl Cx<'_> {
    /// Time since the worker's start.
    pub fn since_epoch(&self) -> Duration {
        self.epoch.since(self.now)
    }
    /// The same in milliseconds.
    pub fn ms(&self) -> u64 {
        self.since_epoch().as_millis() as u64
    }
    /// Wall time for sender reports; it never jumps, as it advances with the monotonic clock.
    pub fn ntp(&self) -> NtpTime {
        NtpTime::from_duration(self.epoch.ntp + self.since_epoch())
    }
    /// Between half and one and a half of `mean`, so that reports of many calls do not march in step (RFC 3550 §6.3.1).
    pub fn jittered(&self, mean: Duration) -> Duration {
        let share = (self.dice.next() >> 11) as f64 / (1u64 << 53) as f64;
        mean.mul_f64(0.5 + share)
    }
    /// Tells the caller.
    pub fn tell(&self, event: MediaEvent) {
        (self.sink)(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dice_spread() {
        let dice = Dice::new(7);
        let mut seen: Vec<u64> = (0..100).map(|_| dice.next()).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 100);
        let high = seen.iter().filter(|x| **x > u64::MAX / 2).count();
        assert!((30..70).contains(&high), "{high}");
    }
}
