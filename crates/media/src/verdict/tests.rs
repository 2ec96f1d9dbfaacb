//! One test a sentence.

use super::*;
use TimelineEvent as E;
use ahoy_types::Ssrc;
use std::time::Duration;

const ADDR: SocketAddr = SocketAddr::new(
    std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)),
    3480,
);
const B: Side = Side::Business;
const U: Side = Side::User;

fn entries(events: impl IntoIterator<Item = E>) -> Vec<TimelineEntry> {
    events
        .into_iter()
        .enumerate()
        .map(|(i, event)| TimelineEntry {
            at_ms: i as u64,
            event,
        })
        .collect()
}
/// A leg that came up and was heard, cut off after `upto` links of the chain.
fn chain(side: Side, upto: usize) -> Vec<E> {
    [
        E::Armed {
            side,
            addresses: vec![ADDR],
        },
        E::RemoteSet {
            side,
            role: DtlsRole::Server,
        },
        E::FirstBindingRequest { side, from: ADDR },
        E::Nominated {
            side,
            address: ADDR,
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
    ]
    .into_iter()
    .take(upto)
    .collect()
}
/// A call with a simulated user that was heard, and `business` as given.
fn accepted(business: Vec<E>) -> String {
    let user = [
        E::Armed {
            side: U,
            addresses: vec![],
        },
        E::GateOpened,
        E::FirstPacket {
            side: U,
            ssrc: Ssrc(2),
        },
    ];
    verdict(&entries(user.into_iter().chain(business)))
}

#[test]
fn all_is_well() {
    assert_eq!(accepted(chain(B, 7)), "Both sides heard each other.");
    let both = entries(
        chain(B, 7)
            .into_iter()
            .chain(chain(U, 7))
            .chain([E::GateOpened]),
    );
    assert_eq!(verdict(&both), "Both sides heard each other.");
    assert!(!is_at_fault(&both));
}

#[test]
fn a_fault_is_told_from_a_call_nobody_accepted() {
    let opened = |links| entries(chain(B, links).into_iter().chain([E::GateOpened]));
    for links in 1..7 {
        assert!(is_at_fault(&opened(links)), "{links} links of the chain");
    }
    assert!(!is_at_fault(&opened(7)));
    assert!(!is_at_fault(&entries(chain(B, 2))), "nobody accepted it");
}

#[test]
fn the_first_missing_link_is_named() {
    let cases = [
        (
            2,
            "The business sent no connectivity check: its ICE never reached 192.0.2.1:3480.",
        ),
        (
            4,
            "ICE worked but the business never sent a ClientHello, so there are no keys.",
        ),
        (
            5,
            "ICE worked but the DTLS handshake with the business did not finish, so there are no keys.",
        ),
        (
            6,
            "The business was connected but sent no audio after accept.",
        ),
    ];
    for (upto, sentence) in cases {
        assert_eq!(accepted(chain(B, upto)), sentence);
    }
}

#[test]
fn both_sides_may_have_failed() {
    let timeline = entries(
        chain(B, 6)
            .into_iter()
            .chain(chain(U, 4))
            .chain([E::GateOpened]),
    );
    assert_eq!(
        verdict(&timeline),
        "The business was connected but sent no audio after accept. \
         ICE worked but the user never sent a ClientHello, so there are no keys."
    );
}

fn with(mut events: Vec<E>, more: E) -> Vec<E> {
    events.push(more);
    events
}

#[test]
fn the_wrong_certificate() {
    assert_eq!(
        accepted(with(chain(B, 5), E::FingerprintMismatch { side: B })),
        "The business's certificate does not match the fingerprint in its SDP."
    );
}

#[test]
fn a_failed_handshake_says_why() {
    let failed = E::DtlsFailed {
        side: B,
        reason: "no common cipher suite".into(),
    };
    assert_eq!(
        accepted(with(chain(B, 5), failed)),
        "ICE worked but the DTLS handshake with the business failed: no common cipher suite."
    );
}

#[test]
fn the_controlled_role_is_ours() {
    assert_eq!(
        accepted(with(chain(B, 2), E::RoleConflict { side: B })),
        "The business insisted on the controlled ICE role, which is ours, so no pair was chosen."
    );
}

#[test]
fn without_a_nomination_our_client_hello_never_leaves() {
    let events = vec![
        E::Armed {
            side: B,
            addresses: vec![ADDR],
        },
        E::RemoteSet {
            side: B,
            role: DtlsRole::Client,
        },
        E::FirstBindingRequest {
            side: B,
            from: ADDR,
        },
    ];
    assert_eq!(
        accepted(events),
        "The business's connectivity checks arrived but nominated no pair, so DTLS could not begin."
    );
}

#[test]
fn the_answer_was_never_given() {
    let events = vec![
        E::Armed {
            side: B,
            addresses: vec![ADDR],
        },
        E::FirstBindingRequest {
            side: B,
            from: ADDR,
        },
        E::DtlsStarted {
            side: B,
            role: DtlsRole::Server,
        },
    ];
    assert_eq!(
        accepted(events),
        "The business reached us by ICE, but its SDP was never given."
    );
}

#[test]
fn audio_only_before_accept() {
    assert_eq!(
        accepted(with(
            chain(B, 6),
            E::DroppedBeforeAccept {
                side: B,
                packets: 50
            }
        )),
        "Audio from the business arrived only before accept and was dropped."
    );
    // Dropping the beginning is no fault when audio follows.
    assert_eq!(
        accepted(with(
            chain(B, 7),
            E::DroppedBeforeAccept {
                side: B,
                packets: 50
            }
        )),
        "Both sides heard each other."
    );
}

#[test]
fn keys_that_do_not_fit() {
    assert_eq!(
        accepted(with(
            chain(B, 6),
            E::BadAuthentication {
                side: B,
                packets: 50
            }
        )),
        "Packets came from the business, but none of them authenticated with the agreed keys."
    );
}

#[test]
fn a_side_that_fell_silent() {
    let timeout = E::Timeout {
        side: B,
        kind: TimeoutKind::Silence,
        after: Duration::from_secs(30),
    };
    assert_eq!(
        accepted(with(chain(B, 7), timeout)),
        "The business stopped sending: nothing came from it for 30 s."
    );
}

#[test]
fn heavy_loss_is_said() {
    let received = E::Received {
        side: B,
        packets: 80,
        lost: 20,
        jitter_ms: 1.0,
    };
    assert_eq!(
        accepted(with(chain(B, 7), received)),
        "Both sides heard each other, but 20 % of the business's packets were lost."
    );
}

#[test]
fn without_accept_silence_is_right() {
    assert_eq!(
        verdict(&entries(chain(B, 6))),
        "The call was never accepted, so no audio was let through."
    );
    let early = with(
        chain(B, 6),
        E::DroppedBeforeAccept {
            side: B,
            packets: 3,
        },
    );
    assert_eq!(
        verdict(&entries(early)),
        "The call was never accepted; audio sent before that was dropped."
    );
}
