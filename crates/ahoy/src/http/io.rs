//! Where a connection is between two requests, seen from its bytes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::places::Place;

/// What a connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Now {
    /// Nothing, since then.
    Idle(Instant),
    /// The head of a request has begun to come.
    Head(Instant),
    /// Requests are being answered: how many. Their own bounds hold.
    Busy(u32),
}

/// What a connection does, shared by its ends.
#[derive(Debug)]
pub(super) struct Phase(Mutex<Now>);

impl Default for Phase {
    fn default() -> Self {
        Self(Mutex::new(Now::Idle(Instant::now())))
    }
}

impl Phase {
    fn change(&self, change: impl FnOnce(Now) -> Now) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = change(*now);
    }

    /// Bytes came.
    fn read(&self) {
        self.change(|now| match now {
            Now::Idle(_) => Now::Head(Instant::now()),
            now => now,
        });
    }

    /// The head of a request is whole.
    pub(super) fn begin(self: &Arc<Self>) -> During {
        self.change(|now| match now {
            Now::Busy(requests) => Now::Busy(requests + 1),
            Now::Idle(_) | Now::Head(_) => Now::Busy(1),
        });
        During(Arc::clone(self))
    }

    /// When the connection has to be given up.
    pub(super) fn due(&self, head: Duration, idle: Duration) -> Option<Instant> {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Now::Idle(since) => Some(since + idle),
            Now::Head(since) => Some(since + head),
            Now::Busy(_) => None,
        }
    }
}

/// As long as it lives a request is being answered.
#[derive(Debug)]
pub(super) struct During(Arc<Phase>);

impl Drop for During {
    fn drop(&mut self) {
        self.0.change(|now| match now {
            Now::Busy(requests) if requests > 1 => Now::Busy(requests - 1),
            Now::Busy(_) | Now::Idle(_) | Now::Head(_) => Now::Idle(Instant::now()),
        });
    }
}

/// The body of an answer, which is over when its last byte is written.
#[derive(Debug)]
pub(super) struct Ended {
    body: Body,
    _during: During,
}

impl Ended {
    pub(super) fn new(body: Body, during: During) -> Self {
        Self {
            body,
            _during: during,
        }
    }
}

impl HttpBody for Ended {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The bytes of a connection. It holds the connection's place until the last owner is gone, a WebSocket among them.
#[derive(Debug)]
pub(super) struct Counted {
    stream: TcpStream,
    phase: Arc<Phase>,
    _place: Place,
}

impl Counted {
    pub(super) fn new(stream: TcpStream, phase: Arc<Phase>, place: Place) -> Self {
        Self {
            stream,
            phase,
            _place: place,
        }
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if polled.is_ready() && buffer.filled().len() > before {
            self.phase.read();
        }
        polled
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
