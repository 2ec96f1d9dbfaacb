//! User-initiated calls (`webhooks.md` §2.8): what the business is told, in which order, with which fields.

use std::time::Duration;

use ahoy_calling::limits::LimitTable;
use ahoy_calling::{Refusal, WithoutMedia, WrongState};
use ahoy_platform::{Dial, UserLegKind};
use ahoy_types::CallId;
use serde_json::{Value, json};

use crate::support::*;

async fn world() -> World {
    let world = World::new().await;
    world.by_hand(&[ANA, BEN]).await;
    world
}

/// Keys that only a call which was picked up has.
fn times(call: &Value) -> [bool; 3] {
    ["start_time", "end_time", "duration"].map(|key| call.get(key).is_some())
}

#[tokio::test]
async fn it_is_warmed_up_accepted_and_ended_by_the_business() {
    let world = world().await;
    let dial = Dial {
        cta_payload: Some("order-55".into()),
        deeplink_payload: Some("banner".into()),
        button: None,
    };
    let dialled = world
        .platform
        .user_calls(ANA, PHONE, UserLegKind::Simulated, dial)
        .await;
    let id = dialled.unwrap().id;
    let connect = world.until(&id, "connect").await;
    assert_eq!(connect.url.as_deref(), Some(CALLBACK));
    assert_eq!(connect.json()["entry"][0]["id"], WABA.to_string());
    let value = connect.value();
    assert_eq!(
        value["metadata"],
        json!({"display_phone_number": "442079460000", "phone_number_id": PHONE.to_string()})
    );
    assert_eq!(value["contacts"][0]["profile"]["name"], "Ana");
    assert_eq!(value["contacts"][0]["wa_id"], ANA.to_string());
    let user_id = value["contacts"][0]["user_id"].as_str().unwrap().to_owned();
    assert!(user_id.starts_with("GB."), "{user_id}");
    let call = connect.about();
    assert_eq!(call["from"], ANA.to_string());
    assert_eq!(call["to"], "442079460000");
    assert_eq!(call["direction"], "USER_INITIATED");
    assert_eq!(call["session"]["sdp_type"], "offer");
    assert_eq!(call["cta_payload"], "order-55");
    assert_eq!(call["deeplink_payload"], "banner");
    assert_eq!(times(&call), [false; 3]);

    let platform = &world.platform;
    platform
        .pre_accept(&world.caller, PHONE, id.clone(), answer())
        .await
        .unwrap();
    platform
        .pre_accept(&world.caller, PHONE, id.clone(), answer())
        .await
        .unwrap();
    // Warming up does not start the timer.
    world.advance(secs(10)).await;
    let opaque = Some("q-3".to_owned());
    platform
        .accept(&world.caller, PHONE, id.clone(), answer(), opaque)
        .await
        .unwrap();
    world.advance(Duration::from_millis(19_500)).await;
    world.terminate(&id).await;
    let terminate = world.until(&id, "terminate").await;
    let call = terminate.about();
    assert_eq!(call["status"], "COMPLETED");
    let seconds = |key: &str| call[key].as_str().unwrap().parse::<i64>().unwrap();
    let lasted = seconds("end_time") - seconds("start_time");
    assert!((19..=20).contains(&lasted), "{call}");
    assert_eq!(call["duration"], lasted, "the three agree");
    assert_eq!(call["biz_opaque_callback_data"], "q-3");
    assert_eq!(call["cta_payload"], "order-55");
    assert_eq!(call["deeplink_payload"], "banner");
    assert!(call.get("errors").is_none() && terminate.value().get("errors").is_none());
    assert_eq!(terminate.value()["contacts"][0]["user_id"], user_id);
    assert_eq!(world.events(&id), ["connect", "terminate"]);
}

