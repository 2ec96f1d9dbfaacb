//! One simulated party: a UDP socket, its SDP, its keys (plain, SDES, or ICE + DTLS) and its counters.
use crate::dtls::{Pipe, Roles, Tls};
use crate::srtp::Srtp;
use crate::stun::stun;
use base64::{Engine, engine::general_purpose::STANDARD as B64};
use openssl::ssl::{ErrorCode, Ssl, SslStream};
use std::io;
use std::net::{SocketAddr, UdpSocket};

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Kind {
    Plain,
    Sdes,
    Dtls,
}
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Codec {
    Opus,
    Pcmu,
}
impl Codec {
    pub fn ts_step(self) -> u32 {
        if self == Codec::Opus { 960 } else { 160 }
    }
}

pub struct Peer {
    pub sock: UdpSocket,
    pub kind: Kind,
    pub codec: Codec,
    pub offerer: bool,
    pub remote: Option<SocketAddr>,
    tag: usize,
    crypto_id: String,
    master: [u8; 30],
    pub tx: Option<Srtp>,
    pub rx: Option<Srtp>,
    pt: u8,
    seq: u16,
    ts: u32,
    pub ssrc: u32,
    ufrag: String,
    pwd: String,
    r_ufrag: String,
    r_pwd: String,
    pub ice_ok: bool,
    active: bool,
    /// Whether we nominate: as the offerer, or because the relay is ICE-lite and never does (RFC 8445 §6.1.1).
    controlling: bool,
    dtls: Option<SslStream<Pipe>>,
    pub sent: u64,
    pub got: u64,
    pub got_marked: u64,
    pub bad: u64,
    pub send_log: Vec<u64>,
    pub first_seq: Option<u16>,
}

fn rnd<const N: usize>() -> [u8; N] {
    let mut b = [0; N];
    openssl::rand::rand_bytes(&mut b).unwrap();
    b
}
fn token(n: usize) -> String {
    B64.encode(rnd::<24>()).replace(['+', '/', '='], "x")[..n].into()
}

impl Peer {
    pub fn new(kind: Kind, codec: Codec, offerer: bool, tag: usize) -> io::Result<Self> {
        let sock = UdpSocket::bind(if kind == Kind::Dtls { "0.0.0.0:0" } else { "127.0.0.1:0" })?;
        sock.set_nonblocking(true)?;
        Ok(Peer {
            sock,
            kind,
            codec,
            offerer,
            tag,
            crypto_id: "1".into(),
            remote: None,
            master: rnd(),
            tx: None,
            rx: None,
            pt: if codec == Codec::Opus { 111 } else { 0 },
            seq: u16::from_be_bytes(rnd()) & 0x3fff,
            ts: u32::from_be_bytes(rnd()),
            ssrc: u32::from_be_bytes(rnd()),
            ufrag: token(8),
            pwd: token(24),
            r_ufrag: String::new(),
            r_pwd: String::new(),
            ice_ok: kind != Kind::Dtls,
            active: false,
            controlling: offerer,
            dtls: None,
            sent: 0,
            got: 0,
            got_marked: 0,
            bad: 0,
            send_log: vec![],
            first_seq: None,
        })
    }
    pub fn ready(&self) -> bool {
        self.remote.is_some() && self.ice_ok && (self.kind == Kind::Plain || self.tx.is_some())
    }

    pub fn sdp(&self, tls: &Tls) -> String {
        let port = self.sock.local_addr().unwrap().port();
        let proto = match self.kind {
            Kind::Plain => "RTP/AVP",
            Kind::Sdes => "RTP/SAVP",
            Kind::Dtls => "UDP/TLS/RTP/SAVPF",
        };
        let map = if self.codec == Codec::Opus { "111 opus/48000/2\r\na=fmtp:111 minptime=20;useinbandfec=1" } else { "0 PCMU/8000" };
        let mut s = format!(
            "v=0\r\no=- {} 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} {proto} {}\r\na=mid:audio\r\na=rtpmap:{map}\r\na=ptime:20\r\na=sendrecv\r\na=rtcp-mux\r\na=ssrc:{} cname:rb\r\n",
            self.ssrc, self.pt, self.ssrc
        );
        match self.kind {
            Kind::Plain => {}
            Kind::Sdes => {
                s += &format!("a=crypto:{} AES_CM_128_HMAC_SHA1_{} inline:{}\r\n", self.crypto_id, self.tag * 8, B64.encode(self.master))
            }
            Kind::Dtls => {
                s += &format!(
                    "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host\r\na=end-of-candidates\r\na=fingerprint:sha-256 {}\r\na=setup:{}\r\n",
                    self.ufrag,
                    self.pwd,
                    tls.fingerprint,
                    if self.offerer { "actpass" } else { "active" }
                )
            }
        }
        s
    }

