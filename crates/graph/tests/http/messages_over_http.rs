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

#[tokio::test]
async fn a_number_written_in_its_other_form_is_the_same_user() {
    let api = Api::new().await;
    let text = json!({ "type": "text", "text": { "body": "Hi" } });
    for (written, known) in [
        ("+55 31 98765-4321", "553187654321"),
        ("553187654321", "553187654321"),
        ("52 55 1234 5678", "5215512345678"),
        ("5215512345678", "5215512345678"),
    ] {
        let mut body = message(text.clone());
        body["to"] = json!(written);
        let contact = &api.post(&uri(PHONE), body).await.ok()["contacts"][0];
        assert_eq!(
            (&contact["input"], &contact["wa_id"]),
            (&json!(written), &json!(known))
        );
    }
    // The same pair of a number and a user, whichever way it is asked for.
    let known: ahoy_types::WaId = "5215512345678".parse().unwrap();
    let phone = ahoy_types::PhoneNumberId(PHONE);
    let grant = ahoy_platform::Grant::Permanent;
    api.platform
        .set_permission(phone, known, grant)
        .await
        .unwrap();
    for written in ["525512345678", "5215512345678"] {
        let asked = format!("/v25.0/{PHONE}/call_permissions?user_wa_id={written}");
        let permission = &api.get(&asked).await.ok()["permission"]["status"];
        assert_eq!(permission, "permanent", "{written}");
    }
    let users = api.platform.users(99).unwrap();
    let of = |country: &str| {
        let of =
            |u: &&ahoy_calling::account::User| u.country.is_some_and(|c| c.as_str() == country);
        users.iter().filter(of).count()
    };
    assert_eq!((of("BR"), of("MX")), (1, 1));
}

#[tokio::test]
async fn a_number_is_asked_for_by_message_and_by_template() {
    let api = Api::new().await;
    let ask =
        |interactive: Value| message(json!({ "type": "interactive", "interactive": interactive }));
    let action = json!({ "name": "request_contact_info" });
    let whole = json!({ "type": "request_contact_info", "body": { "text": "Your number?" }, "action": action });
    let phone = ahoy_types::PhoneNumberId(PHONE);
    let written = api.platform.user_writes(ANA, phone, "Hi".into(), None);
    written.await.unwrap();
    let sent = api.post(&uri(PHONE), ask(whole)).await.ok();
    assert_eq!(sent["contacts"][0]["wa_id"], ANA.to_string());
    for (interactive, code) in [
        (
            json!({ "type": "request_contact_info", "action": action }),
            131_008,
        ),
        (
            json!({ "type": "request_contact_info", "body": { "text": "x" }, "action": { "name": "send" } }),
            131_009,
        ),
        (
            json!({ "type": "contact_request", "body": { "text": "x" }, "action": action }),
            131_009,
        ),
    ] {
        let refused = api.post(&uri(PHONE), ask(interactive)).await;
        assert_eq!(refused.refusal().1, code);
    }

    let templates = format!("/v25.0/{WABA}/message_templates");
    let button = json!({ "type": "REQUEST_CONTACT_INFO" });
    let template = |buttons: Value| {
        json!({ "name": "your_number", "language": "en", "category": "UTILITY", "components": [
            { "type": "BODY", "text": "We lost your number." }, { "type": "BUTTONS", "buttons": buttons }] })
    };
    let twice = api
        .post(&templates, template(json!([button, button])))
        .await;
    assert_eq!(twice.refusal().0, 400);
    let made = api.post(&templates, template(json!([button]))).await.ok();
    let node = format!("/v25.0/{}", made["id"].as_str().unwrap());
    let shown = api.get(&node).await.ok();
    assert_eq!(
        shown["components"][1]["buttons"],
        json!([{ "type": "REQUEST_CONTACT_INFO", "text": "Share phone number" }])
    );
    let body = json!({ "type": "template", "template": { "name": "your_number", "language": { "code": "en" } } });
    let sent = api.post(&uri(PHONE), message(body)).await.ok();
    let id: ahoy_types::MessageId = sent["messages"][0]["id"].as_str().unwrap().parse().unwrap();
    api.platform.user_shares_number(ANA, id).await.unwrap();
}
