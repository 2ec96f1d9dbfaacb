//! WebRTC peers on a few threads.

mod dtls;
mod ear;
mod peer;
mod sdp;
mod thread;

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use ahoy_audio::EncodedSound;
use ahoy_types::Ssrc;
use hdrhistogram::Histogram;
use mio::{Poll, Waker};
use tokio::sync::{mpsc, oneshot};

use dtls::Identity;
pub(crate) use ear::Listened;
use peer::PeerSetup;
#[cfg(test)]
pub(crate) use peer::Steps;
pub(crate) use peer::{PeerEvent, PeerReport};
use sdp::{Local, Remote};
pub(crate) use thread::Counters;
use thread::{Carrier, Command, PeerId};

/// Characters of our user name fragment and password (RFC 8839 §5.4: at least 4 and 22).
const UFRAG_CHARS: usize = 8;
const PWD_CHARS: usize = 24;

/// A thread's entrance.
#[derive(Clone)]
struct Entrance {
    commands: Sender<Command>,
    waker: Arc<Waker>,
}

impl Entrance {
    fn give(&self, command: Command) {
        // A thread that is gone takes nothing; its peers are reported as never up.
        if self.commands.send(command).is_ok() {
            let _ = self.waker.wake();
        }
    }
}

/// The threads.
pub(crate) struct MediaPool {
    entrances: Vec<Entrance>,
    threads: Vec<JoinHandle<Histogram<u64>>>,
    identity: Identity,
    media_ip: IpAddr,
    next: AtomicU64,
    pub(crate) counters: Arc<Counters>,
}

impl MediaPool {
    pub(crate) fn start(threads: usize, media_ip: IpAddr) -> Result<Self, String> {
        let identity = Identity::generate()?;
        let counters = Arc::new(Counters::default());
        let mut pool = Self {
            entrances: Vec::new(),
            threads: Vec::new(),
            identity: identity.clone(),
            media_ip,
            next: AtomicU64::new(0),
            counters: Arc::clone(&counters),
        };
        for n in 0..threads {
            let text = |e: std::io::Error| e.to_string();
            let poll = Poll::new().map_err(text)?;
            let waker = Arc::new(Waker::new(poll.registry(), Carrier::waker()).map_err(text)?);
            let (commands, inbox) = std::sync::mpsc::channel();
            let carrier = Carrier::new(poll, inbox, identity.clone(), Arc::clone(&counters))?;
            let thread = std::thread::Builder::new().name(format!("media-{n}"));
            pool.threads
                .push(thread.spawn(move || carrier.run()).map_err(text)?);
            pool.entrances.push(Entrance { commands, waker });
        }
        Ok(pool)
    }

    /// A peer with a socket, to be given the server's description.
    pub(crate) fn leg(&self) -> std::io::Result<Leg> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let socket = UdpSocket::bind(SocketAddr::new(self.media_ip, 0))?;
        let address = socket.local_addr()?;
        let entrance = &self.entrances[(id % self.entrances.len() as u64) as usize];
        Ok(Leg {
            id: PeerId(id),
            local: Local {
                address,
                ufrag: word(UFRAG_CHARS),
                pwd: word(PWD_CHARS),
                fingerprint: self.identity.fingerprint,
                // Never 0, and another one for each peer.
                ssrc: Ssrc(fastrand::u32(1..u32::MAX)),
            },
            socket: Some(socket),
            entrance: entrance.clone(),
            events: None,
            up: false,
        })
    }

    /// A description that is well-formed and leads nowhere.
    fn nowhere(&self) -> Local {
        Local {
            // The port of the discard service: nobody is meant to send there.
            address: SocketAddr::new(self.media_ip, 9),
            ufrag: word(UFRAG_CHARS),
            pwd: word(PWD_CHARS),
            fingerprint: self.identity.fingerprint,
            ssrc: Ssrc(fastrand::u32(1..u32::MAX)),
        }
    }

    /// An offer without a peer behind it.
    pub(crate) fn offer_from_nowhere(&self) -> String {
        self.nowhere().offer()
    }

    /// An answer without a peer behind it.
    pub(crate) fn answer_to_nowhere(&self, offer: &str) -> Result<String, String> {
        self.nowhere().answer(offer).map(|(answer, _)| answer)
    }

    /// Stops the threads; answers how late sound left, in microseconds.
    pub(crate) fn stop(mut self) -> Option<Histogram<u64>> {
        for entrance in &self.entrances {
            entrance.give(Command::Stop);
        }
        let mut all: Option<Histogram<u64>> = None;
        for thread in self.threads.drain(..) {
            let Ok(late) = thread.join() else {
                tracing::error!("a media thread has panicked");
                continue;
            };
            match &mut all {
                Some(sum) => drop(sum.add(late)),
                none => *none = Some(late),
            }
        }
        all
    }
}

