use ahoy_media::{BridgeId, MediaEvent, Side, UserLeg, WorkerStats};

use crate::raw::Raw;
use crate::support::{Relay, user};

fn held(stats: &WorkerStats) -> [usize; 5] {
    [
        stats.calls,
        stats.ufrags,
        stats.addresses,
        stats.timers,
        stats.ticking,
    ]
}

#[test]
fn a_thousand_of_them() {
    let relay = Relay::start();
    for round in 0..10u64 {
        // Kept, so that no two of a round get the same port.
        let mut peers = Vec::new();
        for i in 0..100 {
            let bridge = round * 100 + i;
            let leg = if i % 2 == 0 {
                UserLeg::WebRtc
            } else {
                user(440.0)
            };
            let plan = relay.arm(bridge, leg);
            relay.engine.open_gate(BridgeId(bridge));
            if i % 10 == 0 {
                let mut business = Raw::new(&plan.business);
                relay
                    .engine
                    .set_remote(BridgeId(bridge), Side::Business, business.remote());
                business.nominate();
                business.shake_hands();
                peers.push(business);
            }
        }
        let stats = &relay.engine.stats_blocking()[0];
        assert_eq!(held(stats), [100, 150, 10, 100, 50]);
        (0..100).for_each(|i| drop(relay.close(round * 100 + i)));
        assert_eq!(held(&relay.engine.stats_blocking()[0]), [0; 5]);
    }
}

#[test]
fn unused_plans_and_unknown_calls_are_nothing() {
    let relay = Relay::start();
    (0..1_000).for_each(|_| drop(relay.engine.plan()));
    relay.engine.open_gate(BridgeId(5));
    relay.engine.close(BridgeId(5));
    assert!(relay.engine.report(BridgeId(5)).wait().is_none());
    assert_eq!(held(&relay.engine.stats_blocking()[0]), [0; 5]);
}

#[test]
fn a_shutdown_closes_what_is_left() {
    let relay = Relay::start();
    relay.arm(1, user(440.0));
    relay.arm(2, UserLeg::WebRtc);
    relay.engine.shutdown();
    for bridge in [1, 2] {
        relay.event("closed", |event| match event {
            MediaEvent::Closed { bridge: b, .. } if b.0 == bridge => Some(()),
            _ => None,
        });
    }
    assert!(relay.engine.report(BridgeId(1)).wait().is_none());
}
