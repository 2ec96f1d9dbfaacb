//! What the peer did wrong, over real sockets, and the sentence that names it.

use std::net::UdpSocket;
use std::time::Duration;

use ahoy_media::{
    BridgeId, CallPlan, CheckFault, DtlsRole, EndReason, Flow, HelloFault, MediaConfig,
    MediaFaults, Said, Side, TimelineEvent as E,
};
use ahoy_packet::demux::Kind;
use ahoy_packet::stun::{self, Check, IceKey, Role};
use ahoy_types::{PayloadType, Ufrag};

use crate::raw::{Raw, fields};
use crate::support::{Relay, eventually, user};

const BRIDGE: BridgeId = BridgeId(1);
const B: Side = Side::Business;

/// A call and its business, whose session description is known.
fn call(relay: &Relay, say: impl FnOnce(&mut ahoy_media::RemoteLeg)) -> (CallPlan, Raw) {
    let plan = relay.arm(1, user(660.0));
    let business = Raw::new(&plan.business);
    let mut remote = business.remote();
    say(&mut remote);
    relay.engine.set_remote(BRIDGE, B, remote);
    (plan, business)
}

/// The same with its media up and accepted.
fn talking(relay: &Relay, say: impl FnOnce(&mut ahoy_media::RemoteLeg)) -> Raw {
    let (_, mut business) = call(relay, say);
    business.nominate();
    business.shake_hands();
    relay.wait_up(1, B);
    relay.engine.open_gate(BRIDGE);
    business
}

/// Waits until the relay has read so many datagrams.
fn taken(relay: &Relay, datagrams: u64) {
    eventually("the datagrams have been read", || {
        (relay.engine.stats_blocking()[0].received >= datagrams).then_some(())
    });
}

fn has(relay: &Relay, want: impl Fn(&E) -> bool) -> bool {
    let report = relay.report(1);
    report.timeline.iter().any(|entry| want(&entry.event))
}

fn check(plan: &CallPlan, pwd: &str, ufrag: &str) -> Vec<u8> {
    let check = Check {
        transaction: [9; 12],
        remote_ufrag: &plan.business.ufrag.0,
        local_ufrag: ufrag,
        role: Role::Controlling(1),
        use_candidate: true,
        priority: 1,
    };
    let mut packet = vec![0; 256];
    let len = stun::write_binding_request(&mut packet, &check, &IceKey::new(pwd)).unwrap();
    packet.truncate(len);
    packet
}

#[test]
fn where_the_checks_have_a_wrong_password() {
    let relay = Relay::start();
    let (plan, business) = call(&relay, |_| {});
    let wrong = check(&plan, "another password, not ours", "raw");
    for _ in 0..3 {
        business.send(&wrong);
    }
    taken(&relay, 3);
    relay.engine.open_gate(BRIDGE);
    let from = business.socket.local_addr().unwrap();
    assert!(has(
        &relay,
        |e| matches!(e, E::CheckRefused { side: B, from: f, fault: CheckFault::Password, .. } if *f == from)
    ));
    let report = relay.close(1);
    assert_eq!(report.leg(B).wrong_password_checks, 3);
    assert!(business.nothing_left(Kind::Stun), "none is answered");
    assert_eq!(
        report.verdict,
        format!(
            "The business's connectivity checks came from {from} with a wrong password (3 so far): it has to use the ice-pwd of the SDP it was given."
        )
    );
}

#[test]
fn where_the_checks_are_under_another_fragment() {
    let relay = Relay::start();
    let (plan, business) = call(&relay, |_| {});
    let foreign = check(&plan, &plan.business.pwd.0, "stranger");
    business.send(&foreign);
    business.send(&foreign);
    taken(&relay, 2);
    relay.engine.open_gate(BRIDGE);
    let report = relay.close(1);
    assert_eq!(report.leg(B).foreign_ufrag_checks, 2);
    let from = business.socket.local_addr().unwrap();
    assert_eq!(
        report.verdict,
        format!(
            "The business's connectivity checks came from {from} under ice-ufrag `stranger` (2 so far), but its SDP names another."
        )
    );
}

