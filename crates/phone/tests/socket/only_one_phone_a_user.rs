use serde_json::json;

use crate::support::{ANA, Server};

#[tokio::test]
async fn the_newest_wins_and_the_calls_of_the_old_one_end() {
    let server = Server::start().await;
    let mut first = server.phone().await;
    let call = first.dial().await;
    let mut second = server.socket().await;
    let welcome = second.hello(json!({"user": ANA})).await;
    assert_eq!(welcome["calls"], json!([]));
    assert_eq!(first.hear_of("bye").await["code"], "replaced");
    assert_eq!(first.hear().await, None);
    assert_eq!(server.end_cause(&call).await, Some("abandoned"));
    let gone = json!({"type": "hello", "version": 1, "session": first.session, "seq": 0});
    let mut back = server.socket().await;
    back.tell(&gone).await;
    assert_eq!(
        back.hear_of("error").await["error"]["code"],
        "unknown_session"
    );
}

#[tokio::test]
async fn a_call_the_phone_still_holds_outlives_its_session() {
    let server = Server::start().await;
    let mut first = server.phone().await;
    let call = first.dial().await;
    let mut second = server.socket().await;
    second.hello(json!({"user": ANA, "calls": [call]})).await;
    assert_eq!(server.end_cause(&call).await, None);
    server.accept(&call).await;
    assert_eq!(second.hear_of("connected").await["call_id"], json!(call));
    second.get("hang_up", json!({"call_id": call})).await;
    assert_eq!(second.hear_of("ended").await["cause"], "user_hung_up");
}

#[tokio::test]
async fn a_phone_switched_off_hangs_up() {
    let server = Server::start().await;
    let mut phone = server.phone().await;
    let call = phone.dial().await;
    phone.tell(&json!({"type": "bye"})).await;
    assert_eq!(phone.hear().await, None);
    assert_eq!(server.end_cause(&call).await, Some("abandoned"));
}
