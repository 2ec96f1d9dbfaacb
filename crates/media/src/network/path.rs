//! One direction of a network: what becomes of each packet.

use std::time::Duration;

use super::{Conditions, Passage};

/// How much longer a late packet takes than the slowest of the others: longer than the 20 ms to the packet behind it, shorter
/// than the 40 ms to the one behind that.
const LATE: Duration = Duration::from_millis(30);

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It arrives at once.
    Now,
    /// It arrives at this instant.
    At(Duration),
    /// It never arrives.
    Lost,
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, the same everywhere.
#[derive(Debug, Clone)]
struct Dice(u64);

impl Dice {
    /// Evenly spread, from 0 to below 1.
    fn throw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Decides for each packet of one direction. Instants are durations since one origin of the caller's choice.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    conditions: Conditions,
    dice: Dice,
    /// Whether the last packet was lost in a run.
    in_run: bool,
    /// No packet that keeps its order arrives before this.
    latest: Duration,
    passage: Passage,
}

impl Path {
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            conditions,
            dice: Dice(seed),
            in_run: false,
            latest: Duration::ZERO,
            passage: Passage::default(),
        }
    }

    /// What becomes of a packet that sets out at `now`.
    pub fn pass(&mut self, now: Duration) -> Fate {
        let Conditions {
            loss,
            burst,
            delay,
            jitter,
            reorder,
        } = self.conditions;
        // Thrown for every packet, so that which ones are lost does not hang on the other conditions.
        let [fate, wait, order] = [(); 3].map(|()| self.dice.throw());
        self.passage.packets += 1;
        let lost = match burst {
            None => fate < loss,
            Some(_) if loss >= 1.0 => true,
            Some(burst) => {
                // Two states: a run ends with probability 1/burst and begins so often that the share comes out.
                let ends = 1.0 / burst;
                let begins = ends * loss / (1.0 - loss);
                self.in_run = if self.in_run {
                    fate >= ends
                } else {
                    fate < begins
                };
                self.in_run
            }
        };
        if lost {
            self.passage.lost += 1;
            return Fate::Lost;
        }
        if order < reorder {
            self.passage.late += 1;
            return Fate::At(now + delay + jitter + LATE);
        }
        let at = (now + delay + jitter.mul_f64(wait)).max(self.latest);
        self.latest = at;
        if at <= now { Fate::Now } else { Fate::At(at) }
    }

    /// What became of the packets so far.
    pub fn passage(&self) -> Passage {
        self.passage
    }

    /// Counts a packet as lost that was to arrive: there was no room to hold it.
    pub fn drop_held(&mut self) {
        self.passage.lost += 1;
    }

    /// Whether nothing ever passes.
    pub fn is_cut(&self) -> bool {
        self.conditions.loss >= 1.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const PACKET: Duration = Duration::from_millis(20);

    /// The fates of `count` packets, one in 20 ms.
    fn fates(conditions: Conditions, seed: u64, count: u32) -> Vec<Fate> {
        let mut path = Path::new(conditions, seed);
        (0..count).map(|i| path.pass(PACKET * i)).collect()
    }
    fn share(fates: &[Fate]) -> f64 {
        fates.iter().filter(|f| **f == Fate::Lost).count() as f64 / fates.len() as f64
    }
    /// Mean length of the runs of lost packets.
    fn mean_run(fates: &[Fate]) -> f64 {
        let lost = fates.iter().filter(|f| **f == Fate::Lost).count();
        let pairs = fates.windows(2);
        let runs = pairs.filter(|w| w[0] != Fate::Lost && w[1] == Fate::Lost);
        lost as f64 / runs.count() as f64
    }
    /// The order in which packets arrive.
    fn order(fates: &[Fate]) -> Vec<usize> {
        let mut arrivals: Vec<(Duration, usize)> = fates
            .iter()
            .enumerate()
            .filter_map(|(i, fate)| match fate {
                Fate::Now => Some((PACKET * i as u32, i)),
                Fate::At(at) => Some((*at, i)),
                Fate::Lost => None,
            })
            .collect();
        arrivals.sort();
        arrivals.into_iter().map(|(_, i)| i).collect()
    }

    #[test]
    fn a_clear_path_lets_everything_pass_at_once() {
        let fates = fates(Conditions::default(), 1, 1_000);
        assert!(fates.iter().all(|fate| *fate == Fate::Now));
    }

    #[test]
    fn the_share_asked_for_is_lost() {
        for loss in [0.01, 0.1, 0.5, 1.0] {
            let got = share(&fates(Conditions::loss(loss), 3, 50_000));
            assert!((got - loss).abs() < 0.01, "{got} instead of {loss}");
        }
    }

    #[test]
    fn runs_have_the_length_asked_for_and_the_share_stays() {
        for (loss, burst) in [(0.05, 1.0), (0.1, 3.0), (0.3, 8.0)] {
            let conditions = Conditions {
                loss,
                burst: Some(burst),
                ..Conditions::default()
            };
            let fates = fates(conditions, 5, 200_000);
            let (got, run) = (share(&fates), mean_run(&fates));
            assert!((got - loss).abs() < 0.02, "{got} instead of {loss}");
            assert!(
                (run - burst).abs() < burst * 0.06,
                "{run} instead of {burst}"
            );
        }
        // One by one, a tenth makes runs of 1 / 0.9.
        let run = mean_run(&fates(Conditions::loss(0.1), 5, 200_000));
        assert!((run - 1.11).abs() < 0.03, "{run}");
    }

    #[test]
    fn jitter_spreads_and_keeps_the_order() {
        let conditions = Conditions {
            delay: Duration::from_millis(100),
            jitter: Duration::from_millis(60),
            ..Conditions::default()
        };
        let fates = fates(conditions, 9, 5_000);
        assert_eq!(order(&fates), (0..5_000).collect::<Vec<_>>());
        let took: Vec<Duration> = fates
            .iter()
            .enumerate()
            .map(|(i, fate)| match fate {
                Fate::At(at) => *at - PACKET * i as u32,
                other => panic!("{other:?}"),
            })
            .collect();
        let (least, most) = (took.iter().min().unwrap(), took.iter().max().unwrap());
        assert!(
            *least >= Duration::from_millis(100) && *least < Duration::from_millis(105),
            "{least:?}"
        );
        assert!(
            *most <= Duration::from_millis(160) && *most > Duration::from_millis(155),
            "{most:?}"
        );
    }

    #[test]
    fn a_late_packet_is_overtaken_by_one() {
        for jitter in [0, 80] {
            let conditions = Conditions {
                reorder: 0.05,
                jitter: Duration::from_millis(jitter),
                ..Conditions::default()
            };
            let mut path = Path::new(conditions, 11);
            let fates: Vec<Fate> = (0..2_000).map(|i| path.pass(PACKET * i)).collect();
            let order = order(&fates);
            assert_eq!(order.len(), 2_000, "none is lost");
            let disorder = order.windows(2).filter(|w| w[1] < w[0]).count();
            let late = path.passage().late as usize;
            assert!((60..140).contains(&late), "{late}");
            // Two late ones in a row keep their order between them.
            assert!(
                disorder > late * 4 / 5 && disorder <= late,
                "{disorder} of {late}"
            );
            if jitter == 0 {
                let farthest = order
                    .iter()
                    .enumerate()
                    .map(|(at, i)| at.abs_diff(*i))
                    .max();
                assert!(farthest <= Some(2), "{farthest:?}");
            }
        }
    }

    #[test]
    fn which_packets_are_lost_does_not_hang_on_delay() {
        let lost = |conditions| {
            let fates = fates(conditions, 4, 2_000);
            let lost = fates.iter().enumerate().filter(|(_, f)| **f == Fate::Lost);
            lost.map(|(i, _)| i).collect::<Vec<_>>()
        };
        let slow = Conditions {
            delay: Duration::from_millis(300),
            jitter: Duration::from_millis(50),
            reorder: 0.1,
            ..Conditions::loss(0.2)
        };
        assert_eq!(lost(slow), lost(Conditions::loss(0.2)));
    }

    proptest! {
        #[test]
        fn the_same_seed_is_the_same_network(seed in any::<u64>(), loss in 0.0..0.9f64, jitter in 0u64..200, reorder in 0.0..1.0f64) {
            let conditions = Conditions { loss, jitter: Duration::from_millis(jitter), reorder, ..Conditions::default() };
            prop_assert_eq!(fates(conditions, seed, 300), fates(conditions, seed, 300));
            prop_assert!(loss < 0.1 || fates(conditions, seed, 300) != fates(conditions, seed ^ 1, 300));
        }

        #[test]
        fn nothing_takes_longer_than_it_may(seed in any::<u64>(), delay in 0u64..2_000, jitter in 0u64..2_000, gaps in proptest::collection::vec(0u64..50, 1..200)) {
            let (delay, jitter) = (Duration::from_millis(delay), Duration::from_millis(jitter));
            let mut path = Path::new(Conditions { delay, jitter, reorder: 0.2, ..Conditions::default() }, seed);
            let mut now = Duration::ZERO;
            for gap in gaps {
                now += Duration::from_millis(gap);
                match path.pass(now) {
                    Fate::Now => prop_assert!(delay.is_zero()),
                    Fate::At(at) => prop_assert!(at >= now + delay && at <= now + delay + jitter + LATE),
                    Fate::Lost => prop_assert!(false, "nothing is lost"),
                }
            }
        }
    }
}
