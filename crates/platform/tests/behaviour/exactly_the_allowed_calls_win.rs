//! Limits hold at the same instant: as many calls win as are allowed, no more and no fewer.

use ahoy_calling::Refusal;
use ahoy_calling::limits::LimitTable;
use ahoy_calling::place::PhoneRefusal;
use ahoy_platform::{Dial, Grant, UserLegKind};
use ahoy_types::WaId;
use tokio::task::JoinSet;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_connects_to_one_user() {
    let world = World::new().await;
    world.by_hand(&[ANA]).await;
    world.permit(ANA).await;
    for _ in 0..5 {
        let mut tasks = JoinSet::new();
        for n in 0..64 {
            let (platform, caller, request) = (
                world.platform.clone(),
                world.caller.clone(),
                world.request(ANA),
            );
            tasks.spawn(async move {
                // Both directions race for the pair.
                if n % 4 == 0 {
                    let dial = Dial::default();
                    let dialled = platform
                        .user_calls(ANA, PHONE, UserLegKind::Simulated, dial)
                        .await;
                    match dialled {
                        Ok(dialled) => Some(dialled.id),
                        Err(PhoneRefusal::Busy) => None,
                        Err(e) => panic!("{e}"),
                    }
                } else {
                    match platform.connect(&caller, PHONE, request).await {
                        Ok(id) => Some(id),
                        Err(Refusal::Duplicate) => None,
                        Err(e) => panic!("{e}"),
                    }
                }
            });
        }
        let won: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        assert_eq!(won.len(), 1);
        assert_eq!(world.platform.live_calls(), 1);
        world.terminate(&won[0]).await;
        assert_eq!(world.platform.live_calls(), 0);
    }
}

/// A thousand users, all of whom may be called.
async fn crowd(world: &World) -> Vec<WaId> {
    let users: Vec<WaId> = (0..1_000).map(somebody).collect();
    world.by_hand(&users).await;
    for user in &users {
        world
            .platform
            .set_permission(PHONE, *user, Grant::Permanent)
            .await
            .unwrap();
    }
    users
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_of_a_thousand_calls_to_one_number() {
    let mut limits = LimitTable::default();
    limits.sandbox.concurrent_calls = 100;
    let world = World::with(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    let users = crowd(&world).await;
    let mut tasks = JoinSet::new();
    for (n, user) in users.into_iter().enumerate() {
        let (platform, caller, request) = (
            world.platform.clone(),
            world.caller.clone(),
            world.request(user),
        );
        tasks.spawn(async move {
            let won = if n % 2 == 0 {
                let placed = platform.connect(&caller, PHONE, request).await;
                placed
                    .map_err(|e| assert_eq!(e, Refusal::Concurrency(100)))
                    .ok()
            } else {
                let placed = platform
                    .user_calls(user, PHONE, UserLegKind::Simulated, Dial::default())
                    .await;
                placed
                    .map(|d| d.id)
                    .map_err(|e| assert_eq!(e, PhoneRefusal::OverCapacity))
                    .ok()
            };
            assert!(platform.live_calls() <= 100);
            won
        });
    }
    let won: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(won.len(), 100);
    assert_eq!(world.platform.live_calls(), 100);
    // One that ends makes room for exactly one.
    world.terminate(&won[0]).await;
    world.user_calls(somebody(2_000)).await;
    let refused = world
        .platform
        .user_calls(
            somebody(2_001),
            PHONE,
            UserLegKind::Simulated,
            Dial::default(),
        )
        .await;
    assert_eq!(refused, Err(PhoneRefusal::OverCapacity));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_connects_a_day_of_a_thousand() {
    let mut limits = LimitTable::default();
    limits.sandbox.connects_per_day = 50;
    let world = World::with(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    let users = crowd(&world).await;
    let mut tasks = JoinSet::new();
    for user in users {
        let (platform, caller, request) = (
            world.platform.clone(),
            world.caller.clone(),
            world.request(user),
        );
        tasks.spawn(async move {
            let placed = platform.connect(&caller, PHONE, request).await;
            placed
                .map_err(|e| assert_eq!(e, Refusal::ConnectRate(50)))
                .is_ok()
        });
    }
    let won = tasks
        .join_all()
        .await
        .into_iter()
        .filter(|won| *won)
        .count();
    assert_eq!(won, 50);
}
