//! A peer made of parts, for what a well-behaved peer never does: replays, forgeries, odd numbering, shared sockets.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ahoy_media::{DtlsRole, LegPlan, RemoteLeg};
use ahoy_packet::demux::{self, Kind};
use ahoy_packet::rtp::{self, Fields, Header};
use ahoy_packet::srtp::{self, Inbound, Keys, Outbound, Profile};
use ahoy_packet::stun::{self, Check, IceKey, Outcome, Role};
use ahoy_types::{Fingerprint, PayloadType, Ssrc, Ufrag};
use dimpl::{Config, Dtls, DtlsCertificate, Output, SrtpProfile};

use crate::support::PATIENCE;
use crate::webrtc::{EVENTS, OPUS};

pub struct Raw {
    /// The name it checks under.
    pub ufrag: &'static str,
    pub socket: Arc<UdpSocket>,
    pub server: SocketAddr,
    leg: LegPlan,
    certificate: DtlsCertificate,
    srtp: Option<(Inbound, Outbound)>,
    checks: u8,
}

impl Raw {
    pub fn new(leg: &LegPlan) -> Self {
        Self::on(Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap()), leg)
    }
    /// A peer on a socket that may serve others too.
    pub fn on(socket: Arc<UdpSocket>, leg: &LegPlan) -> Self {
        Self {
            ufrag: "raw",
            socket,
            server: leg.v4.unwrap().into(),
            leg: leg.clone(),
            certificate: dimpl::certificate::generate_self_signed_certificate().unwrap(),
            srtp: None,
            checks: 0,
        }
    }
    pub fn remote(&self) -> RemoteLeg {
        RemoteLeg {
            ufrag: Some(Ufrag(self.ufrag.into())),
            fingerprint: Fingerprint(self.certificate.fingerprint().try_into().unwrap()),
            dtls: DtlsRole::Server,
            opus: PayloadType(OPUS),
            telephone_event: Some(PayloadType(EVENTS)),
            said: ahoy_media::Said::default(),
        }
    }
    /// A connectivity check as bytes.
    pub fn check(&mut self, role: Role, use_candidate: bool) -> Vec<u8> {
        self.checks += 1;
        let check = Check {
            transaction: [self.checks; 12],
            remote_ufrag: &self.leg.ufrag.0,
            local_ufrag: self.ufrag,
            role,
            use_candidate,
            priority: 1,
        };
        let mut packet = vec![0; 256];
        let len = stun::write_binding_request(&mut packet, &check, &IceKey::new(&self.leg.pwd.0))
            .unwrap();
        packet.truncate(len);
        packet
    }
    /// Checks and nominates; gives the answer.
    pub fn nominate(&mut self) -> Outcome {
        let check = self.check(Role::Controlling(1), true);
        self.ask(&check)
    }
    pub fn ask(&self, check: &[u8]) -> Outcome {
        self.send(check);
        let answer = self
            .receive_kind(Kind::Stun)
            .expect("the check is answered");
        stun::parse_binding_response(&answer, &IceKey::new(&self.leg.pwd.0))
            .unwrap()
            .outcome
    }
    pub fn send(&self, packet: &[u8]) {
        self.socket.send_to(packet, self.server).unwrap();
    }
    /// The next datagram of a kind; others are passed over.
    pub fn receive_kind(&self, kind: Kind) -> Option<Vec<u8>> {
        let deadline = Instant::now() + PATIENCE;
        let mut buffer = [0; 2_000];
        loop {
            let left = deadline.checked_duration_since(Instant::now())?;
            self.socket
                .set_read_timeout(Some(left.max(Duration::from_millis(1))))
                .unwrap();
            let (len, _) = self.socket.recv_from(&mut buffer).ok()?;
            if demux::classify(&buffer[..len]) == kind {
                return Some(buffer[..len].to_vec());
            }
        }
    }
    /// The whole handshake as DTLS client.
    pub fn shake_hands(&mut self) -> Hands {
        let mut hands = self.begin();
        hands.finish(self);
        hands
    }
    /// The ClientHello alone.
    pub fn begin(&self) -> Hands {
        let mut hands = self.prepare();
        hands.drain(self);
        hands
    }
    /// The ClientHello in several fragments, a datagram each (RFC 6347 §4.2.3).
    pub fn begin_in_pieces(&self, pieces: usize) -> Hands {
        let mut hands = self.prepare();
        let mut buffer = [0; 2_000];
        let Output::Packet(hello) = hands.dtls.poll_output(&mut buffer) else {
            panic!("the ClientHello comes first");
        };
        let (record, message) = hello.split_at(13);
        let (header, body) = message.split_at(12);
        let size = body.len().div_ceil(pieces);
        for (i, piece) in body.chunks(size).enumerate() {
            let mut datagram = record.to_vec();
            // Record numbers that the rest of the handshake leaves free.
            datagram[10] = if i == 0 { 0 } else { 20 + i as u8 };
            datagram[11..13].copy_from_slice(&(12 + piece.len() as u16).to_be_bytes());
            datagram.extend(&header[..6]);
            datagram.extend(&((i * size) as u32).to_be_bytes()[1..]);
            datagram.extend(&(piece.len() as u32).to_be_bytes()[1..]);
            datagram.extend(piece);
            self.send(&datagram);
        }
        hands
    }
    fn prepare(&self) -> Hands {
        let mut dtls = Dtls::new_12(
            Arc::new(Config::default()),
            self.certificate.clone(),
            Instant::now(),
        );
        dtls.set_active(true);
        let mut hands = Hands {
            dtls,
            keys: None,
            sent_last: Vec::new(),
            received_last: Vec::new(),
        };
        hands.dtls.handle_timeout(Instant::now()).unwrap();
        hands
    }
    /// Whether nothing of a kind has come and not been taken.
    pub fn nothing_left(&self, kind: Kind) -> bool {
        let mut buffer = [0; 2_000];
        self.socket.set_nonblocking(true).unwrap();
        let mut came = false;
        while let Ok((len, _)) = self.socket.recv_from(&mut buffer) {
            came |= demux::classify(&buffer[..len]) == kind;
        }
        self.socket.set_nonblocking(false).unwrap();
        !came
    }
    /// A protected packet, not sent.
    pub fn protect(&mut self, fields: Fields, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; 12 + payload.len() + 32];
        rtp::write_header(&mut packet, &fields).unwrap();
        let len = 12 + payload.len();
        packet[12..len].copy_from_slice(payload);
        self.protect_bytes(packet, len)
    }
    /// The same of a whole RTP packet with room behind it.
    pub fn protect_bytes(&mut self, mut packet: Vec<u8>, len: usize) -> Vec<u8> {
        let (_, outbound) = self.srtp.as_mut().expect("hands were shaken");
        let len = outbound.protect_rtp(&mut packet, len).unwrap();
        packet.truncate(len);
        packet
    }
    pub fn protect_rtcp(&mut self, mut packet: Vec<u8>) -> Vec<u8> {
        let (_, outbound) = self.srtp.as_mut().expect("hands were shaken");
        let len = packet.len();
        packet.resize(len + 32, 0);
        let len = outbound.protect_rtcp(&mut packet, len).unwrap();
        packet.truncate(len);
        packet
    }
    /// Sends one frame of audio.
    pub fn speak(&mut self, ssrc: u32, sequence: u16, timestamp: u32) {
        let packet = self.protect(fields(ssrc, sequence, timestamp), &frame(sequence));
        self.send(&packet);
    }
    /// The next media packet, opened.
    pub fn hear(&mut self) -> Option<(Header, Vec<u8>)> {
        let mut packet = self.receive_kind(Kind::Rtp)?;
        let len = packet.len();
        let (inbound, _) = self.srtp.as_mut().expect("hands were shaken");
        let len = inbound
            .unprotect_rtp(&mut packet, len)
            .expect("it authenticates");
        packet.truncate(len);
        let header = rtp::parse(&packet).unwrap();
        Some((header, header.payload(&packet).unwrap().to_vec()))
    }
    pub fn hear_rtcp(&mut self) -> Vec<u8> {
        let mut packet = self.receive_kind(Kind::Rtcp).expect("a report comes");
        let len = packet.len();
        let (inbound, _) = self.srtp.as_mut().expect("hands were shaken");
        let len = inbound
            .unprotect_rtcp(&mut packet, len)
            .expect("it authenticates");
        packet.truncate(len);
        packet
    }
}

