//! Connectivity checks and their answers: the vectors of RFC 5769, a client and a server of our own, and what is forged,
//! cut or strange.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;

use ahoy_packet::stun::{
    BindingResponse, Check, IceKey, Outcome, RESPONSE_MAX, Role, StunError, parse_binding_request,
    parse_binding_response, write_binding_request, write_role_conflict, write_success,
    write_unknown_attributes,
};
use proptest::prelude::*;

/// RFC 5769 §2.1. Its SOFTWARE attribute is optional and its role controlled.
const REQUEST: &str = "000100582112a442b7e7a701bc34d686fa87dfae\
    802200105354554e207465737420636c69656e74\
    002400046e0001ff80290008932ff9b151263b36\
    000600096576746a3a68367659202020\
    000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2\
    80280004e57a3bcf";
/// RFC 5769 §2.2 and §2.3.
const RESPONSES: [(&str, &str); 2] = [
    (
        "0101003c2112a442b7e7a701bc34d686fa87dfae\
         8022000b7465737420766563746f7220\
         002000080001a147e112a643\
         000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7\
         80280004c07d4c96",
        "192.0.2.1:32853",
    ),
    (
        "010100482112a442b7e7a701bc34d686fa87dfae\
         8022000b7465737420766563746f7220\
         002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9\
         00080014a382954e4be67bf11784c97c8292c275bfe3ed41\
         80280004c8fb0b4c",
        "[2001:db8:1234:5678:11:2233:4455:6677]:32853",
    ),
];
const RFC_TRANSACTION: [u8; 12] = [
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
];

fn rfc_key() -> IceKey {
    IceKey::new("VOkJxbRl1RmTxUk/WvJxBt")
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

const PASSWORD: &str = "c2VydmVyIHBhc3N3b3JkMQ==";

fn check() -> Check<'static> {
    Check {
        transaction: *b"transaction!",
        remote_ufrag: "c2VydmVyZnJhZ21l",
        local_ufrag: "abcd",
        role: Role::Controlling(0x0102_0304_0506_0708),
        use_candidate: true,
        priority: 0x6e7f_1eff,
    }
}

fn request(check: &Check<'_>) -> Vec<u8> {
    let mut out = vec![0xee; 600];
    let len = write_binding_request(&mut out, check, &IceKey::new(PASSWORD)).unwrap();
    out.truncate(len);
    out
}

#[test]
fn the_sample_request_of_rfc_5769_is_read_and_verified() {
    let packet = unhex(REQUEST);
    let request = parse_binding_request(&packet).unwrap();
    assert_eq!(
        (request.local_ufrag, request.remote_ufrag),
        ("evtj", "h6vY")
    );
    assert_eq!(request.priority, Some(0x6e00_01ff));
    assert_eq!(request.controlled, Some(0x932f_f9b1_5126_3b36));
    assert_eq!((request.controlling, request.use_candidate), (None, false));
    assert_eq!(request.transaction, RFC_TRANSACTION);
    assert_eq!(request.unknown_attributes(), [0u16; 0]);
    assert!(request.verify(&rfc_key()));
    assert!(!request.verify(&IceKey::new("VOkJxbRl1RmTxUk/WvJxBu")));
}

#[test]
fn the_sample_responses_of_rfc_5769_are_read_and_verified() {
    for (packet, address) in RESPONSES {
        let expected = BindingResponse {
            transaction: RFC_TRANSACTION,
            outcome: Outcome::Mapped(address.parse().unwrap()),
        };
        let packet = unhex(packet);
        assert_eq!(parse_binding_response(&packet, &rfc_key()), Ok(expected));
        assert_eq!(
            parse_binding_response(&packet, &IceKey::new("")),
            Err(StunError::Integrity)
        );
    }
}

#[test]
fn a_check_is_understood_and_answered_with_the_address_it_came_from() {
    let key = IceKey::new(PASSWORD);
    let packet = request(&check());
    let request = parse_binding_request(&packet).unwrap();
    assert_eq!(request.local_ufrag, "c2VydmVyZnJhZ21l");
    assert_eq!(request.remote_ufrag, "abcd");
    assert!(request.use_candidate);
    assert_eq!(request.controlling, Some(0x0102_0304_0506_0708));
    assert_eq!(request.controlled, None);
    assert_eq!(request.priority, Some(0x6e7f_1eff));
    assert!(request.verify(&key));
    for (seen, told) in [
        ("192.0.2.7:40012", "192.0.2.7:40012"),
        ("[2001:db8::9]:3478", "[2001:db8::9]:3478"),
        ("[::ffff:192.0.2.7]:9", "192.0.2.7:9"),
    ] {
        let mut out = [0xee; RESPONSE_MAX];
        let seen: SocketAddr = seen.parse().unwrap();
        let len = write_success(&mut out, &request, seen, &key).unwrap();
        let response = parse_binding_response(&out[..len], &key).unwrap();
        assert_eq!(response.transaction, *b"transaction!");
        assert_eq!(response.outcome, Outcome::Mapped(told.parse().unwrap()));
    }
}

