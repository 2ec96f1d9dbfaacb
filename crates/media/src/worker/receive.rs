//! From a datagram to the leg it concerns: STUN by our user name fragment, the rest by the sender's address.

use std::net::SocketAddr;
use std::time::Instant;

use ahoy_packet::demux::{self, Kind};
use ahoy_packet::stun;

use super::commands::Served;
use super::{Worker, call, cx};
use crate::book::{LegKey, Owners};
use crate::cx::Cx;
use crate::dtls;
use crate::sys::{BATCH, Inbox, ROOM};

/// Batches taken from one socket before the other has its turn.
const BATCHES_A_ROUND: usize = 4;
/// Legs of a shared address whose keys are tried on a packet of an unknown source.
const MAX_TRIES: usize = 16;

impl Worker {
    /// Takes what has arrived. Says how many datagrams, whether there may be more, and what became of the commands
    /// that were given meanwhile.
    pub(super) fn serve_sockets(&mut self, inbox: &mut Inbox) -> (usize, bool, Served) {
        let (mut served, mut more, mut commands) = (0, false, Served::All);
        for port in 0..2 {
            for round in 1..=BATCHES_A_ROUND {
                let received = self.net.receive(port, inbox);
                // A command given before these datagrams were sent comes first: the gate that an accept opens must be
                // open for the first syllable after its answer.
                if received > 0 && self.end.drain(false) {
                    match self.serve_commands() {
                        Served::All => {}
                        Served::Some => commands = Served::Some,
                        Served::Stop => return (served, false, Served::Stop),
                    }
                }
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
        (served, more, commands)
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
            if dtls::is_client_hello(packet) {
                self.strays.came(from, now);
            }
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
                // A leg that waits for none says why it takes none.
                let refusing = || {
                    dtls::is_client_hello(packet)
                        .then(|| {
                            let mut legs = shared.legs();
                            legs.find(|key| leg(*key).is_some_and(|leg| leg.lacks_keys()))
                        })
                        .flatten()
                };
                busy.or_else(waiting).or_else(refusing)
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
}
