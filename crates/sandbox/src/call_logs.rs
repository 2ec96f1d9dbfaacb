//! The log of calls: pages, one call, and the whole as a file.

use std::collections::BTreeMap;

use ahoy_platform::{CallLogQuery, CallLogRefusal, LogFormat};
use ahoy_store::CallLogFilter;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::json;
use utoipa::IntoParams;

use crate::SandboxState;
use crate::answer::{Answer, Failure, Path, Query, call_id, object};
use crate::model::{CallLogCall, CallLogPage};

/// Which calls.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(
    dead_code,
    reason = "describes the query; the platform reads it, so that each interface says the same about it"
)]
struct LogQuery {
    /// Only of this business number, by node id or digits.
    phone_number: Option<String>,
    /// Only of this user.
    user: Option<String>,
    /// `USER_INITIATED` or `BUSINESS_INITIATED`.
    direction: Option<String>,
    /// Placed at or after this, Unix seconds.
    since: Option<i64>,
    /// Placed before this.
    until: Option<i64>,
    /// After this cursor of a page.
    after: Option<String>,
    /// 1 to 1000.
    limit: Option<u32>,
    /// `csv` or `jsonl`.
    format: Option<String>,
}

impl From<CallLogRefusal> for Failure {
    fn from(refusal: CallLogRefusal) -> Self {
        match refusal {
            CallLogRefusal::Invalid(clause) => Self::Invalid(clause),
            CallLogRefusal::Store(e) => e.into(),
        }
    }
}

/// The log of calls, oldest first; with `format` the whole of it as a file.
#[utoipa::path(
    get,
    path = "/call_logs",
    operation_id = "list_call_logs",
    tag = "calls",
    params(LogQuery),
    responses(
        (status = 200, description = "A page; with `format` a file in CSV or JSON lines", content((CallLogPage = "application/json"), (String = "text/csv"), (String = "application/jsonl"))),
    )
)]
pub(crate) async fn list(
    State(state): State<SandboxState>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let parameters = query.iter().map(|(name, value)| (&**name, &**value));
    let CallLogQuery { filter, format } = state.platform.call_log_query(parameters)?;
    if let Some(format) = format {
        return Ok(export(&state, filter, format));
    }
    let page = state.platform.call_log(&filter)?;
    let mut answer = json!({ "data": page.calls });
    if let Some(last) = page.last {
        answer["paging"] = json!({ "cursors": { "after": last.to_string() } });
    }
    object(answer).map(axum::response::IntoResponse::into_response)
}

/// The log in pieces as they are read: it never lies in memory as a whole.
fn export(state: &SandboxState, filter: CallLogFilter, format: LogFormat) -> Response {
    let pieces = state.platform.export_call_log(filter, format);
    let pieces = stream::unfold(pieces, async |mut pieces| {
        pieces.recv().await.map(|piece| (piece, pieces))
    });
    let headers = [(header::CONTENT_TYPE, format.media_type())];
    (headers, Body::from_stream(pieces)).into_response()
}

/// One call of the log, with what it cost.
#[utoipa::path(
    get,
    path = "/call_logs/{id}",
    operation_id = "read_call_log",
    tag = "calls",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The call", body = CallLogCall),
    )
)]
pub(crate) async fn get(State(state): State<SandboxState>, Path(id): Path<String>) -> Answer {
    let id = call_id(&id)?;
    let Some(call) = state.platform.logged_call(&id)? else {
        return Err(Failure::NotFound(format!("there is no call {id}")));
    };
    let mut answer = serde_json::to_value(call).map_err(|e| Failure::Internal(e.to_string()))?;
    if let Some(charge) = state.platform.charge(&id)? {
        answer["charge"] = json!({
            "market": charge.market,
            "month": charge.month,
            "tier": charge.tier,
            "pulses": charge.pulses,
            "per_minute": charge.per_minute.to_string(),
            "cost": charge.cost.to_string(),
            "currency": charge.currency,
        });
    }
    object(answer)
}
