//! A table of combinations of facts, each with its sentence; the page that explains them; and the rule for all timelines.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::time::Duration;

use ahoy_types::Ssrc;
use proptest::prelude::*;

use super::decide::decide;
use super::facts::CallFacts;
use super::finding::{Finding, Problem};
use super::hint::Hint;
use super::*;
use crate::timeline::TimelineEvent as E;
use crate::{
    CheckFault, DtlsRole, EndReason, Flow, HelloFault, Passage, Passages, Side, TimeoutKind,
};

mod rule;

const B: Side = Side::Business;
const U: Side = Side::User;

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}
fn ours() -> SocketAddr {
    at("192.0.2.1:3480")
}
fn theirs() -> SocketAddr {
    at("198.51.100.7:5004")
}
fn entries(events: impl IntoIterator<Item = E>) -> Vec<TimelineEntry> {
    let entry = |(i, event)| TimelineEntry {
        at_ms: i as u64,
        event,
    };
    events.into_iter().enumerate().map(entry).collect()
}
fn remote(side: Side, role: DtlsRole) -> E {
    E::RemoteSet {
        side,
        role,
        direction: Flow::SendRecv,
        candidates: vec![theirs()],
        ice_lite: false,
    }
}
fn armed(side: Side) -> E {
    E::Armed {
        side,
        addresses: vec![ours()],
    }
}
/// A leg that came up and was heard, cut off after `upto` links of the chain.
fn chain(side: Side, upto: usize) -> Vec<E> {
    let links = [
        armed(side),
        remote(side, DtlsRole::Server),
        E::FirstBindingRequest {
            side,
            from: theirs(),
        },
        E::Nominated {
            side,
            address: theirs(),
        },
        E::DtlsStarted {
            side,
            role: DtlsRole::Server,
        },
        E::DtlsDone {
            side,
            profile: "SRTP_AES128_CM_SHA1_80",
        },
        E::FirstPacket {
            side,
            ssrc: Ssrc(1),
        },
    ];
    links.into_iter().take(upto).collect()
}
fn and<const N: usize>(mut events: Vec<E>, more: [E; N]) -> Vec<E> {
    events.extend(more);
    events
}
/// A call with a simulated user that was heard, and `business` as given.
fn accepted(business: Vec<E>) -> Vec<TimelineEntry> {
    let local = E::Armed {
        side: U,
        addresses: vec![],
    };
    let spoke = E::FirstPacket {
        side: U,
        ssrc: Ssrc(2),
    };
    entries([local, E::GateOpened, spoke].into_iter().chain(business))
}
fn refused(fault: CheckFault, from: SocketAddr) -> E {
    let ufrag = "them".into();
    E::CheckRefused {
        side: B,
        from,
        fault,
        ufrag,
    }
}
fn others(checked: bool) -> E {
    E::OthersDropped {
        side: B,
        from: at("198.51.100.9:1"),
        ufrag: "other".into(),
        checked,
        nominated: None,
        handshake: true,
    }
}
fn received(packets: u64, lost: u64) -> E {
    E::Received {
        side: B,
        packets,
        lost,
        jitter_ms: 1.0,
    }
}
fn sound(packets: u64, empty: u64) -> E {
    E::Audio {
        side: B,
        packets,
        empty,
    }
}
fn listened(audio_ms: u64, keys: usize) -> E {
    E::Listened {
        side: U,
        audio_ms,
        keys,
    }
}
fn silence(after: u64) -> E {
    E::Timeout {
        side: B,
        kind: TimeoutKind::Silence,
        after: Duration::from_secs(after),
    }
}
fn early(packets: u64) -> E {
    E::DroppedBeforeAccept { side: B, packets }
}
fn says(direction: Flow, candidates: &[&str], ice_lite: bool) -> E {
    E::RemoteSet {
        side: B,
        role: DtlsRole::Server,
        direction,
        candidates: candidates.iter().map(|text| at(text)).collect(),
        ice_lite,
    }
}
fn ended(reason: EndReason) -> E {
    E::Ended { reason }
}
const ALERT: E = E::DtlsAlert { side: B };
const ANSWERED: E = E::Answered { side: U };

