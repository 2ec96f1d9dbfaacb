//! Around every request: the path without version, the ids of the answer, and an envelope whatever happens inside.

mod faulty;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use ahoy_faults::ApiOutcome;
use ahoy_platform::Platform;
use ahoy_wire::{ErrorCode, GraphError};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use percent_encoding::percent_decode_str;
use tower::ServiceExt as _;
use utoipa_swagger_ui::{Config, SwaggerUi, Url};

use crate::answer::{Refused, envelope, random_id};
use crate::incoming::Incoming;
use crate::{GraphState, routes};

/// Version reported for requests without one.
const DEFAULT_VERSION: u32 = 25;
/// Oldest version that is still served under its own number; older requests get this one.
const OLDEST_VERSION: u32 = 21;
/// Where the description of the routes is.
const DOCUMENT: &str = "/openapi.json";
/// A request takes at most this long, sending its body included; an upload as long as the limits say.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where a request goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Major version asked for.
    pub(crate) version: Option<u32>,
    /// The path's segments after the version, decoded.
    pub(crate) segments: Vec<String>,
    /// The path as it was sent.
    pub(crate) sent: String,
    /// The id the answer will carry.
    pub(crate) trace: String,
    /// How long it may take.
    within: Duration,
}

impl Place {
    /// Whether this is `/{phone-number-id}/calls`.
    fn is_calls(&self) -> bool {
        matches!(self.segments.as_slice(), [_, edge] if edge == "calls")
    }
    /// How long a request may take: one to `/{phone-number-id}/media` as long as an upload may.
    fn within(&self, upload: Duration) -> Duration {
        match self.segments.as_slice() {
            [_, edge] if edge == "media" => upload.max(TIMEOUT),
            _ => TIMEOUT,
        }
    }
}

/// The whole API as a router: the Graph routes under any version, `/openapi.json` and `/docs`.
///
/// Everything that matches nothing else ends in a Graph envelope, so mount it as the fallback of the server's other
/// routes: `Router::new().merge(…).fallback_service(router(state))`.
pub fn router(state: GraphState) -> Router {
    let mut shown = vec![Url::with_primary("Business API", DOCUMENT, true)];
    shown.extend(
        state
            .documents
            .iter()
            .map(|(name, path)| Url::new(name, path)),
    );
    let platform = Some(state.platform.clone());
    let upload = state.platform.config().limits.media.upload;
    let (routes, openapi) = routes::all(state);
    let routes = routes
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method);
    Router::new()
        .merge(
            SwaggerUi::new("/docs")
                .url(DOCUMENT, openapi)
                .config(Config::new(shown)),
        )
        .fallback(serve)
        .with_state(Shell {
            routes,
            platform,
            upload,
        })
}

/// What the shell is around.
#[derive(Clone)]
struct Shell {
    routes: Router,
    /// Where faults may be asked for: the sandbox sees to that.
    platform: Option<Platform>,
    /// How long an upload may take.
    upload: Duration,
}

async fn serve(State(shell): State<Shell>, mut request: Request) -> Response {
    let mut struck = ApiOutcome::default();
    let trace = random_id();
    let mut place = place_of(request.uri().path());
    place.trace.clone_from(&trace);
    place.within = place.within(shell.upload);
    let version = place.version.unwrap_or(DEFAULT_VERSION).max(OLDEST_VERSION);
    let mut response = match rewritten(request.uri()) {
        None => envelope(&GraphError::invalid("The path cannot be read."), &trace),
        Some(uri) => {
            *request.uri_mut() = uri;
            request.extensions_mut().insert(place.clone());
            match shell.platform.as_ref().filter(|p| p.faults().is_some()) {
                None => guarded(shell.routes, request, place.within).await,
                Some(platform) => {
                    let served = faulty::guarded(shell.routes, request, &place, platform).await;
                    struck = served.struck;
                    served.response
                }
            }
        }
    };
    if let Some(Refused(error)) = response.extensions_mut().remove() {
        let headers = std::mem::take(response.headers_mut());
        let error = if place.is_calls() {
            error.of_call()
        } else {
            error
        };
        response = envelope(&error, &trace);
        // `Allow` of a wrong method.
        for (name, value) in headers
            .iter()
            .filter(|(name, _)| *name == axum::http::header::ALLOW)
        {
            response.headers_mut().insert(name, value.clone());
        }
    }
    let headers = response.headers_mut();
    let values = [
        ("facebook-api-version", format!("v{version}.0")),
        ("x-fb-request-id", random_id()),
        ("x-fb-debug", random_id()),
        ("x-fb-trace-id", trace),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    faulty::finished(response, &struck).await
}

/// Runs the handler; a panic or a time-out becomes an envelope and hurts nobody else.
async fn guarded(routes: Router, request: Request, within: Duration) -> Response {
    let handler = AssertUnwindSafe(routes.oneshot(request)).catch_unwind();
    match tokio::time::timeout(within, handler).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Ok(Err(never))) => match never {},
        Ok(Err(_)) => {
            tracing::error!("a request made its handler panic");
            Refused(GraphError::new(
                ErrorCode::SomethingWentWrong,
                "The server met a fault of its own while it handled this request.",
            ))
            .into_response()
        }
        Err(_) => Refused(GraphError::new(
            ErrorCode::ServiceUnavailable,
            format!("The request took longer than {} seconds.", within.as_secs()),
        ))
        .into_response(),
    }
}

/// Cuts a path into version and segments. Doubled and trailing slashes do not count.
fn place_of(path: &str) -> Place {
    let mut segments: Vec<String> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let version = segments.first().and_then(|first| version_of(first));
    segments.drain(..before_node(&segments));
    Place {
        version,
        segments,
        sent: path.to_owned(),
        trace: String::new(),
        within: TIMEOUT,
    }
}

