//! Several businesses may get the offer of one call and answer at the same time. One of them is accepted.

use ahoy_media::{BridgeId, Side};

use crate::raw::Raw;
use crate::support::{Relay, user};

#[test]
fn the_accepted_one_is_heard_though_another_was_quicker() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let mut quick = Raw::new(&plan.business);
    quick.ufrag = "quick";
    quick.nominate();
    quick.shake_hands();
    let mut winner = Raw::new(&plan.business);
    winner.ufrag = "winner";
    winner.nominate();
    let mut hands = winner.begin();
    // Had the quick one nominated again it would be the latest; it must not matter.
    quick.nominate();
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, winner.remote());
    relay.engine.open_gate(BridgeId(1));
    hands.finish(&mut winner);
    relay.wait_up(1, Side::Business);
    winner.hear().expect("the accepted one hears the user");
    winner.speak(5, 1, 0);
    relay.event("first audio", |event| match event {
        ahoy_media::MediaEvent::FirstAudio {
            side: Side::Business,
            ..
        } => Some(()),
        _ => None,
    });
    assert!(
        quick.nothing_left(ahoy_packet::demux::Kind::Rtp),
        "the other one hears nothing"
    );
    assert_eq!(
        relay.close(1).verdict,
        "Both sides sent audio, and it was passed on."
    );
}

#[test]
fn what_the_others_go_on_sending_does_not_disturb_the_accepted_one() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let mut loser = Raw::new(&plan.business);
    loser.ufrag = "loser";
    loser.nominate();
    let mut late = loser.begin();
    let mut winner = Raw::new(&plan.business);
    winner.ufrag = "winner";
    winner.nominate();
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, winner.remote());
    relay.engine.open_gate(BridgeId(1));
    loser.begin();
    let mut hands = winner.begin();
    late.go_on(&loser);
    hands.finish(&mut winner);
    relay.wait_up(1, Side::Business);
    winner.hear().expect("the accepted one hears the user");
    let known: usize = relay
        .engine
        .stats_blocking()
        .iter()
        .map(|worker| worker.addresses)
        .sum();
    assert_eq!(known, 1, "the loser's address is forgotten");
}
