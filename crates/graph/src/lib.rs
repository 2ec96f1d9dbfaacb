//! The business's HTTP API, wire-compatible with the reference platform's Graph API.
//!
//! [`router`] takes every path under any `/vN.0/` prefix or none and answers in JSON whatever happens: the outer
//! `shell` normalises the path, names the answer, catches panics and time-outs; `incoming` reads token, query and
//! body; `routes` translate between [`ahoy_wire`] and the use cases of [`ahoy_platform`] and hold no rules.

mod answer;
mod docs;
mod every_answer;
mod incoming;
mod refusal;
mod routes;
mod share;
mod shell;
mod throttle;
mod verify;

pub use docs::openapi;
pub use shell::router;
pub use verify::{CallbackVerifier, Verifying};

use std::sync::Arc;

use ahoy_platform::Platform;

use crate::share::Shares;
use crate::throttle::Throttle;

/// What the handlers hold. Cheap to clone.
#[derive(Clone)]
pub struct GraphState {
    pub(crate) platform: Platform,
    pub(crate) verifier: Arc<dyn CallbackVerifier>,
    pub(crate) permission_reads: Arc<Throttle>,
    pub(crate) call_requests: Arc<Throttle>,
    pub(crate) messages: Arc<Throttle>,
    /// Where the sandbox is reached, in a sandbox.
    pub(crate) sandbox: Option<String>,
    pub(crate) shares: Arc<Shares>,
    pub(crate) documents: Vec<(&'static str, &'static str)>,
}

impl GraphState {
    /// The platform, and who asks a callback whether it is the business's.
    pub fn new(platform: Platform, verifier: Arc<dyn CallbackVerifier>) -> Self {
        Self {
            platform,
            verifier,
            permission_reads: Arc::default(),
            call_requests: Arc::default(),
            messages: Arc::default(),
            sandbox: None,
            shares: Arc::default(),
            documents: Vec::new(),
        }
    }

    /// Lets refusals name the route of the sandbox below this URL that helps.
    #[must_use]
    pub fn in_sandbox(mut self, url: &str) -> Self {
        self.sandbox = Some(url.to_owned());
        self
    }

    /// Shows one more OpenAPI document in `/docs`: its name there, and the path at which another edge serves it.
    #[must_use]
    pub fn with_document(mut self, name: &'static str, path: &'static str) -> Self {
        self.documents.push((name, path));
        self
    }
}
