//! The outbox (`contract.md` §4): order a receiver and call, holds of at most 30 s, retries for 7 days, the same bytes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ahoy_calling::account::Callback;
use ahoy_platform::Verified;
use ahoy_store::DeliveryState;

use crate::support::*;

fn two_apps() -> Setup {
    Setup {
        rows: |tx| second_app(tx, &["calls"]),
        ..Setup::default()
    }
}

/// The user calls and gives up: two events of one call.
async fn brief_call(world: &World) -> ahoy_types::CallId {
    let id = world.user_calls(ANA).await;
    world.platform.user_hangs_up(ANA, &id).await.unwrap();
    id
}

#[tokio::test]
async fn every_app_subscribed_to_the_field_gets_its_own() {
    let world = World::with(two_apps()).await;
    let id = brief_call(&world).await;
    world.advance(secs(0)).await;
    let sent = world.edge.sent();
    for (app, url) in [(APP, CALLBACK), (SECOND_APP, SECOND_CALLBACK)] {
        assert_eq!(events(&sent, app, &id), ["connect", "terminate"]);
        assert!(
            sent.iter()
                .filter(|s| s.app == app)
                .all(|s| s.url.as_deref() == Some(url))
        );
    }
    let bodies = |app| sent.iter().filter(move |s| s.app == app).map(|s| &s.bytes);
    assert!(bodies(APP).eq(bodies(SECOND_APP)), "the same news for both");

    let world = World::with(Setup {
        rows: |tx| second_app(tx, &["messages"]),
        ..Setup::default()
    })
    .await;
    let id = brief_call(&world).await;
    world.advance(secs(0)).await;
    assert_eq!(events(&world.edge.sent(), SECOND_APP, &id).len(), 0);
    // The seeded app without its subscription to the WABA.
    world
        .platform
        .unsubscribe_waba(&world.caller, WABA)
        .await
        .unwrap();
    let id = brief_call(&world).await;
    world.advance(secs(0)).await;
    assert_eq!(world.events(&id).len(), 0);
}

#[tokio::test]
async fn the_number_s_callback_comes_before_the_account_s_and_that_before_the_app_s() {
    let world = World::with(two_apps()).await;
    let other = |url: &str| {
        Some(Verified(Callback {
            url: url.into(),
            verify_token: "v".into(),
        }))
    };
    let (platform, caller) = (&world.platform, &world.caller);
    let mut expected = Vec::new();
    let mut urls = async |url: &str| {
        expected.extend([url.to_owned(), url.to_owned()]);
        brief_call(&world).await;
        world.advance(secs(0)).await;
        let ours = |s: &Sent| (s.app == APP).then(|| s.url.clone().unwrap());
        let seen: Vec<String> = world.edge.sent().iter().filter_map(ours).collect();
        assert_eq!(seen, expected);
    };
    platform
        .subscribe_waba(caller, WABA, other("https://waba.example/"))
        .await
        .unwrap();
    urls("https://waba.example/").await;
    platform
        .override_number(caller, PHONE, other("https://number.example/"))
        .await
        .unwrap();
    urls("https://number.example/").await;
    // Of another number: not this one's.
    platform
        .override_number(caller, PRODUCTION, other("https://x.example/"))
        .await
        .unwrap();
    urls("https://number.example/").await;
    platform.override_number(caller, PHONE, None).await.unwrap();
    urls("https://waba.example/").await;
    platform.subscribe_waba(caller, WABA, None).await.unwrap();
    urls(CALLBACK).await;
    let second = |s: &Sent| s.app == SECOND_APP && s.url.as_deref() != Some(SECOND_CALLBACK);
    assert!(
        !world.edge.sent().iter().any(second),
        "overrides are each app's own"
    );
}

