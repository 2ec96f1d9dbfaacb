//! Packets on their way through an emulated network: one queue a worker, in order of time, its buffers used again and again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::time::Duration;

use ahoy_packet::rtp::Fields;

use crate::leg::{Content, Media};
use crate::rewrite::Stamp;
use crate::{BridgeId, Side};

/// Packets a worker holds at most: five seconds of more than two hundred streams. What is more is lost.
const MOST_HELD: usize = 1 << 16;

/// Where a held packet is on its way to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    /// Protected and addressed: to a peer.
    Wire { to: SocketAddr },
    /// Opened: from the peer of this side to the relay.
    Relay {
        bridge: BridgeId,
        side: Side,
        content: Content,
        fields: Fields,
    },
    /// Numbered: to the ear of a simulated user.
    Ear {
        bridge: BridgeId,
        media: Media,
        marker: bool,
        stamp: Stamp,
    },
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: Duration,
    /// Among those of one instant the first to set out arrives first.
    order: u64,
    slot: usize,
}

/// The queue. Pure: time comes in as a duration since the worker's start.
#[derive(Debug, Default)]
pub(crate) struct Held {
    heap: BinaryHeap<Reverse<Entry>>,
    slots: Vec<(Option<Way>, Vec<u8>)>,
    free: Vec<usize>,
    order: u64,
}

impl Held {
    /// Takes a packet of at most `room` bytes that `write` fills in; it returns the length, or `None` to leave it. Says whether
    /// it was taken.
    pub fn push(
        &mut self,
        at: Duration,
        way: Way,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> bool {
        if self.heap.len() >= MOST_HELD {
            return false;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push((None, Vec::new()));
            self.slots.len() - 1
        });
        let Some((held, bytes)) = self.slots.get_mut(slot) else {
            return false;
        };
        bytes.resize(room, 0);
        let Some(len) = write(bytes) else {
            self.free.push(slot);
            return false;
        };
        bytes.truncate(len);
        *held = Some(way);
        self.order += 1;
        let order = self.order;
        self.heap.push(Reverse(Entry { at, order, slot }));
        true
    }

    /// The same of bytes that exist already.
    pub fn push_bytes(&mut self, at: Duration, way: Way, bytes: &[u8]) -> bool {
        self.push(at, way, bytes.len(), |buffer| {
            buffer.copy_from_slice(bytes);
            Some(bytes.len())
        })
    }

    /// When the next packet arrives.
    pub fn next(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    /// The next packet that has arrived by `now`. Its buffer is to be given back to [`Held::recycle`].
    pub fn pop(&mut self, now: Duration) -> Option<Arrived> {
        if self.next()? > now {
            return None;
        }
        let Reverse(Entry { slot, .. }) = self.heap.pop()?;
        let (way, bytes) = self.slots.get_mut(slot)?;
        Some(Arrived {
            way: way.take()?,
            bytes: std::mem::take(bytes),
            slot,
        })
    }

    /// Takes a buffer back.
    pub fn recycle(&mut self, arrived: Arrived) {
        if let Some((_, bytes)) = self.slots.get_mut(arrived.slot) {
            *bytes = arrived.bytes;
            self.free.push(arrived.slot);
        }
    }

    /// Packets on their way.
    pub fn len(&self) -> usize {
        self.heap.len()
    }
}

/// A packet that has arrived.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub way: Way,
    pub bytes: Vec<u8>,
    slot: usize,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }
    fn way() -> Way {
        Way::Wire {
            to: SocketAddr::from(([192, 0, 2, 1], 9)),
        }
    }

    #[test]
    fn packets_arrive_in_order_of_time_and_then_as_they_set_out() {
        let mut held = Held::default();
        for (at, byte) in [(30, 1), (10, 2), (30, 3), (20, 4)] {
            assert!(held.push_bytes(ms(at), way(), &[byte]));
        }
        assert_eq!(held.next(), Some(ms(10)));
        assert!(held.pop(ms(9)).is_none());
        let mut came: Vec<u8> = Vec::new();
        while let Some(arrived) = held.pop(ms(30)) {
            came.extend(&arrived.bytes);
            held.recycle(arrived);
        }
        assert_eq!(came, [2, 4, 1, 3]);
        assert_eq!((held.len(), held.next()), (0, None));
    }

    #[test]
    fn buffers_are_used_again() {
        let mut held = Held::default();
        for round in 0..1_000u64 {
            for i in 0..5 {
                held.push_bytes(ms(round * 20 + i), way(), &[7; 100]);
            }
            while let Some(arrived) = held.pop(ms(round * 20 + 5)) {
                held.recycle(arrived);
            }
        }
        assert_eq!((held.slots.len(), held.free.len()), (5, 5));
    }

    #[test]
    fn what_is_not_written_is_not_held_and_the_queue_is_bounded() {
        let mut held = Held::default();
        assert!(!held.push(ms(1), way(), 10, |_| None));
        assert_eq!(held.len(), 0);
        for _ in 0..MOST_HELD {
            assert!(held.push_bytes(ms(1), way(), &[]));
        }
        assert!(!held.push_bytes(ms(1), way(), &[]));
    }
}
