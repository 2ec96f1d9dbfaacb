//! Disk full, I/O errors, a decision that breaks off: an error for whoever asked, nothing half done, and life goes on.

use std::sync::mpsc::channel;
use std::time::Duration;

use ahoy_calling::Refusal;
use ahoy_calling::place::PhoneRefusal;
use ahoy_platform::{Dial, UserLegKind};
use ahoy_store::DeliveryState;
use futures_util::future::join_all;

use crate::support::*;

async fn world() -> (World, std::sync::Arc<std::sync::Mutex<Faults>>) {
    let (store, faults) = Faulty::new();
    let world = World::on(Box::new(store), Setup::default()).await;
    world.by_hand(&[ANA, BEN]).await;
    world.advance(secs(1)).await;
    (world, faults)
}

#[tokio::test]
async fn a_commit_that_fails_leaves_no_call_and_no_webhook() {
    let (world, faults) = world().await;
    faults.lock().unwrap().commit = true;
    let failed = world
        .platform
        .user_calls(ANA, PHONE, UserLegKind::Simulated, Dial::default())
        .await;
    assert!(
        matches!(failed, Err(PhoneRefusal::Internal(_))),
        "{failed:?}"
    );
    assert_eq!((world.platform.live_calls(), world.outbox()), (0, vec![]));
    let id = world.user_calls(ANA).await;
    // The outcome of the connect webhook is stored before anything goes wrong.
    world.advance(secs(0)).await;
    faults.lock().unwrap().commit = true;
    let failed = world
        .platform
        .accept(&world.caller, PHONE, id.clone(), answer(), None)
        .await;
    assert!(matches!(failed, Err(Refusal::Internal(_))), "{failed:?}");
    let view = world
        .platform
        .call_of_user(ANA, &id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.state, "ringing");
    world.accept(&id).await;
    world.terminate(&id).await;
    world.until(&id, "terminate").await;
    assert_eq!(world.events(&id), ["connect", "terminate"]);
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_batch_fails_what_had_begun_and_the_rest_is_done() {
    let (world, faults) = world().await;
    let (open, gate) = channel();
    {
        let mut faults = faults.lock().unwrap();
        faults.gate = Some(gate);
        faults.savepoint = Some(3);
    }
    // The first one waits at the gate; the others queue up behind it and share a batch.
    let dial = |n| {
        let platform = world.platform.clone();
        async move {
            platform
                .user_calls(somebody(n), PHONE, UserLegKind::Phone, Dial::default())
                .await
        }
    };
    let first = tokio::spawn(dial(0));
    while faults.lock().unwrap().gate.is_some() {
        tokio::task::yield_now().await;
    }
    let others = tokio::spawn(join_all((1..10).map(dial)));
    tokio::task::yield_now().await;
    open.send(()).unwrap();
    assert!(first.await.unwrap().is_ok());
    let others = others.await.unwrap();
    let failed: Vec<bool> = others.iter().map(Result::is_err).collect();
    assert_eq!(
        failed,
        [true, true, true, false, false, false, false, false, false]
    );
    assert_eq!(world.platform.live_calls(), 7);
    assert_eq!(
        world
            .platform
            .deliveries(&Default::default())
            .unwrap()
            .len(),
        7
    );
}

#[tokio::test]
async fn an_outcome_that_cannot_be_stored_is_stored_later() {
    let (world, faults) = world().await;
    world.edge.answer(|_| Answer::Hang);
    let id = world.user_calls(ANA).await;
    world.platform.user_hangs_up(ANA, &id).await.unwrap();
    world.until(&id, "connect").await;
    faults.lock().unwrap().down = true;
    world.edge.answer(|_| Answer::Status(200));
    world.edge.let_go();
    let refused = world
        .platform
        .user_calls(BEN, PHONE, UserLegKind::Simulated, Dial::default())
        .await;
    assert!(matches!(refused, Err(PhoneRefusal::Internal(s)) if s.contains("no space left")));
    faults.lock().unwrap().down = false;
    // The unanswered connect goes on holding its call from where it was, and is retried.
    let connect = world
        .edge
        .until("the retry", |sent| {
            sent.iter().find(|s| s.attempt == 2).cloned()
        })
        .await;
    assert_eq!(connect.event, "connect");
    world.until(&id, "terminate").await;
    world.advance(secs(1)).await;
    assert!(
        world
            .outbox()
            .iter()
            .all(|(_, state)| *state == DeliveryState::Delivered)
    );
}

#[tokio::test]
async fn a_timer_that_fails_is_put_off_and_the_others_run() {
    let (world, faults) = world().await;
    let first = world.user_calls(ANA).await;
    world.advance(Duration::from_millis(5)).await;
    let second = world.user_calls(BEN).await;
    world.advance(secs(50)).await;
    faults.lock().unwrap().commit = true;
    world.advance(secs(15)).await;
    assert_eq!(world.events(&second), ["connect", "terminate"]);
    assert_eq!(world.events(&first), ["connect"]);
    world.advance(secs(60)).await;
    assert_eq!(world.events(&first), ["connect", "terminate"]);
}

#[tokio::test]
async fn a_decision_that_breaks_off_is_undone_alone() {
    let (world, _) = world().await;
    let broken = world.platform.change_user(ANA, |user| {
        user.name = Some("Nobody".into());
        panic!("as a bug would");
    });
    assert!(broken.await.is_err());
    assert_eq!(
        world.platform.user(ANA).unwrap().unwrap().name.as_deref(),
        Some("Ana")
    );
    world.user_calls(ANA).await;
}