#[tokio::test]
async fn no_answer_holds_the_call_for_thirty_seconds_and_no_longer() {
    for answer in [
        Answer::None,
        Answer::Status(429),
        Answer::Status(502),
        Answer::Status(503),
        Answer::Status(504),
    ] {
        let world = World::new().await;
        world.edge.answer(move |sent| match sent.event.as_str() {
            "connect" => answer,
            _ => Answer::Status(200),
        });
        let id = brief_call(&world).await;
        world.advance(secs(29)).await;
        assert_eq!(world.events(&id), ["connect"], "{answer:?} holds");
        let before = world.edge.sent().len();
        assert!(before >= 4, "and is retried meanwhile: {before}");
        world.advance(secs(1)).await;
        assert_eq!(world.events(&id), ["connect", "terminate"]);
        let connect = world.until(&id, "connect").await;
        let terminate = world.until(&id, "terminate").await;
        assert_eq!(terminate.at.since(connect.at), secs(30));
    }
}

#[tokio::test]
async fn any_other_answer_lets_the_next_go_and_is_retried_beside_it() {
    for status in [302, 400, 404, 410, 500] {
        let world = World::new().await;
        world
            .edge
            .answer(move |sent| match (sent.event.as_str(), sent.attempt) {
                ("connect", 1..=2) => Answer::Status(status),
                _ => Answer::Status(200),
            });
        let id = brief_call(&world).await;
        world.until(&id, "terminate").await;
        world.advance(secs(10)).await;
        let seen: Vec<(String, u32)> = world
            .edge
            .sent()
            .into_iter()
            .map(|s| (s.event, s.attempt))
            .collect();
        let seen: Vec<(&str, u32)> = seen.iter().map(|(e, n)| (e.as_str(), *n)).collect();
        assert_eq!(
            seen,
            [
                ("connect", 1),
                ("terminate", 1),
                ("connect", 2),
                ("connect", 3)
            ],
            "{status}"
        );
        assert!(
            world
                .outbox()
                .iter()
                .all(|(_, state)| *state == DeliveryState::Delivered)
        );
    }
}

#[tokio::test]
async fn a_retry_that_is_taken_lets_the_next_go_at_once() {
    let world = World::new().await;
    world.edge.answer(|sent| match sent.attempt {
        1 if sent.event == "connect" => Answer::None,
        _ => Answer::Status(200),
    });
    let id = brief_call(&world).await;
    world.advance(secs(3)).await;
    let seen: Vec<(String, u32)> = world
        .edge
        .sent()
        .into_iter()
        .map(|s| (s.event, s.attempt))
        .collect();
    assert_eq!(
        seen,
        [
            ("connect".into(), 1),
            ("connect".into(), 2),
            ("terminate".into(), 1)
        ]
    );
    assert_eq!(world.events(&id), ["connect", "terminate"]);
}

#[tokio::test]
async fn each_event_that_gets_no_answer_holds_the_next_anew() {
    let world = World::new().await;
    world.by_hand(&[ANA]).await;
    world.permit(ANA).await;
    world.edge.answer(|_| Answer::None);
    let id = world.business_calls(ANA).await;
    world.platform.user_rejects(ANA, &id).await.unwrap();
    for expected in [1, 2, 3, 4] {
        assert_eq!(world.events(&id).len(), expected);
        world.advance(secs(29)).await;
        assert_eq!(world.events(&id).len(), expected);
        world.advance(secs(1)).await;
    }
    assert_eq!(
        world.events(&id),
        ["connect", "RINGING", "REJECTED", "terminate"]
    );
}

#[tokio::test]
async fn other_calls_and_other_receivers_do_not_wait() {
    let world = World::with(two_apps()).await;
    world.edge.answer(|sent| match sent.app {
        APP if sent.event == "connect" => Answer::Hang,
        _ => Answer::Status(200),
    });
    let first = brief_call(&world).await;
    let second = world.user_calls(BEN).await;
    world.until(&first, "connect").await;
    world.until(&second, "connect").await;
    let all = world.edge.until("both events at the second app", |sent| {
        let events = events(sent, SECOND_APP, &first);
        (events.len() == 2).then_some(events)
    });
    assert_eq!(all.await, ["connect", "terminate"]);
    assert_eq!(world.events(&first), ["connect"], "still unanswered");
    world.edge.let_go();
    world.advance(secs(31)).await;
    assert_eq!(world.events(&first), ["connect", "terminate"]);
}

