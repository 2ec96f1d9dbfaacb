//! Who may be tried now: attempts under way are counted for each receiver and in all, pure.
//!
//! A receiver that hangs keeps each of its places for the whole time of an attempt. What it may have is its own, so that
//! nobody else waits for it: not the other receivers of the same app, and, by the bound on all that hang together, not
//! the rest of the server.

use std::collections::{HashMap, VecDeque};

use url::{Host, Url};

/// Attempts at once to a receiver that answers.
pub(crate) const AT_ONCE: usize = 256;
/// Attempts at once to a receiver that has not answered yet.
const UNKNOWN: usize = 32;
/// Attempts at once to a receiver whose last attempt had no answer.
const SILENT: usize = 8;
/// Attempts at once to all receivers; each takes a socket.
const IN_ALL: usize = 2_048;
/// Of these, attempts to receivers whose last one had no answer.
const SILENT_IN_ALL: usize = IN_ALL / 2;
/// Receivers that are remembered though nothing is under way to them.
const MOST_KNOWN: usize = 4_096;

/// A receiver: scheme, host and port. What is behind the port is one program, whoever's callbacks name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Receiver {
    scheme: String,
    host: String,
    port: u16,
}

impl Receiver {
    /// The receiver a callback names; `None` where it names none.
    pub(crate) fn of(callback: &str) -> Option<Self> {
        let url = Url::parse(callback).ok()?;
        let host = match url.host()? {
            Host::Domain(name) => name.trim_end_matches('.').to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_canonical().to_string(),
        };
        Some(Self {
            scheme: url.scheme().to_owned(),
            host,
            port: url.port_or_known_default()?,
        })
    }
}

/// What was seen of a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    Answers,
    Silent,
}

#[derive(Debug)]
struct Queue<J> {
    seen: Seen,
    under_way: usize,
    waiting: VecDeque<J>,
    /// Whether it stands in one of the rows.
    in_row: bool,
}

impl<J> Queue<J> {
    /// Whether it has a job that its own bound lets begin.
    fn wants(&self) -> bool {
        let most = match self.seen {
            Seen::Nothing => UNKNOWN,
            Seen::Answers => AT_ONCE,
            Seen::Silent => SILENT,
        };
        self.under_way < most && !self.waiting.is_empty()
    }
}

/// The places, and the jobs that wait for one.
#[derive(Debug)]
pub(crate) struct Places<J> {
    receivers: HashMap<Receiver, Queue<J>>,
    /// Receivers that only the bounds on all hold up: whose turn it is next stands in front.
    row: VecDeque<Receiver>,
    /// Those of them that were silent last.
    silent_row: VecDeque<Receiver>,
    /// Whose turn it is where both rows could go on.
    silent_turn: bool,
    under_way: usize,
    silent_under_way: usize,
}

impl<J> Default for Places<J> {
    fn default() -> Self {
        Self {
            receivers: HashMap::new(),
            row: VecDeque::new(),
            silent_row: VecDeque::new(),
            silent_turn: false,
            under_way: 0,
            silent_under_way: 0,
        }
    }
}

impl<J> Places<J> {
    /// A job for a receiver: what may begin now.
    pub(crate) fn offer(&mut self, receiver: Receiver, job: J) -> Vec<(Receiver, J)> {
        let fresh = || Queue {
            seen: Seen::Nothing,
            under_way: 0,
            waiting: VecDeque::new(),
            in_row: false,
        };
        let queue = self.receivers.entry(receiver.clone()).or_insert_with(fresh);
        queue.waiting.push_back(job);
        self.stand_in_row(receiver);
        self.begin()
    }

