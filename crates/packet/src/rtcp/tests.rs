#![allow(clippy::unwrap_used)]

use std::time::Duration;

use ahoy_types::Ssrc;
use proptest::prelude::*;

use super::*;

const BLOCK: ReportBlock = ReportBlock {
    ssrc: Ssrc(0x0a0b_0c0d),
    fraction_lost: 64,
    cumulative_lost: -3,
    highest_sequence: 0x0001_fffe,
    jitter: 77,
    last_sender_report: 0x1234_5678,
    delay_since_last: 0x0001_8000,
};
const INFO: SenderInfo = SenderInfo {
    ntp: NtpTime(0x0102_0304_0506_0708),
    rtp_timestamp: 9,
    packets: 10,
    octets: 11,
};
const REPORT: Report<'static> = Report {
    ssrc: Ssrc(1),
    sender: Some(INFO),
    blocks: &[BLOCK, BLOCK],
    cname: "WhatsAppAudioStream1",
    goodbye: true,
};

fn written(report: &Report<'_>) -> Vec<u8> {
    let mut out = vec![0xee; 2_000];
    let len = write_report(&mut out, report).unwrap();
    out.truncate(len);
    out
}

#[test]
fn a_written_compound_reads_back() {
    let bytes = written(&REPORT);
    let packets: Vec<_> = parse(&bytes).map(Result::unwrap).collect();
    let [
        Packet::SenderReport { ssrc, info, blocks },
        Packet::Sdes(sdes),
        Packet::Bye(bye),
    ] = packets[..]
    else {
        panic!("{packets:?}");
    };
    assert_eq!((ssrc, info), (Ssrc(1), INFO));
    assert_eq!(blocks.collect::<Vec<_>>(), [BLOCK, BLOCK]);
    assert_eq!(sdes.cname(), Some(&b"WhatsAppAudioStream1"[..]));
    assert_eq!(sdes.items().map(|item| item.ssrc).next(), Some(Ssrc(1)));
    assert_eq!(bye.sources().collect::<Vec<_>>(), [Ssrc(1)]);
    assert_eq!(bye.reason(), None);
}

#[test]
fn without_a_stream_of_its_own_it_is_a_receiver_report() {
    let bytes = written(&Report {
        sender: None,
        blocks: &[BLOCK],
        cname: "c",
        goodbye: false,
        ..REPORT
    });
    // RFC 3550 §6.4.2 and §6.5: 8 words, then 3 words with the terminating zero inside the padding.
    assert_eq!(bytes.len(), 32 + 12);
    assert_eq!(bytes[..4], [0x81, 201, 0, 7]);
    assert_eq!(bytes[32..], [0x81, 202, 0, 2, 0, 0, 0, 1, 1, 1, b'c', 0]);
    let packets: Vec<_> = parse(&bytes).map(Result::unwrap).collect();
    assert!(matches!(
        packets[0],
        Packet::ReceiverReport { ssrc: Ssrc(1), blocks } if blocks.eq([BLOCK])
    ));
}

