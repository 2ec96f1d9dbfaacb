//! `GET /phone/socket`: a WebSocket, its hello, and its end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, sleep_until, timeout};

use crate::exchange::Exchange;
use crate::hub::{Hub, full};
use crate::keeper::{Inbox, Mail, OUTGOING, Socket, over};
use crate::protocol::{ClientMessage, Hello, Misread, Problem, read, unnumbered_error};
use crate::rate::Pace;

/// Attempts at a hello on one socket.
const ATTEMPTS: usize = 8;
/// Close codes (RFC 6455 §7.4.1).
const NORMAL: u16 = 1000;
const POLICY: u16 = 1008;

/// A browser names the page that opens a socket: only ours may, or any page the user visits could make calls.
fn is_own_page(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let from = origin.to_str().ok().and_then(|o| o.split_once("://"));
    matches!((host, from), (Some(host), Some((_, from))) if host.eq_ignore_ascii_case(from))
}

pub(crate) fn refused(status: StatusCode, problem: &Problem) -> Response {
    (status, Json(json!({"error": problem}))).into_response()
}

pub(crate) async fn upgrade<X: Exchange>(
    State(hub): State<Hub<X>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !is_own_page(&headers) {
        let problem = Problem::new(
            "foreign_origin",
            "Only pages of this server may use its phones.",
        );
        return refused(StatusCode::FORBIDDEN, &problem);
    }
    let Ok(permit) = hub.sockets().clone().try_acquire_owned() else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, &full());
    };
    let longest = hub.limits().message.saturating_mul(4);
    upgrade
        .max_message_size(longest)
        .max_frame_size(longest)
        .on_upgrade(move |socket| serve(socket, hub, permit))
}

/// The two halves of a WebSocket, with a bound on how long sending may take.
struct Wire {
    sink: SplitSink<WebSocket, Message>,
    stream: SplitStream<WebSocket>,
    patience: std::time::Duration,
}

impl Wire {
    async fn send(&mut self, message: Message) -> bool {
        matches!(
            timeout(self.patience, self.sink.send(message)).await,
            Ok(Ok(()))
        )
    }
    async fn close(&mut self, code: u16, reason: &str) {
        // A close frame holds 123 bytes of reason.
        let end = (0..=reason.len().min(123))
            .rev()
            .find(|n| reason.is_char_boundary(*n));
        let reason = reason.get(..end.unwrap_or(0)).unwrap_or_default().into();
        self.send(Message::Close(Some(CloseFrame { code, reason })))
            .await;
    }
}

async fn serve<X: Exchange>(socket: WebSocket, hub: Hub<X>, _permit: OwnedSemaphorePermit) {
    let (sink, stream) = socket.split();
    let patience = hub.limits().silence;
    let mut wire = Wire {
        sink,
        stream,
        patience,
    };
    match timeout(hub.limits().hello, begin(&mut wire, &hub)).await {
        Ok(Some(begun)) => {
            let id = begun.id;
            let inbox = begun.inbox.clone();
            pump(&mut wire, &hub, begun).await;
            let _ = inbox.send(Mail::Lost { socket: id }).await;
        }
        Ok(None) => {}
        Err(_) => wire.close(POLICY, "No hello came in time.").await,
    }
}

/// A socket that belongs to a session.
struct Begun {
    id: u64,
    inbox: Inbox,
    out: mpsc::Receiver<String>,
}

async fn begin<X: Exchange>(wire: &mut Wire, hub: &Hub<X>) -> Option<Begun> {
    for _ in 0..ATTEMPTS {
        let misread = match next(wire, hub.limits().message).await? {
            Err(problem) => problem.into(),
            Ok(text) => match read(&text) {
                Ok(ClientMessage::Hello(hello)) => match attach(hub, hello).await {
                    Ok(begun) => return Some(begun),
                    Err(problem) => problem.into(),
                },
                Ok(ClientMessage::Request(request)) => Misread {
                    id: Some(request.id),
                    problem: hello_first(),
                },
                Ok(ClientMessage::Bye) => return None,
                Err(misread) => misread,
            },
        };
        wire.send(Message::Text(unnumbered_error(&misread).into()))
            .await;
        if misread.problem.code == "bad_version" {
            wire.close(POLICY, &misread.problem.message).await;
            return None;
        }
    }
    wire.close(POLICY, "Too many attempts at a hello.").await;
    None
}

