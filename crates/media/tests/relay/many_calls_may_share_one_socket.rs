use std::net::UdpSocket;
use std::sync::Arc;

use ahoy_media::{BridgeId, Side};
use ahoy_packet::demux::Kind;
use ahoy_packet::rtp;

use crate::raw::Raw;
use crate::support::{Relay, eventually, user};

#[test]
fn and_are_told_apart_by_their_keys() {
    let relay = Relay::start();
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
    let mut peers = Vec::new();
    for bridge in 0..5 {
        let plan = relay.arm(bridge, user(440.0));
        let mut peer = Raw::on(Arc::clone(&socket), &plan.business);
        relay
            .engine
            .set_remote(BridgeId(bridge), Side::Business, peer.remote());
        peer.nominate();
        peer.shake_hands();
        relay.wait_up(bridge, Side::Business);
        peers.push((plan, peer));
    }
    assert_eq!(relay.engine.stats_blocking()[0].addresses, 1);
    (0..5).for_each(|bridge| relay.engine.open_gate(BridgeId(bridge)));
    for i in 0..20u16 {
        for (n, (_, peer)) in peers.iter_mut().enumerate() {
            peer.speak(100 + n as u32, i, 960 * u32::from(i));
        }
    }
    for bridge in 0..5 {
        eventually("twenty packets each", || {
            (relay.report(bridge).leg(Side::Business).received == 20).then_some(())
        });
        assert_eq!(relay.report(bridge).leg(Side::Business).lost, 0);
    }
    // Each is sent its own stream.
    let mut wanted: Vec<u32> = peers.iter().map(|(plan, _)| plan.business.ssrc.0).collect();
    while !wanted.is_empty() {
        let packet = peers[0]
            .1
            .receive_kind(Kind::Rtp)
            .expect("audio of every call");
        let ssrc = rtp::parse(&packet).unwrap().fields.ssrc.0;
        wanted.retain(|w| *w != ssrc);
    }
    // One leaves, the others stay.
    relay.close(2);
    for (n, (_, peer)) in peers.iter_mut().enumerate().filter(|(n, _)| *n != 2) {
        peer.speak(100 + n as u32, 20, 960 * 20);
    }
    for bridge in [0, 1, 3, 4] {
        eventually("the next packet", || {
            (relay.report(bridge).leg(Side::Business).received == 21).then_some(())
        });
    }
}
