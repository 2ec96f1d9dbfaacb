use std::time::Duration;

use ahoy_media::{AlertFault, BridgeId, EventPacketFault, MediaFaults, Side, TimelineEvent};
use ahoy_packet::demux::Kind;
use ahoy_packet::dtmf::Digit;

use crate::raw::Raw;
use crate::support::{Relay, user};
use crate::webrtc::{EVENTS, Ears, Manner, Peer};

/// A press of 120 ms: three packets at its begin, one each 20 ms, three at its end.
const PACKETS: usize = 10;

/// Packets of each press, as the business heard them: whether marked, whether the end.
fn presses(ears: &Ears) -> Vec<Vec<(bool, bool)>> {
    let keys: Vec<_> = ears.packets.iter().filter(|p| p.pt == EVENTS).collect();
    keys.chunk_by(|a, b| a.timestamp == b.timestamp)
        .map(|press| {
            let ends = |payload: &[u8]| payload.get(1).is_some_and(|byte| byte & 0x80 != 0);
            press.iter().map(|p| (p.marker, ends(&p.payload))).collect()
        })
        .collect()
}

/// What a business hears of "12#" under a fault: the packets of each press, and how many numbers are missing.
fn heard_under(event: EventPacketFault) -> (Vec<Vec<(bool, bool)>>, usize, String) {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    relay.engine.put_under(
        BridgeId(1),
        MediaFaults {
            event: Some(event),
            ..MediaFaults::default()
        },
    );
    let business = Peer::start(&plan.business, Manner::default());
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote.clone());
    relay.wait_up(1, Side::Business);
    relay.engine.open_gate(BridgeId(1));
    business.hear_audio(5);
    let keys = "12#".chars().map(|c| Digit::try_from(c).unwrap());
    relay.engine.send_digits(BridgeId(1), keys.collect());
    business.hear("audio after three keys", |ears| {
        let last = ears.packets.last()?;
        (ears.digits() == "12#" && last.pt != EVENTS).then_some(())
    });
    let heard = business.ears(|ears| (presses(ears), ears.missing()));
    (heard.0, heard.1, relay.close(1).verdict)
}

#[test]
fn the_first_packet_of_the_second_key_is_lost() {
    let (presses, missing, verdict) = heard_under(EventPacketFault {
        packet: 1,
        press: Some(2),
        again: false,
    });
    let packets: Vec<usize> = presses.iter().map(Vec::len).collect();
    assert_eq!(packets, [PACKETS, PACKETS - 1, PACKETS]);
    let marked: Vec<bool> = presses.iter().map(|press| press[0].0).collect();
    assert_eq!(marked, [true, false, true], "the marker went with it");
    assert_eq!(missing, 1, "the numbering has the hole of a lost packet");
    assert!(
        verdict.ends_with(
            "The fault event_lost=1;press=2 was asked for; one packet was lost to that."
        ),
        "{verdict}"
    );
}

#[test]
fn the_last_packet_of_each_key_comes_twice() {
    let (presses, missing, verdict) = heard_under(EventPacketFault {
        packet: 10,
        press: None,
        again: true,
    });
    for press in &presses {
        assert_eq!(press.len(), PACKETS + 1);
        assert_eq!(press.iter().filter(|(_, end)| *end).count(), 4);
        assert_eq!(press.iter().filter(|(marker, _)| *marker).count(), 1);
    }
    assert_eq!((presses.len(), missing), (3, 0));
    assert!(
        verdict.ends_with("The fault event_repeated=10 was asked for."),
        "{verdict}"
    );
}

#[test]
fn an_alert_comes_while_audio_flows_and_audio_goes_on() {
    for fatal in [false, true] {
        let relay = Relay::start();
        let plan = relay.arm(1, user(660.0));
        let after = Duration::from_millis(100);
        relay.engine.put_under(
            BridgeId(1),
            MediaFaults {
                alert: Some(AlertFault { fatal, after }),
                ..MediaFaults::default()
            },
        );
        let mut business = Raw::new(&plan.business);
        let remote = business.remote();
        relay.engine.set_remote(BridgeId(1), Side::Business, remote);
        business.nominate();
        business.shake_hands();
        relay.wait_up(1, Side::Business);
        relay.engine.open_gate(BridgeId(1));
        let record = business.receive_kind(Kind::Dtls).expect("an alert");
        // RFC 6347 §4.1: type alert, DTLS 1.2, epoch 1.
        assert_eq!(record[..5], [21, 254, 253, 0, 1]);
        for _ in 0..5 {
            business.hear().expect("audio goes on");
        }
        let report = relay.close(1);
        let at = |wanted: &dyn Fn(&TimelineEvent) -> bool| {
            let found = report.timeline.iter().find(|entry| wanted(&entry.event));
            found.map(|entry| entry.at_ms)
        };
        let opened = at(&|event| *event == TimelineEvent::GateOpened).unwrap();
        let side = Side::Business;
        let sent = at(&|event| *event == TimelineEvent::DtlsAlertSent { side, fatal }).unwrap();
        assert!(sent >= opened + 100, "{opened} {sent}");
    }
}
