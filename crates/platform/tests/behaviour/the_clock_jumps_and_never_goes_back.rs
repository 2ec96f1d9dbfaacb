//! Rule time (`contract.md` §3 `clock`).

use std::time::Duration;

use ahoy_platform::{Platform, Seed};

use crate::support::*;

#[tokio::test]
async fn a_jump_does_everything_on_its_way_at_its_own_instant() {
    let world = World::new().await;
    world.behaves(ANA, |b| b.answer_after_ms = 2_000).await;
    world.by_hand(&[BEN]).await;
    world.permit(ANA).await;
    world.permit(BEN).await;
    let start = world.platform.clock().now();
    let answered = world.business_calls(ANA).await;
    let missed = world.business_calls(BEN).await;
    let now = world.advance(secs(300)).await;
    assert!(now.since(start) >= secs(300) && now.since(start) < secs(310));
    let terminate = world.until(&missed, "terminate").await;
    assert!((60..=62).contains(&terminate.at.since(start).as_secs()));
    let view = world
        .platform
        .call_of_user(ANA, &answered)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        view.state, "connected",
        "picked up after two seconds, waiting for media"
    );
    assert!((2..=3).contains(&(view.start_time.unwrap() - start.secs())));
}

#[tokio::test]
async fn a_jump_that_nobody_waits_for_is_made_all_the_same() {
    let world = World::new().await;
    let id = world.user_calls(ANA).await;
    let start = world.platform.clock().now();
    // Given up before it has begun to move.
    let gone = tokio::time::timeout(Duration::ZERO, world.platform.advance(secs(90))).await;
    assert!(gone.is_err());
    world.until(&id, "terminate").await;
    // It waits for its turn behind the forgotten one.
    let now = world.advance(secs(0)).await;
    assert!(now.since(start) >= secs(90));
    // Time runs on: a call rings out without another jump of a minute.
    let id = world.user_calls(ANA).await;
    world.advance(Duration::from_millis(59_900)).await;
    world.until(&id, "terminate").await;
}

#[tokio::test]
async fn jumps_at_the_same_instant_add_up() {
    let world = World::new().await;
    let start = world.platform.clock().now();
    let jumps = (0..10).map(|_| world.platform.advance(secs(10)));
    let ends = futures_util::future::join_all(jumps).await;
    assert!(ends.iter().all(Result::is_ok));
    let passed = world.platform.clock().now().since(start);
    assert!((secs(100)..secs(110)).contains(&passed), "{passed:?}");
}

#[tokio::test]
async fn a_restart_goes_on_where_time_was() {
    let home = folder();
    let mut before = None;
    for jump in [86_400, 3_600, 0] {
        let world = World::on(Box::new(home.reopen().await), Setup::default()).await;
        let now = world.platform.clock().now();
        assert!(
            before.is_none_or(|before| now >= before),
            "{now} after {before:?}"
        );
        before = Some(world.advance(secs(jump)).await);
        world.stop().await;
    }
    let world = World::on(Box::new(home.reopen().await), Setup::default()).await;
    // What the jumps took of real time passed within them.
    let ahead = world.platform.clock().offset_ms();
    assert!((89_990_000..=90_000_000).contains(&ahead), "{ahead}");
    // A week later by the clock the seeded token is still good.
    world.advance(secs(604_800)).await;
    world.platform.authenticate("ahoy-dev-token").unwrap();
}

#[tokio::test]
async fn a_time_out_that_fell_due_while_nothing_ran_happens_at_the_start() {
    let home = folder();
    let world = World::on(
        Box::new(home.open()),
        Setup {
            answer: |_| Answer::None,
            ..Setup::default()
        },
    )
    .await;
    let id = world.user_calls(ANA).await;
    world.until(&id, "connect").await;
    world.stop().await;
    let world = World::on(Box::new(home.reopen().await), Setup::default()).await;
    world.advance(secs(30)).await;
    assert_eq!(
        world.events(&id),
        ["connect", "terminate"],
        "both reach the receiver that is back"
    );
}

#[tokio::test]
async fn a_frozen_clock_stands_and_only_jumps_make_things_happen() {
    let home = folder();
    let world = World::on(Box::new(home.reopen().await), Setup::default()).await;
    world.behaves(ANA, |b| b.answer_after_ms = 1).await;
    world.permit(ANA).await;
    world.platform.freeze(true).await.unwrap();
    let start = world.platform.clock().now();
    let call = world.business_calls(ANA).await;
    world.until(&call, "RINGING").await;
    // A millisecond of rule time never comes by itself: a jump of nothing finds the phone still ringing.
    world.advance(secs(0)).await;
    let view = async || {
        let found = world.platform.call_of_user(ANA, &call).await.unwrap();
        found.unwrap().state
    };
    assert_eq!(view().await, "ringing");
    assert_eq!(world.platform.clock().now(), start);
    let now = world.advance(Duration::from_millis(1)).await;
    assert_eq!(now.since(start), Duration::from_millis(1));
    assert_eq!(view().await, "connected", "picked up, waiting for media");
    // It stands through a restart, and runs on from there when it is let.
    world.stop().await;
    let world = World::on(Box::new(home.reopen().await), Setup::default()).await;
    assert!(world.platform.clock().frozen());
    assert_eq!(world.platform.clock().now(), now);
    world.platform.freeze(false).await.unwrap();
    assert!(!world.platform.clock().frozen());
    assert!(world.platform.clock().now().since(now) < secs(60));
    world.stop().await;
}

#[tokio::test]
async fn a_store_that_was_never_planted_can_begin_at_any_instant() {
    use ahoy_types::RuleTime;
    let home = folder();
    let begin = RuleTime::from_secs(1_000_000_000);
    let world = World::on(Box::new(home.reopen().await), Setup::default()).await;
    assert!(
        !world.platform.begin_at(begin).await.unwrap(),
        "it was planted"
    );
    assert!(world.platform.clock().now() > begin + secs(86_400));
    world.stop().await;
    let home = folder();
    let start = async || {
        let store = Box::new(home.reopen().await);
        Platform::start(store, World::config(Setup::default()))
            .await
            .unwrap()
    };
    let (platform, jobs) = start().await;
    assert!(platform.begin_at(begin).await.unwrap());
    platform.plant(&Seed::default()).await.unwrap();
    let near = |now: RuleTime| now >= begin && now.since(begin) < secs(60);
    assert!(near(platform.clock().now()));
    platform.drain(secs(1)).await;
    drop((platform, jobs));
    let (platform, _jobs) = start().await;
    assert!(
        near(platform.clock().now()),
        "years behind the system's clock still"
    );
    platform.drain(secs(1)).await;
}
