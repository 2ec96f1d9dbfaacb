use ahoy_media::{BridgeId, Side, TimelineEvent as E, UserLeg};

use crate::raw::Raw;
use crate::support::{Relay, user};

#[test]
fn in_order_and_in_one_sentence() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(440.0));
    let mut business = Raw::new(&plan.business);
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    business.nominate();
    business.shake_hands();
    relay.wait_up(1, Side::Business);
    business.speak(5, 1, 0);
    crate::support::eventually("the early packet", || {
        (relay.report(1).leg(Side::Business).before_accept == 1).then_some(())
    });
    relay.engine.open_gate(BridgeId(1));
    business.hear().unwrap();
    business.speak(5, 2, 960);
    crate::support::eventually("the packet", || {
        (relay.report(1).leg(Side::Business).received == 1).then_some(())
    });
    let report = relay.close(1);
    let story: Vec<&str> = report
        .timeline
        .iter()
        .map(|entry| match &entry.event {
            E::Armed {
                side: Side::Business,
                addresses,
            } => {
                assert_eq!(addresses.len(), 1);
                "armed"
            }
            E::Armed {
                side: Side::User,
                addresses,
            } => {
                assert!(addresses.is_empty());
                "user"
            }
            E::RemoteSet { .. } => "remote",
            E::FirstBindingRequest { .. } => "check",
            E::Nominated { .. } => "nominated",
            E::DtlsStarted { .. } => "hello",
            E::DtlsDone { .. } => "keys",
            E::GateOpened => "accept",
            E::FirstPacket { side, .. } => side.as_str(),
            E::DroppedBeforeAccept { packets: 1, .. } => "dropped",
            E::Received { packets: 1, .. } => "received",
            E::Audio { .. } => "audio",
            E::LastPacket { .. } => "last",
            E::Closed => "closed",
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        "armed",
        "user",
        "remote",
        "check",
        "nominated",
        "hello",
        "keys",
        "accept",
        "user",
        "business",
    ];
    assert_eq!(story[..10], expected);
    assert_eq!(*story.last().unwrap(), "closed");
    assert!(report.timeline.windows(2).all(|w| w[0].at_ms <= w[1].at_ms));
    assert_eq!(
        report.verdict,
        "Both sides sent audio, and it was passed on."
    );
}

#[test]
fn when_nobody_comes() {
    let relay = Relay::start();
    let plan = relay.arm(1, UserLeg::WebRtc);
    relay.engine.open_gate(BridgeId(1));
    let address = plan.business.v4.unwrap();
    assert_eq!(
        relay.close(1).verdict,
        format!(
            "The business sent no connectivity check: its ICE never reached {address}. \
             The user sent no connectivity check: its ICE never reached {address}."
        )
    );
}

#[test]
fn when_the_description_never_came() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(440.0));
    let mut business = Raw::new(&plan.business);
    business.nominate();
    business.shake_hands();
    relay.engine.open_gate(BridgeId(1));
    assert_eq!(
        relay.close(1).verdict,
        "The business reached us by ICE, but its SDP was never given."
    );
}

#[test]
fn when_no_hello_came() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(440.0));
    let mut business = Raw::new(&plan.business);
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    business.nominate();
    relay.engine.open_gate(BridgeId(1));
    assert_eq!(
        relay.close(1).verdict,
        "ICE worked but the business never sent a ClientHello, so there are no keys."
    );
}
