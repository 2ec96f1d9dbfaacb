//! `lost`: what did not reach the relay, between the first and the last packet that came after accept (`docs/media.md`).

use ahoy_media::{BridgeId, Conditions, LegNetwork, Networks, Side, UserLeg};

use crate::raw::Raw;
use crate::support::{Relay, eventually, user};

/// Sends the numbered frames, waits until the relay has taken them, and gives the leg's `received` and `lost`.
fn counted(relay: &Relay, side: Side, peer: &mut Raw, frames: &[u16], all: u64) -> (u64, u64) {
    for number in frames {
        peer.speak(5, *number, 960 * u32::from(*number));
    }
    let report = eventually("the frames have come", || {
        let report = relay.report(1);
        let leg = report.leg(side);
        (leg.received + leg.before_accept == all).then_some(report)
    });
    (report.leg(side).received, report.leg(side).lost)
}

#[test]
fn of_two_peers() {
    let relay = Relay::start();
    let plan = relay.arm(1, UserLeg::WebRtc);
    let legs = [(Side::Business, &plan.business), (Side::User, &plan.user)];
    let mut peers = legs.map(|(side, leg)| {
        let mut peer = Raw::new(leg);
        relay.engine.set_remote(BridgeId(1), side, peer.remote());
        peer.nominate();
        peer.shake_hands();
        relay.wait_up(1, side);
        (side, peer)
    });
    // Before accept 12 is lost, around it 14: neither is any loss of the call's audio.
    for (side, peer) in &mut peers {
        assert_eq!(counted(&relay, *side, peer, &[10, 11, 13], 3), (0, 0));
    }
    relay.engine.open_gate(BridgeId(1));
    for (side, peer) in &mut peers {
        // 17 and 18 are lost, 20 overtakes 19.
        let frames = [15, 16, 20, 19, 21];
        assert_eq!(counted(&relay, *side, peer, &frames, 8), (5, 2));
    }
}

#[test]
fn of_a_simulated_user() {
    let relay = Relay::start();
    let lossy = Conditions {
        loss: 0.3,
        ..Conditions::default()
    };
    let networks = Networks {
        user: Some(LegNetwork {
            from_peer: lossy,
            seed: 7,
            ..LegNetwork::default()
        }),
        ..Networks::default()
    };
    let plan = relay.arm_behind(1, user(660.0), networks);
    let mut business = Raw::new(&plan.business);
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    business.nominate();
    business.shake_hands();
    relay.wait_up(1, Side::Business);
    relay.engine.open_gate(BridgeId(1));
    let report = eventually("a hundred packets of the user", || {
        let report = relay.report(1);
        (report.leg(Side::User).received >= 100).then_some(report)
    });
    let (leg, network) = (
        report.leg(Side::User),
        report.leg(Side::User).network.unwrap(),
    );
    let from_user = network.from_peer;
    assert_eq!(leg.received, from_user.packets - from_user.lost);
    // Those before the first and behind the last that came are no part of it.
    assert!(
        leg.lost <= from_user.lost && leg.lost + 20 > from_user.lost,
        "{leg:?}"
    );
    assert!(leg.lost > 10);
}
