//! RTP, RTCP, telephone events and their protection, as they come out of a socket.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use ahoy_packet::demux::{Kind, classify};
use ahoy_packet::dtmf::{Arrival, Collector, Event, Misplaced};
use ahoy_packet::opus;
use ahoy_packet::red;
use ahoy_packet::rtcp::{self, Packet, ReceiverStats, Report, ReportBlock};
use ahoy_packet::rtp::{self, Fields, HEADER_LEN, SequenceExtender};
use ahoy_packet::srtp::{Inbound, Keys, MAX_OVERHEAD, Outbound, Profile};
use ahoy_types::{PayloadType, Ssrc};
use libfuzzer_sys::fuzz_target;

static KEYS: LazyLock<[Keys; 4]> = LazyLock::new(|| {
    [
        Profile::Aes128CmSha1_80,
        Profile::Aes256CmSha1_32,
        Profile::Aes128Gcm,
        Profile::Aes256Gcm,
    ]
    .map(|profile| {
        Keys::from_sdes(profile, &vec![7; profile.key_and_salt_len()]).expect("keys of that length")
    })
});

fuzz_target!(|bytes: &[u8]| {
    let kind = classify(bytes);
    read_rtp(bytes, kind);
    read_payload(bytes);
    read_rtcp(bytes);
    protect(bytes);
    streams(bytes);
});

fn read_rtp(bytes: &[u8], kind: Kind) {
    let Ok(header) = rtp::parse(bytes) else {
        return;
    };
    assert!(matches!(kind, Kind::Rtp | Kind::Rtcp));
    assert_eq!(
        rtp::contributing_sources(bytes, &header).count(),
        usize::from(header.csrc_count)
    );
    let Ok(payload) = header.payload(bytes) else {
        return;
    };
    let fields = Fields {
        payload_type: PayloadType(126),
        marker: header.fields.marker,
        sequence: 1,
        timestamp: 2,
        ssrc: Ssrc(3),
    };
    let mut packet = bytes.to_vec();
    let range = rtp::rewrite_in_place(&mut packet, &header, &fields).expect("the payload is sound");
    let bare = &packet[range];
    assert_eq!(&bare[HEADER_LEN..], payload);
    let header = rtp::parse(bare).expect("our own header");
    assert_eq!(header.fields, fields);
    assert_eq!(header.payload(bare), Ok(payload));
    if let Ok(event) = Event::parse(payload) {
        assert_eq!(Event::parse(&event.to_bytes()), Ok(event));
    }
}

/// The bytes as a payload under every kind of number.
fn read_payload(bytes: &[u8]) {
    let framed = opus::is_well_formed(bytes);
    assert!(!framed || !bytes.is_empty());
    if let Ok(blocks) = red::blocks(bytes) {
        let blocks: Vec<_> = blocks.collect();
        let data: usize = blocks.iter().map(|block| block.data.len()).sum();
        assert_eq!(4 * (blocks.len() - 1) + 1 + data, bytes.len());
    }
    let mut misplaced = Misplaced::default();
    let is = misplaced.is_event(7, bytes);
    assert!(!is || bytes.len() == Event::LEN);
    assert_eq!(misplaced.is_event(7, bytes), is);
}

fn read_rtcp(bytes: &[u8]) {
    for packet in rtcp::parse(bytes) {
        let Ok(packet) = packet else { break };
        let (ssrc, sender, blocks) = match packet {
            Packet::SenderReport { ssrc, info, blocks } => (ssrc, Some(info), blocks),
            Packet::ReceiverReport { ssrc, blocks } => (ssrc, None, blocks),
            Packet::Sdes(sdes) => {
                let text: usize = sdes.items().map(|item| item.text.len()).sum();
                assert!(text < bytes.len());
                continue;
            }
            Packet::Bye(bye) => {
                assert!(bye.sources().count() <= 31 && bye.reason().is_none_or(|r| r.len() < 256));
                continue;
            }
            _ => continue,
        };
        let blocks: Vec<ReportBlock> = blocks.collect();
        let report = Report {
            ssrc,
            sender,
            blocks: &blocks,
            cname: "WhatsAppAudioStream1",
            goodbye: true,
        };
        let mut out = [0; 1_200];
        let len = rtcp::write_report(&mut out, &report).expect("31 blocks fit");
        let again = rtcp::parse(&out[..len]).next();
        assert_eq!(again, Some(Ok(packet)));
    }
}

fn protect(bytes: &[u8]) {
    for keys in KEYS.iter() {
        let mut outbound = Outbound::new(keys).expect("a good key");
        let mut inbound = Inbound::new(keys).expect("a good key");
        let mut buf = [bytes, &[0; MAX_OVERHEAD]].concat();
        // Nothing forged gets in, and what it left behind does no harm to what is authentic.
        assert!(inbound.unprotect_rtp(&mut buf, bytes.len()).is_err());
        buf[..bytes.len()].copy_from_slice(bytes);
        assert!(inbound.unprotect_rtcp(&mut buf, bytes.len()).is_err());
        buf[..bytes.len()].copy_from_slice(bytes);
        if let Ok(len) = outbound.protect_rtp(&mut buf, bytes.len()) {
            assert_eq!(len, bytes.len() + keys.profile().rtp_overhead());
            assert_eq!(inbound.unprotect_rtp(&mut buf, len), Ok(bytes.len()));
            assert_eq!(&buf[..bytes.len()], bytes);
        }
        if let Ok(len) = outbound.protect_rtcp(&mut buf, bytes.len()) {
            assert_eq!(len, bytes.len() + keys.profile().rtcp_overhead());
            assert_eq!(inbound.unprotect_rtcp(&mut buf, len), Ok(bytes.len()));
            assert_eq!(&buf[..bytes.len()], bytes);
        }
    }
}

/// The bytes as headers of a stream: eight a packet.
fn streams(bytes: &[u8]) {
    let mut extender = SequenceExtender::default();
    let mut stats = ReceiverStats::new(Ssrc(1), 48_000);
    let mut collector = Collector::default();
    let mut now = Duration::ZERO;
    let mut highest = 0;
    for packet in bytes.chunks_exact(8) {
        let sequence = u16::from_be_bytes([packet[0], packet[1]]);
        let timestamp = u32::from_be_bytes([packet[2], packet[3], packet[4], packet[5]]);
        now += Duration::from_millis(packet[6].into());
        let index = extender.extend(sequence);
        assert_eq!(index as u16, sequence);
        assert!(index < highest + 0x1_0000);
        highest = extender.highest().expect("a number was given");
        stats.received(sequence, timestamp, now);
        let block = stats.report(now).expect("a packet was counted");
        assert!((-0x80_0000..=0x7f_ffff).contains(&block.cumulative_lost));
        if let Ok(event) = Event::parse(&packet[4..]) {
            let arrival = Arrival {
                sequence,
                marker: packet[7] & 1 != 0,
                timestamp,
                event,
                at: now,
            };
            let _ = collector.push(arrival);
            assert_eq!(collector.push(arrival), None);
        }
    }
}
