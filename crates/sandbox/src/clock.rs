//! `clock`, `clock/advance`, `reset`.

use std::time::Duration;

use ahoy_calling::instant;
use ahoy_types::RuleTime;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, object, success};
use crate::model::{ClockShown, Done};

/// A jump of more than ten years is a slip of the finger.
const LONGEST_JUMP_SECS: f64 = 10.0 * 366.0 * 86_400.0;

fn view(state: &SandboxState) -> Answer {
    let clock = state.platform.clock();
    let now = clock.now();
    object(json!({
        "now": now.secs(),
        "now_ms": now.0,
        "ahead_of_system_ms": clock.offset_ms(),
        "at": instant::written(now),
        "frozen": clock.frozen(),
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

/// How far, or until when: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advance {
    /// 0 to ten years.
    #[schema(example = 604_800, minimum = 0, maximum = 316_224_000)]
    seconds: Option<f64>,
    /// An instant ahead, as RFC 3339 or Unix seconds.
    #[schema(value_type = Option<String>, example = "2027-01-06T08:00:00Z")]
    until: Option<Value>,
}

/// How far a jump goes.
fn length(body: &Advance, now: RuleTime) -> Result<Duration, Failure> {
    match (body.seconds, &body.until) {
        (Some(seconds), None) if (0.0..=LONGEST_JUMP_SECS).contains(&seconds) => {
            Ok(Duration::from_secs_f64(seconds))
        }
        (Some(seconds), None) => Err(Failure::Invalid(format!(
            "seconds: 0 to {LONGEST_JUMP_SECS} is expected, not {seconds}"
        ))),
        (None, Some(until)) => {
            let text = match until {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let until =
                instant::parse(&text).map_err(|e| Failure::Invalid(format!("until: {e}")))?;
            if until < now {
                return Err(Failure::Invalid(format!(
                    "until: an instant after {} is expected, not `{text}`: the clock never goes back",
                    instant::written(now)
                )));
            }
            let length = until.since(now);
            if length.as_secs_f64() > LONGEST_JUMP_SECS {
                return Err(Failure::Invalid(format!(
                    "until: at most {LONGEST_JUMP_SECS} s ahead is expected, not `{text}`"
                )));
            }
            Ok(length)
        }
        _ => Err(Failure::Invalid(
            "either seconds or until is expected".into(),
        )),
    }
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
    let length = length(&body, state.platform.clock().now())?;
    state.platform.advance(length).await?;
    view(&state)
}

/// Whether the clock runs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockPatch {
    /// `true`: it stands still, and timers fire by `advance` alone. `false`: it runs on from where it stands.
    frozen: bool,
}

/// Lets the clock stand still or run. Media goes on in real time.
#[utoipa::path(
    patch,
    path = "/clock",
    operation_id = "change_clock",
    tag = "clock",
    request_body = ClockPatch,
    responses(
        (status = 200, description = "The clock after it", body = ClockShown),
    )
)]
pub(crate) async fn change(
    State(state): State<SandboxState>,
    Body(body): Body<ClockPatch>,
) -> Answer {
    state.platform.freeze(body.frozen).await?;
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
    state.platform.reset_faults()?;
    (state.after_reset)(state.platform.clone()).await;
    success()
}
