//! Requests that were asked to go wrong: by the plan that holds for everybody, or by the header `Ahoy-Fault` for themselves alone.

use std::io;
use std::sync::Arc;

use ahoy_faults::{Active, ApiOutcome, ApiRequest, Cut};
use ahoy_platform::Platform;
use ahoy_wire::{Body as Fields, GraphError};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, StreamExt as _};

use super::Place;
use crate::answer::Refused;
use crate::incoming::MAX_BODY;

/// Brings faults with a request, and tells on an answer which of them struck.
const HEADER: HeaderName = HeaderName::from_static("ahoy-fault");

/// An answer, and what was done to the request.
pub(super) struct Served {
    pub(super) response: Response,
    pub(super) struck: ApiOutcome,
}

impl From<GraphError> for Served {
    fn from(error: GraphError) -> Self {
        Self {
            response: Refused(error).into_response(),
            struck: ApiOutcome::default(),
        }
    }
}

/// Runs the handler, unless a fault answers in its place.
pub(super) async fn guarded(
    routes: Router,
    request: Request,
    place: &Place,
    platform: &Platform,
) -> Served {
    let own = match own_faults(platform, request.headers()) {
        Ok(own) => own,
        Err(sentence) => {
            return GraphError::invalid(format!(
                "The header Ahoy-Fault cannot be used: {sentence}."
            ))
            .into();
        }
    };
    let everybodys = platform.faults().map(|board| board.global());
    let plans: Vec<&Arc<Active>> = everybodys.iter().chain(&own).collect();
    let (request, struck) = if plans.iter().any(|faults| faults.plan().has_api()) {
        match decide(&plans, request, place).await {
            Ok(decided) => decided,
            Err(refused) => return (*refused).into(),
        }
    } else {
        (request, ApiOutcome::default())
    };
    if !struck.names.is_empty() {
        tracing::info!(
            faults = struck.names.join(", "),
            path = place.sent,
            "a request is asked to go wrong"
        );
    }
    if !struck.latency.is_zero() {
        tokio::time::sleep(struck.latency).await;
    }
    let response = match (struck.error, own) {
        _ if struck.cut == Some(Cut::Before) => Response::default(),
        (Some(code), _) => Refused(GraphError::new(
            code,
            "The sandbox was asked to answer this request with this error: the fault error_code.",
        ))
        .into_response(),
        (None, Some(own)) => {
            ahoy_platform::under(own, super::guarded(routes, request, place.within)).await
        }
        (None, None) => super::guarded(routes, request, place.within).await,
    };
    Served { response, struck }
}

/// The faults the request itself brings.
fn own_faults(platform: &Platform, headers: &HeaderMap) -> Result<Option<Arc<Active>>, String> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    let text = value
        .to_str()
        .map_err(|_| "it is not ASCII text".to_owned())?;
    let plan = platform.read_fault_header(text)?;
    Ok((!plan.is_empty()).then(|| Arc::new(Active::new(plan, None))))
}

/// What is done to the request. Its body is read only where a rule asks for what is in it.
async fn decide(
    plans: &[&Arc<Active>],
    request: Request,
    place: &Place,
) -> Result<(Request, ApiOutcome), Box<GraphError>> {
    let (parts, body) = request.into_parts();
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let is_file = content_type.is_some_and(|kind| kind.starts_with("multipart/"));
    let (body, fields) = if !is_file && plans.iter().any(|faults| faults.plan().reads_bodies()) {
        let bytes = to_bytes(body, MAX_BODY).await.map_err(|error| {
            Box::new(GraphError::invalid(format!(
                "The request body could not be read: {error}."
            )))
        })?;
        let fields = Fields::parse(content_type, &bytes).ok();
        (Body::from(bytes), fields)
    } else {
        (body, None)
    };
    let text = |key: &str| -> Option<String> {
        let fields = fields.as_ref()?.fields();
        fields.text(key).ok().flatten().map(str::to_owned)
    };
    let (action, call) = (text("action"), text("call_id"));
    let asked = ApiRequest {
        method: parts.method.as_str(),
        segments: &place.segments,
        action: action.as_deref(),
        call: call.as_deref(),
    };
    let struck = plans.iter().fold(ApiOutcome::default(), |all, faults| {
        all.and(faults.api(&asked))
    });
    Ok((Request::from_parts(parts, body), struck))
}

/// The answer as it leaves: named after what was done to it, and cut off where that was asked for.
pub(super) async fn finished(mut response: Response, struck: &ApiOutcome) -> Response {
    if struck.names.is_empty() {
        return response;
    }
    if let Ok(names) = HeaderValue::from_str(&struck.names.join(", ")) {
        response.headers_mut().insert(HEADER, names);
    }
    match struck.cut {
        None => response,
        Some(Cut::Before | Cut::After) => broken(response, Bytes::new()),
        Some(Cut::Half) => {
            let (mut parts, body) = response.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
            parts
                .headers
                .insert(header::CONTENT_LENGTH, bytes.len().into());
            let half = bytes.slice(..bytes.len() / 2);
            broken(Response::from_parts(parts, Body::empty()), half)
        }
    }
}

/// An answer whose connection ends after these bytes. The server closes a connection whose body fails; what it has not put on
/// the wire by then, head included, is never sent.
fn broken(response: Response, sent: Bytes) -> Response {
    let cut = || Err::<Bytes, _>(io::Error::other("the fault cut asked for this"));
    let body = if sent.is_empty() {
        Body::from_stream(stream::once(async move { cut() }))
    } else {
        let after = async move {
            // The server writes what it has whenever its body makes it wait.
            tokio::task::yield_now().await;
            cut()
        };
        let first = stream::once(async move { Ok(sent) });
        Body::from_stream(first.chain(stream::once(after)))
    };
    let (parts, _) = response.into_parts();
    Response::from_parts(parts, body)
}
