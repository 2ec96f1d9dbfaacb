//! One WebRTC peer, made of our own parts: controlling ICE against an ICE-lite server, DTLS-SRTP, a tone, an ear.
//!
//! Sans-I/O: datagrams and time come in; datagrams go out through `send`. A tick of 20 ms is all the clock it needs.

use std::time::{Duration, Instant};

use ahoy_audio::EncodedSound;
use ahoy_packet::demux::{self, Kind};
use ahoy_packet::rtcp::{self, NtpTime, SenderInfo};
use ahoy_packet::rtp::{self, Fields, HEADER_LEN};
use ahoy_packet::srtp::{DtlsKeys, DtlsRole, Inbound, MAX_OVERHEAD, Outbound};
use ahoy_packet::stun::{self, Check, IceKey, Outcome, Role, Transaction};
use ahoy_types::Ssrc;

use super::dtls::{Handshake, Identity};
use super::ear::{Ear, Heard};
use super::sdp::Remote;

/// First repetition of a check, doubled up to the second value (RFC 8445 §14.3 allows no less than 50 ms a pair).
const CHECK_RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(800));
/// Once nominated, checks go on as consent (RFC 7675 §5.1).
const CONSENT: Duration = Duration::from_secs(5);
/// How often we report as a sender.
const REPORT: Duration = Duration::from_secs(5);
/// Ticks of the RTP clock in a frame.
const FRAME_TICKS: u32 = 960;
/// Room for any datagram of ours.
const ROOM: usize = 1_500;

/// What a peer is made from.
pub(crate) struct PeerSetup {
    pub(crate) remote: Remote,
    pub(crate) local_ufrag: String,
    pub(crate) ssrc: Ssrc,
    pub(crate) sound: EncodedSound,
    /// Random start of transaction ids, sequence numbers and timestamps.
    pub(crate) random: u64,
}

/// When a peer took its steps.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Steps {
    /// The first check left.
    pub(crate) began: Option<Instant>,
    /// A check was answered.
    pub(crate) ice: Option<Instant>,
    /// There are keys.
    pub(crate) dtls: Option<Instant>,
}

/// What a peer leaves behind.
#[derive(Debug, Clone, Default)]
pub(crate) struct PeerReport {
    pub(crate) steps: Steps,
    /// Why the handshake failed, if it did.
    pub(crate) dtls_fault: Option<String>,
    pub(crate) heard: Heard,
}

/// News for whoever plays the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PeerEvent {
    /// Keys are there: media can flow.
    Up,
    /// The handshake failed for good.
    Failed,
}

pub(crate) struct Peer {
    remote: Remote,
    key: IceKey,
    local_ufrag: String,
    transaction: Transaction,
    next_check: Instant,
    retry: Duration,
    handshake: Option<Handshake>,
    role: DtlsRole,
    srtp: Option<(Inbound, Outbound)>,
    ssrc: Ssrc,
    sound: EncodedSound,
    speaking: bool,
    sequence: u16,
    timestamp: u32,
    sent: u64,
    octets: u32,
    next_report: Option<Instant>,
    ear: Ear,
    steps: Steps,
    dtls_fault: Option<String>,
}

impl Peer {
    pub(crate) fn new(setup: PeerSetup, now: Instant) -> Self {
        let mut transaction = [0; 12];
        transaction[..8].copy_from_slice(&setup.random.to_be_bytes());
        let role = if setup.remote.we_are_client {
            DtlsRole::Client
        } else {
            DtlsRole::Server
        };
        Self {
            key: IceKey::new(&setup.remote.pwd.0),
            remote: setup.remote,
            local_ufrag: setup.local_ufrag,
            transaction,
            next_check: now,
            retry: CHECK_RETRY.0,
            handshake: None,
            role,
            srtp: None,
            ssrc: setup.ssrc,
            sound: setup.sound,
            speaking: false,
            sequence: setup.random as u16 & 0x7fff,
            timestamp: (setup.random >> 16) as u32,
            sent: 0,
            octets: 0,
            next_report: None,
            ear: Ear::default(),
            steps: Steps::default(),
            dtls_fault: None,
        }
    }