#[tokio::test]
async fn retries_end_after_seven_days_with_the_bytes_they_began_with() {
    let world = World::new().await;
    world.edge.answer(|_| Answer::None);
    let id = brief_call(&world).await;
    let began = world.until(&id, "connect").await.at;
    world.advance(secs(10 * 86_400)).await;
    let sent = world.edge.sent();
    let mut bodies: HashMap<_, Vec<u8>> = HashMap::new();
    for one in &sent {
        let first = bodies.entry(one.id).or_insert_with(|| one.bytes.clone());
        assert_eq!(*first, one.bytes);
    }
    let last = sent.iter().map(|s| s.at).max().unwrap();
    let days = last.since(began).as_secs_f64() / 86_400.0;
    assert!((6.0..=7.001).contains(&days), "{days}");
    assert!(
        world
            .outbox()
            .iter()
            .all(|(_, state)| *state == DeliveryState::Abandoned)
    );
    // Gaps grow: the first within seconds, none longer than about six hours.
    let of_connect: Vec<_> = sent
        .iter()
        .filter(|s| s.event == "connect")
        .map(|s| s.at)
        .collect();
    let gaps: Vec<Duration> = of_connect.windows(2).map(|w| w[1].since(w[0])).collect();
    assert!(
        gaps[0] < secs(4) && gaps.iter().all(|g| *g < secs(8 * 3_600)),
        "{gaps:?}"
    );
    // The log has every attempt.
    let logged = world.platform.deliveries(&Default::default()).unwrap();
    let attempts: usize = logged.iter().map(|(_, attempts)| attempts.len()).sum();
    assert_eq!(attempts, sent.len());
    for (delivery, attempts) in logged {
        assert!(attempts.iter().map(|a| a.number).eq(1..=delivery.attempts));
    }
}

#[tokio::test]
async fn a_receiver_that_comes_back_gets_everything_in_order() {
    let world = World::new().await;
    world.edge.answer(|_| Answer::None);
    let ids = [brief_call(&world).await, brief_call(&world).await];
    world.advance(secs(3 * 86_400)).await;
    world.edge.answer(|_| Answer::Status(200));
    world.advance(secs(86_400)).await;
    assert!(
        world
            .outbox()
            .iter()
            .all(|(_, state)| *state == DeliveryState::Delivered)
    );
    for id in ids {
        assert_eq!(world.events(&id), ["connect", "terminate"]);
    }
}

#[tokio::test]
async fn an_app_without_a_callback_gets_what_it_missed_once_it_has_one() {
    let world = World::new().await;
    let fields = vec!["calls".to_owned()];
    world
        .platform
        .unsubscribe_fields(&world.caller, APP, None)
        .await
        .unwrap();
    let never = brief_call(&world).await;
    let nowhere = Verified(Callback {
        url: "https://late.example/".into(),
        verify_token: "v".into(),
    });
    world
        .platform
        .subscribe_fields(&world.caller, APP, nowhere, fields)
        .await
        .unwrap();
    world.advance(secs(60)).await;
    assert_eq!(world.events(&never).len(), 0, "nothing was owed then");
    let id = brief_call(&world).await;
    world.until(&id, "terminate").await;
    let sent = world.edge.sent();
    assert!(
        sent.iter()
            .all(|s| s.url.as_deref() == Some("https://late.example/"))
    );
}

#[tokio::test]
async fn a_receiver_that_hangs_costs_a_jump_its_patience_once() {
    let world = World::with(two_apps()).await;
    world.edge.answer(|sent| match sent.app {
        APP => Answer::Hang,
        _ => Answer::Status(200),
    });
    // Twenty calls whose time-outs fall on different instants.
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(world.user_calls(somebody(n)).await);
        world.advance(Duration::from_millis(10)).await;
    }
    let start = Instant::now();
    world.advance(secs(60)).await;
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    let sent = world.edge.sent();
    for id in &ids {
        assert_eq!(events(&sent, SECOND_APP, id), ["connect", "terminate"]);
        assert_eq!(events(&sent, APP, id), ["connect"]);
    }
    let ends: Vec<_> = sent
        .iter()
        .filter(|s| s.event == "terminate")
        .map(|s| s.at)
        .collect();
    assert!(
        ends.windows(2).all(|w| w[0] < w[1]),
        "each at its own instant: {ends:?}"
    );
}
