//! `relaybench relay`: the least a user-space SDES relay can do, as a target of its own (`--target ideal`). One port and one thread for all
//! calls, the sender's address tells the leg, recvmmsg and sendmmsg; no statistics, no RTCP, no header rewriting. RB_SLEEP_US=1000 makes it
//! rest a millisecond after each batch, which trades that delay for fewer wake-ups. A yardstick, not a product.
use crate::floor::Batch;
use crate::srtp::Srtp;
use base64::{Engine, engine::general_purpose::STANDARD as B64};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::BufRead;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex};

struct Leg {
    rx: Srtp,
    tx: Srtp,
    to: libc::sockaddr_in,
}
type Party = (u16, [u8; 30]);

fn party(sdp: &str) -> Option<Party> {
    let port = sdp.lines().find_map(|l| l.strip_prefix("m=audio "))?.split(' ').next()?.parse().ok()?;
    let key = B64.decode(sdp.split("inline:").nth(1)?.split(['|', '\r', '\n', ' ']).next()?).ok()?;
    Some((port, key.try_into().ok()?))
}
fn key() -> [u8; 30] {
    let mut k = [0; 30];
    openssl::rand::rand_bytes(&mut k).unwrap();
    k
}

pub fn serve() {
    let sock = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = sock.local_addr().unwrap().port();
    let legs: Arc<Mutex<HashMap<u16, Leg>>> = Arc::default();
    let (worker_legs, fd) = (legs.clone(), sock.as_raw_fd());
    let rest = std::env::var("RB_SLEEP_US").ok().and_then(|v| v.parse().ok()).map(std::time::Duration::from_micros);
    std::thread::spawn(move || {
        let (mut b, mut pkt, mut to) = (Batch::new(64), Vec::with_capacity(256), [unsafe { std::mem::zeroed() }; 64]);
        loop {
            let n = b.recv(fd, libc::MSG_WAITFORONE);
            let mut legs = worker_legs.lock().unwrap();
            for (i, destination) in to.iter_mut().enumerate().take(n) {
                let len = b.hdr[i].msg_len as usize;
                b.hdr[i].msg_len = 0; // what is not forwarded leaves as an empty datagram to nowhere
                let Some(leg) = legs.get_mut(&u16::from_be(b.addr[i].sin_port)) else {
                    continue;
                };
                let Some(l) = leg.rx.unprotect(&mut b.bufs[i][..len]) else {
                    continue;
                };
                pkt.clear();
                pkt.extend_from_slice(&b.bufs[i][..l]);
                leg.tx.protect(&mut pkt);
                b.bufs[i][..pkt.len()].copy_from_slice(&pkt);
                b.hdr[i].msg_len = pkt.len() as u32;
                *destination = leg.to;
            }
            drop(legs);
            if n > 0 {
                b.send(fd, n, &to, 0)
            }
            if let Some(d) = rest
                && n < 64
            {
                std::thread::sleep(d)
            }
        }
    });
    println!("{}", json!({"pid": std::process::id()}));
    let mut open: HashMap<u64, (Party, [u8; 30])> = HashMap::new();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let v: Value = serde_json::from_str(&line).unwrap_or_default();
        let (call, mine) = (v["call"].as_u64().unwrap_or(0), key());
        let Some(p) = party(v["sdp"].as_str().unwrap_or("")) else {
            println!("{}", json!({"error": "SDES audio only"}));
            continue;
        };
        let key = if v["op"] == "offer" {
            open.insert(call, (p, mine));
            mine
        } else if let Some((a, to_b)) = open.remove(&call) {
            let at = |port: u16| libc::sockaddr_in {
                sin_family: libc::AF_INET as u16,
                sin_port: port.to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) },
                sin_zero: [0; 8],
            };
            let mut l = legs.lock().unwrap();
            l.insert(a.0, Leg { rx: Srtp::new(&a.1, 10), tx: Srtp::new(&to_b, 10), to: at(p.0) });
            l.insert(p.0, Leg { rx: Srtp::new(&p.1, 10), tx: Srtp::new(&mine, 10), to: at(a.0) });
            mine
        } else {
            continue;
        };
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/SAVP 111\r\na=rtpmap:111 opus/48000/2\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{}\r\n",
            B64.encode(key)
        );
        println!("{}", json!({"sdp": sdp}));
    }
}