    /// Opens the microphone.
    pub(crate) fn speak(&mut self) {
        self.speaking = true;
    }

    /// Every 20 ms: checks, retransmissions, sound. Answers the RTP packets sent, 0 or 1, and what happened.
    pub(crate) fn tick(
        &mut self,
        identity: &Identity,
        now: Instant,
        origin: Instant,
        send: &mut impl FnMut(&[u8]),
    ) -> (u64, Option<PeerEvent>) {
        if self.next_check <= now {
            self.check(now, send);
        }
        let mut event = None;
        if self.handshake.as_ref().is_some_and(|h| h.is_due(now)) {
            event = self.shake(identity, None, now, send);
        }
        let mut sent = 0;
        if self.speaking && self.srtp.is_some() {
            sent = u64::from(self.say(send));
            if self.next_report.is_none_or(|due| due <= now) {
                if self.next_report.is_some() {
                    self.report(now.saturating_duration_since(origin), send);
                }
                self.next_report = Some(now + REPORT);
            }
        }
        (sent, event)
    }

    fn check(&mut self, now: Instant, send: &mut impl FnMut(&[u8])) {
        self.steps.began.get_or_insert(now);
        // A new transaction for each check; an answer to any of them will do.
        let [.., a, b] = &mut self.transaction;
        (*b, *a) = match b.checked_add(1) {
            Some(next) => (next, *a),
            None => (0, a.wrapping_add(1)),
        };
        self.next_check = now
            + if self.steps.ice.is_some() {
                CONSENT
            } else {
                self.retry
            };
        self.retry = (self.retry * 2).min(CHECK_RETRY.1);
        let check = Check {
            transaction: self.transaction,
            remote_ufrag: &self.remote.ufrag.0,
            local_ufrag: &self.local_ufrag,
            role: Role::Controlling(u64::from(self.ssrc.0)),
            use_candidate: true,
            priority: 1_862_270_975,
        };
        let mut packet = [0; 512];
        if let Ok(len) = stun::write_binding_request(&mut packet, &check, &self.key) {
            send(&packet[..len]);
        }
    }