#[test]
fn errors_reach_the_client_with_their_code() {
    let key = IceKey::new(PASSWORD);
    let packet = request(&Check {
        role: Role::Controlled(5),
        use_candidate: false,
        ..check()
    });
    let request = parse_binding_request(&packet).unwrap();
    assert_eq!((request.controlled, request.controlling), (Some(5), None));
    let mut out = [0; RESPONSE_MAX];
    let len = write_role_conflict(&mut out, &request, &key).unwrap();
    let response = parse_binding_response(&out[..len], &key).unwrap();
    assert_eq!(response.outcome, Outcome::Error(487));
    let len = write_unknown_attributes(&mut out, &request, &key).unwrap();
    let response = parse_binding_response(&out[..len], &key).unwrap();
    assert_eq!(response.outcome, Outcome::Error(420));
}

#[test]
fn passwords_may_be_longer_than_a_block_of_the_hash() {
    let long = "p".repeat(256);
    let mut out = [0; 200];
    let len = write_binding_request(&mut out, &check(), &IceKey::new(&long)).unwrap();
    let request = parse_binding_request(&out[..len]).unwrap();
    assert!(request.verify(&IceKey::new(&long)));
    assert!(!request.verify(&IceKey::new(&long[..255])));
}

#[test]
fn any_changed_byte_is_noticed() {
    let key = IceKey::new(PASSWORD);
    let good = request(&check());
    // But for the type of FINGERPRINT: another optional attribute may stand there.
    let fingerprint = good.len() - 8;
    for at in (0..fingerprint).chain(fingerprint + 2..good.len()) {
        let mut packet = good.clone();
        packet[at] ^= 0x40;
        assert!(parse_binding_request(&packet).is_err(), "{at}");
    }
    // Without FINGERPRINT the structure may stand, but integrity does not.
    let bare = without_fingerprint(&good);
    assert!(parse_binding_request(&bare).unwrap().verify(&key));
    for at in 0..bare.len() {
        let mut packet = bare.clone();
        packet[at] ^= 0x40;
        let verified = parse_binding_request(&packet).is_ok_and(|request| request.verify(&key));
        assert!(!verified, "{at}");
    }
}

fn without_fingerprint(packet: &[u8]) -> Vec<u8> {
    let mut bare = packet[..packet.len() - 8].to_vec();
    let length = (bare.len() - 20) as u16;
    bare[2..4].copy_from_slice(&length.to_be_bytes());
    bare
}

#[test]
fn every_truncation_is_refused() {
    let good = request(&check());
    for len in 0..good.len() {
        assert!(parse_binding_request(&good[..len]).is_err(), "{len}");
        // With a length field that fits.
        if len >= 20 {
            let mut cut = good[..len].to_vec();
            cut[2..4].copy_from_slice(&((len - 20) as u16).to_be_bytes());
            let whole_without_fingerprint = len == good.len() - 8;
            let read = parse_binding_request(&cut).is_ok();
            assert_eq!(read, whole_without_fingerprint, "{len}");
        }
    }
    let longer = [good.as_slice(), &[0; 4]].concat();
    assert_eq!(parse_binding_request(&longer), Err(StunError::NotStun));
}

#[test]
fn what_is_missing_is_named() {
    // The bare 20-byte request that linphone sends ahead of SDES media.
    let bare = [&unhex("000100002112a442")[..], &[7; 12]].concat();
    assert_eq!(parse_binding_request(&bare), Err(StunError::NoIntegrity));
    let indication = [&unhex("001100002112a442")[..], &[7; 12]].concat();
    assert_eq!(
        parse_binding_request(&indication),
        Err(StunError::UnexpectedType(0x0011))
    );
    let rfc3489 = [&unhex("0001000000000000")[..], &[7; 12]].concat();
    assert_eq!(parse_binding_request(&rfc3489), Err(StunError::NotStun));
    let nameless = request(&Check {
        remote_ufrag: "",
        ..check()
    });
    let request = parse_binding_request(&nameless).unwrap();
    assert_eq!(request.local_ufrag, "");
    let response = unhex(RESPONSES[0].0);
    assert_eq!(
        parse_binding_request(&response),
        Err(StunError::UnexpectedType(0x0101))
    );
    assert_eq!(
        parse_binding_response(&unhex(REQUEST), &rfc_key()),
        Err(StunError::UnexpectedType(0x0001))
    );
}