#[test]
fn a_name_that_fills_its_word_still_ends_with_a_zero() {
    for len in 0..9 {
        let name = "abcdefgh".get(..len).unwrap_or_default();
        let bytes = written(&Report {
            cname: name,
            ..REPORT
        });
        let sdes = parse(&bytes).find_map(|packet| match packet.unwrap() {
            Packet::Sdes(sdes) => Some(sdes),
            _ => None,
        });
        assert_eq!(sdes.unwrap().cname(), Some(name.as_bytes()));
        assert_eq!(parse(&bytes).count(), 3);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let needed = written(&REPORT).len();
    for len in 0..needed {
        let mut out = vec![0; len];
        assert_eq!(write_report(&mut out, &REPORT), Err(RtcpError::DoesNotFit));
    }
    let mut out = vec![0; 4_000];
    for (blocks, name, fits) in [(31, 255, true), (32, 255, false), (31, 256, false)] {
        let report = Report {
            blocks: &vec![BLOCK; blocks],
            cname: &"n".repeat(name),
            ..REPORT
        };
        assert_eq!(write_report(&mut out, &report).is_ok(), fits);
    }
}

#[test]
fn feedback_and_application_packets_are_stepped_over_by_their_length() {
    let mut bytes = vec![0x80, 204, 0, 3];
    bytes.extend([0; 12]);
    bytes.extend([0x81, 206, 0, 2]);
    bytes.extend([0; 8]);
    bytes.extend([0x8f, 205, 0, 3]);
    bytes.extend([0; 12]);
    bytes.extend([0x81, 203, 0, 4, 0, 0, 0, 5, 7]);
    bytes.extend(*b"goodbye\0\0\0\0");
    let packets: Vec<_> = parse(&bytes).map(Result::unwrap).collect();
    let other = |packet_type, count| Packet::Other { packet_type, count };
    assert_eq!(packets[..3], [other(204, 0), other(206, 1), other(205, 15)]);
    let Packet::Bye(bye) = packets[3] else {
        panic!("{packets:?}");
    };
    assert_eq!(bye.reason(), Some(&b"goodbye"[..]));
}

#[test]
fn what_came_before_a_malformed_packet_stays_valid() {
    let mut bytes = written(&REPORT);
    bytes.extend([0x80, 201, 0, 9, 1, 2, 3, 4]);
    let packets: Vec<_> = parse(&bytes).collect();
    assert_eq!(packets.len(), 4);
    assert!(packets[..3].iter().all(Result::is_ok));
    assert_eq!(packets[3], Err(RtcpError::Truncated));
    for (bytes, error) in [
        (&[0x40u8, 201, 0, 1, 0, 0, 0, 1][..], RtcpError::Version(1)),
        (&[0x81, 201, 0, 1, 0, 0, 0, 1], RtcpError::Truncated),
        (&[0x82, 203, 0, 1, 0, 0, 0, 1], RtcpError::Truncated),
        (&[0xa0, 201, 0, 1, 0, 0, 0, 0], RtcpError::Padding),
        (&[0xa0, 201, 0, 1, 0, 0, 0, 3], RtcpError::Padding),
        (&[0xa0, 201, 0, 1, 0, 0, 0, 8], RtcpError::Padding),
        (&[0xa0, 201, 0, 0], RtcpError::Padding),
        (&[0x80, 201, 0], RtcpError::Truncated),
    ] {
        assert_eq!(parse(bytes).collect::<Vec<_>>(), [Err(error)]);
    }
    let padded = [0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4];
    assert!(parse(&padded).all(|packet| packet.is_ok()));
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn steady(count: u64) -> ReceiverStats {
    let mut stats = ReceiverStats::new(Ssrc(5), 48_000);
    for i in 0..count {
        stats.received(i as u16, (i * 960) as u32, ms(20 * i));
    }
    stats
}

#[test]
fn a_steady_stream_has_no_loss_and_no_jitter() {
    let mut stats = steady(70_000);
    let block = stats.report(ms(0)).unwrap();
    assert_eq!(block.highest_sequence, 69_999);
    assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 0));
    assert_eq!((block.jitter, stats.packets()), (0, 70_000));
    assert_eq!((block.last_sender_report, block.delay_since_last), (0, 0));
}

#[test]
fn loss_is_counted_in_all_and_since_the_last_report() {
    let mut stats = ReceiverStats::new(Ssrc(5), 48_000);
    assert_eq!(stats.report(ms(0)), None);
    for sequence in (0..400u16).filter(|n| n % 4 != 3) {
        stats.received_untimed(sequence.wrapping_add(65_400));
    }
    // The last of the 400 is missing and not known to be: 399 expected.
    assert_eq!(stats.lost(), 99);
    let block = stats.report(ms(0)).unwrap();
    assert_eq!(block.fraction_lost, (99 * 256 / 399) as u8);
    assert_eq!(block.cumulative_lost, 99);
    assert_eq!(block.highest_sequence, 65_400 + 398);
    for sequence in 399..500u16 {
        stats.received_untimed(sequence.wrapping_add(65_400));
    }
    let block = stats.report(ms(0)).unwrap();
    assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 99));
    // Late packets mend the total; duplicates can turn it negative.
    let mut stats = steady(3);
    for _ in 0..5 {
        stats.received_untimed(2);
    }
    let block = stats.report(ms(0)).unwrap();
    assert_eq!((block.fraction_lost, block.cumulative_lost), (0, -5));
    assert_eq!(block.highest_sequence, 2);
}

