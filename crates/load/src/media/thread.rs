//! One thread that carries many peers, each on a socket of its own.
//!
//! The server tells peers apart by their address, so a socket each is the simplest thing that is surely right, and what real
//! peers have. With few peers the thread waits for packets and for the clock; with many it works in rounds of a millisecond,
//! because waking up costs more than a packet. Sound leaves in slots of 1 ms, so that the peers of a thread do not speak in chorus.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use tokio::sync::{mpsc, oneshot};

use super::dtls::Identity;
use super::peer::{Peer, PeerEvent, PeerReport, PeerSetup};

/// A frame lasts so many slots.
const SLOTS: u64 = 20;
const SLOT: Duration = Duration::from_millis(1);
/// Up to so many peers every packet is served at once.
const QUIET: usize = 16;
/// After a pause as long as this (a machine that slept) nothing is made up for.
const LONGEST_CATCH_UP: u64 = 1_000;
const WAKER: Token = Token(usize::MAX);
/// Larger than any datagram of the server.
const ROOM: usize = 2_048;

/// Names a peer towards its thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PeerId(pub(crate) u64);

pub(crate) enum Command {
    Open {
        id: PeerId,
        socket: std::net::UdpSocket,
        setup: Box<PeerSetup>,
        events: mpsc::UnboundedSender<PeerEvent>,
    },
    Speak(PeerId),
    Close(PeerId, oneshot::Sender<PeerReport>),
    Stop,
}

/// What all threads count together.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// RTP packets sent.
    pub(crate) sent: AtomicU64,
    /// RTP packets received.
    pub(crate) received: AtomicU64,
    /// Peers now.
    pub(crate) peers: AtomicU64,
    /// Datagrams the system did not take.
    pub(crate) refused: AtomicU64,
}

struct Seat {
    peer: Peer,
    socket: UdpSocket,
    events: mpsc::UnboundedSender<PeerEvent>,
    id: PeerId,
}

pub(crate) struct Carrier {
    poll: Poll,
    commands: Receiver<Command>,
    identity: Identity,
    counters: Arc<Counters>,
    seats: Vec<Option<Seat>>,
    free: Vec<usize>,
    by_id: HashMap<PeerId, usize>,
    wheel: [Vec<usize>; SLOTS as usize],
    origin: Instant,
    /// The slot to be served next, counted from the origin.
    slot: u64,
    /// How late sound left, in microseconds.
    late: Histogram<u64>,
    buffer: Vec<u8>,
}

impl Carrier {
    pub(crate) fn new(
        poll: Poll,
        commands: Receiver<Command>,
        identity: Identity,
        counters: Arc<Counters>,
    ) -> Result<Self, String> {
        Ok(Self {
            poll,
            commands,
            identity,
            counters,
            seats: Vec::new(),
            free: Vec::new(),
            by_id: HashMap::new(),
            wheel: Default::default(),
            origin: Instant::now(),
            slot: 0,
            late: Histogram::new_with_bounds(1, 60_000_000, 3).map_err(|e| e.to_string())?,
            buffer: vec![0; ROOM],
        })
    }

    /// The token of a thread's waker.
    pub(crate) const fn waker() -> Token {
        WAKER
    }

