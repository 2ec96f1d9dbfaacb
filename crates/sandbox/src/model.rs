//! What the answers look like, for the OpenAPI document. The handlers build them from the platform's own views; a test
//! holds each real answer against these descriptions.
#![allow(
    dead_code,
    reason = "describes the answers; the views of the platform are what is written out"
)]

mod calls;
mod chat;
mod deliveries;
mod numbers;
mod users;

use utoipa::ToSchema;

pub(crate) use calls::{CallList, CallLogCall, CallLogPage, CallShown, Placed};
pub(crate) use chat::{PermissionAnswer, PhoneShown, Thread, Written};
pub(crate) use deliveries::{DeliveryList, DeliveryShown};
pub(crate) use numbers::{Mailbox, NumberShown, StandingShown, TemplateShown};
pub(crate) use users::{BehaviourBody, ClientBody, UserList, UserShown};

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
    /// A stable word: `invalid`, `not_found`, `method_not_allowed`, `internal`, `not_implemented`; with 409 the reason
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
    /// How far it is ahead of the system's clock.
    ahead_of_system_ms: i64,
}
