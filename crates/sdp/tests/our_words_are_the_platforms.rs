//! Offers and answers, line by line (`media.md` §2, §3).
#![allow(clippy::unwrap_used)]

mod common;

use ahoy_sdp::{
    CryptoLine, G711, OfferCodecs, Policy, choose, choose_crypto, parse_offer, write_answer,
    write_answer_sdes, write_offer, write_offer_sdes,
};
use common::*;

const FINGERPRINT: &str = "00:08:10:18:20:28:30:38:40:48:50:58:60:68:70:78:80:88:90:98:A0:A8:B0:B8:C0:C8:D0:D8:E0:E8:F0:F8";

fn check(text: &str, expected: &[&str]) {
    assert!(text.ends_with("\r\n"));
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines, expected);
}

#[test]
fn an_offer_has_the_observed_lines_in_the_observed_order() {
    let text = write_offer(&local(), &OfferCodecs::default());
    check(
        &text,
        &[
            "v=0",
            "o=- 1760000000123 2 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            "a=group:BUNDLE audio",
            "a=msid-semantic: WMS 0b1c2d3e-4f50-4617-8829-3a4b5c6d7e8f",
            "a=ice-lite",
            "m=audio 3480 UDP/TLS/RTP/SAVPF 111 126",
            "c=IN IP4 192.0.2.20",
            "a=rtcp:9 IN IP4 0.0.0.0",
            "a=candidate:1651211691 1 udp 2122260223 192.0.2.20 3480 typ host generation 0 network-cost 50",
            "a=candidate:1331352615 1 udp 2122262783 2001:db8::20 3480 typ host generation 0 network-cost 50",
            "a=ice-ufrag:Ab3dEf6hIj9lMn2p",
            "a=ice-pwd:q0w1e2r3t4y5u6i7o8p9aA==",
            &format!("a=fingerprint:sha-256 {FINGERPRINT}"),
            "a=setup:actpass",
            "a=mid:audio",
            "a=sendrecv",
            "a=msid:0b1c2d3e-4f50-4617-8829-3a4b5c6d7e8f WhatsAppTrack1",
            "a=rtcp-mux",
            "a=rtpmap:111 opus/48000/2",
            "a=rtcp-fb:111 transport-cc",
            "a=fmtp:111 maxaveragebitrate=20000;maxplaybackrate=16000;minptime=20;sprop-maxcapturerate=16000;useinbandfec=1",
            "a=rtpmap:126 telephone-event/8000",
            "a=maxptime:20",
            "a=ptime:20",
            "a=ssrc:3735928559 cname:WhatsAppAudioStream1",
        ],
    );
    // Real ones are about 1028 bytes long (`media.md` §2.1).
    assert!((980..1080).contains(&text.len()), "{}", text.len());
}

#[test]
fn g711_stands_between_opus_and_the_digits() {
    let g711 = vec![G711::Pcmu, G711::Pcma, G711::Pcmu];
    let text = write_offer(&local(), &OfferCodecs { g711 });
    assert!(text.contains("m=audio 3480 UDP/TLS/RTP/SAVPF 111 0 8 126\r\n"));
    assert!(text.contains(
        "useinbandfec=1\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:126 telephone-event/8000\r\n"
    ));
}

#[test]
fn each_address_family_may_stand_alone() {
    let mut only_v4 = local();
    only_v4.v6 = None;
    let text = write_offer(&only_v4, &OfferCodecs::default());
    assert!(text.contains("c=IN IP4 192.0.2.20\r\n"));
    assert_eq!(text.matches("a=candidate:").count(), 1);
    let mut only_v6 = local();
    only_v6.v4 = None;
    let text = write_offer(&only_v6, &OfferCodecs::default());
    assert!(text.contains(
        "m=audio 3480 UDP/TLS/RTP/SAVPF 111 126\r\nc=IN IP6 2001:db8::20\r\na=rtcp:9 IN IP4 0.0.0.0\r\n"
    ));
    assert_eq!(text.matches("a=candidate:").count(), 1);
}

