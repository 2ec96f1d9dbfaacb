//! Business, user and time act on one call at the same instant: one of them decides.

use ahoy_calling::{Refusal, WrongState};
use tokio::task::JoinSet;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn one_of_fifty_accepts() {
    let world = World::new().await;
    let id = world.user_calls(ANA).await;
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let (platform, caller, id) = (world.platform.clone(), world.caller.clone(), id.clone());
        tasks.spawn(async move { platform.accept(&caller, PHONE, id, answer(), None).await });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
    let late = Refusal::WrongState(WrongState::AlreadyAccepted { act: "accept" });
    assert!(
        results
            .iter()
            .all(|r| r.as_ref().err().is_none_or(|e| *e == late)),
        "{results:?}"
    );
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Accept,
    Reject,
    Terminate,
    HangUp,
    Answer,
    Decline,
    Minute,
}

async fn act(world: &World, id: &ahoy_types::CallId, act: Act) -> bool {
    let (platform, caller, id) = (&world.platform, &world.caller, id.clone());
    match act {
        Act::Accept => platform
            .accept(caller, PHONE, id, answer(), None)
            .await
            .is_ok(),
        Act::Reject => platform.reject(caller, PHONE, id).await.is_ok(),
        Act::Terminate => platform.terminate(caller, PHONE, id).await.is_ok(),
        Act::HangUp => platform.user_hangs_up(ANA, &id).await.is_ok(),
        Act::Answer => platform.user_answers(ANA, &id).await.is_ok(),
        Act::Decline => platform.user_rejects(ANA, &id).await.is_ok(),
        Act::Minute => platform.advance(secs(60)).await.is_ok(),
    }
}

async fn race(world: &World, id: &ahoy_types::CallId, acts: &[Act]) -> Vec<Act> {
    let tasks = acts
        .iter()
        .map(|a| async move { act(world, id, *a).await.then_some(*a) });
    futures_util::future::join_all(tasks)
        .await
        .into_iter()
        .flatten()
        .collect()
}

fn world_of_many(world: World) -> &'static World {
    // Shared by the tasks of a test that ends with its process.
    Box::leak(Box::new(world))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_call_ends_once_and_is_rejected_only_if_it_was_not_accepted() {
    use Act::{Accept, HangUp, Minute, Reject, Terminate};
    let world = world_of_many(World::new().await);
    let mut accepted = 0;
    for round in 0..60 {
        let id = world.user_calls(ANA).await;
        let mut acts = vec![
            Accept, Reject, HangUp, Accept, Terminate, Reject, HangUp, Accept,
        ];
        if round % 5 == 0 {
            acts.push(Minute);
        }
        let shift = round % acts.len();
        acts.rotate_left(shift);
        let won = race(world, &id, &acts).await;
        let count = |act| won.iter().filter(|a| **a == act).count();
        let enders = count(Reject) + count(Terminate) + count(HangUp);
        // Terminate and hanging up are in the race, and nothing but the minute can be quicker than these.
        assert!(
            enders == 1 || enders == 0 && acts.contains(&Minute),
            "{won:?}"
        );
        assert!(count(Accept) <= 1, "{won:?}");
        assert!(count(Accept) + count(Reject) <= 1, "{won:?}");
        accepted += count(Accept);
        let terminate = world.until(&id, "terminate").await.about();
        assert_eq!(
            terminate.get("duration").is_some(),
            count(Accept) == 1,
            "{won:?}: {terminate}"
        );
        world.advance(secs(1)).await;
        assert_eq!(world.events(&id), ["connect", "terminate"]);
    }
    assert!(accepted > 0, "the race is one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_call_is_answered_at_most_once_and_ends_once() {
    use Act::{Answer, Decline, HangUp, Minute, Terminate};
    let world = world_of_many(World::new().await);
    world.by_hand(&[ANA]).await;
    world.permit(ANA).await;
    for round in 0..60 {
        // Too many unanswered in a row have ended it.
        world.permit(ANA).await;
        let id = world.business_calls(ANA).await;
        let mut acts = vec![Answer, Decline, Terminate, Answer, HangUp, Decline];
        if round % 5 == 0 {
            acts.push(Minute);
        }
        let shift = round % acts.len();
        acts.rotate_left(shift);
        let won = race(world, &id, &acts).await;
        let count = |act| won.iter().filter(|a| **a == act).count();
        let enders = count(Decline) + count(Terminate) + count(HangUp);
        assert!(
            enders == 1 || enders == 0 && acts.contains(&Minute),
            "{won:?}"
        );
        assert!(
            count(Answer) <= 1 && count(Answer) + count(Decline) <= 1,
            "{won:?}"
        );
        let terminate = world.until(&id, "terminate").await.about();
        assert_eq!(
            terminate.get("duration").is_some(),
            count(Answer) == 1,
            "{won:?}"
        );
        world.advance(secs(1)).await;
        let events = world.events(&id);
        let declined = !won.contains(&Answer) && (count(Decline) + count(HangUp) == 1);
        assert_eq!(events.iter().filter(|e| *e == "terminate").count(), 1);
        assert_eq!(
            events.last().map(String::as_str),
            Some("terminate"),
            "{events:?}"
        );
        assert_eq!(
            events.contains(&"REJECTED".to_owned()),
            declined,
            "{won:?}: {events:?}"
        );
        assert!(
            !events.contains(&"ACCEPTED".to_owned()),
            "there is no media"
        );
    }
}
