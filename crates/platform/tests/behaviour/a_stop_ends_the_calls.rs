//! A stop on purpose, and the sandbox's reset.

use std::time::{Duration, Instant};

use ahoy_calling::Refusal;
use ahoy_calling::place::PhoneRefusal;
use ahoy_platform::{Dial, PhoneEvent, Seed, UserLegKind};
use ahoy_store::DeliveryState;

use crate::support::*;

#[tokio::test]
async fn live_calls_end_with_their_webhooks_and_no_new_ones_begin() {
    let world = World::new().await;
    world.by_hand(&[ANA, BEN]).await;
    world.permit(BEN).await;
    let connected = world.user_calls(ANA).await;
    world.accept(&connected).await;
    let ringing = world.business_calls(BEN).await;
    world.until(&ringing, "RINGING").await;
    let start = Instant::now();
    world.platform.drain(secs(5)).await;
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "nothing is left to wait for"
    );
    for (id, code) in [(&connected, 138_020), (&ringing, 138_019)] {
        let call = world.until(id, "terminate").await.about();
        assert_eq!(call["errors"][0]["code"], code);
    }
    assert!(
        world
            .outbox()
            .iter()
            .all(|(_, state)| *state == DeliveryState::Delivered)
    );
    assert_eq!(world.platform.live_calls(), 0);
    let report = world
        .platform
        .call_of_user(ANA, &connected)
        .await
        .unwrap()
        .unwrap()
        .media;
    assert!(report.is_some(), "the media reports were written");
    let late = world
        .platform
        .connect(&world.caller, PHONE, world.request(BEN))
        .await;
    assert!(matches!(late, Err(Refusal::Internal(_))));
}

#[tokio::test]
async fn calls_placed_while_it_stops_are_refused() {
    let world = World::new().await;
    world.edge.answer(|_| Answer::Hang);
    let id = world.user_calls(ANA).await;
    let (draining, late) = tokio::join!(world.platform.drain(secs(2)), async {
        world.until(&id, "connect").await;
        while !world.platform.draining() {
            tokio::task::yield_now().await;
        }
        world
            .platform
            .user_calls(BEN, PHONE, UserLegKind::Simulated, Dial::default())
            .await
    });
    let () = draining;
    assert_eq!(late.map(|_| ()), Err(PhoneRefusal::Unavailable));
}

#[tokio::test]
async fn what_a_hanging_receiver_did_not_take_stays_in_the_outbox() {
    let home = folder();
    let world = World::on(Box::new(home.open()), Setup::default()).await;
    world.edge.answer(|_| Answer::Hang);
    let id = world.user_calls(ANA).await;
    world.until(&id, "connect").await;
    let start = Instant::now();
    world.platform.drain(secs(1)).await;
    assert!(start.elapsed() >= Duration::from_secs(1) && start.elapsed() < Duration::from_secs(4));
    world.edge.stop();
    drop(world);
    let world = World::on(Box::new(home.reopen().await), Setup::default()).await;
    world.until(&id, "terminate").await;
    assert_eq!(world.events(&id), ["connect", "terminate"]);
}

#[tokio::test]
async fn a_reset_forgets_calls_and_webhooks_but_not_the_time() {
    let world = World::new().await;
    world.by_hand(&[ANA]).await;
    let mut phone = world.platform.attach_phone(BEN);
    world.permit(BEN).await;
    world.edge.answer(|_| Answer::Hang);
    let connected = world.user_calls(ANA).await;
    world.accept(&connected).await;
    let ringing = world.business_calls(BEN).await;
    world.until(&connected, "connect").await;
    assert!(matches!(
        phone.events.recv().await,
        Some(PhoneEvent::Ring { .. })
    ));
    let before = world.platform.clock().now();
    world.platform.advance(secs(5)).await.unwrap();
    world.platform.reset(&Seed::default()).await.unwrap();
    assert_eq!(world.platform.live_calls(), 0);
    assert!(world.platform.clock().now().since(before) >= secs(5));
    assert!(
        matches!(phone.events.recv().await, Some(PhoneEvent::Ended { call_id, .. }) if call_id == ringing)
    );
    assert_eq!(world.outbox(), []);
    assert!(world.platform.calls_of_user(ANA, 10).unwrap().is_empty());
    assert_eq!(
        world
            .platform
            .media()
            .stats()
            .await
            .iter()
            .map(|w| w.calls)
            .sum::<usize>(),
        0
    );
    let gone = world
        .platform
        .accept(&world.caller, PHONE, connected, answer(), None)
        .await;
    assert!(matches!(gone, Err(Refusal::Invalid(_))));

    // The answers that come now are to nothing; new calls are as good as ever, and nothing is waited for in vain.
    world.edge.answer(|_| Answer::Status(200));
    world.edge.let_go();
    let start = Instant::now();
    world.advance(secs(3_600)).await;
    assert!(start.elapsed() < Duration::from_secs(3));
    assert_eq!(world.outbox(), []);
    world.by_hand(&[ANA]).await;
    let id = world.user_calls(ANA).await;
    world.advance(secs(60)).await;
    let sent: Vec<_> = world.platform.deliveries(&Default::default()).unwrap();
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|(d, _)| d.lane.as_ref() == Some(&id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_and_resets_at_the_same_instant_leave_nothing_behind() {
    let world = World::new().await;
    for round in 0..10 {
        let callers = (0..20).map(|n| {
            let platform = world.platform.clone();
            tokio::spawn(async move {
                let user = somebody(round * 20 + n);
                platform
                    .user_calls(user, PHONE, UserLegKind::Simulated, Dial::default())
                    .await
            })
        });
        let callers: Vec<_> = callers.collect();
        world.platform.reset(&Seed::default()).await.unwrap();
        for caller in callers {
            caller.await.unwrap().ok();
        }
        // What lives in memory is what lives in the store.
        let mut live = 0;
        for n in 0..20 {
            live += world
                .platform
                .calls_of_user(somebody(round * 20 + n), 5)
                .unwrap()
                .len();
        }
        assert_eq!(world.platform.live_calls(), live, "round {round}");
        world.platform.reset(&Seed::default()).await.unwrap();
        assert_eq!(world.platform.live_calls(), 0);
    }
}
