use ahoy_media::{BridgeId, MediaEvent, Side, TimelineEvent, UserLeg};

use crate::support::{Relay, eventually, user};
use crate::webrtc::{Manner, Peer};

#[test]
fn in_either_direction_and_the_first_syllable_is_heard_after_it() {
    let relay = Relay::start();
    let plan = relay.arm(1, UserLeg::WebRtc);
    let business = Peer::start(&plan.business, Manner::default());
    let user = Peer::start(&plan.user, Manner::default());
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote.clone());
    relay
        .engine
        .set_remote(BridgeId(1), Side::User, user.remote.clone());
    // Both speak as soon as they are connected.
    let early = eventually("half a second is dropped on both sides", || {
        let report = relay.report(1);
        let early = Side::BOTH.map(|side| report.leg(side).before_accept);
        early.iter().all(|n| *n >= 25).then_some(early)
    });
    assert_eq!(business.ears(|ears| ears.packets.len()), 0);
    assert_eq!(user.ears(|ears| ears.packets.len()), 0);
    assert!(!relay.has_event(|event| matches!(event, MediaEvent::FirstAudio { .. })));

    relay.engine.open_gate(BridgeId(1));
    business.hear_audio(25);
    user.hear_audio(25);
    let report = relay.close(1);
    assert_eq!(
        report.verdict,
        "Both sides sent audio, and it was passed on."
    );
    for (side, peer) in [(Side::Business, &business), (Side::User, &user)] {
        let leg = report.leg(side);
        assert!(leg.before_accept >= early[side as usize]);
        // Everything this side sent was either dropped before accept or passed on after it.
        let heard = if side == Side::Business {
            &user
        } else {
            &business
        };
        let passed = heard.hear("what was passed on arrives", |ears| {
            (ears.packets.len() as u64 == report.leg(side.other()).sent)
                .then_some(ears.packets.len())
        });
        assert_eq!(passed as u64, leg.received);
        assert!(peer.ears(|ears| ears.sent) >= leg.received + leg.before_accept);
        assert_eq!(leg.lost, 0);
    }
    let gate = report
        .timeline
        .iter()
        .position(|e| e.event == TimelineEvent::GateOpened)
        .unwrap();
    let first = |of: Side| {
        report
            .timeline
            .iter()
            .position(|e| matches!(e.event, TimelineEvent::FirstPacket { side, .. } if side == of))
    };
    assert!(first(Side::Business).unwrap() > gate && first(Side::User).unwrap() > gate);
}

#[test]
fn by_a_simulated_user_or_from_one() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let business = Peer::start(&plan.business, Manner::default());
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote.clone());
    eventually("the business is dropped for half a second", || {
        (relay.report(1).leg(Side::Business).before_accept >= 25).then_some(())
    });
    assert_eq!(business.ears(|ears| ears.packets.len()), 0);
    assert_eq!(relay.report(1).heard().unwrap().packets, 0);
    let report = relay.close(1);
    assert_eq!(
        report.verdict,
        "The call was never accepted; audio sent before that was dropped."
    );
    assert!(report.heard().unwrap().packets_before_gate >= 25);
    assert_eq!(report.heard().unwrap().first_audio_ms_after_accept, None);
}
