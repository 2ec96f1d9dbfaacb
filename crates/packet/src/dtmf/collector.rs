//! Digits out of received events.

use super::{Digit, Event};

/// A packet whose timestamp lies at most this many ticks behind the current press is a late one of an earlier press;
/// farther back it belongs to a new time base. Ten seconds at 48 kHz.
const LATE_TICKS: u32 = 480_000;

/// Turns events into digits. A press is known by its timestamp alone: the tick counts of timestamp and duration belong
/// to different clocks (`media.md` §9). A digit is reported with the first packet that tells of it, so that lost starts,
/// lost ends and repeats make no difference.
#[derive(Debug, Clone, Copy, Default)]
pub struct Collector {
    current: Option<(u32, Digit)>,
}

impl Collector {
    /// Takes the event of a packet with this RTP timestamp; gives the digit if it begins a new press.
    pub fn push(&mut self, timestamp: u32, event: Event) -> Option<Digit> {
        let new = match self.current {
            None => true,
            Some((before, digit)) => {
                let behind = before.wrapping_sub(timestamp);
                match behind {
                    0 => event.digit != digit,
                    1..=LATE_TICKS => false,
                    _ => true,
                }
            }
        };
        new.then(|| {
            self.current = Some((timestamp, event.digit));
            event.digit
        })
    }

    /// Forgets the current press: the sender's time base has changed.
    pub fn reset(&mut self) {
        self.current = None;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Schedule;
    use super::*;
    use std::time::Duration;

    fn presses(keys: &str) -> Vec<(u32, Event)> {
        let mut timestamp = u32::MAX - 20_000;
        let mut packets = Vec::new();
        for key in keys.chars() {
            let schedule = Schedule::new(key.try_into().unwrap(), Duration::from_millis(100));
            packets.extend(schedule.map(|p| (timestamp, p.event)));
            timestamp = timestamp.wrapping_add(48 * 200);
        }
        packets
    }

    fn collect(packets: impl IntoIterator<Item = (u32, Event)>) -> String {
        let mut collector = Collector::default();
        packets
            .into_iter()
            .filter_map(|(timestamp, event)| collector.push(timestamp, event))
            .map(Digit::as_char)
            .collect()
    }

    #[test]
    fn each_press_counts_once_over_the_wrap_of_the_clock() {
        assert_eq!(collect(presses("11#*0A")), "11#*0A");
    }

    #[test]
    fn one_packet_of_a_press_is_enough() {
        for keep in 0..9 {
            let packets = presses("123").into_iter().skip(keep).step_by(9);
            assert_eq!(collect(packets), "123", "{keep}");
        }
    }

    #[test]
    fn a_late_packet_of_an_earlier_press_is_not_a_new_one() {
        let mut packets = presses("12");
        packets.swap(8, 9);
        packets.push(packets[0]);
        assert_eq!(collect(packets), "12");
    }

    #[test]
    fn a_new_time_base_begins_anew() {
        let event = presses("7")[0].1;
        let mut collector = Collector::default();
        assert!(collector.push(4_000_000, event).is_some());
        assert!(collector.push(1_000, event).is_some());
        assert!(collector.push(1_000, event).is_none());
        collector.reset();
        assert!(collector.push(1_000, event).is_some());
    }
}