    /// Takes the relay's offer or answer. Fails with the sentence of what was missing.
    pub fn set_remote(&mut self, sdp: &str, tls: &Tls) -> Result<(), String> {
        let attr = |k: &str| sdp.lines().find_map(|l| l.trim().strip_prefix("a=")?.strip_prefix(k).map(str::to_string));
        let m = sdp.lines().find_map(|l| l.strip_prefix("m=audio ")).ok_or("no m=audio")?;
        let mut port = m.split(' ').next().unwrap().to_string();
        let pts: Vec<u8> = m.split_whitespace().skip(2).filter_map(|x| x.parse().ok()).collect();
        let want = if self.codec == Codec::Opus { "opus" } else { "PCMU" };
        self.pt = pts
            .iter()
            .copied()
            .find(|p| match attr(&format!("rtpmap:{p} ")) {
                Some(v) => v.to_lowercase().starts_with(&want.to_lowercase()),
                None => *p == 0 && self.codec == Codec::Pcmu,
            })
            .ok_or(format!("no {want} in: {m}"))?;
        let mut ip = sdp.lines().rev().find_map(|l| l.trim().strip_prefix("c=IN IP4 ")).unwrap_or("127.0.0.1").to_string();
        match self.kind {
            Kind::Plain => {}
            Kind::Sdes => {
                let suite = format!("AES_CM_128_HMAC_SHA1_{}", self.tag * 8);
                let c = sdp
                    .lines()
                    .filter_map(|l| l.trim().strip_prefix("a=crypto:"))
                    .find(|l| l.split_whitespace().nth(1) == Some(&suite))
                    .ok_or("no crypto line of our suite")?;
                self.crypto_id = c.split(' ').next().unwrap().into();
                let key = c.split("inline:").nth(1).ok_or("no inline key")?.split(['|', ' ']).next().unwrap();
                self.rx = Some(Srtp::new(&B64.decode(key).map_err(|e| e.to_string())?, self.tag));
                self.tx = Some(Srtp::new(&self.master, self.tag));
            }
            Kind::Dtls => {
                // Loopback first; Janus never offers it, so else any IPv4 host address (run such relays in a network namespace of their own).
                let mut cands: Vec<Vec<&str>> = sdp
                    .lines()
                    .filter_map(|l| l.trim().strip_prefix("a=candidate:"))
                    .map(|c| c.split_whitespace().collect())
                    .filter(|f: &Vec<&str>| f.len() > 5 && f[1] == "1" && f[2].eq_ignore_ascii_case("udp") && f[4].contains('.'))
                    .collect();
                cands.sort_by_key(|f| f[4] != "127.0.0.1");
                if let Some(f) = cands.first() {
                    (ip, port) = (f[4].into(), f[5].into())
                }
                self.r_ufrag = attr("ice-ufrag:").ok_or("no ice-ufrag")?;
                self.r_pwd = attr("ice-pwd:").ok_or("no ice-pwd")?;
                self.controlling = self.offerer || attr("ice-lite").is_some();
                self.active = !self.offerer || attr("setup:").as_deref() == Some("passive");
                let ssl = {
                    let mut s = Ssl::new(&tls.ctx).unwrap();
                    s.set_mtu(1200).unwrap();
                    s
                };
                let mut st = SslStream::new(ssl, Pipe::default()).unwrap();
                if self.active {
                    st.ssl_mut_connect()
                } else {
                    st.ssl_mut_accept()
                }
                self.dtls = Some(st);
            }
        }
        self.remote = Some(format!("{ip}:{port}").parse().map_err(|e| format!("{ip}:{port}: {e}"))?);
        Ok(())
    }

    /// Called every 50 ms or so until `ready`.
    pub fn tick(&mut self) {
        if self.kind != Kind::Dtls || self.remote.is_none() || self.ready() {
            return;
        }
        if !self.ice_ok {
            let b = stun(
                0x0001,
                &rnd(),
                &[
                    (0x0006, format!("{}:{}", self.r_ufrag, self.ufrag).into_bytes()),
                    (0x0024, 1853824767u32.to_be_bytes().to_vec()),
                    (if self.controlling { 0x802A } else { 0x8029 }, vec![7; 8]),
                ]
                .into_iter()
                .chain(self.controlling.then(|| (0x0025, vec![])))
                .collect::<Vec<_>>(),
                &self.r_pwd,
            );
            let _ = self.sock.send_to(&b, self.remote.unwrap());
        }
        self.handshake();
    }

