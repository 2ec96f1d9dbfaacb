//! One broken thing at a time, and the sentence the business reads.
#![allow(clippy::unwrap_used)]

mod common;

use ahoy_sdp::{
    Defects, MAX_BYTES, MAX_LINES, Policy, Remote, parse_answer, parse_offer, write_offer_sdes,
};
use common::*;

fn offer(text: &str) -> Result<Remote, Defects> {
    parse_offer(text, &dtls())
}

fn answer(text: &str) -> Result<Remote, Defects> {
    parse_answer(text, &offered(), &dtls())
}

fn sentence(result: Result<Remote, Defects>) -> String {
    result.unwrap_err().to_string()
}

/// The sentence for a sample in which `from` became `to`.
fn changed(name: &str, from: &str, to: &str) -> String {
    let text = sample(name);
    let broken = text.replace(from, to);
    assert_ne!(text, broken, "{name} has no `{from}`");
    match (
        name.contains("answer"),
        name.contains("sdes") || name.starts_with("twilio-o"),
    ) {
        (true, _) => sentence(answer(&broken)),
        (false, true) => sentence(parse_offer(&broken, &sdes_with_g711())),
        (false, false) => sentence(offer(&broken)),
    }
}

/// The whole line of a sample that begins with `prefix`, line end included.
fn line(name: &str, prefix: &str) -> String {
    let text = sample(name);
    let found = text.lines().find(|l| l.starts_with(prefix)).unwrap();
    format!("{found}\n")
}

#[test]
fn text_that_is_no_description() {
    assert_eq!(sentence(offer("")), "SDP is empty");
    assert_eq!(sentence(offer(" \r\n\r\n")), "SDP is empty");
    assert_eq!(
        sentence(offer("hello")),
        "SDP line 1 is not of the form <type>=<value>: `hello`"
    );
    assert_eq!(sentence(offer("a=b\nv=0")), "SDP does not begin with v=0");
    assert_eq!(sentence(offer("v=1\n")), "SDP does not begin with v=0");
    let twice = "SDP is serialised twice: a plain string with CRLF line ends is expected";
    let chrome = sample("chrome-offer");
    assert_eq!(sentence(offer(&chrome.replace('\n', "\\r\\n"))), twice);
    assert_eq!(
        sentence(offer("{\"type\":\"offer\",\"sdp\":\"v=0\"}")),
        twice
    );
    assert_eq!(
        changed("chrome-offer", "s=-", "s=\0"),
        "SDP holds a NUL character"
    );
    assert_eq!(
        changed("chrome-offer", "s=-", "s=\u{7}"),
        "SDP line 3 holds a control character"
    );
    assert_eq!(
        changed("chrome-offer", "s=-", "s=a\rb"),
        "SDP line 3 holds a control character"
    );
    assert_eq!(
        changed("chrome-offer", "a=mid:0", "a mid:0"),
        "SDP line 16 is not of the form <type>=<value>: `a mid:0`"
    );
    assert_eq!(changed("chrome-offer", "s=-\n", ""), "SDP has no s= line");
    assert_eq!(changed("chrome-offer", "t=0 0\n", ""), "SDP has no t= line");
}

#[test]
fn text_without_end() {
    let long = sample("chrome-offer") + &"a".repeat(MAX_BYTES);
    assert!(sentence(offer(&long)).ends_with("bytes long, 65536 are allowed"));
    let lines = sample("chrome-offer") + &"a=x\n".repeat(MAX_LINES);
    assert_eq!(sentence(offer(&lines)), "SDP has more than 1024 lines");
    let sections = sample("chrome-offer") + &"m=video 0 RTP/AVP 96\n".repeat(16);
    assert_eq!(
        sentence(offer(&sections)),
        "SDP has more than 16 media sections"
    );
}

