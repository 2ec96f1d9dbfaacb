//! Every page has a content security policy: one that sets none of its own, as the reference below `/docs`, which is a library's, gets this.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;

/// The library's page styles elements by attribute and draws its icons from data.
const OTHERS: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The routes, their pages with a policy.
pub(crate) fn policed(app: Router) -> Router {
    app.layer(map_response(add))
}

async fn add(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let kind = headers.get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page {
        let policy = headers.entry(header::CONTENT_SECURITY_POLICY);
        policy.or_insert(OTHERS);
    }
    response
}
