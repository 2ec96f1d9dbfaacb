use ahoy_media::{BridgeId, Side};

use crate::raw::Raw;
use crate::support::{Relay, user};

#[test]
fn on_a_relay_with_one_family() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let mut business = Raw::new(&plan.business);
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    business.nominate();
    business.shake_hands();
    relay.wait_up(1, Side::Business);
    let before = relay.engine.stats_blocking()[0].received;
    for i in 0..200 {
        business.speak(5, i, 960 * u32::from(i));
    }
    business.nominate(); // answered behind all of them
    let leg = relay.report(1).leg(Side::Business).clone();
    assert_eq!((leg.before_accept, leg.replayed), (200, 0));
    assert_eq!(relay.engine.stats_blocking()[0].received, before + 201);
}