fn hello_first() -> Problem {
    Problem::new("hello_first", "A socket begins with a hello.")
}

async fn attach<X: Exchange>(hub: &Hub<X>, hello: Hello) -> Result<Begun, Problem> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let (inbox, seen, resumed) = match hello {
        Hello::Fresh { user, holds } => (hub.open(user, holds).await?, 0, false),
        Hello::Resume { session, seen } => (hub.find(&session)?, seen, true),
    };
    let (sender, out) = mpsc::channel(OUTGOING);
    let (reply, answer) = oneshot::channel();
    let socket = Socket { id, out: sender };
    let letter = Mail::Attach {
        socket,
        seen,
        resumed,
        reply,
    };
    inbox.send(letter).await.map_err(|_| over())?;
    answer.await.map_err(|_| over())??;
    Ok(Begun { id, inbox, out })
}

/// The next message that is meant for us: its text, or why it is none. `None` at the end of the socket.
async fn next(wire: &mut Wire, longest: usize) -> Option<Result<String, Problem>> {
    loop {
        let message = wire.stream.next().await?.ok()?;
        if let Some(read) = readable(message, longest)? {
            return Some(read);
        }
    }
}

/// `None` ends the socket; `Some(None)` is nothing for a session.
#[allow(clippy::option_option)]
fn readable(message: Message, longest: usize) -> Option<Option<Result<String, Problem>>> {
    match message {
        Message::Text(text) if text.len() > longest => {
            let sentence = format!("A message may have {longest} bytes at most.");
            Some(Some(Err(Problem::new("too_large", sentence))))
        }
        Message::Text(text) => Some(Some(Ok(text.as_str().to_owned()))),
        Message::Binary(_) => {
            let problem = Problem::new("not_text", "Messages are JSON text, not binary.");
            Some(Some(Err(problem)))
        }
        Message::Ping(_) | Message::Pong(_) => Some(None),
        Message::Close(_) => None,
    }
}

async fn until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn pump<X: Exchange>(wire: &mut Wire, hub: &Hub<X>, mut begun: Begun) {
    let limits = hub.limits();
    let mut pace = Pace::new(limits.burst, limits.pace, Instant::now());
    let mut ping = interval(limits.ping);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    let mut deaf_until = None;
    let socket = begun.id;
    loop {
        tokio::select! {
            said = begun.out.recv() => match said {
                Some(text) => {
                    if !wire.send(Message::Text(text.into())).await {
                        return;
                    }
                }
                // The session has left this socket; its last word, if any, is out.
                None => return wire.close(NORMAL, "").await,
            },
            message = wire.stream.next(), if deaf_until.is_none() => {
                let Some(Ok(message)) = message else { return };
                heard = Instant::now();
                let Some(read) = readable(message, limits.message) else { return };
                let letter = match read {
                    Some(Ok(text)) => Mail::Text { socket, text },
                    Some(Err(problem)) => Mail::Unreadable { socket, problem },
                    None => continue,
                };
                let pause = pace.after(heard);
                deaf_until = (!pause.is_zero()).then(|| tokio::time::Instant::now() + pause);
                if begun.inbox.send(letter).await.is_err() {
                    // The session is over; what it said last is still to be sent.
                    continue;
                }
            }
            () = until(deaf_until), if deaf_until.is_some() => deaf_until = None,
            _ = ping.tick() => {
                if heard.elapsed() > limits.silence || !wire.send(Message::Ping(Default::default())).await {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_pages_of_this_server_may_open_a_socket() {
        let headers = |origin: Option<&str>| {
            let mut map = HeaderMap::new();
            map.insert(HOST, "127.0.0.1:8080".parse().unwrap());
            if let Some(origin) = origin {
                map.insert(ORIGIN, origin.parse().unwrap());
            }
            map
        };
        assert!(is_own_page(&headers(None)), "no browser");
        assert!(is_own_page(&headers(Some("http://127.0.0.1:8080"))));
        for foreign in [
            "http://127.0.0.1:8081",
            "https://evil.example",
            "null",
            "127.0.0.1:8080",
        ] {
            assert!(!is_own_page(&headers(Some(foreign))), "{foreign}");
        }
    }
}