/// One row a combination: the events of an accepted call's business, and the sentence.
fn of_accepted_calls() -> Vec<(Vec<E>, &'static str)> {
    let failed = |reason: &str| E::DtlsFailed {
        side: B,
        reason: reason.into(),
    };
    let hello = |fault| E::HelloIgnored {
        side: B,
        from: theirs(),
        fault,
    };
    let stray = E::StrayHellos {
        from: at("198.51.100.9:1"),
        hellos: 3,
    };
    let lossy = Passage {
        packets: 100,
        lost: 40,
        ..Passage::default()
    };
    let cut = Passage {
        packets: 100,
        lost: 100,
        ..Passage::default()
    };
    let network = |from_peer, to_peer| E::Network {
        side: B,
        passages: Passages { from_peer, to_peer },
    };
    let other = E::UnknownPayloadType {
        side: B,
        sent: 96,
        agreed: 111,
    };
    let bad = E::BadAuthentication {
        side: B,
        packets: 50,
    };
    let conflict = E::RoleConflict { side: B };
    vec![
        (
            and(chain(B, 7), [sound(50, 0), listened(900, 0)]),
            "Both sides heard each other.",
        ),
        (chain(B, 7), "Both sides sent audio, and it was passed on."),
        (
            and(chain(B, 7), [received(80, 20), listened(900, 0)]),
            "Both sides heard each other, but 20 % of the business's packets were lost.",
        ),
        (
            and(chain(B, 7), [network(lossy, Passage::default())]),
            "Both sides sent audio, and it was passed on, but the network asked for at the business lost 40 % of what it sent.",
        ),
        (
            and(chain(B, 7), [ALERT, sound(50, 0), listened(900, 0)]),
            "Both sides heard each other.",
        ),
        (
            and(chain(B, 7), [early(50), listened(900, 0)]),
            "Both sides heard each other.",
        ),
        (
            and(chain(B, 5), [E::FingerprintMismatch { side: B }]),
            "The business's certificate does not match the fingerprint in its SDP.",
        ),
        (
            and(chain(B, 6), [network(cut, cut)]),
            "The network asked for at the business lost all of what it sent and what was sent to it.",
        ),
        (
            chain(B, 2),
            "The business sent no connectivity check: its ICE never reached 192.0.2.1:3480.",
        ),
        (
            and(
                chain(B, 2),
                [
                    refused(CheckFault::Password, theirs()),
                    E::ChecksRefused {
                        side: B,
                        password: 7,
                        ufrag: 0,
                    },
                ],
            ),
            "The business's connectivity checks came from 198.51.100.7:5004 with a wrong password (7 so far): it has to use the ice-pwd of the SDP it was given.",
        ),
        (
            and(
                chain(B, 2),
                [
                    refused(CheckFault::Ufrag, theirs()),
                    E::ChecksRefused {
                        side: B,
                        password: 0,
                        ufrag: 4,
                    },
                ],
            ),
            "The business's connectivity checks came from 198.51.100.7:5004 under ice-ufrag `them` (4 so far), but its SDP names another.",
        ),
        (
            and(
                chain(B, 2),
                [refused(CheckFault::Password, theirs()), conflict.clone()],
            ),
            "The business's connectivity checks came from 198.51.100.7:5004 with a wrong password (1 so far): it has to use the ice-pwd of the SDP it was given.",
        ),
        (
            and(chain(B, 4), [others(false)]),
            "The connectivity checks that came from 198.51.100.9:1 were under ice-ufrag `other`, but the business's SDP names another, and none came under that.",
        ),
        (
            and(chain(B, 5), [others(true)]),
            "ICE worked but the business never sent a ClientHello, so there are no keys.",
        ),
        (
            and(chain(B, 2), [conflict]),
            "The business insisted on the controlled ICE role, which is ours, so no pair was chosen.",
        ),
        (
            vec![armed(B), says(Flow::SendRecv, &[], true)],
            "The business's SDP says ice-lite, as ours does, so neither side sent connectivity checks: the business has to use full ICE.",
        ),
        (
            and(chain(B, 2), [hello(HelloFault::Unchecked)]),
            "A ClientHello came from 198.51.100.7:5004, but no connectivity check of the business: ICE has to come first.",
        ),
        (
            vec![
                armed(B),
                E::FirstBindingRequest {
                    side: B,
                    from: theirs(),
                },
                E::DtlsStarted {
                    side: B,
                    role: DtlsRole::Server,
                },
            ],
            "The business reached us by ICE, but its SDP was never given.",
        ),
        (
            and(chain(B, 5), [failed("no common cipher suite")]),
            "ICE worked but the DTLS handshake with the business failed: no common cipher suite.",
        ),
        (
            and(
                chain(B, 5),
                [
                    failed("no common cipher suite"),
                    E::DtlsStarted {
                        side: B,
                        role: DtlsRole::Server,
                    },
                ],
            ),
            "ICE worked but the DTLS handshake with the business failed: no common cipher suite.",
        ),
        (
            and(
                chain(B, 5),
                [
                    failed("bad"),
                    E::DtlsStarted {
                        side: B,
                        role: DtlsRole::Server,
                    },
                    E::DtlsDone {
                        side: B,
                        profile: "x",
                    },
                ],
            ),
            "The business was connected but sent no audio after accept.",
        ),
        (
            chain(B, 5),
            "ICE worked but the DTLS handshake with the business did not finish, so there are no keys.",
        ),
        (
            and(chain(B, 4), [hello(HelloFault::Role)]),
            "ICE worked and a ClientHello of the business came from 198.51.100.7:5004, but it was not taken: its SDP says setup:passive, so the ClientHello was ours to send.",
        ),
        (
            and(chain(B, 4), [stray]),
            "ICE worked but no ClientHello came from an address that the business checked from, so there are no keys; 3 came from addresses of no call, the last from 198.51.100.9:1.",
        ),
        (
            chain(B, 4),
            "ICE worked but the business never sent a ClientHello, so there are no keys.",
        ),
        (
            vec![
                armed(B),
                remote(B, DtlsRole::Client),
                E::FirstBindingRequest {
                    side: B,
                    from: theirs(),
                },
            ],
            "The business's connectivity checks arrived but nominated no pair, so DTLS could not begin.",
        ),
        (
            vec![
                armed(B),
                remote(B, DtlsRole::Client),
                E::FirstBindingRequest {
                    side: B,
                    from: theirs(),
                },
                E::Nominated {
                    side: B,
                    address: theirs(),
                },
            ],
            "ICE worked but the DTLS handshake with the business has not begun.",
        ),
        (
            chain(B, 6)
                .into_iter()
                .filter(|e| !matches!(e, E::Nominated { .. }))
                .collect(),
            "The business nominated no address pair, so nothing could be sent to it.",
        ),
        (
            and(chain(B, 6), [bad.clone()]),
            "Packets came from the business, but none of them authenticated with the agreed keys.",
        ),
        (
            and(
                chain(B, 6),
                [bad, other.clone(), received(50, 0), sound(0, 0)],
            ),
            "The business sent its audio as payload type 96, but 111 was agreed, so none of it was used.",
        ),
        (
            and(chain(B, 6), [other, received(50, 0), sound(0, 0)]),
            "The business sent its audio as payload type 96, but 111 was agreed, so none of it was used.",
        ),
        (
            and(chain(B, 6), [early(50)]),
            "Audio from the business arrived only before accept and was dropped.",
        ),
        (
            and(chain(B, 6), [says(Flow::RecvOnly, &[], false)]),
            "The business's SDP says recvonly, and it sent no audio after accept.",
        ),
        (
            and(chain(B, 6), [says(Flow::RecvOnly, &[], false), ALERT]),
            "The business's SDP says recvonly, and it sent no audio after accept.",
        ),
        (
            and(chain(B, 6), [ALERT]),
            "The business ended DTLS with an alert and sent no audio after accept.",
        ),
        (
            and(chain(B, 6), [received(50, 0), sound(0, 0)]),
            "50 packets came from the business after accept, but none of them was audio.",
        ),
        (
            chain(B, 6),
            "The business was connected but sent no audio after accept.",
        ),
        (
            and(chain(B, 7), [E::LastPacket { side: B }, ALERT, silence(30)]),
            "The business ended DTLS with an alert and stopped sending: nothing came from it for 30 s.",
        ),
        (
            and(chain(B, 7), [ALERT, E::LastPacket { side: B }, silence(30)]),
            "The business stopped sending: nothing came from it for 30 s.",
        ),
        (
            and(chain(B, 7), [received(9, 0), sound(0, 0), listened(0, 3)]),
            "The business sent keys, but no audio after accept.",
        ),
        (
            and(chain(B, 7), [sound(500, 500)]),
            "The business sent 500 audio packets, all of them silence: none is larger than 3 bytes.",
        ),
        (
            and(chain(B, 7), [sound(500, 500), listened(0, 0)]),
            "The business sent 500 audio packets, all of them silence: none is larger than 3 bytes.",
        ),
        (
            and(chain(B, 7), [sound(500, 20), listened(0, 0)]),
            "The business sent 500 audio packets, but nothing in them was loud enough to be heard.",
        ),
        (
            and(
                chain(B, 7),
                [
                    says(Flow::SendOnly, &[], false),
                    sound(50, 0),
                    listened(900, 0),
                ],
            ),
            "Both sides heard each other. The business's SDP says sendonly: by that it does not listen.",
        ),
    ]
}

