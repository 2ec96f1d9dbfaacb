use std::time::Duration;

use ahoy_media::{BridgeId, MediaConfig, MediaEvent, Side, TimeoutKind, UserLeg};

use crate::raw::Raw;
use crate::support::{Relay, eventually, user};

fn impatient() -> Relay {
    Relay::with(MediaConfig {
        workers: 1,
        start_timeout: Duration::from_millis(300),
        silence_timeout: Duration::from_millis(1_500),
        ..MediaConfig::default()
    })
}

fn timeout(relay: &Relay) -> (Side, TimeoutKind) {
    relay.event("a time-out", |event| match event {
        MediaEvent::Timeout { side, kind, .. } => Some((*side, *kind)),
        _ => None,
    })
}

#[test]
fn when_the_business_never_begins() {
    let relay = impatient();
    let plan = relay.arm(1, user(660.0));
    let mut business = Raw::new(&plan.business);
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    business.nominate();
    business.shake_hands();
    relay.wait_up(1, Side::Business);
    // Audio before accept is no beginning.
    business.speak(5, 1, 0);
    eventually("the packet is dropped", || {
        (relay.report(1).leg(Side::Business).before_accept == 1).then_some(())
    });
    relay.engine.open_gate(BridgeId(1));
    assert_eq!(timeout(&relay), (Side::Business, TimeoutKind::Start));
    let report = relay.close(1);
    assert_eq!(report.leg(Side::Business).before_accept, 1);
    assert_eq!(
        report.verdict,
        "Audio from the business arrived only before accept and was dropped."
    );
    assert!(
        !relay.has_event(|event| matches!(event, MediaEvent::Timeout { .. })),
        "once is enough"
    );
}

#[test]
fn when_the_business_falls_silent() {
    let relay = impatient();
    let plan = relay.arm(1, user(660.0));
    let mut business = Raw::new(&plan.business);
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    business.nominate();
    business.shake_hands();
    relay.wait_up(1, Side::Business);
    relay.engine.open_gate(BridgeId(1));
    business.speak(5, 1, 0);
    assert_eq!(timeout(&relay), (Side::Business, TimeoutKind::Silence));
    assert_eq!(
        relay.close(1).verdict,
        "The business stopped sending: nothing came from it for 1.5 s."
    );
}

#[test]
fn but_reports_are_a_sign_of_life() {
    let relay = impatient();
    let plan = relay.arm(1, user(660.0));
    let mut business = Raw::new(&plan.business);
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    business.nominate();
    business.shake_hands();
    relay.wait_up(1, Side::Business);
    relay.engine.open_gate(BridgeId(1));
    business.speak(5, 1, 0);
    // Twenty milliseconds apart, by the clock of the user's audio: two seconds, more than the time-out.
    for _ in 0..100 {
        business.hear().expect("the user speaks");
        let mut report = vec![0x80, 201, 0, 1];
        report.extend(5u32.to_be_bytes());
        let report = business.protect_rtcp(report);
        business.send(&report);
    }
    assert!(!relay.has_event(|event| matches!(event, MediaEvent::Timeout { .. })));
}

#[test]
fn on_the_user_s_side_too() {
    let relay = impatient();
    relay.arm(1, UserLeg::WebRtc);
    relay.engine.open_gate(BridgeId(1));
    let mut sides = [timeout(&relay), timeout(&relay)];
    sides.sort_by_key(|(side, _)| *side);
    assert_eq!(
        sides,
        [
            (Side::Business, TimeoutKind::Start),
            (Side::User, TimeoutKind::Start)
        ]
    );
}

#[test]
fn but_not_before_accept() {
    let relay = impatient();
    relay.arm(1, UserLeg::WebRtc);
    relay.arm(2, UserLeg::WebRtc);
    relay.engine.open_gate(BridgeId(2));
    timeout(&relay);
    timeout(&relay);
    assert!(!relay.has_event(|event| matches!(event, MediaEvent::Timeout { .. })));
    assert_eq!(
        relay.close(1).verdict,
        "The call was never accepted, so no audio was let through."
    );
}
