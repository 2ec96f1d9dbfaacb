//! Digits out of received events.

use std::time::Duration;

use super::{Digit, Event};

/// A packet at most this many numbers behind is a late or a repeated one; farther back the sender has begun to number anew
/// (MAX_MISORDER of RFC 3550 A.1).
const MAX_MISORDER: i32 = 100;
/// How long after the last packet of a press another one can be late. Numbers come round later than that.
const LATE: Duration = Duration::from_secs(10);
/// A duration that is half spent and more may be followed by a segment (RFC 4733 §2.5.1.3).
const HALF: u16 = 0x8000;
/// Timestamps remembered, so that a late packet of an earlier press is known.
const REMEMBERED: usize = 8;

/// An event and where its packet stands in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// RTP sequence number.
    pub sequence: u16,
    /// RTP marker.
    pub marker: bool,
    /// RTP timestamp.
    pub timestamp: u32,
    /// The payload.
    pub event: Event,
    /// When it came, from any fixed origin.
    pub at: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Press {
    sequence: u16,
    timestamp: u32,
    event: Event,
    ended: bool,
    at: Duration,
}

/// Turns events into digits, each press once, with the first packet that tells of it: lost starts, lost ends and repeats make no
/// difference. What is late is known by its sequence number; a press by its timestamp, and where that stands still or a long
/// press goes on under another one, by end bit, marker and the course of the duration. The duration is never read as time, as
/// stacks count it in clocks of their own and timestamps in the audio's (`media.md` §9).
#[derive(Debug, Clone, Copy, Default)]
pub struct Collector {
    current: Option<Press>,
    /// Timestamps of presses and segments, the latest at `next - 1`.
    recent: [Option<u32>; REMEMBERED],
    next: usize,
}

impl Collector {
    /// Takes the event of a packet; gives the digit if it begins a new press.
    pub fn push(&mut self, arrival: Arrival) -> Option<Digit> {
        let Arrival {
            sequence,
            timestamp,
            event,
            at,
            ..
        } = arrival;
        let Some(press) = self.current else {
            return Some(self.begin(arrival));
        };
        let step = i32::from(sequence.wrapping_sub(press.sequence) as i16);
        let late = (-MAX_MISORDER..=0).contains(&step) && at.saturating_sub(press.at) < LATE;
        if late {
            let known = step == 0 || self.recent.contains(&Some(timestamp));
            return (!known).then(|| {
                self.remember(timestamp);
                event.digit
            });
        }
        if press.is_another(&arrival) {
            return Some(self.begin(arrival));
        }
        if timestamp != press.timestamp {
            self.remember(timestamp);
        }
        self.current = Some(Press {
            sequence,
            timestamp,
            event,
            ended: press.ended || event.end,
            at,
        });
        None
    }

    fn begin(&mut self, arrival: Arrival) -> Digit {
        self.remember(arrival.timestamp);
        self.current = Some(Press {
            sequence: arrival.sequence,
            timestamp: arrival.timestamp,
            event: arrival.event,
            ended: arrival.event.end,
            at: arrival.at,
        });
        arrival.event.digit
    }

    fn remember(&mut self, timestamp: u32) {
        if let Some(slot) = self.recent.get_mut(self.next % REMEMBERED) {
            *slot = Some(timestamp);
        }
        self.next = (self.next + 1) % REMEMBERED;
    }

    /// Forgets all presses: the sender has changed.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

impl Press {
    /// Whether a later packet is of another press.
    fn is_another(&self, later: &Arrival) -> bool {
        let (before, event) = (self.event, later.event);
        if event.digit != before.digit {
            return true;
        }
        if later.timestamp == self.timestamp {
            // The timestamp stands still while no audio is sent. Ends come again, but nothing that has ended goes on.
            let restarted = later.marker && event.duration < before.duration;
            return !event.end && (self.ended || restarted);
        }
        let spent = !later.marker && before.duration >= HALF;
        let seamless = before.duration > 0
            && later.timestamp.wrapping_sub(self.timestamp) == u32::from(before.duration);
        self.ended || !(spent || seamless)
    }
}

#[cfg(test)]
mod tests;
