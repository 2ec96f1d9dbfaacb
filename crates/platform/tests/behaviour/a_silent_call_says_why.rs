//! The verdict on a call's media, where signalling holds part of the reason (`docs/verdicts.md`).

use ahoy_platform::ConnectRequest;
use ahoy_types::CallId;
use serde_json::Value;

use crate::support::*;

async fn world() -> World {
    let world = World::new().await;
    world.by_hand(&[ANA]).await;
    world.permit(ANA).await;
    world
}

/// The media report of an ended call.
async fn media(world: &World, id: &CallId) -> Value {
    let view = world.platform.call_of_user(ANA, id).await;
    let view = view.unwrap().unwrap();
    assert_eq!(view.state, "ended");
    view.media.expect("the media's report")
}

#[tokio::test]
async fn the_user_answered_and_the_media_of_the_business_never_came() {
    let world = world().await;
    let id = world.business_calls(ANA).await;
    world.until(&id, "RINGING").await;
    world.platform.user_answers(ANA, &id).await.unwrap();
    world.platform.user_hangs_up(ANA, &id).await.unwrap();
    world.until(&id, "terminate").await;
    let media = media(&world, &id).await;
    let said = media["verdict"].as_str().unwrap();
    assert!(
        said.starts_with(
            "The business sent no connectivity check: its ICE never reached 127.0.0.1:"
        ),
        "{said}"
    );
    assert!(!said.contains("accepted"), "{said}");
    let events: Vec<&str> = media["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["event"].as_str())
        .collect();
    assert!(
        events.contains(&"answered") && events.contains(&"ended"),
        "{events:?}"
    );
}

#[tokio::test]
async fn nobody_took_the_call() {
    let world = world().await;
    let sentence = async |id: CallId| {
        world.until(&id, "terminate").await;
        media(&world, &id).await["verdict"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let id = world.user_calls(ANA).await;
    world.platform.user_hangs_up(ANA, &id).await.unwrap();
    assert_eq!(
        sentence(id).await,
        "The user hung up before the business answered, so no audio was let through."
    );
    let id = world.user_calls(ANA).await;
    let rejected = world
        .platform
        .reject(&world.caller, PHONE, id.clone())
        .await;
    rejected.unwrap();
    assert_eq!(
        sentence(id).await,
        "The business rejected the call, so no audio was let through."
    );
    let id = world.user_calls(ANA).await;
    world.advance(secs(120)).await;
    assert_eq!(
        sentence(id).await,
        "The business did not answer in time, so no audio was let through."
    );
    let id = world.business_calls(ANA).await;
    world.until(&id, "RINGING").await;
    world.terminate(&id).await;
    assert_eq!(
        sentence(id).await,
        "The business hung up before the user answered, so no audio was let through."
    );
    let id = world.business_calls(ANA).await;
    world.until(&id, "RINGING").await;
    world.platform.user_rejects(ANA, &id).await.unwrap();
    assert_eq!(
        sentence(id).await,
        "The user rejected the call, so no audio was let through."
    );
}

#[tokio::test]
async fn what_the_description_says_is_in_the_story() {
    let world = world().await;
    let peer = Peer::new().await;
    let request = ConnectRequest {
        sdp: peer.offer.replace("a=sendrecv", "a=recvonly"),
        ..world.request(ANA)
    };
    let placed = world.platform.connect(&world.caller, PHONE, request).await;
    let id = placed.unwrap();
    let connect = world.until(&id, "connect").await.about();
    world.platform.user_answers(ANA, &id).await.unwrap();
    let answer = connect["session"]["sdp"].as_str().unwrap();
    let _up = peer.connect(answer).await;
    world.until(&id, "ACCEPTED").await;
    world.terminate(&id).await;
    world.until(&id, "terminate").await;
    let media = media(&world, &id).await;
    assert_eq!(
        media["verdict"],
        "The business's SDP says recvonly, and it sent no audio after accept."
    );
    let said = media["timeline"].as_array().unwrap().iter();
    let mut said = said.filter(|entry| entry["event"] == "remote_set");
    assert_eq!(said.next().unwrap()["direction"], "recvonly");
}
