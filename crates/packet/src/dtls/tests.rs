//! Handshakes between two of our own, over networks that lose, repeat and reorder.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::srtp::DtlsRole;

/// Two ends and the datagrams between them, each with the time at which it comes.
struct Pair {
    ends: [Endpoint; 2],
    outcomes: [Option<Box<Outcome>>; 2],
    failures: [Option<Failure>; 2],
    waiting: Vec<(Instant, usize, Vec<u8>)>,
    /// The last flight of the server, which its user repeats.
    last: Vec<Vec<u8>>,
    now: Instant,
}

impl Pair {
    fn new() -> Self {
        let identity = Identity::generate().unwrap();
        let now = Instant::now();
        Self {
            ends: [DtlsRole::Client, DtlsRole::Server].map(|r| Endpoint::new(&identity, r, now)),
            outcomes: [None, None],
            failures: [None, None],
            waiting: Vec::new(),
            last: Vec::new(),
            now,
        }
    }

    /// Lets an end move on; `fate` answers when each datagram arrives, if it does, perhaps several times.
    fn step(
        &mut self,
        at: usize,
        datagram: Option<&[u8]>,
        fate: &mut impl FnMut(&[u8]) -> Vec<Duration>,
    ) {
        let mut sent = Vec::new();
        if self.outcomes[at].is_some() || self.failures[at].is_some() {
            if at == 1 && datagram.is_some_and(|d| d[0] == 22 || d[0] == 20) {
                sent = self.last.clone();
            }
        } else {
            let done = self.ends[at].advance(datagram, self.now, &mut |d| sent.push(d.to_vec()));
            match done {
                Ok(None) => {}
                Ok(outcome) => {
                    self.outcomes[at] = outcome;
                    if at == 1 {
                        self.last = sent.clone();
                    }
                }
                Err(failure) => self.failures[at] = Some(failure),
            }
        }
        for datagram in sent {
            for delay in fate(&datagram) {
                self.waiting
                    .push((self.now + delay, 1 - at, datagram.clone()));
            }
        }
    }

    fn run(&mut self, mut fate: impl FnMut(&[u8]) -> Vec<Duration>) {
        self.step(0, None, &mut fate);
        for _ in 0..10_000 {
            let open = |at: usize| self.outcomes[at].is_none() && self.failures[at].is_none();
            if !open(0) && !open(1) {
                return;
            }
            let next = (0..self.waiting.len()).min_by_key(|at| self.waiting[*at].0);
            let timer = [0, 1]
                .into_iter()
                .filter(|at| open(*at))
                .map(|at| (self.ends[at].due(), at))
                .min()
                .unwrap();
            match next {
                Some(at) if self.waiting[at].0 <= timer.0 => {
                    let (when, to, datagram) = self.waiting.remove(at);
                    self.now = self.now.max(when);
                    self.step(to, Some(&datagram), &mut fate);
                }
                _ => {
                    self.now = self.now.max(timer.0);
                    self.step(timer.1, None, &mut fate);
                }
            }
        }
        panic!("the handshake does not end");
    }

    fn agreed(&self) -> bool {
        let [Some(client), Some(server)] = &self.outcomes else {
            return false;
        };
        assert_eq!(client.keys.outbound, server.keys.inbound);
        assert_eq!(client.keys.inbound, server.keys.outbound);
        assert_eq!(client.profile, server.profile);
        true
    }
}

#[test]
fn both_ends_have_the_same_keys_and_know_each_other() {
    let mut pair = Pair::new();
    let mut count = 0;
    pair.run(|_| {
        count += 1;
        vec![Duration::from_millis(10)]
    });
    assert!(pair.agreed(), "{:?}", pair.failures);
    let fingerprint = pair.ends[0].identity_fingerprint();
    for outcome in &pair.outcomes {
        assert_eq!(outcome.as_ref().unwrap().peer, fingerprint);
    }
    assert_eq!(count, 4, "a datagram a flight");
}

#[test]
fn alerts_are_read_once_after_the_handshake() {
    let mut pair = Pair::new();
    pair.run(|_| vec![Duration::ZERO]);
    let [client, server] = &mut pair.outcomes;
    let (client, server) = (client.as_mut().unwrap(), server.as_mut().unwrap());
    for alert in [Alert::CLOSE_NOTIFY, Alert::fatal(40)] {
        let datagram = client.established.alert(alert).unwrap();
        assert_eq!(server.established.read_alert(&datagram), Some(alert));
        assert_eq!(server.established.read_alert(&datagram), None, "a replay");
        assert_eq!(client.established.read_alert(&datagram), None, "its own");
    }
    let mut forged = server.established.alert(Alert::CLOSE_NOTIFY).unwrap();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(client.established.read_alert(&forged), None);
}

