//! The other side of the calls: a peer a call, on a socket of its own, all driven by one thread.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ahoy_audio::{EncodedSound, OpusDecoder, listen};
use ahoy_packet::demux::{self, Kind};
use ahoy_packet::rtp::{self, Fields, SequenceExtender};
use ahoy_packet::srtp::{self, Inbound, Keys, Outbound, Profile};
use ahoy_packet::stun::{self, Check, IceKey, Role};
use ahoy_types::{PayloadType, Ssrc};
use dimpl::{Config, Dtls, DtlsCertificate, Output, SrtpProfile};
use serde_json::{Value, json};

use crate::Outcome;

/// What every peer plays.
pub const HZ: f64 = 440.0;
/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);
const FRAME: Duration = Duration::from_millis(20);
/// Packets kept of the calls whose sound is looked at: two seconds.
const KEPT: usize = 100;

struct Peer {
    socket: UdpSocket,
    server: SocketAddr,
    ufrag: String,
    pwd: String,
    srtp: Option<(Inbound, Outbound)>,
    sequence: u16,
    got: u64,
    first: Option<u64>,
    numbers: SequenceExtender,
    /// The latest frames heard, with their numbers.
    heard: Vec<(u64, Vec<u8>)>,
}

pub struct Load {
    peers: Vec<Peer>,
    certificate: DtlsCertificate,
    config: Arc<Config>,
    sound: EncodedSound,
    /// When the first peer spoke first, and how often one was its turn since.
    talk: Option<(Instant, u64)>,
    sent: u64,
}

impl Load {
    pub fn new() -> Outcome<Self> {
        Ok(Self {
            peers: Vec::new(),
            certificate: dimpl::certificate::generate_self_signed_certificate()?,
            config: Arc::new(Config::default()),
            sound: EncodedSound::tone(HZ, -12.0)?,
            talk: None,
            sent: 0,
        })
    }

