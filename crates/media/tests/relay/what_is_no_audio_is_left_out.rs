//! Padding, empty payloads, comfort noise, redundancy, wrong numbers, misplaced keys and malformed packets (`docs/media.md`).

use std::time::Duration;

use ahoy_audio::EncodedSound;
use ahoy_media::{
    BridgeId, CallReport, MediaConfig, MediaEvent, NoAudio, RemoteLeg, Side, TimelineEvent as E,
    TimeoutKind, UserLeg,
};
use ahoy_packet::rtp::Fields;
use ahoy_types::{PayloadType, Ssrc};

use crate::raw::{Raw, fields};
use crate::support::{Relay, assert_pitch, eventually, user};
use crate::webrtc::EVENTS;

const B: Side = Side::Business;
const SSRC: u32 = 5;
const NOISE: u8 = 106;
const RED: u8 = 63;

/// A packet of the business.
#[derive(Debug, Clone, PartialEq)]
enum Packet {
    Audio(Vec<u8>),
    /// Key, end bit, duration; the timestamp is that of the press.
    Key(u8, bool, u16, u32),
    PaddingAlone,
    Empty,
    ComfortNoise,
    DynamicNoise,
    Redundancy,
    BrokenRedundancy,
    Unknown,
    MisplacedKey,
    BrokenAudio,
    BrokenPadding,
    BrokenKey,
}

const NO_AUDIO: [Packet; 11] = [
    Packet::PaddingAlone,
    Packet::Empty,
    Packet::ComfortNoise,
    Packet::DynamicNoise,
    Packet::Redundancy,
    Packet::BrokenRedundancy,
    Packet::Unknown,
    Packet::MisplacedKey,
    Packet::BrokenAudio,
    Packet::BrokenPadding,
    Packet::BrokenKey,
];

impl Packet {
    fn is_media(&self) -> bool {
        matches!(self, Self::Audio(_) | Self::Key(..))
    }
    fn send(&self, business: &mut Raw, sequence: u16) {
        let mut header = fields(SSRC, sequence, u32::from(sequence) * 960);
        let number = |header: &mut Fields, pt| header.payload_type = PayloadType(pt);
        let payload: Vec<u8> = match self {
            Self::Audio(frame) => frame.clone(),
            Self::Key(key, end, duration, timestamp) => {
                number(&mut header, EVENTS);
                header.timestamp = *timestamp;
                let [high, low] = duration.to_be_bytes();
                vec![*key, u8::from(*end) << 7 | 10, high, low]
            }
            Self::PaddingAlone => return padded(business, header, &[0, 0, 0, 4]),
            Self::BrokenPadding => return padded(business, header, &[1, 2, 200]),
            Self::Empty => vec![],
            Self::ComfortNoise => {
                number(&mut header, 13);
                vec![60]
            }
            Self::DynamicNoise => {
                number(&mut header, NOISE);
                vec![60, 1, 2]
            }
            Self::Redundancy => {
                number(&mut header, RED);
                vec![0x80 | 111, 0x0f, 0, 3, 111, 4, 5, 6, 4, 8, 9]
            }
            Self::BrokenRedundancy => {
                number(&mut header, RED);
                vec![0x80 | 111, 0x0f, 0, 30, 111, 4]
            }
            Self::Unknown => {
                number(&mut header, 96);
                vec![4; 40]
            }
            Self::MisplacedKey => vec![5, 10, 1, 64],
            Self::BrokenAudio => vec![0x4b, 0],
            Self::BrokenKey => {
                number(&mut header, EVENTS);
                vec![5, 10]
            }
        };
        let packet = business.protect(header, &payload);
        business.send(&packet);
    }
}

fn padded(business: &mut Raw, header: Fields, tail: &[u8]) {
    let mut packet = vec![0; 12];
    ahoy_packet::rtp::write_header(&mut packet, &header).unwrap();
    packet[0] |= 0x20;
    packet.extend(tail);
    let len = packet.len();
    packet.resize(len + 32, 0);
    let packet = business.protect_bytes(packet, len);
    business.send(&packet);
}

