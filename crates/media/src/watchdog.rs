//! Tells when a side has been silent for too long (`media.md` §10). Pure: times are given as offsets from a common start.

use std::time::Duration;

use crate::TimeoutKind;

/// Watches one side of one call from the moment the gate opens.
#[derive(Debug, Clone, Copy)]
pub struct Watchdog {
    start: Duration,
    silence: Duration,
    opened: Option<Duration>,
    audio: bool,
    last_sign: Duration,
    fired: bool,
}

impl Watchdog {
    /// `start`: how long the first audio may take after accept. `silence`: how long there may be neither RTP nor RTCP later.
    pub fn new(start: Duration, silence: Duration) -> Self {
        Self {
            start,
            silence,
            opened: None,
            audio: false,
            last_sign: Duration::ZERO,
            fired: false,
        }
    }
    /// The gate has opened; time counts from here. What came before is no sign of life.
    pub fn open(&mut self, now: Duration) {
        if self.opened.is_none() {
            self.opened = Some(now);
            self.last_sign = now;
        }
    }
    /// An authenticated audio or event packet came.
    pub fn media(&mut self, now: Duration) {
        if self.opened.is_some() {
            self.audio = true;
            self.last_sign = now;
        }
    }
    /// An authenticated packet came that holds no audio, or RTCP: a sign of life within the call, but no beginning.
    pub fn sign(&mut self, now: Duration) {
        if self.opened.is_some() {
            self.last_sign = now;
        }
    }
    /// When to look again; `None` when there is nothing to wait for.
    pub fn due(&self) -> Option<Duration> {
        let opened = self.opened.filter(|_| !self.fired)?;
        Some(if self.audio {
            self.last_sign + self.silence
        } else {
            opened + self.start
        })
    }
    /// Fires at most once.
    pub fn check(&mut self, now: Duration) -> Option<TimeoutKind> {
        self.due().filter(|due| now >= *due)?;
        self.fired = true;
        Some(if self.audio {
            TimeoutKind::Silence
        } else {
            TimeoutKind::Start
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }
    fn dog() -> Watchdog {
        Watchdog::new(s(20), s(30))
    }

    #[test]
    fn before_accept_nothing_is_due() {
        let mut dog = dog();
        dog.media(s(1));
        assert_eq!((dog.due(), dog.check(s(1000))), (None, None));
    }

    #[test]
    fn twenty_seconds_without_a_first_packet() {
        let mut dog = dog();
        dog.media(s(4)); // before accept: no sign of life
        dog.open(s(5));
        dog.sign(s(24)); // RTCP is no beginning
        assert_eq!(dog.check(s(24)), None);
        assert_eq!(dog.check(s(25)), Some(TimeoutKind::Start));
        assert_eq!((dog.due(), dog.check(s(60))), (None, None), "it fires once");
    }

    #[test]
    fn thirty_seconds_without_any_packet() {
        let mut dog = dog();
        dog.open(s(0));
        dog.media(s(1));
        assert_eq!(dog.due(), Some(s(31)));
        dog.sign(s(20));
        assert_eq!(dog.check(s(49)), None);
        assert_eq!(dog.check(s(50)), Some(TimeoutKind::Silence));
    }

    #[test]
    fn a_second_opening_does_not_start_over() {
        let mut dog = dog();
        dog.open(s(0));
        dog.open(s(10));
        assert_eq!(dog.due(), Some(s(20)));
    }
}
