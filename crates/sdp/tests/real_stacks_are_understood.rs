//! The peculiarities of the stacks in `media.md` §4.2, each in a sample of its manner.
#![allow(clippy::unwrap_used)]

mod common;

use ahoy_sdp::{
    MediaDirection, Profile, Remote, RemoteKeying, Setup, Suite, parse_answer, parse_offer,
};
use ahoy_types::Fingerprint;
use common::*;

/// The fingerprint every DTLS sample carries.
fn fingerprint() -> Fingerprint {
    Fingerprint(std::array::from_fn(|i| ((i * 37 + 11) % 256) as u8))
}

/// Reads the sample with LF, CRLF and mixed line ends, and finds all three the same.
fn read(name: &str, parse: impl Fn(&str) -> Result<Remote, ahoy_sdp::Defects>) -> Remote {
    let lf = sample(name);
    let crlf = lf.replace('\n', "\r\n");
    let mixed = lf.replacen('\n', "\r\n", lf.lines().count() / 2);
    let remote = parse(&lf).unwrap_or_else(|d| panic!("{name}: {d}"));
    assert_eq!(parse(&crlf).as_ref(), Ok(&remote), "{name} with CRLF");
    assert_eq!(
        parse(&mixed).as_ref(),
        Ok(&remote),
        "{name} with mixed line ends"
    );
    remote
}

fn answer(name: &str) -> Remote {
    read(name, |text| parse_answer(text, &offered(), &dtls()))
}

fn offer(name: &str) -> Remote {
    read(name, |text| parse_offer(text, &dtls_with_g711()))
}

fn sdes_offer(name: &str) -> Remote {
    read(name, |text| parse_offer(text, &sdes_with_g711()))
}

/// ufrag, password and role; checks the fingerprint, which is the same in all samples.
fn keys(remote: &Remote) -> (&str, &str, Setup) {
    match &remote.keying {
        RemoteKeying::Dtls {
            ufrag,
            pwd,
            fingerprint: f,
            setup,
            ice_lite,
        } => {
            assert_eq!(*f, fingerprint());
            assert!(!ice_lite);
            (&ufrag.0, &pwd.0, *setup)
        }
        RemoteKeying::Sdes { .. } => panic!("DTLS is expected"),
    }
}

fn suites(remote: &Remote) -> Vec<(u32, Suite)> {
    match &remote.keying {
        RemoteKeying::Sdes { cryptos } => cryptos.iter().map(|c| (c.tag, c.suite)).collect(),
        RemoteKeying::Dtls { .. } => panic!("SDES is expected"),
    }
}

fn numbers(remote: &Remote) -> [Option<u8>; 4] {
    [
        remote.opus,
        remote.pcmu,
        remote.pcma,
        remote.telephone_event,
    ]
    .map(|pt| pt.map(|pt| pt.0))
}

#[test]
fn baresip_puts_ice_and_dtls_on_the_session_level() {
    let remote = offer("baresip-offer");
    assert_eq!(
        keys(&remote),
        ("k3Tq", "Yd0pWm2sVb7Xq1LrTz4Hc9", Setup::Actpass)
    );
    assert_eq!(numbers(&remote), [Some(96), Some(0), Some(8), Some(101)]);
    assert!(remote.opus_stereo && remote.rtcp_mux && remote.rtcp_rsize);
    assert_eq!((remote.mid.as_deref(), remote.bundle), (None, false));
    assert_eq!(remote.address, "192.0.2.30:21344".parse().ok());
    assert_eq!(remote.candidates, ["192.0.2.30:21344".parse().unwrap()]);
    assert_eq!(remote.ssrc.unwrap().0, 2_864_435_400);
    let remote = answer("baresip-answer");
    assert_eq!(
        keys(&remote),
        ("p9Lw", "Bn5kQx8vRt1Zs3McUy6Jd0", Setup::Active)
    );
}

#[test]
fn baresip_says_savpf_with_sdes() {
    let remote = sdes_offer("baresip-sdes-offer");
    assert_eq!(remote.profile, Profile::RtpSavpf);
    assert_eq!(
        suites(&remote),
        [
            (1, Suite::AesCm128HmacSha1_80),
            (2, Suite::AesCm128HmacSha1_32)
        ]
    );
}

#[test]
fn linphone_drops_the_f_and_lists_two_components_and_three_event_clocks() {
    let remote = offer("linphone-offer");
    assert_eq!(
        keys(&remote),
        ("9e8d7c6b", "5c1f0e2d3b4a596877869584", Setup::Actpass)
    );
    assert_eq!(remote.profile, Profile::UdpTlsRtpSavp);
    assert_eq!(numbers(&remote), [Some(98), Some(0), Some(8), Some(101)]);
    assert_eq!(
        remote.candidates,
        [
            "192.0.2.31:7078".parse().unwrap(),
            "[2001:db8::31]:7078".parse().unwrap()
        ]
    );
    assert_eq!(remote.address, "[2001:db8::31]:7078".parse().ok());
    assert_eq!(
        (remote.ssrc, remote.direction),
        (None, MediaDirection::SendRecv)
    );
    let remote = sdes_offer("linphone-sdes-offer");
    assert_eq!(suites(&remote).len(), 4);
    assert_eq!(numbers(&remote), [Some(96), Some(0), Some(8), Some(97)]);
}