#[test]
fn a_peer_that_never_answers_ends_in_a_time_out() {
    let mut pair = Pair::new();
    pair.run(|_| Vec::new());
    assert_eq!(pair.failures[0], Some(Failure::TimedOut));
}

#[test]
fn a_failure_is_told_by_its_alert() {
    let identity = Identity::generate().unwrap();
    let now = Instant::now();
    let mut server = Endpoint::new(&identity, DtlsRole::Server, now);
    // A ClientHello without use_srtp.
    let mut hello = hello::client_hello(&[1; 32], &[]);
    let at = hello.len() - 13;
    assert_eq!(hello[at..at + 2], [0, 14]);
    hello[at + 1] = 99;
    let mut body = Vec::new();
    message::write(&mut body, 1, 0, &hello);
    let mut datagram = Vec::new();
    record::header(&mut datagram, record::HANDSHAKE, 0, 0, body.len());
    datagram.extend(body);
    let mut sent = Vec::new();
    let done = server.advance(Some(&datagram), now, &mut |d| sent.push(d.to_vec()));
    assert_eq!(done.unwrap_err(), Failure::NoSrtp);
    let (record, _) = record::split(&sent[0]).unwrap();
    assert_eq!(
        (record.kind, record.body),
        (record::ALERT, [2, 40].as_slice())
    );
    let mut client = Endpoint::new(&identity, DtlsRole::Client, now);
    client.advance(None, now, &mut |_| {}).unwrap();
    let done = client.advance(Some(&sent[0]), now, &mut |_| {});
    let failure = done.unwrap_err();
    assert_eq!(failure, Failure::PeerAlert(Alert::fatal(40)));
    assert!(failure.to_string().contains("handshake_failure"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is lost, repeated or overtaken: as long as something gets through, both ends come to the same keys.
    #[test]
    fn a_bad_network_delays_and_changes_nothing(seed in any::<u64>(), loss in 0u64..60) {
        let mut state = seed | 1;
        let mut draw = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut lost = 0;
        let mut pair = Pair::new();
        pair.run(|_| {
            // Retries are limited: at most six datagrams are lost.
            if lost < 6 && draw() % 100 < loss {
                lost += 1;
                return Vec::new();
            }
            let times = 1 + usize::from(draw() % 4 == 0);
            (0..times).map(|_| Duration::from_millis(draw() % 300)).collect()
        });
        prop_assert!(pair.agreed(), "{:?}", pair.failures);
    }

    /// Bytes from anywhere at any time make no end panic, and a client that was not answered goes on.
    #[test]
    fn rubbish_is_survived(datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20), at in 0usize..2) {
        let mut pair = Pair::new();
        pair.step(0, None, &mut |_| vec![Duration::ZERO]);
        for datagram in &datagrams {
            pair.step(at, Some(datagram), &mut |_| Vec::new());
        }
    }

    /// A real handshake with one byte changed anywhere: keys or a failure, never a panic, and never keys that differ.
    #[test]
    fn a_changed_byte_never_makes_other_keys(which in 0usize..4, at in any::<u16>(), flip in 1u8..=255) {
        let mut pair = Pair::new();
        let mut n = 0;
        let mut changed = None;
        pair.run(|datagram| {
            if n == which && changed.is_none() {
                changed = Some(usize::from(at) % datagram.len());
            }
            n += 1;
            vec![Duration::ZERO]
        });
        // The run above shows how long datagrams are; this one changes the byte on its way.
        let mut pair = Pair::new();
        let mut seen = 0;
        pair.run_changed(|datagram| {
            if seen == which
                && let Some(at) = changed
                && let Some(byte) = datagram.get_mut(at)
            {
                *byte ^= flip;
            }
            seen += 1;
        });
        if let [Some(client), Some(server)] = &pair.outcomes {
            prop_assert_eq!(&client.keys.outbound, &server.keys.inbound);
        }
    }
}

impl Pair {
    /// Runs without delays; `change` may alter each datagram on its way.
    fn run_changed(&mut self, mut change: impl FnMut(&mut Vec<u8>)) {
        let mut fate = |_: &[u8]| vec![Duration::ZERO];
        self.step(0, None, &mut fate);
        for _ in 0..200 {
            if self.waiting.is_empty() {
                return;
            }
            let (_, to, mut datagram) = self.waiting.remove(0);
            change(&mut datagram);
            self.step(to, Some(&datagram), &mut fate);
        }
    }
}

impl Endpoint {
    fn identity_fingerprint(&self) -> [u8; 32] {
        self.identity_ref().fingerprint()
    }
}
