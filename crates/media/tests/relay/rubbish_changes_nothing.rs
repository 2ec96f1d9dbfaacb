use ahoy_media::{BridgeId, CallPlan, Side};
use ahoy_packet::stun::Role;

use crate::raw::{Raw, fields};
use crate::support::{Relay, eventually, user};

/// A call that is up, with a business made of parts.
fn call(relay: &Relay) -> (CallPlan, Raw) {
    let plan = relay.arm(1, user(660.0));
    let mut business = Raw::new(&plan.business);
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    business.nominate();
    business.shake_hands();
    relay.wait_up(1, Side::Business);
    relay.engine.open_gate(BridgeId(1));
    (plan, business)
}

/// Waits until everything sent so far has been read: the relay answers a check after what came before it.
fn settle(business: &mut Raw) {
    business.nominate();
}

#[test]
fn replayed_and_forged_media() {
    let relay = Relay::start();
    let (_, mut business) = call(&relay);
    let good: Vec<Vec<u8>> = (0..10)
        .map(|i| business.protect(fields(5, 100 + i, 960 * u32::from(i)), &[4; 40]))
        .collect();
    for packet in &good {
        business.send(packet);
        business.send(packet); // replayed
        let mut forged = packet.clone();
        *forged.last_mut().unwrap() ^= 1;
        business.send(&forged);
        let mut shifted = packet.clone();
        shifted[3] = shifted[3].wrapping_add(40); // another number with an old tag
        business.send(&shifted);
        business.send(&packet[..packet.len() / 2]);
    }
    settle(&mut business);
    let report = relay.close(1);
    let leg = report.leg(Side::Business);
    assert_eq!((leg.received, leg.lost), (10, 0));
    // Whatever carries a number that was used counts as replayed, its tag is not even looked at.
    assert_eq!((leg.replayed, leg.bad_authentication), (30, 10), "{leg:?}");
    let heard = report.heard().unwrap();
    assert_eq!((heard.packets, heard.lost), (10, 0));
}

#[test]
fn forged_reports_and_dtls_rubbish() {
    let relay = Relay::start();
    let (_, mut business) = call(&relay);
    let mut goodbye = vec![0x81, 203, 0, 1];
    goodbye.extend(5u32.to_be_bytes());
    let mut forged = business.protect_rtcp(goodbye.clone());
    *forged.last_mut().unwrap() ^= 1;
    business.send(&forged);
    business.send(&goodbye); // not protected at all
    for len in [0, 1, 12, 13, 14, 60, 400] {
        let mut record = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 200];
        record.resize(13 + len, 0xaa);
        business.send(&record);
        record[0] = 21;
        business.send(&record);
        record[4] = 1;
        business.send(&record);
    }
    business.speak(5, 1, 0);
    settle(&mut business);
    let report = relay.close(1);
    assert_eq!(report.leg(Side::Business).received, 1);
    assert!(
        !report
            .timeline
            .iter()
            .any(|e| matches!(e.event, ahoy_media::TimelineEvent::RtcpBye { .. }))
    );
    assert_eq!(
        report.verdict,
        "Both sides sent audio, and it was passed on."
    );
}

#[test]
fn and_media_is_counted_apart_from_reports() {
    let relay = Relay::start();
    let (_, mut business) = call(&relay);
    let mut report = vec![0x80, 201, 0, 1];
    report.extend(5u32.to_be_bytes());
    let good = business.protect_rtcp(report.clone());
    (0..3).for_each(|_| business.send(&good));
    for _ in 0..4 {
        let mut forged = business.protect_rtcp(report.clone());
        // In the tag, with any profile: the index may lie behind it.
        let at = forged.len() - 6;
        forged[at] ^= 1;
        business.send(&forged);
    }
    let audio = business.protect(fields(5, 1, 0), &[4; 20]);
    (0..2).for_each(|_| business.send(&audio));
    for i in 0..3 {
        let mut forged = business.protect(fields(5, 2 + i, 0), &[4; 20]);
        *forged.last_mut().unwrap() ^= 1;
        business.send(&forged);
    }
    settle(&mut business);
    let report = relay.close(1);
    let leg = report.leg(Side::Business);
    assert_eq!((leg.replayed, leg.bad_authentication), (1, 3));
    assert_eq!((leg.rtcp_replayed, leg.rtcp_bad_authentication), (2, 4));
    assert_eq!((leg.received, leg.lost), (1, 0));
}

