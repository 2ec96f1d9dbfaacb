//! The delivery log: every webhook with every attempt.

use ahoy_store::{Attempt, Delivery, DeliveryFilter};
use ahoy_types::DeliveryId;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use crate::SandboxState;
use crate::answer::{Answer, Failure, Path, Query, call_id, object};
use crate::model::{DeliveryList, DeliveryShown};

const MOST: usize = 1_000;

fn view(delivery: &Delivery, attempts: &[Attempt]) -> Value {
    let attempts: Vec<Value> = attempts
        .iter()
        .map(|a| {
            let headers: serde_json::Map<String, Value> = a
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
                .collect();
            json!({
                "number": a.number,
                "url": a.url,
                "headers": headers,
                "at": a.at.secs(),
                "at_ms": a.at.0,
                "took_ms": f64::from(u32::try_from(a.took_us).unwrap_or(u32::MAX)) / 1000.0,
                "status": a.status,
                "note": a.note,
            })
        })
        .collect();
    let last = attempts.last().cloned().unwrap_or(Value::Null);
    json!({
        "id": delivery.id,
        "app_id": delivery.app,
        "phone_number_id": delivery.number,
        "call_id": delivery.lane,
        "field": delivery.field,
        "state": delivery.state,
        "created_at": delivery.created_at.secs(),
        "created_at_ms": delivery.created_at.0,
        "next_attempt_at": delivery.next_due.map(|t| t.secs()),
        // The very bytes of every attempt: the signature is over them.
        "body": String::from_utf8_lossy(&delivery.body),
        "url": last.get("url"),
        "status": last.get("status"),
        "attempts": attempts,
    })
}

/// Which webhooks.
#[derive(Deserialize, IntoParams)]
pub(crate) struct ListQuery {
    /// After this webhook.
    after: Option<String>,
    /// Only of this call.
    call: Option<String>,
    /// At most this many: 1 to 1000, and that many if absent.
    limit: Option<usize>,
}

/// Webhooks with all their attempts.
#[utoipa::path(
    get,
    path = "/deliveries",
    operation_id = "list_deliveries",
    tag = "deliveries",
    params(ListQuery),
    responses(
        (status = 200, description = "Webhooks", body = DeliveryList),
    )
)]
pub(crate) async fn list(
    State(state): State<SandboxState>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let filter = DeliveryFilter {
        after: match query.after.as_deref().filter(|t| !t.is_empty()) {
            Some(text) => Some(id_of("after", text)?),
            None => None,
        },
        call: match query.call.as_deref() {
            Some(text) => Some(call_id(text)?),
            None => None,
        },
        limit: query.limit.unwrap_or(MOST).clamp(1, MOST),
    };
    let list = state.platform.deliveries(&filter)?;
    object(json!({ "data": list.iter().map(|(d, a)| view(d, a)).collect::<Vec<_>>() }))
}

/// One webhook with all its attempts.
#[utoipa::path(
    get,
    path = "/deliveries/{id}",
    operation_id = "read_delivery",
    tag = "deliveries",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "The webhook", body = DeliveryShown),
    )
)]
pub(crate) async fn get(State(state): State<SandboxState>, Path(id): Path<String>) -> Answer {
    let id = id_of("id", &id)?;
    match state.platform.delivery(id)? {
        Some((delivery, attempts)) => object(view(&delivery, &attempts)),
        None => Err(Failure::NotFound(format!("there is no delivery {id}"))),
    }
}

fn id_of(name: &str, text: &str) -> Result<DeliveryId, Failure> {
    text.parse()
        .map_err(|_| Failure::Invalid(format!("{name}: `{text}` is not the id of a delivery")))
}