fn connect(relay: &Relay, bridge: u64, side: Side, peer: &mut Raw, lists: fn(&mut RemoteLeg)) {
    let mut remote = peer.remote();
    lists(&mut remote);
    relay.engine.set_remote(BridgeId(bridge), side, remote);
    peer.nominate();
    peer.shake_hands();
    relay.wait_up(bridge, side);
}

/// The business lists comfort noise and redundancy, as offers of browsers do.
fn as_browsers(remote: &mut RemoteLeg) {
    remote.said.comfort_noise = vec![PayloadType(NOISE)];
    remote.said.redundancy = vec![PayloadType(RED)];
}

fn business(relay: &Relay, bridge: u64, end: UserLeg) -> (Raw, ahoy_media::CallPlan) {
    let plan = relay.arm(bridge, end);
    let mut business = Raw::new(&plan.business);
    connect(relay, bridge, B, &mut business, as_browsers);
    (business, plan)
}

fn talking(relay: &Relay, bridge: u64) -> Raw {
    let (business, _) = business(relay, bridge, user(660.0));
    relay.engine.open_gate(BridgeId(bridge));
    business
}

/// Both ends of a call between two peers.
fn peers(relay: &Relay, bridge: u64) -> (Raw, Raw) {
    let (business, plan) = business(relay, bridge, UserLeg::WebRtc);
    let mut phone = Raw::new(&plan.user);
    connect(relay, bridge, Side::User, &mut phone, |_| {});
    relay.engine.open_gate(BridgeId(bridge));
    (business, phone)
}

fn received(relay: &Relay, bridge: u64, packets: u64) {
    eventually("the packets have come", || {
        (relay.report(bridge).leg(B).received == packets).then_some(())
    });
}

fn first_packets(report: &CallReport) -> usize {
    let first = |e: &E| matches!(e, E::FirstPacket { side: B, .. });
    report.timeline.iter().filter(|e| first(&e.event)).count()
}

#[test]
fn and_counted_by_its_kind() {
    let relay = Relay::start();
    let mut business = talking(&relay, 1);
    for (packet, i) in NO_AUDIO.iter().zip(0..) {
        packet.send(&mut business, i);
    }
    received(&relay, 1, 11);
    let report = relay.close(1);
    let leg = report.leg(B);
    assert_eq!(
        leg.no_audio,
        NoAudio {
            empty: 2,
            comfort_noise: 2,
            redundancy: 1,
            misplaced_keys: 1,
            unknown_payload_type: 1,
            malformed: 4,
        }
    );
    assert_eq!((leg.audio, leg.lost, first_packets(&report)), (0, 0, 0));
    let heard = report.heard().unwrap();
    assert_eq!((heard.packets, heard.lost, &*heard.digits), (0, 0, ""));
    assert!(heard.gaps.is_empty());
}

#[test]
fn and_is_no_click_in_the_ear() {
    let relay = Relay::start();
    let tone = EncodedSound::tone(440.0, -12.0).unwrap();
    let heard = |bridge, mixed: bool| {
        let mut business = talking(&relay, bridge);
        let mut sequence = 0;
        for frame in 0..40u64 {
            // The timestamps of the audio are its own, whatever stands between.
            let header = Fields {
                sequence,
                ..fields(SSRC, 0, frame as u32 * 960)
            };
            let packet = business.protect(header, tone.frame(frame));
            business.send(&packet);
            sequence += 1;
            if mixed {
                NO_AUDIO[frame as usize % NO_AUDIO.len()].send(&mut business, sequence);
                sequence += 1;
            }
        }
        received(&relay, bridge, sequence.into());
        relay.close(bridge)
    };
    let (alone, mixed) = (heard(1, false), heard(2, true));
    let pcm = |report: &CallReport| report.recording.as_ref().unwrap().pcm(16_000).unwrap();
    assert!(pcm(&alone) == pcm(&mixed), "sample by sample");
    let ear = mixed.heard().unwrap();
    assert_eq!((ear.packets, ear.lost, ear.gaps.len()), (40, 0, 0));
    assert_pitch(ear.tone_hz, 440.0);
}

