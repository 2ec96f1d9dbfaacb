//! `clock`, `clock/advance`, `reset`.

use std::time::Duration;

use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, object, success};
use crate::model::{ClockShown, Done};

/// A jump of more than ten years is a slip of the finger.
const LONGEST_JUMP_SECS: f64 = 10.0 * 366.0 * 86_400.0;

fn view(state: &SandboxState) -> Answer {
    let clock = state.platform.clock();
    object(json!({
        "now": clock.now().secs(),
        "now_ms": clock.now().0,
        "ahead_of_system_ms": clock.offset_ms(),
    }))
}

/// Rule time.
#[utoipa::path(
    get,
    path = "/clock",
    operation_id = "read_clock",
    tag = "clock",
    responses(
        (status = 200, description = "The clock", body = ClockShown),
    )
)]
pub(crate) async fn now(State(state): State<SandboxState>) -> Answer {
    view(&state)
}

/// How far.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advance {
    /// 0 to ten years.
    #[schema(example = 604_800, minimum = 0, maximum = 316_224_000)]
    seconds: f64,
}

/// Jumps ahead: everything that falls due on the way happens, each at its own instant. Answers when it has.
#[utoipa::path(
    post,
    path = "/clock/advance",
    operation_id = "advance_clock",
    tag = "clock",
    request_body = Advance,
    responses(
        (status = 200, description = "The clock after it", body = ClockShown),
    )
)]
pub(crate) async fn advance(
    State(state): State<SandboxState>,
    Body(body): Body<Advance>,
) -> Answer {
    if !(0.0..=LONGEST_JUMP_SECS).contains(&body.seconds) {
        return Err(Failure::Invalid(format!(
            "seconds: {} is outside 0 to {LONGEST_JUMP_SECS}",
            body.seconds
        )));
    }
    state
        .platform
        .advance(Duration::from_secs_f64(body.seconds))
        .await?;
    view(&state)
}

/// No keys.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// Starts over: deletes everything, seeds anew, ends live calls without a word. Rule time goes on.
#[utoipa::path(
    post,
    path = "/reset",
    operation_id = "reset",
    tag = "state",
    request_body = Option<Nothing>,
    responses(
        (status = 200, description = "Done", body = Done),
    )
)]
pub(crate) async fn reset(
    State(state): State<SandboxState>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    state.platform.reset(&state.seed).await?;
    (state.after_reset)(state.platform.clone()).await;
    success()
}
