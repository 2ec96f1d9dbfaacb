//! A platform and its users, small enough to read: the HTTP API that notes what it is asked, signed webhooks, and a
//! phone with real media.

pub mod phone;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ahoy_agent::{Agent, AgentConfig, AgentEvent, Heard};
use ahoy_types::{CallId, Direction, PhoneNumberId, RuleTime, UserId, WaId, WabaId};
use ahoy_wire::Session;
use ahoy_wire::webhook::{
    self, CallOutcome, CallStatus, Common, ConnectEvent, ContactCard, StatusEvent, TerminateEvent,
};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc};

pub const PHONE: PhoneNumberId = PhoneNumberId(710_000_000_000_001);
pub const ANA: WaId = WaId::from_u64(447_700_900_001);
const BUSINESS: WaId = WaId::from_u64(442_079_460_000);
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request as the platform saw it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub token: String,
    pub body: Value,
}

impl Asked {
    pub fn action(&self) -> &str {
        self.body["action"].as_str().unwrap_or("")
    }
    pub fn sdp(&self) -> &str {
        self.body["session"]["sdp"].as_str().unwrap_or("")
    }
}

type Script = Arc<dyn Fn(&Asked) -> Option<(u16, Value)> + Send + Sync>;

#[derive(Clone)]
struct Api {
    asked: mpsc::UnboundedSender<Asked>,
    script: Script,
}

pub struct Platform {
    asked: mpsc::UnboundedReceiver<Asked>,
    put_back: Vec<Asked>,
    http: reqwest::Client,
    pub config: AgentConfig,
}

