//! The time line: a list, and a stream that goes on as things happen (server-sent events).
//!
//! A stream holds a place in the log and nothing else. It takes what is there when its socket has room, so a slow
//! reader costs no memory and waits for nobody; where the log has moved on meanwhile, it is told how much it missed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use ahoy_platform::Platform;
use ahoy_platform::inspector::{
    Entry, EntryId, From, Inspector, Kind, MOST_BYTES, MOST_ENTRIES, TimelineFilter,
};
use ahoy_types::WaId;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{self, Stream};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use utoipa::IntoParams;

use crate::SandboxState;
use crate::answer::{Answer, Failure, Query, call_id, object};
use crate::model::{SandboxError, TimelinePage};

/// Streams at once.
const STREAMS: usize = 32;
/// What a list answers unless it is asked for less.
const LISTED: usize = 1_000;
/// A stream that has nothing to say says so this often.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How soon a browser comes back.
const COME_BACK: Duration = Duration::from_secs(1);
/// Entries taken from the log at once.
const BATCH: usize = 64;
/// Entries looked at before others get their turn.
const LOOK: usize = 1_024;

/// Room for those who follow.
#[derive(Clone)]
pub(crate) struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(STREAMS)))
    }
}

/// What of the time line.
#[derive(IntoParams)]
#[allow(
    dead_code,
    reason = "describes the parameters; `wanted` reads them, to refuse each by its name"
)]
pub(crate) struct FollowQuery {
    /// Only of this call. Jumps of the clock and resets belong to every call.
    call: Option<String>,
    /// Only of this business number, by node id or digits.
    number: Option<String>,
    /// Only of this user.
    user: Option<String>,
    /// Only of these kinds, with commas between: `api`, `sandbox`, `admin`, `webhook`, `media`, `verdict`, `call`, `clock`,
    /// `reset`.
    kind: Option<String>,
    /// Only what went wrong.
    failures: Option<bool>,
    /// After this entry, by its `id`.
    after: Option<String>,
    /// From the newest so many on: 1 to 10000.
    last: Option<usize>,
}

/// How much of it.
#[derive(IntoParams)]
#[allow(dead_code, reason = "describes the parameter")]
pub(crate) struct LimitQuery {
    /// At most this many: 1 to 10000, and 1000 if absent.
    limit: Option<usize>,
}

/// What somebody wants to see, from where on.
struct Wanted {
    filter: TimelineFilter,
    from: Option<From>,
    limit: usize,
}

const NAMES: [&str; 8] = [
    "call", "number", "user", "kind", "failures", "after", "last", "limit",
];

fn count(name: &str, text: &str, most: usize) -> Result<usize, Failure> {
    match text.parse() {
        Ok(n) if (1..=most).contains(&n) => Ok(n),
        _ => Err(Failure::Invalid(format!(
            "{name}: `{text}` is no number from 1 to {most}"
        ))),
    }
}

fn kinds(text: &str) -> Result<BTreeSet<Kind>, Failure> {
    let named = |name: &str| {
        Kind::named(name).ok_or_else(|| {
            let all: Vec<&str> = Kind::ALL.into_iter().map(Kind::as_str).collect();
            Failure::Invalid(format!("kind: `{name}` is none of {}", all.join(", ")))
        })
    };
    text.split(',').map(str::trim).map(named).collect()
}

fn user(text: &str) -> Result<WaId, Failure> {
    WaId::parse_loose(text).map_err(|e| Failure::Invalid(format!("user: {e}")))
}

fn entry_id(name: &str, text: &str) -> Result<EntryId, Failure> {
    text.parse()
        .map_err(|e| Failure::Invalid(format!("{name}: {e}")))
}

fn wanted(state: &SandboxState, query: &BTreeMap<String, String>) -> Result<Wanted, Failure> {
    let mut wanted = Wanted {
        filter: TimelineFilter::default(),
        from: None,
        limit: LISTED,
    };
    let filter = &mut wanted.filter;
    for (name, text) in query.iter().filter(|(_, text)| !text.is_empty()) {
        match name.as_str() {
            "call" => filter.call = Some(call_id(text)?),
            "number" => filter.number = Some(crate::calls::business(state, text)?.id),
            "user" => filter.user = Some(user(text)?),
            "kind" => filter.kinds = kinds(text)?,
            "failures" => {
                filter.failures = match text.as_str() {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    other => {
                        return Err(Failure::Invalid(format!(
                            "failures: true or false is expected, not `{other}`"
                        )));
                    }
                };
            }
            "after" => wanted.from = Some(From::After(entry_id(name, text)?)),
            // Whoever names a place wants to go on from it.
            "last" if query.get("after").is_some_and(|a| !a.is_empty()) => {
                return Err(Failure::Invalid(
                    "last: only one of after and last is expected".into(),
                ));
            }
            "last" => wanted.from = Some(From::Last(count(name, text, MOST_ENTRIES)?)),
            "limit" => wanted.limit = count(name, text, MOST_ENTRIES)?,
            other => {
                return Err(Failure::Invalid(format!(
                    "`{}` is none of the parameters {}",
                    ahoy_wire::body::excerpt(other),
                    NAMES.join(", ")
                )));
            }
        }
    }
    Ok(wanted)
}

