use ahoy_media::{BridgeId, Side, TimelineEvent, UserLeg};
use ahoy_packet::rtcp;
use ahoy_packet::rtp;
use ahoy_types::PayloadType;

use crate::raw::{Raw, fields};
use crate::support::Relay;

/// Two peers made of parts, connected.
fn call(relay: &Relay, user_opus: u8) -> (Raw, Raw) {
    let plan = relay.arm(1, UserLeg::WebRtc);
    let mut peers =
        [(Side::Business, &plan.business), (Side::User, &plan.user)].map(|(side, leg)| {
            let mut peer = Raw::new(leg);
            let mut remote = peer.remote();
            if side == Side::User {
                remote.opus = PayloadType(user_opus);
            }
            relay.engine.set_remote(BridgeId(1), side, remote);
            peer.nominate();
            peer.shake_hands();
            relay.wait_up(1, side);
            Some(peer)
        });
    relay.engine.open_gate(BridgeId(1));
    (peers[0].take().unwrap(), peers[1].take().unwrap())
}

#[test]
fn and_loss_disorder_and_a_new_source_look_as_they_should() {
    let relay = Relay::start();
    let (mut business, mut phone) = call(&relay, 96);
    // 102 is lost, 104 overtakes 103, then another source begins.
    for (ssrc, seq) in [
        (5, 100),
        (5, 101),
        (5, 104),
        (5, 103),
        (6, 40_000),
        (6, 40_001),
    ] {
        business.speak(ssrc, seq, 960 * u32::from(seq));
    }
    let heard: Vec<_> = (0..6).map(|_| phone.hear().unwrap()).collect();
    let base = heard[0].0.fields.sequence;
    let steps: Vec<u16> = heard
        .iter()
        .map(|(h, _)| h.fields.sequence.wrapping_sub(base))
        .collect();
    assert_eq!(steps, [0, 1, 4, 3, 5, 6]);
    assert!(
        heard
            .iter()
            .all(|(h, _)| h.fields.ssrc == heard[0].0.fields.ssrc)
    );
    assert!(
        heard
            .iter()
            .all(|(h, _)| h.fields.payload_type == PayloadType(96)),
        "the far side's payload type"
    );
    let clock: Vec<u32> = heard
        .iter()
        .map(|(h, _)| h.fields.timestamp.wrapping_sub(heard[0].0.fields.timestamp))
        .collect();
    assert_eq!(clock[..4], [0, 960, 4 * 960, 3 * 960]);
    assert!(clock[4] >= 5 * 960);
    assert_eq!(clock[5], clock[4] + 960);
    assert_eq!(heard[2].1, [104; 20], "the payload is untouched");
    let report = relay.close(1);
    assert_eq!(report.leg(Side::Business).lost, 1);
    assert!(
        report
            .timeline
            .iter()
            .any(|e| matches!(e.event, TimelineEvent::SsrcChanged { .. }))
    );
}

#[test]
fn and_extensions_sources_and_padding_fall_away() {
    let relay = Relay::start();
    let (mut business, mut phone) = call(&relay, 111);
    // One contributing source, a one-word extension, four bytes of padding, and the marker.
    let mut packet = vec![
        0x80 | 0x20 | 0x10 | 1,
        0x80 | 111,
        0,
        9,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        5,
    ];
    packet.extend([0, 0, 0, 99]);
    packet.extend([0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0]);
    packet.extend([1, 2, 3, 4, 5, 0, 0, 0, 4]);
    let len = packet.len();
    packet.resize(len + 32, 0);
    let packet = business.protect_bytes(packet, len);
    business.send(&packet);
    let (header, payload) = phone.hear().unwrap();
    assert_eq!(payload, [1, 2, 3, 4, 5]);
    assert_eq!(
        (header.payload_offset, header.csrc_count, header.padded),
        (rtp::HEADER_LEN, 0, false)
    );
    assert!(header.fields.marker);
    // A payload type nobody agreed on goes nowhere.
    let mut odd = fields(5, 10, 960);
    odd.payload_type = PayloadType(97);
    let odd = business.protect(odd, &[1]);
    business.send(&odd);
    business.speak(5, 11, 1_920);
    assert_eq!(
        phone.hear().unwrap().0.fields.payload_type,
        PayloadType(111)
    );
    assert_eq!(relay.close(1).leg(Side::Business).unknown_payload_type, 1);
}

#[test]
fn and_reports_are_each_leg_s_own() {
    let relay = Relay::start();
    let (mut business, mut phone) = call(&relay, 111);
    for seq in [1, 2, 4] {
        business.speak(5, seq, 960 * u32::from(seq));
    }
    (0..3).for_each(|_| drop(phone.hear().unwrap()));
    // What the phone says of its reception ends at the relay; what the relay says is about what it received itself.
    let report = business.hear_rtcp();
    let packets: Vec<_> = rtcp::parse(&report).map(Result::unwrap).collect();
    let rtcp::Packet::ReceiverReport { mut blocks, .. } = packets[0] else {
        panic!("{packets:?}")
    };
    let block = blocks.next().unwrap();
    assert_eq!((block.ssrc.0, block.cumulative_lost), (5, 1));
    let rtcp::Packet::Sdes(sdes) = packets[1] else {
        panic!("{packets:?}")
    };
    assert_eq!(sdes.cname(), Some(b"WhatsAppAudioStream1".as_slice()));

    let report = phone.hear_rtcp();
    let packets: Vec<_> = rtcp::parse(&report).map(Result::unwrap).collect();
    let rtcp::Packet::SenderReport { ssrc, info, .. } = packets[0] else {
        panic!("{packets:?}")
    };
    assert_eq!((info.packets, info.octets), (3, 60));
    // The phone answers with a report on that; the relay learns the round trip.
    let mut answer = vec![0x81, 201, 0, 7];
    answer.extend(9u32.to_be_bytes());
    answer.extend(ssrc.0.to_be_bytes());
    answer.extend([0; 12]);
    answer.extend(info.ntp.middle().to_be_bytes());
    answer.extend([0; 4]);
    let answer = phone.protect_rtcp(answer);
    phone.send(&answer);
    let rtt = crate::support::eventually("a round-trip time", || {
        relay.report(1).leg(Side::User).rtt_ms
    });
    assert!((0.0..10_000.0).contains(&rtt), "{rtt}");
    // A goodbye is noted and ends nothing.
    let mut goodbye = vec![0x80, 201, 0, 1];
    goodbye.extend(5u32.to_be_bytes());
    goodbye.extend([0x81, 203, 0, 1]);
    goodbye.extend(5u32.to_be_bytes());
    let goodbye = business.protect_rtcp(goodbye);
    business.send(&goodbye);
    business.speak(5, 5, 960 * 5);
    phone.hear().expect("audio goes on");
    let report = relay.close(1);
    let bye = TimelineEvent::RtcpBye {
        side: Side::Business,
    };
    assert!(report.timeline.iter().any(|e| e.event == bye));
    // The relay's own goodbye comes when the call is closed.
    let last = business.hear_rtcp();
    assert!(rtcp::parse(&last).any(|p| matches!(p, Ok(rtcp::Packet::Bye(_)))));
}