#[test]
fn where_the_description_names_another_fragment_than_the_checks_before_it() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let mut business = Raw::new(&plan.business);
    business.nominate();
    let mut remote = business.remote();
    remote.ufrag = Some(Ufrag("fresh".into()));
    relay.engine.set_remote(BRIDGE, B, remote);
    relay.engine.open_gate(BRIDGE);
    let from = business.socket.local_addr().unwrap();
    assert_eq!(
        relay.close(1).verdict,
        format!(
            "The connectivity checks that came from {from} were under ice-ufrag `raw`, but the business's SDP names another, and none came under that."
        )
    );
}

#[test]
fn where_a_hello_came_from_an_address_that_never_checked() {
    let relay = Relay::start();
    let (plan, mut business) = call(&relay, |_| {});
    business.nominate();
    let elsewhere = Raw::on(
        UdpSocket::bind("127.0.0.1:0").unwrap().into(),
        &plan.business,
    );
    let _hands = elsewhere.begin();
    taken(&relay, 2);
    relay.engine.open_gate(BRIDGE);
    let from = elsewhere.socket.local_addr().unwrap();
    assert_eq!(
        relay.close(1).verdict,
        format!(
            "ICE worked but no ClientHello came from an address that the business checked from, so there are no keys; 1 came from addresses of no call, the last from {from}."
        )
    );
}

#[test]
fn where_a_hello_came_and_no_check() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let business = Raw::new(&plan.business);
    let from = business.socket.local_addr().unwrap();
    let mut remote = business.remote();
    remote.said.candidates = vec![from];
    relay.engine.set_remote(BRIDGE, B, remote);
    let _hands = business.begin();
    taken(&relay, 1);
    relay.engine.open_gate(BRIDGE);
    assert!(has(&relay, |e| matches!(
        e,
        E::HelloIgnored {
            side: B,
            fault: HelloFault::Unchecked,
            ..
        }
    )));
    assert_eq!(
        relay.close(1).verdict,
        format!(
            "A ClientHello came from {from}, but no connectivity check of the business: ICE has to come first."
        )
    );
}

#[test]
fn where_a_hello_came_that_the_description_left_to_us() {
    let relay = Relay::start();
    let (_, mut business) = call(&relay, |remote| remote.dtls = DtlsRole::Client);
    let plain = business.check(Role::Controlling(1), false);
    business.ask(&plain);
    let _hands = business.begin();
    eventually("the hello is told", || {
        has(&relay, |e| {
            matches!(
                e,
                E::HelloIgnored {
                    side: B,
                    fault: HelloFault::Role,
                    ..
                }
            )
        })
        .then_some(())
    });
    relay.engine.open_gate(BRIDGE);
    assert_eq!(
        relay.close(1).verdict,
        "The business's connectivity checks arrived but nominated no pair, so DTLS could not begin."
    );
}

#[test]
fn where_the_user_answered_and_the_media_of_the_business_never_came() {
    let relay = Relay::start();
    let (_, mut business) = call(&relay, |_| {});
    business.nominate();
    relay.engine.answered(BRIDGE, Side::User);
    relay.engine.ended(BRIDGE, EndReason::NoMedia(B));
    assert_eq!(
        relay.close(1).verdict,
        "ICE worked but the business never sent a ClientHello, so there are no keys."
    );
}

#[test]
fn where_nobody_answered() {
    let relay = Relay::start();
    call(&relay, |_| {});
    relay.engine.ended(BRIDGE, EndReason::NoAnswer(Side::User));
    assert_eq!(
        relay.close(1).verdict,
        "The user did not answer in time, so no audio was let through."
    );
}

#[test]
fn where_the_description_says_recvonly() {
    let relay = Relay::start();
    talking(&relay, |remote| {
        remote.said = Said {
            direction: Flow::RecvOnly,
            ..Said::default()
        };
    });
    assert_eq!(
        relay.close(1).verdict,
        "The business's SDP says recvonly, and it sent no audio after accept."
    );
}

