//! The webhook receiver: notes when each event of a call arrived, and wakes who waits for it.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::Value;
use tokio::sync::Notify;

use crate::Fault;

#[derive(Default)]
struct Call {
    arrived: HashMap<String, Instant>,
    news: Arc<Notify>,
}

/// Events by call id.
#[derive(Default)]
pub struct Hooks(Mutex<HashMap<String, Call>>);

impl Hooks {
    fn with<T>(&self, call: &str, look: impl FnOnce(&mut Call) -> T) -> T {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        look(calls.entry(call.to_owned()).or_default())
    }

    fn note(&self, call: &str, kind: &str, at: Instant) {
        self.with(call, |entry| {
            entry.arrived.entry(kind.to_owned()).or_insert(at);
            entry.news.notify_waiters();
        });
    }

    /// When the first event of this kind arrived; waits for it.
    pub async fn arrival(&self, call: &str, kind: &str) -> Instant {
        loop {
            let news = self.with(call, |entry| Arc::clone(&entry.news));
            // Registered before the look, so that what arrives in between wakes us.
            let woken = news.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            if let Some(at) = self.with(call, |entry| entry.arrived.get(kind).copied()) {
                return at;
            }
            woken.await;
        }
    }

    pub fn forget(&self, call: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(call);
    }
}

/// Serves on a free loopback port; answers the callback URL.
pub async fn serve(hooks: Arc<Hooks>, verify: &'static str) -> Result<String, Fault> {
    let verification = move |Query(query): Query<HashMap<String, String>>| async move {
        let known = query.get("hub.verify_token").is_some_and(|token| token == verify);
        let challenge = query.get("hub.challenge").cloned().unwrap_or_default();
        if known { (StatusCode::OK, challenge) } else { (StatusCode::FORBIDDEN, String::new()) }
    };
    let delivery = |State(hooks): State<Arc<Hooks>>, body: Bytes| async move {
        let at = Instant::now();
        let Ok(envelope) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST };
        let value = &envelope["entry"][0]["changes"][0]["value"];
        let item = if value["calls"].is_array() { &value["calls"][0] } else { &value["statuses"][0] };
        let kind = item["event"].as_str().or(item["status"].as_str());
        if let (Some(call), Some(kind)) = (item["id"].as_str(), kind) {
            hooks.note(call, kind, at);
        }
        StatusCode::OK
    };
    let app = Router::new().route("/", get(verification).post(delivery)).with_state(hooks);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}
