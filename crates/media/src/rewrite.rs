//! One outbound stream a leg: whatever SSRC, sequence and clock the sender uses, the receiver sees one
//! continuous stream whose holes are exactly the holes of the input (`media.md` §4.1 rule 5, §8).

use ahoy_packet::rtp::Fields;

use crate::leg::Media;

/// A forward jump above this is a restarted sender, not a loss (MAX_DROPOUT of RFC 3550 A.1).
const MAX_DROPOUT: i32 = 3_000;
/// A step back beyond this is a restarted sender, not reordering (MAX_MISORDER of RFC 3550 A.1).
const MAX_MISORDER: i32 = 100;
/// Ticks of Opus's RTP clock in one 20 ms frame (`media.md` §8).
const FRAME_TICKS: u32 = 960;
/// Ticks a millisecond of the 48 kHz clock.
const TICKS_PER_MS: u64 = 48;

/// Where the input stream is tied to the output stream.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    ssrc: u32,
    highest_in: u16,
    /// Input numbers up to here belong to an earlier numbering: their output numbers are taken.
    floor: Option<u16>,
    /// Input numbers that were left out: bit `n` is `highest_in - n`.
    left_out: u128,
    seq_offset: u16,
    ts_offset: u32,
}

/// Sequence number and timestamp of a packet to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// RTP sequence number.
    pub seq: u16,
    /// RTP timestamp on the 48 kHz clock.
    pub timestamp: u32,
}

/// Renumbers one outbound stream. Pure: time comes in as milliseconds.
#[derive(Debug, Clone)]
pub struct Rewriter {
    anchor: Option<Anchor>,
    next_seq: u16,
    last_ts: u32,
    last_at_ms: u64,
    started: bool,
}

impl Rewriter {
    /// Begins at a random sequence number below 2^15, so that the first wrap lies far ahead of the first packet and a lost
    /// beginning cannot put the receiver's roll-over counter wrong (`media.md` §8), and at a random timestamp.
    pub fn new(random_seq: u16, random_ts: u32) -> Self {
        Self {
            anchor: None,
            // Reordered packets older than the first one forwarded still get a positive number.
            next_seq: (random_seq & 0x7fff).max(256),
            last_ts: random_ts,
            last_at_ms: 0,
            started: false,
        }
    }

    /// The stamp of an input packet. Loss and reordering of the input stay as they are; a new SSRC or a restarted
    /// numbering continues the output without a hole. The timestamp of a telephone event is that of its press, or none of this
    /// stream's at all, and sets no clock. `None` for a packet that comes too late to have a number of its own: under SRTP a number
    /// used twice would be a key stream used twice (RFC 3711 §9.1).
    pub(crate) fn renumber(&mut self, media: Media, from: &Fields, now_ms: u64) -> Option<Stamp> {
        let timed = media == Media::Audio;
        self.stamp(from.ssrc.0, from.sequence, from.timestamp, timed, now_ms)
    }

    fn stamp(
        &mut self,
        ssrc: u32,
        seq: u16,
        timestamp: u32,
        timed: bool,
        now_ms: u64,
    ) -> Option<Stamp> {
        let anchor = match self.anchor {
            Some(a) if a.ssrc == ssrc && plausible(a.highest_in, seq) => a,
            _ => {
                let out_ts = self.continued_ts(now_ms);
                Anchor {
                    ssrc,
                    highest_in: seq,
                    floor: self.started.then(|| seq.wrapping_sub(1)),
                    seq_offset: self.next_seq.wrapping_sub(seq),
                    ts_offset: out_ts.wrapping_sub(timestamp),
                    left_out: 0,
                }
            }
        };
        if anchor.floor.is_some_and(|floor| step(floor, seq) <= 0) {
            return None;
        }
        let ahead = step(anchor.highest_in, seq);
        // A late packet is numbered as it would have been in time: before what was left out behind it.
        let closed_up = u32::try_from(-ahead)
            .ok()
            .map_or(0, |late| (anchor.left_out & bits_below(late)).count_ones());
        let stamp = Stamp {
            seq: seq
                .wrapping_add(anchor.seq_offset)
                .wrapping_add(closed_up as u16),
            timestamp: timestamp.wrapping_add(anchor.ts_offset),
        };
        let newest = ahead >= 0;
        let highest_in = if newest { seq } else { anchor.highest_in };
        self.anchor = Some(Anchor {
            highest_in,
            left_out: moved_on(anchor.left_out, ahead),
            // Once out of reach of reordering the floor has done its duty; kept longer, it would turn into the future.
            floor: anchor
                .floor
                .filter(|floor| step(*floor, highest_in) <= 2 * MAX_MISORDER),
            ..anchor
        });
        if newest || !self.started {
            self.next_seq = stamp.seq.wrapping_add(1);
            if timed || !self.started {
                self.last_ts = stamp.timestamp;
                self.last_at_ms = now_ms;
            }
            self.started = true;
        }
        Some(stamp)
    }

