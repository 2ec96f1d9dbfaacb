//! Entries of the time line.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

use super::Paging;

/// Entries in the order they were written.
#[derive(ToSchema)]
pub(crate) struct TimelinePage {
    data: Vec<TimelineEntry>,
    /// Where to go on.
    paging: Paging,
    /// Whether there is more after them.
    more: bool,
    /// Entries between the place asked for and the first one here that are no longer kept.
    missed: u64,
    /// How much is kept.
    kept: TimelineKept,
}

/// How much is kept, and at most.
#[derive(ToSchema)]
pub(crate) struct TimelineKept {
    entries: u64,
    bytes: u64,
    most_entries: u64,
    most_bytes: u64,
}

/// One thing that happened.
#[derive(ToSchema)]
pub(crate) struct TimelineEntry {
    /// Its place, for `after` and `Last-Event-ID`.
    #[schema(example = "1790000000123-42")]
    id: String,
    /// Its number, from 1, within this run of the server.
    seq: u64,
    /// `api`, `sandbox`, `admin`, `webhook`, `media`, `verdict`, `call`, `clock` or `reset`.
    kind: String,
    /// When it began, Unix seconds of rule time.
    at: i64,
    /// When it began, in milliseconds of rule time.
    at_ms: i64,
    /// When it began, in Unix milliseconds of real time.
    real_ms: u64,
    /// The call it is about.
    #[schema(required = true)]
    call_id: Option<String>,
    /// The business number it is about.
    #[schema(required = true)]
    phone_number_id: Option<String>,
    /// The user it is about.
    #[schema(required = true)]
    wa_id: Option<String>,
    /// The number of the entry that this one completes: the beginning of the attempt whose end it is.
    #[schema(required = true)]
    completes: Option<u64>,
    /// Whether something went wrong.
    failed: bool,
    /// One sentence.
    text: String,
    /// What happened, by kind: a request with its answer, an attempt, a step; `docs/sandbox.md` says what is in it.
    what: BTreeMap<String, Value>,
}
