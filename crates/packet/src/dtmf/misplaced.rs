//! Telephone events under the payload type of the audio, as stacks send them that know one number only.

use super::Event;

/// Ten milliseconds of every clock that durations are counted in (8, 16, 24, 32, 48 kHz) are a multiple of this.
const STEP: u16 = 80;

/// Tells events from audio where both carry the audio's payload type. An event has four bytes, the code of a key, the reserved bit
/// clear, and a duration in steps of 10 ms; or it repeats the timestamp of one that had, which audio never does. Opus of four
/// bytes that looks like that is a frame of narrow-band silence.
#[derive(Debug, Clone, Copy, Default)]
pub struct Misplaced {
    last: Option<(u32, u8)>,
}

impl Misplaced {
    /// Whether a payload under the audio's payload type is an event.
    pub fn is_event(&mut self, timestamp: u32, payload: &[u8]) -> bool {
        let &[code, flags, ..] = payload else {
            return false;
        };
        let shaped = payload.len() == Event::LEN && flags & 0x40 == 0;
        let is = shaped
            && Event::parse(payload).is_ok_and(|event| {
                event.duration % STEP == 0 || self.last == Some((timestamp, code))
            });
        if is {
            self.last = Some((timestamp, code));
        }
        is
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{CLOCK_RATE, Schedule};
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_packet_of_a_press_is_known_whatever_its_clock() {
        for rate in [8_000, 16_000, 24_000, 48_000] {
            let mut misplaced = Misplaced::default();
            for packet in Schedule::new('5'.try_into().unwrap(), Duration::from_millis(200)) {
                let mut event = packet.event;
                event.duration = (u32::from(event.duration) * (rate / CLOCK_RATE)) as u16;
                assert!(misplaced.is_event(7, &event.to_bytes()), "{rate} {event:?}");
            }
        }
    }

    #[test]
    fn a_repeated_timestamp_tells_what_an_odd_duration_does_not() {
        let mut misplaced = Misplaced::default();
        assert!(!misplaced.is_event(7, &[5, 10, 0, 3]));
        assert!(misplaced.is_event(7, &[5, 10, 0, 80]));
        assert!(misplaced.is_event(7, &[5, 10, 0, 83]));
        assert!(!misplaced.is_event(967, &[5, 10, 0, 83]));
    }

    #[test]
    fn audio_is_no_event() {
        let mut misplaced = Misplaced::default();
        for audio in [
            &[0x48][..],
            &[0x48, 0, 0, 0],
            &[5, 0x4a, 0, 80],
            &[5, 10, 0, 80, 0],
            &[],
        ] {
            assert!(!misplaced.is_event(0, audio), "{audio:?}");
        }
    }
}
