use std::time::Duration;

use ahoy_platform::{OutgoingMessage, Recipient};
use ahoy_wire::Body;
use ahoy_wire::messages::MessageRequest;
use serde_json::{Value, json};

use crate::support::{ANA, PHONE, Phone, Server};

/// The business sends to Ana what a body of its API says.
async fn send(server: &Server, content: Value) -> String {
    let mut body = json!({"messaging_product": "whatsapp", "to": ANA});
    body.as_object_mut()
        .unwrap()
        .extend(content.as_object().unwrap().clone());
    let body = Body::parse(None, body.to_string().as_bytes()).unwrap();
    let MessageRequest::Send(send) = MessageRequest::parse(&body).unwrap() else {
        panic!("not a message");
    };
    let message = OutgoingMessage {
        recipient: Recipient::Number(ANA.parse().unwrap()),
        content: send.content,
        context: send.context,
        opaque: None,
        sent: None,
    };
    let sent = server
        .platform
        .send_message(&server.business, PHONE, message)
        .await;
    sent.unwrap().id.to_string()
}

async fn thread(phone: &mut Phone) -> Value {
    phone.get("thread", json!({"business": PHONE})).await
}

async fn last(phone: &mut Phone) -> Value {
    let thread = thread(phone).await;
    thread["entries"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone()
}

#[tokio::test]
async fn words_go_both_ways_and_are_read_when_the_chat_is_open() {
    let server = Server::start().await;
    let mut phone = server.phone().await;
    let written = phone
        .get("write", json!({"business": PHONE, "text": "Is it ready?"}))
        .await;
    let entry = last(&mut phone).await;
    assert_eq!(
        (&entry["id"], &entry["from"], &entry["body"]),
        (
            &written["message_id"],
            &json!("user"),
            &json!("Is it ready?")
        )
    );
    let id = send(&server, json!({"type": "text", "text": {"body": "Yes"}, "context": {"message_id": written["message_id"]}})).await;
    assert_eq!(
        phone.hear_of("thread_changed").await["business"],
        json!(PHONE)
    );
    let view = thread(&mut phone).await;
    assert_eq!(view["unread"], true);
    phone.get("open", json!({"business": PHONE})).await;
    let view = thread(&mut phone).await;
    assert_eq!(view["unread"], false);
    let entry = &view["entries"][1];
    assert_eq!(
        (&entry["id"], &entry["context"], &entry["state"]),
        (&json!(id), &written["message_id"], &json!("read"))
    );
    assert!(view["window_until"].is_i64(), "{view}");
    let empty = phone
        .ask("write", json!({"business": PHONE, "text": "   "}))
        .await;
    assert_eq!(empty["error"]["code"], "invalid", "{empty}");
}

#[tokio::test]
async fn a_request_is_answered_and_the_permission_taken_back() {
    let server = Server::start().await;
    let mut phone = server.phone().await;
    phone
        .get("write", json!({"business": PHONE, "text": "Hello"}))
        .await;
    let request = json!({"type": "interactive", "interactive": {
        "type": "call_permission_request", "action": {"name": "call_permission_request"}}});
    let id = send(&server, request).await;
    let entry = last(&mut phone).await;
    assert_eq!(
        (&entry["request_state"], &entry["can_answer"]),
        (&json!("open"), &json!(true))
    );
    let answer =
        |response: &str| json!({"business": PHONE, "message_id": id, "response": response});
    phone.get("answer_request", answer("reject")).await;
    let entry = last(&mut phone).await;
    assert_eq!(
        (&entry["request_state"], &entry["can_answer"]),
        (&json!("declined"), &json!(true)),
        "a no may become a yes"
    );
    phone.get("answer_request", answer("accept")).await;
    let view = thread(&mut phone).await;
    assert_eq!(view["permission"]["kind"], "temporary");
    assert!(view["permission"]["until"].is_i64());
    let revoke = json!({"business": PHONE, "response": "revoke"});
    phone.get("permission", revoke).await;
    assert_eq!(
        thread(&mut phone).await["permission"],
        json!({"kind": "none"})
    );
    let week = Duration::from_secs(8 * 86_400);
    server.platform.advance(week).await.unwrap();
    let late = phone
        .ask("answer_request", answer("accept_permanent"))
        .await;
    assert_eq!(late["error"]["code"], "gone", "{late}");
}

#[tokio::test]
async fn a_call_button_calls_until_it_expires() {
    let server = Server::start().await;
    let mut phone = server.phone().await;
    phone
        .get("write", json!({"business": PHONE, "text": "Hello"}))
        .await;
    let button = json!({"type": "interactive", "interactive": {
        "type": "voice_call", "body": {"text": "Talk to us"},
        "action": {"name": "voice_call", "parameters": {"display_text": "Call us", "ttl_minutes": 5, "payload": "order-55"}}}});
    let id = send(&server, button).await;
    let entry = last(&mut phone).await;
    assert_eq!(
        (&entry["call_works"], &entry["call_button"]["display_text"]),
        (&json!(true), &json!("Call us"))
    );
    let dialled = phone.get("tap", json!({"message_id": id})).await;
    let call = &dialled["call_id"];
    assert!(dialled["sdp"].is_string(), "{dialled}");
    phone.get("hang_up", json!({"call_id": call})).await;
    server
        .platform
        .advance(Duration::from_secs(301))
        .await
        .unwrap();
    let late = phone.ask("tap", json!({"message_id": id})).await;
    assert_eq!(late["error"]["code"], "gone", "{late}");
    let view = thread(&mut phone).await;
    assert_eq!(view["entries"][1]["call_works"], false);
}

#[tokio::test]
async fn an_answer_is_tapped_and_a_business_blocked() {
    let server = Server::start().await;
    let mut phone = server.phone().await;
    phone
        .get("write", json!({"business": PHONE, "text": "Hello"}))
        .await;
    let buttons = json!({"type": "interactive", "interactive": {"type": "button", "body": {"text": "Today?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]}}});
    let id = send(&server, buttons).await;
    phone
        .get("reply", json!({"message_id": id, "reply": "y"}))
        .await;
    let entry = last(&mut phone).await;
    assert_eq!(
        (&entry["kind"], &entry["title"], &entry["context"]),
        (&json!("button_reply"), &json!("Yes"), &json!(id))
    );
    let other = phone
        .ask("reply", json!({"message_id": id, "reply": "n"}))
        .await;
    assert_eq!(other["error"]["code"], "gone", "{other}");
    phone.get("block", json!({"business": PHONE})).await;
    assert_eq!(thread(&mut phone).await["blocked"], true);
    let blocked = phone
        .ask("write", json!({"business": PHONE, "text": "Hello"}))
        .await;
    assert_eq!(blocked["error"]["code"], "blocked", "{blocked}");
    phone.get("unblock", json!({"business": PHONE})).await;
    phone.get("report", json!({"business": PHONE})).await;
    phone
        .get("write", json!({"business": PHONE, "text": "Hello"}))
        .await;
}

#[tokio::test]
async fn the_number_is_shared_when_it_is_asked_for() {
    let server = Server::start().await;
    let mut phone = server.phone().await;
    phone
        .get("write", json!({"business": PHONE, "text": "Hello"}))
        .await;
    let id = send(&server, json!({"type": "interactive", "interactive": {
        "type": "request_contact_info", "body": {"text": "Your number?"}, "action": {"name": "request_contact_info"}}}))
    .await;
    let entry = last(&mut phone).await;
    assert_eq!(
        (&entry["kind"], &entry["state"], &entry["contact_request"]),
        (
            &json!("contact_request"),
            &json!("open"),
            &json!({"shared_at": null})
        )
    );
    let shared = phone.get("share_number", json!({"message_id": id})).await;
    let entry = last(&mut phone).await;
    assert_eq!(
        (&entry["id"], &entry["kind"], &entry["body"]),
        (
            &shared["message_id"],
            &json!("shared_number"),
            &json!("+44 7700 900001")
        )
    );
    let again = phone.ask("share_number", json!({"message_id": id})).await;
    assert_eq!(again["error"]["code"], "gone");
}

#[tokio::test]
async fn a_phone_whose_number_changed_is_told_the_new_one() {
    let server = Server::start().await;
    let mut phone = server.phone().await;
    let to = "447700900009".parse().unwrap();
    let moved = server
        .platform
        .change_number_of_user(ANA.parse().unwrap(), to);
    moved.await.unwrap();
    let bye = phone.hear_of("bye").await;
    assert_eq!(
        (&bye["code"], &bye["user"]),
        (&json!("number_changed"), &json!("447700900009"))
    );
}
