//! Export and import: everything, to the last byte, and what was due still comes.

use ahoy_calling::simulated::OnRing;
use ahoy_calling::{EndCause, Permission};
use ahoy_platform::{Grant, Seed, State};
use ahoy_store::{DeliveryState, ReplaceError};

use crate::support::{ANA, BEN, PHONE, World, secs, somebody};

/// A world that stands still, with a bit of everything in it.
async fn lived_in() -> World {
    let world = World::new().await;
    world.platform.freeze(true).await.unwrap();
    world.by_hand(&[ANA, somebody(1)]).await;
    world.behaves(BEN, |b| b.on_ring = OnRing::Reject).await;
    world.permit(BEN).await;
    world
        .platform
        .set_permission(PHONE, ANA, Grant::Temporary)
        .await
        .unwrap();
    let call = world.user_calls(ANA).await;
    world.accept(&call).await;
    world.advance(secs(5)).await;
    world.platform.user_hangs_up(ANA, &call).await.unwrap();
    world.until(&call, "terminate").await;
    let words = "Where is my order?".to_owned();
    world
        .platform
        .user_writes(BEN, PHONE, words, None)
        .await
        .unwrap();
    // Quiet: everything that this caused has been delivered.
    world.advance(secs(1)).await;
    world
}

fn text(state: &State) -> String {
    format!(
        "{} {} {}",
        state.now,
        state.frozen,
        serde_json::to_string(&state.rows).unwrap()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_out_comes_back_to_the_last_byte() {
    let world = lived_in().await;
    let before = world.platform.export().unwrap();
    world.platform.reset(&Seed::default()).await.unwrap();
    world.advance(secs(3600)).await;
    assert_ne!(text(&world.platform.export().unwrap()), text(&before));
    let recovered = world.platform.import(before.clone()).await.unwrap();
    assert_eq!((recovered.calls, recovered.deliveries), (0, 0));
    assert_eq!(text(&world.platform.export().unwrap()), text(&before));
    assert_eq!(world.platform.clock().now(), before.now);
    assert_eq!(world.platform.calls_of_user(ANA, 9).unwrap().len(), 1);
    // Into another process, too.
    let other = World::new().await;
    other.platform.import(before.clone()).await.unwrap();
    assert_eq!(text(&other.platform.export().unwrap()), text(&before));
    let pair = other.platform.pair(PHONE, ANA).unwrap();
    let week = before.now + secs(7 * 86_400);
    assert!(matches!(
        pair.permission(before.now),
        Permission::Temporary { .. }
    ));
    assert_eq!(pair.permission(week), Permission::None);
    other.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_due_still_comes() {
    let world = World::new().await;
    world.platform.freeze(true).await.unwrap();
    world.edge.answer(|_| crate::support::Answer::Status(500));
    let words = "Hello".to_owned();
    world
        .platform
        .user_writes(BEN, PHONE, words, None)
        .await
        .unwrap();
    world.advance(secs(0)).await;
    let retrying = world.outbox();
    assert!(
        retrying
            .iter()
            .any(|(_, state)| *state == DeliveryState::Retrying)
    );
    let before = world.platform.export().unwrap();
    world.platform.reset(&Seed::default()).await.unwrap();
    assert_eq!(world.outbox(), []);
    world.platform.import(before).await.unwrap();
    assert_eq!(world.outbox(), retrying);
    world.edge.answer(|_| crate::support::Answer::Status(200));
    world.advance(secs(86_400)).await;
    assert!(
        world
            .outbox()
            .iter()
            .all(|(_, state)| *state == DeliveryState::Delivered)
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_live_in_a_state_have_ended_and_those_of_before_go_without_a_word() {
    let world = World::new().await;
    world.by_hand(&[ANA, BEN]).await;
    let exported = world.user_calls(ANA).await;
    let state = world.platform.export().unwrap();
    world.platform.reset(&Seed::default()).await.unwrap();
    world.by_hand(&[BEN]).await;
    let of_before = world.user_calls(BEN).await;
    world.until(&of_before, "connect").await;
    let recovered = world.platform.import(state).await.unwrap();
    assert_eq!(recovered.calls, 1);
    world.until(&exported, "terminate").await;
    let seen = world.platform.calls_of_user(ANA, 9).unwrap();
    assert_eq!(seen[0].end_cause, Some(EndCause::SetupLost.as_str()));
    assert_eq!(world.platform.live_calls(), 0);
    world.advance(secs(120)).await;
    assert!(!world.events(&of_before).contains(&"terminate".to_owned()));
    let ends = world.events(&exported);
    assert_eq!(
        ends.iter().filter(|e| *e == "terminate").count(),
        1,
        "{ends:?}"
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_refused_changes_nothing_and_ends_no_call() {
    let world = World::new().await;
    world.by_hand(&[ANA]).await;
    let call = world.user_calls(ANA).await;
    let mut state = world.platform.export().unwrap();
    state.rows.tables.remove("users");
    let now = world.platform.clock().now();
    let refused = world.platform.import(state).await;
    let said = "tables.users: the table is missing".to_owned();
    assert_eq!(refused, Err(ReplaceError::Invalid(said)));
    assert_eq!(world.platform.live_calls(), 1);
    assert!(world.platform.clock().now() >= now);
    world.accept(&call).await;
    world.stop().await;
}
