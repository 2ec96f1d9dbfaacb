//! Rule time (`contract.md` §3 `clock`).

use std::time::Duration;

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
