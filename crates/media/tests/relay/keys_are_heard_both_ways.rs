use ahoy_media::{BridgeId, MediaEvent, Side, UserLeg};
use ahoy_packet::dtmf::Digit;

use crate::support::{Relay, user};
use crate::webrtc::{EVENTS, Manner, OPUS, Peer};

fn digits(text: &str) -> Vec<Digit> {
    text.chars().map(|c| c.try_into().unwrap()).collect()
}

fn wait_digits(relay: &Relay, side: Side, wanted: &str) {
    for want in wanted.chars() {
        let came = relay.event(&format!("the key {want}"), |event| match event {
            MediaEvent::Digits { side: s, digit, .. } if *s == side => Some(digit.as_char()),
            _ => None,
        });
        assert_eq!(came, want);
    }
}

#[test]
fn between_a_simulated_user_and_a_business() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let business = Peer::start(&plan.business, Manner::default());
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote.clone());
    relay.wait_up(1, Side::Business);
    // Pressed before accept, played after it.
    relay.engine.send_digits(BridgeId(1), digits("12"));
    relay.engine.open_gate(BridgeId(1));
    business.hear_audio(10);
    relay.engine.send_digits(BridgeId(1), digits("#"));
    business.hear("three keys", |ears| (ears.digits() == "12#").then_some(()));
    business.press("*0");
    wait_digits(&relay, Side::Business, "*0");
    business.hear("audio after the keys", |ears| {
        (ears.packets.last()?.pt == OPUS).then_some(())
    });
    business.ears(|ears| {
        assert_eq!(ears.missing(), 0, "keys take their place in the numbering");
        let keys: Vec<_> = ears.packets.iter().filter(|p| p.pt == EVENTS).collect();
        assert_eq!(
            keys.iter().filter(|p| p.marker).count(),
            3,
            "one marker a key"
        );
        let first: Vec<_> = keys
            .iter()
            .take_while(|p| p.timestamp == keys[0].timestamp)
            .collect();
        assert!(first.len() >= 6 && first[0].marker);
        // The clock quirk: the timestamp is the audio stream's.
        let before = ears.packets.iter().take_while(|p| p.pt == OPUS).last();
        if let Some(before) = before {
            assert!(keys[0].timestamp.wrapping_sub(before.timestamp) < 48_000);
        }
    });
    assert_eq!(relay.close(1).heard().unwrap().digits, "*0");
}

#[test]
fn between_two_webrtc_peers() {
    let relay = Relay::start();
    let plan = relay.arm(1, UserLeg::WebRtc);
    let business = Peer::start(&plan.business, Manner::default());
    let phone = Peer::start(&plan.user, Manner::default());
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote.clone());
    relay
        .engine
        .set_remote(BridgeId(1), Side::User, phone.remote.clone());
    relay.wait_up(1, Side::Business);
    relay.wait_up(1, Side::User);
    relay.engine.open_gate(BridgeId(1));
    business.hear_audio(5);
    phone.press("49");
    business.hear("two keys", |ears| (ears.digits() == "49").then_some(()));
    wait_digits(&relay, Side::User, "49");
    // Keys of the phone page that come over its socket and not as packets.
    relay.engine.send_digits(BridgeId(1), digits("7"));
    business.hear("a third key", |ears| (ears.digits() == "497").then_some(()));
    business.hear("audio again", |ears| {
        (ears.packets.last()?.pt == OPUS).then_some(())
    });
    assert_eq!(business.ears(|ears| ears.missing()), 0);
    business.press("8");
    phone.hear("a key of the business", |ears| {
        (ears.digits() == "8").then_some(())
    });
}
