//! The HTTP listener: one connection after the other, each with its bounds, all with one router.

mod envelope;
mod guard;
mod io;
mod leftover;
mod places;
mod policy;

pub(crate) use envelope::enveloped;
pub(crate) use guard::{Guard, guarded};
pub(crate) use policy::policed;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep};
use tower::Service as _;

use io::{Counted, Ended, Phase};
use leftover::Leftover;
use places::{Place, Places};

/// Files a server keeps for what is no connection of a client: database, media, webhooks.
const OTHER_FILES: u64 = 512;
/// Pause after the system had no file or memory for another connection: there is no event for "there is some again".
const PAUSE: Duration = Duration::from_millis(100);
/// Connections that may wait for their refusal at a time; those beyond are closed without a word.
const REFUSALS: usize = 64;
/// How long a refusal waits for the request it answers.
const REFUSE_WITHIN: Duration = Duration::from_secs(1);
/// Most bytes of a request's head; more is answered 431 (RFC 6585 §5).
const MAX_HEAD: usize = 64 * 1_024;

/// Bounds of connections, as the configuration's `[listen]` has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConnectionLimits {
    /// Open connections in all.
    pub connections: u32,
    /// Open connections of one address; of IPv6, one /64. Loopback has no share of its own.
    pub connections_per_source: u32,
    /// Seconds from the first byte of a request to the last of its head.
    pub head_seconds: u16,
    /// Seconds without a request, before the first one and between two.
    pub idle_seconds: u16,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            connections_per_source: 1_000,
            head_seconds: 10,
            idle_seconds: 75,
        }
    }
}

impl ConnectionLimits {
    /// No more connections than this process may open files.
    fn fitting(mut self) -> Self {
        if let Some(files) = ahoy_load::open_files() {
            let most = files.saturating_sub(OTHER_FILES).max(files / 2);
            let most = u32::try_from(most).unwrap_or(u32::MAX).max(1);
            if most < self.connections {
                tracing::debug!(
                    files,
                    connections = most,
                    "the limit of open files is below the connections allowed: fewer are taken"
                );
                self.connections = most;
            }
        }
        self
    }
}

/// Serves until `stop` says so, and then until the last request is answered.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    limits: ConnectionLimits,
    mut stop: watch::Receiver<bool>,
) {
    let limits = limits.fitting();
    let places = Arc::new(Places::new(
        limits.connections,
        limits.connections_per_source,
    ));
    let refusals = Arc::new(Semaphore::new(REFUSALS));
    let stopped = stop.clone();
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            // The sender lives as long as the server.
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
            Some(_) = open.join_next(), if !open.is_empty() => continue,
        };
        // Under a flood there is always another one to accept: those that have ended are let go in between.
        while open.try_join_next().is_some() {}
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            // A peer that left before it was accepted says nothing of the listener.
            Err(error) if is_of_peer(&error) => continue,
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Answers and words to phones are small and must not wait for the other side's delayed acknowledgement (40 ms).
        let _ = stream.set_nodelay(true);
        match places.take(from.ip()) {
            Some(place) => {
                open.spawn(connection(
                    stream,
                    app.clone(),
                    place,
                    &limits,
                    stopped.clone(),
                ));
            }
            None => {
                metrics::counter!("ahoy_http_connections_refused_total").increment(1);
                if let Ok(permit) = Arc::clone(&refusals).try_acquire_owned() {
                    open.spawn(async move {
                        refuse(stream).await;
                        drop(permit);
                    });
                }
            }
        }
    }
    while open.join_next().await.is_some() {}
}

fn is_of_peer(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// Says that the server is full. The request is read first, so that the answer is not lost with a reset.
async fn refuse(mut stream: TcpStream) {
    let _ = tokio::time::timeout(REFUSE_WITHIN, stream.readable()).await;
    let mut head = [0; 4_096];
    let _ = stream.try_read(&mut head);
    let error = ahoy_wire::GraphError::new(
        ahoy_wire::ErrorCode::ServiceUnavailable,
        "As many connections are open as this server allows; close idle ones, or try again.",
    );
    let body = error.to_json("");
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json; charset=UTF-8\r\ncontent-length: {}\r\n\
         retry-after: 1\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&body).await;
    let _ = stream.shutdown().await;
}

fn connection(
    stream: TcpStream,
    app: Router,
    place: Place,
    limits: &ConnectionLimits,
    stop: watch::Receiver<bool>,
) -> impl Future<Output = ()> + use<> {
    let phase = Arc::new(Phase::default());
    let limits = (
        Duration::from_secs(limits.head_seconds.into()),
        Duration::from_secs(limits.idle_seconds.into()),
    );
    async move {
        let io = TokioIo::new(Counted::new(stream, Arc::clone(&phase), place));
        let within = Arc::clone(&phase);
        let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
            let mut app = app.clone();
            let during = within.begin();
            async move {
                let left = Leftover::default();
                let answer = app.call(request.map(|body| Body::new(left.of(body)))).await;
                left.read_away().await;
                answer.map(|answer: Response<Body>| answer.map(|body| Ended::new(body, during)))
            }
        });
        let connection = http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .serve_connection(io, service)
            .with_upgrades();
        let mut watched = Watched {
            connection: Box::pin(connection),
            phase,
            limits,
            sleep: Box::pin(tokio::time::sleep(limits.1)),
            due: None,
        };
        let mut stop = stop;
        let ended = tokio::select! {
            biased;
            () = &mut watched => true,
            _ = stop.wait_for(|stop| *stop) => false,
        };
        if !ended {
            watched.connection.as_mut().graceful_shutdown();
            watched.await;
        }
    }
}

/// A connection and its clock.
struct Watched<C> {
    connection: Pin<Box<C>>,
    phase: Arc<Phase>,
    /// From the first byte of a request to the last of its head; without a request.
    limits: (Duration, Duration),
    sleep: Pin<Box<Sleep>>,
    due: Option<Instant>,
}

impl<C, E> Future for Watched<C>
where
    C: Future<Output = Result<(), E>>,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // A peer that breaks the protocol or goes away is no event of ours.
        if self.connection.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        loop {
            let due = self.phase.due(self.limits.0, self.limits.1);
            let Some(at) = due else {
                self.due = None;
                return Poll::Pending;
            };
            if self.due != Some(at) {
                self.due = Some(at);
                self.sleep.as_mut().reset(at);
            }
            if self.sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            // The time may belong to a phase that is over.
            if self.phase.due(self.limits.0, self.limits.1) == Some(at) {
                metrics::counter!("ahoy_http_connections_timed_out_total").increment(1);
                return Poll::Ready(());
            }
        }
    }
}
