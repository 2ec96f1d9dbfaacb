//! Values that a sandbox route could read and cannot take: the answer names the field, and nothing has happened.

use crate::world::{ANA, PHONE, Sandbox};
use serde_json::{Value, json};

#[tokio::test]
async fn values_out_of_range() {
    let sandbox = Sandbox::new().await;
    let before = sandbox.everything();
    let clock = sandbox.platform.clock().offset_ms();
    let user = format!("/users/{ANA}");
    let number = format!("/numbers/{PHONE}");
    let call = format!("{user}/calls/wacid.none");
    let with = |response: &str| json!({"phone_number_id": PHONE, "response": response});
    let cases: Vec<(&str, String, Value, &str)> = vec![
        (
            "POST",
            "/clock/advance".into(),
            json!({"seconds": -1}),
            "seconds",
        ),
        (
            "POST",
            "/clock/advance".into(),
            json!({"seconds": 1e12}),
            "seconds",
        ),
        ("POST", "/users".into(), json!({"wa_id": "12"}), "wa_id"),
        (
            "POST",
            "/users".into(),
            json!({"wa_id": "447700900003", "country": "Spain"}),
            "country",
        ),
        (
            "POST",
            "/users".into(),
            json!({"wa_id": "447700900003", "name": "C", "behaviour": {"on_ring": "sing"}}),
            "behaviour",
        ),
        ("PATCH", user.clone(), json!({"country": "XX"}), "country"),
        (
            "PATCH",
            user.clone(),
            json!({"name": "Anna", "username": "x".repeat(36)}),
            "username",
        ),
        (
            "PATCH",
            user.clone(),
            json!({"name": "Anna", "hides_number": true}),
            "hides_number",
        ),
        (
            "PATCH",
            user.clone(),
            json!({"name": "Anna", "client": {"size": 3}}),
            "size",
        ),
        (
            "PATCH",
            user.clone(),
            json!({"name": "Anna", "client": {"companion": "yes"}}),
            "client: companion",
        ),
        (
            "PATCH",
            user.clone(),
            json!({"name": "Anna", "client": {"app_version": "latest"}}),
            "client: app_version: `latest`",
        ),
        (
            "PATCH",
            user.clone(),
            json!({"name": "Anna", "client": {"app_version": 2}}),
            "client: app_version",
        ),
        (
            "PATCH",
            user.clone(),
            json!({"name": "Anna", "client": {"holds_old_settings": 1}}),
            "holds_old_settings",
        ),
        (
            "PATCH",
            user.clone(),
            json!({"name": "Anna", "behaviour": {"answer_after_ms": -1}}),
            "behaviour",
        ),
        (
            "PATCH",
            user.clone(),
            json!({"name": "Anna", "behaviour": {"colour": "red"}}),
            "colour",
        ),
        (
            "PATCH",
            user.clone(),
            json!({"name": "Anna", "behaviour": {"audio": {"tone_hz": 20}}}),
            "tone_hz",
        ),
        (
            "PATCH",
            user.clone(),
            json!({"name": "Anna", "behaviour": {"audio": {"file": "/no/such/file.wav"}}}),
            "/no/such/file.wav",
        ),
        (
            "PATCH",
            user.clone(),
            json!({"name": "Anna", "behaviour": {"audio": 7}}),
            "audio",
        ),
        (
            "POST",
            format!("{user}/permission"),
            with("perhaps"),
            "response",
        ),
        (
            "POST",
            format!("{user}/permission"),
            json!({"phone_number_id": PHONE, "response": "accept", "message_id": "x"}),
            "message_id",
        ),
        (
            "POST",
            format!("{user}/permission"),
            json!({"phone_number_id": PHONE, "response": "revoke", "message_id": "wamid.none"}),
            "message_id",
        ),
        (
            "POST",
            format!("{user}/calls"),
            json!({"to": PHONE, "cta_payload": "x".repeat(513)}),
            "cta_payload",
        ),
        (
            "POST",
            format!("{user}/calls"),
            json!({"to": PHONE, "deeplink_payload": "x".repeat(513)}),
            "deeplink_payload",
        ),
        (
            "POST",
            format!("{call}/dtmf"),
            json!({"digits": "12x"}),
            "digits",
        ),
        (
            "POST",
            format!("{call}/dtmf"),
            json!({"digits": ""}),
            "digits",
        ),
        (
            "POST",
            format!("{call}/dtmf"),
            json!({"digits": "1".repeat(65)}),
            "digits",
        ),
        (
            "GET",
            format!("{call}/heard.wav?rate=44100"),
            json!(null),
            "rate",
        ),
        (
            "GET",
            format!("{call}/heard.wav?rate=fast"),
            json!(null),
            "rate",
        ),
        (
            "POST",
            format!("{user}/messages"),
            json!({"to": PHONE, "text": {"body": ""}}),
            "body",
        ),
        (
            "POST",
            format!("{user}/messages"),
            json!({"to": PHONE, "text": {"body": "x".repeat(70_000)}}),
            "body",
        ),
        (
            "POST",
            format!("{user}/messages"),
            json!({"to": PHONE, "text": {}}),
            "body",
        ),
        (
            "POST",
            format!("{user}/messages"),
            json!({"to": PHONE, "text": {"body": "Hello", "size": 1}}),
            "size",
        ),
        (
            "POST",
            format!("{user}/messages"),
            json!({"to": PHONE, "type": "image", "text": {"body": "Hello"}}),
            "type",
        ),
        (
            "POST",
            format!("{user}/messages"),
            json!({"to": PHONE, "text": {"body": "Hello"}, "context": {}}),
            "message_id",
        ),
        (
            "POST",
            format!("{user}/messages"),
            json!({"to": PHONE, "text": {"body": "Hello"}, "context": {"message_id": "x"}}),
            "context.message_id",
        ),
        (
            "POST",
            format!("{user}/taps"),
            json!({"message_id": "x"}),
            "message_id",
        ),
        (
            "GET",
            format!("{user}/thread"),
            json!(null),
            "phone_number_id",
        ),
        (
            "GET",
            format!("{user}/thread?phone_number_id={PHONE}&limit=x"),
            json!(null),
            "limit",
        ),
        (
            "GET",
            format!("{user}/thread?phone_number_id={PHONE}&limit=-1"),
            json!(null),
            "limit",
        ),
        (
            "GET",
            format!("{user}/view"),
            json!(null),
            "phone_number_id",
        ),
        (
            "PATCH",
            number.clone(),
            json!({"payment_valid": false, "parent_business": "x"}),
            "parent_business",
        ),
        (
            "PUT",
            format!("{number}/standing"),
            json!({"pick_up": "superb"}),
            "pick_up",
        ),
        (
            "PUT",
            format!("{number}/standing"),
            json!({"business_calls": "restricted", "user_calls": "bad"}),
            "user_calls",
        ),
        (
            "PUT",
            format!("{number}/standing"),
            json!({}),
            "business_calls",
        ),
        ("GET", "/mailbox?after=x".into(), json!(null), "after"),
        ("GET", "/mailbox?limit=x".into(), json!(null), "limit"),
        ("GET", "/deliveries?after=x".into(), json!(null), "after"),
        ("GET", "/deliveries?limit=x".into(), json!(null), "limit"),
        ("GET", "/deliveries?call=x".into(), json!(null), "call"),
        ("GET", "/deliveries/x".into(), json!(null), "x"),
    ];
    for (method, path, body, said) in cases {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let short: String = text.chars().take(120).collect();
        let reply = sandbox.send(method, &path, text).await;
        let (status, code, sentence) = reply.refusal();
        assert_eq!(
            (status, code),
            (400, "invalid"),
            "{method} {path} {short}: {sentence}"
        );
        assert!(
            sentence.contains(said),
            "{method} {path} {short}: {sentence}"
        );
        assert_eq!(
            sandbox.everything(),
            before,
            "{method} {path} {short} left something behind"
        );
    }
    assert_eq!(
        sandbox.platform.clock().offset_ms(),
        clock,
        "the clock did not jump"
    );
}