/// The same for calls whose gate never opened.
fn of_other_calls() -> Vec<(Vec<E>, &'static str)> {
    let failed = E::DtlsFailed {
        side: B,
        reason: "no common cipher suite".into(),
    };
    let local = E::Armed {
        side: U,
        addresses: vec![],
    };
    vec![
        (
            chain(B, 6),
            "The call was never accepted, so no audio was let through.",
        ),
        (
            and(chain(B, 6), [early(3)]),
            "The call was never accepted; audio sent before that was dropped.",
        ),
        (
            and(chain(B, 6), [ended(EndReason::Rejected(U))]),
            "The user rejected the call, so no audio was let through.",
        ),
        (
            and(chain(B, 1), [ended(EndReason::Rejected(B))]),
            "The business rejected the call, so no audio was let through.",
        ),
        (
            and(chain(B, 1), [ended(EndReason::GaveUp(U))]),
            "The user hung up before the business answered, so no audio was let through.",
        ),
        (
            and(chain(B, 6), [ended(EndReason::NoAnswer(U))]),
            "The user did not answer in time, so no audio was let through.",
        ),
        (
            and(chain(B, 6), [ended(EndReason::Lost)]),
            "The server ended the call before it was answered, so no audio was let through.",
        ),
        (
            and(chain(B, 5), [failed.clone(), ended(EndReason::NoAnswer(U))]),
            "The user did not answer in time, so no audio was let through. ICE worked but the DTLS handshake with the business failed: no common cipher suite.",
        ),
        // The user picked up and waited for the business's media.
        (
            and(
                chain(B, 5),
                [
                    local.clone(),
                    ANSWERED,
                    failed,
                    ended(EndReason::NoMedia(B)),
                ],
            ),
            "ICE worked but the DTLS handshake with the business failed: no common cipher suite.",
        ),
        (
            and(
                chain(B, 2),
                [local.clone(), ANSWERED, ended(EndReason::HungUp(U))],
            ),
            "The business sent no connectivity check: its ICE never reached 192.0.2.1:3480.",
        ),
        (
            and(
                chain(B, 4),
                [armed(U), ANSWERED, ended(EndReason::NoMedia(B))],
            ),
            "ICE worked but the business never sent a ClientHello, so there are no keys.",
        ),
        (
            and(chain(B, 6), [local, ANSWERED, ended(EndReason::HungUp(U))]),
            "The user answered the call, but it ended before audio was let through.",
        ),
    ]
}

