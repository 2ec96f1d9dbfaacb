//! A worker: one thread, one port, and the calls it owns outright. It reads all its sockets, sends everything, then rests.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use ahoy_packet::demux::{self, Kind};
use ahoy_packet::stun;
use ahoy_types::Ufrag;
use serde::Serialize;

use crate::book::{Book, LegKey, Owners};
use crate::call::{Call, Limits};
use crate::command::Command;
use crate::cx::{Cx, Dice, Epoch, Sink};
use crate::dtls::{self, Identity};
use crate::net::Net;
use crate::plan::random;
use crate::rest::RestPolicy;
use crate::sys::{self, BATCH, Inbox, ROOM, WakerEnd};
use crate::wheel::Wheel;
use crate::{BridgeId, MediaEvent, Side};

/// Commands served between two looks at the sockets, so that a thousand new calls make no gap in the running ones.
const COMMANDS_A_ROUND: usize = 64;
/// Batches taken from one socket before the other has its turn.
const BATCHES_A_ROUND: usize = 4;
/// Legs of a shared address whose keys are tried on a packet of an unknown source.
const MAX_TRIES: usize = 16;
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
    /// Datagrams received.
    pub received: u64,
    /// Datagrams sent.
    pub sent: u64,
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
    scratch: Box<[u8]>,
    stats: WorkerStats,
}

/// The surroundings of a call, borrowed from all of the worker but its calls.
macro_rules! cx {
    ($worker:expr, $now:expr) => {
        &mut Cx {
            now: $now,
            epoch: &$worker.epoch,
            net: &mut $worker.net,
            sink: &*$worker.sink,
            identity: &$worker.identity,
            scratch: &mut $worker.scratch,
            dice: &$worker.dice,
        }
    };
}