/// What [`Raw::speak`] sends: one Opus frame, as the two low bits of the first byte say (RFC 6716 §3.1).
pub fn frame(sequence: u16) -> [u8; 20] {
    let mut frame = [sequence as u8; 20];
    frame[0] &= !3;
    frame
}

pub fn fields(ssrc: u32, sequence: u16, timestamp: u32) -> Fields {
    Fields {
        payload_type: PayloadType(OPUS),
        marker: false,
        sequence,
        timestamp,
        ssrc: Ssrc(ssrc),
    }
}

/// A handshake under way.
pub struct Hands {
    dtls: Dtls,
    keys: Option<srtp::DtlsKeys>,
    /// The client's last flight: certificate to Finished, one datagram.
    pub sent_last: Vec<u8>,
    /// The server's last flight.
    pub received_last: Vec<u8>,
}

impl Hands {
    fn drain(&mut self, peer: &Raw) {
        let mut buffer = [0; 2_000];
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(packet) => {
                    self.sent_last = packet.to_vec();
                    peer.send(packet);
                }
                Output::Timeout(_) => return,
                Output::KeyingMaterial(material, profile) => {
                    let profile = match profile {
                        SrtpProfile::AES128_CM_SHA1_80 => Profile::Aes128CmSha1_80,
                        SrtpProfile::AEAD_AES_128_GCM => Profile::Aes128Gcm,
                        _ => Profile::Aes256Gcm,
                    };
                    self.keys =
                        Some(Keys::from_dtls(profile, &material, srtp::DtlsRole::Client).unwrap());
                }
                _ => {}
            }
        }
    }
    /// Says goodbye on the DTLS level.
    pub fn close(&mut self, peer: &Raw) {
        self.dtls.close().unwrap();
        self.drain(peer);
    }
    /// Answers the next datagram of the server.
    pub fn go_on(&mut self, peer: &Raw) {
        let packet = peer
            .receive_kind(Kind::Dtls)
            .expect("the handshake goes on");
        self.dtls.handle_timeout(Instant::now()).unwrap();
        self.dtls.handle_packet(&packet).unwrap();
        self.received_last = packet;
        self.drain(peer);
    }
    /// Goes on until there are keys.
    pub fn finish(&mut self, peer: &mut Raw) {
        while self.keys.is_none() {
            self.go_on(peer);
        }
        let keys = self.keys.take().unwrap();
        peer.srtp = Some((
            Inbound::new(&keys.inbound).unwrap(),
            Outbound::new(&keys.outbound).unwrap(),
        ));
    }
}