#[test]
fn an_answer_mirrors_numbers_mid_and_profile() {
    let offer = parse_offer(&sample("chrome-offer"), &dtls()).unwrap();
    let choice = choose(&offer, &dtls()).unwrap();
    check(
        &write_answer(&local(), &offer, &choice),
        &[
            "v=0",
            "o=- 1760000000123 2 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            "a=group:BUNDLE 0",
            "a=msid-semantic: WMS 0b1c2d3e-4f50-4617-8829-3a4b5c6d7e8f",
            "a=ice-lite",
            "m=audio 3480 UDP/TLS/RTP/SAVPF 111 126",
            "c=IN IP4 192.0.2.20",
            "a=rtcp:9 IN IP4 0.0.0.0",
            "a=candidate:1651211691 1 udp 2122260223 192.0.2.20 3480 typ host generation 0 network-cost 50",
            "a=candidate:1331352615 1 udp 2122262783 2001:db8::20 3480 typ host generation 0 network-cost 50",
            "a=ice-ufrag:Ab3dEf6hIj9lMn2p",
            "a=ice-pwd:q0w1e2r3t4y5u6i7o8p9aA==",
            &format!("a=fingerprint:sha-256 {FINGERPRINT}"),
            "a=setup:passive",
            "a=mid:0",
            "a=sendrecv",
            "a=msid:0b1c2d3e-4f50-4617-8829-3a4b5c6d7e8f WhatsAppTrack1",
            "a=rtcp-mux",
            "a=rtpmap:111 opus/48000/2",
            "a=rtcp-fb:111 transport-cc",
            "a=fmtp:111 maxaveragebitrate=20000;maxplaybackrate=16000;minptime=20;sprop-maxcapturerate=16000;useinbandfec=1",
            "a=rtpmap:126 telephone-event/8000",
            "a=maxptime:20",
            "a=ptime:20",
            "a=ssrc:3735928559 cname:WhatsAppAudioStream1",
        ],
    );
}

