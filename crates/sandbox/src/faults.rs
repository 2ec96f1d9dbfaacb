//! Faults on request: `PUT`, `GET` and `DELETE /faults`, and the header `Ahoy-Fault` on one request of the sandbox.

use std::sync::Arc;

use ahoy_faults::{Active, Plan};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, object};
use crate::model::{FaultPlan, FaultsShown};

/// The header that brings faults for one request alone.
const HEADER: &str = "ahoy-fault";

fn view(active: &Active) -> Answer {
    let mut shown = active.shown();
    shown["on"] = Value::from(!active.plan().is_empty());
    object(shown)
}

/// The faults that are on.
#[utoipa::path(
    get,
    path = "/faults",
    operation_id = "read_faults",
    tag = "faults",
    responses((status = 200, description = "The plan that holds", body = FaultsShown))
)]
pub(crate) async fn get(State(state): State<SandboxState>) -> Answer {
    view(&state.platform.allow_faults().global())
}

/// Puts faults on, in place of those before.
#[utoipa::path(
    put,
    path = "/faults",
    operation_id = "set_faults",
    tag = "faults",
    request_body = FaultPlan,
    responses((status = 200, description = "The plan that holds from now on", body = FaultsShown))
)]
pub(crate) async fn put(
    State(state): State<SandboxState>,
    Body(body): Body<Map<String, Value>>,
) -> Answer {
    let plan = state
        .platform
        .read_faults(&body)
        .map_err(Failure::Invalid)?;
    view(&*state.platform.set_faults(plan)?)
}

/// Takes every fault off.
#[utoipa::path(
    delete,
    path = "/faults",
    operation_id = "clear_faults",
    tag = "faults",
    responses((status = 200, description = "Nothing is on", body = FaultsShown))
)]
pub(crate) async fn delete(State(state): State<SandboxState>) -> Answer {
    view(&*state.platform.set_faults(Plan::default())?)
}

/// A call or message that a user makes under the header has its faults, and no other has them.
pub(crate) async fn of_one_request(
    State(state): State<SandboxState>,
    request: Request,
    next: Next,
) -> Response {
    match asked(&state, request.headers()) {
        Ok(None) => next.run(request).await,
        Ok(Some(plan)) => {
            ahoy_platform::under(Arc::new(Active::new(plan, None)), next.run(request)).await
        }
        Err(failure) => failure.into_response(),
    }
}

fn asked(state: &SandboxState, headers: &HeaderMap) -> Result<Option<Plan>, Failure> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    let named = |sentence: String| Failure::Invalid(format!("header Ahoy-Fault: {sentence}"));
    let text = value
        .to_str()
        .map_err(|_| named("it is not ASCII text".into()))?;
    let plan = state.platform.read_fault_header(text).map_err(named)?;
    if plan.has_api() {
        return Err(named(
            "error_code, latency_ms and cut are for requests to the business API".into(),
        ));
    }
    Ok((!plan.is_empty()).then_some(plan))
}
