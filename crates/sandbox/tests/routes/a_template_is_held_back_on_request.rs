//! `PATCH /sandbox/v1/templates/{id}`: the states no business can put a template into.

use crate::support::Sandbox;
use ahoy_calling::template::{Category, Content, Draft, ParameterFormat, Text};
use ahoy_store::DeliveryFilter;
use ahoy_types::WabaId;
use serde_json::{Value, json};

async fn patch(sandbox: &Sandbox, id: &str, body: &str) -> (u16, Value) {
    let path = format!("/sandbox/v1/templates/{id}");
    let (status, answer) = sandbox.ask("patch", &path, body).await;
    (status.as_u16(), answer)
}

#[tokio::test]
async fn a_template_is_held_back_and_the_account_told() {
    let sandbox = Sandbox::new().await;
    let platform = &sandbox.platform;
    let caller = platform.authenticate("ahoy-dev-token").unwrap();
    let draft = Draft {
        name: "order".into(),
        language: "en".into(),
        category: Category::Utility,
        parameter_format: ParameterFormat::Positional,
        content: Content {
            header: None,
            body: Text {
                text: "Your order is on its way".into(),
                examples: Vec::new(),
            },
            footer: None,
            buttons: Vec::new(),
            call_permission_request: false,
        },
    };
    let waba = WabaId(720_000_000_000_001);
    let made = platform
        .create_template(&caller, waba, draft)
        .await
        .unwrap();
    let id = made.id.to_string();
    let told = || -> Vec<Value> {
        let all = platform.deliveries(&DeliveryFilter::default()).unwrap();
        let ours = all
            .iter()
            .filter(|(d, _)| d.field == "message_template_status_update");
        ours.map(|(d, _)| {
            let body: Value = serde_json::from_slice(&d.body).unwrap();
            body["entry"][0]["changes"][0]["value"]["event"].clone()
        })
        .collect()
    };
    assert_eq!(told(), ["APPROVED"]);
    let (status, shown) = patch(&sandbox, &id, r#"{"status":"paused"}"#).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(
        shown,
        json!({"id": id, "waba_id": waba.to_string(), "name": "order", "language": "en",
            "category": "UTILITY", "status": "PAUSED", "rejected_reason": "NONE"})
    );
    // Once more is no news.
    assert_eq!(patch(&sandbox, &id, r#"{"status":"PAUSED"}"#).await.0, 200);
    let (_, shown) = patch(&sandbox, &id, r#"{"status":"REJECTED"}"#).await;
    assert_eq!(shown["rejected_reason"], "INVALID_FORMAT");
    patch(&sandbox, &id, r#"{"status":"APPROVED"}"#).await;
    assert_eq!(told(), ["APPROVED", "PAUSED", "REJECTED", "APPROVED"]);
    for (id, body, status, named) in [
        (id.as_str(), r#"{"status":"PENDING"}"#, 400, "status"),
        (&id, r#"{"status":7}"#, 400, "status"),
        (&id, "{}", 400, "status"),
        (&id, r#"{"state":"PAUSED","status":"PAUSED"}"#, 400, "state"),
        ("1", r#"{"status":"PAUSED"}"#, 404, "template 1"),
        ("x", r#"{"status":"PAUSED"}"#, 404, "template x"),
    ] {
        let (found, answer) = patch(&sandbox, id, body).await;
        let message = answer["error"]["message"].as_str().unwrap();
        assert_eq!(found, status, "{body}: {answer}");
        assert!(message.contains(named), "{body}: {message}");
    }
}
