use ahoy_media::{BridgeId, Side, TimelineEvent};
use ahoy_packet::demux::Kind;

use crate::raw::Raw;
use crate::support::{Relay, eventually, user};

#[test]
fn for_a_peer_that_missed_the_last_flight() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let mut business = Raw::new(&plan.business);
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    business.nominate();
    let finished = business.shake_hands();
    relay.wait_up(1, Side::Business);
    // As if the relay's answer had been lost: the client's last flight comes again, and the same answer with it.
    for _ in 0..2 {
        business.send(&finished.sent_last);
        assert_eq!(
            business.receive_kind(Kind::Dtls).unwrap(),
            finished.received_last
        );
    }
    // Protected media proves that the flight came; from then on there is nothing to repeat.
    business.speak(5, 1, 0);
    business.send(&finished.sent_last);
    business.nominate();
    assert!(business.nothing_left(Kind::Dtls));
    assert_eq!(relay.report(1).leg(Side::Business).before_accept, 1);
}

#[test]
fn and_an_alert_is_noted_and_ends_nothing() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let mut business = Raw::new(&plan.business);
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    business.nominate();
    let mut finished = business.shake_hands();
    relay.wait_up(1, Side::Business);
    relay.engine.open_gate(BridgeId(1));
    finished.close(&business);
    business.speak(5, 1, 0);
    eventually("audio after the alert", || {
        (relay.report(1).leg(Side::Business).received == 1).then_some(())
    });
    let alert = TimelineEvent::DtlsAlert {
        side: Side::Business,
    };
    assert_eq!(
        relay
            .close(1)
            .timeline
            .iter()
            .filter(|e| e.event == alert)
            .count(),
        1
    );
}
