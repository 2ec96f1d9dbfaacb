use std::net::{Ipv4Addr, Ipv6Addr, UdpSocket};

use ahoy_media::{BridgeId, DtlsRole, MediaConfig, Side, UserLeg};

use crate::support::{Relay, assert_pitch};
use crate::webrtc::{Manner, Peer};

/// A call between two WebRTC peers, up to the point where both have heard a second of each other.
fn call(relay: &Relay, business: Manner, user: Manner) {
    let plan = relay.arm(1, UserLeg::WebRtc);
    let business = Peer::start(
        &plan.business,
        Manner {
            hz: 440.0,
            ..business
        },
    );
    let user = Peer::start(&plan.user, Manner { hz: 660.0, ..user });
    relay
        .engine
        .set_remote(BridgeId(1), Side::User, user.remote.clone());
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote.clone());
    relay.wait_up(1, Side::Business);
    relay.wait_up(1, Side::User);
    relay.engine.open_gate(BridgeId(1));
    business.hear_audio(60);
    user.hear_audio(60);
    business.ears(|ears| {
        assert_pitch(ears.pitch(), 660.0);
        assert_eq!(ears.missing(), 0);
        assert!(ears.packets.iter().all(|p| p.ssrc == plan.business.ssrc.0));
    });
    user.ears(|ears| {
        assert_pitch(ears.pitch(), 440.0);
        assert_eq!(ears.missing(), 0);
        assert!(
            ears.packets[0].seq < 1 << 15,
            "the numbering begins below 2^15"
        );
    });
    let report = relay.close(1);
    assert_eq!(
        report.verdict,
        "Both sides sent audio, and it was passed on."
    );
    let roles = |manner: Manner| {
        if manner.active {
            DtlsRole::Server
        } else {
            DtlsRole::Client
        }
    };
    assert_eq!(
        report.leg(Side::Business).dtls,
        Some(roles(business_manner(&business)))
    );
    assert_eq!(
        report.leg(Side::User).dtls,
        Some(roles(business_manner(&user)))
    );
    assert_eq!(report.leg(Side::Business).bad_authentication, 0);
}

fn business_manner(peer: &Peer) -> Manner {
    Manner {
        active: peer.remote.dtls == DtlsRole::Server,
        ..Manner::default()
    }
}

#[test]
fn when_both_send_the_client_hello() {
    call(
        &Relay::start(),
        Manner::default(),
        Manner {
            ssrc: 78,
            ..Manner::default()
        },
    );
}

#[test]
fn when_the_relay_sends_the_client_hello() {
    let passive = Manner {
        active: false,
        ..Manner::default()
    };
    call(&Relay::start(), passive, passive);
}

#[test]
fn over_ipv6_on_one_side() {
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return; // a machine without IPv6
    }
    let relay = Relay::with(MediaConfig {
        bind: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        workers: 1,
        ..MediaConfig::default()
    });
    call(
        &relay,
        Manner {
            v6: true,
            ..Manner::default()
        },
        Manner::default(),
    );
}

#[test]
fn without_any_rest_and_on_several_workers() {
    let relay = Relay::with(MediaConfig {
        workers: 3,
        max_rest: std::time::Duration::ZERO,
        ..MediaConfig::default()
    });
    let workers: Vec<usize> = (0..3).map(|_| relay.engine.plan().worker).collect();
    assert!(
        workers[0] != workers[1] && workers[1] != workers[2],
        "idle workers take turns"
    );
    call(&relay, Manner::default(), Manner::default());
}
