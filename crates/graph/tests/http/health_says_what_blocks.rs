//! `?fields=health_status` of each kind of node (`graph-api.md` §7).

use crate::support::*;
use serde_json::{Value, json};

async fn health(api: &Api, node: u64) -> Value {
    let node = api
        .get(&format!("/v25.0/{node}?fields=health_status"))
        .await;
    node.ok()["health_status"].clone()
}

fn entity<'a>(health: &'a Value, kind: &str) -> &'a Value {
    let all = health["entities"].as_array().unwrap();
    all.iter().find(|e| e["entity_type"] == kind).unwrap()
}

#[tokio::test]
async fn a_number_and_all_it_hangs_on() {
    let api = Api::new().await;
    let before = health(&api, PHONE).await;
    assert_eq!(before["can_send_message"], "AVAILABLE");
    let kinds: Vec<&str> = before["entities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["entity_type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["PHONE_NUMBER", "WABA", "BUSINESS", "APP"]);
    let number = entity(&before, "PHONE_NUMBER");
    assert_eq!(number["can_receive_call_sip"], "BLOCKED");
    assert_eq!(number["errors"][0]["error_code"], 138_024);
    assert_eq!(entity(&before, "APP")["errors"][0]["error_code"], 138_025);
    assert_eq!(entity(&before, "WABA").get("errors"), None);

    let sip = json!({"calling": {"sip": {"status": "ENABLED", "servers": [{"hostname": "sip.example.com"}]}}});
    api.post(&format!("/v25.0/{PHONE}/settings"), sip)
        .await
        .ok();
    let with_sip = health(&api, PHONE).await;
    for kind in ["PHONE_NUMBER", "APP"] {
        let entity = entity(&with_sip, kind);
        assert_eq!(entity["can_receive_call_sip"], "AVAILABLE", "{kind}");
        assert_eq!(entity.get("errors"), None, "{kind}");
    }

    let leave = format!("/v25.0/{PHONE}/deregister");
    api.post(&leave, json!({})).await.ok();
    let left = health(&api, PHONE).await;
    assert_eq!(left["can_send_message"], "BLOCKED");
    let errors = &entity(&left, "PHONE_NUMBER")["errors"];
    assert_eq!(errors[0]["error_code"], 133_010);
}

#[tokio::test]
async fn other_nodes_tell_theirs_and_strangers_nothing() {
    let api = Api::new().await;
    for (node, kind) in [(WABA, "WABA"), (APP, "APP")] {
        let told = health(&api, node).await;
        assert_eq!(told["entities"][0]["entity_type"], kind);
        assert_eq!(told["entities"][0]["id"], node.to_string());
    }
    let both = format!("/v25.0/{WABA}?fields=name,health_status");
    let both = api.get(&both).await.ok();
    assert!(both["name"].is_string() && both["health_status"].is_object());
    let strangers = format!("/v25.0/{STRANGERS_PHONE}?fields=health_status");
    assert_eq!(api.get(&strangers).await.refusal().1, 100);
    let plain = api.get(&format!("/v25.0/{PHONE}")).await.ok();
    assert_eq!(plain.get("health_status"), None);
}