/// A true goodbye is noted in the timeline; only the API ends a call (`media.md` §10).
#[test]
fn a_goodbye_ends_nothing() {
    let relay = Relay::start();
    let (_, mut business) = call(&relay);
    let mut goodbye = vec![0x81, 203, 0, 1];
    goodbye.extend(5u32.to_be_bytes());
    let goodbye = business.protect_rtcp(goodbye);
    business.send(&goodbye);
    settle(&mut business);
    business.speak(5, 1, 0);
    settle(&mut business);
    let report = relay.close(1);
    let noted = |e: &ahoy_media::TimelineEvent| {
        matches!(
            e,
            ahoy_media::TimelineEvent::RtcpBye {
                side: Side::Business
            }
        )
    };
    assert!(report.timeline.iter().any(|e| noted(&e.event)));
    assert_eq!(report.leg(Side::Business).received, 1);
    let heard = report.heard().unwrap();
    assert_eq!(heard.packets, 1, "what follows is heard");
}

#[test]
fn random_datagrams_and_cut_or_forged_checks_from_strangers() {
    let relay = Relay::start();
    let (plan, mut business) = call(&relay);
    let mut stranger = Raw::new(&plan.business);
    let check = stranger.check(Role::Controlling(1), true);
    for cut in 0..check.len() {
        stranger.send(&check[..cut]);
    }
    // The last attribute is FINGERPRINT, whose type the integrity does not cover: without it the check would be a good one.
    for at in (0..check.len()).filter(|at| !(check.len() - 8..check.len() - 4).contains(at)) {
        let mut forged = check.clone();
        forged[at] ^= 0x10;
        stranger.send(&forged);
    }
    let mut seed = 1u64;
    for len in 0..600usize {
        let mut packet = vec![0; len];
        for byte in &mut packet {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            *byte = seed as u8;
        }
        stranger.send(&packet);
        if let Some(first) = packet.first_mut() {
            *first = [0, 22, 128, 144][len % 4];
        }
        stranger.send(&packet);
        business.speak(5, len as u16, 960 * len as u32);
    }
    settle(&mut business);
    let before = business.socket.local_addr().unwrap();
    let report = relay.report(1);
    assert_eq!(
        report.leg(Side::Business).remote,
        Some(before),
        "no forged check moves the media"
    );
    let leg = report.leg(Side::Business);
    assert_eq!(
        (leg.received, leg.lost, leg.bad_authentication),
        (600, 0, 0)
    );
    let stats = &relay.engine.stats_blocking()[0];
    assert_eq!((stats.calls, stats.ufrags, stats.addresses), (1, 1, 1));
    assert!(
        stats.bad_stun > 0 && stats.unknown_address > 0 && stats.rubbish > 0,
        "{stats:?}"
    );
    stranger.socket.set_nonblocking(true).unwrap();
    let mut answers = 0;
    while stranger.socket.recv_from(&mut [0; 2_000]).is_ok() {
        answers += 1;
    }
    assert_eq!(answers, 0);
}

#[test]
fn not_for_another_call_either() {
    let relay = Relay::start();
    let (_, mut business) = call(&relay);
    let other = relay.arm(2, user(440.0));
    let mut stranger = Raw::new(&other.business);
    stranger.nominate();
    // Media of the first call from the address of the second: the address decides whose keys are asked.
    let packet = business.protect(fields(5, 1, 0), &[4; 20]);
    stranger.send(&packet);
    stranger.nominate();
    assert_eq!(relay.report(1).leg(Side::Business).received, 0);
    business.send(&packet);
    eventually("the packet counts where it belongs", || {
        (relay.report(1).leg(Side::Business).received == 1).then_some(())
    });
}

#[test]
fn from_the_peer_s_own_address_amid_the_handshake() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let mut business = Raw::new(&plan.business);
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote());
    business.nominate();
    let mut hands = business.begin();
    let mut seed = 7u64;
    for len in 1..400usize {
        let mut packet = vec![0; len];
        for byte in &mut packet {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            *byte = seed as u8;
        }
        // DTLS records that claim to be of the handshake, ChangeCipherSpec, an alert or data; media; STUN.
        packet[0] = [22, 20, 21, 23, 128, 1][len % 6];
        if packet[0] < 30 && len > 13 {
            packet[1..5].copy_from_slice(&[0xfe, 0xfd, 0, (len % 2) as u8]);
            packet[11..13].copy_from_slice(&(len as u16 - 13).to_be_bytes());
        }
        business.send(&packet);
    }
    hands.finish(&mut business);
    relay.wait_up(1, Side::Business);
    relay.engine.open_gate(BridgeId(1));
    business.hear().expect("audio in spite of everything");
    assert_eq!(relay.close(1).leg(Side::Business).received, 0);
}

#[test]
fn or_a_call_armed_twice() {
    let relay = Relay::start();
    let (_, mut business) = call(&relay);
    relay.arm(1, user(440.0));
    business.speak(5, 1, 0);
    settle(&mut business);
    let report = relay.close(1);
    assert_eq!(
        report.leg(Side::Business).received,
        1,
        "the first one stays"
    );
    assert_eq!(relay.engine.stats_blocking()[0].calls, 0);
}
