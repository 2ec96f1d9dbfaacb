//! The business's webhook receiver: believes what is signed, notes when it came, and hands it to its call.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ahoy_types::CallId;
use ahoy_wire::Session;
use ahoy_wire::webhook::{
    CallEvent, CallOutcome, CallStatus, Notification, SIGNATURE_HEADER, StatusWord, verify,
};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use serde::Deserialize;
use tokio::sync::mpsc;

/// Path of the callback.
pub(crate) const PATH: &str = "/load-webhook";
/// The largest body the platform sends.
const MAX_BODY: usize = 3 << 20;
/// Events of calls nobody has asked for yet (the webhook overtook the answer), or does not ask for any more.
const MAX_UNCLAIMED: usize = 20_000;

/// What a webhook says about a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    Connect(Session),
    Ringing,
    Accepted,
    Rejected,
    /// Over; the code if it failed.
    Terminate {
        failed: Option<String>,
    },
}

/// News with the instant it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) news: News,
    pub(crate) at: Instant,
}

#[derive(Default)]
struct Desk {
    calls: HashMap<CallId, mpsc::UnboundedSender<Hook>>,
    unclaimed: HashMap<CallId, Vec<Hook>>,
    order: VecDeque<CallId>,
}

/// Hands webhooks to calls.
#[derive(Default)]
pub(crate) struct Hooks {
    desk: Mutex<Desk>,
    /// Webhooks whose signature was missing or wrong.
    pub(crate) refused: AtomicU64,
}

impl Hooks {
    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything about a call, from before and from now on.
    pub(crate) fn claim(self: &Arc<Self>, call: &CallId) -> Mailbox {
        let (sender, inbox) = mpsc::unbounded_channel();
        let mut desk = self.lock();
        for hook in desk.unclaimed.remove(call).unwrap_or_default() {
            // The receiver is in our hand.
            let _ = sender.send(hook);
        }
        desk.calls.insert(call.clone(), sender);
        Mailbox {
            inbox,
            call: call.clone(),
            hooks: Arc::clone(self),
        }
    }

    fn deliver(&self, call: CallId, hook: Hook) {
        let mut desk = self.lock();
        if let Some(sender) = desk.calls.get(&call) {
            let _ = sender.send(hook);
            return;
        }
        if !desk.unclaimed.contains_key(&call) {
            desk.order.push_back(call.clone());
            if desk.order.len() > MAX_UNCLAIMED
                && let Some(oldest) = desk.order.pop_front()
            {
                desk.unclaimed.remove(&oldest);
            }
        }
        desk.unclaimed.entry(call).or_default().push(hook);
    }
}

/// A call's webhooks.
pub(crate) struct Mailbox {
    inbox: mpsc::UnboundedReceiver<Hook>,
    call: CallId,
    hooks: Arc<Hooks>,
}

impl Mailbox {
    /// The next one. Never ends by itself.
    pub(crate) async fn next(&mut self) -> Hook {
        match self.inbox.recv().await {
            Some(hook) => hook,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.hooks.lock().calls.remove(&self.call);
    }
}

#[derive(Clone)]
struct Receiver {
    hooks: Arc<Hooks>,
    verify_token: Arc<str>,
    app_secret: Arc<str>,
}

/// The two routes of a callback.
pub(crate) fn router(hooks: Arc<Hooks>, verify_token: &str, app_secret: &str) -> Router {
    Router::new()
        .route(PATH, get(challenge).post(deliver))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(Receiver {
            hooks,
            verify_token: verify_token.into(),
            app_secret: app_secret.into(),
        })
}

#[derive(Deserialize)]
struct Verification {
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
    #[serde(rename = "hub.verify_token")]
    verify_token: Option<String>,
}

async fn challenge(
    State(receiver): State<Receiver>,
    Query(query): Query<Verification>,
) -> Result<String, StatusCode> {
    match (
        query.verify_token.as_deref() == Some(&*receiver.verify_token),
        query.challenge,
    ) {
        (true, Some(challenge)) => Ok(challenge),
        _ => Err(StatusCode::FORBIDDEN),
    }
}

async fn deliver(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let at = Instant::now();
    let signature = headers.get(SIGNATURE_HEADER).and_then(|s| s.to_str().ok());
    if !signature.is_some_and(|s| verify(&receiver.app_secret, &body, s)) {
        receiver.hooks.refused.fetch_add(1, Ordering::Relaxed);
        return StatusCode::FORBIDDEN;
    }
    // What cannot be read would be no better the next time.
    if let Ok(notification) = serde_json::from_slice::<Notification>(&body) {
        for (call, news) in news(notification) {
            receiver.hooks.deliver(call, Hook { news, at });
        }
    }
    StatusCode::OK
}

fn news(notification: Notification) -> Vec<(CallId, News)> {
    let mut found = Vec::new();
    for change in notification
        .entry
        .into_iter()
        .flat_map(|entry| entry.changes)
    {
        for call in change.value.calls {
            let news = match (call.event, call.session) {
                (CallEvent::Connect, Some(session)) => News::Connect(session),
                (CallEvent::Terminate, _) => {
                    let error = change.value.errors.first().or(call.errors.first());
                    let failed = call.status == Some(CallOutcome::Failed);
                    let code = || error.map_or("without a code".to_owned(), |e| e.code.to_string());
                    News::Terminate {
                        failed: failed.then(code),
                    }
                }
                _ => continue,
            };
            found.push((call.id, news));
        }
        for status in change.value.statuses {
            let news = match status.status {
                StatusWord::Call(CallStatus::Ringing) => News::Ringing,
                StatusWord::Call(CallStatus::Accepted) => News::Accepted,
                StatusWord::Call(CallStatus::Rejected) => News::Rejected,
                _ => continue,
            };
            if let Ok(call) = status.id.parse() {
                found.push((call, news));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ahoy_types::Direction;

    fn call(n: u8) -> CallId {
        let user = "447700900001".parse().unwrap();
        CallId::new(user, user, Direction::UserInitiated, [n; 16])
    }
    fn ringing() -> Hook {
        Hook {
            news: News::Ringing,
            at: Instant::now(),
        }
    }

    #[tokio::test]
    async fn what_overtakes_the_answer_waits_for_its_call() {
        let hooks = Arc::new(Hooks::default());
        hooks.deliver(call(1), ringing());
        let mut mailbox = hooks.claim(&call(1));
        assert_eq!(mailbox.next().await.news, News::Ringing);
        hooks.deliver(call(1), ringing());
        assert_eq!(mailbox.next().await.news, News::Ringing);
        drop(mailbox);
        assert!(hooks.lock().calls.is_empty());
    }

    #[test]
    fn calls_nobody_asks_for_are_forgotten() {
        let hooks = Hooks::default();
        for n in 0..=MAX_UNCLAIMED {
            let mut random = [0; 16];
            random[..8].copy_from_slice(&n.to_be_bytes());
            let user = "447700900001".parse().unwrap();
            hooks.deliver(
                CallId::new(user, user, Direction::UserInitiated, random),
                ringing(),
            );
        }
        assert_eq!(hooks.lock().unclaimed.len(), MAX_UNCLAIMED);
    }
}
