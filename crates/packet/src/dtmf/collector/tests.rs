#![allow(clippy::unwrap_used)]
use super::super::Schedule;
use super::*;
use proptest::prelude::*;

/// A key that is held, as its owner would tell it.
#[derive(Debug, Clone)]
struct Held {
    key: char,
    ms: u64,
    encoding: Encoding,
}

/// How the owner's software tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Encoding {
    /// As RFC 4733 and `media.md` §9 have it.
    Plain,
    /// The timestamp of the press before it, with a new marker.
    SameTimestamp,
    /// A timestamp that began anew.
    Restarted,
    /// A timestamp before that of the press before it, by so many ticks.
    Back(u32),
    /// Segments of so many units under new timestamps, without a marker (RFC 4733 §2.5.1.3).
    Segments,
    /// The end packets carry one sequence number.
    RepeatedEnds,
    /// A marker on each packet before the end.
    Markers,
    /// Durations in 48 kHz, which spends the field in 1.4 s.
    FastClock,
}

#[derive(Default)]
struct Sender {
    sequence: u16,
    clock: u32,
    timestamp: u32,
    at: Duration,
}

impl Sender {
    fn press(&mut self, held: &Held) -> Vec<Arrival> {
        self.timestamp = match held.encoding {
            Encoding::SameTimestamp => self.timestamp,
            Encoding::Restarted => 17,
            Encoding::Back(by) => self.timestamp.wrapping_sub(by),
            _ => self.clock,
        };
        let schedule = Schedule::new(held.key.try_into().unwrap(), Duration::from_millis(held.ms));
        let (begun, mut segment, mut units) = (self.at, 0, 0u32);
        let mut packets = Vec::new();
        let units_a_ms = match held.encoding {
            Encoding::FastClock | Encoding::Segments => 48,
            _ => 8,
        };
        let mut repeated = None;
        for packet in schedule {
            let passed = u32::from(packet.event.duration) / 8 * units_a_ms;
            let mut event = packet.event;
            if passed - segment > u32::from(u16::MAX) {
                // The field is spent: a new segment, whose timestamp is where the old one ends.
                segment += units;
                self.timestamp = self.timestamp.wrapping_add(units);
            }
            units = passed - segment;
            event.duration = units as u16;
            let sequence = match (held.encoding, event.end) {
                (Encoding::RepeatedEnds, true) => *repeated.get_or_insert(self.sequence),
                _ => self.sequence,
            };
            if sequence == self.sequence {
                self.sequence = self.sequence.wrapping_add(1);
            }
            packets.push(Arrival {
                sequence,
                marker: packet.marker || held.encoding == Encoding::Markers && !event.end,
                timestamp: self.timestamp,
                event,
                at: begun + packet.offset,
            });
        }
        self.pass(Duration::from_millis(held.ms + 60));
        packets
    }
    fn pass(&mut self, time: Duration) {
        self.at += time;
        self.clock = self.clock.wrapping_add(48 * time.as_millis() as u32);
    }
    /// So many frames of audio between two presses.
    fn speak(&mut self, frames: u16) {
        self.sequence = self.sequence.wrapping_add(frames);
        self.pass(Duration::from_millis(20) * frames.into());
    }
}

fn collect(packets: impl IntoIterator<Item = Arrival>) -> String {
    let mut collector = Collector::default();
    let told = packets.into_iter().filter_map(|p| collector.push(p));
    told.map(Digit::as_char).collect()
}

/// The packets of plain presses of 100 ms, nine each.
fn presses(keys: &str) -> Vec<Arrival> {
    let mut sender = Sender {
        sequence: u16::MAX - 20,
        clock: u32::MAX - 20_000,
        ..Sender::default()
    };
    let press = |key| Held {
        key,
        ms: 100,
        encoding: Encoding::Plain,
    };
    let mut packets = Vec::new();
    for key in keys.chars() {
        packets.extend(sender.press(&press(key)));
        sender.speak(4);
    }
    packets
}

#[test]
fn each_press_counts_once_over_the_wrap_of_the_clock() {
    assert_eq!(collect(presses("11#*0A")), "11#*0A");
}

#[test]
fn one_packet_of_a_press_is_enough() {
    for keep in 0..9 {
        let packets = presses("1223").into_iter().skip(keep).step_by(9);
        assert_eq!(collect(packets), "1223", "{keep}");
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
fn a_press_whose_only_packet_is_late_is_told_all_the_same() {
    let mut packets = presses("12");
    let late = packets[3];
    packets.drain(..9);
    packets.push(late);
    assert_eq!(collect(packets), "21");
}

#[test]
fn after_a_long_time_a_low_number_is_a_new_press() {
    let mut packets = presses("1");
    let mut next = packets[0];
    // Eleven minutes on, the numbers have come round.
    next.sequence = next.sequence.wrapping_sub(5);
    next.timestamp = next.timestamp.wrapping_add(48_000 * 660);
    next.at += Duration::from_secs(660);
    packets.push(next);
    assert_eq!(collect(packets), "11");
}

#[test]
fn a_new_sender_begins_anew() {
    let packet = presses("7")[0];
    let mut collector = Collector::default();
    assert!(collector.push(packet).is_some());
    assert!(collector.push(packet).is_none());
    collector.reset();
    assert!(collector.push(packet).is_some());
}

fn encoding() -> impl Strategy<Value = Encoding> {
    prop_oneof![
        Just(Encoding::Plain),
        Just(Encoding::SameTimestamp),
        Just(Encoding::Restarted),
        (1u32..2_000_000).prop_map(Encoding::Back),
        Just(Encoding::Segments),
        Just(Encoding::RepeatedEnds),
        Just(Encoding::Markers),
        Just(Encoding::FastClock),
    ]
}

fn held() -> impl Strategy<Value = (Held, u16)> {
    let key = prop::sample::select("0123456789*#ABCD".chars().collect::<Vec<_>>());
    (key, 40u64..6_000, encoding(), 2u16..40)
        .prop_map(|(key, ms, encoding, pause)| (Held { key, ms, encoding }, pause))
}

proptest! {
    #[test]
    fn each_press_is_told_once_however_a_stack_tells_it(
        presses in prop::collection::vec(held(), 1..12),
        start in any::<(u16, u32)>(),
    ) {
        let mut sender = Sender { sequence: start.0, clock: start.1, timestamp: start.1, ..Sender::default() };
        let (mut packets, mut wanted) = (Vec::new(), String::new());
        for (held, pause) in &presses {
            packets.extend(sender.press(held));
            sender.speak(*pause);
            wanted.push(held.key);
        }
        prop_assert_eq!(collect(packets), wanted);
    }

    #[test]
    fn loss_and_disorder_add_no_press_and_lose_none_that_is_half_there(
        keys in "[0-9#*]{1,8}",
        drops in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        swaps in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut packets = presses(&keys);
        for at in swaps {
            let at = at.index(packets.len() - 1);
            // Two packets of one press change places.
            if packets[at].timestamp == packets[at + 1].timestamp {
                packets.swap(at, at + 1);
            }
        }
        // Eight of nine may be lost.
        for at in drops {
            packets.remove(at.index(packets.len()));
        }
        prop_assert_eq!(collect(packets), keys);
    }
}
