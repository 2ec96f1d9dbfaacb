//! What a DTLS handshake costs: both ends of ours together. `cargo bench -p ahoy-packet --profile release --bench dtls`

use std::time::Instant;

use ahoy_packet::dtls::{Endpoint, Identity};
use ahoy_packet::srtp::DtlsRole;

fn main() {
    divan::main();
}

/// Client and server, without a network.
#[divan::bench]
fn both_ends(bencher: divan::Bencher<'_, '_>) {
    let identity = Identity::generate().expect("a certificate");
    bencher.bench_local(|| {
        let now = Instant::now();
        let mut ends =
            [DtlsRole::Client, DtlsRole::Server].map(|role| Endpoint::new(&identity, role, now));
        let mut waiting: Vec<(usize, Vec<u8>)> = Vec::new();
        let start = ends[0].advance(None, now, &mut |d| waiting.push((1, d.to_vec())));
        start.expect("a ClientHello");
        let mut done = 0;
        while !waiting.is_empty() {
            let (to, datagram) = waiting.remove(0);
            let step = ends[to].advance(Some(&datagram), now, &mut |d| {
                waiting.push((1 - to, d.to_vec()))
            });
            done += usize::from(step.expect("a step").is_some());
        }
        assert_eq!(done, 2);
    });
}
