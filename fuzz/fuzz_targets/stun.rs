//! STUN from anybody: telling it from the rest, reading checks and answers, and answering.
#![no_main]

use std::net::SocketAddr;
use std::sync::LazyLock;

use ahoy_packet::demux::{Kind, classify};
use ahoy_packet::stun::{
    BindingResponse, Check, IceKey, Outcome, RESPONSE_MAX, Role, parse_binding_request,
    parse_binding_response, write_binding_request, write_role_conflict, write_success,
    write_unknown_attributes,
};
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<IceKey> = LazyLock::new(|| IceKey::new("q0w1e2r3t4y5u6i7o8p9aA=="));
/// The password of RFC 5769, whose samples are in the corpus.
static RFC_KEY: LazyLock<IceKey> = LazyLock::new(|| IceKey::new("VOkJxbRl1RmTxUk/WvJxBt"));

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    // The same bytes as attributes of a request and of a response, so that no luck is needed with the header.
    for kind in [[0, 1], [1, 1], [1, 0x11]] {
        let attributes = &bytes[..bytes.len() / 4 * 4];
        let Ok(length) = u16::try_from(attributes.len()) else {
            return;
        };
        let head = [
            0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
        ];
        read(&[&kind[..], &length.to_be_bytes(), &head, attributes].concat());
    }
    check(bytes);
});

fn read(packet: &[u8]) {
    assert!(parse_binding_response(packet, &KEY).is_err());
    if parse_binding_response(packet, &RFC_KEY).is_ok() {
        assert_eq!(classify(packet), Kind::Stun);
    }
    let Ok(request) = parse_binding_request(packet) else {
        return;
    };
    assert_eq!(classify(packet), Kind::Stun);
    assert!(!request.verify(&KEY));
    request.verify(&RFC_KEY);
    let unknown = request.unknown_attributes();
    assert!(unknown.len() <= 4 && unknown.iter().all(|kind| *kind < 0x8000));
    let mapped: SocketAddr = ([192, 0, 2, 7], 40_012).into();
    let mut out = [0; RESPONSE_MAX];
    for outcome in [Outcome::Mapped(mapped), Outcome::Error(487)] {
        let written = match outcome {
            Outcome::Mapped(mapped) => write_success(&mut out, &request, mapped, &KEY),
            Outcome::Error(_) => write_role_conflict(&mut out, &request, &KEY),
        };
        let len = written.expect("an answer fits into its bound");
        let expected = BindingResponse {
            transaction: request.transaction,
            outcome,
        };
        assert_eq!(parse_binding_response(&out[..len], &KEY), Ok(expected));
    }
    let len = write_unknown_attributes(&mut out, &request, &KEY).expect("an answer fits");
    let answer = parse_binding_response(&out[..len], &KEY).expect("our own answer");
    assert_eq!(answer.outcome, Outcome::Error(420));
}

/// A check of our own with whatever stands for the two fragments.
fn check(bytes: &[u8]) {
    let Some((remote_ufrag, local_ufrag)) = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.split_once(':'))
    else {
        return;
    };
    let check = Check {
        transaction: [3; 12],
        remote_ufrag,
        local_ufrag,
        role: Role::Controlling(7),
        use_candidate: bytes.len() % 2 == 0,
        priority: 9,
    };
    let mut out = [0; 600];
    let Ok(len) = write_binding_request(&mut out, &check, &KEY) else {
        assert!(bytes.len() > 500);
        return;
    };
    let request = parse_binding_request(&out[..len]).expect("our own check");
    assert!(request.verify(&KEY) && !request.verify(&RFC_KEY));
    assert_eq!(request.local_ufrag, remote_ufrag);
    assert_eq!(request.remote_ufrag, local_ufrag);
    assert_eq!(request.use_candidate, check.use_candidate);
}