/// What happened, in the order it was written: a request is written when it is answered, and says when it began.
#[utoipa::path(
    get,
    path = "/timeline",
    operation_id = "list_timeline",
    tag = "timeline",
    params(FollowQuery, LimitQuery),
    responses(
        (status = 200, description = "Entries", body = TimelinePage),
    )
)]
pub(crate) async fn list(
    State(state): State<SandboxState>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer {
    let wanted = wanted(&state, &query)?;
    let log = state.platform.inspector();
    let place = log.place(wanted.from.unwrap_or(From::Oldest));
    let batch = log.read(place, &wanted.filter, wanted.limit, usize::MAX);
    let (entries, bytes) = log.size();
    object(json!({
        "data": batch.entries.iter().map(Arc::as_ref).collect::<Vec<&Entry>>(),
        "paging": { "cursors": { "after": batch.next.to_string() } },
        "more": batch.more,
        "missed": batch.missed,
        "kept": {
            "entries": entries,
            "bytes": bytes,
            "most_entries": MOST_ENTRIES,
            "most_bytes": MOST_BYTES,
        },
    }))
}

/// The same as it happens, as server-sent events: `entry` with an entry, `gap` with how many were `missed`. A client that
/// comes back with `Last-Event-ID` goes on where it was.
#[utoipa::path(
    get,
    path = "/timeline/stream",
    operation_id = "follow_timeline",
    tag = "timeline",
    params(
        FollowQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "After this entry, by its `id`; stronger than `after`"),
    ),
    responses(
        (status = 200, description = "Events without an end", body = String, content_type = "text/event-stream"),
        (status = 503, description = "As many as can follow already: code `busy`", body = SandboxError),
    )
)]
pub(crate) async fn follow(
    State(state): State<SandboxState>,
    Extension(streams): Extension<Streams>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let wanted = wanted(&state, &query)?;
    let inspector = state.platform.inspector();
    if query.get("limit").is_some_and(|l| !l.is_empty()) {
        return Err(Failure::Invalid("limit: a stream has no end".into()));
    }
    // A browser that comes back asks for the same address and says here where it was.
    let from = match headers.get("last-event-id").map(|v| v.to_str()) {
        Some(Ok(text)) if !text.is_empty() => From::After(entry_id("Last-Event-ID", text)?),
        Some(Err(_)) => {
            return Err(Failure::Invalid(
                "Last-Event-ID: the id of an entry of the timeline is expected".into(),
            ));
        }
        _ => wanted.from.unwrap_or(From::Last(0)),
    };
    let Ok(room) = streams.0.try_acquire_owned() else {
        return Err(Failure::Busy(format!(
            "{STREAMS} timelines are being followed already, and no more can be"
        )));
    };
    let follower = Follower {
        place: inspector.place(from),
        // Subscribed before the first look: nothing is written in between unnoticed.
        changed: inspector.watch(),
        filter: wanted.filter,
        ready: VecDeque::from([Event::default().retry(COME_BACK).comment("the timeline")]),
        _room: room,
        inspector,
        platform: state.platform,
    };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    });
    let heartbeat = KeepAlive::new().interval(HEARTBEAT).text("heartbeat");
    Ok(Sse::new(events).keep_alive(heartbeat))
}

/// Somebody who follows the time line.
struct Follower {
    inspector: Arc<Inspector>,
    platform: Platform,
    place: EntryId,
    filter: TimelineFilter,
    changed: watch::Receiver<u64>,
    ready: VecDeque<Event>,
    _room: OwnedSemaphorePermit,
}

impl Follower {
    /// The next thing to say; `None` when the platform stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            self.changed.mark_unchanged();
            let batch = self.inspector.read(self.place, &self.filter, BATCH, LOOK);
            self.place = batch.next;
            if batch.missed > 0 {
                let gap = json!({ "missed": batch.missed });
                self.ready
                    .push_back(Event::default().event("gap").data(gap.to_string()));
            }
            for entry in &batch.entries {
                // Every entry can be written as JSON: its keys are text and its numbers are finite.
                if let Ok(event) = Event::default()
                    .event("entry")
                    .id(entry.id.to_string())
                    .json_data(entry.as_ref())
                {
                    self.ready.push_back(event);
                }
            }
            if !self.ready.is_empty() {
                continue;
            }
            if batch.more {
                tokio::task::yield_now().await;
                continue;
            }
            tokio::select! {
                changed = self.changed.changed() => changed.ok()?,
                () = self.platform.stopping() => return None,
            }
        }
    }
}