    /// One frame of the tone.
    fn say(&mut self, send: &mut impl FnMut(&[u8])) -> bool {
        let payload = self.sound.frame(self.sent);
        let fields = Fields {
            payload_type: self.remote.opus,
            marker: self.sent == 0,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
        };
        let mut packet = [0; ROOM];
        let len = HEADER_LEN + payload.len();
        let (Some(body), Some((_, outbound))) = (packet.get_mut(HEADER_LEN..len), &mut self.srtp)
        else {
            return false;
        };
        body.copy_from_slice(payload);
        let octets = payload.len() as u32;
        let written = rtp::write_header(&mut packet, &fields).is_ok();
        let room = (len + MAX_OVERHEAD).min(ROOM);
        match outbound.protect_rtp(&mut packet[..room], len) {
            Ok(len) if written => send(&packet[..len]),
            _ => return false,
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(FRAME_TICKS);
        self.sent += 1;
        self.octets = self.octets.wrapping_add(octets);
        true
    }

    fn report(&mut self, since_origin: Duration, send: &mut impl FnMut(&[u8])) {
        let info = SenderInfo {
            ntp: NtpTime::from_duration(since_origin),
            rtp_timestamp: self.timestamp,
            packets: self.sent as u32,
            octets: self.octets,
        };
        let report = rtcp::Report {
            ssrc: self.ssrc,
            sender: Some(info),
            blocks: &[],
            cname: "ahoy-load",
            goodbye: false,
        };
        let mut packet = [0; 256];
        if let (Ok(len), Some((_, outbound))) =
            (rtcp::write_report(&mut packet, &report), &mut self.srtp)
            && let Ok(len) = outbound.protect_rtcp(&mut packet, len)
        {
            send(&packet[..len]);
        }
    }

    /// Takes a datagram of the server. Answers whether it was a packet of audio, and what happened.
    pub(crate) fn receive(
        &mut self,
        identity: &Identity,
        packet: &mut [u8],
        now: Instant,
        origin: Instant,
        send: &mut impl FnMut(&[u8]),
    ) -> (bool, Option<PeerEvent>) {
        match demux::classify(packet) {
            Kind::Rtp => (self.hear(packet, now, origin), None),
            Kind::Stun => (false, self.on_answer(identity, packet, now, send)),
            Kind::Dtls => (false, self.shake(identity, Some(packet), now, send)),
            // The server's reports about our stream tell nothing that the other end does not tell better.
            Kind::Rtcp | Kind::Unknown => (false, None),
        }
    }

    fn on_answer(
        &mut self,
        identity: &Identity,
        packet: &[u8],
        now: Instant,
        send: &mut impl FnMut(&[u8]),
    ) -> Option<PeerEvent> {
        let answer = stun::parse_binding_response(packet, &self.key).ok()?;
        // All our transactions share the random part.
        let ours = answer.transaction[..8] == self.transaction[..8];
        if !ours || !matches!(answer.outcome, Outcome::Mapped(_)) || self.steps.ice.is_some() {
            return None;
        }
        self.steps.ice = Some(now);
        self.next_check = now + CONSENT;
        self.shake(identity, None, now, send)
    }

    fn shake(
        &mut self,
        identity: &Identity,
        packet: Option<&[u8]>,
        now: Instant,
        send: &mut impl FnMut(&[u8]),
    ) -> Option<PeerEvent> {
        if self.dtls_fault.is_some() {
            return None;
        }
        let role = self.role;
        let handshake = self
            .handshake
            .get_or_insert_with(|| Handshake::new(identity, role, now));
        let keys = match handshake.advance(packet, self.remote.fingerprint, now, send) {
            Ok(None) => return None,
            Ok(Some(keys)) => keys,
            // After the keys are there an alert or a late flight is of no interest.
            Err(_) if self.srtp.is_some() => return None,
            Err(fault) => {
                self.dtls_fault = Some(fault);
                return Some(PeerEvent::Failed);
            }
        };
        match transforms(&keys) {
            Ok(srtp) => {
                self.srtp = Some(srtp);
                self.steps.dtls = Some(now);
                Some(PeerEvent::Up)
            }
            Err(fault) => {
                self.dtls_fault = Some(fault);
                Some(PeerEvent::Failed)
            }
        }
    }

    fn hear(&mut self, packet: &mut [u8], now: Instant, origin: Instant) -> bool {
        let Some((inbound, _)) = &mut self.srtp else {
            return false;
        };
        let len = packet.len();
        let Ok(len) = inbound.unprotect_rtp(packet, len) else {
            return false;
        };
        let Some(packet) = packet.get(..len) else {
            return false;
        };
        let Ok(header) = rtp::parse(packet) else {
            return false;
        };
        let (Ok(payload), true) = (
            header.payload(packet),
            header.fields.payload_type == self.remote.opus,
        ) else {
            return false;
        };
        self.ear.hear(&header.fields, payload, now, origin);
        true
    }

    pub(crate) fn into_report(self) -> PeerReport {
        PeerReport {
            steps: self.steps,
            dtls_fault: self.dtls_fault,
            heard: self.ear.into_heard(),
        }
    }
}

fn transforms(keys: &DtlsKeys) -> Result<(Inbound, Outbound), String> {
    let text = |e: ahoy_packet::srtp::SrtpError| e.to_string();
    Ok((
        Inbound::new(&keys.inbound).map_err(text)?,
        Outbound::new(&keys.outbound).map_err(text)?,
    ))
}