    /// An attempt to this receiver is over, with an answer or without: what may begin now.
    pub(crate) fn ended(&mut self, receiver: &Receiver, answered: bool) -> Vec<(Receiver, J)> {
        if let Some(queue) = self.receivers.get_mut(receiver) {
            let was = queue.seen;
            self.under_way -= 1;
            queue.under_way -= 1;
            queue.seen = if answered {
                Seen::Answers
            } else {
                Seen::Silent
            };
            // The others under way to it change sides with it.
            match (was == Seen::Silent, queue.seen == Seen::Silent) {
                (true, true) => self.silent_under_way -= 1,
                (true, false) => self.silent_under_way -= queue.under_way + 1,
                (false, true) => self.silent_under_way += queue.under_way,
                (false, false) => {}
            }
            if (was == Seen::Silent) != (queue.seen == Seen::Silent) && queue.in_row {
                queue.in_row = false;
                self.row.retain(|other| other != receiver);
                self.silent_row.retain(|other| other != receiver);
            }
        }
        self.stand_in_row(receiver.clone());
        let begun = self.begin();
        if self.receivers.len() > MOST_KNOWN {
            let busy = |queue: &Queue<J>| queue.under_way > 0 || !queue.waiting.is_empty();
            self.receivers.retain(|_, queue| busy(queue));
        }
        begun
    }

    /// At the end of its row, if its own bound lets it begin something.
    fn stand_in_row(&mut self, receiver: Receiver) {
        let Some(queue) = self.receivers.get_mut(&receiver) else {
            return;
        };
        if queue.in_row || !queue.wants() {
            return;
        }
        queue.in_row = true;
        match queue.seen {
            Seen::Silent => self.silent_row.push_back(receiver),
            Seen::Nothing | Seen::Answers => self.row.push_back(receiver),
        }
    }

