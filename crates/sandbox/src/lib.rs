//! The sandbox routes (`contract.md` §3), mounted by `dev` and `demo` and absent from `serve`.
//!
//! No token is asked for, every answer is a JSON object, every error is
//! `{"error":{"message","code"}}` with a proper HTTP status.

mod answer;
mod call_logs;
mod calls;
mod chat;
mod clock;
mod deliveries;
mod document;
mod faults;
mod identity;
mod inspector;
mod model;
mod numbers;
mod phones;
mod record;
mod routes;
mod routing;
mod standing;
mod state;
mod templates;
mod timeline;
mod users;

use std::sync::Arc;

use ahoy_platform::{Platform, Seed};
use axum::Extension;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get};
use axum::{Router, middleware};

use answer::Failure;
pub use record::{Surface, recorded};

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

/// The OpenAPI document of the routes, as served at [`DOCUMENT`].
pub fn openapi() -> utoipa::openapi::OpenApi {
    document::completed(routes::described().into_openapi())
}

/// Where the document is served.
pub const DOCUMENT: &str = "/sandbox/v1/openapi.json";

/// The routes below `/sandbox/v1`, and the document that describes them.
pub fn router(state: SandboxState) -> Router {
    // The one place where faults become possible at all.
    state.platform.allow_faults();
    let (routes, openapi) = routes::described().split_for_parts();
    let document = document::completed(openapi);
    let document = move || std::future::ready(axum::Json(document.clone()));
    let routes = routes
        .route(DOCUMENT, get(document))
        .route("/sandbox", any(unknown))
        .route("/sandbox/{*rest}", any(unknown))
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(Extension(timeline::Streams::default()))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            faults::of_one_request,
        ))
        .with_state(state.clone());
    recorded(routes, &state, Surface::Sandbox).merge(inspector::router(state))
}

async fn unknown(uri: axum::extract::OriginalUri) -> Failure {
    Failure::NotFound(format!("there is no sandbox route {}", uri.path()))
}

async fn wrong_method(method: axum::http::Method, uri: axum::extract::OriginalUri) -> Failure {
    Failure::Method(format!("{} does not take {method}", uri.path()))
}
