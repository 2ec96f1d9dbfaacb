//! `GET /sandbox/v1/timeline` and its stream; deliveries, and sending one once more: over HTTP, in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use ahoy_calling::delivery::Outcome;
use ahoy_calling::limits::LimitTable;
use ahoy_calling::price::PriceList;
use ahoy_media::MediaConfig;
use ahoy_platform::{AttemptReport, DeliveryJob, Platform, PlatformConfig, Seed};
use ahoy_sandbox::{SandboxState, Surface, recorded, router};
use ahoy_store::sqlite::SqliteStore;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, StatusCode};
use axum::routing::post;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tower::ServiceExt as _;

const ANA: &str = "447700900001";
const BEN: &str = "447700900002";
const PHONE: &str = "710000000000001";
/// Long enough for a loaded machine; nothing waits this long when all is well.
const PATIENCE: Duration = Duration::from_secs(20);

struct Sandbox {
    router: Router,
    /// What the receiver of webhooks answers.
    answer: Arc<AtomicU16>,
}

/// The webhooks edge: answers each attempt with the status that is set.
async fn receive(
    platform: Platform,
    mut jobs: mpsc::UnboundedReceiver<DeliveryJob>,
    answer: Arc<AtomicU16>,
) {
    while let Some(job) = jobs.recv().await {
        let began = platform.clock().now();
        let Some(target) = platform.delivery_target(&job).unwrap() else {
            continue;
        };
        let report = AttemptReport {
            url: target.url.unwrap_or_default(),
            headers: vec![("x-hub-signature-256".into(), "sha256=00".into())],
            took_us: 1_500,
            outcome: Outcome::Status(answer.load(Ordering::SeqCst)),
            note: "the answer's body".into(),
            answer_headers: vec![("content-type".into(), "text/plain".into())],
            fault: None,
            copy: None,
        };
        platform.delivery_attempted(job, report, began).await;
    }
}

/// Stands in for the public API: the log looks at requests and answers, not at who made them.
fn api() -> Router {
    let calls = async |body: Bytes| {
        if body.is_empty() {
            let error = json!({ "error": { "message": "(#100) Invalid parameter", "code": 100,
                "error_data": { "details": "action is missing." } } });
            return (StatusCode::BAD_REQUEST, axum::Json(error));
        }
        (StatusCode::OK, axum::Json(json!({ "success": true })))
    };
    Router::new().route("/v25.0/710000000000001/calls", post(calls))
}

impl Sandbox {
    async fn new() -> Self {
        let config = PlatformConfig {
            limits: LimitTable::default(),
            prices: Arc::new(PriceList::published().unwrap()),
            create_users: true,
            phone_media_wait: Duration::ZERO,
            media: MediaConfig {
                workers: 1,
                tell_steps: true,
                ..MediaConfig::default()
            },
        };
        let store = Box::new(SqliteStore::temporary().unwrap());
        let (platform, jobs) = Platform::start(store, config).await.unwrap();
        let seed = Seed::default();
        platform.plant(&seed).await.unwrap();
        let answer = Arc::new(AtomicU16::new(200));
        tokio::spawn(receive(platform.clone(), jobs, answer.clone()));
        let state = SandboxState {
            platform,
            seed: Arc::new(seed),
            after_reset: Arc::new(|_| Box::pin(async {})),
        };
        let api = recorded(api(), &state, Surface::Api);
        let router = router(state).merge(api);
        Self { router, answer }
    }

