//! A worker: one thread, one port, and the calls it owns outright. It reads all its sockets, sends everything, then rests.

mod commands;
mod network;
mod receive;
mod strays;

use std::collections::{BTreeSet, HashMap};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use ahoy_types::Ufrag;
use serde::Serialize;

use crate::BridgeId;
use crate::book::{Book, LegKey};
use crate::call::{Call, Limits};
use crate::command::Command;
use crate::cx::{Cx, Dice, Epoch, Sink};
use crate::dtls::Identity;
use crate::net::Net;
use crate::network::held::Held;
use crate::plan::random;
use crate::rest::RestPolicy;
use crate::sys::{self, Inbox, WakerEnd};
use crate::wheel::Wheel;

/// The longest block without a timer.
const IDLE: Duration = Duration::from_secs(60);

/// Figures of a worker.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WorkerStats {
    /// Calls owned.
    pub calls: usize,
    /// User name fragments that are answered.
    pub ufrags: usize,
    /// Peer addresses known.
    pub addresses: usize,
    /// Deadlines waited for.
    pub timers: usize,
    /// Calls with a 20 ms tick.
    pub ticking: usize,
    /// Packets on their way through an emulated network.
    pub held: usize,
    /// Datagrams received.
    pub received: u64,
    /// Datagrams sent.
    pub sent: u64,
    /// Datagrams the system did not take: no route, a full buffer.
    pub refused: u64,
    /// Datagrams from addresses no leg has proved to be its peer's.
    pub unknown_address: u64,
    /// Connectivity checks that named no leg here.
    pub unknown_ufrag: u64,
    /// STUN that was malformed, no request, or without the right integrity.
    pub bad_stun: u64,
    /// Datagrams that are none of STUN, DTLS, RTP and RTCP.
    pub rubbish: u64,
    /// Packets a second, smoothed.
    pub rate: f64,
}

pub(crate) struct Worker {
    net: Net,
    held: Held,
    end: WakerEnd,
    commands: Receiver<Command>,
    calls: Vec<Option<Box<Call>>>,
    free: Vec<u32>,
    by_bridge: HashMap<BridgeId, u32>,
    by_ufrag: HashMap<Ufrag, LegKey>,
    book: Book,
    timers: BTreeSet<(Instant, u32)>,
    due: HashMap<u32, Instant>,
    wheel: Wheel,
    policy: RestPolicy,
    limits: Limits,
    identity: Identity,
    sink: Arc<Sink>,
    epoch: Epoch,
    dice: Dice,
    strays: Strays,
    stats: WorkerStats,
}

// The surroundings of a call, borrowed from all of the worker but its calls.
macro_rules! cx {
    ($worker:expr, $now:expr) => {
        &mut Cx {
            now: $now,
            epoch: &$worker.epoch,
            net: &mut $worker.net,
            held: &mut $worker.held,
            sink: &*$worker.sink,
            identity: &$worker.identity,
            dice: &$worker.dice,
        }
    };
}

// A call by its number.
macro_rules! call {
    ($worker:expr, $call:expr) => {
        $worker
            .calls
            .get_mut($call as usize)
            .and_then(Option::as_mut)
    };
}
use commands::Served;
pub(crate) use strays::Stray;
use strays::Strays;
use {call, cx};

impl Worker {
    pub fn new(
        net: Net,
        end: WakerEnd,
        commands: Receiver<Command>,
        identity: Identity,
        sink: Arc<Sink>,
        limits: Limits,
        max_rest: Duration,
    ) -> Self {
        Self {
            net,
            held: Held::default(),
            end,
            commands,
            calls: Vec::new(),
            free: Vec::new(),
            by_bridge: HashMap::new(),
            by_ufrag: HashMap::new(),
            book: Book::default(),
            timers: BTreeSet::new(),
            due: HashMap::new(),
            wheel: Wheel::new(),
            policy: RestPolicy::new(max_rest),
            limits,
            identity,
            sink,
            epoch: Epoch::new(Instant::now()),
            dice: Dice::new(u64::from_ne_bytes(random())),
            strays: Strays::default(),
            stats: WorkerStats::default(),
        }
    }

    /// Serves until it is told to stop or nobody is left to tell it.
    pub fn run(mut self) {
        let mut inbox = Inbox::new();
        let mut ticking = Vec::new();
        let mut woken = true;
        loop {
            let mut again = false;
            if self.end.drain(woken) {
                match self.serve_commands() {
                    Served::All => {}
                    Served::Some => again = true,
                    Served::Stop => return self.stop(),
                }
            }
            let (served, more, commands) = self.serve_sockets(&mut inbox);
            match commands {
                Served::All => {}
                Served::Some => again = true,
                Served::Stop => return self.stop(),
            }
            let now = Instant::now();
            self.serve_ticks(now, &mut ticking);
            self.serve_held(now);
            self.serve_timers(now);
            self.net.flush();
            self.policy.served(served, self.epoch.since(now));
            woken = again || (!more && self.rest(now));
        }
    }

    /// Waits for something to do; says whether somebody called.
    fn rest(&mut self, now: Instant) -> bool {
        if let Some(rest) = self.policy.rest() {
            return sys::wait(&[&self.end], Some(rest)) != 0;
        }
        let tick = self
            .wheel
            .next()
            .map(|ms| self.epoch.start + Duration::from_millis(ms));
        let timer = self.timers.first().map(|(at, _)| *at);
        let held = self.held.next().map(|at| self.epoch.start + at);
        let until = [tick, timer, held].into_iter().flatten().min();
        let wait = until.map_or(IDLE, |at| at.saturating_duration_since(now).min(IDLE));
        let mut fds: [&dyn AsFd; 3] = [&self.end; 3];
        let mut count = 1;
        for socket in self.net.sockets().into_iter().flatten() {
            fds[count] = socket;
            count += 1;
        }
        sys::wait(&fds[..count], Some(wait)) & 1 != 0
    }

    fn serve_ticks(&mut self, now: Instant, due: &mut Vec<u32>) {
        self.wheel
            .turn(self.epoch.since(now).as_millis() as u64, due);
        for number in due.drain(..) {
            let Some(call) = call!(self, number) else {
                continue;
            };
            call.tick(cx!(self, now));
            if !call.wants_ticks() {
                self.wheel.remove(number);
            }
        }
    }

    fn serve_timers(&mut self, now: Instant) {
        while let Some((at, number)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, number));
            self.due.remove(&number);
            if let Some(call) = call!(self, number) {
                call.on_time(cx!(self, now));
                self.schedule(number);
            }
        }
    }

    /// Puts a call's next deadline into the timers, one entry a call.
    fn schedule(&mut self, number: u32) {
        let next = call!(self, number).and_then(|call| call.due(self.epoch.start));
        let before = match next {
            Some(at) => self.due.insert(number, at),
            None => self.due.remove(&number),
        };
        if before == next {
            return;
        }
        if let Some(at) = before {
            self.timers.remove(&(at, number));
        }
        if let Some(at) = next {
            self.timers.insert((at, number));
        }
    }

    fn stats(&self) -> WorkerStats {
        WorkerStats {
            calls: self.by_bridge.len(),
            ufrags: self.by_ufrag.len(),
            addresses: self.book.len(),
            timers: self.timers.len(),
            ticking: self.wheel.len(),
            held: self.held.len(),
            sent: self.net.sent,
            refused: self.net.refused,
            rate: self.policy.rate(),
            ..self.stats.clone()
        }
    }
}
