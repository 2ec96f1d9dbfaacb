use ahoy_media::{BridgeId, MediaConfig, MediaEvent, Side, TimelineEntry, UserLeg};

use crate::support::{Relay, user};
use crate::webrtc::{Manner, Peer};

/// Takes every step that was told so far, in order.
fn told(relay: &Relay, bridge: u64) -> Vec<TimelineEntry> {
    let mut steps = Vec::new();
    let one = |event: &MediaEvent| match event {
        MediaEvent::Step { bridge: b, entry } if b.0 == bridge => Some(entry.clone()),
        _ => None,
    };
    while relay.has_event(|event| one(event).is_some()) {
        steps.push(relay.event("a step", one));
    }
    steps
}

#[test]
fn the_steps_told_and_the_summaries_are_the_report() {
    let relay = Relay::with(MediaConfig {
        workers: 1,
        tell_steps: true,
        ..MediaConfig::default()
    });
    let plan = relay.arm(1, user(660.0));
    let business = Peer::start(&plan.business, Manner::default());
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote.clone());
    relay.wait_up(1, Side::Business);
    let before = told(&relay, 1);
    assert!(!before.is_empty(), "nothing was told while the call rang");
    relay.engine.open_gate(BridgeId(1));
    business.hear_audio(10);
    let report = relay.close(1);
    let mut steps = before;
    steps.extend(told(&relay, 1));
    let in_report: Vec<_> = report
        .timeline
        .into_iter()
        .filter(|entry| !entry.event.is_summary())
        .collect();
    assert_eq!(steps, in_report);
}

#[test]
fn nobody_who_did_not_ask_is_told() {
    let relay = Relay::start();
    relay.arm(1, UserLeg::WebRtc);
    relay.close(1);
    assert!(!relay.has_event(|event| matches!(event, MediaEvent::Step { .. })));
}
