//! A sandbox with the business API on a loopback port, the real sender of webhooks, and a receiver.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ahoy_calling::account::Callback;
use ahoy_calling::limits::LimitTable;
use ahoy_calling::price::PriceList;
use ahoy_graph::{GraphState, Verifying};
use ahoy_media::MediaConfig;
use ahoy_outbound::{Outbound, Policy};
use ahoy_platform::{PHONE_MEDIA_WAIT, Platform, PlatformConfig, Seed, Verified};
use ahoy_sandbox::SandboxState;
use ahoy_store::sqlite::SqliteStore;
use ahoy_types::AppId;
use ahoy_webhooks::Sender;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::any;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);
pub const PHONE: &str = "710000000000001";
pub const ANA: &str = "447700900001";
pub const BEN: &str = "447700900002";
const TOKEN: &str = "ahoy-dev-token";
const OFFER: &str = include_str!("../../../sdp/tests/data/chrome-offer.sdp");
const ANSWER: &str = include_str!("../../../sdp/tests/data/aiortc-stripped-answer.sdp");

pub fn offer() -> String {
    OFFER.replace("\r\n", "\n").replace('\n', "\r\n")
}
pub fn answer() -> String {
    ANSWER.replace("\r\n", "\n").replace('\n', "\r\n")
}

type Bodies = Arc<watch::Sender<Vec<Got>>>;

/// A webhook as it came.
#[derive(Debug, Clone)]
pub struct Got {
    pub headers: HeaderMap,
    pub bytes: Bytes,
    pub body: Value,
}

async fn take(State(got): State<Bodies>, headers: HeaderMap, bytes: Bytes) {
    let body = serde_json::from_slice(&bytes).unwrap();
    got.send_modify(|all| {
        all.push(Got {
            headers,
            bytes,
            body,
        });
    });
}

/// Event and call of a webhook.
pub fn event(body: &Value) -> (String, String) {
    let value = &body["entry"][0]["changes"][0]["value"];
    let (of, key) = match &value["calls"][0] {
        Value::Null => (&value["statuses"][0], "status"),
        call => (call, "event"),
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&of[key]), text(&of["id"]))
}

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// An answer: status, the header `Ahoy-Fault`, body.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub fault: Option<String>,
    pub json: Value,
}

impl Reply {
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.json);
        self.json
    }
}

pub struct World {
    pub base: String,
    pub http: reqwest::Client,
    got: Bodies,
}

impl World {
    pub async fn new() -> Self {
        let config = PlatformConfig {
            limits: LimitTable::default(),
            prices: Arc::new(PriceList::published().unwrap()),
            create_users: true,
            phone_media_wait: PHONE_MEDIA_WAIT,
            media: MediaConfig {
                workers: 1,
                ..MediaConfig::default()
            },
        };
        let store = Box::new(SqliteStore::temporary().unwrap());
        let (platform, jobs) = Platform::start(store, config).await.unwrap();
        let seed = Seed::default();
        platform.plant(&seed).await.unwrap();
        let client = Outbound::new(Policy::anywhere(), Vec::new()).unwrap();
        tokio::spawn(Sender::new(platform.clone(), client).run(jobs));
        let got = Bodies::new(watch::Sender::new(Vec::new()));
        let receiver = Router::new().fallback(any(take)).with_state(got.clone());
        let callback = Callback {
            url: format!("http://{}/hook", serve(receiver).await),
            verify_token: "v".into(),
        };
        let app = AppId(900_100_200_300);
        platform.offer_callback(app, callback, "v").await.unwrap();
        let verify =
            |callback: Callback| -> Verifying { Box::pin(async move { Ok(Verified(callback)) }) };
        let graph = ahoy_graph::router(GraphState::new(platform.clone(), Arc::new(verify)));
        let sandbox = ahoy_sandbox::router(SandboxState {
            platform,
            seed: Arc::new(seed),
            after_reset: Arc::new(|_| Box::pin(async {})),
        });
        let world = Self {
            base: format!("http://{}", serve(sandbox.fallback_service(graph)).await),
            http: reqwest::Client::new(),
            got,
        };
        for user in [ANA, BEN] {
            let behaviour = json!({"behaviour": {"on_ring": "manual"}});
            world
                .sandbox("PATCH", &format!("/users/{user}"), behaviour)
                .await
                .ok();
            let grant = json!({"phone_number_id": PHONE, "response": "accept"});
            world
                .sandbox("POST", &format!("/users/{user}/permission"), grant)
                .await
                .ok();
        }
        world
    }

