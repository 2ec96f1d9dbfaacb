//! `GET /sandbox/v1/state` and `PUT /sandbox/v1/state`.

use crate::support::Sandbox;
use axum::body::to_bytes;
use axum::http::StatusCode;
use serde_json::{Value, json};

const STATE: &str = "/sandbox/v1/state";

async fn text(sandbox: &Sandbox) -> String {
    let answer = sandbox.send("get", STATE, "").await;
    assert_eq!(answer.status(), StatusCode::OK);
    let bytes = to_bytes(answer.into_body(), 64 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn export_reset_import_export_gives_the_same_bytes() {
    let sandbox = Sandbox::new().await;
    let ask = async |method, path: &str, body: Value| {
        let (status, answer) = sandbox.ask(method, path, &body.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    };
    ask("patch", "/sandbox/v1/clock", json!({ "frozen": true })).await;
    let cleo =
        json!({ "wa_id": "447700900003", "name": "Cleo", "behaviour": { "on_ring": "manual" } });
    ask("post", "/sandbox/v1/users", cleo).await;
    let words = json!({ "to": "710000000000001", "text": { "body": "Hello" } });
    ask("post", "/sandbox/v1/users/447700900003/messages", words).await;
    let before = text(&sandbox).await;
    assert!(before.starts_with("{\"format\":\"ahoy-state\",\"version\":1,\"schema\":"));
    ask("post", "/sandbox/v1/reset", json!({})).await;
    let (status, _) = sandbox
        .ask("get", "/sandbox/v1/users/447700900003", "")
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, answer) = sandbox.ask("put", STATE, &before).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["success"], true);
    let user = sandbox
        .ask("get", "/sandbox/v1/users/447700900003", "")
        .await;
    assert_eq!(user.1["name"], "Cleo");
    assert_eq!(text(&sandbox).await, before);
}

#[tokio::test]
async fn what_is_no_state_is_refused_by_a_sentence_and_changes_nothing() {
    let sandbox = Sandbox::new().await;
    let (_, frozen) = sandbox
        .ask("patch", "/sandbox/v1/clock", r#"{"frozen":true}"#)
        .await;
    assert_eq!(frozen["frozen"], true);
    let before = text(&sandbox).await;
    let whole: Value = serde_json::from_str(&before).unwrap();
    type Spoil = fn(&mut Value);
    let cases: [(Spoil, &str); 16] = [
        (|d| *d = json!([]), "a JSON object is expected"),
        (
            |d| *d = json!({}),
            "format: \"ahoy-state\" is expected, not nothing",
        ),
        (
            |d| d["format"] = json!("zip"),
            "format: \"ahoy-state\" is expected, not \"zip\"",
        ),
        (
            |d| d["version"] = json!(2),
            "version: 1 is expected, not 2: a newer release wrote it",
        ),
        (
            |d| d["version"] = json!("1"),
            "version: 1 is expected, not \"1\"",
        ),
        (
            |d| d["schema"] = json!(-1),
            "schema: a whole number is expected, not -1",
        ),
        (|d| d["schema"] = json!(9_999), "schema: 1 to "),
        (
            |d| d["colour"] = json!(1),
            "`colour` is none of format, version",
        ),
        (
            |d| d["clock"] = json!(5),
            "clock: an object with now_ms and frozen",
        ),
        (
            |d| d["clock"]["now_ms"] = json!("noon"),
            "clock.now_ms: Unix milliseconds",
        ),
        (
            |d| d["clock"]["now_ms"] = json!(i64::MAX),
            "clock.now_ms: Unix milliseconds",
        ),
        (
            |d| d["clock"]["frozen"] = json!(1),
            "clock.frozen: true or false is expected, not 1",
        ),
        (
            |d| d["tables"] = json!([]),
            "tables: an object is expected, not []",
        ),
        (
            |d| d["tables"]["users"] = json!({}),
            "tables.users: a list of rows is expected",
        ),
        (
            |d| d["tables"]["users"][0] = json!(7),
            "tables.users[0]: an object is expected, not 7",
        ),
        (
            |d| {
                d["tables"]["meta"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!({"key": "clock", "value": "1 2"}))
            },
            "tables.meta: the clock is not among these",
        ),
    ];
    for (spoil, said) in cases {
        let mut spoilt = whole.clone();
        spoil(&mut spoilt);
        let (status, answer) = sandbox.ask("put", STATE, &spoilt.to_string()).await;
        let message = answer["error"]["message"].as_str().unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{said}: {message}");
        assert!(message.contains(said), "{said}: {message}");
    }
    for body in ["", "{", "\u{fffd}"] {
        let (status, answer) = sandbox.ask("put", STATE, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(
            answer.to_string().contains("the body is not JSON"),
            "{answer}"
        );
    }
    assert_eq!(text(&sandbox).await, before);
}
