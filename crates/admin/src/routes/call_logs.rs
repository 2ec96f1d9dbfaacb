//! `/admin/v1/call_logs`: what happened to each call, as pages and as a file.

use ahoy_calling::admin::AdminRefusal;
use ahoy_platform::CallLogQuery;
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::answer::{ErrorBody, Failure};
use crate::incoming::Asked;

/// Answer in JSON; `docs/prices.md` lists the keys of a call.
#[derive(Serialize, ToSchema)]
pub(super) struct CallLogBody {
    /// Calls, oldest first.
    #[schema(value_type = Vec<Object>)]
    data: Value,
    /// Where the page ends: `{"cursors":{"after":"…"}}`; absent when it is empty.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Value>,
}

/// The call log, oldest first: a page in JSON, or everything as CSV or JSON Lines.
#[utoipa::path(
    get,
    path = "/call_logs",
    operation_id = "call_logs",
    tag = "call logs",
    params(
        ("phone_number" = Option<String>, Query, description = "Only calls of this number, by node id or digits; required for whoever is tied to one business"),
        ("user" = Option<String>, Query, description = "Only calls with this user"),
        ("direction" = Option<String>, Query, description = "`USER_INITIATED` or `BUSINESS_INITIATED`"),
        ("since" = Option<i64>, Query, description = "Only calls placed from this instant on, Unix seconds"),
        ("until" = Option<i64>, Query, description = "Only calls placed before this instant"),
        ("after" = Option<String>, Query, description = "Only what comes after this cursor"),
        ("limit" = Option<u64>, Query, description = "1 to 1000; 100 if absent, and no end for a file"),
        ("format" = Option<String>, Query, description = "`json`, `csv` or `jsonl`"),
    ),
    responses(
        (status = 200, description = "A page, or a file", body = CallLogBody),
        (status = 400, description = "A parameter is wrong; the sentence names it", body = ErrorBody),
        (status = 401, description = "No or no good admin token", body = ErrorBody),
        (status = 404, description = "No such number, or none the role reaches", body = ErrorBody),
    )
)]
pub(super) async fn list(asked: Asked) -> Result<Response, Failure> {
    let query = asked.query();
    let mut parameters = Vec::new();
    for name in query.names() {
        if let Some(text) = query.text(name)? {
            parameters.push((name.to_owned(), text.to_owned()));
        }
    }
    let CallLogQuery { filter, format } = asked.admin.call_log_query(&parameters)?;
    let platform = asked.admin.platform();
    if let Some(format) = format {
        let pieces = platform.export_call_log(filter, format);
        let pieces = stream::unfold(pieces, async |mut pieces| {
            pieces.recv().await.map(|piece| (piece, pieces))
        });
        let headers = [(header::CONTENT_TYPE, format.media_type())];
        return Ok((headers, Body::from_stream(pieces)).into_response());
    }
    let internal = |e: String| Failure(AdminRefusal::Internal(e));
    let page = platform
        .call_log(&filter)
        .map_err(|e| internal(e.to_string()))?;
    let body = CallLogBody {
        data: serde_json::to_value(&page.calls).map_err(|e| internal(e.to_string()))?,
        paging: page
            .last
            .map(|last| json!({ "cursors": { "after": last.to_string() } })),
    };
    Ok(axum::Json(body).into_response())
}
