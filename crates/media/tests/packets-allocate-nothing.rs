//! In steady state no packet costs an allocation on its way through the relay, and no connectivity check does.
//! Alone in its process, as the allocator is counted for all of it.
#![allow(clippy::unwrap_used, missing_docs)]
#![allow(unsafe_code)] // A counting allocator is an allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

#[path = "relay/raw.rs"]
#[allow(dead_code)]
mod raw;
#[path = "relay/support.rs"]
#[allow(dead_code)]
mod support;
#[path = "relay/webrtc.rs"]
#[allow(dead_code)]
mod webrtc;

use ahoy_media::{BridgeId, Conditions, LegNetwork, Networks, Side, UserLeg};
use raw::{Raw, fields};
use support::Relay;

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const PACKETS: u16 = 2_000;

/// One test at a time is counted.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn between_two_peers() {
    without_allocation(Networks::default());
}

#[test]
fn through_a_network_that_takes_its_time() {
    let slow = Conditions {
        delay: Duration::from_millis(2),
        jitter: Duration::from_millis(2),
        ..Conditions::default()
    };
    without_allocation(Networks {
        business: Some(LegNetwork::both_ways(slow, 1)),
        user: Some(LegNetwork::both_ways(slow, 2)),
    });
}

fn without_allocation(networks: Networks) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let relay = Relay::start();
    let plan = relay.arm_behind(1, UserLeg::WebRtc, networks);
    let [mut business, mut phone] = [Side::Business, Side::User].map(|side| {
        let mut peer = Raw::new(plan.leg(side));
        relay.engine.set_remote(BridgeId(1), side, peer.remote());
        peer.nominate();
        peer.shake_hands();
        relay.wait_up(1, side);
        peer
    });
    relay.engine.open_gate(BridgeId(1));
    let packets: Vec<Vec<u8>> = (0..PACKETS)
        .map(|i| business.protect(fields(5, i, 960 * u32::from(i)), &[4; 60]))
        .collect();
    let check = business.check(ahoy_packet::stun::Role::Controlling(1), true);
    // The first packets wake what is made once.
    let (early, steady) = packets.split_at(100);
    early.iter().for_each(|packet| business.send(packet));
    for _ in early {
        phone.hear().unwrap();
    }
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let mut buffer = [0; 2_000];
    // Several at a time: it is over before the first report of RTCP.
    for some in steady.chunks(25) {
        for packet in some {
            business.socket.send_to(packet, business.server).unwrap();
        }
        for _ in some {
            phone.socket.recv(&mut buffer).unwrap();
        }
    }
    for _ in 0..50 {
        business.socket.send_to(&check, business.server).unwrap();
        while business.socket.recv(&mut buffer).unwrap() < 20 || buffer[0] > 3 {}
    }
    let spent = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert_eq!(spent, 0, "for {} packets and 50 checks", steady.len());
    let report = relay.close(1);
    assert_eq!(report.leg(Side::User).sent, u64::from(PACKETS));
}
