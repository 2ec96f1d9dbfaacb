//! `clock`, `clock/advance`, `reset`.

use std::time::Duration;

use axum::extract::State;
use serde::Deserialize;
use serde_json::json;

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, object, success};

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

pub(crate) async fn now(State(state): State<SandboxState>) -> Answer {
    view(&state)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advance {
    seconds: f64,
}

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

pub(crate) async fn reset(
    State(state): State<SandboxState>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    state.platform.reset(&state.seed).await?;
    (state.after_reset)(state.platform.clone()).await;
    success()
}
