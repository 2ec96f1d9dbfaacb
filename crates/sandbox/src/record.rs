//! Writes requests and their answers into the inspector's log, around any router of this process.
//!
//! Mounted with the sandbox and nowhere else: `serve` has no such layer to pay for. Bodies pass through as they are;
//! their beginning is copied.

mod concerns;
mod mask;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ahoy_platform::Platform;
use ahoy_platform::inspector::{
    Credential, Draft, Event, Exchange, Inspector, MOST_BODY, Message, Moment, Payload,
};
use axum::Router;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http_body_util::BodyExt as _;
use serde_json::Value;

use crate::SandboxState;
use mask::Published;

/// The largest answer that is looked at before it leaves; larger ones are noted by their length.
const MOST_ANSWER: u64 = 4 << 20;
/// Reads with this header are the inspector's own looks at the server and are left out.
const OWN_LOOKS: &str = "ahoy-inspector";
/// What is served beside the public API's routes and is none of them.
const NOT_API: [&str; 4] = ["/docs", "/openapi.json", "/favicon.ico", "/robots.txt"];

/// Which API a router serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// The public API.
    Api,
    /// The admin API.
    Admin,
    /// The sandbox routes.
    Sandbox,
}

#[derive(Clone)]
struct Recorder {
    platform: Platform,
    inspector: Arc<Inspector>,
    surface: Surface,
    published: Arc<Published>,
}

/// The router with every request to it written into the inspector's log.
pub fn recorded(router: Router, state: &SandboxState, surface: Surface) -> Router {
    let recorder = Recorder {
        platform: state.platform.clone(),
        inspector: state.platform.inspector(),
        surface,
        published: Arc::new(Published::of(&state.seed)),
    };
    router.layer(from_fn_with_state(recorder, record))
}

/// What was seen of a body while it passed.
#[derive(Default)]
struct Seen {
    beginning: Vec<u8>,
    bytes: u64,
}

impl Seen {
    fn see(&mut self, data: &[u8]) {
        let room = MOST_BODY.saturating_sub(self.beginning.len());
        let kept = data.get(..room).unwrap_or(data);
        self.beginning.extend_from_slice(kept);
        self.bytes = self.bytes.saturating_add(data.len() as u64);
    }
}

/// A request on its way. Dropped without an answer it tells that the client went away.
struct Asked {
    recorder: Recorder,
    at: Moment,
    start: Instant,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Arc<Mutex<Seen>>,
    open: bool,
}

async fn record(State(recorder): State<Recorder>, request: Request, next: Next) -> Response {
    if !recorder.wants(&request) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let mut asked = Asked {
        at: recorder.inspector.moment(),
        recorder,
        start: Instant::now(),
        method: parts.method.clone(),
        uri: parts.uri.clone(),
        headers: parts.headers.clone(),
        body: Arc::default(),
        open: true,
    };
    let seen = asked.body.clone();
    let body = Body::new(body.map_frame(move |frame| {
        if let Some(data) = frame.data_ref() {
            seen.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .see(data);
        }
        frame
    }));
    let response = next.run(Request::from_parts(parts, body)).await;
    let (parts, body) = response.into_parts();
    let bytes = body.size_hint().exact();
    if bytes.is_some_and(|bytes| bytes <= MOST_ANSWER) {
        // It is all there: noted before it leaves, so that whoever has the answer finds the entry.
        let whole = match body.collect().await {
            Ok(whole) => whole.to_bytes(),
            Err(_) => Bytes::new(),
        };
        asked.answered(
            parts.status.as_u16(),
            &parts.headers,
            Some(&whole),
            whole.len() as u64,
        );
        return Response::from_parts(parts, Body::from(whole));
    }
    asked.answered(
        parts.status.as_u16(),
        &parts.headers,
        None,
        bytes.unwrap_or(0),
    );
    Response::from_parts(parts, body)
}

impl Recorder {
    fn wants(&self, request: &Request) -> bool {
        let path = request.uri().path();
        let own = request.method() == Method::GET && request.headers().contains_key(OWN_LOOKS);
        let quiet = match self.surface {
            Surface::Api => NOT_API.iter().any(|start| path.starts_with(start)),
            Surface::Sandbox => path.starts_with("/sandbox/v1/timeline"),
            Surface::Admin => false,
        };
        !own && !quiet
    }
}

impl Asked {
    fn answered(&mut self, status: u16, headers: &HeaderMap, body: Option<&[u8]>, bytes: u64) {
        let answer = Message {
            headers: mask::headers(headers),
            body: match body {
                Some(body) => Payload::of(body, bytes),
                None => Payload {
                    bytes,
                    ..Payload::default()
                },
            },
        };
        self.note(Some(status), answer, body.unwrap_or_default());
    }

    fn note(&mut self, status: Option<u16>, mut answer: Message, answer_bytes: &[u8]) {
        self.open = false;
        let recorder = &self.recorder;
        let seen = std::mem::take(&mut *self.body.lock().unwrap_or_else(PoisonError::into_inner));
        let content_type = self
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok());
        let said: Value = serde_json::from_slice(answer_bytes).unwrap_or_default();
        let asked = concerns::Read::of(recorder.surface, &self.uri, content_type, &seen.beginning);
        let concerns = asked.concerns(&recorder.platform, &said);
        let token = asked.token(&self.headers);
        let published = &recorder.published;
        let credential = token.as_deref().and_then(|t| published.credential(t));
        let mut request = Message {
            headers: mask::headers(&self.headers),
            body: Payload::of(&seen.beginning, seen.bytes),
        };
        published.mask_body(content_type, &mut request.body);
        published.mask_body(Some("application/json"), &mut answer.body);
        let took_ms = self.start.elapsed().as_secs_f64() * 1_000.0;
        let failed = status.is_none_or(|status| status >= 400);
        let error = match status {
            None => Some("The client went away before the answer.".to_owned()),
            Some(_) if failed => concerns::sentence(&said),
            Some(_) => None,
        };
        let path = published.mask_uri(&self.uri);
        let shown = path.split('?').next().unwrap_or_default();
        let act = asked.action().map_or(String::new(), |a| format!(" {a}"));
        let mut text = match status {
            Some(status) => {
                format!("{}{act} {shown}: {status} in {took_ms:.1} ms.", self.method)
            }
            None => format!("{}{act} {shown}:", self.method),
        };
        if let Some(error) = &error {
            text.push(' ');
            text.push_str(error);
        }
        let exchange = Box::new(Exchange {
            method: self.method.to_string(),
            path,
            token: token.map(|t| match credential {
                Some(Credential::Seeded) => "the seeded access token".to_owned(),
                _ => recorder.platform.token_label(&t),
            }),
            credential,
            request,
            answer,
            status,
            took_ms,
            error,
        });
        let event = match recorder.surface {
            Surface::Api => Event::Api(exchange),
            Surface::Admin => Event::Admin(exchange),
            Surface::Sandbox => Event::Sandbox(exchange),
        };
        recorder.inspector.note(Draft {
            at: Some(self.at),
            concerns,
            completes: None,
            failed,
            text,
            event,
        });
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if self.open {
            self.note(None, Message::default(), &[]);
        }
    }
}
