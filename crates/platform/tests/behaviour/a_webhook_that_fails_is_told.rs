//! A business that was never told of its call is the first thing its verdict says.

use crate::support::*;

/// The verdict of a call as everybody reads it.
async fn verdict(world: &World, id: &ahoy_types::CallId) -> String {
    let view = world.platform.call_of_user(ANA, id).await.unwrap().unwrap();
    view.media.unwrap()["verdict"].as_str().unwrap().to_owned()
}

async fn brief_call(world: &World) -> ahoy_types::CallId {
    let id = world.user_calls(ANA).await;
    world.platform.user_hangs_up(ANA, &id).await.unwrap();
    world.advance(secs(0)).await;
    id
}

#[tokio::test]
async fn the_verdict_counts_the_refusals_of_the_connect_webhook() {
    let world = World::with(Setup::default()).await;
    world.edge.answer(|sent| match sent.event.as_str() {
        "connect" => Answer::Status(401),
        _ => Answer::Status(200),
    });
    let id = brief_call(&world).await;
    let first = verdict(&world, &id).await;
    assert!(
        first.starts_with("The connect webhook was answered 401 once ("),
        "{first}"
    );
    assert!(first.ends_with("so no audio was let through."), "{first}");
    // Due after 2, 4 and 8 s, each a fifth sooner or later.
    world.advance(secs(20)).await;
    let later = verdict(&world, &id).await;
    assert!(
        later.starts_with("The connect webhook was answered 401 four times ("),
        "{later}"
    );
    world.edge.answer(|_| Answer::Status(200));
    world.advance(secs(60)).await;
    let delivered = verdict(&world, &id).await;
    assert!(
        delivered.contains("401 four times, and was delivered then"),
        "{delivered}"
    );
    assert!(delivered.starts_with("The user hung up"), "{delivered}");
}

#[tokio::test]
async fn a_call_whose_webhooks_are_taken_says_nothing_of_them() {
    let world = World::with(Setup::default()).await;
    let id = brief_call(&world).await;
    let words = verdict(&world, &id).await;
    assert!(!words.contains("webhook"), "{words}");
}
