use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{ANA, PHONE, World};

/// Fault and status of each attempt.
fn told(attempts: &[Value]) -> Vec<(Option<&str>, Option<u64>)> {
    attempts
        .iter()
        .map(|a| (a["fault"].as_str(), a["status"].as_u64()))
        .collect()
}

#[tokio::test]
async fn a_dropped_one_never_arrives_and_is_tried_again() {
    let world = World::new().await;
    world
        .faults(json!({"webhooks": {"drop": true, "event": "connect", "attempt": 1}}))
        .await;
    let call = world.user_calls(ANA).await;
    let attempts = world.logged(&call, "connect", 1).await;
    assert_eq!(told(&attempts), [(Some("drop"), None)]);
    assert_eq!(attempts[0]["note"], "a fault kept it from being sent");
    assert_eq!(world.got(&call), Vec::<String>::new());
    world.advance(5).await;
    world.until(&call, &["connect"]).await;
    let attempts = world.logged(&call, "connect", 2).await;
    assert_eq!(told(&attempts), [(Some("drop"), None), (None, Some(200))]);
}

#[tokio::test]
async fn one_whose_answer_comes_too_late_is_sent_again() {
    let world = World::new().await;
    world
        .faults(json!({"webhooks": {"timeout": true, "attempt": 1}}))
        .await;
    let call = world.user_calls(ANA).await;
    world.until(&call, &["connect"]).await;
    let attempts = world.logged(&call, "connect", 1).await;
    assert_eq!(told(&attempts), [(Some("timeout"), None)]);
    assert!(
        attempts[0]["note"].as_str().unwrap().contains("200"),
        "{attempts:?}"
    );
    world.advance(5).await;
    world.until(&call, &["connect", "connect"]).await;
}

#[tokio::test]
async fn a_duplicate_comes_twice_and_both_are_logged() {
    let world = World::new().await;
    world
        .faults(json!({"webhooks": {"duplicate": true, "event": "terminate"}}))
        .await;
    let call = world.user_calls(ANA).await;
    world.hang_up(ANA, &call).await;
    world
        .until(&call, &["connect", "terminate", "terminate"])
        .await;
    let attempts = world.logged(&call, "terminate", 2).await;
    assert_eq!(
        told(&attempts),
        [
            (Some("duplicate"), Some(200)),
            (Some("duplicate"), Some(200))
        ]
    );
    assert_eq!(
        told(&world.attempts(&call, "connect").await),
        [(None, Some(200))]
    );
}

#[tokio::test]
async fn a_chunked_one_comes_in_pieces_with_the_same_bytes() {
    let world = World::new().await;
    world
        .faults(json!({"webhooks": {"chunked": true, "event": "terminate"}}))
        .await;
    let call = world.user_calls(ANA).await;
    world.hang_up(ANA, &call).await;
    world.until(&call, &["connect", "terminate"]).await;
    let came = world.came(&call);
    let header = |at: usize, name: &str| came[at].headers.get(name).cloned();
    assert_eq!(header(0, "transfer-encoding"), None);
    assert!(header(0, "content-length").is_some());
    assert_eq!(header(1, "transfer-encoding").unwrap(), "chunked");
    assert_eq!(header(1, "content-length"), None);
    let signature = ahoy_wire::webhook::sign("ahoy-dev-secret", &came[1].bytes);
    assert_eq!(header(1, "x-hub-signature-256").unwrap(), *signature);
    let attempts = world.logged(&call, "terminate", 1).await;
    assert_eq!(told(&attempts), [(Some("chunked"), Some(200))]);
}

#[tokio::test]
async fn the_next_event_of_the_call_overtakes() {
    let world = World::new().await;
    world
        .faults(json!({"webhooks": {"reorder": true, "event": "connect"}}))
        .await;
    let call = world.user_calls(ANA).await;
    world.hang_up(ANA, &call).await;
    world.until(&call, &["terminate", "connect"]).await;
    let attempts = world.logged(&call, "connect", 1).await;
    assert_eq!(told(&attempts), [(Some("reorder"), Some(200))]);
}

#[tokio::test]
async fn events_that_are_all_to_be_overtaken_change_places_in_pairs() {
    let world = World::new().await;
    world.faults(json!({"webhooks": {"reorder": true}})).await;
    let call = world.connect(ANA, "").await.ok()["calls"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    world.hang_up(ANA, &call).await;
    world
        .until(&call, &["RINGING", "connect", "terminate", "REJECTED"])
        .await;
}

#[tokio::test]
async fn a_delay_holds_it_and_what_comes_after_it() {
    let world = World::new().await;
    world
        .faults(json!({"webhooks": {"delay_ms": 400, "event": "connect"}}))
        .await;
    let call = world.user_calls(ANA).await;
    world.hang_up(ANA, &call).await;
    world.until(&call, &["connect", "terminate"]).await;
    let attempts = world.logged(&call, "connect", 1).await;
    assert_eq!(told(&attempts), [(Some("delay_ms"), Some(200))]);
    assert!(
        attempts[0]["took_ms"].as_f64().unwrap() >= 400.0,
        "{attempts:?}"
    );
}

/// Which of a dozen connects are dropped under this plan.
async fn dropped(world: &World, seed: u64) -> Vec<bool> {
    let plan = json!({"seed": seed, "webhooks": {"drop": 0.5, "event": "connect", "attempt": 1, "receiver": "900100200300"}});
    world.faults(plan).await;
    let mut struck = Vec::new();
    for n in 0..12 {
        let user = format!("4477009001{n:02}");
        let call = world.user_calls(&user).await;
        let attempts = world.logged(&call, "connect", 1).await;
        struck.push(attempts[0]["fault"].is_string());
        world.hang_up(&user, &call).await;
    }
    struck
}

#[tokio::test]
async fn the_same_seed_strikes_the_same_places() {
    let world = World::new().await;
    let first = dropped(&world, 7).await;
    // What was dropped is delivered again meanwhile: that is no webhook of its own.
    let second = dropped(&world, 7).await;
    assert_eq!(first, second);
    assert_ne!(first, dropped(&world, 8).await);
    let shown = world.sandbox("GET", "/faults", Value::Null).await.ok();
    assert_eq!(shown["webhooks"][0]["seen"], 12);
    let other = World::new().await;
    assert_eq!(first, dropped(&other, 7).await, "in another process too");
}

#[tokio::test]
async fn filters_let_other_calls_alone() {
    let world = World::new().await;
    let first = world.user_calls(ANA).await;
    world.until(&first, &["connect"]).await;
    world
        .faults(json!({"webhooks": {"drop": true, "call": first, "number": PHONE}}))
        .await;
    let second = world.user_calls("447700900150").await;
    world.hang_up(ANA, &first).await;
    world.hang_up("447700900150", &second).await;
    world.until(&second, &["connect", "terminate"]).await;
    assert_eq!(
        told(&world.logged(&first, "terminate", 1).await),
        [(Some("drop"), None)]
    );
    world.sandbox("DELETE", "/faults", Value::Null).await.ok();
    world.advance(10).await;
    tokio::time::timeout(
        Duration::from_secs(10),
        world.until(&first, &["connect", "terminate"]),
    )
    .await
    .unwrap();
}
