//! Presses as other stacks write them, told by the relay and heard by a simulated user (RFC 4733, `docs/media.md`).

use ahoy_media::{BridgeId, MediaEvent, Side};
use ahoy_packet::rtp::Fields;
use ahoy_types::PayloadType;

use crate::raw::{Raw, fields};
use crate::support::{Relay, eventually, user};
use crate::webrtc::EVENTS;

const B: Side = Side::Business;

/// A business that sends packets of keys; numbers go on by themselves.
struct Keypad {
    raw: Raw,
    sequence: u16,
    sent: u64,
    last: Vec<u8>,
}

impl Keypad {
    fn event(&mut self, marker: bool, timestamp: u32, key: u8, end: bool, duration: u16) {
        let header = Fields {
            payload_type: PayloadType(EVENTS),
            marker,
            ..fields(5, self.sequence, timestamp)
        };
        let [high, low] = duration.to_be_bytes();
        let payload = [key, u8::from(end) << 7 | 10, high, low];
        self.last = self.raw.protect(header, &payload);
        self.raw.send(&self.last);
        self.sequence += 1;
        self.sent += 1;
    }
    /// A press as RFC 4733 has it.
    fn press(&mut self, timestamp: u32, key: u8) {
        self.event(true, timestamp, key, false, 160);
        self.event(false, timestamp, key, false, 320);
        for _ in 0..3 {
            self.event(false, timestamp, key, true, 480);
        }
    }
    fn speak(&mut self) {
        let timestamp = 960 * u32::from(self.sequence);
        self.raw.speak(5, self.sequence, timestamp);
        self.sequence += 1;
        self.sent += 1;
    }
}

/// What is told and what is heard, which is to be the same.
#[track_caller]
fn told(send: impl FnOnce(&mut Keypad)) -> String {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let mut raw = Raw::new(&plan.business);
    relay.engine.set_remote(BridgeId(1), B, raw.remote());
    raw.nominate();
    raw.shake_hands();
    relay.wait_up(1, B);
    relay.engine.open_gate(BridgeId(1));
    let mut keypad = Keypad {
        raw,
        sequence: 1_000,
        sent: 0,
        last: Vec::new(),
    };
    keypad.speak();
    send(&mut keypad);
    keypad.speak();
    eventually("all has come", || {
        (relay.report(1).leg(B).received == keypad.sent).then_some(())
    });
    let report = relay.close(1);
    assert_eq!(report.leg(B).lost, 0);
    let heard = report.heard().unwrap();
    assert_eq!(heard.lost, 0);
    let mut told = String::new();
    while relay.has_event(|e| matches!(e, MediaEvent::Digits { .. })) {
        told.push(relay.event("a key", |event| match event {
            MediaEvent::Digits { side: B, digit, .. } => Some(digit.as_char()),
            _ => None,
        }));
    }
    assert_eq!(told, heard.digits);
    told
}

#[test]
fn where_the_timestamp_stands_still() {
    let keys = told(|pad| {
        for key in [5, 5, 7, 5] {
            pad.press(48_000, key);
            pad.speak();
        }
    });
    assert_eq!(keys, "5575");
}

#[test]
fn where_the_timestamp_stands_still_and_the_ends_are_lost() {
    let keys = told(|pad| {
        for _ in 0..3 {
            pad.event(true, 48_000, 5, false, 160);
            pad.event(false, 48_000, 5, false, 320);
            pad.speak();
        }
    });
    assert_eq!(keys, "555");
}

#[test]
fn where_timestamps_begin_anew_or_go_back() {
    let keys = told(|pad| {
        for timestamp in [48_000, 0, 0, 960, 20, u32::MAX - 5_000, 48_000] {
            pad.press(timestamp, 3);
            pad.speak();
        }
    });
    assert_eq!(keys, "3333333");
}

#[test]
fn where_a_long_press_is_in_segments() {
    let keys = told(|pad| {
        // Twenty seconds of one key in units of 8 kHz, then the same key again.
        let mut timestamp = 48_000;
        pad.event(true, timestamp, 9, false, 160);
        for _ in 0..2 {
            pad.event(false, timestamp, 9, false, 40_000);
            pad.event(false, timestamp, 9, false, u16::MAX);
            timestamp += u32::from(u16::MAX);
            pad.event(false, timestamp, 9, false, 160);
        }
        for _ in 0..3 {
            pad.event(false, timestamp, 9, true, 30_000);
        }
        pad.speak();
        pad.press(timestamp + 48_000, 9);
    });
    assert_eq!(keys, "99");
}

#[test]
fn where_each_packet_of_a_press_has_a_marker() {
    let keys = told(|pad| {
        for timestamp in [48_000, 96_000] {
            for duration in [160, 320, 320, 480] {
                pad.event(true, timestamp, 1, false, duration);
            }
            (0..3).for_each(|_| pad.event(true, timestamp, 1, true, 640));
        }
    });
    assert_eq!(keys, "11");
}

#[test]
fn where_the_ends_repeat_one_sequence_number() {
    let keys = told(|pad| {
        for timestamp in [48_000, 96_000] {
            pad.event(true, timestamp, 8, false, 160);
            pad.event(false, timestamp, 8, true, 320);
            let end = pad.last.clone();
            // The same number means the same packet: SRTP lets it in once.
            (0..2).for_each(|_| pad.raw.send(&end));
        }
    });
    assert_eq!(keys, "88");
}

#[test]
fn where_durations_count_another_clock() {
    let keys = told(|pad| {
        for (timestamp, step) in [(48_000, 960), (96_000, 320), (144_000, 1), (192_000, 0)] {
            pad.event(true, timestamp, 2, false, step);
            pad.event(false, timestamp, 2, false, 2 * step);
            (0..3).for_each(|_| pad.event(false, timestamp, 2, true, 3 * step));
        }
    });
    assert_eq!(keys, "2222");
}
