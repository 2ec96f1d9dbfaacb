//! The promise of the crate: packets of a running call are handled without the allocator.

#![allow(clippy::unwrap_used)]
// Counting allocations takes a global allocator, and that trait is unsafe; every call goes straight to the system's.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use ahoy_packet::dtmf::{Arrival, Collector, Event, Misplaced, Schedule};
use ahoy_packet::rtcp::{self, NtpTime, ReceiverStats, Report, SenderInfo};
use ahoy_packet::rtp::{self, Fields};
use ahoy_packet::srtp::{Inbound, Keys, MAX_OVERHEAD, Outbound, Profile};
use ahoy_packet::stun::{
    Check, IceKey, RESPONSE_MAX, Role, parse_binding_request, write_binding_request, write_success,
};
use ahoy_types::{PayloadType, Ssrc};

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread asked for memory while `work` ran.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

#[test]
fn the_counter_counts() {
    assert!(allocations(|| drop(std::hint::black_box(Box::new(1)))) > 0);
}

#[test]
fn media_passes_without_allocation() {
    for profile in [
        Profile::Aes128CmSha1_80,
        Profile::Aes256CmSha1_80,
        Profile::Aes128Gcm,
    ] {
        let keys = Keys::from_sdes(profile, &vec![7; profile.key_and_salt_len()]).unwrap();
        let mut outbound = Outbound::new(&keys).unwrap();
        let mut inbound = Inbound::new(&keys).unwrap();
        let mut stats = ReceiverStats::new(Ssrc(1), 48_000);
        let mut collector = Collector::default();
        let count = allocations(|| {
            for sequence in 0..2_000u16 {
                let fields = Fields {
                    payload_type: PayloadType(111),
                    marker: false,
                    sequence,
                    timestamp: u32::from(sequence) * 960,
                    ssrc: Ssrc(1),
                };
                let mut packet = [0x5a; 172 + MAX_OVERHEAD];
                rtp::write_header(&mut packet, &fields).unwrap();
                let len = outbound.protect_rtp(&mut packet, 172).unwrap();
                let len = inbound.unprotect_rtp(&mut packet, len).unwrap();
                let header = rtp::parse(&packet[..len]).unwrap();
                stats.received(sequence, fields.timestamp, Duration::ZERO);
                rtp::rewrite_in_place(&mut packet[..len], &header, &fields).unwrap();
                let mut forged = packet;
                assert!(inbound.unprotect_rtp(&mut forged, 172).is_err());
            }
            let mut misplaced = Misplaced::default();
            let press = Schedule::new("5".parse().unwrap(), Duration::from_secs(1));
            for (packet, sequence) in press.zip(0..) {
                let payload = packet.event.to_bytes();
                assert!(misplaced.is_event(5, &payload));
                collector.push(Arrival {
                    sequence,
                    marker: packet.marker,
                    timestamp: 5,
                    event: Event::parse(&payload).unwrap(),
                    at: packet.offset,
                });
            }
        });
        assert_eq!(count, 0, "{profile:?}");
    }
}

#[test]
fn checks_and_reports_pass_without_allocation() {
    let key = IceKey::new("q0w1e2r3t4y5u6i7o8p9aA==");
    let check = Check {
        transaction: [7; 12],
        remote_ufrag: "Ab3dEf6hIj9lMn2p",
        local_ufrag: "abcd",
        role: Role::Controlling(1),
        use_candidate: true,
        priority: 1,
    };
    let profile = Profile::Aes128CmSha1_80;
    let keys = Keys::from_sdes(profile, &vec![7; profile.key_and_salt_len()]).unwrap();
    let mut outbound = Outbound::new(&keys).unwrap();
    let mut inbound = Inbound::new(&keys).unwrap();
    let mut stats = ReceiverStats::new(Ssrc(1), 48_000);
    let from = "192.0.2.7:40012".parse().unwrap();
    let count = allocations(|| {
        let mut packet = [0; 200];
        let len = write_binding_request(&mut packet, &check, &key).unwrap();
        let request = parse_binding_request(&packet[..len]).unwrap();
        assert!(request.verify(&key));
        write_success(&mut [0; RESPONSE_MAX], &request, from, &key).unwrap();

        stats.received(1, 960, Duration::ZERO);
        let block = stats.report(Duration::from_secs(5)).unwrap();
        let report = Report {
            ssrc: Ssrc(2),
            sender: Some(SenderInfo {
                ntp: NtpTime(1),
                rtp_timestamp: 2,
                packets: 3,
                octets: 4,
            }),
            blocks: &[block],
            cname: "WhatsAppAudioStream1",
            goodbye: true,
        };
        let len = rtcp::write_report(&mut packet, &report).unwrap();
        let len = outbound.protect_rtcp(&mut packet, len).unwrap();
        let len = inbound.unprotect_rtcp(&mut packet, len).unwrap();
        assert_eq!(rtcp::parse(&packet[..len]).flatten().count(), 3);
    });
    assert_eq!(count, 0);
}
