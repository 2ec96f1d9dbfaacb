//! The delivery log: every webhook with every attempt, and sending one once more.

use std::collections::BTreeMap;

use ahoy_platform::ReplayRefusal;
use ahoy_store::{Attempt, Delivery, DeliveryFilter, DeliveryState};
use ahoy_types::DeliveryId;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, Path, Query, call_id, object};
use crate::model::{DeliveryList, DeliveryShown, Replayed, SandboxError};

/// Deliveries in one answer.
const MOST: usize = 1_000;

impl From<ReplayRefusal> for Failure {
    fn from(refusal: ReplayRefusal) -> Self {
        match refusal {
            ReplayRefusal::NoSuchDelivery(_) => Self::NotFound(refusal.to_string()),
            ReplayRefusal::OnItsWay(..) => Self::Conflict(refusal.to_string()),
            ReplayRefusal::Store(e) => e.into(),
        }
    }
}

fn view_attempt(a: &Attempt) -> Value {
    let headers: serde_json::Map<String, Value> = a
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    json!({
        "number": a.number,
        "replay": a.replay,
        "url": a.url,
        "headers": headers,
        "at": a.at.secs(),
        "at_ms": a.at.0,
        "took_ms": f64::from(u32::try_from(a.took_us).unwrap_or(u32::MAX)) / 1000.0,
        "status": a.status,
        "note": a.note,
        "fault": a.fault,
    })
}

fn view(delivery: &Delivery, attempts: &[Attempt]) -> Value {
    let attempts: Vec<Value> = attempts.iter().map(view_attempt).collect();
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
#[derive(IntoParams)]
#[allow(
    dead_code,
    reason = "describes the parameters; `filter` reads them, to refuse each by its name"
)]
pub(crate) struct ListQuery {
    /// After this webhook.
    after: Option<String>,
    /// Only of this call.
    call: Option<String>,
    /// Only about this business number, by node id or digits.
    number: Option<String>,
    /// Only in this state: `waiting`, `sending`, `retrying`, `delivered`, `abandoned`.
    state: Option<String>,
    /// At most this many: 1 to 1000, and that many if absent.
    limit: Option<usize>,
}

fn state_named(name: &str) -> Result<DeliveryState, Failure> {
    let all = [
        DeliveryState::Waiting,
        DeliveryState::Sending,
        DeliveryState::Retrying,
        DeliveryState::Delivered,
        DeliveryState::Abandoned,
    ];
    let found = all.into_iter().find(|state| state.as_str() == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = all.into_iter().map(DeliveryState::as_str).collect();
        Failure::Invalid(format!("state: `{name}` is none of {}", names.join(", ")))
    })
}

fn filter(
    state: &SandboxState,
    query: &BTreeMap<String, String>,
) -> Result<DeliveryFilter, Failure> {
    let mut filter = DeliveryFilter {
        limit: MOST,
        ..DeliveryFilter::default()
    };
    for (name, text) in query.iter().filter(|(_, text)| !text.is_empty()) {
        match name.as_str() {
            "after" => filter.after = Some(id_of("after", text)?),
            "call" => filter.call = Some(call_id(text)?),
            "number" => filter.number = Some(crate::calls::business(state, text)?.id),
            "state" => filter.state = Some(state_named(text)?),
            "limit" => match text.parse() {
                Ok(n) if (1..=MOST).contains(&n) => filter.limit = n,
                _ => {
                    return Err(Failure::Invalid(format!(
                        "limit: `{text}` is no number from 1 to {MOST}"
                    )));
                }
            },
            other => {
                return Err(Failure::Invalid(format!(
                    "`{}` is none of the parameters after, call, number, state, limit",
                    ahoy_wire::body::excerpt(other)
                )));
            }
        }
    }
    Ok(filter)
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
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer {
    let filter = filter(&state, &query)?;
    let list = state.platform.deliveries(&filter)?;
    let mut answer = json!({ "data": list.iter().map(|(d, a)| view(d, a)).collect::<Vec<_>>() });
    if let Some((last, _)) = list.last().filter(|_| list.len() == filter.limit) {
        answer["paging"] = json!({ "cursors": { "after": last.id } });
    }
    object(answer)
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
    let (delivery, attempts) = found(&state, id)?;
    object(view(&delivery, &attempts))
}

/// Nothing to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// Sends a webhook once more: one attempt beside the schedule, with the same bytes. Answers when it is over. Success
/// delivers what was not delivered; failure changes nothing and is not retried.
#[utoipa::path(
    post,
    path = "/deliveries/{id}/replay",
    operation_id = "replay_delivery",
    tag = "deliveries",
    params(("id" = String, Path)),
    request_body = Nothing,
    responses(
        (status = 200, description = "The webhook, and the attempt that was made", body = Replayed),
        (status = 409, description = "It waits, or is being sent: code `conflict`", body = SandboxError),
    )
)]
pub(crate) async fn replay(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    let id = id_of("id", &id)?;
    let number = state.platform.replay(id).await?;
    let (delivery, attempts) = found(&state, id)?;
    let made = attempts.iter().find(|a| a.number == number);
    object(json!({
        "delivery": view(&delivery, &attempts),
        "replayed": made.map(view_attempt),
    }))
}

fn found(state: &SandboxState, id: DeliveryId) -> Result<(Delivery, Vec<Attempt>), Failure> {
    let found = state.platform.delivery(id)?;
    found.ok_or_else(|| Failure::NotFound(format!("there is no delivery {id}")))
}

fn id_of(name: &str, text: &str) -> Result<DeliveryId, Failure> {
    text.parse().map_err(|_| {
        let shown = ahoy_wire::body::excerpt(text);
        Failure::Invalid(format!("{name}: `{shown}` is not the id of a delivery"))
    })
}
