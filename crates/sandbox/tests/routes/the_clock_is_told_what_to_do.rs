//! `/sandbox/v1/clock`: jumps, standing still, and what it does not understand.

use crate::support::Sandbox;
use axum::http::StatusCode;
use serde_json::{Value, json};

const CLOCK: &str = "/sandbox/v1/clock";
const ADVANCE: &str = "/sandbox/v1/clock/advance";

async fn good(sandbox: &Sandbox, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = sandbox.ask(method, path, &body.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{body}: {answer}");
    answer
}

#[tokio::test]
async fn it_jumps_by_a_length_or_to_an_instant() {
    let sandbox = Sandbox::new().await;
    let frozen = good(&sandbox, "patch", CLOCK, json!({ "frozen": true })).await;
    assert_eq!(frozen["frozen"], true);
    let start = frozen["now_ms"].as_i64().unwrap();
    let now = async |body: Value| {
        let answer = good(&sandbox, "post", ADVANCE, body).await;
        answer["now_ms"].as_i64().unwrap() - start
    };
    assert_eq!(now(json!({ "seconds": 0 })).await, 0);
    assert_eq!(now(json!({ "seconds": 0.25 })).await, 250);
    assert_eq!(now(json!({ "seconds": 604_800 })).await, 604_800_250);
    let until = start / 1000 + 700_000;
    let at = good(&sandbox, "post", ADVANCE, json!({ "until": until })).await;
    assert_eq!(at["now"], until);
    let far = good(
        &sandbox,
        "post",
        ADVANCE,
        json!({ "until": "2031-01-06T08:00:00Z" }),
    )
    .await;
    assert_eq!(far["at"], "2031-01-06T08:00:00Z");
    let still = good(&sandbox, "get", CLOCK, json!({})).await;
    assert_eq!(
        (&still["now_ms"], &still["frozen"]),
        (&far["now_ms"], &far["frozen"])
    );
    let years = good(&sandbox, "post", ADVANCE, json!({ "seconds": 316_224_000 })).await;
    assert_eq!(years["at"], "2041-01-13T08:00:00Z");
    let runs = good(&sandbox, "patch", CLOCK, json!({ "frozen": false })).await;
    assert_eq!(runs["frozen"], false);
    assert!(runs["now_ms"].as_i64() >= years["now_ms"].as_i64());
}

#[tokio::test]
async fn jumps_at_the_same_instant_add_up() {
    let sandbox = Sandbox::new().await;
    let start = good(&sandbox, "patch", CLOCK, json!({ "frozen": true })).await;
    let jumps = (0..8).map(|n| good(&sandbox, "post", ADVANCE, json!({ "seconds": n })));
    futures_util::future::join_all(jumps).await;
    let end = good(&sandbox, "get", CLOCK, json!({})).await;
    assert_eq!(
        end["now"].as_i64().unwrap() - start["now"].as_i64().unwrap(),
        28
    );
}

#[tokio::test]
async fn what_it_does_not_understand_is_refused_by_a_sentence() {
    let sandbox = Sandbox::new().await;
    let start = good(&sandbox, "patch", CLOCK, json!({ "frozen": true })).await;
    for (method, path, body, said) in [
        ("post", ADVANCE, "{}", "either seconds or until is expected"),
        (
            "post",
            ADVANCE,
            r#"{"seconds":null}"#,
            "either seconds or until is expected",
        ),
        (
            "post",
            ADVANCE,
            r#"{"seconds":1,"until":"2031-01-06T08:00:00Z"}"#,
            "either seconds or until",
        ),
        (
            "post",
            ADVANCE,
            r#"{"seconds":-1}"#,
            "seconds: 0 to 316224000 is expected, not -1",
        ),
        (
            "post",
            ADVANCE,
            r#"{"seconds":316224001}"#,
            "seconds: 0 to 316224000 is expected",
        ),
        (
            "post",
            ADVANCE,
            r#"{"seconds":1e999}"#,
            "the body is not JSON",
        ),
        (
            "post",
            ADVANCE,
            r#"{"seconds":"5"}"#,
            "seconds: invalid type: string \"5\", expected a number",
        ),
        (
            "post",
            ADVANCE,
            r#"{"second":5}"#,
            "unknown field `second`, expected `seconds` or `until`",
        ),
        (
            "post",
            ADVANCE,
            r#"{"until":"noon"}"#,
            "until: an instant like 2027-01-06T08:00:00Z",
        ),
        (
            "post",
            ADVANCE,
            r#"{"until":1000000000}"#,
            "the clock never goes back",
        ),
        (
            "post",
            ADVANCE,
            r#"{"until":"9000-01-01T00:00:00Z"}"#,
            "until: at most 316224000 s ahead",
        ),
        ("post", ADVANCE, r#"{"until":[]}"#, "until: an instant like"),
        ("post", ADVANCE, "[5]", "the body must be a JSON object"),
        ("patch", CLOCK, "{}", "missing field `frozen`"),
        (
            "patch",
            CLOCK,
            r#"{"frozen":"yes"}"#,
            "frozen: invalid type: string \"yes\", expected true or false",
        ),
        (
            "patch",
            CLOCK,
            r#"{"now":5,"frozen":true}"#,
            "unknown field `now`",
        ),
    ] {
        let (status, answer) = sandbox.ask(method, path, body).await;
        let message = answer["error"]["message"].as_str().unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {message}");
        assert!(message.contains(said), "{body}: {message}");
    }
    assert_eq!(
        good(&sandbox, "get", CLOCK, json!({})).await["now_ms"],
        start["now_ms"]
    );
}
