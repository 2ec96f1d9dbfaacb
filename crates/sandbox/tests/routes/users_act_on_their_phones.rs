//! Users and what they do beside calling: `users`, `permission`, `messages`, `taps`, `thread`, `open`, `block`, `report`.

use crate::world::{ANA, PHONE, Sandbox};
use ahoy_wire::messages::{CallButton, Content, Interactive, Reply, ReplyButtons};
use serde_json::{Value, json};

const CLEO: &str = "447700900003";

async fn permission(sandbox: &Sandbox, response: &str) -> Value {
    let path = format!("/users/{ANA}/permission");
    let body = json!({"phone_number_id": PHONE, "response": response});
    sandbox.post(&path, body).await.ok()
}

async fn thread(sandbox: &Sandbox) -> Value {
    let path = format!("/users/{ANA}/thread?phone_number_id={PHONE}");
    sandbox.get(&path).await.ok()
}

/// Kind and state of each entry.
fn entries(thread: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entries = thread["data"].as_array().unwrap().iter();
    entries
        .map(|e| (text(&e["kind"]), text(&e["state"])))
        .collect()
}

#[tokio::test]
async fn a_user_is_made_listed_changed_and_put_back() {
    let sandbox = Sandbox::new().await;
    let body = json!({"wa_id": "+44 7700 900003", "name": "Cleo", "behaviour": {"on_ring": "reject", "answer_after_ms": 2000}});
    let made = sandbox.post("/users", body).await.ok();
    assert_eq!(
        (&made["wa_id"], &made["name"], &made["country"]),
        (&json!(CLEO), &json!("Cleo"), &json!("GB"))
    );
    assert_eq!(made["behaviour"]["on_ring"], "reject");
    assert_eq!(made["behaviour"]["on_permission_request"], "ignore");
    let path = format!("/users/{CLEO}");
    assert_eq!(sandbox.get(&path).await.ok(), made);
    let list = sandbox.get("/users").await.ok();
    let names: Vec<&Value> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| &u["name"])
        .collect();
    assert_eq!(names, ["Ana", "Ben", "Cleo"], "oldest first");

    let change = json!({"username": "cleo", "hides_number": true, "country": "es", "behaviour": {"answer_after_ms": null, "audio": {"silence": true}}});
    let changed = sandbox.patch(&path, change).await.ok();
    assert_eq!(
        (
            &changed["country"],
            &changed["username"],
            &changed["hides_number"]
        ),
        (&json!("ES"), &json!("cleo"), &json!(true))
    );
    assert_eq!(changed["name"], "Cleo", "what is left out stays");
    assert_eq!(changed["behaviour"]["on_ring"], "reject");
    assert_eq!(
        changed["behaviour"]["answer_after_ms"], 0,
        "null puts it back"
    );
    assert_eq!(changed["behaviour"]["audio"], json!({"silence": true}));
    // Posting an existing user changes it, and makes no second one.
    let again = sandbox
        .post("/users", json!({"wa_id": CLEO, "name": "Cleopatra"}))
        .await
        .ok();
    assert_eq!(
        (&again["name"], &again["username"]),
        (&json!("Cleopatra"), &json!("cleo"))
    );
    assert_eq!(
        sandbox.get("/users").await.ok()["data"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    // Without a username nothing is left to hide behind.
    assert_eq!(
        sandbox.patch(&path, json!({"username": ""})).await.status,
        400
    );
    assert_eq!(sandbox.get(&path).await.ok(), again);

    assert_eq!(sandbox.get("/users/447700900009").await.status, 404);
    assert_eq!(
        sandbox
            .patch("/users/447700900009", json!({"name": "Nobody"}))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_grant_comes_with_a_request_or_from_the_profile() {
    let sandbox = Sandbox::new().await;
    // With no request open the grant is set directly.
    let granted = permission(&sandbox, "accept").await;
    assert_eq!(granted["answered_request"], json!(false));
    assert_eq!(granted["permission"]["status"], "temporary");
    let expires = granted["permission"]["expiration_time"].as_i64().unwrap();
    let now = sandbox.platform.clock().now().secs();
    assert!((expires - now - 604_800).abs() <= 5, "{granted}");
    assert_eq!(
        permission(&sandbox, "revoke").await["permission"]["status"],
        "no_permission"
    );
    let told = sandbox.webhooks("messages").len();
    permission(&sandbox, "revoke").await;
    assert_eq!(
        sandbox.webhooks("messages").len(),
        told,
        "what changes nothing is not told"
    );

    let request = sandbox.asks().await;
    let answered = permission(&sandbox, "reject").await;
    assert_eq!(answered["answered_request"], json!(true));
    let of_message =
        json!({"phone_number_id": PHONE, "response": "accept_permanent", "message_id": request});
    let path = format!("/users/{ANA}/permission");
    let yes = sandbox.post(&path, of_message.clone()).await.ok();
    assert_eq!(
        (&yes["answered_request"], &yes["permission"]["status"]),
        (&json!(true), &json!("permanent"))
    );
    assert_eq!(yes["permission"]["expiration_time"], Value::Null);
    let twice = sandbox.post(&path, of_message).await;
    assert_eq!((twice.refusal().0, twice.refusal().1), (409, "gone"));
    assert!(
        entries(&thread(&sandbox).await)
            .contains(&("permission_request".into(), "accepted".into()))
    );
}

#[tokio::test]
async fn a_chat_is_written_read_and_tapped() {
    let sandbox = Sandbox::new().await;
    let user = format!("/users/{ANA}");
    let write = async |body: Value| sandbox.post(&format!("{user}/messages"), body).await;
    let id = write(json!({"to": PHONE, "type": "text", "text": {"body": "Where is my order?"}}))
        .await
        .ok();
    let first = id["id"].as_str().unwrap();
    assert!(first.starts_with("wamid."), "{id}");
    write(json!({"to": "442079460000", "text": {"body": "This one"}, "context": {"message_id": first}})).await.ok();
    let told = sandbox.webhooks("messages");
    assert_eq!(told[0]["messages"][0]["text"]["body"], "Where is my order?");
    assert_eq!(told[1]["messages"][0]["context"]["id"], first);

    sandbox
        .patch(&user, json!({"behaviour": {"on_message": "ignore"}}))
        .await
        .ok();
    let button = sandbox
        .sends(Content::Interactive(Interactive::VoiceCall {
            body: "Call us".into(),
            button: CallButton {
                display_text: "Call Now".into(),
                ttl_minutes: 1,
                payload: Some("from the button".into()),
            },
        }))
        .await;
    let choice = |id: &str| Reply {
        id: id.into(),
        title: id.to_uppercase(),
    };
    let asked = sandbox
        .sends(Content::Interactive(Interactive::Buttons(ReplyButtons {
            header: None,
            body: "Shall we?".into(),
            footer: None,
            buttons: vec![choice("yes"), choice("no")],
        })))
        .await;
    assert_eq!(thread(&sandbox).await["unread"], json!(true));
    sandbox
        .post(&format!("{user}/open"), json!({"phone_number_id": PHONE}))
        .await
        .ok();
    assert_eq!(thread(&sandbox).await["unread"], json!(false));

    let tap = async |body: Value| sandbox.post(&format!("{user}/taps"), body).await;
    let replied = tap(json!({"message_id": asked, "reply_id": "yes"}))
        .await
        .ok();
    assert!(
        replied["id"].as_str().unwrap().starts_with("wamid."),
        "{replied}"
    );
    assert_eq!(
        tap(json!({"message_id": asked, "reply_id": "perhaps"}))
            .await
            .refusal()
            .0,
        409
    );
    assert_eq!(
        tap(json!({"message_id": asked})).await.refusal().0,
        409,
        "there is no call button in it"
    );
    let called = tap(json!({"message_id": button})).await.ok();
    let call = called["id"].as_str().unwrap();
    let told = sandbox.webhooks("calls");
    assert_eq!(told[0]["calls"][0]["cta_payload"], "from the button");
    sandbox
        .post(&format!("{user}/calls/{call}/hang_up"), json!({}))
        .await
        .ok();
    sandbox
        .post("/clock/advance", json!({"seconds": 61}))
        .await
        .ok();
    let late = tap(json!({"message_id": button})).await;
    assert_eq!((late.refusal().0, late.refusal().1), (409, "gone"));

    let whole = thread(&sandbox).await;
    let kinds: Vec<String> = entries(&whole).into_iter().map(|(kind, _)| kind).collect();
    for kind in ["text", "call_button", "buttons", "button_reply", "call"] {
        assert!(
            kinds.iter().any(|k| k == kind),
            "{kind} is missing in {kinds:?}"
        );
    }
    assert!(entries(&whole).contains(&("call_button".into(), "expired".into())));
    assert!(
        entries(&whole).contains(&("call".into(), "cancelled".into())),
        "{whole}"
    );
    let path = format!("{user}/thread?phone_number_id={PHONE}&limit=2");
    let newest = sandbox.get(&path).await.ok();
    let all = whole["data"].as_array().unwrap();
    assert_eq!(newest["data"].as_array().unwrap()[..], all[all.len() - 2..]);
}

#[tokio::test]
async fn blocking_stops_both_ways_and_reports_count() {
    let sandbox = Sandbox::new().await;
    let act = async |what: &str| {
        let path = format!("/users/{ANA}/{what}");
        sandbox.post(&path, json!({"phone_number_id": PHONE})).await
    };
    act("block").await.ok();
    assert_eq!(thread(&sandbox).await["blocked"], json!(true));
    let text = json!({"to": PHONE, "text": {"body": "Hello"}});
    let refused = sandbox
        .post(&format!("/users/{ANA}/messages"), text.clone())
        .await;
    assert_eq!((refused.refusal().0, refused.refusal().1), (409, "blocked"));
    act("unblock").await.ok();
    sandbox
        .post(&format!("/users/{ANA}/messages"), text)
        .await
        .ok();

    // Feedback belongs to the newest call.
    let call = sandbox
        .post(&format!("/users/{ANA}/calls"), json!({"to": PHONE}))
        .await
        .ok();
    let call = call["id"].as_str().unwrap();
    sandbox
        .post("/clock/advance", json!({"seconds": 20}))
        .await
        .ok();
    sandbox
        .post(&format!("/users/{ANA}/calls/{call}/hang_up"), json!({}))
        .await
        .ok();
    act("report").await.ok();
    let standing = sandbox
        .get(&format!("/numbers/{PHONE}/standing"))
        .await
        .ok();
    assert_eq!(
        (
            &standing["user_calls"]["calls"],
            &standing["user_calls"]["feedback"]
        ),
        (&json!(1), &json!(1))
    );
}
