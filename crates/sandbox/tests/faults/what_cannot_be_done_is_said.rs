use serde_json::{Value, json};

use crate::support::{ANA, PHONE, World};

#[tokio::test]
async fn a_plan_with_a_slip_changes_nothing() {
    let world = World::new().await;
    let before = world.faults(json!({"seed": 4, "webhooks": [{"drop": 0.5}], "process": {"over_capacity": true, "user": ANA}})).await;
    for (body, said) in [
        (
            json!({"webhooks": {"drop": true}, "api": {"error_code": 1_000_000}}),
            "api.error_code",
        ),
        (
            json!({"media": [{"no_ice": true}, {"loss": 2}]}),
            "media[1].loss",
        ),
        (
            json!({"webhooks": {"drop": true, "number": "1"}}),
            "webhooks.number: there is no business number `1`",
        ),
        (json!({"hooks": {}}), "hooks: there is no such fault"),
        (json!([]), "the body must be a JSON object"),
    ] {
        let refused = world.sandbox("PUT", "/faults", body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        let message = refused.json["error"]["message"].as_str().unwrap();
        assert!(message.contains(said), "{body}: {message}");
    }
    assert_eq!(
        world.sandbox("GET", "/faults", Value::Null).await.ok(),
        before
    );
}

#[tokio::test]
async fn a_header_with_a_slip_is_refused_before_anything_happens() {
    let world = World::new().await;
    let refused = world.connect(ANA, "dorp").await;
    let details = refused.json["error"]["error_data"]["details"]
        .as_str()
        .unwrap();
    assert_eq!(
        (refused.status, &refused.json["error"]["code"]),
        (400, &json!(100))
    );
    assert!(
        details.contains("Ahoy-Fault") && details.contains("dorp"),
        "{details}"
    );
    let path = format!("/users/{ANA}/calls");
    for (fault, said) in [("dorp", "dorp"), ("error_code=4", "business API")] {
        let refused = world
            .sandbox_under("POST", &path, fault, json!({"to": PHONE}))
            .await;
        let message = refused.json["error"]["message"].as_str().unwrap();
        assert!(refused.status == 400 && message.contains(said), "{message}");
    }
    assert!(world.calls(ANA).await.is_empty());
}

#[tokio::test]
async fn faults_end_when_they_are_deleted_and_when_all_starts_over() {
    let world = World::new().await;
    for (method, path) in [("DELETE", "/faults"), ("POST", "/reset")] {
        let on = world.faults(json!({"api": {"error_code": 4}})).await;
        assert_eq!((&on["on"], &on["seed"]), (&json!(true), &json!(0)));
        assert_eq!(
            world
                .graph("GET", &format!("/{PHONE}"), "", None)
                .await
                .status,
            400
        );
        world.sandbox(method, path, json!({})).await.ok();
        assert_eq!(
            world
                .graph("GET", &format!("/{PHONE}"), "", None)
                .await
                .status,
            200
        );
        let off = world.sandbox("GET", "/faults", Value::Null).await.ok();
        assert_eq!((&off["on"], &off["api"]), (&json!(false), &json!([])));
    }
}
