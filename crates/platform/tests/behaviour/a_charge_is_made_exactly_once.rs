//! The charge of a call is committed with its end: neither a crash nor a store that fails makes it vanish or come twice.

use ahoy_calling::calendar::Month;
use ahoy_store::Store as _;
use ahoy_store::sqlite::SqliteStore;
use ahoy_types::{BusinessId, CallId};

use crate::support::*;

const BUSINESS: BusinessId = BusinessId(730_000_000_000_001);
const MARKET: &str = "United Kingdom";

/// Ana picked up a call of the business, and its media is there; the second is that media.
async fn talking(world: &World) -> (CallId, impl Sized + use<>) {
    world.by_hand(&[ANA]).await;
    world.permit(ANA).await;
    let peer = Peer::new().await;
    let request = ahoy_platform::ConnectRequest {
        sdp: peer.offer.clone(),
        ..world.request(ANA)
    };
    let placed = world.platform.connect(&world.caller, PHONE, request).await;
    let id = placed.unwrap();
    let connect = world.until(&id, "connect").await;
    let answer = connect.about()["session"]["sdp"]
        .as_str()
        .unwrap()
        .to_owned();
    let media = peer.connect(&answer).await;
    world.platform.user_answers(ANA, &id).await.unwrap();
    world.until(&id, "ACCEPTED").await;
    (id, media)
}

/// What a store holds of a call: whether it was answered, whether it has ended, whether it is charged.
fn found(store: &SqliteStore, id: &CallId) -> (bool, bool, bool) {
    let mut found = (false, false, false);
    let mut reader = store.reader().unwrap();
    reader
        .read(&mut |rows| {
            if let Some(call) = rows.call(id)? {
                found = (
                    call.answered_at.is_some(),
                    call.end.is_some(),
                    rows.charge(id)?.is_some(),
                );
            }
            Ok(())
        })
        .unwrap();
    found
}

/// The charge, and that the month's volume holds it once.
fn charged(world: &World, id: &CallId) -> u64 {
    let charge = world.platform.charge(id).unwrap();
    let charge = charge.unwrap_or_else(|| panic!("{id} is not charged"));
    let minutes = world
        .platform
        .minutes_charged(BUSINESS, MARKET, charge.month)
        .unwrap();
    assert_eq!(minutes, (charge.pulses * 6).div_ceil(60), "{charge:?}");
    charge.pulses
}

#[tokio::test]
async fn whichever_commit_was_the_last() {
    let home = folder();
    let (store, snapshots) = Watched::snapshots(home.open());
    let world = World::on(Box::new(store), Setup::default()).await;
    let (id, media) = talking(&world).await;
    // Long enough that charging it twice would be another number of minutes.
    world.advance(secs(200)).await;
    world.terminate(&id).await;
    world.until(&id, "terminate").await;
    world.advance(secs(600)).await;
    let whole = charged(&world, &id);
    assert!(whole >= 200 / 6, "{whole}");
    let taken = std::mem::take(&mut *snapshots.lock().unwrap());
    drop((world, media));

    let (mut before, mut during, mut after) = (0, 0, 0);
    for (number, crashed) in taken.into_iter().enumerate() {
        let store = crashed.open();
        let (answered, ended, has_charge) = found(&store, &id);
        assert_eq!(has_charge, ended, "snapshot {number}: end and charge part");
        let world = World::on(Box::new(store), Setup::default()).await;
        world.advance(secs(60)).await;
        match (answered, ended) {
            (false, _) => {
                before += 1;
                assert_eq!(
                    world.platform.charge(&id).unwrap(),
                    None,
                    "snapshot {number}"
                );
                let month = Month::of(world.platform.clock().now());
                let minutes = world.platform.minutes_charged(BUSINESS, MARKET, month);
                assert_eq!(minutes.unwrap(), 0, "snapshot {number}");
            }
            (true, false) => {
                during += 1;
                // Charged up to the last sign of life.
                assert!(charged(&world, &id) <= whole, "snapshot {number}");
            }
            (true, true) => {
                after += 1;
                assert_eq!(charged(&world, &id), whole, "snapshot {number}");
            }
        }
        // A second start finds nothing more to charge.
        let pulses = world
            .platform
            .charge(&id)
            .unwrap()
            .map(|charge| charge.pulses);
        world.stop().await;
        let world = World::on(Box::new(crashed.reopen().await), Setup::default()).await;
        assert_eq!(
            world.platform.charge(&id).unwrap().map(|c| c.pulses),
            pulses,
            "snapshot {number}"
        );
        if answered {
            charged(&world, &id);
        }
        world.stop().await;
    }
    assert!(
        before > 2 && during > 2 && after > 1,
        "{before}, {during}, {after} snapshots"
    );
}

#[tokio::test]
async fn whatever_the_store_does_when_the_call_ends() {
    let (store, faults) = Faulty::new();
    let world = World::on(Box::new(store), Setup::default()).await;
    let (id, _media) = talking(&world).await;
    world.advance(secs(200)).await;
    let now = world.platform.clock().now();
    let minutes = |world: &World| {
        let minutes = world
            .platform
            .minutes_charged(BUSINESS, MARKET, Month::of(now));
        minutes.unwrap()
    };
    for _ in 0..3 {
        faults.lock().unwrap().commit = true;
        let failed = world
            .platform
            .terminate(&world.caller, PHONE, id.clone())
            .await;
        // The heartbeat may have met the fault instead of the end of the call.
        if failed.is_ok() {
            break;
        }
        assert_eq!(world.platform.charge(&id).unwrap(), None);
        assert_eq!(minutes(&world), 0);
        assert_eq!(world.platform.live_calls(), 1, "it goes on");
    }
    if world.platform.live_calls() == 1 {
        world.terminate(&id).await;
    }
    world.until(&id, "terminate").await;
    let pulses = charged(&world, &id);
    let again = world
        .platform
        .terminate(&world.caller, PHONE, id.clone())
        .await;
    assert!(again.is_err(), "it has ended");
    assert_eq!(charged(&world, &id), pulses);
}