    /// Serves until told to stop; answers how late sound left.
    pub(crate) fn run(mut self) -> Histogram<u64> {
        let mut events = Events::with_capacity(1_024);
        while self.serve_commands() {
            self.serve_slots();
            let now = Instant::now();
            let wait = if self.by_id.len() > QUIET {
                // A rest to the end of the millisecond, in which packets gather.
                std::thread::sleep(self.due(self.slot).saturating_duration_since(now));
                Some(Duration::ZERO)
            } else {
                self.next_due()
                    .map(|due| due.saturating_duration_since(now))
            };
            match self.poll.poll(&mut events, wait) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => {
                    tracing::error!(error = %e, "a media thread cannot wait for packets any more");
                    break;
                }
            }
            for event in &events {
                if event.token() != WAKER {
                    self.receive(event.token().0);
                }
            }
        }
        self.late
    }

    fn due(&self, slot: u64) -> Instant {
        self.origin + SLOT * u32::try_from(slot).unwrap_or(u32::MAX)
    }

    /// When the next slot with a peer in it is due.
    fn next_due(&self) -> Option<Instant> {
        let slot = (self.slot..self.slot + SLOTS)
            .find(|slot| !self.wheel[(slot % SLOTS) as usize].is_empty())?;
        Some(self.due(slot))
    }

    fn serve_commands(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(Command::Open {
                    id,
                    socket,
                    setup,
                    events,
                }) => self.open(id, socket, *setup, events),
                Ok(Command::Speak(id)) => {
                    if let Some(seat) = self
                        .by_id
                        .get(&id)
                        .and_then(|at| self.seats.get_mut(*at)?.as_mut())
                    {
                        seat.peer.speak();
                    }
                }
                Ok(Command::Close(id, reply)) => {
                    let report = self.close(id).unwrap_or_default();
                    // Who has given up waiting needs no report.
                    let _ = reply.send(report);
                }
                Ok(Command::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn open(
        &mut self,
        id: PeerId,
        socket: std::net::UdpSocket,
        setup: PeerSetup,
        events: mpsc::UnboundedSender<PeerEvent>,
    ) {
        let now = Instant::now();
        if self.by_id.is_empty() {
            self.slot = self.slot_at(now);
        }
        let mut socket = UdpSocket::from_std(socket);
        let at = self.free.pop().unwrap_or_else(|| {
            self.seats.push(None);
            self.seats.len() - 1
        });
        if let Err(e) = self
            .poll
            .registry()
            .register(&mut socket, Token(at), Interest::READABLE)
        {
            tracing::error!(error = %e, "a socket cannot be watched");
            let _ = events.send(PeerEvent::Failed);
            self.free.push(at);
            return;
        }
        let peer = Peer::new(setup, now);
        self.by_id.insert(id, at);
        if let Some(place) = self.seats.get_mut(at) {
            *place = Some(Seat {
                peer,
                socket,
                events,
                id,
            });
        }
        // The emptiest slot. The first check does not wait for it.
        if let Some(slot) = self.wheel.iter_mut().min_by_key(|slot| slot.len()) {
            slot.push(at);
        }
        self.counters.peers.fetch_add(1, Ordering::Relaxed);
        self.tick(at, now);
    }

    fn slot_at(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.origin).as_millis()).unwrap_or(u64::MAX)
            + 1
    }

    fn close(&mut self, id: PeerId) -> Option<PeerReport> {
        let at = self.by_id.remove(&id)?;
        let mut seat = self.seats.get_mut(at)?.take()?;
        debug_assert_eq!(seat.id, id);
        for slot in &mut self.wheel {
            slot.retain(|other| *other != at);
        }
        self.free.push(at);
        let _ = self.poll.registry().deregister(&mut seat.socket);
        self.counters.peers.fetch_sub(1, Ordering::Relaxed);
        Some(seat.peer.into_report())
    }

    /// Serves every slot that is due.
    fn serve_slots(&mut self) {
        let mut now = Instant::now();
        let behind = self.slot_at(now).saturating_sub(self.slot);
        if behind > LONGEST_CATCH_UP {
            self.slot = self.slot_at(now);
        }
        while self.due(self.slot) <= now {
            let slot = (self.slot % SLOTS) as usize;
            let peers = std::mem::take(&mut self.wheel[slot]);
            if !peers.is_empty() {
                let late = now.saturating_duration_since(self.due(self.slot));
                let micros = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
                self.late
                    .saturating_record_n(micros.max(1), peers.len() as u64);
                for at in &peers {
                    self.tick(*at, now);
                }
                now = Instant::now();
            }
            self.wheel[slot] = peers;
            self.slot += 1;
        }
    }

    fn tick(&mut self, at: usize, now: Instant) {
        let Some(Some(seat)) = self.seats.get_mut(at) else {
            return;
        };
        let (socket, counters) = (&seat.socket, &self.counters);
        let mut send = |packet: &[u8]| transmit(socket, counters, packet);
        let (sent, event) = seat.peer.tick(&self.identity, now, self.origin, &mut send);
        if sent > 0 {
            self.counters.sent.fetch_add(sent, Ordering::Relaxed);
        }
        if let Some(event) = event {
            let _ = seat.events.send(event);
        }
    }

    /// Takes all that has arrived on a socket: the system tells of it once only.
    fn receive(&mut self, at: usize) {
        let Some(Some(seat)) = self.seats.get_mut(at) else {
            return;
        };
        let mut now = Instant::now();
        loop {
            let len = match seat.socket.recv(&mut self.buffer) {
                Ok(len) => len,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return,
                // "Connection refused": the server has closed its port. The watch on the call will tell.
                Err(e)
                    if e.kind() == io::ErrorKind::Interrupted
                        || e.kind() == io::ErrorKind::ConnectionRefused =>
                {
                    continue;
                }
                Err(_) => return,
            };
            let (socket, counters) = (&seat.socket, &self.counters);
            let mut send = |packet: &[u8]| transmit(socket, counters, packet);
            let packet = self.buffer.get_mut(..len).unwrap_or_default();
            let (audio, event) =
                seat.peer
                    .receive(&self.identity, packet, now, self.origin, &mut send);
            if audio {
                self.counters.received.fetch_add(1, Ordering::Relaxed);
            } else {
                // A handshake takes long enough to matter to what waits behind it.
                now = Instant::now();
            }
            if let Some(event) = event {
                let _ = seat.events.send(event);
            }
        }
    }
}

fn transmit(socket: &UdpSocket, counters: &Counters, packet: &[u8]) {
    match socket.send(packet) {
        Ok(_) => {}
        // What an earlier datagram met with; this one was not sent.
        Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => {
            let _ = socket.send(packet);
        }
        Err(_) => {
            counters.refused.fetch_add(1, Ordering::Relaxed);
        }
    }
}
