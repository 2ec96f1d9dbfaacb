//! Whatever comes in, an answer in words comes out, and quickly.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::{Duration, Instant};

use ahoy_sdp::{MAX_BYTES, Policy, choose, parse_answer, parse_offer, same_sdp, write_answer};
use common::*;
use proptest::prelude::*;

/// Longest error text that may come of any input.
const LONGEST: usize = 4096;

/// Reads the text in every way; whatever is accepted as an offer must be answerable, and the answer well formed.
fn read(text: &str) {
    for policy in [dtls(), dtls_with_g711(), sdes_with_g711()] {
        match parse_offer(text, &policy) {
            Err(defects) => {
                assert!(!defects.0.is_empty());
                let sentence = defects.to_string();
                assert!(sentence.len() < LONGEST, "{sentence}");
                assert!(!sentence.contains(|c: char| c.is_control()), "{sentence:?}");
            }
            Ok(remote) => {
                if let Ok(choice) = choose(&remote, &policy) {
                    check_answer(&write_answer(&local(), &remote, &choice), &policy);
                }
            }
        }
    }
    let _ = parse_answer(text, &offered(), &dtls());
    let _ = parse_answer(text, &offered_sdes(), &sdes_with_g711());
    let _ = same_sdp(text, &offered().text);
}

/// Nothing of the offer broke out of its line: the answer reads back, with exactly one of each of our lines.
fn check_answer(answer: &str, policy: &Policy) {
    for line in [
        "v=0\r\n",
        "\r\na=setup:",
        "\r\na=ssrc:",
        "\r\na=ice-ufrag:",
        "\r\na=ptime:",
    ] {
        assert_eq!(answer.matches(line).count(), 1, "{line:?} in {answer}");
    }
    if policy.keying == ahoy_sdp::Keying::Dtls {
        parse_offer(answer, policy).unwrap_or_else(|d| panic!("{d}: {answer}"));
    }
}

#[test]
fn every_sample_may_be_cut_anywhere() {
    for (_, text) in samples() {
        for at in 0..=text.len() {
            if text.is_char_boundary(at) {
                read(&text[..at]);
                read(&text[at..]);
            }
        }
    }
}

#[test]
fn every_line_may_be_missing_doubled_emptied_or_moved() {
    for (_, text) in samples() {
        let lines: Vec<&str> = text.lines().collect();
        for at in 0..lines.len() {
            let mut without = lines.clone();
            let line = without.remove(at);
            read(&without.join("\r\n"));
            for place in [0, at, without.len()] {
                let mut moved = without.clone();
                moved.insert(place, line);
                read(&moved.join("\r\n"));
                moved.insert(place, line);
                read(&moved.join("\r\n"));
            }
            let name = line.split_once([':', '=']).map_or(line, |(name, _)| name);
            for empty in [name.to_owned(), format!("{name}:"), format!("{name}: ")] {
                let mut emptied = lines.clone();
                emptied[at] = &empty;
                read(&emptied.join("\r\n"));
            }
        }
    }
}

#[test]
fn the_largest_text_of_each_kind_ends_quickly() {
    let fill = |piece: &str| {
        let head = sample("chrome-offer");
        let room = (MAX_BYTES - head.len()) / piece.len();
        head + &piece.repeat(room)
    };
    let formats = |piece: &str| {
        let head = sample("chrome-offer");
        let room = (MAX_BYTES - head.len()) / piece.len();
        head.replace("SAVPF 111", &format!("SAVPF{} 111", piece.repeat(room)))
    };
    let texts = [
        fill("a=rtpmap:111 opus/48000/2\r\n"),
        fill("a=ssrc:1\n"),
        fill("a=x\n"),
        fill("\n"),
        fill("m=audio 1 RTP/SAVP 0\n"),
        fill("a=candidate:1 1 udp 1 192.0.2.1 1 typ host\n"),
        fill("a=group:BUNDLE 0\n"),
        fill("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\n"),
        fill("é"),
        formats(" 0"),
        formats(" 127"),
        formats(" x"),
        "a".repeat(MAX_BYTES),
        format!("v=0\r\n{}", "=".repeat(MAX_BYTES - 5)),
        "\u{feff}".repeat(1000),
        "v=0\n".repeat(MAX_BYTES * 20),
    ];
    let start = Instant::now();
    for text in &texts {
        read(text);
    }
    // About 2 ms a text on the slowest machine at hand; quadratic work on 64 KiB would take minutes.
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in "(?s).{0,400}") {
        read(&text);
    }

    #[test]
    fn any_lines_are_survived(lines in prop::collection::vec(line(), 0..60)) {
        read(&format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n{}", lines.join("\r\n")));
    }

    #[test]
    fn any_change_of_a_sample_is_survived(which in any::<prop::sample::Index>(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let samples = samples();
        let mut bytes = which.get(&samples).1.clone().into_bytes();
        for (place, byte) in changes {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        read(&String::from_utf8_lossy(&bytes));
    }
}

/// Lines that come close to real ones.
fn line() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("0".to_owned()),
        Just("111".into()),
        Just("126".into()),
        "[0-9]{1,11}"
    ];
    let text = "[ -~]{0,30}";
    prop_oneof![
        ("(audio|video|application)", number.clone(), "(RTP/SAVP|UDP/TLS/RTP/SAVPF|[A-Z/]{1,9})", number.clone())
            .prop_map(|(media, port, profile, format)| format!("m={media} {port} {profile} {format} 126")),
        (number.clone(), "(opus/48000/2|opus/48000|PCMU/8000|telephone-event/8000|[a-z/0-9]{0,12})")
            .prop_map(|(pt, encoding)| format!("a=rtpmap:{pt} {encoding}")),
        ("(mid|msid|group:BUNDLE|fmtp|ssrc|setup|ice-ufrag|ice-pwd|fingerprint|crypto|candidate|rtcp-fb)", text)
            .prop_map(|(name, value)| format!("a={name}:{value}")),
        "a=(sendrecv|sendonly|recvonly|inactive|rtcp-mux|ice-lite|bundle-only)",
        Just("a=ice-ufrag:abcd".to_owned()),
        Just("a=ice-pwd:abcdefghijklmnopqrstuvwx".to_owned()),
        Just(format!("a=fingerprint:sha-256 {}", ahoy_types::Fingerprint([7; 32]))),
        Just("a=setup:actpass".to_owned()),
        ("[a-z]", text).prop_map(|(kind, value)| format!("{kind}={value}")),
    ]
}