/// A request with `attributes` in front of those of [`check`], signed.
fn request_with(attributes: &[u8]) -> Vec<u8> {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let plain = request(&check());
    let body = &plain[20..plain.len() - 32];
    let mut packet = [&plain[..20], attributes, body].concat();
    let length = (packet.len() - 20 + 24) as u16;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(PASSWORD.as_bytes()).unwrap();
    mac.update(&packet);
    packet.extend([0, 8, 0, 20]);
    packet.extend(mac.finalize().into_bytes());
    packet
}

#[test]
fn unknown_attributes_that_must_be_understood_are_listed() {
    let optional = unhex("c057000400000001");
    let packet = request_with(&optional);
    let request = parse_binding_request(&packet).unwrap();
    assert!(request.verify(&IceKey::new(PASSWORD)));
    assert_eq!(request.unknown_attributes(), [0u16; 0]);

    let required = unhex("7001000140000000700200007003000070040000700500007006000070070000");
    let packet = request_with(&required);
    let request = parse_binding_request(&packet).unwrap();
    assert!(request.verify(&IceKey::new(PASSWORD)));
    assert_eq!(
        request.unknown_attributes(),
        [0x7001, 0x7002, 0x7003, 0x7004]
    );
    let mut out = [0; RESPONSE_MAX];
    let len = write_unknown_attributes(&mut out, &request, &IceKey::new(PASSWORD)).unwrap();
    let named = unhex("000a00087001700270037004");
    assert!(out[..len].windows(named.len()).any(|part| part == named));
}

#[test]
fn of_an_attribute_given_twice_the_first_counts() {
    let first = unhex("00060003783a7900");
    let packet = request_with(&first);
    let request = parse_binding_request(&packet).unwrap();
    assert_eq!((request.local_ufrag, request.remote_ufrag), ("x", "y"));
}

#[test]
fn what_stands_behind_the_integrity_is_not_believed() {
    let packet = request(&Check {
        use_candidate: false,
        ..check()
    });
    let mut packet = without_fingerprint(&packet);
    packet.extend(unhex("00250000"));
    let length = (packet.len() - 20) as u16;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    let request = parse_binding_request(&packet).unwrap();
    assert!(request.verify(&IceKey::new(PASSWORD)));
    assert!(!request.use_candidate);
}

#[test]
fn too_small_a_buffer_is_refused() {
    let key = IceKey::new(PASSWORD);
    let needed = request(&check()).len();
    for len in 0..needed {
        let mut out = vec![0; len];
        assert_eq!(
            write_binding_request(&mut out, &check(), &key),
            Err(StunError::BufferTooSmall)
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let key = IceKey::new(PASSWORD);
        prop_assert!(!parse_binding_request(&bytes).is_ok_and(|request| request.verify(&key)));
        prop_assert!(parse_binding_response(&bytes, &key).is_err());
    }

    #[test]
    fn arbitrary_attributes_never_panic(attributes in prop::collection::vec(any::<u8>(), 0..120)) {
        let mut packet = unhex("000100002112a442");
        packet.extend([7; 12]);
        packet.extend(&attributes);
        packet.truncate(packet.len() / 4 * 4);
        let length = (packet.len() - 20) as u16;
        packet[2..4].copy_from_slice(&length.to_be_bytes());
        let _ = parse_binding_request(&packet).is_ok_and(|request| request.verify(&rfc_key()));
        packet[0..2].copy_from_slice(&[1, 1]);
        prop_assert!(parse_binding_response(&packet, &rfc_key()).is_err());
    }

    #[test]
    fn fragments_of_any_length_round_trip(remote in "[a-zA-Z0-9+/]{1,256}", local in "[a-zA-Z0-9+/]{1,256}") {
        let packet = request(&Check { remote_ufrag: &remote, local_ufrag: &local, ..check() });
        let request = parse_binding_request(&packet).unwrap();
        prop_assert_eq!(request.local_ufrag, remote);
        prop_assert_eq!(request.remote_ufrag, local);
        prop_assert!(request.verify(&IceKey::new(PASSWORD)));
    }
}
