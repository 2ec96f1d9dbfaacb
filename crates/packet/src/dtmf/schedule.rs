//! The packets of one key press, as `media.md` §9 has them.

use std::time::Duration;

use super::{CLOCK_RATE, Digit, Event, VOLUME};

/// Milliseconds between updates.
const STEP_MS: u32 = 20;
/// Duration units in one step.
const STEP_UNITS: u32 = CLOCK_RATE / 1_000 * STEP_MS;
/// How many times the first and the last packet are sent (RFC 4733 §2.5.1.2 and §2.5.1.4).
const REPEATS: u32 = 3;
/// The most steps that the 16-bit duration can count.
const MAX_STEPS: u32 = u16::MAX as u32 / STEP_UNITS;

/// One packet of a key press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPacket {
    /// When it leaves, counted from the first.
    pub offset: Duration,
    /// The RTP marker: on the first packet only.
    pub marker: bool,
    /// The payload.
    pub event: Event,
}

/// The packets of one key press, an iterator in the order of sending: three at once when the key goes down, an update
/// each 20 ms, and the last three times 20 ms apart. All carry one RTP timestamp, that of the audio stream at the start;
/// sequence numbers go on. Audio pauses for [`Schedule::span`].
#[derive(Debug, Clone)]
pub struct Schedule {
    digit: Digit,
    steps: u32,
    sent: u32,
}

impl Schedule {
    /// The press of `digit` for `hold`, rounded down to steps of 20 ms, at least 40 ms and at most 8.18 s.
    pub fn new(digit: Digit, hold: Duration) -> Self {
        let steps = hold.as_millis() / u128::from(STEP_MS);
        let steps = u32::try_from(steps).unwrap_or(MAX_STEPS);
        Self {
            digit,
            steps: steps.clamp(2, MAX_STEPS),
            sent: 0,
        }
    }

    /// From the first packet until audio goes on: the hold and the two repeats of the end.
    pub fn span(&self) -> Duration {
        Duration::from_millis((STEP_MS * (self.steps + REPEATS - 1)).into())
    }
}

impl Iterator for Schedule {
    type Item = EventPacket;

    fn next(&mut self) -> Option<EventPacket> {
        // The first packet leaves at step 0 and says that one step has passed, the first end packet at `steps - 1`.
        let step = self.sent.saturating_sub(REPEATS - 1);
        if step >= self.steps + REPEATS - 1 {
            return None;
        }
        let passed = (step + 1).min(self.steps);
        let packet = EventPacket {
            offset: Duration::from_millis((STEP_MS * step).into()),
            marker: self.sent == 0,
            event: Event {
                digit: self.digit,
                end: passed == self.steps,
                volume: VOLUME,
                duration: u16::try_from(passed * STEP_UNITS).unwrap_or(u16::MAX),
            },
        };
        self.sent += 1;
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn press(hold_ms: u64) -> Vec<(u64, bool, bool, u16)> {
        let digit = Digit::try_from('5').unwrap();
        Schedule::new(digit, Duration::from_millis(hold_ms))
            .map(|p| {
                assert_eq!((p.event.digit, p.event.volume), (digit, VOLUME));
                let offset = u64::try_from(p.offset.as_millis()).unwrap();
                (offset, p.marker, p.event.end, p.event.duration)
            })
            .collect()
    }

    #[test]
    fn a_press_of_100_ms_is_nine_packets() {
        assert_eq!(
            press(100),
            [
                (0, true, false, 160),
                (0, false, false, 160),
                (0, false, false, 160),
                (20, false, false, 320),
                (40, false, false, 480),
                (60, false, false, 640),
                (80, false, true, 800),
                (100, false, true, 800),
                (120, false, true, 800),
            ]
        );
        let schedule = Schedule::new(Digit::try_from('5').unwrap(), Duration::from_millis(100));
        assert_eq!(schedule.span(), Duration::from_millis(140));
    }

    #[test]
    fn the_shortest_and_the_longest_press_keep_their_shape() {
        for hold in [0, 40, 59] {
            let packets = press(hold);
            assert_eq!(packets.len(), 3 + 3, "{hold}");
            assert_eq!(packets.last(), Some(&(60, false, true, 320)));
        }
        let packets = press(3_600_000);
        assert_eq!(packets.last().unwrap().3, 65_440);
        assert!(packets.is_sorted_by_key(|p| (p.0, p.3)));
        assert_eq!(packets.iter().filter(|p| p.2).count(), 3);
    }
}
