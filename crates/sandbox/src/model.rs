//! What the answers look like, for the OpenAPI document. The handlers build them from the platform's own views; a test
//! holds each real answer against these descriptions.
#![allow(
    dead_code,
    reason = "describes the answers; the views of the platform are what is written out"
)]

mod calls;
mod chat;
mod deliveries;
mod faults;
mod numbers;
mod routing;
mod timeline;
mod users;

use utoipa::ToSchema;

pub(crate) use calls::{CallList, CallLogCall, CallLogPage, CallShown, Placed};
pub(crate) use chat::{PermissionAnswer, PhoneShown, Thread, Written};
pub(crate) use deliveries::{DeliveryList, DeliveryShown, Replayed};
pub(crate) use faults::{FaultPlan, FaultsShown};
pub(crate) use numbers::{Mailbox, NumberShown, StandingShown, TemplateShown};
pub(crate) use routing::{RoutingShown, ThreadOwners};
pub(crate) use timeline::TimelinePage;
pub(crate) use users::{BehaviourBody, ClientBody, SeenShown, UserList, UserShown};

/// Every answer with a status of 400 or more.
#[derive(ToSchema)]
pub(crate) struct SandboxError {
    /// What is wrong.
    error: SandboxProblem,
}

/// What is wrong.
#[derive(ToSchema)]
pub(crate) struct SandboxProblem {
    /// One sentence: what was expected, and of which field.
    #[schema(example = "seconds: 0 to 316224000 is expected, not -1")]
    message: String,
    /// A stable word: `invalid`, `not_found`, `method_not_allowed`, `internal`, `busy`, `conflict`, `not_implemented`; with 409 the reason
    /// the phone would show, as `busy` or `closed`.
    #[schema(example = "invalid")]
    code: String,
    /// With `closed`: when the business opens, Unix seconds.
    #[schema(required = false)]
    next_opening: Option<i64>,
    /// With `closed`: whether the phone offers to ask for a call back.
    #[schema(required = false, nullable = false)]
    callback: Option<bool>,
}

/// Where a list goes on.
#[derive(ToSchema)]
pub(crate) struct Paging {
    cursors: Cursors,
}

/// The place to go on from.
#[derive(ToSchema)]
pub(crate) struct Cursors {
    /// The value for `after`.
    after: String,
}

/// It is done.
#[derive(ToSchema)]
pub(crate) struct Done {
    /// `true`.
    success: bool,
}

/// The clock of rule time.
#[derive(ToSchema)]
pub(crate) struct ClockShown {
    /// Rule time, Unix seconds.
    #[schema(example = 1_790_000_000_i64)]
    now: i64,
    /// Rule time in milliseconds.
    now_ms: i64,
    /// How far it is ahead of the system's clock; negative behind it.
    ahead_of_system_ms: i64,
    /// Rule time as RFC 3339.
    #[schema(example = "2027-01-06T08:00:00Z")]
    at: String,
    /// Whether it stands still between jumps.
    frozen: bool,
}

/// Everything, as one document: what `GET /state` answers and `PUT /state` takes.
#[derive(ToSchema)]
pub(crate) struct StateDocument {
    /// `ahoy-state`.
    #[schema(example = "ahoy-state")]
    format: String,
    /// Version of this frame: 1.
    #[schema(example = 1)]
    version: u64,
    /// Version of the rows. An older one is brought up to date, a newer one is refused.
    schema: u32,
    /// The clock.
    clock: StateClock,
    /// Rows by table, each an object by column.
    tables: std::collections::BTreeMap<String, Vec<serde_json::Map<String, serde_json::Value>>>,
}

/// The clock of an export.
#[derive(ToSchema)]
pub(crate) struct StateClock {
    /// Rule time, Unix milliseconds.
    now_ms: i64,
    /// Whether it stands still between jumps.
    frozen: bool,
}

/// What an import found.
#[derive(ToSchema)]
pub(crate) struct Imported {
    /// `true`.
    success: bool,
    /// Calls that lived in the document and were ended.
    ended_calls: u64,
    /// Webhooks that were being sent in the document and are sent again.
    resent_deliveries: u64,
}
