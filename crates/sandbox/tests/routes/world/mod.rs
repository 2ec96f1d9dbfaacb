//! The sandbox's routes with a business that acts: settings, messages, and the webhooks it is owed.

use ahoy_calling::settings::SettingsPatch;
use ahoy_platform::{Caller, OutgoingMessage, Platform, Recipient, Seed};
use ahoy_types::{PhoneNumberId, WaId};
use ahoy_wire::messages::{Content, Interactive};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::support;

/// Sandbox limits, calling on.
pub const PHONE: PhoneNumberId = PhoneNumberId(710_000_000_000_001);
pub const ANA: WaId = WaId::from_u64(447_700_900_001);

pub struct Sandbox {
    pub platform: Platform,
    pub caller: Caller,
    routes: support::Sandbox,
}

/// An answer: the HTTP status and the JSON of its body.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub json: Value,
}

impl Reply {
    /// The body of a success.
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.json);
        self.json
    }
    /// Status, code and sentence of a refusal.
    pub fn refusal(&self) -> (u16, &str, &str) {
        let text = |key: &str| self.json["error"][key].as_str().unwrap_or_default();
        (self.status, text("code"), text("message"))
    }
}

impl Sandbox {
    pub async fn new() -> Self {
        let routes = support::Sandbox::new().await;
        let platform = routes.platform.clone();
        let caller = platform.authenticate(&Seed::default().token).unwrap();
        Self {
            platform,
            caller,
            routes,
        }
    }

    /// Sends a body as it stands. Every answer is a JSON object, and every failure has code and sentence.
    pub async fn send(&self, method: &str, path: &str, body: impl Into<Body>) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(format!("/sandbox/v1{path}"))
            .body(body.into())
            .unwrap();
        let response = self.routes.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 4 << 20).await.unwrap();
        let shown = String::from_utf8_lossy(&bytes);
        let json: Value = serde_json::from_slice(&bytes)
            .unwrap_or_else(|e| panic!("{method} {path} answered {status}, {e}: {shown}"));
        assert!(json.is_object(), "{method} {path}: {json}");
        if status != 200 {
            let error = &json["error"];
            assert!(error["message"].is_string(), "{method} {path}: {json}");
            assert!(error["code"].is_string(), "{method} {path}: {json}");
        }
        Reply { status, json }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, Body::empty()).await
    }
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, body.to_string()).await
    }
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send("PUT", path, body.to_string()).await
    }
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send("PATCH", path, body.to_string()).await
    }

    /// The business changes the settings of [`PHONE`].
    pub async fn set(&self, patch: SettingsPatch) {
        let changed = self.platform.update_settings(&self.caller, PHONE, patch);
        changed.await.unwrap();
    }

    /// The business writes to Ana, who has just written; the message's id.
    pub async fn sends(&self, content: Content) -> String {
        let written = self.platform.user_writes(ANA, PHONE, "Hello".into(), None);
        written.await.unwrap();
        let message = OutgoingMessage {
            recipient: Recipient::Number(ANA),
            content,
            context: None,
            opaque: None,
            sent: None,
        };
        let sent = self.platform.send_message(&self.caller, PHONE, message);
        sent.await.unwrap().id.to_string()
    }

    /// The business asks Ana for permission to call.
    pub async fn asks(&self) -> String {
        let interactive = Interactive::PermissionRequest { body: None };
        self.sends(Content::Interactive(interactive)).await
    }

    /// Everything a refused request must leave as it was.
    pub fn everything(&self) -> String {
        let mut all = Vec::new();
        for number in self.platform.numbers(100).unwrap() {
            let parent = self.platform.parent_of(&number).unwrap();
            for user in self.platform.users(100).unwrap() {
                let pair = self.platform.pair(number.id, user.wa_id).unwrap();
                let calls = self.platform.calls_of_user(user.wa_id, 100).unwrap();
                let calls: Vec<_> = calls.into_iter().map(|c| (c.id, c.state)).collect();
                let thread = self.platform.thread(user.wa_id, number.id, 100).unwrap();
                let thread = serde_json::to_string(&thread).unwrap();
                all.push(format!("{user:?} {pair:?} {calls:?} {thread}"));
            }
            all.push(format!("{number:?} {parent:?}"));
        }
        let owed = self.platform.deliveries(&Default::default()).unwrap();
        all.push(format!("{} webhooks", owed.len()));
        all.join("\n")
    }

    /// The values of the owed webhooks with this field, oldest first.
    pub fn webhooks(&self, field: &str) -> Vec<Value> {
        let owed = self.platform.deliveries(&Default::default()).unwrap();
        owed.into_iter()
            .filter(|(delivery, _)| delivery.field == field)
            .map(|(delivery, _)| {
                let mut body: Value = serde_json::from_slice(&delivery.body).unwrap();
                body["entry"][0]["changes"][0]["value"].take()
            })
            .collect()
    }
}
