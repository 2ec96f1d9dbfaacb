use serde_json::json;

use crate::support::{ANA, BEN, PHONE, World, answer};

#[tokio::test]
async fn a_platform_that_takes_no_calls_says_so_to_both_sides() {
    let world = World::new().await;
    world
        .faults(json!({"process": {"refuse_calls": true}}))
        .await;
    let refused = world.connect(ANA, "").await;
    assert_eq!(
        (refused.status, &refused.json["error"]["code"]),
        (503, &json!(2))
    );
    let refused = world
        .sandbox("POST", &format!("/users/{ANA}/calls"), json!({"to": PHONE}))
        .await;
    assert_eq!(
        (refused.status, &refused.json["error"]["code"]),
        (409, &json!("unavailable"))
    );
    assert!(world.calls(ANA).await.is_empty());
}

#[tokio::test]
async fn a_number_over_its_capacity_refuses_as_if_it_were() {
    let world = World::new().await;
    world
        .faults(json!({"process": {"over_capacity": true, "user": ANA}}))
        .await;
    let refused = world.connect(ANA, "").await;
    assert_eq!(
        (refused.status, &refused.json["error"]["code"]),
        (429, &json!(138_002))
    );
    let refused = world
        .sandbox("POST", &format!("/users/{ANA}/calls"), json!({"to": PHONE}))
        .await;
    assert_eq!(
        (refused.status, &refused.json["error"]["code"]),
        (409, &json!("over_capacity"))
    );
    assert_eq!(world.connect(BEN, "").await.status, 200, "only that user's");
}

#[tokio::test]
async fn a_description_is_refused_for_want_of_a_codec() {
    let world = World::new().await;
    world
        .faults(json!({"media": {"codec_refused": true}}))
        .await;
    let refused = world.connect(ANA, "").await;
    let details = refused.json["error"]["error_data"]["details"]
        .as_str()
        .unwrap();
    assert_eq!(
        (refused.status, &refused.json["error"]["code"]),
        (400, &json!(100))
    );
    assert!(
        details.contains("opus") && details.contains("codec_refused"),
        "{details}"
    );
    assert!(world.calls(ANA).await.is_empty());

    let call = world.user_calls(BEN).await;
    let accept = json!({
        "messaging_product": "whatsapp", "call_id": call, "action": "accept",
        "session": {"sdp_type": "answer", "sdp": answer()},
    });
    let refused = world.act("", accept.clone()).await;
    let details = refused.json["error"]["error_data"]["details"]
        .as_str()
        .unwrap();
    assert_eq!(
        (refused.status, &refused.json["error"]["code"]),
        (400, &json!(100))
    );
    assert!(
        details.contains("opus") && details.contains("codec_refused"),
        "{details}"
    );
    assert_eq!(
        world.call(BEN, &call).await["state"],
        "ringing",
        "as after any refused answer"
    );
    world.sandbox("DELETE", "/faults", json!({})).await.ok();
    world.act("", accept).await.ok();
    assert_eq!(world.call(BEN, &call).await["state"], "connected");
}