#[test]
fn a_stray_number_is_ignored_and_a_restart_begins_anew() {
    let mut stats = steady(100);
    stats.received_untimed(30_000);
    assert_eq!((stats.packets(), stats.lost()), (100, 0));
    stats.received_untimed(100);
    assert_eq!((stats.packets(), stats.lost()), (101, 0));
    stats.received_untimed(30_000);
    stats.received_untimed(30_001);
    stats.received_untimed(30_002);
    let block = stats.report(ms(0)).unwrap();
    assert_eq!(block.highest_sequence, 30_002);
    assert_eq!((stats.packets(), stats.lost()), (2, 0));
}

#[test]
fn jitter_follows_a_8() {
    // Every other packet is 5 ms late: |D| is 240 ticks from the second packet on.
    let mut stats = ReceiverStats::new(Ssrc(5), 48_000);
    let mut expected = 0i64;
    for i in 0..200u64 {
        stats.received(i as u16, (i * 960) as u32, ms(20 * i + 5 * (i % 2)));
        if i > 0 {
            expected += 240 - ((expected + 8) >> 4);
        }
    }
    assert_eq!(i64::from(stats.jitter()), expected >> 4);
    assert!((230..=240).contains(&stats.jitter()));
    assert_eq!(stats.jitter_time().as_micros() / 500, 9);
    // A new time base is not jitter, and a telephone event has no time of its own.
    let before = stats.jitter();
    stats.received(200, 3_000_000_000, ms(4_000));
    stats.received_untimed(201);
    assert_eq!(stats.jitter(), before);
}

#[test]
fn the_round_trip_comes_from_the_last_sender_report() {
    let sent = NtpTime::from_duration(Duration::from_millis(1_000_500));
    let mut peer = steady(1);
    peer.sender_report(sent, ms(2_000));
    let block = peer.report(ms(5_250)).unwrap();
    assert_eq!(block.last_sender_report, sent.middle());
    assert_eq!(block.delay_since_last, 3 * 65_536 + 65_536 / 4);
    let now = NtpTime::from_duration(Duration::from_millis(1_000_500 + 3_250 + 125));
    assert_eq!(round_trip(&block, now), Some(ms(125)));
    let early = NtpTime::from_duration(Duration::from_millis(1_000_500 + 3_000));
    assert_eq!(round_trip(&block, early), None);
    let none = ReportBlock {
        last_sender_report: 0,
        ..block
    };
    assert_eq!(round_trip(&none, now), None);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_every_read_comes_to_an_end(
        bytes in prop::collection::vec(any::<u8>(), 0..160),
        kind in 198u8..208, words in 0u8..40,
    ) {
        let mut framed = vec![0x80 | bytes.first().unwrap_or(&0) & 0x3f, kind, 0, words];
        framed.extend(&bytes);
        for input in [&bytes, &framed] {
            for packet in parse(input).flatten() {
                match packet {
                    Packet::SenderReport { blocks, .. } | Packet::ReceiverReport { blocks, .. } => {
                        prop_assert!(blocks.count() <= 31);
                    }
                    Packet::Sdes(sdes) => prop_assert!(sdes.items().count() <= input.len()),
                    Packet::Bye(bye) => {
                        prop_assert!(bye.sources().count() <= 31);
                        let _ = bye.reason();
                    }
                    Packet::Other { .. } => {}
                }
            }
        }
    }

    #[test]
    fn statistics_never_panic(packets in prop::collection::vec((any::<u16>(), any::<u32>(), any::<u32>()), 0..100)) {
        let mut stats = ReceiverStats::new(Ssrc(5), 48_000);
        for (sequence, timestamp, at) in packets {
            stats.received(sequence, timestamp, Duration::from_micros(at.into()));
            let block = stats.report(Duration::from_micros(at.into())).unwrap();
            prop_assert!(block.cumulative_lost.abs() <= 0x80_0000);
            prop_assert!(stats.jitter_time() >= Duration::from_secs(stats.jitter().into()) / 48_000);
        }
    }
}