async fn api(
    State(api): State<Api>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    let asked = Asked {
        method: method.to_string(),
        path: uri.path().to_owned(),
        token: headers
            .get("authorization")
            .map(|t| t.to_str().unwrap().to_owned())
            .unwrap_or_default(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let scripted = (api.script)(&asked);
    // Noted before the answer leaves, so that tests may rely on the order.
    let _ = api.asked.send(asked.clone());
    let (status, answer) = scripted.unwrap_or_else(|| {
        let answer = match asked.action() {
            "connect" => {
                json!({"messaging_product":"whatsapp","calls":[{"id":call_id(77)}],"success":true})
            }
            _ => json!({"messaging_product":"whatsapp","success":true}),
        };
        (200, answer)
    });
    (StatusCode::from_u16(status).unwrap(), Json(answer))
}

impl Platform {
    pub async fn start() -> Self {
        Self::scripted(|_| None).await
    }

    /// A platform that answers as `script` says, and with success where it says nothing.
    pub async fn scripted(
        script: impl Fn(&Asked) -> Option<(u16, Value)> + Send + Sync + 'static,
    ) -> Self {
        let (asked, inbox) = mpsc::unbounded_channel();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let router = Router::new().fallback(api).with_state(Api {
            asked,
            script: Arc::new(script),
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let url = format!("http://{address}/v25.0");
        let config = AgentConfig {
            graph_url: url.parse().unwrap(),
            phone_number_ids: vec![PHONE],
            ..AgentConfig::default()
        };
        Self {
            asked: inbox,
            put_back: Vec::new(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            config,
        }
    }

    /// Waits for the request `action` about `call`; others stay for later.
    pub async fn asked(&mut self, action: &str, call: &CallId) -> Asked {
        let fits = |a: &Asked| {
            let about = a.body["call_id"].as_str();
            a.action() == action && (about == Some(call.as_str()) || about.is_none())
        };
        if let Some(at) = self.put_back.iter().position(&fits) {
            return self.put_back.remove(at);
        }
        loop {
            match tokio::time::timeout(PATIENCE, self.asked.recv()).await {
                Ok(Some(asked)) if fits(&asked) => return asked,
                Ok(Some(asked)) => self.put_back.push(asked),
                _ => panic!("no {action} of {call}; instead came {:?}", self.actions()),
            }
        }
    }

    /// Requests that came and that nobody asked for.
    pub fn rest(&mut self) -> Vec<Asked> {
        while let Ok(asked) = self.asked.try_recv() {
            self.put_back.push(asked);
        }
        std::mem::take(&mut self.put_back)
    }

    fn actions(&self) -> Vec<&str> {
        self.put_back.iter().map(Asked::action).collect()
    }

    /// Delivers a webhook signed with the agent's secret; answers the status.
    pub async fn deliver(&self, agent: &Agent, body: &[u8]) -> u16 {
        let signature = webhook::sign(&self.config.app_secret, body);
        self.deliver_signed(agent, body, Some(&signature)).await
    }

    pub async fn deliver_signed(&self, agent: &Agent, body: &[u8], signature: Option<&str>) -> u16 {
        let mut request = self
            .http
            .post(agent.callback_url().clone())
            .header("content-type", "application/json")
            .body(body.to_vec());
        if let Some(signature) = signature {
            request = request.header(webhook::SIGNATURE_HEADER, signature);
        }
        request.send().await.unwrap().status().as_u16()
    }

    pub async fn get(&self, agent: &Agent, query: &str) -> (u16, String) {
        let answer = self
            .http
            .get(format!("{}?{query}", agent.callback_url()))
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

pub fn call_id(n: u8) -> CallId {
    CallId::new(ANA, BUSINESS, Direction::UserInitiated, [n; 16])
}

pub fn common() -> Common {
    Common {
        waba: WabaId(720_000_000_000_001),
        phone_number_id: PHONE,
        display_phone_number: BUSINESS,
        contact: ContactCard {
            username: None,
            parent_user_id: None,
            name: Some("Ana".into()),
            wa_id: Some(ANA),
            user_id: "GB.1".parse::<UserId>().unwrap(),
        },
    }
}

pub fn connect(call: &CallId, direction: Direction, session: Session) -> Vec<u8> {
    let event = ConnectEvent {
        call_id: call.clone(),
        direction,
        timestamp: RuleTime::from_secs(1_790_000_000),
        session,
        biz_opaque_callback_data: None,
        deeplink_payload: None,
        cta_payload: None,
    };
    webhook::connect(&common(), &event)
}

pub fn status(call: &CallId, status: CallStatus) -> Vec<u8> {
    let event = StatusEvent {
        call_id: call.clone(),
        timestamp: RuleTime::from_secs(1_790_000_001),
        status,
        biz_opaque_callback_data: None,
    };
    webhook::status(&common(), &event)
}

pub fn terminate(call: &CallId, direction: Direction) -> Vec<u8> {
    let event = TerminateEvent {
        call_id: call.clone(),
        direction,
        timestamp: RuleTime::from_secs(1_790_000_020),
        outcome: CallOutcome::Completed,
        answered: None,
        biz_opaque_callback_data: None,
        deeplink_payload: None,
        cta_payload: None,
        errors: Vec::new(),
    };
    webhook::terminate(&common(), &event)
}

/// Reads the agent's events until one fits; panics with what came instead.
pub async fn until<T>(
    events: &mut broadcast::Receiver<AgentEvent>,
    what: &str,
    mut fits: impl FnMut(&AgentEvent) -> Option<T>,
) -> T {
    let mut came = Vec::new();
    loop {
        match tokio::time::timeout(PATIENCE, events.recv()).await {
            Ok(Ok(event)) => match fits(&event) {
                Some(found) => return found,
                None => came.push(event),
            },
            other => panic!("no {what} ({other:?}); instead came {came:#?}"),
        }
    }
}

/// Waits for the end of `call`: why it ended, and what was heard.
pub async fn ended(events: &mut broadcast::Receiver<AgentEvent>, call: &CallId) -> (String, Heard) {
    until(events, "end of the call", |event| match event {
        AgentEvent::CallEnded {
            call: ended,
            why,
            heard,
        } if ended == call => Some((why.clone(), heard.clone())),
        _ => None,
    })
    .await
}

/// Counts how often something was asked, for scripts.
#[derive(Clone, Default)]
pub struct Counter(Arc<Mutex<HashMap<String, usize>>>);

impl Counter {
    pub fn next(&self, key: &str) -> usize {
        let mut counts = self.0.lock().unwrap();
        let count = counts.entry(key.to_owned()).or_default();
        *count += 1;
        *count
    }
}
