//! Who a user is, over HTTP: `number`, `seen`, `share_number`, and numbers that are written in two ways.

use crate::world::{ANA, PHONE, Sandbox};
use ahoy_wire::messages::{Content, Interactive};
use serde_json::{Value, json};

async fn seen(sandbox: &Sandbox, user: impl std::fmt::Display) -> Value {
    let path = format!("/users/{user}/seen?phone_number_id={PHONE}");
    sandbox.get(&path).await.ok()
}

async fn writes(sandbox: &Sandbox, user: impl std::fmt::Display) {
    let body = json!({"to": PHONE, "text": {"body": "Hello"}});
    let path = format!("/users/{user}/messages");
    sandbox.post(&path, body).await.ok();
}

#[tokio::test]
async fn a_user_moves_to_another_number() {
    let sandbox = Sandbox::new().await;
    writes(&sandbox, ANA).await;
    let before = seen(&sandbox, ANA).await;
    assert_eq!(before["number_visible"], true);
    assert_eq!(before["in_contact_book"], true);
    let path = format!("/users/{ANA}/number");
    let moved = sandbox
        .post(&path, json!({"wa_id": "+34 600 111 222"}))
        .await
        .ok();
    assert_eq!(
        (&moved["wa_id"], &moved["name"], &moved["country"]),
        (&json!("34600111222"), &json!("Ana"), &json!("ES"))
    );
    assert_eq!(sandbox.get(&format!("/users/{ANA}")).await.status, 404);
    let after = seen(&sandbox, "34600111222").await;
    assert_ne!(after["user_id"], before["user_id"]);
    assert_eq!(after["met_at"], before["met_at"]);
    let told = sandbox.webhooks("messages");
    let system = told.iter().find(|v| v["messages"][0]["type"] == "system");
    assert_eq!(
        system.unwrap()["messages"][0]["system"]["wa_id"],
        "34600111222"
    );
    let thread = format!("/users/34600111222/thread?phone_number_id={PHONE}");
    let thread = sandbox.get(&thread).await.ok();
    assert_eq!(
        thread["data"][1]["body"],
        "You changed your number from +44 7700 900001 to +34 600 11 12 22."
    );
    assert_eq!(thread["data"][1]["from"], "platform");

    let again = sandbox.post(&path, json!({"wa_id": "34600111333"})).await;
    assert_eq!(again.status, 404);
    let path = "/users/34600111222/number";
    let taken = sandbox.post(path, json!({"wa_id": "447700900002"})).await;
    assert_eq!(
        taken.refusal(),
        (
            409,
            "conflict",
            "wa_id: 447700900002 is the number of a user"
        )
    );
    let bad = sandbox.post(path, json!({"wa_id": "x"})).await;
    assert_eq!(bad.status, 400);
}

#[tokio::test]
async fn both_forms_of_a_number_are_one_user() {
    let sandbox = Sandbox::new().await;
    for (written, known) in [
        ("5511987654321", "5511987654321"),
        ("551187654321", "5511987654321"),
        ("5531987654321", "553187654321"),
        ("525512345678", "5215512345678"),
        ("541112345678", "5491112345678"),
    ] {
        let made = sandbox.post("/users", json!({"wa_id": written})).await.ok();
        assert_eq!(made["wa_id"], known, "{written}");
        writes(&sandbox, written).await;
        let found = sandbox.get(&format!("/users/{written}")).await.ok();
        assert_eq!(found["wa_id"], known);
        assert_eq!(seen(&sandbox, written).await["wa_id"], known);
    }
    let users = sandbox.get("/users").await.ok();
    assert_eq!(users["data"].as_array().unwrap().len(), 2 + 4);
}

#[tokio::test]
async fn a_number_is_asked_for_and_shared() {
    let sandbox = Sandbox::new().await;
    let path = format!("/users/{ANA}");
    sandbox.patch(&path, json!({"username": "ana"})).await.ok();
    writes(&sandbox, ANA).await;
    assert_eq!(seen(&sandbox, ANA).await["number_visible"], false);
    let asked = sandbox
        .sends(Content::Interactive(Interactive::ContactRequest {
            body: "Your number?".into(),
        }))
        .await;
    let path = format!("/users/{ANA}/share_number");
    let body = json!({"message_id": asked});
    sandbox.post(&path, body.clone()).await.ok();
    let told = sandbox.webhooks("messages");
    let shared = told.iter().find(|v| v["messages"][0]["type"] == "contacts");
    let contact = &shared.unwrap()["messages"][0]["contacts"][0];
    assert_eq!(contact["phones"][0]["wa_id"], ANA.to_string());
    assert_eq!(sandbox.post(&path, body).await.status, 409);
    assert_eq!(seen(&sandbox, ANA).await["number_visible"], true);
}

#[tokio::test]
async fn a_contact_book_is_kept_or_not() {
    let sandbox = Sandbox::new().await;
    let path = format!("/numbers/{PHONE}");
    assert_eq!(sandbox.get(&path).await.ok()["contact_book"], true);
    let off = sandbox.patch(&path, json!({"contact_book": false})).await;
    assert_eq!(off.ok()["contact_book"], false);
    writes(&sandbox, ANA).await;
    let ana = seen(&sandbox, ANA).await;
    assert_eq!(
        (&ana["in_contact_book"], &ana["contact_book"]),
        (&json!(false), &json!(false))
    );
}