    /// A peer towards a leg of the relay; gives what its session description would say.
    pub fn add(&mut self, leg: &Value) -> Outcome<Value> {
        let text = |key: &str| leg[key].as_str().ok_or("the leg is not whole");
        let ufrag = format!("peer{}", self.peers.len());
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(PATIENCE))?;
        self.peers.push(Peer {
            socket,
            server: text("address")?.parse()?,
            ufrag: text("ufrag")?.to_owned(),
            pwd: text("pwd")?.to_owned(),
            srtp: None,
            sequence: 0,
            got: 0,
            first: None,
            numbers: SequenceExtender::default(),
            heard: Vec::new(),
        });
        Ok(json!({ "ufrag": ufrag, "fingerprint": self.certificate.fingerprint() }))
    }

    /// ICE and DTLS of the newest peer.
    pub fn connect(&mut self, call: usize) -> Outcome<()> {
        let peer = self.peers.get_mut(call).ok_or("there is no such call")?;
        let check = Check {
            transaction: [7; 12],
            remote_ufrag: &peer.ufrag,
            local_ufrag: &format!("peer{call}"),
            role: Role::Controlling(1),
            use_candidate: true,
            priority: 1,
        };
        let mut packet = [0; 2_048];
        let len = stun::write_binding_request(&mut packet, &check, &IceKey::new(&peer.pwd))?;
        peer.send(packet.get(..len).unwrap_or_default())?;
        peer.receive(Kind::Stun, &mut packet)?;
        let mut dtls = Dtls::new_12(
            Arc::clone(&self.config),
            self.certificate.clone(),
            Instant::now(),
        );
        dtls.set_active(true);
        dtls.handle_timeout(Instant::now())?;
        while peer.drain(&mut dtls)? {
            let len = peer.receive(Kind::Dtls, &mut packet)?;
            dtls.handle_timeout(Instant::now())?;
            dtls.handle_packet(packet.get(..len).unwrap_or_default())?;
        }
        peer.socket.set_nonblocking(true)?;
        Ok(())
    }

    /// Talks and listens for so long: each peer a frame in 20 ms, their turns spread evenly.
    pub fn talk(&mut self, time: Duration) -> Outcome<()> {
        let (start, mut turn) = *self.talk.get_or_insert((Instant::now(), 0));
        let count = self.peers.len() as u64;
        let until = Instant::now() + time;
        let mut packet = [0; 2_048];
        while Instant::now() < until {
            let due = (start.elapsed().as_nanos() * u128::from(count) / FRAME.as_nanos()) as u64;
            while turn < due {
                let (at, tick) = ((turn % count) as usize, turn / count);
                if let Some(peer) = self.peers.get_mut(at) {
                    peer.speak(self.sound.frame(tick), tick, &mut packet)?;
                    self.sent += 1;
                }
                turn += 1;
            }
            for (call, peer) in self.peers.iter_mut().enumerate() {
                peer.listen(call < crate::LOOKED_AT, &mut packet)?;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.talk = Some((start, turn));
        Ok(())
    }

    pub fn sent(&self) -> u64 {
        self.sent
    }
    pub fn got(&self) -> u64 {
        self.peers.iter().map(|peer| peer.got).sum()
    }
    /// Packets of the user that never came.
    pub fn missing(&self, call: usize) -> u64 {
        self.peers.get(call).map_or(0, |peer| {
            let expected = match (peer.first, peer.numbers.highest()) {
                (Some(first), Some(highest)) => highest + 1 - first,
                _ => 0,
            };
            expected.saturating_sub(peer.got)
        })
    }
    /// What the peer heard last.
    pub fn pitch(&self, call: usize) -> Outcome<Option<f64>> {
        let mut decoder = OpusDecoder::new(8_000)?;
        let (mut pcm, mut out) = (Vec::new(), [0; OpusDecoder::MAX_SAMPLES]);
        let mut before = None;
        for (number, frame) in self.peers.get(call).map_or(&[][..], |peer| &peer.heard) {
            let missing = before.map_or(0, |b: u64| number.saturating_sub(b + 1));
            before = Some(*number);
            for _ in 0..missing.min(10) {
                let n = decoder.decode(None, &mut out)?;
                pcm.extend_from_slice(out.get(..n).unwrap_or_default());
            }
            let n = decoder.decode(Some(frame), &mut out)?;
            pcm.extend_from_slice(out.get(..n).unwrap_or_default());
        }
        Ok(listen::dominant_pitch(&pcm, 8_000))
    }
}

impl Peer {
    fn send(&self, packet: &[u8]) -> Outcome<()> {
        self.socket.send_to(packet, self.server)?;
        Ok(())
    }

    /// The next datagram of a kind.
    fn receive(&self, kind: Kind, buffer: &mut [u8]) -> Outcome<usize> {
        loop {
            let (len, _) = self.socket.recv_from(buffer)?;
            if demux::classify(buffer.get(..len).unwrap_or_default()) == kind {
                return Ok(len);
            }
        }
    }

    /// Sends what DTLS has to send; says whether it goes on.
    fn drain(&mut self, dtls: &mut Dtls) -> Outcome<bool> {
        let mut buffer = [0; 2_048];
        loop {
            match dtls.poll_output(&mut buffer) {
                Output::Packet(packet) => self.send(packet)?,
                Output::Timeout(_) => return Ok(self.srtp.is_none()),
                Output::KeyingMaterial(material, profile) => {
                    let profile = match profile {
                        SrtpProfile::AES128_CM_SHA1_80 => Profile::Aes128CmSha1_80,
                        SrtpProfile::AEAD_AES_128_GCM => Profile::Aes128Gcm,
                        _ => Profile::Aes256Gcm,
                    };
                    let keys = Keys::from_dtls(profile, &material, srtp::DtlsRole::Client)?;
                    self.srtp =
                        Some((Inbound::new(&keys.inbound)?, Outbound::new(&keys.outbound)?));
                }
                _ => {}
            }
        }
    }

    fn speak(&mut self, frame: &[u8], tick: u64, buffer: &mut [u8]) -> Outcome<()> {
        let Some((_, outbound)) = &mut self.srtp else {
            return Err("a peer without keys has nothing to say".into());
        };
        let fields = Fields {
            payload_type: PayloadType(111),
            marker: self.sequence == 0,
            sequence: self.sequence,
            timestamp: (tick as u32).wrapping_mul(960),
            ssrc: Ssrc(7),
        };
        self.sequence = self.sequence.wrapping_add(1);
        let head = rtp::write_header(buffer, &fields)?;
        let len = head + frame.len();
        buffer
            .get_mut(head..len)
            .ok_or("a frame is too long")?
            .copy_from_slice(frame);
        let len = outbound.protect_rtp(buffer, len)?;
        self.send(buffer.get(..len).unwrap_or_default())
    }

    fn listen(&mut self, keep: bool, buffer: &mut [u8]) -> Outcome<()> {
        while let Ok((len, _)) = self.socket.recv_from(buffer) {
            if demux::classify(buffer.get(..len).unwrap_or_default()) != Kind::Rtp {
                continue;
            }
            let Some((inbound, _)) = &mut self.srtp else {
                continue;
            };
            let len = inbound.unprotect_rtp(buffer, len)?;
            let packet = buffer.get(..len).unwrap_or_default();
            let header = rtp::parse(packet)?;
            let number = self.numbers.extend(header.fields.sequence);
            self.first = Some(self.first.map_or(number, |first| first.min(number)));
            self.got += 1;
            if keep {
                if self.heard.len() == KEPT {
                    self.heard.remove(0);
                }
                self.heard.push((number, header.payload(packet)?.to_vec()));
            }
        }
        Ok(())
    }
}