    /// The stamp of a packet that is not in the input (a digit the platform plays). The input that follows moves up by one.
    /// `timestamp` is given for the later packets of one event, which all carry that of the first.
    pub fn insert(&mut self, timestamp: Option<u32>, now_ms: u64) -> Stamp {
        let stamp = Stamp {
            seq: self.next_seq,
            timestamp: timestamp.unwrap_or_else(|| self.continued_ts(now_ms)),
        };
        if let Some(anchor) = &mut self.anchor {
            anchor.seq_offset = anchor.seq_offset.wrapping_add(1);
            anchor.floor = Some(anchor.highest_in);
        }
        self.next_seq = stamp.seq.wrapping_add(1);
        if timestamp.is_none() {
            self.last_ts = stamp.timestamp;
            self.last_at_ms = now_ms;
        }
        self.started = true;
        stamp
    }

    /// Leaves out one packet of the input without a hole in the output: what is no audio, and audio while a digit is played.
    pub fn skip(&mut self, ssrc: u32, seq: u16) {
        if let Some(anchor) = &mut self.anchor
            && anchor.ssrc == ssrc
            && plausible(anchor.highest_in, seq)
            && step(anchor.highest_in, seq) > 0
        {
            // Packets lost on the way stay a hole; only the one left out is closed up.
            let ahead = step(anchor.highest_in, seq);
            let lost = ahead - 1;
            anchor.highest_in = seq;
            anchor.left_out = moved_on(anchor.left_out, ahead) | 1;
            anchor.floor = anchor
                .floor
                .filter(|floor| step(*floor, seq) <= 2 * MAX_MISORDER);
            anchor.seq_offset = anchor.seq_offset.wrapping_sub(1);
            self.next_seq = self.next_seq.wrapping_add(lost as u16);
        }
    }

    /// The timestamp that stands for `now_ms` on the output's clock: for sender reports (RFC 3550 §6.4.1).
    pub fn timestamp_at(&self, now_ms: u64) -> u32 {
        let passed = now_ms
            .saturating_sub(self.last_at_ms)
            .saturating_mul(TICKS_PER_MS);
        self.last_ts.wrapping_add(passed as u32)
    }

    fn continued_ts(&self, now_ms: u64) -> u32 {
        if !self.started {
            return self.last_ts;
        }
        let passed = now_ms
            .saturating_sub(self.last_at_ms)
            .saturating_mul(TICKS_PER_MS);
        self.last_ts.wrapping_add((passed as u32).max(FRAME_TICKS))
    }
}

fn step(from: u16, to: u16) -> i32 {
    i32::from(to.wrapping_sub(from) as i16)
}

/// Bits `0..count`.
const fn bits_below(count: u32) -> u128 {
    match 1u128.checked_shl(count) {
        Some(bit) => bit - 1,
        None => u128::MAX,
    }
}

/// The bits of what was left out, seen from a number so far ahead.
fn moved_on(left_out: u128, ahead: i32) -> u128 {
    match u32::try_from(ahead) {
        Ok(ahead) => left_out.checked_shl(ahead).unwrap_or(0),
        Err(_) => left_out,
    }
}

