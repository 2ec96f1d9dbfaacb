use std::net::UdpSocket;
use std::sync::Arc;

use ahoy_media::{BridgeId, DtlsRole, Side, TimelineEvent, UserLeg};
use ahoy_packet::stun::{Outcome, Role};

use crate::raw::Raw;
use crate::support::{Relay, user};
use crate::webrtc::{Manner, Peer};

#[test]
fn when_a_nat_binds_anew() {
    let relay = Relay::start();
    let plan = relay.arm(1, UserLeg::WebRtc);
    let business = Peer::start(&plan.business, Manner::default());
    let phone = Peer::start(&plan.user, Manner::default());
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote.clone());
    relay
        .engine
        .set_remote(BridgeId(1), Side::User, phone.remote.clone());
    relay.wait_up(1, Side::Business);
    relay.wait_up(1, Side::User);
    relay.engine.open_gate(BridgeId(1));
    business.hear_audio(10);
    let before = relay.report(1).leg(Side::Business).remote.unwrap();
    business.move_socket();
    // Its next check that nominates comes from the new address, and media moves there.
    crate::support::eventually("the address moves", || {
        (relay.report(1).leg(Side::Business).remote != Some(before)).then_some(())
    });
    let had = business.ears(|ears| ears.audio().count());
    business.hear_audio(had + 50);
    let had = phone.ears(|ears| ears.audio().count());
    phone.hear_audio(had + 50);
    let report = relay.close(1);
    assert!(report.timeline.iter().any(|e| {
        matches!(e.event, TimelineEvent::AddressChanged { side: Side::Business, from, .. } if from == before)
    }));
    // What was sent between the move and the nomination is lost, and counts as such.
    assert!(
        report
            .verdict
            .starts_with("Both sides sent audio, and it was passed on"),
        "{}",
        report.verdict
    );
}

#[test]
fn and_not_addresses_that_were_only_checked() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let mut business = Raw::new(&plan.business);
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    business.nominate();
    business.shake_hands();
    relay.engine.open_gate(BridgeId(1));
    business.hear().expect("audio on the nominated pair");
    let nominated = Arc::clone(&business.socket);
    let other = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
    business.socket = Arc::clone(&other);
    let check = business.check(Role::Controlling(1), false);
    assert!(matches!(business.ask(&check), Outcome::Mapped(_)));
    assert_eq!(
        relay.report(1).leg(Side::Business).remote,
        Some(nominated.local_addr().unwrap())
    );
    // A packet from there is heard all the same, since it authenticates.
    business.speak(5, 1, 0);
    relay.event("first audio", |event| match event {
        ahoy_media::MediaEvent::FirstAudio {
            side: Side::Business,
            ..
        } => Some(()),
        _ => None,
    });
    assert!(matches!(business.nominate(), Outcome::Mapped(_)));
    business.hear().expect("audio on the other pair");
    // Many addresses do not make the leg grow.
    for _ in 0..40 {
        business.socket = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
        let check = business.check(Role::Controlling(1), false);
        business.ask(&check);
    }
    let stats = relay.engine.stats_blocking();
    assert_eq!(stats[0].addresses, 16);
    assert_eq!(
        relay.report(1).leg(Side::Business).remote,
        Some(other.local_addr().unwrap())
    );
}

#[test]
fn and_no_peer_that_claims_our_role() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let mut business = Raw::new(&plan.business);
    let mut remote = business.remote();
    remote.dtls = DtlsRole::Client;
    relay.engine.set_remote(BridgeId(1), Side::Business, remote);
    relay.engine.open_gate(BridgeId(1));
    let check = business.check(Role::Controlled(1), true);
    assert_eq!(business.ask(&check), Outcome::Error(487));
    let report = relay.report(1);
    assert_eq!(report.leg(Side::Business).remote, None);
    assert_eq!(
        report.verdict,
        "The business insisted on the controlled ICE role, which is ours, so no pair was chosen."
    );
    // It changes its mind, as it should; our ClientHello leaves with the first nominated pair.
    assert!(matches!(business.nominate(), Outcome::Mapped(_)));
    business
        .receive_kind(ahoy_packet::demux::Kind::Dtls)
        .expect("a ClientHello");
}

#[test]
fn a_leg_with_keys_and_no_nomination_is_not_up() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let mut business = Raw::new(&plan.business);
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    let check = business.check(Role::Controlling(1), false);
    business.ask(&check);
    business.shake_hands();
    assert!(relay.report(1).leg(Side::Business).profile.is_some());
    assert!(
        !relay.has_event(|event| matches!(event, ahoy_media::MediaEvent::LegUp { .. })),
        "what is sent now has nowhere to go"
    );
    business.nominate();
    relay.wait_up(1, Side::Business);
    business.nominate();
    relay.report(1);
    assert!(
        !relay.has_event(|event| matches!(event, ahoy_media::MediaEvent::LegUp { .. })),
        "it is told once"
    );
}
