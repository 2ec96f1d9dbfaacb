use serde_json::json;

use crate::support::{ANA, CLOSED, PHONE, Server, answer};

#[tokio::test]
async fn out() {
    let server = Server::start().await;
    let mut phone = server.socket().await;
    let welcome = phone.hello(json!({"user": "+44 7700 900001"})).await;
    assert_eq!(
        welcome["user"],
        json!({"wa_id": ANA, "name": "Ana", "number": "+44 7700 900001"})
    );
    assert_eq!(
        (&welcome["resumed"], &welcome["calls"]),
        (&json!(false), &json!([]))
    );

    let list = phone.get("businesses", json!({})).await;
    let first = &list["businesses"][0];
    assert_eq!(first["name"], "Harbour Café");
    assert_eq!(
        (&first["calling"], &first["call_icon"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(list["businesses"][1]["calling"], false);

    let call = phone.dial().await;
    server.accept(&call).await;
    assert_eq!(phone.hear_of("connected").await["call_id"], json!(call));
    phone.get("hang_up", json!({"call_id": call})).await;
    let ended = phone.hear_of("ended").await;
    assert_eq!(
        (&ended["cause"], &ended["connected"], &ended["reason"]),
        (&json!("user_hung_up"), &json!(true), &json!("You hung up."))
    );

    let thread = phone.get("thread", json!({"business": PHONE})).await;
    let entry = &thread["entries"][0];
    assert_eq!(
        (&entry["call_id"], &entry["outcome"]),
        (&json!(call), &json!("answered"))
    );
    assert!(entry["duration_seconds"].is_u64(), "{entry}");
}

#[tokio::test]
async fn in_answered_by_the_phone_that_rang() {
    let server = Server::start().await;
    let mut phone = server.phone().await;
    let call = server.call_ana().await;
    let ring = phone.hear_of("ring").await;
    assert_eq!(
        ring["business"],
        json!({"id": PHONE, "name": "Harbour Café"})
    );
    assert_eq!(ring["call_id"], json!(call));
    phone.get("ringing", json!({"call_id": call})).await;
    phone
        .get("sdp", json!({"call_id": call, "sdp": answer()}))
        .await;
    phone.get("answer", json!({"call_id": call})).await;
    let again = phone.ask("answer", json!({"call_id": call})).await;
    assert_eq!(again["error"]["code"], "wrong_state");
    server
        .platform
        .terminate(&server.business, PHONE, call.clone())
        .await
        .unwrap();
    assert_eq!(
        phone.hear_of("ended").await["reason"],
        "The business hung up."
    );
}

#[tokio::test]
async fn in_and_declined_by_a_phone_that_came_late() {
    let server = Server::start().await;
    // A person with a real phone that is off: nobody answers in their place.
    let user = ANA.parse().unwrap();
    server
        .platform
        .change_user(user, |user| user.behaviour = None)
        .await
        .unwrap();
    let call = server.call_ana().await;
    let mut phone = server.phone().await;
    assert_eq!(phone.hear_of("ring").await["call_id"], json!(call));
    phone.get("reject", json!({"call_id": call})).await;
    assert_eq!(
        phone.hear_of("ended").await["reason"],
        "You declined the call."
    );
    let thread = phone.get("thread", json!({"business": PHONE})).await;
    assert_eq!(thread["entries"][0]["outcome"], "declined");
}

#[tokio::test]
async fn what_cannot_be_is_refused_in_words() {
    let server = Server::start().await;
    let mut phone = server.phone().await;
    let refused = phone.ask("call", json!({"to": CLOSED})).await;
    assert_eq!(
        refused["error"],
        json!({"code": "calling_disabled", "message": "This business does not take calls."})
    );
    let nobody = phone.ask("call", json!({"to": "442079460999"})).await;
    assert_eq!(nobody["error"]["code"], "no_such_business");
    let call = phone.dial().await;
    let busy = phone.ask("call", json!({"to": PHONE})).await;
    assert_eq!(busy["error"]["code"], "busy");
    let broken = phone
        .ask("sdp", json!({"call_id": call, "sdp": "v=0"}))
        .await;
    assert_eq!(broken["error"]["code"], "invalid");
    assert!(
        broken["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("sdp: "),
        "{broken}"
    );

    // Another user's phone cannot touch the call.
    let mut other = server.socket().await;
    other.hello(json!({"user": "447700900002"})).await;
    for act in ["ringing", "answer", "reject", "hang_up"] {
        let refused = other.ask(act, json!({"call_id": call})).await;
        assert_eq!(refused["error"]["code"], "no_such_call", "{act}");
    }
    let refused = other
        .ask("sdp", json!({"call_id": call, "sdp": answer()}))
        .await;
    assert_eq!(refused["error"]["code"], "no_such_call");
    assert_eq!(server.end_cause(&call).await, None);
}

#[tokio::test]
async fn the_same_request_twice_is_one_call() {
    let server = Server::start().await;
    let mut phone = server.phone().await;
    let dial = json!({"type": "call", "id": "once", "to": PHONE});
    phone.tell(&dial).await;
    phone.tell(&dial).await;
    let [first, second] = [phone.hear_of("result").await, phone.hear_of("result").await];
    assert_eq!(first["result"], second["result"]);
    assert_eq!(
        phone.get("thread", json!({"business": PHONE})).await["entries"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
