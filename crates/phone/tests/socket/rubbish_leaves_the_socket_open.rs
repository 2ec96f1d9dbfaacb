use std::time::Duration;

use ahoy_phone::Limits;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{ANA, Server, within};

#[tokio::test]
async fn each_wrong_message_is_answered_by_name() {
    let server = Server::start().await;
    let mut phone = server.phone().await;
    let long = format!(
        r#"{{"type":"call","id":"1","to":"{}"}}"#,
        "7".repeat(40_000)
    );
    for (message, code, field) in [
        (Message::text("{"), "bad_json", None),
        (Message::text("\0"), "bad_json", None),
        (Message::text("7"), "bad_json", None),
        (Message::text("[".repeat(5_000)), "bad_json", None),
        (Message::binary(vec![0xff; 100]), "not_text", None),
        (Message::text(long), "too_large", None),
        (
            Message::text(r#"{"type":"dance","id":"1"}"#),
            "unknown_type",
            Some("type"),
        ),
        (
            Message::text(r#"{"type":"call","id":"1"}"#),
            "bad_field",
            Some("to"),
        ),
        (
            Message::text(r#"{"type":"answer","id":"1","call_id":"x"}"#),
            "bad_field",
            Some("call_id"),
        ),
    ] {
        phone.say(message.clone()).await;
        let error = phone.hear_of("error").await["error"].clone();
        assert_eq!(error["code"], code, "{message:?}");
        assert_eq!(error["field"].as_str(), field, "{message:?}");
    }
    phone.get("businesses", json!({})).await;
}

#[tokio::test]
async fn before_the_hello_nothing_else_is_heard() {
    let server = Server::start().await;
    let mut phone = server.socket().await;
    phone.tell(&json!({"type": "businesses", "id": "a"})).await;
    let error = phone.hear_of("error").await;
    assert_eq!(
        (&error["id"], &error["error"]["code"]),
        (&json!("a"), &json!("hello_first"))
    );
    phone
        .tell(&json!({"type": "hello", "version": 1, "user": "12"}))
        .await;
    assert_eq!(phone.hear_of("error").await["error"]["field"], "user");
    phone.hello(json!({"user": ANA})).await;
}

#[tokio::test]
async fn another_version_is_refused_with_a_sentence() {
    let server = Server::start().await;
    let mut phone = server.socket().await;
    phone
        .tell(&json!({"type": "hello", "version": 2, "user": ANA}))
        .await;
    let error = phone.hear_of("error").await;
    assert_eq!(error["error"]["code"], "bad_version");
    assert_eq!(phone.hear().await, None);
}

#[tokio::test]
async fn who_says_no_hello_is_let_go_and_makes_room() {
    let limits = Limits {
        sessions: 1,
        hello: Duration::from_millis(50),
        ..Limits::default()
    };
    let server = Server::with(true, limits).await;
    let mut silent = server.socket().await;
    let refused =
        tokio_tungstenite::connect_async(format!("ws://{}/phone/socket", server.address)).await;
    match refused {
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
            assert_eq!(response.status(), 503)
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(silent.hear().await, None);
    // The place is free once the server has seen the end of the socket.
    drop(silent);
    within("a free place", async {
        let url = format!("ws://{}/phone/socket", server.address);
        while tokio_tungstenite::connect_async(url.clone()).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_flood_is_answered_at_its_pace_and_nothing_is_lost() {
    let limits = Limits {
        burst: 5,
        pace: Duration::from_millis(2),
        ..Limits::default()
    };
    let server = Server::with(true, limits).await;
    let mut phone = server.phone().await;
    let began = std::time::Instant::now();
    for n in 0..100 {
        phone
            .tell(&json!({"type": "businesses", "id": n.to_string()}))
            .await;
    }
    for n in 0..100 {
        assert_eq!(phone.hear().await.unwrap()["id"], n.to_string());
    }
    assert!(
        began.elapsed() >= Duration::from_millis(2 * 94),
        "{:?}",
        began.elapsed()
    );
}

/// Pages of other servers cannot make the browser's user call.
#[tokio::test]
async fn foreign_pages_are_refused() {
    let server = Server::start().await;
    let request = |origin: &str| {
        format!(
            "GET /phone/socket HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: {origin}\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            server.address
        )
    };
    let own = format!("http://{}", server.address);
    for (origin, status) in [("https://evil.example", "403"), (own.as_str(), "101")] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(request(origin).as_bytes()).await.unwrap();
        let mut head = [0; 12];
        within("a status line", stream.read_exact(&mut head))
            .await
            .unwrap();
        assert_eq!(std::str::from_utf8(&head[9..]).unwrap(), status, "{origin}");
    }
}