    async fn ask(&self, request: Request<Body>) -> (u16, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 8 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let path = format!("/sandbox/v1{path}");
        self.ask(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let path = format!("/sandbox/v1{path}");
        let request = Request::post(path).body(Body::from(body.to_string()));
        let (status, answer) = self.ask(request.unwrap()).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    async fn list(&self, query: &str) -> Vec<Value> {
        let (status, answer) = self.get(&format!("/timeline{query}")).await;
        assert_eq!(status, 200, "{query}: {answer}");
        answer["data"].as_array().unwrap().clone()
    }

    /// A call that the user gives up, all of it delivered.
    async fn given_up(&self, user: &str) -> String {
        let call = self
            .post(&format!("/users/{user}/calls"), json!({ "to": PHONE }))
            .await;
        let id = call["id"].as_str().unwrap().to_owned();
        self.post(&format!("/users/{user}/calls/{id}/hang_up"), json!({}))
            .await;
        self.post("/clock/advance", json!({ "seconds": 1 })).await;
        id
    }
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    entries
        .iter()
        .map(|e| e["kind"].as_str().unwrap())
        .collect()
}

/// A stream being read.
struct Stream {
    body: axum::body::BodyDataStream,
    text: String,
}

impl Stream {
    async fn open(sandbox: &Sandbox, query: &str, last: Option<&str>) -> Self {
        let mut request = Request::get(format!("/sandbox/v1/timeline/stream{query}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = sandbox.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next event with data: its name, id and data.
    async fn next(&mut self) -> (String, String, Value) {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = block.lines().find_map(|l| l.strip_prefix(name));
                    line.unwrap_or_default().trim().to_owned()
                };
                let found = (field("event:"), field("id:"), field("data:"));
                self.text = rest.to_owned();
                if !found.2.is_empty() {
                    return (found.0, found.1, serde_json::from_str(&found.2).unwrap());
                }
                continue;
            }
            let more = tokio::time::timeout(PATIENCE, self.body.next()).await;
            let more = more.unwrap_or_else(|_| panic!("the stream fell silent: {}", self.text));
            self.text
                .push_str(std::str::from_utf8(&more.unwrap().unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn a_call_is_told_from_its_request_to_its_verdict() {
    let sandbox = Sandbox::new().await;
    let id = sandbox.given_up(ANA).await;
    sandbox.given_up(BEN).await;
    let of_call = sandbox.list(&format!("?call={id}")).await;
    let seen = kinds(&of_call);
    for kind in ["sandbox", "call", "media", "webhook", "verdict", "clock"] {
        assert!(seen.contains(&kind), "no {kind} in {seen:?}");
    }
    for entry in of_call.iter().filter(|e| e["kind"] != "clock") {
        assert_eq!(entry["call_id"], id.as_str(), "{entry}");
        assert_eq!(entry["phone_number_id"], PHONE, "{entry}");
        assert_eq!(entry["wa_id"], ANA, "{entry}");
    }
    let placed = &of_call.iter().find(|e| e["kind"] == "sandbox").unwrap()["what"];
    assert_eq!(placed["method"], "POST");
    assert_eq!(placed["path"], format!("/sandbox/v1/users/{ANA}/calls"));
    assert_eq!(
        placed["request"]["body"],
        json!({ "to": PHONE }).to_string()
    );
    assert_eq!(placed["answer"]["body"], json!({ "id": id }).to_string());
    assert_eq!(placed["status"], 200);
    let ended = of_call
        .iter()
        .find(|e| e["what"]["phase"] == "ended")
        .unwrap();
    let attempt = &ended["what"];
    assert_eq!(attempt["event"], "connect");
    assert_eq!(attempt["answer"]["body"], "the answer's body");
    assert_eq!(attempt["answer"]["headers"]["content-type"], "text/plain");
    assert_eq!(
        attempt["request"]["headers"]["x-hub-signature-256"],
        "sha256=00"
    );
    assert_eq!(attempt["took_ms"], 1.5);
    let began = &of_call
        .iter()
        .find(|e| e["seq"] == ended["completes"])
        .unwrap()["what"];
    assert_eq!(began["phase"], "started");
    let verdict = of_call.iter().find(|e| e["kind"] == "verdict").unwrap();
    assert_eq!(
        verdict["text"],
        "The user hung up before the business answered, so no audio was let through."
    );
    assert_eq!(verdict["failed"], false);
}

#[tokio::test]
async fn lists_are_narrowed_and_paged() {
    let sandbox = Sandbox::new().await;
    sandbox.given_up(ANA).await;
    let (status, refused) = sandbox.get("/users/x").await;
    assert_eq!(status, 400);
    let all = sandbox.list("").await;
    let failures = sandbox.list("?failures=true").await;
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!(failures[0]["what"]["error"], refused["error"]["message"]);
    assert_eq!(kinds(&sandbox.list("?kind=call").await), ["call", "call"]);
    let two = sandbox.list("?kind=clock,verdict").await;
    assert_eq!(two.len(), 2, "{two:?}");
    let of_user = sandbox.list(&format!("?user={BEN}&kind=call")).await;
    assert!(of_user.is_empty());
    let of_number = sandbox.list("?number=442079460000&kind=call").await;
    assert_eq!(of_number.len(), 2);
    let last = sandbox.list("?last=2").await;
    assert_eq!(last, all[all.len() - 2..]);

    let (_, page) = sandbox.get("/timeline?limit=3").await;
    assert_eq!(page["data"], json!(all[..3]));
    assert_eq!(page["more"], true);
    let after = page["paging"]["cursors"]["after"].as_str().unwrap();
    assert_eq!(sandbox.list(&format!("?after={after}")).await, all[3..]);
    assert_eq!(page["kept"]["most_entries"], 10_000);
    let bytes = page["kept"]["bytes"].as_u64().unwrap();
    assert!((1..1 << 20).contains(&bytes), "{bytes}");
    assert_eq!(sandbox.list("").await, all, "looking leaves no trace");
}

#[tokio::test]
async fn requests_to_the_public_api_are_told_without_their_secrets() {
    let sandbox = Sandbox::new().await;
    let call = "wacid.HBgMNDQ3NzAwOTAwMDAxFQIAEhgUM0EwMDAwMDAwMDAwMDAwMDAwMDAA";
    let body = json!({ "messaging_product": "whatsapp", "call_id": call, "action": "accept" });
    for (token, body) in [
        ("ahoy-dev-token", body.to_string()),
        ("EAAsecret", String::new()),
    ] {
        let request = Request::post("/v25.0/710000000000001/calls")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Body::from(body));
        sandbox.ask(request.unwrap()).await;
    }
    let told = sandbox.list("?kind=api").await;
    assert_eq!(told.len(), 2);
    let [accept, refused] = [&told[0], &told[1]];
    assert_eq!(accept["what"]["credential"], "seeded");
    assert_eq!(accept["what"]["token"], "the seeded access token");
    assert_eq!(accept["call_id"], call);
    assert_eq!(accept["what"]["request"]["headers"]["authorization"], "***");
    let text = accept["text"].as_str().unwrap();
    assert!(
        text.starts_with("POST accept /v25.0/710000000000001/calls: 200 in "),
        "{text}"
    );
    assert_eq!(refused["failed"], true);
    assert_eq!(refused["what"]["error"], "action is missing.");
    assert_eq!(refused["what"]["credential"], Value::Null);
    assert_eq!(refused["what"]["token"], "a token nobody knows");
    assert_eq!(refused["phone_number_id"], PHONE);
    assert!(!json!(told).to_string().contains("EAAsecret"));
}

#[tokio::test]
async fn a_stream_tells_things_as_they_happen_and_goes_on_where_it_was() {
    let sandbox = Sandbox::new().await;
    let mut live = Stream::open(&sandbox, "?kind=call,verdict", None).await;
    let id = sandbox.given_up(ANA).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        let (event, event_id, entry) = live.next().await;
        assert_eq!(event, "entry");
        assert_eq!(entry["id"], event_id);
        assert_eq!(entry["call_id"], id);
        told.push(entry);
    }
    assert_eq!(kinds(&told), ["call", "call", "verdict"]);
    assert_eq!(told[0]["what"]["step"], "placed");
    drop(live);

    let first = told[0]["id"].as_str().unwrap();
    let mut again = Stream::open(&sandbox, "?kind=call,verdict", Some(first)).await;
    for expected in &told[1..] {
        assert_eq!(again.next().await.2, *expected);
    }
    // A server that was started anew knows nothing of the numbers of the one before.
    let mut other = Stream::open(&sandbox, "?kind=call", Some("7-3")).await;
    assert_eq!(other.next().await.2, told[0]);
    let mut recent = Stream::open(&sandbox, "?last=1", None).await;
    assert_eq!(recent.next().await.2["kind"], "sandbox");
}

#[tokio::test]
async fn who_reads_slowly_is_told_what_was_missed_and_holds_up_nobody() {
    let sandbox = Sandbox::new().await;
    sandbox.get("/clock").await;
    let mut slow = Stream::open(&sandbox, "?last=1", None).await;
    assert_eq!(slow.next().await.0, "entry");
    for _ in 0..10_050 {
        sandbox.get("/clock").await;
    }
    // What lay ready for it already, then the gap.
    let mut before = 0;
    let missed = loop {
        let (event, _, data) = slow.next().await;
        if event == "gap" {
            break data["missed"].as_u64().unwrap();
        }
        before += 1;
    };
    assert_eq!(missed + before, 50);
    assert_eq!(slow.next().await.0, "entry");
}

#[tokio::test]
async fn no_more_than_so_many_follow_at_once() {
    let sandbox = Sandbox::new().await;
    let mut all = Vec::new();
    for _ in 0..32 {
        all.push(Stream::open(&sandbox, "", None).await);
    }
    let (status, refused) = sandbox.get("/timeline/stream").await;
    assert_eq!(status, 503);
    assert_eq!(refused["error"]["code"], "busy");
    all.pop();
    Stream::open(&sandbox, "", None).await;
}

#[tokio::test]
async fn a_reset_empties_the_log_and_says_so() {
    let sandbox = Sandbox::new().await;
    sandbox.given_up(ANA).await;
    let mut live = Stream::open(&sandbox, "?kind=reset", None).await;
    sandbox.post("/reset", json!({})).await;
    assert_eq!(live.next().await.2["kind"], "reset");
    let left = sandbox.list("").await;
    assert_eq!(kinds(&left), ["reset", "sandbox"]);
    assert_eq!(left[1]["what"]["path"], "/sandbox/v1/reset");
}

#[tokio::test]
async fn a_webhook_is_replayed_and_its_outcome_is_seen() {
    let sandbox = Sandbox::new().await;
    let call = sandbox.given_up(ANA).await;
    let (_, list) = sandbox.get(&format!("/deliveries?call={call}")).await;
    let connect = &list["data"][0];
    assert_eq!(connect["state"], "delivered");
    let path = format!("/deliveries/{}/replay", connect["id"].as_str().unwrap());
    let answer = sandbox.post(&path, json!({})).await;
    assert_eq!(answer["delivery"]["body"], connect["body"]);
    assert_eq!(answer["replayed"]["number"], 2);
    assert_eq!(answer["replayed"]["replay"], true);
    assert_eq!(answer["replayed"]["status"], 200);
    sandbox.answer.store(500, Ordering::SeqCst);
    let answer = sandbox.post(&path, json!({})).await;
    assert_eq!(answer["replayed"]["status"], 500);
    assert_eq!(answer["delivery"]["state"], "delivered");
    assert_eq!(answer["delivery"]["attempts"].as_array().unwrap().len(), 3);
    let told = sandbox.list("?kind=webhook&failures=true").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["what"]["replay"], true);
    assert_eq!(told[0]["what"]["delivery_id"], connect["id"]);

    let (_, delivered) = sandbox
        .get("/deliveries?state=delivered&number=442079460000&limit=1")
        .await;
    assert_eq!(delivered["data"][0]["id"], connect["id"]);
    assert_eq!(delivered["paging"]["cursors"]["after"], connect["id"]);
    let (_, none) = sandbox.get("/deliveries?state=abandoned").await;
    assert_eq!(none, json!({ "data": [] }));
}

#[tokio::test]
async fn what_it_does_not_understand_is_refused_by_name() {
    let sandbox = Sandbox::new().await;
    for (path, status, said) in [
        ("/timeline?call=x", 400, "call"),
        ("/timeline?number=1", 404, "`1`"),
        ("/timeline?user=x", 400, "user"),
        ("/timeline?kind=api,telegram", 400, "kind: `telegram`"),
        ("/timeline?failures=maybe", 400, "failures"),
        ("/timeline?after=5", 400, "after"),
        ("/timeline?last=0", 400, "last"),
        ("/timeline?last=10001", 400, "last"),
        ("/timeline?last=1&after=1-1", 400, "last"),
        ("/timeline?limit=-1", 400, "limit"),
        ("/timeline?colour=red", 400, "`colour`"),
        ("/timeline?call=%FF", 400, "call"),
        ("/timeline/stream?kind=x", 400, "kind"),
        ("/timeline/stream?limit=3", 400, "limit"),
        ("/deliveries?after=x", 400, "after"),
        ("/deliveries?call=x", 400, "call"),
        ("/deliveries?number=1", 404, "`1`"),
        ("/deliveries?state=lost", 400, "state"),
        ("/deliveries?limit=0", 400, "limit"),
        ("/deliveries?limit=1001", 400, "limit"),
        ("/deliveries?colour=red", 400, "`colour`"),
        ("/deliveries/x", 400, "id"),
        ("/deliveries/99", 404, "99"),
    ] {
        let (found, answer) = sandbox.get(path).await;
        assert_eq!(found, status, "{path}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(said), "{path}: {message}");
    }
    let post = |path: &str, body: &str| {
        let path = format!("/sandbox/v1{path}");
        sandbox.ask(
            Request::post(path)
                .body(Body::from(body.to_owned()))
                .unwrap(),
        )
    };
    assert_eq!(post("/deliveries/99/replay", "").await.0, 404);
    assert_eq!(post("/deliveries/x/replay", "").await.0, 400);
    let (status, answer) = post("/deliveries/99/replay", "{\"times\":3}").await;
    assert_eq!(status, 400);
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("times")
    );
    let stream = Request::get("/sandbox/v1/timeline/stream").header("last-event-id", "x");
    let (status, answer) = sandbox.ask(stream.body(Body::empty()).unwrap()).await;
    assert_eq!(status, 400, "{answer}");
}
