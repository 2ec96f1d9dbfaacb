//! Business-initiated calls (`webhooks.md` §2.8, `graph-api.md` §2.1).

use std::time::Duration;

use ahoy_calling::limits::LimitTable;
use ahoy_calling::settings::{SettingsPatch, Switch};
use ahoy_calling::{Refusal, WrongState};
use ahoy_media::MediaConfig;
use ahoy_platform::{ConnectRequest, Grant, PhoneEvent, Recipient};
use ahoy_types::{CallId, Direction, PhoneNumberId};

use crate::support::*;

async fn world() -> World {
    let world = World::new().await;
    world.by_hand(&[ANA, BEN]).await;
    world.permit(ANA).await;
    world
}

/// A call whose media can come up, and its peer.
async fn placed(world: &World) -> (CallId, Peer) {
    let peer = Peer::new().await;
    let request = ConnectRequest {
        sdp: peer.offer.clone(),
        opaque: Some("crm-77".into()),
        ..world.request(ANA)
    };
    let id = world
        .platform
        .connect(&world.caller, PHONE, request)
        .await
        .unwrap();
    (id, peer)
}

async fn answer_of(world: &World, id: &CallId) -> String {
    let connect = world.until(id, "connect").await;
    connect.about()["session"]["sdp"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn the_phone_rings_and_accepted_waits_for_the_media() {
    let world = world().await;
    let (id, peer) = placed(&world).await;
    let connect = world.until(&id, "connect").await.about();
    assert_eq!(connect["direction"], "BUSINESS_INITIATED");
    assert_eq!(connect["from"], "442079460000");
    assert_eq!(connect["to"], ANA.to_string());
    assert_eq!(connect["session"]["sdp_type"], "answer");
    assert_eq!(connect["biz_opaque_callback_data"], "crm-77");
    let ringing = world.until(&id, "RINGING").await;
    let status = ringing.value()["statuses"][0].clone();
    assert_eq!(status["type"], "call");
    assert_eq!(status["recipient_id"], ANA.to_string());
    assert_eq!(status["biz_opaque_callback_data"], "crm-77");
    assert_eq!(ringing.value()["contacts"][0]["wa_id"], ANA.to_string());

    world.platform.user_answers(ANA, &id).await.unwrap();
    // Much happens in a minute of rule time, but no ring time-out any more, and no ACCEPTED without media.
    world.advance(secs(61)).await;
    assert_eq!(world.events(&id), ["connect", "RINGING"]);
    let media = peer.connect(&answer_of(&world, &id).await).await;
    world.until(&id, "ACCEPTED").await;
    world.advance(secs(9)).await;
    world.terminate(&id).await;
    let terminate = world.until(&id, "terminate").await.about();
    assert_eq!(terminate["status"], "COMPLETED");
    assert_eq!(terminate["biz_opaque_callback_data"], "crm-77");
    // From the pick-up on.
    let duration = terminate["duration"].as_u64().unwrap();
    assert!((70..=75).contains(&duration), "{duration}");
    assert_eq!(
        world.events(&id),
        ["connect", "RINGING", "ACCEPTED", "terminate"]
    );
    drop(media);
}

#[tokio::test]
async fn media_that_is_up_first_waits_for_the_phone() {
    let world = world().await;
    let (id, peer) = placed(&world).await;
    let media = peer.connect(&answer_of(&world, &id).await).await;
    world.until(&id, "RINGING").await;
    world.advance(secs(30)).await;
    assert_eq!(
        world.events(&id),
        ["connect", "RINGING"],
        "media is no answer"
    );
    world.platform.user_answers(ANA, &id).await.unwrap();
    world.until(&id, "ACCEPTED").await;
    world.platform.user_hangs_up(ANA, &id).await.unwrap();
    world.until(&id, "terminate").await;
    assert_eq!(
        world.events(&id),
        ["connect", "RINGING", "ACCEPTED", "terminate"]
    );
    drop(media);
}

#[tokio::test]
async fn media_that_never_comes_ends_an_answered_call() {
    let world = World::with(Setup {
        media: MediaConfig {
            workers: 1,
            start_timeout: Duration::from_millis(300),
            ..MediaConfig::default()
        },
        ..Setup::default()
    })
    .await;
    world.by_hand(&[ANA]).await;
    world.permit(ANA).await;
    let id = world.business_calls(ANA).await;
    world.platform.user_answers(ANA, &id).await.unwrap();
    let terminate = world.until(&id, "terminate").await;
    let call = terminate.about();
    assert_eq!(call["status"], "FAILED");
    for errors in [&call["errors"], &terminate.value()["errors"]] {
        assert_eq!(errors[0]["code"], 138_021);
        for key in ["title", "message", "href", "error_data"] {
            assert!(errors[0].get(key).is_some(), "{key}: {errors}");
        }
    }
    assert_eq!(world.events(&id), ["connect", "RINGING", "terminate"]);
}

#[tokio::test]
async fn the_simulated_user_answers_declines_or_lets_it_ring_as_it_was_told() {
    use ahoy_calling::simulated::OnRing;
    let world = world().await;
    world
        .behaves(ANA, |b| {
            (b.on_ring, b.answer_after_ms) = (OnRing::Reject, 5_000)
        })
        .await;
    let id = world.business_calls(ANA).await;
    world.until(&id, "RINGING").await;
    world.advance(secs(4)).await;
    assert_eq!(world.events(&id), ["connect", "RINGING"]);
    world.advance(secs(1)).await;
    assert_eq!(
        world.events(&id),
        ["connect", "RINGING", "REJECTED", "terminate"]
    );

    world
        .behaves(ANA, |b| {
            (b.on_ring, b.answer_after_ms) = (OnRing::Answer, 5_000)
        })
        .await;
    let (id, peer) = placed(&world).await;
    let media = peer.connect(&answer_of(&world, &id).await).await;
    world.advance(secs(5)).await;
    world.until(&id, "ACCEPTED").await;
    world.terminate(&id).await;
    drop(media);

    world.behaves(ANA, |b| b.on_ring = OnRing::Ignore).await;
    let id = world.business_calls(ANA).await;
    world.advance(secs(60)).await;
    assert_eq!(world.events(&id), ["connect", "RINGING", "terminate"]);
}

#[tokio::test]
async fn the_user_declines() {
    let world = world().await;
    let id = world.business_calls(ANA).await;
    world.until(&id, "RINGING").await;
    world.platform.user_rejects(ANA, &id).await.unwrap();
    let terminate = world.until(&id, "terminate").await.about();
    assert_eq!(terminate["status"], "COMPLETED");
    assert!(terminate.get("duration").is_none());
    assert_eq!(
        world.events(&id),
        ["connect", "RINGING", "REJECTED", "terminate"]
    );
    assert_eq!(world.platform.pair(PHONE, ANA).unwrap().unanswered, 1);
}

#[tokio::test]
async fn nobody_answers_for_a_minute() {
    let world = world().await;
    let id = world.business_calls(ANA).await;
    world.advance(secs(60)).await;
    assert_eq!(world.events(&id), ["connect", "RINGING", "terminate"]);
    let terminate = world.until(&id, "terminate").await.about();
    assert_eq!(terminate["status"], "COMPLETED");
    assert!(terminate.get("start_time").is_none());
    assert_eq!(world.platform.pair(PHONE, ANA).unwrap().unanswered, 1);
}

#[tokio::test]
async fn the_business_gives_up() {
    let world = world().await;
    let id = world.business_calls(ANA).await;
    world.until(&id, "RINGING").await;
    world.terminate(&id).await;
    world.until(&id, "terminate").await;
    assert_eq!(world.events(&id), ["connect", "RINGING", "terminate"]);
    assert_eq!(
        world.platform.pair(PHONE, ANA).unwrap().unanswered,
        0,
        "not the user's doing"
    );
    let late = world
        .platform
        .user_answers(ANA, &id)
        .await
        .unwrap_err()
        .to_string();
    assert!(late.contains("already ended"), "{late}");
}

#[tokio::test]
async fn a_real_phone_is_rung_and_told() {
    let world = world().await;
    let mut phone = world.platform.attach_phone(ANA);
    let id = world.business_calls(ANA).await;
    let Some(PhoneEvent::Ring {
        call_id, sdp, name, ..
    }) = phone.events.recv().await
    else {
        panic!("no ring")
    };
    assert_eq!((&call_id, name.as_str()), (&id, "Harbour Café"));
    assert!(sdp.contains("a=setup:actpass"));
    // A phone that comes later rings as well.
    let mut second = world.platform.attach_phone(ANA);
    assert!(matches!(
        second.events.recv().await,
        Some(PhoneEvent::Ring { .. })
    ));
    world.until(&id, "connect").await;
    world.advance(secs(5)).await;
    assert_eq!(
        world.events(&id),
        ["connect"],
        "RINGING is the phone's to say"
    );
    world.platform.user_rings(&id).await.unwrap();
    world.platform.user_rings(&id).await.unwrap();
    world.platform.user_rejects(ANA, &id).await.unwrap();
    assert!(matches!(
        phone.events.recv().await,
        Some(PhoneEvent::Ended { cause, connected: false, .. }) if cause == "user_declined"
    ));
    world.until(&id, "terminate").await;
    assert_eq!(
        world.events(&id),
        ["connect", "RINGING", "REJECTED", "terminate"]
    );

    // A phone that acts before it says that it rings.
    let id = world.business_calls(ANA).await;
    world.platform.user_rejects(ANA, &id).await.unwrap();
    world.until(&id, "terminate").await;
    assert_eq!(
        world.events(&id),
        ["connect", "RINGING", "REJECTED", "terminate"]
    );
}

#[tokio::test]
async fn the_checks_come_in_their_order() {
    let mut limits = LimitTable::default();
    limits.production.concurrent_calls = 1;
    limits.production.connected_per_day = 1;
    limits.production.connects_per_day = 3;
    let world = World::with(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    world.by_hand(&[ANA, BEN]).await;
    let (platform, caller) = (&world.platform, &world.caller);
    let connect =
        |number: PhoneNumberId, request: ConnectRequest| platform.connect(caller, number, request);
    let ask = |user| connect(PRODUCTION, world.request(user));

    // Everything is wrong at once; each cure uncovers the next.
    let strange = PhoneNumberId(799);
    let mut request = world.request(ANA);
    request.sdp = offer().replace("a=fingerprint:", "a=x-fingerprint:");
    assert!(matches!(
        connect(strange, request.clone()).await,
        Err(Refusal::NoSuchObject(_))
    ));
    request.recipient = Recipient::Number(ahoy_types::WaId::from_u64(442_079_460_001));
    let own = connect(PRODUCTION, request.clone()).await;
    assert!(
        matches!(&own, Err(Refusal::Invalid(s)) if s.contains("itself")),
        "{own:?}"
    );
    request.recipient = Recipient::Number(ANA);
    let broken = connect(PRODUCTION, request).await;
    assert!(
        matches!(&broken, Err(Refusal::Sdp(s)) if s.sentences.contains("ingerprint")),
        "{broken:?}"
    );
    assert_eq!(ask(ANA).await, Err(Refusal::CallingDisabled));
    let on = SettingsPatch {
        status: Some(Switch::Enabled),
        ..SettingsPatch::default()
    };
    platform
        .update_settings(caller, PRODUCTION, on)
        .await
        .unwrap();
    assert_eq!(ask(ANA).await, Err(Refusal::NoPermission));
    for user in [ANA, BEN] {
        platform
            .set_permission(PRODUCTION, user, Grant::Permanent)
            .await
            .unwrap();
    }

    let peer = Peer::new().await;
    let request = ConnectRequest {
        sdp: peer.offer.clone(),
        ..world.request(ANA)
    };
    let id = connect(PRODUCTION, request).await.unwrap();
    assert_eq!(ask(ANA).await, Err(Refusal::Duplicate));
    assert_eq!(ask(BEN).await, Err(Refusal::Concurrency(1)));
    let media = peer.connect(&answer_of(&world, &id).await).await;
    platform.user_answers(ANA, &id).await.unwrap();
    let accepted = world.until(&id, "ACCEPTED").await;
    // Of the pair's own limits the daily one comes before the duplicate.
    assert!(matches!(ask(ANA).await, Err(Refusal::DailyLimit { .. })));
    platform
        .terminate(caller, PRODUCTION, id.clone())
        .await
        .unwrap();
    let Err(Refusal::DailyLimit { next_at }) = ask(ANA).await else {
        panic!("a second call on one day")
    };
    assert!(next_at.since(accepted.at).as_secs() >= 86_390);
    for _ in 0..2 {
        let id = ask(BEN).await.unwrap();
        platform.terminate(caller, PRODUCTION, id).await.unwrap();
    }
    assert_eq!(ask(BEN).await, Err(Refusal::ConnectRate(3)));
    world.advance(secs(86_400)).await;
    let id = ask(ANA).await.unwrap();
    platform.terminate(caller, PRODUCTION, id).await.unwrap();
    drop(media);
}

#[tokio::test]
async fn a_temporary_grant_ends_to_the_second() {
    let world = World::new().await;
    world.by_hand(&[ANA]).await;
    world
        .platform
        .set_permission(PHONE, ANA, Grant::Temporary)
        .await
        .unwrap();
    world.advance(secs(604_800 - 10)).await;
    let id = world.business_calls(ANA).await;
    world.terminate(&id).await;
    world.advance(secs(10)).await;
    let late = world
        .platform
        .connect(&world.caller, PHONE, world.request(ANA))
        .await;
    assert_eq!(late, Err(Refusal::NoPermission));
}

#[tokio::test]
async fn the_acts_of_a_users_call_are_refused() {
    let world = world().await;
    let id = world.business_calls(ANA).await;
    let (platform, caller) = (&world.platform, &world.caller);
    let direction = |act| Err(Refusal::WrongState(WrongState::Direction { act }));
    let pre_accept = platform
        .pre_accept(caller, PHONE, id.clone(), answer())
        .await;
    assert_eq!(pre_accept, direction("pre_accept"));
    let accept = platform
        .accept(caller, PHONE, id.clone(), answer(), None)
        .await;
    assert_eq!(accept, direction("accept"));
    assert_eq!(
        platform.reject(caller, PHONE, id.clone()).await,
        direction("reject")
    );
    let view = platform.call_of_user(ANA, &id).await.unwrap().unwrap();
    assert_eq!(
        (view.direction, view.state),
        (Direction::BusinessInitiated, "ringing")
    );
}
