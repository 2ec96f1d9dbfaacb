use std::time::{Duration, Instant};

use ahoy_media::{BridgeId, CallReport, MediaConfig, MediaEvent, MediaFaults, Side};
use ahoy_packet::demux::Kind;
use ahoy_packet::stun::Role;

use crate::raw::Raw;
use crate::support::{Relay, eventually, user};

/// A call under faults, and its business.
fn under(relay: &Relay, bridge: u64, faults: MediaFaults) -> Raw {
    let plan = relay.arm(bridge, user(660.0));
    relay.engine.put_under(BridgeId(bridge), faults);
    let business = Raw::new(&plan.business);
    let remote = business.remote();
    relay
        .engine
        .set_remote(BridgeId(bridge), Side::Business, remote);
    business
}

/// The same with its media up and accepted.
fn talking(relay: &Relay, bridge: u64, faults: MediaFaults) -> Raw {
    let mut business = under(relay, bridge, faults);
    business.nominate();
    business.shake_hands();
    relay.wait_up(bridge, Side::Business);
    relay.engine.open_gate(BridgeId(bridge));
    business
}

/// Waits until the relay has read so many datagrams.
fn taken(relay: &Relay, datagrams: u64) {
    eventually("the datagrams have been read", || {
        (relay.engine.stats_blocking()[0].received >= datagrams).then_some(())
    });
}

#[test]
fn where_connectivity_checks_never_arrive() {
    let relay = Relay::start();
    let no_ice = MediaFaults {
        no_ice: true,
        ..MediaFaults::default()
    };
    let mut business = under(&relay, 1, no_ice);
    let check = business.check(Role::Controlling(1), true);
    business.send(&check);
    taken(&relay, 1);
    relay.engine.open_gate(BridgeId(1));
    let verdict = relay.close(1).verdict;
    assert!(business.nothing_left(Kind::Stun), "no check is answered");
    assert_eq!(
        verdict,
        format!(
            "The business sent no connectivity check: its ICE never reached {}. The fault no_ice was asked for.",
            business.server
        )
    );
}

#[test]
fn where_dtls_never_arrives() {
    let relay = Relay::start();
    let no_dtls = MediaFaults {
        no_dtls: true,
        ..MediaFaults::default()
    };
    let mut business = under(&relay, 1, no_dtls);
    business.nominate();
    let _hands = business.begin();
    taken(&relay, 2);
    relay.engine.open_gate(BridgeId(1));
    let verdict = relay.close(1).verdict;
    assert!(business.nothing_left(Kind::Dtls), "no hello is answered");
    assert_eq!(
        verdict,
        "ICE worked but the business never sent a ClientHello, so there are no keys. The fault no_dtls was asked for."
    );
}

#[test]
fn where_dtls_comes_late_and_the_call_goes_on() {
    let relay = Relay::start();
    let late = MediaFaults {
        dtls_late: Duration::from_millis(300),
        ..MediaFaults::default()
    };
    let mut business = under(&relay, 1, late);
    business.nominate();
    let start = Instant::now();
    business.shake_hands();
    relay.wait_up(1, Side::Business);
    assert!(start.elapsed() >= Duration::from_millis(300));
    relay.engine.open_gate(BridgeId(1));
    business.speak(5, 1, 0);
    eventually("the user hears it", || {
        (relay.report(1).leg(Side::Business).received == 1).then_some(())
    });
    assert_eq!(
        relay.close(1).verdict,
        "Both sides sent audio, and it was passed on. The fault dtls_late_ms=300 was asked for."
    );
}

/// Two hundred packets of the business under loss.
fn lossy(seed: u64) -> CallReport {
    let relay = Relay::start();
    let loss = MediaFaults {
        seed,
        loss_to_user: 0.3,
        ..MediaFaults::default()
    };
    let mut business = talking(&relay, 1, loss);
    let before = relay.engine.stats_blocking()[0].received;
    for i in 0..200 {
        business.speak(5, 100 + i, 960 * u32::from(i));
    }
    taken(&relay, before + 200);
    relay.close(1)
}