    /// Gives out the places there are, one a receiver in turn.
    fn begin(&mut self) -> Vec<(Receiver, J)> {
        let mut begun = Vec::new();
        while self.under_way < IN_ALL {
            let room = self.silent_under_way < SILENT_IN_ALL;
            let from_silent = room && (self.silent_turn || self.row.is_empty());
            let next = match from_silent {
                true => self.silent_row.pop_front().or_else(|| self.row.pop_front()),
                false => self.row.pop_front(),
            };
            let Some(receiver) = next else {
                break;
            };
            self.silent_turn = !self.silent_turn;
            let Some(queue) = self.receivers.get_mut(&receiver) else {
                continue;
            };
            queue.in_row = false;
            let silent = queue.seen == Seen::Silent;
            if queue.wants()
                && let Some(job) = queue.waiting.pop_front()
            {
                queue.under_way += 1;
                self.under_way += 1;
                self.silent_under_way += usize::from(silent);
                begun.push((receiver.clone(), job));
            }
            self.stand_in_row(receiver);
        }
        begun
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn receiver(n: usize) -> Receiver {
        Receiver::of(&format!("http://r{n}.example/")).unwrap()
    }

    /// Offers so many jobs; says how many began.
    fn offer(places: &mut Places<usize>, to: usize, jobs: usize) -> usize {
        (0..jobs)
            .map(|job| places.offer(receiver(to), job).len())
            .sum()
    }

    #[test]
    fn scheme_host_and_port_make_a_receiver() {
        let same = |a: &str, b: &str| Receiver::of(a).unwrap() == Receiver::of(b).unwrap();
        assert!(same(
            "http://Bot.example/a?x",
            "http://user@bot.example.:80/b"
        ));
        assert!(same("https://bot.example", "https://bot.example:443/hook"));
        assert!(same(
            "http://127.1:9000/",
            "http://[::ffff:127.0.0.1]:9000/"
        ));
        assert!(!same("http://bot.example", "https://bot.example"));
        assert!(!same("http://bot.example:81", "http://bot.example"));
        assert_eq!(Receiver::of("no URL"), None);
    }

    #[test]
    fn a_receiver_that_hangs_keeps_its_own_places_alone() {
        let mut places = Places::default();
        assert_eq!(offer(&mut places, 0, 1_000), UNKNOWN);
        assert_eq!(offer(&mut places, 1, 1), 1, "the other begins at once");
        // It lets its attempts run out: eight at a time from then on.
        for _ in 0..UNKNOWN - SILENT {
            assert!(places.ended(&receiver(0), false).is_empty());
        }
        for _ in 0..SILENT {
            assert_eq!(places.ended(&receiver(0), false).len(), 1);
        }
        // It answers again, and has all its places.
        assert_eq!(places.ended(&receiver(0), true).len(), AT_ONCE - SILENT + 1);
    }

    #[test]
    fn hundreds_that_hang_leave_half_of_all_places_to_the_others() {
        let mut places = Places::default();
        for n in 0..1_000 {
            assert!(offer(&mut places, n, 1) <= 1);
            places.ended(&receiver(n), false);
        }
        let begun: usize = (0..1_000).map(|n| offer(&mut places, n, 100)).sum();
        assert_eq!(begun, SILENT_IN_ALL);
        assert_eq!(offer(&mut places, 5_000, 10), 10);
    }

    #[test]
    fn places_that_come_free_go_round() {
        let mut places = Places::default();
        for n in 0..IN_ALL / UNKNOWN {
            assert_eq!(offer(&mut places, n, UNKNOWN + 2), UNKNOWN);
        }
        assert_eq!(offer(&mut places, 500, 2), 0, "all are taken");
        // Who waited longest is first, then the one that answered, which may have more than before; the others have what they may.
        let mut next = Vec::new();
        for _ in 0..3 {
            next.extend(places.ended(&receiver(0), true));
        }
        let names: Vec<_> = next.iter().map(|(r, _)| r.clone()).collect();
        assert_eq!(names, [receiver(500), receiver(0), receiver(500)]);
    }

    #[test]
    fn idle_receivers_are_forgotten_when_there_are_too_many() {
        let mut places = Places::default();
        for n in 0..3 * MOST_KNOWN {
            offer(&mut places, n, 1);
            places.ended(&receiver(n), true);
        }
        assert!(places.receivers.len() <= MOST_KNOWN + 1);
    }

    proptest! {
        /// Whatever comes and ends: no bound is passed, every job begins once, in the order of its receiver.
        #[test]
        fn no_job_is_lost_and_no_bound_is_passed(acts in prop::collection::vec((0usize..4, 0u8..3), 1..100)) {
            let mut places = Places::default();
            let mut under_way: Vec<Receiver> = Vec::new();
            let mut order: HashMap<Receiver, usize> = HashMap::new();
            let mut offered = [0usize; 4];
            let mut begun_in_all = 0;
            let mut check = |places: &Places<usize>, begun: Vec<(Receiver, usize)>, under_way: &mut Vec<Receiver>| {
                for (receiver, job) in begun {
                    let next = order.entry(receiver.clone()).or_default();
                    assert_eq!(*next, job);
                    *next += 1;
                    begun_in_all += 1;
                    under_way.push(receiver);
                }
                assert_eq!(places.under_way, under_way.len());
                assert!(places.silent_row.len() + places.row.len() <= places.receivers.len());
                let silent: usize = places.receivers.values().filter(|q| q.seen == Seen::Silent).map(|q| q.under_way).sum();
                assert_eq!(places.silent_under_way, silent);
                assert!(places.receivers.values().all(|q| q.under_way <= AT_ONCE));
                assert!(places.under_way <= IN_ALL);
            };
            for (to, act) in acts {
                if act == 0 && !under_way.is_empty() {
                    let ended = under_way.swap_remove(to % under_way.len());
                    let begun = places.ended(&ended, to % 2 == 0);
                    check(&places, begun, &mut under_way);
                } else {
                    for _ in 0..20 {
                        let begun = places.offer(receiver(to), offered[to]);
                        offered[to] += 1;
                        check(&places, begun, &mut under_way);
                    }
                }
            }
            while let Some(ended) = under_way.pop() {
                let begun = places.ended(&ended, true);
                check(&places, begun, &mut under_way);
            }
            prop_assert_eq!(begun_in_all, offered.iter().sum::<usize>());
        }
    }
}