#[test]
fn and_a_probe_of_another_source_changes_none() {
    let relay = Relay::start();
    let (mut business, mut phone) = peers(&relay, 1);
    business.speak(SSRC, 1, 960);
    let mut probe = fields(99, 40_000, 7);
    probe.ssrc = Ssrc(99);
    padded(&mut business, probe, &[0; 0]);
    padded(&mut business, probe_after(probe), &[0, 0, 0, 4]);
    business.speak(SSRC, 2, 1_920);
    let heard: Vec<_> = (0..2).map(|_| phone.hear().unwrap().0.fields).collect();
    assert_eq!(heard[1].sequence, heard[0].sequence.wrapping_add(1));
    assert_eq!(heard[1].timestamp, heard[0].timestamp.wrapping_add(960));
    let report = relay.close(1);
    let changed = |e: &E| matches!(e, E::SsrcChanged { .. });
    assert!(!report.timeline.iter().any(|e| changed(&e.event)));
    assert_eq!(
        (report.leg(B).lost, report.leg(B).ssrc),
        (0, Some(Ssrc(SSRC)))
    );
}

fn probe_after(mut probe: Fields) -> Fields {
    probe.sequence += 1;
    probe
}

#[test]
fn and_does_not_begin_a_call() {
    let relay = Relay::with(MediaConfig {
        workers: 1,
        start_timeout: Duration::from_millis(400),
        ..MediaConfig::default()
    });
    let mut business = talking(&relay, 1);
    let mut sequence = 0;
    // The packets go on and on; the call ends all the same.
    eventually("the time-out", || {
        for packet in [Packet::PaddingAlone, Packet::Unknown, Packet::ComfortNoise] {
            packet.send(&mut business, sequence);
            sequence += 1;
        }
        relay
            .has_event(|e| {
                matches!(
                    e,
                    MediaEvent::Timeout {
                        side: B,
                        kind: TimeoutKind::Start,
                        ..
                    }
                )
            })
            .then_some(())
    });
    let report = relay.close(1);
    assert_eq!(first_packets(&report), 0);
    assert_eq!(
        report.verdict,
        "The business sent its audio as payload type 96, but 111 was agreed, so none of it was used."
    );
}

#[test]
fn and_is_a_sign_of_life_within_a_call() {
    let relay = Relay::with(MediaConfig {
        workers: 1,
        silence_timeout: Duration::from_millis(600),
        ..MediaConfig::default()
    });
    let mut business = talking(&relay, 1);
    business.speak(SSRC, 0, 0);
    let begun = std::time::Instant::now();
    let mut sequence = 1;
    eventually("three times the time-out has passed", || {
        Packet::ComfortNoise.send(&mut business, sequence);
        sequence += 1;
        (begun.elapsed() > Duration::from_millis(1_800)).then_some(())
    });
    assert!(!relay.has_event(|e| matches!(e, MediaEvent::Timeout { side: B, .. })));
}

/// Numbers by a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// What a business sends, at random: packets and whether the network loses them.
fn script(seed: u8, media_loss: bool) -> Vec<(Packet, bool)> {
    let mut dice = Dice(seed.into());
    let mut script = Vec::new();
    let mut key = 0;
    while script.len() < 150 {
        let lost = dice.below(12) == 0;
        match dice.below(20) {
            0..10 => {
                let mut frame: Vec<u8> = (0..20).map(|_| dice.next() as u8).collect();
                frame[0] &= !3;
                script.push((Packet::Audio(frame), lost && media_loss));
            }
            10 => {
                key = (key + 1) % 10;
                let timestamp = dice.next() as u32;
                for i in 1..=6u16 {
                    let packet = Packet::Key(key, i > 3, i.min(4) * 160, timestamp);
                    // One packet of a press comes through.
                    script.push((packet, lost && i != 3));
                }
            }
            _ => {
                let which = dice.below(NO_AUDIO.len());
                script.push((NO_AUDIO[which].clone(), lost));
            }
        }
    }
    script
}