#[test]
fn livekit_offers_g711_alone_under_four_suites() {
    let remote = sdes_offer("livekit-sip-offer");
    assert_eq!(numbers(&remote), [None, Some(0), Some(8), Some(101)]);
    let tags: Vec<u32> = suites(&remote).iter().map(|(tag, _)| *tag).collect();
    assert_eq!(tags, [1, 2, 3, 4]);
    assert!(!remote.rtcp_mux);
}

#[test]
fn twilio_leaves_out_mux_in_offers_and_mid_in_answers() {
    let remote = sdes_offer("twilio-offer");
    assert_eq!(numbers(&remote), [Some(107), Some(0), Some(8), Some(101)]);
    assert!(!remote.rtcp_mux);
    let remote = answer("twilio-answer");
    assert_eq!(remote.mid, None);
    assert_eq!(keys(&remote).2, Setup::Active);
}

#[test]
fn aiortc_has_no_digits_and_now_three_fingerprints() {
    for name in ["aiortc-1.4-offer", "aiortc-new-offer"] {
        let remote = read(name, |text| parse_offer(text, &any_fingerprint()));
        assert_eq!(keys(&remote).2, Setup::Actpass);
        assert_eq!(numbers(&remote), [Some(96), Some(0), Some(8), None]);
        assert_eq!((remote.mid.as_deref(), remote.bundle), (Some("0"), true));
        assert_eq!(remote.candidates.len(), 2);
    }
    for name in ["aiortc-1.4-answer", "aiortc-new-answer"] {
        let remote = read(name, |text| {
            parse_answer(text, &offered(), &any_fingerprint())
        });
        assert_eq!(keys(&remote).2, Setup::Active);
        assert_eq!(numbers(&remote), [Some(111), None, None, None]);
    }
}

#[test]
fn freeswitch_repeats_its_source_and_offers_two_keys() {
    let remote = answer("freeswitch-answer");
    assert_eq!(remote.ssrc.unwrap().0, 4_012_345_678);
    assert_eq!(keys(&remote).0, "mKq2Vb8XcL4TzR1s");
    let remote = sdes_offer("freeswitch-sdes-offer");
    assert_eq!(suites(&remote), [(2, Suite::AesCm128HmacSha1_80)]);
    assert_eq!(numbers(&remote), [Some(102), Some(0), Some(8), Some(101)]);
}

#[test]
fn browsers_trickle_list_many_codecs_and_hide_addresses() {
    let remote = offer("chrome-offer");
    assert_eq!(numbers(&remote), [Some(111), Some(0), Some(8), Some(126)]);
    assert_eq!((remote.address, remote.candidates.len()), (None, 0));
    assert!(remote.transport_cc && remote.rtcp_rsize && remote.bundle && !remote.opus_stereo);
    let remote = answer("chrome-answer");
    assert_eq!(
        keys(&remote),
        ("Yb/+", "vT9/wH3+yR6oZc1qSt8KuUd4", Setup::Active)
    );
    assert_eq!(remote.candidates, ["192.0.2.36:52007".parse().unwrap()]);
}

#[test]
fn the_profile_token_is_no_reason_to_refuse() {
    for token in [
        "RTP/SAVP",
        "RTP/SAVPF",
        "UDP/TLS/RTP/SAVP",
        "UDP/TLS/RTP/SAVPF",
    ] {
        let text = sample("chrome-offer").replace("UDP/TLS/RTP/SAVPF", token);
        let remote = parse_offer(&text, &dtls()).unwrap();
        assert_eq!(remote.profile.as_str(), token);
        let text = sample("twilio-offer").replace("RTP/SAVP", token);
        let remote = parse_offer(&text, &sdes_with_g711()).unwrap();
        assert_eq!(remote.profile.as_str(), token);
    }
}

#[test]
fn small_liberties_are_taken_in_stride() {
    let chrome = sample("chrome-offer");
    let expected = parse_offer(&chrome, &dtls()).unwrap();
    for (what, text) in [
        ("blank lines", chrome.replace("s=-\n", "s=-\n\n") + "\r\n\n"),
        ("spaces at line ends", chrome.replace('\n', " \n")),
        ("doubled carriage returns", chrome.replace('\n', "\r\r\n")),
        ("no line end at the end", chrome.trim_end().to_owned()),
        (
            "upper-case names",
            chrome
                .replace("opus/48000", "OPUS/48000")
                .replace("sha-256", "SHA-256"),
        ),
        (
            "static numbers without rtpmap",
            chrome.replace("a=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\n", ""),
        ),
        (
            "one channel said",
            chrome.replace("PCMU/8000", "PCMU/8000/1"),
        ),
        (
            "a rejected second audio section",
            chrome.clone() + "m=audio 0 RTP/AVP 0\n",
        ),
        (
            "an odd candidate",
            chrome.replace("a=rtcp-mux", "a=candidate:garbage\na=rtcp-mux"),
        ),
    ] {
        let mut remote = parse_offer(&text, &dtls()).unwrap_or_else(|d| panic!("{what}: {d}"));
        remote.rejected_after.clear();
        assert_eq!(remote, expected, "{what}");
    }
}

#[test]
fn an_answer_without_setup_is_active_and_may_list_more_than_was_offered() {
    let text = sample("chrome-answer").replace("a=setup:active\n", "");
    let remote = parse_answer(&text, &offered(), &dtls()).unwrap();
    assert_eq!(keys(&remote).2, Setup::Active);
    let text = sample("chrome-answer").replace("SAVPF 111 126", "SAVPF 111 0 13 126");
    let remote = parse_answer(&text, &offered(), &dtls()).unwrap();
    assert_eq!(numbers(&remote), [Some(111), None, None, Some(126)]);
}
