//! The echo: the caller's own frames, a moment later and evenly spaced.
//!
//! Packets do not arrive evenly. A few are kept back before the first is played, so that one that is late is still in
//! time (a jitter buffer). Time is RTP time: 960 ticks are 20 ms at Opus's clock of 48 kHz (RFC 7587 §4.1).

use std::collections::VecDeque;
use std::sync::Arc;

/// RTP ticks between two frames we send.
pub(crate) const TICKS: u32 = 960;
/// Frames kept back before playing starts: 80 ms.
const HEAD_START: usize = 4;
/// Beyond this the echo would lag behind; the oldest frames go.
const LIMIT: usize = 25;

/// What to send in this tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// This frame.
    Frame(Arc<[u8]>),
    /// Nothing: the frame of this moment was lost, or the one before lasts longer.
    Hole,
    /// The caller sends nothing.
    Empty,
}

#[derive(Debug)]
struct Held {
    seq: u64,
    time: u32,
    payload: Arc<[u8]>,
}

#[derive(Debug, Default)]
pub(crate) struct Echo {
    held: VecDeque<Held>,
    /// RTP time of the next tick, while playing.
    clock: Option<u32>,
}

impl Echo {
    /// Takes a frame with its extended sequence number and RTP time.
    pub(crate) fn push(&mut self, seq: u64, time: u32, payload: Arc<[u8]>) {
        // Too late: its moment is over.
        if self.clock.is_some_and(|clock| before(time, clock)) {
            return;
        }
        let place = self.held.partition_point(|h| h.seq < seq);
        if self.held.get(place).is_some_and(|h| h.seq == seq) {
            return;
        }
        self.held.insert(place, Held { seq, time, payload });
        if self.held.len() > LIMIT {
            self.held.drain(..self.held.len() - HEAD_START);
            self.clock = None;
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The frame of the next 20 ms.
    pub(crate) fn next(&mut self) -> Next {
        let Some(front) = self.held.front() else {
            self.clock = None;
            return Next::Empty;
        };
        let clock = match self.clock {
            Some(clock) => clock,
            None if self.held.len() < HEAD_START => return Next::Empty,
            None => front.time,
        };
        // A leap of a second or more is a new stream, not a hole.
        if before(clock, front.time) && front.time.wrapping_sub(clock) < 48_000 {
            self.clock = Some(clock.wrapping_add(TICKS));
            return Next::Hole;
        }
        let Some(held) = self.held.pop_front() else {
            return Next::Empty;
        };
        // A frame of 60 ms takes three ticks: the two after it are holes, because the next frame's time is not come.
        self.clock = Some(held.time.wrapping_add(TICKS));
        Next::Frame(held.payload)
    }
}

/// Whether RTP time `a` lies before `b`, across the wrap.
fn before(a: u32, b: u32) -> bool {
    a != b && b.wrapping_sub(a) < 1 << 31
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(n: u8) -> Arc<[u8]> {
        // 20 ms of SILK, mono, one frame (RFC 6716 §3.1).
        vec![0x48, n].into()
    }
    fn play(echo: &mut Echo, ticks: usize) -> Vec<Option<u8>> {
        (0..ticks)
            .filter_map(|_| match echo.next() {
                Next::Frame(f) => Some(Some(f[1])),
                Next::Hole => Some(None),
                Next::Empty => None,
            })
            .collect()
    }

    #[test]
    fn nothing_is_played_before_the_head_start() {
        let mut echo = Echo::default();
        for n in 0..3u8 {
            echo.push(u64::from(n), 960 * u32::from(n), frame(n));
            assert_eq!(echo.next(), Next::Empty);
        }
        echo.push(3, 2_880, frame(3));
        assert_eq!(play(&mut echo, 9), [Some(0), Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn order_is_restored_and_a_lost_frame_leaves_its_time_free() {
        let mut echo = Echo::default();
        let start = u32::MAX - 960;
        for n in [0, 2, 1, 1, 5, 3] {
            echo.push(
                100 + u64::from(n),
                start.wrapping_add(960 * u32::from(n)),
                frame(n),
            );
        }
        let expected = [Some(0), Some(1), Some(2), Some(3), None, Some(5)];
        assert_eq!(play(&mut echo, 9), expected);
    }

    #[test]
    fn what_comes_too_late_is_dropped() {
        let mut echo = Echo::default();
        for n in [0, 1, 2, 4] {
            echo.push(u64::from(n), 960 * u32::from(n), frame(n));
        }
        assert_eq!(play(&mut echo, 4).len(), 4);
        echo.push(3, 2_880, frame(3));
        assert_eq!(play(&mut echo, 3), [Some(4)]);
    }

    #[test]
    fn a_flood_keeps_the_newest() {
        let mut echo = Echo::default();
        for n in 0..200u8 {
            echo.push(u64::from(n), 960 * u32::from(n), frame(n));
        }
        let played = play(&mut echo, 300);
        assert!(played.len() <= LIMIT);
        assert_eq!(played.last(), Some(&Some(199)));
    }

    #[test]
    fn a_leap_in_time_is_a_new_stream_and_not_an_hour_of_holes() {
        let mut echo = Echo::default();
        for n in 0..8u8 {
            let leap = if n < 4 { 0 } else { 1 << 30 };
            echo.push(u64::from(n), 960 * u32::from(n) + leap, frame(n));
        }
        assert_eq!(play(&mut echo, 8), (0..8).map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn long_frames_keep_their_pace() {
        let mut echo = Echo::default();
        for n in 0..4u8 {
            // 60 ms of SILK.
            echo.push(u64::from(n), 2_880 * u32::from(n), vec![0x58, n].into());
        }
        let played = play(&mut echo, 10);
        assert_eq!(
            played,
            [
                Some(0),
                None,
                None,
                Some(1),
                None,
                None,
                Some(2),
                None,
                None,
                Some(3)
            ]
        );
    }
}
