//! Receivers that hang, receivers that call back, and the others beside them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ahoy_calling::account::Callback;
use ahoy_platform::Verified;
use axum::response::Response;
use tokio::sync::watch;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_may_call_the_api_while_its_own_delivery_is_open() {
    let accepted = Arc::new(Mutex::new(Vec::new()));
    let world = Arc::new(World::new(ok()).await);
    let (ours, done) = (world.clone(), accepted.clone());
    // What pipecat does: pre_accept and accept inside the handler of connect, and only then the 200.
    world.first.does(handler(move |got| {
        let (world, done) = (ours.clone(), done.clone());
        async move {
            if got.event() == "connect" {
                let (platform, caller, call) = (&world.platform, &world.caller, got.call());
                platform
                    .pre_accept(caller, PHONE, call.clone(), answer())
                    .await
                    .unwrap();
                platform
                    .accept(caller, PHONE, call.clone(), answer(), None)
                    .await
                    .unwrap();
                done.lock().unwrap().push(call);
            }
            Response::default()
        }
    }));
    let id = world.user_calls(ANA).await;
    world.advance(0).await;
    assert_eq!(
        accepted.lock().unwrap().as_slice(),
        std::slice::from_ref(&id)
    );
    world.platform.user_hangs_up(ANA, &id).await.unwrap();
    world.advance(0).await;
    let events: Vec<_> = world.first.got().iter().map(Got::event).collect();
    assert_eq!(events, ["connect", "terminate"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_webhooks_than_one_receiver_has_places_for_leave_the_others_alone() {
    // It hangs for longer than the test has patience for: nothing here comes from an attempt that timed out.
    let hangs = handler(|_| std::future::pending::<Response>());
    let world = World::with(hangs, Duration::from_secs(600)).await;
    let calls = 400;
    for n in 0..calls {
        world.user_calls(somebody(n)).await;
    }
    let all = |got: &[Got]| (got.len() == usize::try_from(calls).unwrap()).then_some(());
    world
        .second
        .until("every connect at the second receiver", all)
        .await;
    // The one that hangs has its share of connections and no more.
    assert!(
        world.first.got().len() <= 256,
        "{}",
        world.first.got().len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_receiver_slows_its_own_calls_alone() {
    let gate = Arc::new(watch::Sender::new(false));
    let ours = gate.clone();
    let slow = handler(move |_| {
        let mut opened = ours.subscribe();
        async move {
            let _ = opened.wait_for(|open| *open).await;
            Response::default()
        }
    });
    let world = World::with(slow, Duration::from_secs(600)).await;
    let id = world.brief_call().await;
    let both = |got: &[Got]| (got.iter().filter(|g| g.call() == id).count() == 2).then_some(());
    world
        .second
        .until("both events at the quick one", both)
        .await;
    assert!(world.first.got().len() <= 1);
    gate.send_replace(true);
    world.first.until("both events at the slow one", both).await;
    world.advance(0).await;
    assert!(world.all_delivered(APP) && world.all_delivered(SECOND_APP));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_numbers_dead_override_leaves_the_other_numbers_of_the_app_alone() {
    let hangs = handler(|_| std::future::pending::<Response>());
    // The app's own callback is alive; the override of its first number hangs for longer than the test has patience for.
    let world = World::with(ok(), Duration::from_secs(600)).await;
    let dead = Receiver::new(hangs).await;
    let callback = Callback {
        url: dead.url(),
        verify_token: "v".into(),
    };
    let verified = Some(Verified(callback));
    let set = world
        .platform
        .override_number(&world.caller, PHONE, verified);
    set.await.unwrap();
    for n in 0..400 {
        world.user_calls(somebody(n)).await;
    }
    let calls = |got: &[Got]| (got.len() >= 32).then_some(());
    dead.until("webhooks at the dead one", calls).await;
    let call = world.user_calls_number(ANA, SECOND_PHONE).await;
    let connect = |got: &[Got]| got.iter().any(|g| g.call() == call).then_some(());
    world
        .first
        .until("the other number's connect", connect)
        .await;
    assert!(dead.got().len() <= 256, "{}", dead.got().len());
}
