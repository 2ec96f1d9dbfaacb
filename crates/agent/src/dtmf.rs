//! Keys of the caller (RFC 4733).
//!
//! A press is a train of packets with one RTP timestamp: first some that say *begun*, the last three *ended*. Some may
//! be lost, so the first that arrives counts and the rest of the train is recognised by its timestamp. (The platform
//! puts the audio stream's 48 kHz time there and counts the duration at 8 kHz; nothing here depends on either.)

use ahoy_audio::tone::DIGITS;

/// Tells presses apart.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    last: Option<u32>,
}

impl Keys {
    /// Takes a telephone-event packet; answers the key if a press begins with it.
    pub(crate) fn press(&mut self, time: u32, payload: &[u8]) -> Option<char> {
        // Event, flags and volume, duration: four bytes (RFC 4733 §2.3).
        let &[event, _, _, _, ..] = payload else {
            return None;
        };
        // Serial number arithmetic (RFC 1982): a straggler of an older press is no new one.
        if self
            .last
            .is_some_and(|last| time.wrapping_sub(last).wrapping_sub(1) >= u32::MAX / 2)
        {
            return None;
        }
        let digit = DIGITS.get(usize::from(event))?;
        self.last = Some(time);
        Some(*digit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(event: u8, end: bool) -> [u8; 4] {
        [event, if end { 0x8a } else { 0x0a }, 0, 160]
    }

    #[test]
    fn a_press_counts_once_however_many_of_its_packets_arrive() {
        let mut keys = Keys::default();
        let trains = [(1_000, 1), (9_000, 1), (17_000, 11), (25_000, 10)];
        let mut pressed = String::new();
        for (time, event) in trains {
            for end in [false, false, true, true] {
                pressed.extend(keys.press(time, &packet(event, end)));
            }
        }
        // Only the end of this one arrives.
        pressed.extend(keys.press(33_000, &packet(15, true)));
        // A straggler.
        pressed.extend(keys.press(9_000, &packet(1, true)));
        assert_eq!(pressed, "11#*D");
    }

    #[test]
    fn timestamps_wrap() {
        let mut keys = Keys::default();
        assert_eq!(keys.press(u32::MAX - 5, &packet(3, false)), Some('3'));
        assert_eq!(keys.press(20, &packet(3, false)), Some('3'));
        assert_eq!(keys.press(u32::MAX - 5, &packet(3, false)), None);
    }

    #[test]
    fn other_events_and_scraps_are_nothing() {
        let mut keys = Keys::default();
        assert_eq!(keys.press(1, &packet(16, false)), None);
        assert_eq!(keys.press(1, &[]), None);
        assert_eq!(keys.press(1, &[1, 2, 3]), None);
        assert_eq!(keys.press(1, &packet(0, false)), Some('0'));
    }
}