/// `v25.0` → 25.
fn version_of(segment: &str) -> Option<u32> {
    let (major, minor) = segment.strip_prefix('v')?.split_once('.')?;
    let digits =
        |text: &str| (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if digits(major) && digits(minor) {
        major.parse().ok()
    } else {
        None
    }
}

/// Before the number and `thread_control` in the path's other spelling (`graph-api.md` §2.8), which has no version: that stands in
/// the header `X-API-Version`, of which there is one.
const OTHER_SPELLING: [&str; 3] = ["business", "whatsapp", "phone_numbers"];

/// How many segments stand before the node.
fn before_node(segments: &[impl AsRef<str>]) -> usize {
    let versions = usize::from(
        segments
            .first()
            .is_some_and(|s| version_of(s.as_ref()).is_some()),
    );
    let rest: Vec<&str> = segments.iter().skip(versions).map(AsRef::as_ref).collect();
    match rest.split_at_checked(OTHER_SPELLING.len()) {
        Some((before, [_, "thread_control"])) if before == OTHER_SPELLING => {
            versions + OTHER_SPELLING.len()
        }
        _ => versions,
    }
}

/// The address inside: no version, no trailing slash. Segments keep the encoding they came with.
fn rewritten(uri: &Uri) -> Option<Uri> {
    let raw: Vec<&str> = uri.path().split('/').filter(|s| !s.is_empty()).collect();
    let kept = raw.get(before_node(&raw)..)?;
    let mut text = format!("/{}", kept.join("/"));
    if let Some(query) = uri.query() {
        text.push('?');
        text.push_str(query);
    }
    text.parse().ok()
}

async fn unknown_path(incoming: Incoming) -> Refused {
    let shown = ahoy_wire::body::excerpt(&incoming.place.sent);
    GraphError::new(
        ErrorCode::UnknownApi,
        format!(
            "The path `{shown}` has no meaning here: a node and at most one edge are expected."
        ),
    )
    .into()
}

async fn wrong_method(incoming: Incoming) -> Refused {
    incoming.unsupported()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn inside(uri: &str) -> String {
        let uri: Uri = uri.parse().unwrap();
        rewritten(&uri).unwrap().to_string()
    }

    #[test]
    fn every_way_to_write_a_path_leads_to_one() {
        for uri in [
            "/710/calls",
            "/710/calls/",
            "/v25.0/710/calls",
            "/v3.0/710/calls/",
            "//v25.0//710//calls//",
        ] {
            assert_eq!(inside(uri), "/710/calls", "{uri}");
        }
        assert_eq!(
            inside("/v25.0/710/?fields=a/b&x=%2F"),
            "/710?fields=a/b&x=%2F"
        );
        assert_eq!(inside("/v25.0"), "/");
        let other = "/business/whatsapp/phone_numbers/710/thread_control";
        assert_eq!(inside(&format!("{other}?x=1")), "/710/thread_control?x=1");
        assert_eq!(place_of(other).segments, ["710", "thread_control"]);
        // No other edge is known to have it.
        let calls = "/business/whatsapp/phone_numbers/710/calls";
        assert_eq!(inside(calls), calls);
        assert_eq!(inside("/v25.0/a%2Fb/calls"), "/a%2Fb/calls");
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_may_take_longer_than_another_request() {
        let slow = || async { tokio::time::sleep(TIMEOUT * 2).await };
        let routes = Router::new().fallback(slow);
        let hour = Duration::from_secs(3_600);
        for (path, done) in [
            ("/v25.0/710/media", true),
            ("/710/media/", true),
            ("/710/calls", false),
            ("/710", false),
        ] {
            let within = place_of(path).within(hour);
            let request = Request::new(axum::body::Body::empty());
            let mut response = guarded(routes.clone(), request, within).await;
            let refused = response.extensions_mut().remove::<Refused>();
            assert_eq!(refused.is_none(), done, "{path}");
            if let Some(Refused(error)) = refused {
                assert_eq!(error.code, ErrorCode::ServiceUnavailable);
                assert!(error.details.contains("30 seconds"), "{}", error.details);
            }
        }
    }

    #[test]
    fn versions_are_recognised_and_nothing_else() {
        assert_eq!(version_of("v25.0"), Some(25));
        for other in [
            "v25", "25.0", "v.0", "v25.", "vx.0", "v25.0.1", "V25.0", "v99999.0",
        ] {
            assert_eq!(version_of(other), None, "{other}");
        }
    }

    async fn told(router: Router) -> (u16, u64) {
        let request = Request::builder()
            .uri("/x")
            .body(axum::body::Body::empty())
            .unwrap();
        let shell = Shell {
            upload: TIMEOUT,
            routes: router,
            platform: None,
        };
        let response = serve(State(shell), request).await;
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), 10_000)
            .await
            .unwrap();
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        (status, json["error"]["code"].as_u64().unwrap())
    }

    #[tokio::test]
    async fn a_panic_gets_an_envelope() {
        async fn boom() -> Refused {
            let empty: Vec<Refused> = Vec::new();
            empty[usize::from(std::env::args().count() > 10_000)].clone()
        }
        let router = Router::new().route("/x", axum::routing::get(boom));
        assert_eq!(told(router).await, (500, 131_000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_that_hangs_gets_an_envelope() {
        let hang = || std::future::pending::<Refused>();
        let router = Router::new().route("/x", axum::routing::get(hang));
        assert_eq!(told(router).await, (503, 2));
    }
}
