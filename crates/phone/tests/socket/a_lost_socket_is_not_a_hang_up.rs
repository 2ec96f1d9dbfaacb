use serde_json::json;

use crate::support::{PHONE, Server};

#[tokio::test]
async fn the_call_goes_on_and_what_was_missed_is_told() {
    let server = Server::start().await;
    let mut phone = server.phone().await;
    let call = phone.dial().await;
    let (session, seen) = (phone.session.clone(), phone.seen);
    // No close frame: the connection is simply gone.
    drop(phone);
    server.accept(&call).await;

    let mut phone = server.socket().await;
    phone.seen = seen;
    let welcome = phone.hello(json!({"session": session, "seq": seen})).await;
    assert_eq!(welcome["resumed"], true);
    assert_eq!(phone.session, session);
    assert_eq!(
        welcome["calls"],
        json!([{"call_id": call, "direction": "USER_INITIATED", "rings": false, "connected": true}])
    );
    assert_eq!(phone.hear_of("connected").await["call_id"], json!(call));
    assert_eq!(server.end_cause(&call).await, None);
    phone.get("hang_up", json!({"call_id": call})).await;
}

#[tokio::test]
async fn a_request_repeated_after_the_loss_is_done_once() {
    let server = Server::start().await;
    let mut phone = server.phone().await;
    let dial = json!({"type": "call", "id": "once", "to": PHONE});
    phone.tell(&dial).await;
    let first = phone.hear_of("result").await;
    let session = phone.session.clone();
    drop(phone);
    // The answer never arrived, as far as the phone knows.
    let mut phone = server.socket().await;
    phone.hello(json!({"session": session, "seq": 0})).await;
    phone.tell(&dial).await;
    let [replayed, repeated] = [phone.hear_of("result").await, phone.hear_of("result").await];
    assert_eq!([&replayed["seq"], &repeated["seq"]], [&json!(1), &json!(2)]);
    assert_eq!(replayed["result"], first["result"]);
    assert_eq!(repeated["result"], first["result"]);
}

#[tokio::test]
async fn a_session_that_is_over_is_refused_and_a_new_one_begins_on_the_same_socket() {
    let server = Server::start().await;
    let mut phone = server.socket().await;
    let hello = json!({"type": "hello", "version": 1, "session": "AAAA", "seq": 3});
    phone.tell(&hello).await;
    assert_eq!(
        phone.hear_of("error").await["error"]["code"],
        "unknown_session"
    );
    phone.hello(json!({"user": "447700900001"})).await;
}

#[tokio::test]
async fn a_number_not_yet_said_is_no_place_to_resume_from() {
    let server = Server::start().await;
    let phone = server.phone().await;
    let mut other = server.socket().await;
    other
        .tell(&json!({"type": "hello", "version": 1, "session": phone.session, "seq": 99}))
        .await;
    let refused = other.hear_of("error").await;
    assert_eq!(refused["error"]["field"], "seq");
}
