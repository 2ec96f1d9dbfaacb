//! Answers and failures of the sandbox, and the reading of bodies.

use ahoy_calling::place::PhoneRefusal;
use ahoy_platform::NumberRefusal;
use ahoy_store::StoreError;
use ahoy_types::{CallId, CallIdError, WaId};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Why a sandbox request was refused. The message says what was expected; nothing was done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// 400.
    Invalid(String),
    /// 404.
    NotFound(String),
    /// 405.
    Method(String),
    /// 409: the phone would show this reason.
    Phone(PhoneRefusal),
    /// 409: not in the state things are in.
    Conflict(String),
    /// 503: as many as there may be are at it already.
    Busy(String),
    /// 500.
    Internal(String),
}

impl From<StoreError> for Failure {
    fn from(e: StoreError) -> Self {
        Self::Internal(e.to_string())
    }
}

impl From<NumberRefusal> for Failure {
    fn from(refusal: NumberRefusal) -> Self {
        let sentence = refusal.to_string();
        match refusal {
            NumberRefusal::NoSuchUser(_) => Self::NotFound(sentence),
            NumberRefusal::Taken(..) | NumberRefusal::InCall(_) => Self::Conflict(sentence),
            NumberRefusal::Internal(_) => Self::Internal(sentence),
        }
    }
}

impl From<PhoneRefusal> for Failure {
    fn from(refusal: PhoneRefusal) -> Self {
        match refusal {
            PhoneRefusal::Invalid(sentence) => Self::Invalid(sentence),
            PhoneRefusal::Internal(sentence) => Self::Internal(sentence),
            PhoneRefusal::NoSuchBusiness(_)
            | PhoneRefusal::NoSuchUser(_)
            | PhoneRefusal::NoSuchMessage(_)
            | PhoneRefusal::NoSuchCall(_) => Self::NotFound(refusal.to_string()),
            other => Self::Phone(other),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let closed = match &self {
            Self::Phone(PhoneRefusal::Closed(closed)) => Some(closed.clone()),
            _ => None,
        };
        let (status, code, message) = match self {
            Self::Invalid(m) => (StatusCode::BAD_REQUEST, "invalid", m),
            Self::NotFound(m) => (StatusCode::NOT_FOUND, "not_found", m),
            Self::Method(m) => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", m),
            Self::Phone(r) => (StatusCode::CONFLICT, r.code(), r.to_string()),
            Self::Conflict(m) => (StatusCode::CONFLICT, "conflict", m),
            Self::Busy(m) => (StatusCode::SERVICE_UNAVAILABLE, "busy", m),
            Self::Internal(m) => (StatusCode::INTERNAL_SERVER_ERROR, "internal", m),
        };
        let mut body = json!({ "error": { "message": message, "code": code } });
        if let (Some(closed), Some(error)) = (closed, body.get_mut("error")) {
            error["next_opening"] = json!(closed.next_opening.map(|at| at.secs()));
            error["callback"] = json!(closed.callback);
        }
        (status, axum::Json(body)).into_response()
    }
}

/// An answer: a JSON object.
pub(crate) type Answer = Result<axum::Json<Value>, Failure>;

/// An object as answer.
pub(crate) fn object(value: impl Serialize) -> Answer {
    serde_json::to_value(value)
        .map(axum::Json)
        .map_err(|e| Failure::Internal(e.to_string()))
}

/// `{"success":true}`.
pub(crate) fn success() -> Answer {
    Ok(axum::Json(json!({ "success": true })))
}

/// A JSON object in the body; an empty body is an empty object, `null` values count as absent.
pub(crate) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = axum::body::Bytes::from_request(request, state)
            .await
            .map_err(|e| Failure::Invalid(format!("the body cannot be read: {e}")))?;
        let value = if bytes.is_empty() {
            json!({})
        } else {
            ahoy_wire::json::parse(&bytes)
                .map_err(|e| Failure::Invalid(format!("the body is not JSON: {e}")))?
        };
        let Value::Object(mut fields) = value else {
            return Err(Failure::Invalid("the body must be a JSON object".into()));
        };
        fields.retain(|_, v| !v.is_null());
        serde_path_to_error::deserialize(Value::Object(fields))
            .map(Self)
            .map_err(|e| {
                let at = e.path().to_string();
                let place = if at == "." { "the body" } else { &at };
                Failure::Invalid(format!("{place}: {}", plain(&e.inner().to_string())))
            })
    }
}

/// axum's own extractors answer in plain text; these answer as every failure here does, and name what cannot be read.
macro_rules! extractor {
    ($name:ident, $what:literal) => {
        #[doc = concat!("The ", $what, " of a request.")]
        pub(crate) struct $name<T>(pub T);

        impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for $name<T> {
            type Rejection = Failure;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
                match axum::extract::$name::from_request_parts(parts, state).await {
                    Ok(axum::extract::$name(value)) => Ok(Self(value)),
                    Err(e) => Err(Failure::Invalid(format!(
                        concat!("the ", $what, " cannot be read: {}"),
                        e.body_text()
                    ))),
                }
            }
        }
    };
}
extractor!(Path, "path");
extractor!(Query, "query");

/// A sentence of the reader of JSON without the names of the program's types.
pub(crate) fn plain(sentence: &str) -> String {
    const WORDS: [(&str, &str); 9] = [
        ("a boolean", "true or false"),
        ("a map", "an object"),
        ("a sequence", "a list"),
        ("a string", "a text"),
        ("f64", "a number"),
        ("u16", "a whole number"),
        ("u32", "a whole number"),
        ("u64", "a whole number"),
        ("usize", "a whole number"),
    ];
    let (before, wanted) = match sentence.rsplit_once("expected ") {
        Some((before, wanted)) => (before, wanted),
        None => return sentence.to_owned(),
    };
    match WORDS.iter().find(|(word, _)| *word == wanted) {
        Some((_, plain)) => format!("{before}expected {plain}"),
        None => sentence.to_owned(),
    }
}

/// A user's number in the path.
pub(crate) fn wa_id(text: &str) -> Result<WaId, Failure> {
    WaId::parse_loose(text).map_err(|e| Failure::Invalid(format!("wa_id: {e}")))
}

/// A call's id in the path.
pub(crate) fn call_id(text: &str) -> Result<CallId, Failure> {
    text.parse()
        .map_err(|e: CallIdError| Failure::Invalid(e.to_string()))
}
