use std::time::{Duration, Instant};

use ahoy_wire::ErrorCode;
use serde_json::{Value, json};

use crate::support::{ANA, BEN, PHONE, World, connect};

#[tokio::test]
async fn every_code_of_the_table_is_answered_as_documented() {
    let world = World::new().await;
    for code in ErrorCode::ALL {
        let fault = format!("error_code={}", code.code());
        let reply = world.graph("GET", &format!("/{PHONE}"), &fault, None).await;
        assert_eq!(reply.status, code.http_status(), "{code}");
        let error = &reply.json["error"];
        assert_eq!(error["code"], code.code());
        assert_eq!(error["message"], code.message());
        assert!(error["fbtrace_id"].is_string() && error["error_data"]["details"].is_string());
        assert_eq!(reply.fault.as_deref(), Some("error_code"));
    }
    let reply = world.graph("GET", &format!("/{PHONE}"), "", None).await;
    assert_eq!((reply.status, reply.fault), (200, None));
}

#[tokio::test]
async fn a_refused_request_does_nothing() {
    let world = World::new().await;
    world
        .faults(json!({"api": {"error_code": 131000, "action": "connect", "times": 1}}))
        .await;
    let refused = world.connect(ANA, "").await;
    assert_eq!(
        (refused.status, &refused.json["error"]["code"]),
        (500, &json!(131_000))
    );
    assert!(world.calls(ANA).await.is_empty());
    let taken = world.connect(ANA, "").await;
    assert_eq!(taken.status, 200, "once was asked for: {}", taken.json);
    let call = &taken.json["calls"][0]["id"];
    let ended = world
        .act(
            "",
            json!({"messaging_product": "whatsapp", "call_id": call, "action": "terminate"}),
        )
        .await;
    ended.ok();
}

#[tokio::test]
async fn an_answer_takes_its_time() {
    let world = World::new().await;
    let start = Instant::now();
    let reply = world
        .graph("GET", &format!("/{PHONE}"), "latency_ms=300", None)
        .await;
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert_eq!(
        (reply.status, reply.fault.as_deref()),
        (200, Some("latency_ms"))
    );
}

#[tokio::test]
async fn a_cut_connection_ends_where_it_was_asked_to() {
    let world = World::new().await;
    let path = format!("/v25.0/{PHONE}/calls");
    let ask = async |user: &str, fault: &str| {
        let cut = world
            .try_ask("POST", &path, fault, Some(connect(user)))
            .await;
        cut.expect_err("the connection is cut")
    };
    let before = ask(ANA, "cut=before").await;
    assert!(before.is_request(), "no answer began: {before:?}");
    assert!(world.calls(ANA).await.is_empty(), "nothing was done");
    let after = ask(ANA, "cut=after").await;
    assert!(after.is_request(), "no answer began: {after:?}");
    assert_eq!(world.calls(ANA).await.len(), 1, "it was done");
    let half = ask(BEN, "cut").await;
    assert!(
        half.is_decode() || half.is_body(),
        "the answer broke off: {half:?}"
    );
    assert_eq!(world.calls(BEN).await.len(), 1, "it was done");
}

#[tokio::test]
async fn half_of_the_bytes_arrive() {
    let world = World::new().await;
    let url = format!("{}/v25.0/{PHONE}", world.base);
    let request = || world.http.get(&url).bearer_auth("ahoy-dev-token");
    let whole = request().send().await.unwrap().bytes().await.unwrap();
    let mut answer = request()
        .header("Ahoy-Fault", "cut=half")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.content_length()),
        (200, Some(whole.len() as u64))
    );
    let mut came = Vec::new();
    let broke = loop {
        match answer.chunk().await {
            Ok(Some(bytes)) => came.extend_from_slice(&bytes),
            other => break other.is_err(),
        }
    };
    assert!(
        broke,
        "{} bytes came and the answer seemed whole",
        came.len()
    );
    assert_eq!(came, whole[..whole.len() / 2]);
}

#[tokio::test]
async fn requests_are_chosen_by_method_path_and_seed() {
    let world = World::new().await;
    let pattern = async || {
        world.faults(json!({"seed": 5, "api": {"error_code": 4, "probability": 0.5, "method": "GET", "path": PHONE}})).await;
        let mut struck = Vec::new();
        for _ in 0..20 {
            let reply = world.graph("GET", &format!("/{PHONE}"), "", None).await;
            struck.push(reply.fault.is_some());
        }
        struck
    };
    let first = pattern().await;
    assert!(first.contains(&true) && first.contains(&false));
    assert_eq!(first, pattern().await);
    let other = world.graph("GET", "/710000000000002", "", None).await;
    assert_eq!(other.status, 200);
    let shown = world.sandbox("GET", "/faults", Value::Null).await.ok();
    assert_eq!(
        (&shown["api"][0]["seen"], &shown["on"]),
        (&json!(20), &json!(true))
    );
}