    pub async fn try_ask(
        &self,
        method: &str,
        path: &str,
        fault: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Reply> {
        let mut request = self
            .http
            .request(method.parse().unwrap(), format!("{}{path}", self.base))
            .bearer_auth(TOKEN);
        if !fault.is_empty() {
            request = request.header("Ahoy-Fault", fault);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let header = answer.headers().get("ahoy-fault");
        Ok(Reply {
            status: answer.status().as_u16(),
            fault: header.map(|v| v.to_str().unwrap().to_owned()),
            json: answer.json().await?,
        })
    }

    /// A request to the sandbox.
    pub async fn sandbox(&self, method: &str, path: &str, body: Value) -> Reply {
        self.sandbox_under(method, path, "", body).await
    }
    pub async fn sandbox_under(&self, method: &str, path: &str, fault: &str, body: Value) -> Reply {
        let path = format!("/sandbox/v1{path}");
        let body = (method != "GET").then_some(body);
        self.try_ask(method, &path, fault, body).await.unwrap()
    }
    /// Faults for everybody.
    pub async fn faults(&self, body: Value) -> Value {
        self.sandbox("PUT", "/faults", body).await.ok()
    }
    /// A request to the business API, with the header.
    pub async fn graph(&self, method: &str, path: &str, fault: &str, body: Option<Value>) -> Reply {
        self.try_ask(method, &format!("/v25.0{path}"), fault, body)
            .await
            .unwrap()
    }
    /// `POST /calls` of the business.
    pub async fn act(&self, fault: &str, body: Value) -> Reply {
        self.graph("POST", &format!("/{PHONE}/calls"), fault, Some(body))
            .await
    }
    /// The business calls.
    pub async fn connect(&self, user: &str, fault: &str) -> Reply {
        self.act(fault, connect(user)).await
    }
    /// The user calls.
    pub async fn user_calls(&self, user: &str) -> String {
        let placed = self
            .sandbox(
                "POST",
                &format!("/users/{user}/calls"),
                json!({"to": PHONE}),
            )
            .await;
        placed.ok()["id"].as_str().unwrap().to_owned()
    }
    pub async fn hang_up(&self, user: &str, call: &str) {
        let path = format!("/users/{user}/calls/{call}/hang_up");
        self.sandbox("POST", &path, json!({})).await.ok();
    }
    pub async fn advance(&self, seconds: u64) {
        self.sandbox("POST", "/clock/advance", json!({"seconds": seconds}))
            .await
            .ok();
    }
    /// The call as the user's phone shows it.
    pub async fn call(&self, user: &str, call: &str) -> Value {
        self.sandbox("GET", &format!("/users/{user}/calls/{call}"), Value::Null)
            .await
            .ok()
    }
    /// Calls of a user.
    pub async fn calls(&self, user: &str) -> Vec<Value> {
        let listed = self
            .sandbox("GET", &format!("/users/{user}/calls"), Value::Null)
            .await
            .ok();
        listed["data"].as_array().unwrap().clone()
    }
    /// Attempts to deliver this event of a call.
    pub async fn attempts(&self, call: &str, wanted: &str) -> Vec<Value> {
        let path = format!("/deliveries?call={call}");
        let listed = self.sandbox("GET", &path, Value::Null).await.ok();
        let of = |delivery: &&Value| {
            let body = serde_json::from_str(delivery["body"].as_str().unwrap()).unwrap();
            event(&body).0 == wanted
        };
        let found = listed["data"].as_array().unwrap().iter().find(of);
        let found = found.unwrap_or_else(|| panic!("no {wanted} of {call} in {listed}"));
        found["attempts"].as_array().unwrap().clone()
    }

    /// What the receiver has got of this call so far.
    pub fn got(&self, call: &str) -> Vec<String> {
        of_call(&self.got.borrow(), call)
    }
    /// The webhooks of this call as they came.
    pub fn came(&self, call: &str) -> Vec<Got> {
        let all = self.got.borrow();
        let of_call = all.iter().filter(|got| event(&got.body).1 == call);
        of_call.cloned().collect()
    }
    /// Waits until the receiver has got exactly these events of the call.
    pub async fn until(&self, call: &str, wanted: &[&str]) {
        let mut watch = self.got.subscribe();
        let wait = watch.wait_for(|all| of_call(all, call) == wanted);
        let in_time = tokio::time::timeout(PATIENCE, wait).await.is_ok();
        assert!(
            in_time,
            "{wanted:?} did not come; there was {:?}",
            self.got(call)
        );
    }
    /// Waits until the log has so many attempts to deliver an event.
    pub async fn logged(&self, call: &str, event: &str, count: usize) -> Vec<Value> {
        let wait = async {
            loop {
                let attempts = self.attempts(call, event).await;
                if attempts.len() >= count {
                    return attempts;
                }
                tokio::task::yield_now().await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, wait).await;
        found.unwrap_or_else(|_| panic!("{count} attempts of {event} did not come"))
    }
}

pub fn connect(user: &str) -> Value {
    json!({
        "messaging_product": "whatsapp", "to": user, "action": "connect",
        "session": {"sdp_type": "offer", "sdp": offer()},
    })
}

fn of_call(all: &[Got], call: &str) -> Vec<String> {
    let events = all.iter().map(|got| event(&got.body));
    events
        .filter(|(_, id)| id == call)
        .map(|(name, _)| name)
        .collect()
}
