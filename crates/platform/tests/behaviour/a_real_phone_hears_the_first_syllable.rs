//! The connect webhook of a user's call waits for the media of a real phone, up to a limit (`docs/architecture.md`).

use std::time::{Duration, Instant};

use ahoy_store::DeliveryState;
use ahoy_types::CallId;

use crate::support::*;

/// Long enough to never be reached where the media comes up.
const NEVER: Duration = Duration::from_secs(3_600);

async fn world(phone_media_wait: Duration) -> World {
    let world = World::with(Setup {
        phone_media_wait,
        ..Setup::default()
    })
    .await;
    world.by_hand(&[ANA, BEN]).await;
    world
}

/// Places a call of Ana's phone and makes sure that its connect is on its way, but has not arrived: a later call's has.
async fn held(world: &World) -> (CallId, String) {
    let (id, offer) = world.phone_calls(ANA).await;
    let later = world.user_calls(BEN).await;
    world.until(&later, "connect").await;
    assert!(world.events(&id).is_empty(), "the phone cannot hear yet");
    let sending = |state: &DeliveryState| *state == DeliveryState::Sending;
    let states: Vec<_> = world.outbox().into_iter().map(|(_, state)| state).collect();
    assert!(
        states.iter().any(sending),
        "due at once after a crash: {states:?}"
    );
    (id, offer)
}

#[tokio::test]
async fn connect_goes_out_when_the_phone_can_hear() {
    let world = world(NEVER).await;
    let (id, offer) = held(&world).await;
    let (answer, media) = answer_as_phone(&offer).await;
    world.platform.user_sdp(ANA, &id, &answer).unwrap();
    world.until(&id, "connect").await;
    world.terminate(&id).await;
    world.until(&id, "terminate").await;
    assert_eq!(world.events(&id), ["connect", "terminate"]);
    drop(media);
}

#[tokio::test]
async fn connect_waits_no_longer_than_the_limit() {
    let limit = Duration::from_millis(700);
    let world = world(limit).await;
    let dialled = Instant::now();
    let (id, _) = world.phone_calls(ANA).await;
    world.until(&id, "connect").await;
    assert!(dialled.elapsed() >= limit, "{:?}", dialled.elapsed());
}

#[tokio::test]
async fn connect_goes_out_with_the_end_of_the_call_and_before_it() {
    let world = world(NEVER).await;
    let (id, _) = held(&world).await;
    world.platform.user_hangs_up(ANA, &id).await.unwrap();
    world.until(&id, "terminate").await;
    assert_eq!(world.events(&id), ["connect", "terminate"]);
}

#[tokio::test]
async fn connect_goes_out_when_the_phone_is_gone() {
    let world = world(NEVER).await;
    let phone = world.platform.attach_phone(ANA);
    let (id, _) = held(&world).await;
    drop(phone);
    world.until(&id, "connect").await;
}

#[tokio::test]
async fn a_call_to_a_phone_waits_for_nothing() {
    let world = world(NEVER).await;
    world.permit(ANA).await;
    let _phone = world.platform.attach_phone(ANA);
    let id = world.business_calls(ANA).await;
    world.until(&id, "connect").await;
}
