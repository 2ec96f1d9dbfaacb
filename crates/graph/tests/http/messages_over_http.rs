//! `POST /messages` as a client meets it: the answers' shapes and the codes of refusals.

use crate::support::*;
use serde_json::{Value, json};

fn uri(phone: u64) -> String {
    format!("/v25.0/{phone}/messages")
}

fn message(fields: Value) -> Value {
    let mut body = json!({ "messaging_product": "whatsapp", "to": "+44 7700 900001" });
    for (key, value) in fields.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn request() -> Value {
    message(json!({ "type": "interactive", "interactive": {
        "type": "call_permission_request", "action": { "name": "call_permission_request" },
    }}))
}

#[tokio::test]
async fn a_message_is_answered_with_contact_and_id() {
    let api = Api::new().await;
    let text = message(json!({ "type": "text", "text": { "body": "Hi" } }));
    let reply = api.post(&uri(PHONE), text).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    let contact = &reply.json["contacts"][0];
    assert_eq!(contact["input"], "+44 7700 900001");
    assert_eq!(contact["wa_id"], ANA.to_string());
    assert!(contact["user_id"].as_str().unwrap().starts_with("GB."));
    let sent = &reply.json["messages"][0];
    assert!(sent["id"].as_str().unwrap().starts_with("wamid."));
    assert!(sent.get("message_status").is_none(), "no template");
}

#[tokio::test]
async fn a_users_message_is_marked_as_read() {
    let api = Api::new().await;
    let phone = ahoy_types::PhoneNumberId(PHONE);
    let written = api.platform.user_writes(ANA, phone, "Hi".into(), None);
    let id = written.await.unwrap();
    let read = |id: &str| {
        json!({ "messaging_product": "whatsapp", "status": "read", "message_id": id,
                "typing_indicator": { "type": "text" } })
    };
    let reply = api.post(&uri(PHONE), read(id.as_str())).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.json),
        (200, &json!({ "success": true }))
    );
    let reply = api.post(&uri(PHONE), read("wamid.unknown")).await;
    assert_eq!(reply.json["error"]["code"], 100);
    let details = reply.json["error"]["error_data"]["details"]
        .as_str()
        .unwrap();
    assert!(details.starts_with("message_id:"), "{details}");
}

#[tokio::test]
async fn refusals_have_their_codes() {
    let api = Api::new().await;
    let button = message(json!({ "type": "interactive", "interactive": {
        "type": "voice_call", "body": { "text": "Talk" }, "action": { "name": "voice_call" },
    }}));
    let template = message(json!({ "type": "template", "template": {
        "name": "nowhere", "language": { "code": "en" },
    }}));
    let own =
        json!({ "messaging_product": "whatsapp", "to": "442079460000", "text": { "body": "Hi" } });
    for (phone, body, status, code) in [
        (PRODUCTION, button, 400, 138_000),
        (PRODUCTION, request(), 400, 138_000),
        (PHONE, template, 404, 132_001),
        (PHONE, own, 400, 131_021),
        (
            PHONE,
            message(json!({ "type": "interactive" })),
            400,
            131_008,
        ),
        (
            PHONE,
            message(json!({ "type": "interactive", "interactive": { "type": "flow" } })),
            400,
            131_009,
        ),
        (PHONE, message(json!({ "type": "video" })), 400, 131_051),
    ] {
        let reply = api.post(&uri(phone), body).await;
        let found = (reply.status.as_u16(), reply.json["error"]["code"].as_u64());
        assert_eq!(found, (status, Some(code)), "{}", reply.json);
    }
    let unpermitted = api
        .ask("POST", &uri(PHONE), MANAGEMENT, Some(request()))
        .await;
    assert_eq!(unpermitted.json["error"]["code"], 10);
}

#[tokio::test]
async fn a_second_request_in_a_day_is_refused_and_a_permanent_grant_ends_asking() {
    let api = Api::new().await;
    let phone = ahoy_types::PhoneNumberId(PHONE);
    for _ in 0..25 {
        let written = api.platform.user_writes(ANA, phone, "Hi".into(), None);
        written.await.unwrap();
        let reply = api.post(&uri(PHONE), request()).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
    }
    let reply = api.post(&uri(PHONE), request()).await;
    assert_eq!(reply.json["error"]["code"], 138_009, "{}", reply.json);
    let given = api
        .platform
        .set_permission(phone, ANA, ahoy_platform::Grant::Permanent);
    given.await.unwrap();
    let reply = api.post(&uri(PHONE), request()).await;
    assert_eq!(reply.json["error"]["code"], 138_017, "{}", reply.json);
}
