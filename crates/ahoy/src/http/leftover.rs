//! What a request still sends when it is answered: read away within bounds, so that the answer is not lost with a reset and the connection stays
//! good for the next request.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming, SizeHint};

/// Bytes that are read away at most, and for how long.
const MOST: usize = 32 << 20;
const WITHIN: Duration = Duration::from_secs(5);

/// Where the rest of a body waits.
#[derive(Debug, Clone, Default)]
pub(super) struct Leftover(Arc<Mutex<Option<Incoming>>>);

/// A body that leaves its rest behind.
#[derive(Debug)]
pub(super) struct Whole {
    body: Option<Incoming>,
    left: Leftover,
}

impl Leftover {
    /// The body, as the routes get it.
    pub(super) fn of(&self, body: Incoming) -> Whole {
        Whole {
            body: Some(body),
            left: self.clone(),
        }
    }

    /// Reads away what nobody read.
    pub(super) async fn read_away(self) {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut body) = left else { return };
        let reading = async {
            let mut seen = 0;
            while let Some(Ok(frame)) = body.frame().await {
                seen += frame.data_ref().map_or(0, Bytes::len);
                if seen > MOST {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(WITHIN, reading).await;
    }
}

impl HttpBody for Whole {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }
    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }
    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            let mut left = self.left.0.lock().unwrap_or_else(PoisonError::into_inner);
            *left = Some(body);
        }
    }
}