impl Drop for MediaPool {
    fn drop(&mut self) {
        for entrance in &self.entrances {
            entrance.give(Command::Stop);
        }
    }
}

fn word(chars: usize) -> String {
    (0..chars).map(|_| fastrand::alphanumeric()).collect()
}

/// Why a peer did not come up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotUp {
    /// Its thread or handshake gave up.
    Failed,
    /// It was never told where to go.
    NotOpened,
}

/// One peer of one call. Dropping it closes it.
pub(crate) struct Leg {
    id: PeerId,
    local: Local,
    socket: Option<UdpSocket>,
    entrance: Entrance,
    events: Option<mpsc::UnboundedReceiver<PeerEvent>>,
    up: bool,
}

impl Leg {
    /// Our offer.
    pub(crate) fn offer(&self) -> String {
        self.local.offer()
    }

    /// Takes the server's offer, begins to connect, and gives our answer.
    pub(crate) fn answer(&mut self, offer: &str, sound: EncodedSound) -> Result<String, String> {
        let (answer, remote) = self.local.answer(offer)?;
        self.open(remote, sound)?;
        Ok(answer)
    }

    /// Takes the server's answer to our offer and begins to connect.
    pub(crate) fn take_answer(&mut self, answer: &str, sound: EncodedSound) -> Result<(), String> {
        let remote = self.local.read_answer(answer)?;
        self.open(remote, sound)
    }

    fn open(&mut self, remote: Remote, sound: EncodedSound) -> Result<(), String> {
        let socket = self.socket.take().ok_or("the peer is connecting already")?;
        let text = |e: std::io::Error| format!("the socket cannot send to {}: {e}", remote.address);
        // Connected: the system passes on only what comes from the server, and need not look the way up each time.
        socket.connect(remote.address).map_err(text)?;
        socket.set_nonblocking(true).map_err(text)?;
        let (events, inbox) = mpsc::unbounded_channel();
        self.events = Some(inbox);
        self.entrance.give(Command::Open {
            id: self.id,
            socket,
            setup: Box::new(PeerSetup {
                remote,
                local_ufrag: self.local.ufrag.clone(),
                ssrc: self.local.ssrc,
                sound,
                random: fastrand::u64(..),
            }),
            events,
        });
        Ok(())
    }

    /// Opens the microphone.
    pub(crate) fn speak(&self) {
        self.entrance.give(Command::Speak(self.id));
    }

    /// Waits until there are keys.
    pub(crate) async fn up(&mut self) -> Result<(), NotUp> {
        while !self.up {
            self.next().await?;
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<(), NotUp> {
        let events = self.events.as_mut().ok_or(NotUp::NotOpened)?;
        match events.recv().await {
            Some(PeerEvent::Up) => self.up = true,
            Some(PeerEvent::Failed) | None => return Err(NotUp::Failed),
        }
        Ok(())
    }

    /// Closes the peer and gives what it noted.
    pub(crate) async fn close(mut self) -> PeerReport {
        if self.events.take().is_none() {
            return PeerReport::default();
        }
        let (reply, report) = oneshot::channel();
        self.entrance.give(Command::Close(self.id, reply));
        report.await.unwrap_or_default()
    }
}

impl Drop for Leg {
    fn drop(&mut self) {
        if self.events.is_some() {
            let (reply, _) = oneshot::channel();
            self.entrance.give(Command::Close(self.id, reply));
        }
    }
}