#[test]
fn where_packets_are_lost_by_the_same_seed_the_same_ones() {
    let first = lossy(3);
    let leg = first.leg(Side::Business);
    assert!((110..170).contains(&leg.received), "{leg:?}");
    // What was lost before the first and after the last one that came cannot be seen.
    assert!(
        leg.received + leg.lost > 190 && leg.received + leg.lost <= 200,
        "{leg:?}"
    );
    let heard = first.heard().unwrap();
    assert_eq!(heard.packets, leg.received);
    assert!(
        first
            .verdict
            .contains("% of the business's packets were lost"),
        "{}",
        first.verdict
    );
    let taken = 200 - leg.received;
    let named =
        format!("The fault loss_to_user=0.3 was asked for; {taken} packets were lost to that.");
    assert!(first.verdict.ends_with(&named), "{}", first.verdict);
    let again = lossy(3);
    let counts = |report: &CallReport| {
        let leg = report.leg(Side::Business);
        (leg.received, leg.lost)
    };
    assert_eq!(counts(&first), counts(&again));
    assert_ne!(counts(&first), counts(&lossy(4)));
}

#[test]
fn where_packets_to_the_business_are_lost_it_sees_the_gaps() {
    let relay = Relay::start();
    let loss = MediaFaults {
        seed: 3,
        loss_to_business: 0.5,
        ..MediaFaults::default()
    };
    let mut business = talking(&relay, 1, loss);
    let mut numbers = Vec::new();
    for _ in 0..30 {
        let (header, _) = business.hear().expect("the user speaks");
        numbers.push(header.fields.sequence);
    }
    let span = numbers[29].wrapping_sub(numbers[0]) + 1;
    assert!((45..100).contains(&span), "{numbers:?}");
    let verdict = relay.close(1).verdict;
    assert!(
        verdict.contains("The fault loss_to_business=0.5 was asked for; "),
        "{verdict}"
    );
}

#[test]
fn where_only_the_business_hears() {
    let relay = Relay::with(MediaConfig {
        workers: 1,
        start_timeout: Duration::from_millis(500),
        ..MediaConfig::default()
    });
    let one_way = MediaFaults {
        only_heard_by: Some(Side::Business),
        ..MediaFaults::default()
    };
    let mut business = talking(&relay, 1, one_way);
    for i in 0..20 {
        business.speak(5, 100 + i, 960 * u32::from(i));
    }
    business.hear().expect("the user speaks");
    relay.event("a time-out", |event| match event {
        MediaEvent::Timeout { side, .. } => (*side == Side::Business).then_some(()),
        _ => None,
    });
    let report = relay.close(1);
    assert_eq!(report.heard().unwrap().packets, 0);
    assert_eq!(
        report.verdict,
        "The business was connected but sent no audio after accept. The fault one_way=to_business was asked for; 20 packets were lost to that."
    );
}

#[test]
fn where_only_the_user_hears_and_other_calls_are_whole() {
    let relay = Relay::start();
    let one_way = MediaFaults {
        only_heard_by: Some(Side::User),
        ..MediaFaults::default()
    };
    let mut deaf = talking(&relay, 1, one_way);
    let mut sound = talking(&relay, 2, MediaFaults::default());
    for i in 0..20 {
        deaf.speak(5, 100 + i, 960 * u32::from(i));
        sound.speak(6, 100 + i, 960 * u32::from(i));
        // The user's clock beats for both calls alike.
        sound.hear().expect("the other user speaks");
    }
    assert!(deaf.nothing_left(Kind::Rtp));
    let verdict = relay.close(1).verdict;
    assert!(
        verdict.starts_with("The user heard the business, but nothing the user said reached it. The fault one_way=to_user was asked for"),
        "{verdict}"
    );
    let report = relay.close(2);
    assert_eq!(
        report.verdict,
        "Both sides sent audio, and it was passed on."
    );
    assert_eq!(report.leg(Side::Business).received, 20);
}
