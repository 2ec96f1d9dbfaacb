//! The sandbox routes (`contract.md` §3), mounted by `dev` and `demo` and absent from `serve`.
//!
//! No token is asked for, every answer is a JSON object, every error is
//! `{"error":{"message","code"}}` with a proper HTTP status. What is not finished answers 501.

mod answer;
mod call_logs;
mod calls;
mod chat;
mod clock;
mod deliveries;
mod numbers;
mod phones;
mod standing;
mod users;

use std::sync::Arc;

use ahoy_platform::{Platform, Seed};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, patch, post};

use answer::Failure;

/// What the routes work on.
#[derive(Clone)]
pub struct SandboxState {
    /// The platform.
    pub platform: Platform,
    /// What `reset` plants.
    pub seed: Arc<Seed>,
    /// Runs after a reset: puts back what the process itself had set up (the sample agent's callback).
    pub after_reset: Arc<dyn Fn(Platform) -> AfterReset + Send + Sync>,
}

/// What [`SandboxState::after_reset`] returns.
pub type AfterReset = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

const BODY_LIMIT: usize = 1 << 20;

/// The routes below `/sandbox/v1`.
pub fn router(state: SandboxState) -> Router {
    let v1 = Router::new()
        .route("/clock", get(clock::now))
        .route("/clock/advance", post(clock::advance))
        .route("/reset", post(clock::reset))
        .route("/users", get(users::list).post(users::put))
        .route("/users/{wa_id}", get(users::get).patch(users::patch))
        .route("/users/{wa_id}/permission", post(users::permission))
        .route("/users/{wa_id}/view", get(phones::view))
        .route("/users/{wa_id}/chat_info", post(phones::chat_info))
        .route("/users/{wa_id}/callback", post(phones::callback))
        .route("/users/{wa_id}/calls", get(calls::list).post(calls::place))
        .route("/users/{wa_id}/calls/{id}", get(calls::get))
        .route("/users/{wa_id}/calls/{id}/heard.wav", get(calls::heard_wav))
        .route("/users/{wa_id}/calls/{id}/answer", post(calls::answer))
        .route("/users/{wa_id}/calls/{id}/reject", post(calls::reject))
        .route("/users/{wa_id}/calls/{id}/hang_up", post(calls::hang_up))
        .route("/users/{wa_id}/calls/{id}/dtmf", post(calls::dtmf))
        .route("/call_logs", get(call_logs::list))
        .route("/call_logs/{id}", get(call_logs::get))
        .route("/numbers/{id}", patch(numbers::patch))
        .route(
            "/numbers/{id}/standing",
            get(standing::get).put(standing::put),
        )
        .route("/mailbox", get(standing::mailbox))
        .route("/deliveries", get(deliveries::list))
        .route("/deliveries/{id}", get(deliveries::get))
        .route("/deliveries/{id}/replay", any(unfinished))
        .route("/users/{wa_id}/thread", get(chat::thread))
        .route("/users/{wa_id}/messages", post(chat::write))
        .route("/users/{wa_id}/taps", post(chat::tap))
        .route("/users/{wa_id}/open", post(chat::open))
        .route("/users/{wa_id}/block", post(chat::block))
        .route("/users/{wa_id}/unblock", post(chat::unblock))
        .route("/users/{wa_id}/report", post(chat::report))
        .route("/faults", any(unfinished))
        .route("/state", any(unfinished))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(state);
    Router::new().nest("/sandbox/v1", v1)
}

async fn unfinished(uri: axum::extract::OriginalUri) -> Failure {
    Failure::NotFinished(format!("{} is not available yet", uri.path()))
}

async fn unknown(uri: axum::extract::OriginalUri) -> Failure {
    Failure::NotFound(format!("there is no sandbox route {}", uri.path()))
}

async fn wrong_method(method: axum::http::Method, uri: axum::extract::OriginalUri) -> Failure {
    Failure::Method(format!("{} does not take {method}", uri.path()))
}
