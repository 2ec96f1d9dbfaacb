//! A page that is loaded again comes with other keys and another address. What it said of itself last counts.

use ahoy_media::{BridgeId, CallPlan, Side, TimelineEvent, UserLeg};
use ahoy_packet::demux::Kind;
use ahoy_packet::stun::Role;

use crate::raw::{Raw, frame};
use crate::support::Relay;

const CALL: BridgeId = BridgeId(1);

/// The business of the call, up.
fn business(relay: &Relay, plan: &CallPlan) -> Raw {
    let mut business = Raw::new(&plan.business);
    come_up(relay, &mut business, Side::Business);
    business
}

fn page(plan: &CallPlan, ufrag: &'static str) -> Raw {
    let mut page = Raw::new(&plan.user);
    page.ufrag = ufrag;
    page
}

fn come_up(relay: &Relay, peer: &mut Raw, side: Side) {
    relay.engine.set_remote(CALL, side, peer.remote());
    peer.nominate();
    peer.shake_hands();
    relay.wait_up(CALL.0, side);
}

/// Two frames each way, numbered from `first` on.
fn assert_hear_each_other(business: &mut Raw, user: &mut Raw, ssrc: u32, first: u16) {
    for sequence in [first, first + 1] {
        let timestamp = u32::from(sequence) * 960;
        business.speak(5, sequence, timestamp);
        let (_, heard) = user.hear().expect("the user hears");
        assert_eq!(heard, frame(sequence));
        user.speak(ssrc, sequence, timestamp);
        let (_, heard) = business.hear().expect("the business hears");
        assert_eq!(heard, frame(sequence));
    }
}

#[test]
fn a_page_loaded_again_while_it_rings_is_heard_and_hears() {
    let relay = Relay::start();
    let plan = relay.arm(CALL.0, UserLeg::WebRtc);
    let mut business = business(&relay, &plan);
    let mut first = page(&plan, "first");
    come_up(&relay, &mut first, Side::User);
    let mut second = page(&plan, "second");
    come_up(&relay, &mut second, Side::User);
    // What the first one still has under way changes nothing.
    let late = first.check(Role::Controlling(1), true);
    first.send(&late);
    drop(first.begin());
    relay.engine.open_gate(CALL);
    assert_hear_each_other(&mut business, &mut second, 7, 10);
    assert!(first.nothing_left(Kind::Stun) && first.nothing_left(Kind::Rtp));
    let report = relay.close(CALL.0);
    assert_eq!(
        report.verdict,
        "Both sides sent audio, and it was passed on."
    );
    let replaced = TimelineEvent::PeerReplaced { side: Side::User };
    let times = report.timeline.iter().filter(|e| e.event == replaced);
    assert_eq!(times.count(), 1);
    let stats = relay.engine.stats_blocking();
    let left: usize = stats.iter().map(|worker| worker.addresses).sum();
    assert_eq!(left, 0, "no address of either page is kept");
}

#[test]
fn the_same_within_a_call() {
    let relay = Relay::start();
    let plan = relay.arm(CALL.0, UserLeg::WebRtc);
    let mut business = business(&relay, &plan);
    let mut first = page(&plan, "first");
    come_up(&relay, &mut first, Side::User);
    relay.engine.open_gate(CALL);
    assert_hear_each_other(&mut business, &mut first, 7, 10);
    let mut second = page(&plan, "second");
    come_up(&relay, &mut second, Side::User);
    assert_hear_each_other(&mut business, &mut second, 8, 12);
    assert_eq!(
        relay.close(CALL.0).verdict,
        "Both sides sent audio, and it was passed on."
    );
}

#[test]
fn a_certificate_that_did_not_match_may_be_put_right() {
    let relay = Relay::start();
    let plan = relay.arm(CALL.0, UserLeg::WebRtc);
    let mut business = business(&relay, &plan);
    let mut user = page(&plan, "page");
    relay
        .engine
        .set_remote(CALL, Side::User, page(&plan, "page").remote());
    user.nominate();
    user.shake_hands();
    let mismatch = TimelineEvent::FingerprintMismatch { side: Side::User };
    crate::support::eventually("the mismatch is noticed", || {
        let report = relay.report(CALL.0);
        report
            .timeline
            .iter()
            .any(|e| e.event == mismatch)
            .then_some(())
    });
    come_up(&relay, &mut user, Side::User);
    relay.engine.open_gate(CALL);
    assert_hear_each_other(&mut business, &mut user, 7, 10);
    assert_eq!(
        relay.close(CALL.0).verdict,
        "Both sides sent audio, and it was passed on."
    );
}