#[test]
fn anything_but_one_audio_section() {
    let chrome = sample("chrome-offer");
    let (session, audio) = chrome.split_once("m=audio").unwrap();
    assert_eq!(sentence(offer(session)), "SDP has no m=audio section");
    assert_eq!(
        sentence(offer(&format!("{chrome}m=audio{audio}"))),
        "SDP has 2 m=audio sections, one is expected"
    );
    assert_eq!(
        changed("chrome-offer", "m=audio 9", "m=audio 0"),
        "the m=audio section is rejected: its port is 0"
    );
    let video = "SDP has a live m=video section: calls carry audio only";
    assert_eq!(
        sentence(offer(&format!("{chrome}m=video 9 UDP/TLS/RTP/SAVPF 96\n"))),
        video
    );
    let bundled = format!("{chrome}m=video 0 UDP/TLS/RTP/SAVPF 96\na=bundle-only\n");
    assert_eq!(sentence(offer(&bundled)), video);
    assert_eq!(
        sentence(offer(&format!(
            "{chrome}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n"
        ))),
        "SDP has a live m=application section: calls carry audio only"
    );
    assert_eq!(
        changed(
            "chrome-offer",
            "m=audio 9 UDP/TLS/RTP/SAVPF",
            "m=audio nine UDP/TLS/RTP/SAVPF"
        ),
        "media line `m=audio nine UDP/TLS/RTP/SAVPF 111 63 9 0 …` does not name media, port, protocol and formats"
    );
    assert_eq!(
        changed("chrome-offer", "UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        "profile `RTP/AVP` is not supported: RTP/SAVP, RTP/SAVPF, UDP/TLS/RTP/SAVP or UDP/TLS/RTP/SAVPF is expected"
    );
    assert_eq!(
        changed("chrome-offer", "a=sendrecv", "a=inactive"),
        "the media direction is inactive"
    );
}

#[test]
fn codecs_that_do_not_fit() {
    assert_eq!(
        changed("chrome-offer", "SAVPF 111 63", "SAVPF 63"),
        "No supported codec found in SDP: opus/48000/2 can be used on this number, \
         red/48000/2, G722/8000, PCMU/8000, PCMA/8000, CN/8000, telephone-event/48000, telephone-event/8000 is listed"
    );
    assert_eq!(
        changed("chrome-offer", "opus/48000/2", "opus/16000/1"),
        "Opus is mapped as `opus/16000/1`, opus/48000/2 is expected"
    );
    for bad in ["128", "1000", "-1", "x", "+5"] {
        assert_eq!(
            changed("chrome-offer", "SAVPF 111", &format!("SAVPF {bad} 111")),
            format!("payload type `{bad}` is not a number from 0 to 127")
        );
    }
    assert_eq!(
        changed("chrome-offer", "111", "72"),
        "payload type 72 of opus/48000/2 collides with RTCP: 64 to 95 are reserved (RFC 5761)"
    );
    // An answer keeps to the numbers of the offer.
    assert_eq!(
        changed("chrome-answer", "111", "96"),
        "payload type 96 (opus/48000/2) was not offered"
    );
    assert_eq!(
        changed("chrome-answer", "126", "101"),
        "payload type 101 (telephone-event/8000) was not offered"
    );
    assert_eq!(
        changed("chrome-answer", "SAVPF 111 126", "SAVPF 0"),
        "payload type 0 (PCMU/8000) was not offered"
    );
    assert_eq!(
        changed("chrome-answer", "SAVPF 111 126", "SAVPF 126"),
        "No supported codec found in SDP: opus/48000/2 can be used on this number, telephone-event/8000 is listed"
    );
}

#[test]
fn keys_that_do_not_fit_a_dtls_number() {
    let no_fingerprint = "No fingerprint found in SDP";
    for name in ["chrome-offer", "chrome-answer", "baresip-offer"] {
        assert_eq!(
            changed(name, &line(name, "a=fingerprint"), ""),
            no_fingerprint
        );
    }
    for name in ["twilio-offer", "baresip-sdes-offer"] {
        assert_eq!(sentence(offer(&sample(name))), no_fingerprint);
    }
    let name = "aiortc-new-offer";
    assert_eq!(
        changed(name, &line(name, "a=fingerprint:sha-256"), ""),
        "No sha-256 fingerprint found in SDP, only sha-384, sha-512"
    );
    let one = line("chrome-offer", "a=fingerprint");
    assert_eq!(
        changed("chrome-offer", &one, "a=fingerprint:SHA-384 AB:CD\n"),
        "No sha-256 fingerprint found in SDP, only sha-384"
    );
    // Beside the right one too, on whichever level; a case of the name is no other hash.
    let others = "the fingerprint algorithm sha-384, sha-512 is not SHA256: a=fingerprint:sha-256 alone is expected in SDP";
    assert_eq!(sentence(offer(&sample(name))), others);
    assert_eq!(sentence(answer(&sample("aiortc-new-answer"))), others);
    let session = "t=0 0\na=fingerprint:sha-1 AB:CD\n";
    assert_eq!(
        changed("chrome-offer", "t=0 0\n", session),
        "the fingerprint algorithm sha-1 is not SHA256: a=fingerprint:sha-256 alone is expected in SDP"
    );
    assert!(offer(&sample("chrome-offer").replace("sha-256", "SHA-256")).is_ok());
    for name in ["aiortc-new-offer", "chrome-offer"] {
        assert!(parse_offer(&sample(name), &any_fingerprint()).is_ok());
    }
    assert!(offer(&sample(name)).unwrap_err().other_fingerprint());
    assert!(!offer("").unwrap_err().other_fingerprint());
    assert_eq!(
        changed("chrome-offer", &one, "a=fingerprint:sha-256 AB:CD\n"),
        "the sha-256 fingerprint `AB:CD` is not 32 hexadecimal octets separated by colons"
    );
    assert_eq!(
        changed(
            "chrome-offer",
            &one,
            &(one.clone() + &one.replace("0B:30", "0B:31"))
        ),
        "SDP has several different sha-256 fingerprints, one is expected"
    );
    for name in ["chrome-offer", "linphone-offer"] {
        assert_eq!(
            changed(name, &line(name, "a=ice-ufrag"), ""),
            "No ice-ufrag found in SDP"
        );
        assert_eq!(
            changed(name, &line(name, "a=ice-pwd"), ""),
            "No ice-pwd found in SDP"
        );
        assert_eq!(
            changed(name, &line(name, "a=setup"), ""),
            "No setup attribute found in SDP"
        );
    }
    for bad in [
        "abc", "ab cd", "ab:cd", "äöüß", "ab-cd", "ab_cd", "abc=", "ab.cd", "{abcd}",
    ] {
        assert_eq!(
            changed("chrome-offer", "Wz+/", bad),
            format!("ice-ufrag `{bad}` is not 4 to 256 letters, digits, + and / (RFC 8839)")
        );
    }
    assert_eq!(
        changed(
            "chrome-offer",
            "kD8+uG2/xQ5nYb0pRs7JvTc3",
            "kD8+uG2/xQ5nYb0pRs7Jv"
        ),
        "ice-pwd of 21 characters is not 22 to 256 letters, digits, + and / (RFC 8839)"
    );
    // Padding stands at the end alone.
    for bad in ["-", "_", "=", "!", "."] {
        assert_eq!(
            changed("chrome-offer", "kD8+uG2/", &format!("kD8+uG2{bad}")),
            "ice-pwd of 24 characters is not 22 to 256 letters, digits, + and / (RFC 8839)"
        );
    }
    assert_eq!(
        changed("chrome-offer", "setup:actpass", "setup:holdconn"),
        "setup:holdconn is not allowed in an offer: actpass, active or passive is expected"
    );
    for bad in ["actpass", "holdconn"] {
        assert_eq!(
            changed("chrome-answer", "setup:active", &format!("setup:{bad}")),
            format!("setup:{bad} is not allowed in an answer: active or passive is expected")
        );
    }
}

#[test]
fn keys_that_do_not_fit_an_sdes_number() {
    let sdes = |text: &str| sentence(parse_offer(text, &sdes_with_g711()));
    assert_eq!(
        sdes(&sample("chrome-offer")),
        "No crypto attribute found in SDP"
    );
    let twilio = sample("twilio-offer");
    assert_eq!(
        sdes(&twilio.replace("AES_CM_128_HMAC_SHA1_80", "F8_128_HMAC_SHA1_80")),
        "No usable crypto attribute found in SDP: suite `F8_128_HMAC_SHA1_80` is not supported"
    );
    assert_eq!(
        sdes(&twilio.replace("c=IN IP4 192.0.2.33\n", "")),
        "SDP has no c= line"
    );
    // An answer picks one of our lines.
    let ours = offered_sdes();
    let back = |text: &str| sentence(parse_answer(text, &ours, &sdes_with_g711()));
    let good = twilio.replace("107", "111").replace("101", "126");
    assert!(parse_answer(&good, &ours, &sdes_with_g711()).is_ok());
    assert_eq!(
        back(&good.replace("crypto:1", "crypto:2")),
        "crypto attribute 2 (AES_CM_128_HMAC_SHA1_80) was not offered"
    );
    assert_eq!(
        back(&good.replace("SHA1_80", "SHA1_32")),
        "crypto attribute 1 (AES_CM_128_HMAC_SHA1_32) was not offered"
    );
}

#[test]
fn more_than_one_voice() {
    let name = "chrome-offer";
    assert_eq!(
        changed(name, "a=ssrc:2718281828 msid", "a=ssrc:2718281829 msid"),
        "SDP announces 2 synchronisation sources (a=ssrc), one is expected"
    );
    // A repair stream has a source, but no voice.
    let with = |group: &str| {
        let more = format!("a=rtcp-mux\na=ssrc:42 cname:x\n{group}");
        offer(&sample(name).replace("a=rtcp-mux\n", &more)).map(|remote| remote.ssrc)
    };
    let two = "SDP announces 2 synchronisation sources (a=ssrc), one is expected";
    for group in [
        "a=ssrc-group:FID 2718281828 42\n",
        "a=ssrc-group:FEC-FR 2718281828 42\n",
    ] {
        assert_eq!(with(group).unwrap().unwrap().0, 2_718_281_828);
    }
    for group in [
        "",
        "a=ssrc-group:SIM 2718281828 42\n",
        "a=ssrc-group:FID 2718281828\n",
    ] {
        assert_eq!(with(group).unwrap_err().to_string(), two, "{group}");
    }
    assert_eq!(
        changed(name, "a=rtcp-mux\n", "a=rtcp-mux\na=msid:- second\n"),
        "SDP announces 2 media streams (a=msid), one is expected"
    );
    assert_eq!(
        changed(name, "ssrc:2718281828", "ssrc:4294967296"),
        "ssrc `4294967296` is not a 32-bit number"
    );
    assert_eq!(
        changed(name, "a=mid:0", "a=mid:a b"),
        "mid `a b` is not a token"
    );
}

#[test]
fn the_offer_sent_back() {
    let echo =
        "the SDP is the offer that was received, sent back: an answer of your own is expected";
    let ours = offered();
    assert_eq!(sentence(answer(&ours.text)), echo);
    assert_eq!(sentence(answer(&ours.text.replace("\r\n", "\n"))), echo);
    assert_eq!(
        sentence(answer(&ours.text.replace("actpass", "active"))),
        echo
    );
    let text = write_offer_sdes(&local_sdes(), &Default::default());
    let policy = sdes_with_g711();
    assert_eq!(
        sentence(parse_answer(&text, &offered_sdes(), &policy)),
        echo
    );
    let other_name = text.replace("s=-", "s=mine");
    assert_eq!(
        sentence(parse_answer(&other_name, &offered_sdes(), &policy)),
        echo
    );
}

#[test]
fn several_defects_are_told_together() {
    let name = "chrome-offer";
    let text = sample(name)
        .replace(&line(name, "a=ice-pwd"), "")
        .replace(&line(name, "a=fingerprint"), "")
        .replace("a=sendrecv", "a=inactive");
    assert_eq!(
        sentence(offer(&text)),
        "No fingerprint found in SDP; No ice-pwd found in SDP; the media direction is inactive"
    );
}

#[test]
fn g711_alone_needs_the_number_to_take_it() {
    let text = sample("livekit-sip-offer");
    let policy = Policy {
        g711: vec![],
        ..sdes_with_g711()
    };
    assert!(sentence(parse_offer(&text, &policy)).starts_with("No supported codec found in SDP"));
    assert!(parse_offer(&text, &sdes_with_g711()).is_ok());
}
