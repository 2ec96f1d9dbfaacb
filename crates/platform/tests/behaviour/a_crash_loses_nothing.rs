//! Killed after any commit whatever (`contract.md` §4 "after a crash").

use std::collections::HashMap;

use ahoy_store::sqlite::SqliteStore;
use ahoy_store::{DeliveryFilter, DeliveryState, Store};
use ahoy_types::{CallId, DeliveryId, RuleTime, WaId};

use crate::support::*;

/// What a crashed store holds, before anybody starts on it.
fn left_behind(
    store: &SqliteStore,
) -> (HashMap<DeliveryId, Vec<u8>>, Vec<CallId>, Option<RuleTime>) {
    let mut bodies = HashMap::new();
    let mut live = Vec::new();
    let mut latest = None;
    let mut reader = store.reader().unwrap();
    reader
        .read(&mut |rows| {
            for delivery in rows.deliveries(&DeliveryFilter::default())? {
                latest = latest.max(Some(delivery.created_at));
                for attempt in rows.attempts(delivery.id)? {
                    latest = latest.max(Some(attempt.at));
                }
                bodies.insert(delivery.id, delivery.body);
            }
            live = rows.live_calls()?.into_iter().map(|c| c.id).collect();
            Ok(())
        })
        .unwrap();
    (bodies, live, latest)
}

/// What must hold of every call once everything was delivered: one terminate for each app, after everything else.
fn assert_settled(world: &World, users: &[WaId]) {
    let deliveries = world
        .platform
        .deliveries(&DeliveryFilter::default())
        .unwrap();
    for user in users {
        for call in world.platform.calls_of_user(*user, 1_000).unwrap() {
            assert_eq!(call.state, "ended", "{call:?}");
            let of_call = deliveries
                .iter()
                .filter(|(d, _)| d.lane.as_ref() == Some(&call.id));
            let terminates: Vec<bool> = of_call
                .map(|(d, _)| String::from_utf8_lossy(&d.body).contains("\"event\":\"terminate\""))
                .collect();
            assert_eq!(
                terminates.iter().filter(|t| **t).count(),
                1,
                "{call:?}: {terminates:?}"
            );
            assert_eq!(terminates.last(), Some(&true), "{call:?}: {terminates:?}");
        }
    }
    let undelivered = world
        .outbox()
        .into_iter()
        .filter(|(_, state)| *state != DeliveryState::Delivered);
    assert_eq!(undelivered.collect::<Vec<_>>(), []);
}

/// First attempts at a call's events came in the order of their commits.
fn assert_in_order(sent: &[Sent]) {
    let mut last: HashMap<(ahoy_types::AppId, Option<CallId>), DeliveryId> = HashMap::new();
    for one in sent.iter().filter(|s| s.attempt == 1) {
        let before = last.insert((one.app, one.call.clone()), one.id);
        assert!(
            before.is_none_or(|before| before < one.id),
            "{one:?} after {before:?}"
        );
    }
}

#[tokio::test]
async fn after_every_single_commit() {
    let home = folder();
    let (store, snapshots) = Watched::snapshots(home.open());
    let world = World::on(Box::new(store), Setup::default()).await;
    world.by_hand(&[ANA, BEN]).await;
    world.permit(BEN).await;
    // Receivers that fail now and then.
    let mut count = 0;
    world.edge.answer(move |_| {
        count += 1;
        match count % 4 {
            0 => Answer::None,
            2 => Answer::Status(500),
            _ => Answer::Status(200),
        }
    });
    let accepted = world.user_calls(ANA).await;
    let platform = &world.platform;
    platform
        .pre_accept(&world.caller, PHONE, accepted.clone(), answer())
        .await
        .unwrap();
    world.accept(&accepted).await;
    let declined = world.business_calls(BEN).await;
    world.until(&declined, "connect").await;
    platform.user_rejects(BEN, &declined).await.unwrap();
    world.advance(secs(3)).await;
    let ringing = world.business_calls(BEN).await;
    world.advance(secs(30)).await;
    world.terminate(&accepted).await;
    world.user_calls(ANA).await;
    world.advance(secs(100)).await;
    assert_eq!(
        world.events(&ringing).last().map(String::as_str),
        Some("terminate")
    );
    let before = world.edge.sent();
    let taken = std::mem::take(&mut *snapshots.lock().unwrap());
    assert!(taken.len() > 40, "{}", taken.len());
    drop(world);

    let mut ended_by_recovery = 0;
    for (number, crashed) in taken.into_iter().enumerate() {
        let store = crashed.open();
        store.check().unwrap();
        let (bodies, live, latest) = left_behind(&store);
        let world = World::on(Box::new(store), Setup::default()).await;
        let now = world.platform.clock().now();
        assert!(
            latest.is_none_or(|latest| now >= latest),
            "snapshot {number}: time went back"
        );
        assert_eq!(world.platform.live_calls(), 0);
        world.advance(secs(86_400)).await;
        assert_settled(&world, &[ANA, BEN]);
        for id in &live {
            let terminate = world.until(id, "terminate").await;
            assert_eq!(terminate.about()["status"], "FAILED", "snapshot {number}");
            ended_by_recovery += 1;
        }
        let after = world.edge.sent();
        assert_in_order(&after);
        let seen_before = before.iter().filter(|s| bodies.contains_key(&s.id));
        for one in after
            .iter()
            .filter(|s| bodies.contains_key(&s.id))
            .chain(seen_before)
        {
            assert_eq!(bodies[&one.id], one.bytes, "snapshot {number}");
        }
        // Nothing owed at the crash was forgotten: settled means delivered, and these were due.
        let deliveries = world
            .platform
            .deliveries(&DeliveryFilter::default())
            .unwrap();
        assert!(
            bodies
                .keys()
                .all(|id| deliveries.iter().any(|(d, _)| d.id == *id))
        );
        world.stop().await;
    }
    assert!(ended_by_recovery > 40, "{ended_by_recovery}");
}