/// A call by its number.
macro_rules! call {
    ($worker:expr, $call:expr) => {
        $worker
            .calls
            .get_mut($call as usize)
            .and_then(Option::as_mut)
    };
}

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
            scratch: vec![0; ROOM].into(),
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
            let (served, more) = self.serve_sockets(&mut inbox);
            let now = Instant::now();
            self.serve_ticks(now, &mut ticking);
            self.serve_timers(now);
            self.net.flush();
            self.policy.served(served, self.epoch.since(now));
            woken = again || (!more && self.rest(now));
        }
    }

    /// Waits for something to do; says whether somebody called.
    fn rest(&self, now: Instant) -> bool {
        if let Some(rest) = self.policy.rest() {
            return sys::wait(&[&self.end], Some(rest)) != 0;
        }
        let tick = self
            .wheel
            .next()
            .map(|ms| self.epoch.start + Duration::from_millis(ms));
        let timer = self.timers.first().map(|(at, _)| *at);
        let until = [tick, timer].into_iter().flatten().min();
        let wait = until.map_or(IDLE, |at| at.saturating_duration_since(now).min(IDLE));
        let mut fds: [&dyn AsFd; 3] = [&self.end; 3];
        let mut count = 1;
        for socket in self.net.sockets().into_iter().flatten() {
            fds[count] = socket;
            count += 1;
        }
        sys::wait(&fds[..count], Some(wait)) & 1 != 0
    }

    /// Takes what has arrived. Says how many datagrams, and whether there may be more.
    fn serve_sockets(&mut self, inbox: &mut Inbox) -> (usize, bool) {
        let (mut served, mut more) = (0, false);
        for port in 0..2 {
            for round in 1..=BATCHES_A_ROUND {
                let received = self.net.receive(port, inbox);
                let now = Instant::now();
                for (buffer, len, from) in inbox.iter_mut() {
                    self.on_datagram(buffer, len, from, now);
                }
                served += received;
                self.net.flush();
                if received < BATCH {
                    break;
                }
                more |= round == BATCHES_A_ROUND;
            }
        }
        self.stats.received += served as u64;
        (served, more)
    }

    fn on_datagram(&mut self, buffer: &mut [u8; ROOM], len: usize, from: SocketAddr, now: Instant) {
        let packet = buffer.get(..len).unwrap_or_default();
        match demux::classify(packet) {
            Kind::Rtp => self.on_media(buffer, len, from, now, false),
            Kind::Rtcp => self.on_media(buffer, len, from, now, true),
            Kind::Stun => self.on_stun(packet, from, now),
            Kind::Dtls => self.on_dtls(packet, from, now),
            Kind::Unknown => self.stats.rubbish += 1,
        }
    }

    fn on_stun(&mut self, packet: &[u8], from: SocketAddr, now: Instant) {
        let Ok(request) = stun::parse_binding_request(packet) else {
            self.stats.bad_stun += 1;
            return;
        };
        let Some(key) = self.by_ufrag.get(request.local_ufrag).copied() else {
            self.stats.unknown_ufrag += 1;
            return;
        };
        let Some(call) = call!(self, key.call) else {
            return;
        };
        let Some(change) = call.on_check(key.side, &request, from, cx!(self, now)) else {
            self.stats.bad_stun += 1;
            return;
        };
        if let Some(evicted) = change.evicted {
            self.book.remove(evicted, key);
        }
        if change.added {
            self.book.add(from, key);
        }
        if change.nominated.is_some() {
            self.schedule(key.call);
        }
    }

    fn on_dtls(&mut self, packet: &[u8], from: SocketAddr, now: Instant) {
        let Some(key) = self.dtls_owner(packet, from) else {
            self.stats.unknown_address += 1;
            return;
        };
        let Some(call) = call!(self, key.call) else {
            return;
        };
        call.on_dtls(key.side, packet, from, cx!(self, now));
        self.schedule(key.call);
    }

    /// Records carry no name. At a shared address handshakes are taken one after the other: a ClientHello that comes
    /// while another leg is in its handshake is retransmitted by its sender.
    fn dtls_owner(&self, packet: &[u8], from: SocketAddr) -> Option<LegKey> {
        let leg = |key: LegKey| {
            self.calls
                .get(key.call as usize)
                .and_then(Option::as_ref)
                .and_then(|call| call.leg(key.side))
        };
        match self.book.find(from)? {
            Owners::One(key) => Some(*key),
            Owners::Many(shared) => {
                let busy = shared
                    .legs()
                    .find(|key| leg(*key).is_some_and(|leg| leg.in_handshake()));
                let waiting = || {
                    dtls::is_client_hello(packet)
                        .then(|| {
                            shared
                                .legs()
                                .find(|key| leg(*key).is_some_and(|leg| leg.awaits_hello()))
                        })
                        .flatten()
                };
                busy.or_else(waiting)
            }
        }
    }

    fn on_media(
        &mut self,
        buffer: &mut [u8; ROOM],
        len: usize,
        from: SocketAddr,
        now: Instant,
        rtcp: bool,
    ) {
        // RTP has its source behind sequence number and timestamp, RTCP right behind the first word.
        let at = if rtcp { 4 } else { 8 };
        let ssrc = buffer
            .get(at..at + 4)
            .and_then(|four| four.try_into().ok())
            .map_or(0, u32::from_be_bytes);
        let key = match self.book.find(from) {
            None => {
                self.stats.unknown_address += 1;
                return;
            }
            Some(Owners::One(key)) => *key,
            Some(Owners::Many(shared)) => match shared.by_ssrc(ssrc) {
                Some(key) => key,
                None => {
                    let tries: Vec<LegKey> = shared.legs().take(MAX_TRIES).collect();
                    return self.try_all(&tries, buffer, len, (from, ssrc), now, rtcp);
                }
            },
        };
        self.deliver(key, buffer, len, now, rtcp);
    }

    fn deliver(
        &mut self,
        key: LegKey,
        buffer: &mut [u8],
        len: usize,
        now: Instant,
        rtcp: bool,
    ) -> bool {
        match call!(self, key.call) {
            Some(call) if rtcp => call.on_rtcp(key.side, buffer, len, cx!(self, now)),
            Some(call) => call.on_rtp(key.side, buffer, len, cx!(self, now)),
            None => false,
        }
    }

    /// The first packet of a source at a shared address: it belongs to whoever's key opens it.
    fn try_all(
        &mut self,
        tries: &[LegKey],
        buffer: &[u8; ROOM],
        len: usize,
        (from, ssrc): (SocketAddr, u32),
        now: Instant,
        rtcp: bool,
    ) {
        for key in tries {
            // A key that does not fit may spoil the bytes (RFC 7714), so each works on its own copy.
            let mut copy = *buffer;
            if self.deliver(*key, &mut copy, len, now, rtcp) {
                return self.book.learn(from, ssrc, *key);
            }
        }
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

    fn serve_commands(&mut self) -> Served {
        for _ in 0..COMMANDS_A_ROUND {
            match self.commands.try_recv() {
                Ok(Command::Stop) | Err(TryRecvError::Disconnected) => return Served::Stop,
                Ok(command) => self.on_command(command, Instant::now()),
                Err(TryRecvError::Empty) => return Served::All,
            }
        }
        Served::Some
    }

    fn on_command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Arm {
                bridge,
                setup,
                armed,
            } => {
                self.arm(bridge, *setup, now);
                // Nobody may be waiting any more.
                let _ = armed.send(());
            }
            Command::SetRemote {
                bridge,
                side,
                remote,
            } => {
                self.with(bridge, |call, cx| call.set_remote(side, remote, cx), now);
            }
            Command::OpenGate { bridge } => {
                self.with(bridge, |call, cx| call.open_gate(cx), now);
                self.start_ticks(bridge);
            }
            Command::Press { bridge, digits } => {
                let idle = self.with(bridge, |call, _| !call.wants_ticks(), now) == Some(true);
                self.with(bridge, |call, _| call.press(digits), now);
                if idle {
                    self.start_ticks(bridge);
                }
            }
            Command::Close { bridge } => self.close(bridge, now),
            Command::Report { bridge, reply } => {
                if let Some(report) = self.with(bridge, |call, cx| call.report(false, cx.now), now)
                {
                    let _ = reply.send(report);
                }
            }
            Command::Recording { bridge, reply } => {
                let recording = self.with(bridge, |call, _| call.recording(), now).flatten();
                reply(recording);
            }
            Command::Stats { reply } => {
                let _ = reply.send(self.stats());
            }
            Command::Stop => {}
        }
    }

    fn with<T>(
        &mut self,
        bridge: BridgeId,
        step: impl FnOnce(&mut Call, &mut Cx<'_>) -> T,
        now: Instant,
    ) -> Option<T> {
        let number = *self.by_bridge.get(&bridge)?;
        let done = step(call!(self, number)?, cx!(self, now));
        self.schedule(number);
        Some(done)
    }

    fn start_ticks(&mut self, bridge: BridgeId) {
        let Some(number) = self.by_bridge.get(&bridge).copied() else {
            return;
        };
        if call!(self, number).is_some_and(|call| call.wants_ticks()) {
            self.wheel.remove(number);
            self.wheel.insert(number);
        }
    }

    fn arm(&mut self, bridge: BridgeId, setup: crate::CallSetup, now: Instant) {
        let taken = Side::BOTH
            .iter()
            .any(|side| self.by_ufrag.contains_key(&setup.plan.leg(*side).ufrag));
        if taken || self.by_bridge.contains_key(&bridge) {
            tracing::error!(%bridge, "a call was armed twice; the first one stays");
            return;
        }
        let call = Box::new(Call::new(bridge, setup, self.limits, now));
        let number = self.free.pop().unwrap_or_else(|| {
            self.calls.push(None);
            (self.calls.len() - 1) as u32
        });
        for leg in call.legs() {
            self.by_ufrag.insert(
                leg.ufrag.clone(),
                LegKey {
                    call: number,
                    side: leg.side,
                },
            );
        }
        self.by_bridge.insert(bridge, number);
        if let Some(slot) = self.calls.get_mut(number as usize) {
            *slot = Some(call);
        }
    }

    fn close(&mut self, bridge: BridgeId, now: Instant) {
        let Some(number) = self.by_bridge.remove(&bridge) else {
            return;
        };
        let Some(mut call) = self.calls.get_mut(number as usize).and_then(Option::take) else {
            return;
        };
        call.leave(cx!(self, now));
        for leg in call.legs() {
            let key = LegKey {
                call: number,
                side: leg.side,
            };
            self.by_ufrag.remove(&leg.ufrag);
            leg.known()
                .iter()
                .for_each(|address| self.book.remove(*address, key));
        }
        self.wheel.remove(number);
        self.schedule(number);
        self.free.push(number);
        let report = call.report(true, now);
        tracing::info!(%bridge, verdict = report.verdict, "media closed");
        (self.sink)(MediaEvent::Closed { bridge, report });
    }

    fn stop(mut self) {
        let now = Instant::now();
        let bridges: Vec<BridgeId> = self.by_bridge.keys().copied().collect();
        bridges
            .into_iter()
            .for_each(|bridge| self.close(bridge, now));
        self.net.flush();
    }

    fn stats(&self) -> WorkerStats {
        WorkerStats {
            calls: self.by_bridge.len(),
            ufrags: self.by_ufrag.len(),
            addresses: self.book.len(),
            timers: self.timers.len(),
            ticking: self.wheel.len(),
            sent: self.net.sent,
            rate: self.policy.rate(),
            ..self.stats.clone()
        }
    }
}

/// What became of the commands waiting.
enum Served {
    All,
    Some,
    Stop,
}
