//! Replays (`contract.md` §3): one attempt more, the same bytes, logged, and nothing of the schedule disturbed.

use ahoy_platform::ReplayRefusal;
use ahoy_platform::inspector::{Event, From, Phase, TimelineFilter};
use ahoy_store::{DeliveryFilter, DeliveryState};
use ahoy_types::{CallId, DeliveryId};

use crate::support::*;

async fn brief_call(world: &World) -> CallId {
    let id = world.user_calls(ANA).await;
    world.platform.user_hangs_up(ANA, &id).await.unwrap();
    id
}

/// The delivery of the call's connect.
fn connect_of(world: &World, call: &CallId) -> DeliveryId {
    let filter = DeliveryFilter {
        call: Some(call.clone()),
        ..DeliveryFilter::default()
    };
    world.platform.deliveries(&filter).unwrap()[0].0.id
}

fn state(world: &World, id: DeliveryId) -> (DeliveryState, Vec<(u32, bool, Option<u16>)>) {
    let (row, attempts) = world.platform.delivery(id).unwrap().unwrap();
    let attempts = attempts.iter().map(|a| (a.number, a.replay, a.status));
    (row.state, attempts.collect())
}

#[tokio::test]
async fn a_delivered_one_is_sent_with_the_same_bytes_and_a_failure_owes_nothing() {
    let world = World::new().await;
    let call = brief_call(&world).await;
    world.advance(secs(0)).await;
    let id = connect_of(&world, &call);
    assert_eq!(world.platform.replay(id).await, Ok(2));
    let sent = world.edge.sent();
    let both: Vec<&Sent> = sent.iter().filter(|s| s.id == id).collect();
    assert_eq!(both.len(), 2);
    assert_eq!(both[0].bytes, both[1].bytes);
    world.edge.answer(|_| Answer::Status(500));
    assert_eq!(world.platform.replay(id).await, Ok(3));
    assert_eq!(
        state(&world, id),
        (
            DeliveryState::Delivered,
            vec![
                (1, false, Some(200)),
                (2, true, Some(200)),
                (3, true, Some(500))
            ]
        )
    );
    world.advance(secs(8 * 86_400)).await;
    assert_eq!(
        world.edge.sent().iter().filter(|s| s.id == id).count(),
        3,
        "a replay that failed is not retried"
    );
}

#[tokio::test]
async fn an_abandoned_one_is_delivered_late() {
    let world = World::new().await;
    world.edge.answer(|_| Answer::None);
    let call = brief_call(&world).await;
    world.advance(secs(8 * 86_400)).await;
    let id = connect_of(&world, &call);
    let (before, attempts) = state(&world, id);
    assert_eq!(before, DeliveryState::Abandoned);
    world.platform.replay(id).await.unwrap();
    assert_eq!(state(&world, id).0, DeliveryState::Abandoned, "no answer");
    world.edge.answer(|_| Answer::Status(200));
    let number = world.platform.replay(id).await.unwrap();
    assert_eq!(number as usize, attempts.len() + 2);
    assert_eq!(state(&world, id).0, DeliveryState::Delivered);
}

#[tokio::test]
async fn one_that_is_retried_is_delivered_at_once_and_lets_the_next_go() {
    let world = World::new().await;
    world.edge.answer(|_| Answer::Status(503));
    let call = brief_call(&world).await;
    world.until(&call, "connect").await;
    world.advance(secs(0)).await;
    assert_eq!(world.events(&call), ["connect"], "the 503 holds the call");
    world.edge.answer(|_| Answer::Status(200));
    let id = connect_of(&world, &call);
    world.platform.replay(id).await.unwrap();
    world.until(&call, "terminate").await;
    let before = state(&world, id);
    assert_eq!(before.0, DeliveryState::Delivered);
    world.advance(secs(600)).await;
    assert_eq!(state(&world, id), before, "the retry that was due is off");
}

#[tokio::test]
async fn one_that_is_on_its_way_or_unknown_is_refused() {
    let world = World::new().await;
    world.edge.answer(|_| Answer::Hang);
    let call = brief_call(&world).await;
    world.until(&call, "connect").await;
    let rows = world.outbox();
    let states: Vec<DeliveryState> = rows.iter().map(|(_, state)| *state).collect();
    assert_eq!(states, [DeliveryState::Sending, DeliveryState::Waiting]);
    for (id, state) in rows {
        let refused = world.platform.replay(id).await;
        assert_eq!(refused, Err(ReplayRefusal::OnItsWay(id, state)));
    }
    let unknown = DeliveryId(999);
    let refused = world.platform.replay(unknown).await;
    assert_eq!(refused, Err(ReplayRefusal::NoSuchDelivery(unknown)));
    world.edge.let_go();
}

#[tokio::test]
async fn the_inspector_tells_beginning_and_end_of_every_attempt() {
    let world = World::new().await;
    let log = world.platform.inspector();
    let call = brief_call(&world).await;
    world.advance(secs(0)).await;
    let id = connect_of(&world, &call);
    world.platform.replay(id).await.unwrap();
    let filter = TimelineFilter {
        call: Some(call),
        ..TimelineFilter::default()
    };
    let batch = log.read(log.place(From::Oldest), &filter, 1_000, 1_000);
    let mut seen = Vec::new();
    for entry in &batch.entries {
        let Event::Webhook(attempt) = &entry.event else {
            continue;
        };
        assert_eq!(entry.concerns.number, Some(PHONE));
        if attempt.delivery_id == id {
            let began = entry.completes.is_some();
            assert_eq!(began, attempt.phase == Phase::Ended);
            assert!(
                attempt
                    .request
                    .body
                    .text
                    .as_ref()
                    .unwrap()
                    .contains("connect")
            );
            seen.push((attempt.phase, attempt.replay, attempt.attempt));
        }
    }
    assert_eq!(
        seen,
        [
            (Phase::Started, false, None),
            (Phase::Ended, false, Some(1)),
            (Phase::Started, true, None),
            (Phase::Ended, true, Some(2)),
        ]
    );
}
