//! A simulated user's keys: refused where the business's description names no telephone events, and when the call is over.

use ahoy_calling::call::WrongState;
use ahoy_calling::place::PhoneRefusal;
use ahoy_media::Digit;
use ahoy_types::CallId;

use crate::support::*;

async fn world() -> World {
    let world = World::new().await;
    world.by_hand(&[ANA]).await;
    world.permit(ANA).await;
    world
}

fn press(world: &World, id: &CallId) -> Result<(), PhoneRefusal> {
    let keys = vec![Digit::from_code(5).unwrap()];
    world.platform.user_digits(ANA, id, keys)
}

async fn accepted(world: &World, answer: String) -> CallId {
    let id = world.user_calls(ANA).await;
    let accept = world
        .platform
        .accept(&world.caller, PHONE, id.clone(), answer, None);
    accept.await.unwrap();
    let mut pressed = press(world, &id);
    // What the accept began is carried out behind its answer.
    while matches!(pressed, Err(PhoneRefusal::Invalid(_))) {
        tokio::task::yield_now().await;
        pressed = press(world, &id);
    }
    id
}

/// aiortc lists none; a description that does.
fn answer_with_keys() -> String {
    let plain = answer();
    let line = plain.lines().find(|l| l.starts_with("m=audio")).unwrap();
    plain.replace(
        line,
        &format!("{line} 126\r\na=rtpmap:126 telephone-event/8000"),
    )
}

#[tokio::test]
async fn and_not_without_telephone_event_in_the_answer() {
    let world = world().await;
    assert!(!answer().contains("telephone-event"));
    let id = accepted(&world, answer()).await;
    let refused = press(&world, &id).unwrap_err();
    assert_eq!(refused, PhoneRefusal::NoKeys);
    assert!(refused.to_string().contains("telephone-event/8000"));
    world.terminate(&id).await;
}

#[tokio::test]
async fn and_not_after_the_end() {
    let world = world().await;
    let id = accepted(&world, answer_with_keys()).await;
    assert_eq!(press(&world, &id), Ok(()));
    world.platform.user_hangs_up(ANA, &id).await.unwrap();
    let refused = press(&world, &id).unwrap_err();
    assert!(
        matches!(
            refused,
            PhoneRefusal::WrongState(WrongState::Ended { act: "dtmf", .. })
        ),
        "{refused}"
    );
    world.until(&id, "terminate").await;
    assert!(matches!(
        press(&world, &id),
        Err(PhoneRefusal::WrongState(WrongState::Ended { .. }))
    ));
    let nobody: CallId = "wacid.none".parse().unwrap();
    assert!(matches!(
        press(&world, &nobody),
        Err(PhoneRefusal::NoSuchCall(_))
    ));
}
