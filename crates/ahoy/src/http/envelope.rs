//! Every refusal has a body that a program can read: what a route, the router or an extractor answers in plain words or none gets the envelope.

use ahoy_wire::{ErrorCode, GraphError};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};

/// The routes, their refusals in an envelope.
pub(crate) fn enveloped(app: Router) -> Router {
    app.layer(from_fn(wrap))
}

/// JSON and pages say what is wrong in their own way.
fn speaks(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
    kind.starts_with("application/json") || kind.starts_with("text/html")
}

fn sentence(method: &Method, path: &str, status: StatusCode, headers: &HeaderMap) -> String {
    let path = ahoy_wire::body::excerpt(path);
    let allowed = headers.get(header::ALLOW).and_then(|a| a.to_str().ok());
    match (status, allowed) {
        (StatusCode::METHOD_NOT_ALLOWED, Some(allowed)) => {
            let allowed = allowed.replace(',', ", ");
            format!("{path} does not take {method}; it takes {allowed}.")
        }
        (StatusCode::METHOD_NOT_ALLOWED, None) => format!("{path} does not take {method}."),
        (StatusCode::NOT_FOUND, _) => format!("There is nothing at {path}."),
        _ => {
            let reason = status.canonical_reason().unwrap_or("refused");
            format!("{method} {path} was refused: {reason}.")
        }
    }
}

async fn wrap(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let status = response.status();
    if status < StatusCode::BAD_REQUEST || method == Method::HEAD || speaks(response.headers()) {
        return response;
    }
    let code = match status {
        StatusCode::SERVICE_UNAVAILABLE => ErrorCode::ServiceUnavailable,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => ErrorCode::UnknownApi,
        _ if status.is_server_error() => ErrorCode::SomethingWentWrong,
        _ => ErrorCode::InvalidParameter,
    };
    let details = sentence(&method, &path, status, response.headers());
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let json = HeaderValue::from_static("application/json; charset=UTF-8");
    parts.headers.insert(header::CONTENT_TYPE, json);
    let body = Body::from(GraphError::new(code, details).to_json(""));
    Response::from_parts(parts, body).into_response()
}
