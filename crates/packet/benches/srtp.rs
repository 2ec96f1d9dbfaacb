//! SRTP per packet: `cargo bench -p ahoy-packet --profile release`. 160 bytes of payload, as Opus at 64 kbit/s has in 20 ms.

#![allow(clippy::unwrap_used)]

use ahoy_packet::rtp::{self, Fields};
use ahoy_packet::srtp::{Inbound, Keys, MAX_OVERHEAD, Outbound, Profile};
use ahoy_packet::stun::{
    Check, IceKey, RESPONSE_MAX, Role, parse_binding_request, write_binding_request, write_success,
};
use ahoy_types::{PayloadType, Ssrc};
use divan::{Bencher, black_box};

const PROFILES: [Profile; 5] = [
    Profile::Aes128CmSha1_80,
    Profile::Aes128CmSha1_32,
    Profile::Aes256CmSha1_80,
    Profile::Aes128Gcm,
    Profile::Aes256Gcm,
];
const LEN: usize = 172;

fn main() {
    for (name, bytes) in [
        ("Outbound", size_of::<Outbound>()),
        ("Inbound", size_of::<Inbound>()),
        ("IceKey", size_of::<IceKey>()),
    ] {
        println!("{name}: {bytes} bytes");
    }
    divan::main();
}

fn pair(profile: Profile) -> (Outbound, Inbound) {
    let keys = Keys::from_sdes(profile, &vec![7; profile.key_and_salt_len()]).unwrap();
    (Outbound::new(&keys).unwrap(), Inbound::new(&keys).unwrap())
}

/// The packets of a stream, one after the other.
struct Stream(u32);

impl Stream {
    fn next(&mut self) -> [u8; LEN + MAX_OVERHEAD] {
        let mut packet = [0x5a; LEN + MAX_OVERHEAD];
        let fields = Fields {
            payload_type: PayloadType(111),
            marker: false,
            sequence: self.0 as u16,
            timestamp: self.0.wrapping_mul(960),
            ssrc: Ssrc(1),
        };
        self.0 += 1;
        rtp::write_header(&mut packet, &fields).unwrap();
        packet
    }
}

#[divan::bench(args = PROFILES, sample_size = 10_000)]
fn protect(bencher: Bencher, profile: Profile) {
    let (mut outbound, _) = pair(profile);
    let mut stream = Stream(0);
    bencher
        .with_inputs(|| stream.next())
        .bench_local_refs(|packet| outbound.protect_rtp(black_box(packet), LEN).unwrap());
}

#[divan::bench(args = PROFILES, sample_size = 10_000)]
fn unprotect(bencher: Bencher, profile: Profile) {
    let (mut outbound, mut inbound) = pair(profile);
    let mut stream = Stream(0);
    bencher
        .with_inputs(|| {
            let mut packet = stream.next();
            let len = outbound.protect_rtp(&mut packet, LEN).unwrap();
            (packet, len)
        })
        .bench_local_refs(|(packet, len)| inbound.unprotect_rtp(black_box(packet), *len).unwrap());
}

#[divan::bench(args = PROFILES, sample_size = 1_000)]
fn protect_and_unprotect_rtcp(bencher: Bencher, profile: Profile) {
    let (mut outbound, mut inbound) = pair(profile);
    bencher
        .with_inputs(|| [0x80; 64 + MAX_OVERHEAD])
        .bench_local_refs(|packet| {
            let len = outbound.protect_rtcp(black_box(packet), 64).unwrap();
            inbound.unprotect_rtcp(packet, len).unwrap()
        });
}

#[divan::bench(sample_size = 10_000)]
fn parse_and_rewrite_header(bencher: Bencher) {
    let mut stream = Stream(0);
    bencher
        .with_inputs(|| stream.next())
        .bench_local_refs(|packet| {
            let header = rtp::parse(black_box(packet)).unwrap();
            rtp::rewrite_in_place(packet, &header, &header.fields).unwrap()
        });
}

#[divan::bench(sample_size = 1_000)]
fn answer_connectivity_check(bencher: Bencher) {
    let key = IceKey::new("c2VydmVyIHBhc3N3b3JkMQ==");
    let check = Check {
        transaction: [7; 12],
        remote_ufrag: "c2VydmVyZnJhZ21l",
        local_ufrag: "abcd",
        role: Role::Controlling(1),
        use_candidate: true,
        priority: 1,
    };
    let mut request = [0; 200];
    let len = write_binding_request(&mut request, &check, &key).unwrap();
    let mapped = "192.0.2.7:40012".parse().unwrap();
    let mut out = [0; RESPONSE_MAX];
    bencher.bench_local(|| {
        let request = parse_binding_request(black_box(&request[..len])).unwrap();
        assert!(request.verify(&key));
        write_success(&mut out, &request, mapped, &key).unwrap()
    });
}