#[test]
fn each_combination_of_facts_has_its_sentence() {
    for (business, sentence) in of_accepted_calls() {
        let timeline = accepted(business);
        assert_eq!(verdict(&timeline), sentence, "{timeline:#?}");
        let well = sentence.ends_with("heard each other.") || sentence.ends_with("passed on.");
        assert_eq!(is_at_fault(&timeline), !well, "{sentence}");
    }
    for (events, sentence) in of_other_calls() {
        let timeline = entries(events);
        assert_eq!(verdict(&timeline), sentence, "{timeline:#?}");
        assert_eq!(
            is_at_fault(&timeline),
            sentence.contains("DTLS") || sentence.contains("ICE"),
            "{sentence}"
        );
    }
}

#[test]
fn both_sides_may_have_failed() {
    let both = chain(B, 6)
        .into_iter()
        .chain(chain(U, 4))
        .chain([E::GateOpened]);
    assert_eq!(
        verdict(&entries(both)),
        "The business was connected but sent no audio after accept. \
         ICE worked but the user never sent a ClientHello, so there are no keys."
    );
}

#[test]
fn hints_go_with_what_they_explain() {
    let hint = |ours: &str, candidates: &[&str], fault: Option<&str>| {
        let place = E::Armed {
            side: B,
            addresses: vec![at(ours)],
        };
        let asked = fault.map(|fault| E::Fault {
            side: B,
            fault: fault.into(),
        });
        let events = [place, says(Flow::SendRecv, candidates, false)];
        let said = verdict(&accepted(events.into_iter().chain(asked).collect()));
        said.split_once("Hint: ").map(|(_, hint)| hint.to_owned())
    };
    let loopback = "127.0.0.1:3480 is reached from this machine alone; a stack that leaves loopback out, or runs in a container, needs another address: start with `--media-ip`.";
    assert_eq!(
        hint("127.0.0.1:3480", &["172.17.0.2:9"], None).as_deref(),
        Some(loopback)
    );
    assert_eq!(hint("127.0.0.1:3480", &[], None).as_deref(), Some(loopback));
    assert_eq!(hint("127.0.0.1:3480", &["127.0.0.1:9"], None), None);
    assert_eq!(
        hint("127.0.0.1:3480", &["172.17.0.2:9"], Some("no_ice")),
        None
    );
    let private = "the business's SDP names private addresses alone, such as 10.0.0.5; from another network nobody reaches them.";
    assert_eq!(
        hint("192.0.2.1:3480", &["10.0.0.5:9"], None).as_deref(),
        Some(private)
    );
    assert_eq!(
        hint("192.0.2.1:3480", &["10.0.0.5:9", "198.51.100.7:9"], None),
        None
    );
    assert_eq!(hint("10.0.0.1:3480", &["10.0.0.5:9"], None), None);
}