#[test]
fn an_answer_to_a_plain_offer_has_no_group_mid_or_feedback() {
    let offer = parse_offer(&sample("linphone-offer"), &dtls()).unwrap();
    let choice = choose(&offer, &dtls()).unwrap();
    let text = write_answer(&local(), &offer, &choice);
    assert!(text.contains("m=audio 3480 UDP/TLS/RTP/SAVP 98 101\r\n"));
    assert!(text.contains("a=rtpmap:98 opus/48000/2\r\na=fmtp:98 maxaverage"));
    for absent in ["a=group", "a=mid:", "a=rtcp-fb"] {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
}

#[test]
fn digits_get_126_or_a_free_number_when_the_offer_has_none() {
    let plain = sample("aiortc-1.4-offer");
    let number = |text: &str| {
        let offer = parse_offer(text, &dtls()).unwrap();
        choose(&offer, &dtls()).unwrap().dtmf.0
    };
    assert_eq!(number(&plain), 126);
    // 126 listed as something else, or only mapped.
    let listed = plain.replace("SAVPF 96 0 8", "SAVPF 96 0 8 126");
    assert_eq!(number(&listed), 97);
    let mapped = plain.replace(
        "a=rtcp-mux",
        "a=rtpmap:126 telephone-event/48000\na=rtcp-mux",
    );
    assert_eq!(number(&mapped), 97);
    let taken: String = (96..128).chain(35..64).map(|pt| format!(" {pt}")).collect();
    let full = plain.replace("SAVPF 96 0 8", &format!("SAVPF{taken}"));
    let offer = parse_offer(&full, &dtls()).unwrap();
    assert_eq!(
        choose(&offer, &dtls()).unwrap_err().to_string(),
        "SDP takes every dynamic payload type, none is left for telephone-event"
    );
}

#[test]
fn the_role_is_passive_unless_only_active_fits_or_is_preferred() {
    use ahoy_sdp::Setup::{Active, Actpass, Passive};
    for (offered, ours, preferring) in [
        ("actpass", Passive, Active),
        ("active", Passive, Passive),
        ("passive", Active, Active),
    ] {
        let text = sample("chrome-offer").replace("setup:actpass", &format!("setup:{offered}"));
        let offer = parse_offer(&text, &dtls()).unwrap();
        let choice = choose(&offer, &dtls()).unwrap();
        assert_eq!(choice.setup, ours, "{offered}");
        let line = format!("a=setup:{}\r\n", ours.as_str());
        assert!(write_answer(&local(), &offer, &choice).contains(&line));
        // Each of the three readings, where the offer leaves a choice.
        let preferred = choice.with_setup(&offer, Active);
        assert_eq!(preferred.setup, preferring, "{offered}");
        let third = choice.with_setup(&offer, Actpass);
        let expected = if offered == "actpass" { Actpass } else { ours };
        assert_eq!(third.setup, expected, "{offered}");
        let line = format!("a=setup:{}\r\n", expected.as_str());
        assert!(write_answer(&local(), &offer, &third).contains(&line));
    }
}

#[test]
fn the_direction_is_answered_reversed() {
    for (said, answered) in [
        ("sendrecv", "sendrecv"),
        ("sendonly", "recvonly"),
        ("recvonly", "sendonly"),
    ] {
        let text = sample("chrome-offer").replace("a=sendrecv", &format!("a={said}"));
        let offer = parse_offer(&text, &dtls()).unwrap();
        let choice = choose(&offer, &dtls()).unwrap();
        let text = write_answer(&local(), &offer, &choice);
        assert!(text.contains(&format!("\r\na={answered}\r\n")), "{text}");
    }
}

#[test]
fn opus_wins_wherever_it_stands_and_g711_follows_the_policy() {
    use ahoy_sdp::Codec;
    let text = sample("chrome-offer").replace("111 63 9 0 8 13", "8 0 9 63 111 13");
    let offer = parse_offer(&text, &dtls_with_g711()).unwrap();
    assert_eq!(
        choose(&offer, &dtls_with_g711()).unwrap().codec,
        Codec::Opus
    );
    let text = sample("livekit-sip-offer");
    let offer = parse_offer(&text, &sdes_with_g711()).unwrap();
    let choice = choose(&offer, &sdes_with_g711()).unwrap();
    assert_eq!(
        (choice.codec, choice.pt.0, choice.dtmf.0),
        (Codec::Pcmu, 0, 101)
    );
    let alaw = Policy {
        g711: vec![G711::Pcma],
        ..sdes_with_g711()
    };
    assert_eq!(choose(&offer, &alaw).unwrap().codec, Codec::Pcma);
    let none = Policy {
        g711: vec![],
        ..sdes_with_g711()
    };
    assert_eq!(
        choose(&offer, &none).unwrap_err().to_string(),
        "No supported codec found in SDP: opus/48000/2 can be used on this number, PCMU/8000, PCMA/8000 is listed"
    );
}

#[test]
fn rejected_sections_keep_their_place_in_the_answer() {
    let video = "m=video 0 UDP/TLS/RTP/SAVPF 96 97\nc=IN IP4 0.0.0.0\na=mid:v\na=inactive\n";
    let data = "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\nc=IN IP4 0.0.0.0\n";
    let text = sample("chrome-offer");
    let (session, audio) = text.split_once("m=audio").unwrap();
    let text = format!("{session}{video}m=audio{audio}{data}");
    let text = text.replace("BUNDLE 0", "BUNDLE v 0");
    let offer = parse_offer(&text, &dtls()).unwrap();
    let choice = choose(&offer, &dtls()).unwrap();
    let answer = write_answer(&local(), &offer, &choice);
    assert!(answer.contains("a=group:BUNDLE 0\r\n"));
    let before = "m=video 0 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\na=inactive\r\nm=audio 3480 ";
    assert!(answer.contains(before), "{answer}");
    let after = "cname:WhatsAppAudioStream1\r\nm=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n";
    assert!(answer.ends_with(after), "{answer}");
}

#[test]
fn an_sdes_offer_has_keys_instead_of_ice() {
    check(
        &write_offer_sdes(&local_sdes(), &OfferCodecs::default()),
        &[
            "v=0",
            "o=- 1760000000123 2 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            "a=group:BUNDLE audio",
            "a=msid-semantic: WMS 0b1c2d3e-4f50-4617-8829-3a4b5c6d7e8f",
            "m=audio 3480 RTP/SAVP 111 126",
            "c=IN IP4 192.0.2.20",
            "a=rtcp:9 IN IP4 0.0.0.0",
            "a=mid:audio",
            "a=sendrecv",
            "a=msid:0b1c2d3e-4f50-4617-8829-3a4b5c6d7e8f WhatsAppTrack1",
            "a=rtcp-mux",
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpa",
            "a=rtpmap:111 opus/48000/2",
            "a=fmtp:111 maxaveragebitrate=20000;maxplaybackrate=16000;minptime=20;sprop-maxcapturerate=16000;useinbandfec=1",
            "a=rtpmap:126 telephone-event/8000",
            "a=maxptime:20",
            "a=ptime:20",
            "a=ssrc:3735928559 cname:WhatsAppAudioStream1",
        ],
    );
}

#[test]
fn an_sdes_answer_echoes_the_tag_of_the_line_it_takes() {
    // The first line of this offer is of a suite we do not have, so the second one is taken.
    let offer = parse_offer(&sample("freeswitch-sdes-offer"), &sdes_with_g711()).unwrap();
    let theirs = choose_crypto(&offer).unwrap();
    assert_eq!(theirs.tag, 2);
    let mut local = local_sdes();
    local.crypto = CryptoLine::new(theirs.tag, theirs.suite, &[0x5a; 30]).unwrap();
    let choice = choose(&offer, &sdes_with_g711()).unwrap();
    let text = write_answer_sdes(&local, &offer, &choice);
    assert!(text.contains("m=audio 3480 RTP/SAVP 102 101\r\n"), "{text}");
    assert!(text.contains("a=rtcp-mux\r\na=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:Wlpa"));
    for absent in [
        "a=ice",
        "a=candidate",
        "a=fingerprint",
        "a=setup",
        "a=rtcp-fb",
    ] {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
}
