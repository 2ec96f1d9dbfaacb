//! The webhook receiver.
//!
//! Two requests come to one address. A GET when the callback is saved: the platform asks whether we know the verify
//! token and wants its challenge back. And a POST for everything that happens, signed over its exact bytes: check the
//! signature before believing a word, then answer 200 at once, because the platform waits for that answer before it
//! sends the call's next event. The work is done elsewhere.

use std::sync::Arc;

use ahoy_types::{CallId, Direction, PhoneNumberId};
use ahoy_wire::Session;
use ahoy_wire::webhook::{
    CallEvent, CallOutcome, CallStatus, Notification, SIGNATURE_HEADER, StatusWord, verify,
};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc};

use crate::event::AgentEvent;

/// Path of the callback.
pub const PATH: &str = "/webhook";
/// The largest body the platform sends (`webhooks.md` §1.2).
const MAX_BODY: usize = 3 << 20;

/// What a webhook says about a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    pub(crate) call: CallId,
    /// The business number it is about.
    pub(crate) phone: PhoneNumberId,
    pub(crate) news: News,
}

/// The news of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// A call begins. Its session is the user's offer, or the answer to ours.
    Connect(Direction, Session),
    /// The user's phone rings, or the user has taken or declined the call.
    Status(CallStatus),
    /// It is over; the text says how.
    Terminate(String),
}

impl News {
    /// In a few words, for people.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::Connect(..) => "connect".into(),
            Self::Status(status) => format!("status {status:?}")
                .to_uppercase()
                .replacen("STATUS", "status", 1),
            Self::Terminate(how) => format!("terminate {how}"),
        }
    }
}

/// What the receiver needs.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) verify_token: Arc<str>,
    pub(crate) app_secret: Arc<str>,
    pub(crate) updates: mpsc::Sender<Update>,
    pub(crate) events: broadcast::Sender<AgentEvent>,
}

/// The two routes.
pub(crate) fn router(receiver: Receiver) -> Router {
    Router::new()
        .route(PATH, get(challenge).post(deliver))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(receiver)
}

#[derive(Debug, Default, Deserialize)]
struct Verification {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
    #[serde(rename = "hub.verify_token")]
    verify_token: Option<String>,
}

/// `GET ?hub.mode=subscribe&hub.challenge=…&hub.verify_token=…` → the challenge and nothing else.
async fn challenge(
    State(receiver): State<Receiver>,
    Query(query): Query<Verification>,
) -> Result<String, StatusCode> {
    let ours = query.verify_token.as_deref() == Some(&*receiver.verify_token);
    match (query.mode.as_deref(), query.challenge) {
        (Some("subscribe"), Some(challenge)) if ours => Ok(challenge),
        (Some("subscribe"), Some(_)) => {
            Err(receiver.refuse(StatusCode::FORBIDDEN, "a verification with another token"))
        }
        _ => Err(receiver.refuse(StatusCode::BAD_REQUEST, "a GET that is no verification")),
    }
}

/// `POST` with `X-Hub-Signature-256: sha256=…` over the body as it is, not as it would be written again.
async fn deliver(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, StatusCode> {
    let Some(signature) = headers.get(SIGNATURE_HEADER) else {
        return Err(receiver.refuse(StatusCode::UNAUTHORIZED, "a webhook without a signature"));
    };
    let right = signature
        .to_str()
        .is_ok_and(|signature| verify(&receiver.app_secret, &body, signature));
    if !right {
        return Err(receiver.refuse(StatusCode::FORBIDDEN, "a webhook with a wrong signature"));
    }
    match serde_json::from_slice::<Notification>(&body) {
        Ok(notification) => {
            for update in updates(notification) {
                // Full means that we do not keep up; the platform will try again later.
                if receiver.updates.try_send(update).is_err() {
                    return Err(receiver.refuse(
                        StatusCode::SERVICE_UNAVAILABLE,
                        "more webhooks than can be worked off",
                    ));
                }
            }
        }
        // The same bytes would come again for days and be no better. Take note and let it go.
        Err(error) => {
            receiver.refuse(
                StatusCode::OK,
                &format!("a webhook that cannot be read: {error}"),
            );
        }
    }
    Ok(Json(json!({})))
}

impl Receiver {
    fn refuse(&self, status: StatusCode, why: &str) -> StatusCode {
        tracing::warn!(%status, why, "refused");
        let _ = self.events.send(AgentEvent::WebhookRefused {
            why: why.to_owned(),
        });
        status
    }
}

/// Call events of a notification. Other fields (messages, account) are not ours.
fn updates(notification: Notification) -> Vec<Update> {
    let changes = notification
        .entry
        .into_iter()
        .flat_map(|entry| entry.changes);
    let mut found = Vec::new();
    for change in changes.filter(|change| change.field == "calls") {
        let Some(phone) = change.value.metadata.as_ref().map(|m| m.phone_number_id) else {
            continue;
        };
        for call in change.value.calls {
            let news = match (call.event, call.session) {
                (CallEvent::Connect, Some(session)) => {
                    // Absent in the oldest samples, which are of calls by users.
                    let direction = call.direction.unwrap_or(Direction::UserInitiated);
                    News::Connect(direction, session)
                }
                (CallEvent::Terminate, _) => {
                    let mut how = match call.status {
                        Some(CallOutcome::Failed) => "FAILED".to_owned(),
                        _ => "COMPLETED".to_owned(),
                    };
                    if let Some(duration) = call.duration {
                        how.push_str(&format!(" after {} s", duration.0));
                    }
                    if let Some(error) = change.value.errors.first().or(call.errors.first()) {
                        how.push_str(&format!(": {} {}", error.code, error.title));
                    }
                    News::Terminate(how)
                }
                // A number that signals by SIP announces its calls without a session; an unknown event is of a later version.
                (CallEvent::Connect | CallEvent::Unknown, _) => continue,
            };
            found.push(Update {
                call: call.id,
                phone,
                news,
            });
        }
        for status in change.value.statuses {
            // Statuses of messages have the same shape and other words.
            if let (Ok(call), StatusWord::Call(word)) = (status.id.parse(), status.status) {
                found.push(Update {
                    call,
                    phone,
                    news: News::Status(word),
                });
            }
        }
    }
    found
}
