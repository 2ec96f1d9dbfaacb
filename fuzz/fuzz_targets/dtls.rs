//! DTLS from anybody: datagrams at every point of a handshake, as either role, and bytes of a real one changed.
#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use ahoy_packet::dtls::{Endpoint, Identity};
use ahoy_packet::srtp::DtlsRole;
use libfuzzer_sys::fuzz_target;

static IDENTITY: LazyLock<Identity> = LazyLock::new(|| Identity::generate().expect("a certificate"));

fuzz_target!(|bytes: &[u8]| {
    let Some((&how, rest)) = bytes.split_first() else {
        return;
    };
    let now = Instant::now();
    let role = if how & 1 == 0 { DtlsRole::Server } else { DtlsRole::Client };
    // Datagrams with their lengths in front.
    let mut end = Endpoint::new(&IDENTITY, role, now);
    let mut sent = 0;
    let _ = end.advance(None, now, &mut |_| sent += 1);
    let mut left = rest;
    let mut at = now;
    while let Some((&length, behind)) = left.split_first() {
        let length = (usize::from(length) * 6).min(behind.len());
        let (datagram, next) = behind.split_at(length);
        at += Duration::from_millis(60);
        if end.advance(Some(datagram), at, &mut |_| sent += 1).is_err() {
            break;
        }
        left = next;
    }
    assert!(sent < 4 + 34 * 2, "an end is no amplifier");
    changed(usize::from(how >> 1) % 6, rest);
});

/// A handshake in which one datagram has bytes of the input laid over it.
fn changed(which: usize, patch: &[u8]) {
    let now = Instant::now();
    let mut ends = [DtlsRole::Client, DtlsRole::Server].map(|role| Endpoint::new(&IDENTITY, role, now));
    let mut waiting: Vec<(usize, Vec<u8>)> = Vec::new();
    let _ = ends[0].advance(None, now, &mut |d| waiting.push((1, d.to_vec())));
    let mut keys = [None, None];
    for n in 0..16 {
        if waiting.is_empty() {
            break;
        }
        let (to, mut datagram) = waiting.remove(0);
        if n == which {
            for pair in patch.chunks_exact(3) {
                let at = usize::from(u16::from_be_bytes([pair[0], pair[1]])) % datagram.len();
                datagram[at] ^= pair[2];
            }
        }
        if let Ok(Some(outcome)) = ends[to].advance(Some(&datagram), now, &mut |d| waiting.push((1 - to, d.to_vec()))) {
            keys[to] = Some(outcome.keys);
        }
    }
    if let [Some(client), Some(server)] = keys {
        assert_eq!(client.outbound, server.inbound);
        assert_eq!(client.inbound, server.outbound);
    }
}
