//! Networks in the way of media: what they do is in the ears, in the packets and in the report.

use std::collections::BTreeSet;
use std::time::Duration;

use ahoy_media::{
    BridgeId, Conditions, LegNetwork, MediaConfig, MediaEvent, Networks, Side, TimeoutKind, UserLeg,
};

use crate::raw::{Raw, fields};
use crate::support::{Relay, assert_pitch, eventually, user};
use crate::webrtc::{Manner, Peer};

fn at_user(network: LegNetwork) -> Networks {
    Networks {
        user: Some(network),
        ..Networks::default()
    }
}

/// The business's raw peer, connected and accepted.
fn business(relay: &Relay, bridge: u64, user: UserLeg, networks: Networks) -> Raw {
    let plan = relay.arm_behind(bridge, user, networks);
    let mut peer = Raw::new(&plan.business);
    relay
        .engine
        .set_remote(BridgeId(bridge), Side::Business, peer.remote());
    peer.nominate();
    peer.shake_hands();
    relay.wait_up(bridge, Side::Business);
    relay.engine.open_gate(BridgeId(bridge));
    peer
}

/// Sends `count` frames of silence, one byte longer than the verdict knows to be such, and waits until the relay has them.
fn send(relay: &Relay, bridge: u64, peer: &mut Raw, count: u16) {
    for i in 0..count {
        let packet = peer.protect(fields(5, i, 960 * u32::from(i)), &[0xf8, 0xff, 0xfe, 0]);
        peer.send(&packet);
        if i % 50 == 49 {
            arrived(relay, bridge, u64::from(i) + 1);
        }
    }
    arrived(relay, bridge, u64::from(count));
}

fn arrived(relay: &Relay, bridge: u64, count: u64) {
    eventually("all packets arrive", || {
        let received = relay.report(bridge).leg(Side::Business).received;
        (received == count).then_some(())
    });
}

#[test]
fn what_is_lost_on_the_way_to_a_user_is_missing_in_the_ear() {
    let relay = Relay::start();
    let bursts = Conditions {
        burst: Some(4.0),
        ..Conditions::loss(0.2)
    };
    let networks = at_user(LegNetwork::both_ways(bursts, 7));
    let mut peer = business(&relay, 1, user(660.0), networks);
    send(&relay, 1, &mut peer, 500);
    let report = relay.close(1);
    let passage = report.leg(Side::User).network.unwrap().to_peer;
    assert_eq!(passage.packets, 500);
    assert!((60..=140).contains(&passage.lost), "{passage:?}");
    let heard = report.heard().unwrap();
    assert_eq!(heard.packets, 500 - passage.lost);
    // Those lost at the very end leave no hole that anybody could see.
    assert!(
        heard.lost <= passage.lost && heard.lost + 20 > passage.lost,
        "{heard:?}"
    );
    assert_eq!(
        heard.gaps.iter().map(|gap| gap.missing).sum::<u64>(),
        heard.lost
    );
    let mean = heard.lost as f64 / heard.gaps.len() as f64;
    assert!(mean > 2.0, "runs and not single ones: {:?}", heard.gaps);
    let business = report.leg(Side::Business);
    assert_eq!(
        (business.lost, business.network),
        (0, None),
        "it is the user's network alone"
    );
    assert!(
        report.verdict.contains("of what was sent to it"),
        "{}",
        report.verdict
    );
}

#[test]
fn the_business_misses_what_the_users_network_loses_and_still_knows_the_tone() {
    let relay = Relay::start();
    let networks = at_user(LegNetwork::both_ways(Conditions::loss(0.1), 3));
    let plan = relay.arm_behind(1, user(660.0), networks);
    let peer = Peer::start(&plan.business, Manner::default());
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, peer.remote.clone());
    relay.wait_up(1, Side::Business);
    relay.engine.open_gate(BridgeId(1));
    peer.hear_audio(120);
    peer.ears(|ears| {
        assert_pitch(ears.pitch(), 660.0);
        assert!((2..40).contains(&ears.missing()), "{}", ears.missing());
    });
    let report = relay.close(1);
    let heard = report.heard().unwrap();
    assert!(heard.lost > 0);
    assert_pitch(heard.tone_hz, 440.0);
}

#[test]
fn the_same_seed_loses_the_same_packets() {
    let relay = Relay::start();
    let missing = |bridge, seed| {
        let networks = at_user(LegNetwork::both_ways(Conditions::loss(0.3), seed));
        let mut peer = business(&relay, bridge, user(660.0), networks);
        send(&relay, bridge, &mut peer, 200);
        let report = relay.close(bridge);
        let heard = report.heard().unwrap().clone();
        (
            heard.packets,
            heard.gaps.iter().map(|g| g.missing).collect::<Vec<_>>(),
        )
    };
    let first = missing(1, 42);
    assert_eq!(first, missing(2, 42));
    assert_ne!(first, missing(3, 43));
}