#[tokio::test]
async fn it_is_rejected() {
    let world = world().await;
    let id = world.user_calls(ANA).await;
    world
        .platform
        .reject(&world.caller, PHONE, id.clone())
        .await
        .unwrap();
    assert_ended_unanswered(&world, &id).await;
    let again = world
        .platform
        .reject(&world.caller, PHONE, id.clone())
        .await;
    assert_eq!(
        again,
        Err(Refusal::WrongState(WrongState::Ended {
            act: "reject",
            cause: "business_rejected"
        }))
    );
    world.advance(secs(3_600)).await;
    assert_eq!(
        world.events(&id),
        ["connect", "terminate"],
        "and never again"
    );
}

#[tokio::test]
async fn the_user_gives_up() {
    let world = world().await;
    let id = world.user_calls(ANA).await;
    world.platform.user_hangs_up(ANA, &id).await.unwrap();
    assert_ended_unanswered(&world, &id).await;
    let late = world
        .platform
        .accept(&world.caller, PHONE, id.clone(), answer(), None)
        .await;
    assert_eq!(
        late,
        Err(Refusal::WrongState(WrongState::Ended {
            act: "accept",
            cause: "abandoned"
        }))
    );
}

#[tokio::test]
async fn nobody_answers_for_a_minute() {
    let world = world().await;
    let id = world.user_calls(ANA).await;
    // Neither warming up nor the last second before ends it.
    world
        .platform
        .pre_accept(&world.caller, PHONE, id.clone(), answer())
        .await
        .unwrap();
    world.advance(secs(50)).await;
    assert_eq!(world.events(&id), ["connect"]);
    world.advance(secs(10)).await;
    // The jump answers when what fell due has happened and was sent.
    assert_eq!(world.events(&id), ["connect", "terminate"]);
    assert_ended_unanswered(&world, &id).await;
    let call = world
        .platform
        .call_of_user(ANA, &id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(call.end_cause, Some("no_answer"));
    assert!(call.media.is_some(), "its media report is there as well");
    let connect = world.until(&id, "connect").await;
    let terminate = world.until(&id, "terminate").await;
    let rang = terminate.at.since(connect.at);
    assert!(
        (Duration::from_millis(59_500)..=secs(60)).contains(&rang),
        "at its own instant: {rang:?}"
    );
    // The pair is free again.
    world.user_calls(ANA).await;
}

#[tokio::test]
async fn the_simulated_user_hangs_up_as_it_was_told() {
    let world = world().await;
    world
        .behaves(ANA, |b| b.hang_up_after_ms = Some(7_000))
        .await;
    let id = world.user_calls(ANA).await;
    world.accept(&id).await;
    world.advance(secs(7)).await;
    let call = world.until(&id, "terminate").await.about();
    assert_eq!(call["duration"], 7);
    assert_eq!(world.events(&id), ["connect", "terminate"]);
}

async fn assert_ended_unanswered(world: &World, id: &CallId) {
    let terminate = world.until(id, "terminate").await;
    let call = terminate.about();
    assert_eq!(
        call["status"], "COMPLETED",
        "an unanswered call is no failure"
    );
    assert_eq!(times(&call), [false; 3], "{call}");
    assert!(call.get("errors").is_none() && terminate.value().get("errors").is_none());
    assert_eq!(world.events(id), ["connect", "terminate"]);
}

#[tokio::test]
async fn a_broken_or_foreign_act_leaves_the_call_alone() {
    let world = world().await;
    let id = world.user_calls(ANA).await;
    let platform = &world.platform;
    let broken = answer().replace("a=fingerprint:", "a=x-fingerprint:");
    let refused = platform
        .accept(&world.caller, PHONE, id.clone(), broken, None)
        .await;
    assert!(
        matches!(&refused, Err(Refusal::Sdp(s)) if s.sentences.contains("ingerprint")),
        "{refused:?}"
    );
    let elsewhere = platform
        .accept(&world.caller, PRODUCTION, id.clone(), answer(), None)
        .await;
    assert!(
        matches!(&elsewhere, Err(Refusal::Invalid(s)) if s.contains("no call")),
        "{elsewhere:?}"
    );
    platform
        .pre_accept(&world.caller, PHONE, id.clone(), answer())
        .await
        .unwrap();
    let other = answer().replace("a=ice-ufrag:8xQr", "a=ice-ufrag:8xQs");
    let differs = platform
        .accept(&world.caller, PHONE, id.clone(), other, None)
        .await;
    assert_eq!(differs, Err(Refusal::WrongState(WrongState::AcceptDiffers)));
    for wrong in [
        platform.user_answers(ANA, &id).await,
        platform.user_rejects(ANA, &id).await,
    ] {
        let sentence = wrong.unwrap_err().to_string();
        assert!(
            sentence.contains("only for business-initiated"),
            "{sentence}"
        );
    }
    assert!(
        platform.user_hangs_up(BEN, &id).await.is_err(),
        "somebody else's call"
    );
    world.accept(&id).await;
    world.terminate(&id).await;
    assert_eq!(
        world.until(&id, "terminate").await.about()["status"],
        "COMPLETED"
    );
}

#[tokio::test]
async fn a_phone_can_answer_the_offer_as_soon_as_it_has_it() {
    let world = world().await;
    let phone = world.platform.attach_phone(ANA);
    for _ in 0..50 {
        let dialled = world
            .platform
            .user_calls(ANA, PHONE, UserLegKind::Phone, Dial::default())
            .await;
        let dialled = dialled.unwrap();
        assert!(
            dialled
                .offer
                .is_some_and(|sdp| sdp.contains("a=setup:actpass"))
        );
        world
            .platform
            .user_sdp(ANA, &dialled.id, &answer())
            .unwrap();
        let held = world.platform.calls_at_phone(ANA);
        assert_eq!(held.len(), 1);
        world
            .platform
            .user_hangs_up(ANA, &dialled.id)
            .await
            .unwrap();
        assert!(world.platform.calls_at_phone(ANA).is_empty());
    }
    drop(phone);
}

/// In real time the scheduler always comes a little late; what it does counts from the instant it was due.
#[tokio::test]
async fn a_call_of_one_second_lasts_one_second() {
    let world = world().await;
    world
        .behaves(ANA, |b| b.hang_up_after_ms = Some(1_000))
        .await;
    let id = world.user_calls(ANA).await;
    world.accept(&id).await;
    let call = world.until(&id, "terminate").await.about();
    assert_eq!(
        (&call["duration"], &call["status"]),
        (&json!(1), &json!("COMPLETED"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_media_tell_is_there_as_soon_as_its_end_is() {
    let world = world().await;
    for _ in 0..40 {
        let id = world.user_calls(ANA).await;
        world.accept(&id).await;
        world.terminate(&id).await;
        let view = world.platform.call_of_user(ANA, &id).await;
        let view = view.unwrap().unwrap();
        assert_eq!(view.state, "ended");
        let media = view.media.expect("the media's report");
        assert!(media["verdict"].is_string(), "{media}");
        assert!(view.heard.is_some(), "{media}");
    }
}

#[tokio::test]
async fn hung_up_without_media_it_fails_where_that_is_configured() {
    let world = World::with(Setup {
        limits: LimitTable {
            without_media: WithoutMedia::Failed,
            ..LimitTable::default()
        },
        ..Setup::default()
    })
    .await;
    world.by_hand(&[ANA]).await;
    let id = world.user_calls(ANA).await;
    world.accept(&id).await;
    world.terminate(&id).await;
    let end = world.until(&id, "terminate").await;
    let call = end.about();
    assert_eq!(call["status"], "FAILED");
    assert_eq!(call["errors"][0]["code"], 138_023);
    assert_eq!(end.value()["errors"], call["errors"], "in both places");
    assert!(call["duration"].is_i64(), "it was picked up");
    // A call nobody took is no failure.
    let id = world.user_calls(ANA).await;
    world.terminate(&id).await;
    let end = world.until(&id, "terminate").await;
    assert_eq!(end.about()["status"], "COMPLETED");
}
