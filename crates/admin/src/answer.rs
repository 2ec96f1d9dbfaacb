//! Answers and failures: JSON, whatever happens.

use ahoy_calling::admin::AdminRefusal;
use ahoy_wire::GraphError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// Why a request was refused. Nothing has changed.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) AdminRefusal);

/// What a handler answers.
pub(crate) type Answer<T> = Result<Json<T>, Failure>;

/// The body of every answer with a status of 400 or more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// What is wrong.
    pub error: Problem,
}

/// What is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// One sentence; it names the field, where it is one.
    #[schema(example = "currency: three capital letters (ISO 4217) are expected.")]
    pub message: String,
    /// A short stable word: `invalid`, `unauthorized`, `forbidden`, `not_found`, `method_not_allowed`, `conflict`,
    /// `internal`.
    #[schema(example = "invalid")]
    pub code: &'static str,
}

/// What any operation may refuse, for the document.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "describes answers; they are made from `Failure`")]
pub(crate) enum Refusals {
    /// A field is wrong; the sentence names it
    #[response(status = 400)]
    Invalid(ErrorBody),
    /// No or no good admin token
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The role does not allow it
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// No such object, or none the role reaches
    #[response(status = 404)]
    NotFound(ErrorBody),
}

/// What creations and deletions may refuse besides, for the document.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "describes answers; they are made from `Failure`")]
pub(crate) enum Conflicts {
    /// Something that exists stands against it
    #[response(status = 409)]
    Conflict(ErrorBody),
}

/// `{"success":true}`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Success {
    success: bool,
}

pub(crate) fn success() -> Json<Success> {
    Json(Success { success: true })
}

impl From<AdminRefusal> for Failure {
    fn from(refusal: AdminRefusal) -> Self {
        Self(refusal)
    }
}

impl From<GraphError> for Failure {
    /// The reader of bodies speaks in the API's errors; its sentences name the field.
    fn from(error: GraphError) -> Self {
        Self(AdminRefusal::Invalid(error.details))
    }
}

pub(crate) fn invalid(sentence: impl Into<String>) -> Failure {
    Failure(AdminRefusal::Invalid(sentence.into()))
}

/// The answer with this status, word and clause.
pub(crate) fn problem(status: StatusCode, code: &'static str, clause: &str) -> Response {
    let mut message = clause.to_owned();
    if !message.ends_with('.') {
        message.push('.');
    }
    let body = ErrorBody {
        error: Problem { message, code },
    };
    (status, Json(body)).into_response()
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let clause = self.0.to_string();
        let (status, code) = match &self.0 {
            AdminRefusal::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid"),
            AdminRefusal::Unauthorized(_) => (StatusCode::UNAUTHORIZED, "unauthorized"),
            AdminRefusal::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
            AdminRefusal::NoSuch { .. } => (StatusCode::NOT_FOUND, "not_found"),
            AdminRefusal::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            AdminRefusal::Internal(reason) => {
                // What went wrong inside is for the log.
                tracing::error!(reason, "an administrator's request failed");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                return problem(status, "internal", "the platform could not carry this out");
            }
        };
        let mut response = problem(status, code, &clause);
        if status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}