#[test]
fn delay_and_disorder_reach_the_ear_and_nothing_is_lost() {
    let relay = Relay::start();
    let slow = Conditions {
        delay: Duration::from_millis(300),
        jitter: Duration::from_millis(40),
        reorder: 0.2,
        ..Conditions::default()
    };
    let networks = at_user(LegNetwork {
        to_peer: slow,
        seed: 5,
        ..LegNetwork::default()
    });
    let plan = relay.arm_behind(1, user(660.0), networks);
    let peer = Peer::start(&plan.business, Manner::default());
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, peer.remote.clone());
    relay.wait_up(1, Side::Business);
    relay.engine.open_gate(BridgeId(1));
    let heard = eventually("a hundred packets are heard", || {
        let heard = relay.report(1).heard().unwrap().clone();
        (heard.packets >= 100).then_some(heard)
    });
    assert!(
        heard.first_audio_ms_after_accept.unwrap() >= 300,
        "{heard:?}"
    );
    assert_pitch(heard.tone_hz, 440.0);
    assert!(heard.late >= 5, "{heard:?}");
    assert!((5.0..60.0).contains(&heard.jitter_ms), "{heard:?}");
    assert!(relay.engine.stats_blocking()[0].held > 0);
    // What is still on its way when the call ends goes nowhere.
    let report = relay.close(1);
    let passage = report.leg(Side::User).network.unwrap().to_peer;
    assert_eq!(passage.lost, 0);
    assert!(passage.packets > report.heard().unwrap().packets);
    eventually("nothing is held any more", || {
        (relay.engine.stats_blocking()[0].held == 0).then_some(())
    });
}

#[test]
fn a_web_phone_has_a_network_too() {
    let relay = Relay::start();
    let networks = at_user(LegNetwork::both_ways(Conditions::loss(0.25), 9));
    let plan = relay.arm_behind(1, UserLeg::WebRtc, networks);
    let [mut business, mut phone] = [Side::Business, Side::User].map(|side| {
        let mut peer = Raw::new(plan.leg(side));
        relay.engine.set_remote(BridgeId(1), side, peer.remote());
        peer.nominate();
        peer.shake_hands();
        relay.wait_up(1, side);
        peer
    });
    relay.engine.open_gate(BridgeId(1));
    send(&relay, 1, &mut business, 200);
    for i in 0..200u16 {
        phone.speak(6, i, 960 * u32::from(i));
    }
    let report = eventually("the phone's packets arrive", || {
        let report = relay.report(1);
        let passages = report.leg(Side::User).network.unwrap();
        (passages.from_peer.packets == 200).then_some(report)
    });
    let passages = report.leg(Side::User).network.unwrap();
    let count = |peer: &mut Raw, passed: u64| {
        let numbers: BTreeSet<u16> = (0..passed)
            .map(|_| peer.hear().unwrap().0.fields.sequence)
            .collect();
        assert_eq!(numbers.len() as u64, passed);
        u64::from(numbers.last().unwrap() - numbers.first().unwrap()) + 1 - passed
    };
    for (passage, peer) in [
        (passages.to_peer, &mut phone),
        (passages.from_peer, &mut business),
    ] {
        assert!((30..=70).contains(&passage.lost), "{passage:?}");
        let holes = count(peer, passage.packets - passage.lost);
        assert!(
            holes + 8 > passage.lost && holes <= passage.lost,
            "{holes} of {passage:?}"
        );
    }
    // The relay's own statistics are those of the packets that came.
    let lost = report.leg(Side::User).lost;
    assert!(lost + 8 > passages.from_peer.lost && lost <= passages.from_peer.lost);
}

#[test]
fn a_network_that_is_cut_is_said_and_ends_the_call() {
    let relay = Relay::with(MediaConfig {
        workers: 1,
        silence_timeout: Duration::from_millis(300),
        ..MediaConfig::default()
    });
    let plan = relay.arm(1, user(660.0));
    let peer = Peer::start(&plan.business, Manner::default());
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, peer.remote.clone());
    relay.wait_up(1, Side::Business);
    relay.engine.open_gate(BridgeId(1));
    peer.hear_audio(10);
    // In mid-call the user walks into a tunnel.
    let tunnel = LegNetwork::both_ways(Conditions::loss(1.0), 1);
    relay
        .engine
        .set_network(BridgeId(1), Side::User, Some(tunnel));
    let kind = relay.event("the user falls silent", |event| match event {
        MediaEvent::Timeout {
            side: Side::User,
            kind,
            ..
        } => Some(*kind),
        _ => None,
    });
    assert_eq!(kind, TimeoutKind::Silence);
    let verdict = relay.report(1).verdict;
    assert_eq!(
        verdict,
        "The network asked for at the user lost all of what it sent and what was sent to it."
    );
    relay.engine.set_network(BridgeId(1), Side::User, None);
    let before = peer.ears(|ears| ears.audio().count());
    peer.hear_audio(before + 10);
}