/// What the model expects at the far side: steps between sequence numbers, payloads, losses and keys.
#[derive(Debug, Default, PartialEq)]
struct Expected {
    steps: Vec<u16>,
    payloads: Vec<Vec<u8>>,
    lost: u64,
    digits: String,
    received: u64,
}

impl Expected {
    fn of(script: &[(Packet, bool)]) -> Self {
        let mut e = Self::default();
        let (mut hole, mut begun, mut press) = (0, false, None);
        for (packet, lost) in script {
            if *lost {
                hole += u16::from(begun);
                continue;
            }
            e.received += 1;
            if begun {
                // Whatever comes shows what was lost before it.
                e.lost += u64::from(hole);
            }
            if !packet.is_media() {
                if let Some(last) = e.steps.last_mut().filter(|_| begun) {
                    *last += hole;
                }
                hole = 0;
                continue;
            }
            if let (true, Some(last)) = (begun, e.steps.last_mut()) {
                *last += hole + 1;
            }
            (hole, begun) = (0, true);
            e.steps.push(0);
            match packet {
                Packet::Key(key, _, _, timestamp) => {
                    e.payloads.push(Vec::new());
                    if press.replace(*timestamp) != Some(*timestamp) {
                        e.digits.push(char::from(b'0' + key));
                    }
                }
                Packet::Audio(frame) => e.payloads.push(frame.clone()),
                _ => unreachable!("it is media"),
            }
        }
        e.steps.pop();
        e
    }
}

#[test]
fn and_leaves_no_hole_in_any_mix() {
    let relay = Relay::start();
    for seed in 0..12u8 {
        let bridge = u64::from(seed) + 1;
        let script = script(seed, true);
        let expected = Expected::of(&script);
        let (mut business, mut phone) = peers(&relay, bridge);
        let start = u16::from(seed).wrapping_mul(7_001);
        for ((packet, lost), i) in script.iter().zip(0..) {
            if !lost {
                packet.send(&mut business, start.wrapping_add(i));
            }
        }
        received(&relay, bridge, expected.received);
        let heard: Vec<_> = (0..expected.payloads.len())
            .map(|_| phone.hear().unwrap())
            .collect();
        let steps: Vec<u16> = heard
            .windows(2)
            .map(|w| w[1].0.fields.sequence.wrapping_sub(w[0].0.fields.sequence))
            .collect();
        assert_eq!(steps, expected.steps, "seed {seed}");
        for ((header, payload), wanted) in heard.iter().zip(&expected.payloads) {
            let key = header.fields.payload_type == PayloadType(EVENTS);
            assert!(key && wanted.is_empty() || payload == wanted, "seed {seed}");
        }
        for wanted in expected.digits.chars() {
            let came = relay.event("a key", |event| match event {
                MediaEvent::Digits {
                    digit, bridge: b, ..
                } if b.0 == bridge => Some(digit.as_char()),
                _ => None,
            });
            assert_eq!(came, wanted, "seed {seed}");
        }
        let report = relay.close(bridge);
        assert_eq!(report.leg(B).lost, expected.lost, "seed {seed}");
        assert_eq!(first_packets(&report), 1);
        assert!(!relay.has_event(|e| matches!(e, MediaEvent::Digits { .. })));
    }
}

#[test]
fn and_the_ear_hears_the_rest_of_any_mix() {
    let relay = Relay::start();
    for seed in 50..56u8 {
        let bridge = u64::from(seed);
        let script = script(seed, false);
        let expected = Expected::of(&script);
        let mut business = talking(&relay, bridge);
        for ((packet, lost), i) in script.iter().zip(0..) {
            if !lost {
                packet.send(&mut business, i);
            }
        }
        received(&relay, bridge, expected.received);
        let report = relay.close(bridge);
        let heard = report.heard().unwrap();
        assert_eq!(heard.packets, expected.payloads.len() as u64, "seed {seed}");
        let holes: u64 = expected.steps.iter().map(|step| u64::from(*step) - 1).sum();
        assert_eq!(
            (heard.lost, &heard.digits),
            (holes, &expected.digits),
            "seed {seed}"
        );
        assert_eq!(report.leg(B).lost, expected.lost, "seed {seed}");
    }
}