#[test]
fn where_all_packets_are_the_codec_s_silence() {
    let relay = Relay::start();
    let mut business = talking(&relay, |_| {});
    for i in 0..10u16 {
        let packet = business.protect(fields(5, i, u32::from(i) * 960), &[0xf8, 0xff, 0xfe]);
        business.send(&packet);
    }
    eventually("they are there", || {
        (relay.report(1).leg(B).audio == 10).then_some(())
    });
    let report = relay.close(1);
    assert_eq!(report.leg(B).empty_audio, 10);
    let said =
        "The business sent 10 audio packets, all of them silence: none is larger than 3 bytes.";
    assert_eq!(report.verdict, said);
    assert_eq!(report.listened().verdict, said);
}

#[test]
fn where_the_audio_decodes_to_silence() {
    let relay = Relay::start();
    let mut business = talking(&relay, |_| {});
    let silence = ahoy_audio::EncodedSound::silence().unwrap();
    // Padded by the codec itself (RFC 6716 §3.2.5), as encoders with a constant bit rate do it: large, and nothing in it.
    let padded = |frame: &[u8]| {
        let mut packet = vec![frame[0] | 3, 0x41, 40];
        packet.extend(&frame[1..]);
        packet.resize(packet.len() + 40, 0);
        packet
    };
    for i in 0..25u16 {
        let payload = padded(silence.frame(i.into()));
        let packet = business.protect(fields(5, i, u32::from(i) * 960), &payload);
        business.send(&packet);
    }
    eventually("they are there", || {
        (relay.report(1).leg(B).audio == 25).then_some(())
    });
    let report = relay.close(1);
    assert_eq!(
        report.verdict, "Both sides sent audio, and it was passed on.",
        "sizes say nothing"
    );
    let said =
        "The business sent 25 audio packets, but nothing in them was loud enough to be heard.";
    assert_eq!(serde_json::to_value(&report).unwrap()["verdict"], said);
    assert_eq!(report.listened().verdict, said);
}

#[test]
fn where_the_audio_has_another_number_than_agreed() {
    let relay = Relay::start();
    let mut business = talking(&relay, |_| {});
    for i in 0..10u16 {
        let mut header = fields(5, i, u32::from(i) * 960);
        header.payload_type = PayloadType(96);
        let packet = business.protect(header, &[1; 20]);
        business.send(&packet);
    }
    eventually("they are there", || {
        (relay.report(1).leg(B).unknown_payload_type == 10).then_some(())
    });
    assert_eq!(
        relay.close(1).verdict,
        "The business sent its audio as payload type 96, but 111 was agreed, so none of it was used."
    );
}

#[test]
fn where_the_business_closed_dtls_and_fell_silent() {
    let relay = Relay::with(MediaConfig {
        workers: 1,
        silence_timeout: Duration::from_millis(300),
        ..MediaConfig::default()
    });
    let (_, mut business) = call(&relay, |_| {});
    business.nominate();
    let mut hands = business.shake_hands();
    relay.wait_up(1, B);
    relay.engine.open_gate(BRIDGE);
    business.speak(5, 1, 0);
    eventually("it is there", || {
        (relay.report(1).leg(B).received == 1).then_some(())
    });
    hands.close(&business);
    eventually("the silence is noticed", || {
        has(&relay, |e| matches!(e, E::Timeout { .. })).then_some(())
    });
    assert_eq!(
        relay.close(1).verdict,
        "The business ended DTLS with an alert and stopped sending: nothing came from it for 0.3 s."
    );
}

#[test]
fn but_a_late_flight_of_several_datagrams_is_taken_whole() {
    let relay = Relay::start();
    let (_, mut business) = call(&relay, |_| {});
    relay.engine.put_under(
        BRIDGE,
        MediaFaults {
            dtls_late: Duration::from_millis(200),
            ..MediaFaults::default()
        },
    );
    business.nominate();
    let mut hands = business.begin_in_pieces(3);
    hands.finish(&mut business);
    relay.wait_up(1, B);
}