    fn handshake(&mut self) {
        let (Some(st), Some(to)) = (self.dtls.as_mut(), self.remote) else {
            return;
        };
        if !self.ice_ok {
            return;
        }
        let done = match st.do_handshake() {
            Ok(()) => true,
            Err(e) if e.code() == ErrorCode::WANT_READ || e.io_error().is_some() => false,
            Err(e) => {
                eprintln!("dtls: {e}");
                false
            }
        };
        for p in st.get_mut().tx.drain(..) {
            let _ = self.sock.send_to(&p, to);
        }
        if done && self.tx.is_none() {
            let mut k = [0u8; 60];
            st.ssl().export_keying_material(&mut k, "EXTRACTOR-dtls_srtp", None).unwrap();
            let side = |a: usize, b: usize| Srtp::new(&[&k[a..a + 16], &k[b..b + 14]].concat(), 10);
            let (client, server) = (side(0, 32), side(16, 46));
            (self.tx, self.rx) = if self.active { (Some(client), Some(server)) } else { (Some(server), Some(client)) };
        }
    }

    /// Sends one 20 ms packet; `payload` None puts a marked timestamp into an opaque 120-byte payload.
    pub fn send(&mut self, payload: Option<&[u8]>, now_ns: u64, marked: bool, buf: &mut Vec<u8>) {
        let Some(to) = self.remote else { return };
        buf.clear();
        buf.extend_from_slice(&[0x80, self.pt]);
        buf.extend_from_slice(&self.seq.to_be_bytes());
        buf.extend_from_slice(&self.ts.to_be_bytes());
        buf.extend_from_slice(&self.ssrc.to_be_bytes());
        match payload {
            Some(p) => buf.extend_from_slice(p),
            None => {
                buf.extend_from_slice(if marked { b"AHM1" } else { b"AHM0" });
                buf.extend_from_slice(&now_ns.to_be_bytes());
                buf.resize(12 + 120, 0x5a);
            }
        }
        if let Some(t) = &mut self.tx {
            t.protect(buf)
        }
        if self.sock.send_to(buf, to).is_ok() {
            self.sent += 1
        }
        if payload.is_some() {
            self.send_log.push(now_ns)
        }
        self.seq = self.seq.wrapping_add(1);
        self.ts = self.ts.wrapping_add(self.codec.ts_step());
    }

    /// Takes one datagram; for RTP returns (sequence number, send time, marked) with no send time where the payload is not ours.
    pub fn receive(&mut self, p: &mut [u8], from: SocketAddr) -> Option<(u16, Option<u64>, bool)> {
        match p.first()? {
            0..=3 => {
                self.on_stun(p, from);
                None
            }
            20..=63 => {
                if let Some(d) = &mut self.dtls {
                    d.get_mut().rx.push_back(p.to_vec());
                }
                self.ice_ok = true;
                self.handshake();
                None
            }
            128..=191 if p.len() >= 12 && !(64..96).contains(&(p[1] & 127)) => {
                let n = match &mut self.rx {
                    Some(rx) => match rx.unprotect(p) {
                        Some(n) => n,
                        None => {
                            self.bad += 1;
                            return None;
                        }
                    },
                    None if self.kind == Kind::Plain => p.len(),
                    None => return None,
                };
                self.got += 1;
                let h = crate::srtp::hdr_len(p);
                let ours = n >= h + 12 && &p[h..h + 3] == b"AHM";
                let marked = ours && p[h + 3] == b'1';
                self.got_marked += marked as u64;
                Some((u16::from_be_bytes([p[2], p[3]]), ours.then(|| u64::from_be_bytes(p[h + 4..h + 12].try_into().unwrap())), marked))
            }
            _ => None,
        }
    }

    fn on_stun(&mut self, p: &[u8], from: SocketAddr) {
        if p.len() < 20 {
            return;
        }
        match u16::from_be_bytes([p[0], p[1]]) {
            0x0001 => {
                let SocketAddr::V4(a) = from else { return };
                let mut x = vec![0, 1];
                x.extend((a.port() ^ 0x2112).to_be_bytes());
                x.extend((u32::from(*a.ip()) ^ 0x2112A442).to_be_bytes());
                let b = stun(0x0101, &p[8..20].try_into().unwrap(), &[(0x0020, x)], &self.pwd);
                let _ = self.sock.send_to(&b, from);
                if self.remote.is_some() && !self.offerer {
                    self.remote = Some(from);
                    self.ice_ok = true
                }
            }
            0x0101 => {
                self.ice_ok = true;
                self.handshake()
            }
            _ => {}
        }
    }
}
