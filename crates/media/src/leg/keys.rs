//! The keys of a leg: DTLS in either role, early or late, and the comparison of fingerprints (`media.md` §6).

use std::net::SocketAddr;
use std::time::Instant;

use ahoy_packet::dtls::Alert;
use ahoy_packet::srtp::{Inbound, Outbound};

use super::{Event, Note, RTCP_INTERVAL, Srtp, WebRtcLeg, excerpt};
use crate::cx::Cx;
use crate::dtls::{self, Handshake};
use crate::{DtlsRole, HelloFault, RemoteLeg};

/// Handshakes a leg begins at most; a peer that fails so often will not succeed.
const MAX_HANDSHAKES: u8 = 8;
/// Addresses whose ClientHello is kept while somebody else's handshake is under way.
const MAX_RIVALS: usize = 4;
/// The alert `internal_error` (RFC 5246 §7.2).
const INTERNAL_ERROR: u8 = 80;
/// How often a last flight is repeated: twice what a client asks for within a minute of doubling time-outs.
const MAX_REPEATS: u8 = 16;

impl WebRtcLeg {
    /// As DTLS client we begin when there is a pair to send on, and not before (`media.md` §6).
    pub(super) fn start_if_active(&mut self, cx: &mut Cx<'_>, note: &mut impl FnMut(Note)) {
        let active = self
            .remote
            .as_ref()
            .is_some_and(|remote| remote.dtls == DtlsRole::Client);
        let idle = self.handshake.is_none() && !self.is_keyed();
        if active && idle && !self.mismatch && self.ice.nominated().is_some() && !self.waits(cx.now)
        {
            self.begin(DtlsRole::Client, cx, note);
            self.advance(None, cx, note);
        }
    }

    /// Whether a fault makes DTLS wait.
    fn waits(&mut self, now: Instant) -> bool {
        self.faults
            .as_mut()
            .is_some_and(|faults| faults.dtls_waits(now))
    }

    fn begin(&mut self, role: DtlsRole, cx: &mut Cx<'_>, note: &mut impl FnMut(Note)) {
        if self.handshakes >= MAX_HANDSHAKES {
            return;
        }
        self.handshakes += 1;
        self.role = Some(role);
        self.handshake = Some(Box::new(Handshake::new(cx.identity, role, cx.now)));
        note(Note::Timeline(Event::DtlsStarted {
            side: self.side,
            role,
        }));
    }

    /// A DTLS record from an address that passed a connectivity check.
    pub fn on_dtls(
        &mut self,
        packet: &[u8],
        from: SocketAddr,
        cx: &mut Cx<'_>,
        note: &mut impl FnMut(Note),
    ) {
        if self.faults.as_ref().is_some_and(|f| f.no_dtls()) {
            return;
        }
        let hello = dtls::is_client_hello(packet);
        if !dtls::is_plausible(packet) {
            if hello {
                self.ignore_hello(HelloFault::Malformed, from, note);
            }
            return;
        }
        if self.waits(cx.now) {
            if let Some(faults) = &mut self.faults {
                faults.keep(from, packet);
            }
            return;
        }
        if self.is_rival(from) {
            if dtls::is_client_hello(packet) {
                self.rivals.retain(|(known, _)| *known != from);
                if self.rivals.len() < MAX_RIVALS {
                    self.rivals.push((from, packet.into()));
                }
            }
            return;
        }
        if hello && self.handshake.is_none() && !self.is_keyed() {
            match self.refuses_hello() {
                Some(fault) => return self.ignore_hello(fault, from, note),
                None => self.begin(DtlsRole::Server, cx, note),
            }
        }
        if self.handshake.is_some() {
            self.advance(Some((packet, from)), cx, note);
        } else if self.is_keyed() {
            self.after_handshake(packet, from, cx, note);
        }
    }

    /// Why a ClientHello would begin no handshake, where none is under way or done.
    fn refuses_hello(&self) -> Option<HelloFault> {
        let ours = |remote: &RemoteLeg| remote.dtls == DtlsRole::Client;
        if self.mismatch {
            Some(HelloFault::Certificate)
        } else if self.remote.as_ref().is_some_and(ours) {
            Some(HelloFault::Role)
        } else if self.handshakes >= MAX_HANDSHAKES {
            Some(HelloFault::Attempts)
        } else {
            None
        }
    }

    /// Whether somebody else has begun a handshake and it is not known yet whose call it is.
    fn is_rival(&self, from: SocketAddr) -> bool {
        let begun = self.handshake.is_some() || self.is_keyed();
        self.remote.is_none() && begun && self.dtls_peer.is_some_and(|peer| peer != from)
    }

