use ahoy_media::{BridgeId, Side, TimelineEvent};
use ahoy_packet::stun::Outcome;

use crate::raw::Raw;
use crate::support::{Relay, user};

#[test]
fn the_whole_handshake_may_precede_the_description() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let mut business = Raw::new(&plan.business);
    assert_eq!(
        business.nominate(),
        Outcome::Mapped(business.socket.local_addr().unwrap())
    );
    business.shake_hands();
    // The keys exist, but nobody knows yet whether they are the business's.
    assert!(relay.report(1).leg(Side::Business).profile.is_none());
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    relay.engine.open_gate(BridgeId(1));
    relay.wait_up(1, Side::Business);
    business
        .hear()
        .expect("audio comes without another handshake");
    business.speak(5, 1, 0);
    relay.event("first audio", |event| match event {
        ahoy_media::MediaEvent::FirstAudio {
            side: Side::Business,
            ..
        } => Some(()),
        _ => None,
    });
    let started = TimelineEvent::DtlsStarted {
        side: Side::Business,
        role: ahoy_media::DtlsRole::Server,
    };
    let report = relay.close(1);
    assert_eq!(
        report
            .timeline
            .iter()
            .filter(|e| e.event == started)
            .count(),
        1
    );
    assert_eq!(
        report.verdict,
        "Both sides sent audio, and it was passed on."
    );
}

#[test]
fn a_hello_is_retried_when_its_answer_is_lost() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let mut business = Raw::new(&plan.business);
    business.nominate();
    let hands = business.begin();
    // The peer loses its memory: a second ClientHello with other random bytes.
    drop(hands);
    business
        .receive_kind(ahoy_packet::demux::Kind::Dtls)
        .expect("a first flight");
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    // What the relay's first flight says is retransmitted until its peer answers.
    business
        .receive_kind(ahoy_packet::demux::Kind::Dtls)
        .expect("it is retransmitted");
    assert_eq!(relay.close(1).leg(Side::Business).profile, None);
}