#[tokio::test]
async fn ringing_calls_fail_without_times_and_connected_ones_end_at_the_last_sign_of_life() {
    let home = folder();
    let (store, snapshots) = Watched::snapshots(home.open());
    let world = World::on(Box::new(store), Setup::default()).await;
    world.by_hand(&[ANA, BEN]).await;
    world.permit(BEN).await;
    let connected = world.user_calls(ANA).await;
    world.accept(&connected).await;
    let accepted_at = world.platform.clock().now();
    let alive_at = world.advance(secs(100)).await;
    let ringing = world.business_calls(BEN).await;
    world.until(&ringing, "RINGING").await;
    world.advance(secs(0)).await;
    let crashed = snapshots.lock().unwrap().pop().unwrap();
    drop(world);

    let world = World::on(Box::new(crashed.open()), Setup::default()).await;
    let terminate = world.until(&ringing, "terminate").await;
    let call = terminate.about();
    assert_eq!(
        (&call["status"], &call["errors"][0]["code"]),
        (&"FAILED".into(), &138_019.into())
    );
    assert_eq!(terminate.value()["errors"], call["errors"]);
    for key in ["start_time", "end_time", "duration"] {
        assert!(call.get(key).is_none(), "{call}");
    }
    let call = world.until(&connected, "terminate").await.about();
    assert_eq!(
        (&call["status"], &call["errors"][0]["code"]),
        (&"FAILED".into(), &138_020.into())
    );
    let seconds = |key: &str| call[key].as_str().unwrap().parse::<i64>().unwrap();
    assert!(
        seconds("start_time").abs_diff(accepted_at.secs()) <= 1,
        "{call}"
    );
    assert!(seconds("end_time").abs_diff(alive_at.secs()) <= 2, "{call}");
    assert!(
        call["duration"]
            .as_u64()
            .is_some_and(|d| (100..=103).contains(&d)),
        "{call}"
    );
    assert!(world.platform.clock().now() >= alive_at);
    // The pairs are free again, and it all happened once.
    world.business_calls(BEN).await;
    world.user_calls(ANA).await;
    world.advance(secs(600)).await;
    for id in [&connected, &ringing] {
        let events = world.events(id);
        assert_eq!(
            events.iter().filter(|e| *e == "terminate").count(),
            1,
            "{events:?}"
        );
    }
}

#[tokio::test]
async fn a_lane_that_was_held_is_held_on_and_let_go_in_time() {
    let home = folder();
    let (store, snapshots) = Watched::snapshots(home.open());
    let world = World::on(
        Box::new(store),
        Setup {
            answer: |_| Answer::None,
            ..Setup::default()
        },
    )
    .await;
    let id = world.user_calls(ANA).await;
    world.platform.user_hangs_up(ANA, &id).await.unwrap();
    world.advance(secs(20)).await;
    let first = world.until(&id, "connect").await;
    let crashed = snapshots.lock().unwrap().pop().unwrap();
    drop(world);

    let setup = Setup {
        answer: |_| Answer::None,
        ..Setup::default()
    };
    let world = World::on(Box::new(crashed.open()), setup).await;
    world.advance(secs(5)).await;
    let waiting = |(_, state): &(DeliveryId, DeliveryState)| *state == DeliveryState::Waiting;
    assert!(world.outbox().iter().any(waiting), "{:?}", world.outbox());
    world.advance(secs(5)).await;
    let terminate = world.until(&id, "terminate").await;
    let after = terminate.at.since(first.at);
    assert!((secs(30)..secs(34)).contains(&after), "{after:?}");
    assert_eq!(terminate.attempt, 1);
}
