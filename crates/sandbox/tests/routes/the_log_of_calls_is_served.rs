//! `GET /sandbox/v1/call_logs`: pages, filters, one call, exports.

use ahoy_platform::{Dial, UserLegKind};
use ahoy_types::{CallId, PhoneNumberId, WaId};
use axum::body::to_bytes;
use serde_json::Value;

const PHONE: PhoneNumberId = PhoneNumberId(710_000_000_000_001);
const ANA: WaId = WaId::from_u64(447_700_900_001);
const BEN: WaId = WaId::from_u64(447_700_900_002);

struct Sandbox(crate::support::Sandbox);

impl Sandbox {
    async fn new() -> Self {
        Self(crate::support::Sandbox::new().await)
    }

    /// A user's call that the user gave up.
    async fn given_up(&self, user: WaId) -> CallId {
        let platform = &self.0.platform;
        let dialled = platform
            .user_calls(user, PHONE, UserLegKind::Simulated, Dial::default())
            .await;
        let id = dialled.unwrap().id;
        platform.user_hangs_up(user, &id).await.unwrap();
        id
    }

    async fn get(&self, query: &str) -> (u16, String, String) {
        let path = format!("/sandbox/v1/call_logs{query}");
        let response = self.0.send("get", &path, "").await;
        let status = response.status().as_u16();
        let kind = response.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, kind, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn json(&self, query: &str) -> Value {
        let (status, _, body) = self.get(query).await;
        assert_eq!(status, 200, "{query}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    async fn ids(&self, query: &str) -> Vec<String> {
        let list = self.json(query).await["data"].take();
        let ids = list.as_array().unwrap().iter();
        ids.map(|c| c["call_id"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test]
async fn the_log_of_calls_is_served() {
    let sandbox = Sandbox::new().await;
    assert_eq!(sandbox.ids("").await, Vec::<String>::new());
    let first = sandbox.given_up(ANA).await.to_string();
    let second = sandbox.given_up(BEN).await.to_string();
    let whole = sandbox.json("").await;
    let call = &whole["data"][0];
    assert_eq!(call["direction"], "USER_INITIATED");
    assert_eq!(call["signaling"], "GRAPH_API");
    assert_eq!(call["wa_id"], ANA.to_string());
    assert_eq!(call["status"], "COMPLETED");
    assert_eq!(call["end_cause"], "abandoned");
    assert_eq!(
        call["details"],
        "The user gave up before the business answered."
    );
    assert_eq!(call["duration"], Value::Null);
    assert_eq!(call["events"][0]["event"], "connect");
    assert_eq!(call["events"][1]["detail"], "abandoned");

    let (one, two) = (first.as_str(), second.as_str());
    assert_eq!(sandbox.ids("").await, [one, two]);
    assert_eq!(sandbox.ids("?limit=1").await, [one]);
    let page = sandbox.json("?limit=1").await;
    let after = page["paging"]["cursors"]["after"].as_str().unwrap();
    assert_eq!(sandbox.ids(&format!("?after={after}")).await, [two]);
    assert_eq!(sandbox.ids("?user=%2B447700900002").await, [two]);
    assert_eq!(
        sandbox.ids("?phone_number=442079460000&user=").await,
        [one, two]
    );
    assert_eq!(
        sandbox.ids("?phone_number=710000000000002").await,
        Vec::<String>::new()
    );
    assert_eq!(
        sandbox.ids("?direction=business_initiated").await,
        Vec::<String>::new()
    );
    assert_eq!(
        sandbox.ids("?since=1000000000&until=1000000001").await,
        Vec::<String>::new()
    );
    assert_eq!(sandbox.json(&format!("/{one}")).await["call_id"], one);

    let (_, kind, csv) = sandbox.get("?format=csv").await;
    assert!(kind.starts_with("text/csv"), "{kind}");
    assert!(
        csv.starts_with("timestamp,direction,signaling,call_id,"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 3);
    let (_, _, lines) = sandbox.get("?format=jsonl&limit=1").await;
    let parsed: Vec<Value> = lines
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!((parsed.len(), &parsed[0]), (1, call));
}

#[tokio::test]
async fn what_it_does_not_understand_is_refused_by_name() {
    let sandbox = Sandbox::new().await;
    for (query, status, said) in [
        ("?phone_number=1", 400, "phone_number"),
        ("?user=x", 400, "user"),
        ("?direction=up", 400, "direction"),
        ("?since=yesterday", 400, "since"),
        ("?until=99999999999999999", 400, "until"),
        ("?after=x", 400, "after"),
        ("?limit=0", 400, "limit"),
        ("?limit=1001&format=csv", 400, "limit"),
        ("?format=xml", 400, "format"),
        ("/x", 400, "call id"),
        ("/wacid.abc", 404, "wacid.abc"),
    ] {
        let (found, _, body) = sandbox.get(query).await;
        assert_eq!(found, status, "{query}");
        assert!(body.contains(said), "{query}: {body}");
    }
}