#[test]
fn what_a_former_peer_did_is_not_denied() {
    let replaced = and(
        chain(B, 7),
        [E::PeerReplaced { side: B }, remote(B, DtlsRole::Server)],
    );
    assert_eq!(
        verdict(&accepted(replaced)),
        "The business sent no connectivity check: its ICE never reached 192.0.2.1:3480. \
         Another peer had the business's leg before; this is about the one that took it over."
    );
}

#[test]
fn faults_that_were_asked_for_are_named() {
    let fault = |fault: &str| E::Fault {
        side: B,
        fault: fault.into(),
    };
    let events = and(
        chain(B, 4),
        [
            fault("no_dtls"),
            fault("no_dtls"),
            fault("x=1"),
            E::LostToFault {
                side: B,
                packets: 4,
            },
        ],
    );
    assert_eq!(
        verdict(&accepted(events)),
        "ICE worked but the business never sent a ClientHello, so there are no keys. \
         The faults no_dtls, x=1 were asked for; 4 packets were lost to that."
    );
    let deaf = and(chain(B, 7), [fault("one_way=to_user")]);
    assert!(
        verdict(&accepted(deaf))
            .starts_with("The user heard the business, but nothing the user said reached it.")
    );
}

#[test]
fn the_page_explains_each_sentence() {
    let page = include_str!("../../../../docs/verdicts.md");
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for sentence in rule::samples() {
        assert!(
            page.contains(&sentence),
            "docs/verdicts.md lacks: {sentence}"
        );
    }
}
