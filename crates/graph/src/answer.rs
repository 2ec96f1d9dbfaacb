//! Answers: JSON and nothing else.

use std::fmt::Write as _;

use ahoy_wire::GraphError;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The one content type of this API.
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=UTF-8");

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Answer<T>(pub(crate) T);

/// A refusal on its way out; the shell gives it its trace id.
#[derive(Debug, Clone)]
pub(crate) struct Refused(pub(crate) GraphError);

impl From<GraphError> for Refused {
    fn from(error: GraphError) -> Self {
        Self(error)
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => json(StatusCode::OK, bytes),
            Err(error) => {
                let details = format!("The answer could not be written: {error}.");
                Refused(GraphError::new(
                    ahoy_wire::ErrorCode::SomethingWentWrong,
                    details,
                ))
                .into_response()
            }
        }
    }
}

impl Refused {
    /// The same with one more sentence.
    pub(crate) fn with_hint(mut self, sentence: &str) -> Self {
        self.0.details = format!("{} {sentence}", self.0.details);
        self
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        // The envelope carries the trace id, which the shell knows: it writes the body.
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(self);
        response
    }
}

pub(crate) fn json(status: StatusCode, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// The envelope of a refusal.
pub(crate) fn envelope(error: &GraphError, trace: &str) -> Response {
    let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = json(status, error.to_json(trace));
    if let Some(secs) = error.retry_after() {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, secs.into());
    }
    response
}

/// 22 characters of the base64url alphabet from 16 random bytes: ids of answers.
pub(crate) fn random_id() -> String {
    use base64::Engine as _;
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes),
        // An answer without a unique id is better than none.
        Err(error) => {
            let mut id = String::from("A");
            let _ = write!(id, "{error}");
            id.retain(|c| c.is_ascii_alphanumeric());
            id
        }
    }
}