fn plausible(highest: u16, seq: u16) -> bool {
    (-MAX_MISORDER..=MAX_DROPOUT).contains(&step(highest, seq))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    impl Rewriter {
        fn forward(&mut self, ssrc: u32, seq: u16, timestamp: u32, now_ms: u64) -> Option<Stamp> {
            self.stamp(ssrc, seq, timestamp, true, now_ms)
        }
        fn forward_event(
            &mut self,
            ssrc: u32,
            seq: u16,
            timestamp: u32,
            now_ms: u64,
        ) -> Option<Stamp> {
            self.stamp(ssrc, seq, timestamp, false, now_ms)
        }
    }

    #[test]
    fn loss_and_order_of_the_input_stay_visible() {
        let mut r = Rewriter::new(1_000, 50_000);
        let first = r.forward(7, 65_534, 960, 0).unwrap();
        assert_eq!(
            first,
            Stamp {
                seq: 1_000,
                timestamp: 50_000
            }
        );
        // 65_535 is lost, 1 overtakes 0.
        assert_eq!(r.forward(7, 1, 960 * 4, 60).unwrap().seq, 1_003);
        assert_eq!(
            r.forward(7, 0, 960 * 3, 61).unwrap(),
            Stamp {
                seq: 1_002,
                timestamp: 50_000 + 960 * 2
            }
        );
        assert_eq!(r.forward(7, 2, 960 * 5, 80).unwrap().seq, 1_004);
    }

    #[test]
    fn a_new_ssrc_continues_without_a_hole() {
        let mut r = Rewriter::new(1_000, 0);
        r.forward(7, 10, 0, 0).unwrap();
        r.forward(7, 11, 960, 20).unwrap();
        let next = r.forward(8, 40_000, 123_456, 60).unwrap();
        assert_eq!(
            next,
            Stamp {
                seq: 1_002,
                timestamp: 960 + 40 * 48
            }
        );
        assert_eq!(r.forward(8, 40_001, 123_456 + 960, 80).unwrap().seq, 1_003);
    }

    #[test]
    fn a_restarted_numbering_continues_without_a_hole() {
        let mut r = Rewriter::new(1_000, 0);
        r.forward(7, 100, 0, 0).unwrap();
        assert_eq!(r.forward(7, 20_000, 1, 20).unwrap().seq, 1_001);
        assert_eq!(r.forward(7, 19_000, 1, 40).unwrap().seq, 1_002);
        assert_eq!(r.forward(7, 19_001, 961, 60).unwrap().seq, 1_003);
    }

    #[test]
    fn inserted_packets_move_the_input_up() {
        let mut r = Rewriter::new(1_000, 0);
        r.forward(7, 1, 0, 0).unwrap();
        let digit = r.insert(None, 20);
        assert_eq!(
            digit,
            Stamp {
                seq: 1_001,
                timestamp: 960
            }
        );
        let again = r.insert(Some(digit.timestamp), 40);
        assert_eq!(
            again,
            Stamp {
                seq: 1_002,
                timestamp: 960
            }
        );
        // Audio of the sender was left out meanwhile.
        r.skip(7, 2);
        r.skip(7, 3);
        assert_eq!(
            r.forward(7, 4, 960 * 3, 60).unwrap(),
            Stamp {
                seq: 1_003,
                timestamp: 960 * 3
            }
        );
    }

    #[test]
    fn what_is_lost_while_packets_are_left_out_stays_a_hole() {
        let mut r = Rewriter::new(1_000, 0);
        r.forward(7, 1, 0, 0).unwrap();
        r.skip(7, 4); // 2 and 3 are lost, 4 is left out
        assert_eq!(r.forward(7, 5, 960 * 4, 80).unwrap().seq, 1_003);
    }

    #[test]
    fn what_comes_late_stands_before_what_was_left_out_behind_it() {
        let mut r = Rewriter::new(1_000, 0);
        r.forward(7, 1, 0, 0).unwrap();
        r.skip(7, 3);
        r.skip(7, 5);
        assert_eq!(r.forward(7, 6, 960 * 5, 100).unwrap().seq, 1_003);
        assert_eq!(r.forward(7, 4, 960 * 3, 101).unwrap().seq, 1_002);
        assert_eq!(r.forward(7, 2, 960, 102).unwrap().seq, 1_001);
    }

    #[test]
    fn an_event_sets_no_clock() {
        let mut r = Rewriter::new(1_000, 0);
        r.forward(7, 1, 960, 0).unwrap();
        let event = r.forward_event(7, 2, 5, 20).unwrap();
        assert_eq!(event.seq, 1_001);
        assert_eq!(r.timestamp_at(20), 960);
        assert_eq!(
            r.forward_event(7, 3, 5, 40).unwrap().timestamp,
            event.timestamp
        );
    }

    proptest! {
        #[test]
        fn audio_is_continuous_whatever_stands_between_and_late_packets_find_their_place(
            start in any::<u16>(),
            random in any::<u16>(),
            packets in proptest::collection::vec((any::<bool>(), 0usize..40), 2..400),
        ) {
            // Audio may be late, by some packets; the first of it is not.
            let first = packets.iter().position(|(audio, _)| *audio);
            let mut order: Vec<usize> = (0..packets.len()).collect();
            order.sort_by_key(|i| match packets[*i] {
                (true, delay) if Some(*i) != first => i + delay,
                _ => *i,
            });
            let mut r = Rewriter::new(random, 0);
            let mut out: Vec<(usize, u16)> = Vec::new();
            for (place, i) in order.into_iter().enumerate() {
                let seq = start.wrapping_add(i as u16);
                if packets[i].0 {
                    let stamp = r.forward(7, seq, i as u32 * 960, place as u64 * 20);
                    out.push((i, stamp.unwrap().seq));
                } else {
                    r.skip(7, seq);
                }
            }
            out.sort_unstable();
            for pair in out.windows(2) {
                prop_assert_eq!(pair[1].1, pair[0].1.wrapping_add(1));
            }
        }

        #[test]
        fn a_continuous_input_is_a_continuous_output(start in any::<u16>(), random in any::<u16>(), cut in 1usize..300) {
            let mut r = Rewriter::new(random, 0);
            let mut last: Option<u16> = None;
            for i in 0..600usize {
                let ssrc = u32::from(i >= cut);
                let at = i as u64 * 20;
                let stamp = if i % 50 == 49 { Some(r.insert(None, at)) } else { r.forward(ssrc, start.wrapping_add((i - i / 50) as u16), i as u32 * 960, at) }.unwrap();
                if let Some(last) = last {
                    prop_assert_eq!(stamp.seq, last.wrapping_add(1));
                }
                last = Some(stamp.seq);
            }
        }

        #[test]
        fn no_output_number_is_ever_used_twice(
            random in any::<u16>(),
            inputs in proptest::collection::vec((0u8..8, -8i32..30, 0u32..3), 0..400),
        ) {
            let mut r = Rewriter::new(random, 0);
            let mut used = std::collections::HashSet::new();
            let mut given = std::collections::HashSet::new();
            let mut at = 5_000i32;
            for (i, (what, by, ssrc)) in inputs.into_iter().enumerate() {
                at += by;
                let (seq, ssrc) = (at as u16, 100 + ssrc / 2);
                let stamp = match what {
                    0 => Some(r.insert(None, i as u64)),
                    // SRTP lets no packet in twice (RFC 3711 §3.3.2).
                    _ if !given.insert((ssrc, seq)) => None,
                    1 => { r.skip(ssrc, seq); None }
                    _ => r.forward(ssrc, seq, 0, i as u64),
                };
                if let Some(stamp) = stamp {
                    prop_assert!(used.insert(stamp.seq), "{} twice", stamp.seq);
                }
            }
        }
    }
}
