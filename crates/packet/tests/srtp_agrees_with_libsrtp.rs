//! Packets protected by libsrtp open here to the same bytes, and ours are byte for byte the same as its own.
//! `data/srtp_vectors.py` wrote the packets.

#![allow(clippy::unwrap_used)]

use ahoy_packet::srtp::{Inbound, Keys, MAX_OVERHEAD, Outbound, Profile, SrtpError};

const VECTORS: &str = include_str!("data/srtp_vectors.txt");

struct Packet {
    rtcp: bool,
    plain: Vec<u8>,
    protected: Vec<u8>,
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn sessions() -> Vec<(Keys, Vec<Packet>)> {
    let mut sessions: Vec<(Keys, Vec<Packet>)> = Vec::new();
    for line in VECTORS.lines().filter(|line| !line.starts_with('#')) {
        let [kind, a, b] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("three words in `{line}`");
        };
        if kind == "profile" {
            let profile = match a {
                "Aes128CmSha1_80" => Profile::Aes128CmSha1_80,
                "Aes128CmSha1_32" => Profile::Aes128CmSha1_32,
                "Aes256CmSha1_80" => Profile::Aes256CmSha1_80,
                "Aes256CmSha1_32" => Profile::Aes256CmSha1_32,
                "Aes128Gcm" => Profile::Aes128Gcm,
                "Aes256Gcm" => Profile::Aes256Gcm,
                other => panic!("profile `{other}`"),
            };
            sessions.push((Keys::from_sdes(profile, &unhex(b)).unwrap(), Vec::new()));
        } else {
            sessions.last_mut().unwrap().1.push(Packet {
                rtcp: kind == "rtcp",
                plain: unhex(a),
                protected: unhex(b),
            });
        }
    }
    assert_eq!(sessions.len(), 6);
    sessions
}

#[test]
fn what_libsrtp_protects_opens_here_once() {
    for (keys, packets) in sessions() {
        let mut inbound = Inbound::new(&keys).unwrap();
        let mut open = |packet: &Packet| {
            let mut buf = packet.protected.clone();
            let len = buf.len();
            let opened = if packet.rtcp {
                inbound.unprotect_rtcp(&mut buf, len)
            } else {
                inbound.unprotect_rtp(&mut buf, len)
            };
            opened.map(|len| buf[..len].to_vec())
        };
        for packet in &packets {
            assert_eq!(open(packet), Ok(packet.plain.clone()), "{keys:?}");
        }
        for packet in packets.iter().rev() {
            // A number more than half a cycle back is taken for one to come, which the tag disproves.
            let again = open(packet);
            assert!(
                matches!(again, Err(SrtpError::Replayed | SrtpError::Authentication)),
                "{keys:?} {again:?}"
            );
        }
    }
}

#[test]
fn what_is_protected_here_is_what_libsrtp_makes_of_it() {
    for (keys, packets) in sessions() {
        let mut outbound = Outbound::new(&keys).unwrap();
        // RFC 3711 begins to count SRTCP packets at 0 and libsrtp at 1.
        let mut first = [0x80; 64];
        outbound.protect_rtcp(&mut first, 8).unwrap();
        for packet in &packets {
            let mut buf = packet.plain.clone();
            buf.resize(packet.plain.len() + MAX_OVERHEAD, 0xaa);
            let len = if packet.rtcp {
                outbound.protect_rtcp(&mut buf, packet.plain.len())
            } else {
                outbound.protect_rtp(&mut buf, packet.plain.len())
            };
            assert_eq!(buf[..len.unwrap()], packet.protected, "{keys:?}");
        }
    }
}

#[test]
fn opening_needs_the_right_key() {
    for (keys, packets) in sessions() {
        let other = Keys::new(
            keys.profile(),
            &vec![7; keys.profile().key_len()],
            &vec![7; keys.profile().salt_len()],
        );
        let mut inbound = Inbound::new(&other.unwrap()).unwrap();
        for packet in &packets {
            let mut buf = packet.protected.clone();
            let len = buf.len();
            let opened = if packet.rtcp {
                inbound.unprotect_rtcp(&mut buf, len)
            } else {
                inbound.unprotect_rtp(&mut buf, len)
            };
            assert_eq!(opened, Err(SrtpError::Authentication), "{keys:?}");
        }
    }
}