    /// The description says whose call it is: a handshake with somebody else is void. Answers the ClientHellos of the right one
    /// and adds to `gone` the addresses of the others, which go on with their own handshakes: a record of theirs must not
    /// end up in the one of the right peer.
    pub(super) fn settle_claims(
        &mut self,
        gone: &mut Vec<SocketAddr>,
        note: &mut impl FnMut(Note),
    ) -> Vec<(SocketAddr, Box<[u8]>)> {
        let mut rivals = std::mem::take(&mut self.rivals);
        let Some(ufrag) = self.remote.as_ref().and_then(|remote| remote.ufrag.clone()) else {
            return rivals;
        };
        let others = self.ice.belongs_to(&ufrag.0);
        let first = others.first().cloned();
        gone.extend(others.into_iter().map(|(from, _)| from));
        rivals.retain(|(from, _)| self.ice.is_of(*from, &ufrag.0));
        let other = |peer: SocketAddr| !self.ice.is_of(peer, &ufrag.0);
        let handshake = self.srtp.is_none() && self.dtls_peer.is_some_and(other);
        if handshake {
            self.handshake = None;
            self.outcome = None;
            self.role = None;
            self.dtls_peer = None;
            self.last_flight.clear();
        }
        if let Some((from, other)) = first {
            note(Note::Timeline(Event::OthersDropped {
                side: self.side,
                from,
                ufrag: excerpt(&other),
                checked: self.ice.known().next().is_some(),
                nominated: self.ice.nominated(),
                handshake,
            }));
        }
        rivals
    }

    /// The association's memory is freed with the last flight. What may still come is a peer that missed that flight, which
    /// gets the same bytes again (RFC 6347 §4.2.4), and an alert.
    fn after_handshake(
        &mut self,
        packet: &[u8],
        from: SocketAddr,
        cx: &mut Cx<'_>,
        note: &mut impl FnMut(Note),
    ) {
        if dtls::is_protected_alert(packet) {
            let established = self.established.as_mut();
            let authentic = established.and_then(|e| e.read_alert(packet)).is_some();
            if authentic && !std::mem::replace(&mut self.alert_noted, true) {
                note(Note::Timeline(Event::DtlsAlert { side: self.side }));
            }
        } else if dtls::is_handshake(packet) && self.repeats < MAX_REPEATS {
            self.repeats += 1;
            for datagram in &self.last_flight {
                cx.net.send_bytes(from, datagram);
            }
        }
    }

    /// Sends an alert on the association that gave the keys, as a fault asks: media goes on.
    pub(super) fn send_alert(&mut self, fatal: bool, cx: &mut Cx<'_>, note: &mut impl FnMut(Note)) {
        let alert = match fatal {
            true => Alert::fatal(INTERNAL_ERROR),
            false => Alert::CLOSE_NOTIFY,
        };
        let sealed = self.established.as_mut().and_then(|e| e.alert(alert));
        if let (Some(datagram), Some(to)) = (sealed, self.ice.nominated()) {
            cx.net.send_bytes(to, &datagram);
            let side = self.side;
            note(Note::Timeline(Event::DtlsAlertSent { side, fatal }));
        }
    }

    pub(super) fn advance(
        &mut self,
        packet: Option<(&[u8], SocketAddr)>,
        cx: &mut Cx<'_>,
        note: &mut impl FnMut(Note),
    ) {
        let Some(handshake) = &mut self.handshake else {
            return;
        };
        // An answer goes where the question came from, what time brings to the pair that was chosen.
        let (packet, from) = packet.unzip();
        self.dtls_peer = from.or(self.dtls_peer);
        let to = from.or(self.ice.nominated()).or(self.dtls_peer);
        let net = &mut *cx.net;
        let mut flight: Vec<Box<[u8]>> = Vec::new();
        let step = handshake.advance(packet, cx.now, |datagram| {
            if let Some(to) = to {
                net.send_bytes(to, datagram);
            }
            flight.push(datagram.into());
        });
        match step {
            Ok(None) => {}
            Ok(Some(outcome)) => {
                // A client that is finished has seen the server's last flight and will never be asked for its own.
                if self.role == Some(DtlsRole::Server) {
                    self.last_flight = flight;
                }
                self.handshake = None;
                self.outcome = Some(outcome);
                self.verify(cx, note);
            }
            Err(failure) => {
                self.handshake = None;
                let side = self.side;
                let reason = failure.to_string();
                note(Note::Timeline(Event::DtlsFailed { side, reason }));
            }
        }
    }

    /// Puts the keys to use if the certificate is the one announced.
    pub(super) fn verify(&mut self, cx: &Cx<'_>, note: &mut impl FnMut(Note)) {
        let Some(remote) = &self.remote else { return };
        let Some(outcome) = self.outcome.take() else {
            return;
        };
        if outcome.peer != remote.fingerprint {
            self.mismatch = true;
            self.last_flight.clear();
            note(Note::Timeline(Event::FingerprintMismatch {
                side: self.side,
            }));
            return;
        }
        let contexts = Inbound::new(&outcome.keys.inbound)
            .and_then(|inbound| Ok((inbound, Outbound::new(&outcome.keys.outbound)?)));
        match contexts {
            Ok((inbound, outbound)) => {
                let profile = dtls::profile_name(outcome.keys.inbound.profile());
                self.srtp = Some(Box::new(Srtp {
                    inbound,
                    outbound,
                    profile,
                }));
                self.established = Some(Box::new(outcome.established));
                self.rtcp_due = Some(cx.now + cx.jittered(RTCP_INTERVAL / 2));
                note(Note::Timeline(Event::DtlsDone {
                    side: self.side,
                    profile,
                }));
                self.begin_to_flow(cx.now);
                self.tell_if_up(note);
            }
            Err(error) => {
                let reason = error.to_string();
                note(Note::Timeline(Event::DtlsFailed {
                    side: self.side,
                    reason,
                }));
            }
        }
    }
}
