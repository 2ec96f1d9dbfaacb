//! Conversation routing as the business sets it on a page: `numbers/{number}/routing`, `wabas/{waba}/routing`; and whose
//! the threads are: `numbers/{number}/threads`.

use std::collections::{BTreeMap, BTreeSet};

use ahoy_calling::routing::{Role, RoutingRules};
use ahoy_platform::RoutingRefusal;
use ahoy_store::{Page, RoutingScope};
use ahoy_types::{BusinessId, WabaId};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, Path, object};
use crate::calls::business;
use crate::model::{RoutingShown, ThreadOwners};

/// Threads shown at most.
const MOST_THREADS: usize = 10_000;

impl From<RoutingRefusal> for Failure {
    fn from(refusal: RoutingRefusal) -> Self {
        match refusal {
            RoutingRefusal::NoSuch(_) => Self::NotFound(refusal.to_string()),
            RoutingRefusal::Invalid(sentence) => Self::Invalid(sentence),
            RoutingRefusal::Store(e) => e.into(),
        }
    }
}

/// Rules of routing. They take the place of those before; without any the account or number has none of its own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoutingPut)]
pub(crate) struct Put {
    /// Whether there is routing; a number without a word of it is as its account.
    enabled: Option<bool>,
    /// Businesses by role: `calls`, `customer_service`, `marketing`, `utility`, `ctwa`, `ai_agent`, `escalation`. An entry point
    /// without one is the primary's that owns the account.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    roles: Option<BTreeMap<Role, BusinessId>>,
    /// Businesses that get copies.
    #[schema(value_type = Option<Vec<String>>)]
    standby: Option<BTreeSet<BusinessId>>,
    /// Whether the terms of the business agent are accepted, without which there is neither escalation nor standby.
    agent_terms: Option<bool>,
}

impl From<Put> for RoutingRules {
    fn from(put: Put) -> Self {
        Self {
            enabled: put.enabled,
            roles: put.roles.unwrap_or_default(),
            standby: put.standby,
            agent_terms: put.agent_terms,
        }
    }
}

fn shown(state: &SandboxState, of: RoutingScope) -> Answer {
    let view = state.platform.routing(of)?;
    let in_force = view.routing.map(|routing| {
        let roles: BTreeMap<&str, String> = Role::WORDS
            .iter()
            .filter_map(|(word, role)| Some((*word, routing.holder(*role)?.to_string())))
            .collect();
        json!({ "roles": roles, "standby": routing.standby().collect::<Vec<_>>() })
    });
    object(json!({ "rules": view.rules, "in_force": in_force }))
}

fn waba(text: &str) -> Result<RoutingScope, Failure> {
    let id: WabaId = text
        .parse()
        .map_err(|e| Failure::Invalid(format!("waba: {e}")))?;
    Ok(RoutingScope::Account(id))
}

/// What was set for a number beside its account, and what holds.
#[utoipa::path(
    get,
    path = "/numbers/{number}/routing",
    operation_id = "number_routing",
    tag = "numbers",
    params(("number" = String, Path)),
    responses((status = 200, description = "The routing", body = RoutingShown))
)]
pub(crate) async fn of_number(State(state): State<SandboxState>, Path(id): Path<String>) -> Answer {
    shown(&state, RoutingScope::Number(business(&state, &id)?.id))
}

/// Sets exceptions of a number from its account.
#[utoipa::path(
    put,
    path = "/numbers/{number}/routing",
    operation_id = "set_number_routing",
    tag = "numbers",
    params(("number" = String, Path)),
    request_body = Put,
    responses((status = 200, description = "The routing", body = RoutingShown))
)]
pub(crate) async fn set_of_number(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(put): Body<Put>,
) -> Answer {
    let of = RoutingScope::Number(business(&state, &id)?.id);
    state.platform.set_routing(of, put.into()).await?;
    shown(&state, of)
}

/// What was set for an account, and what holds on its numbers.
#[utoipa::path(
    get,
    path = "/wabas/{waba}/routing",
    operation_id = "waba_routing",
    tag = "numbers",
    params(("waba" = String, Path, description = "The account")),
    responses((status = 200, description = "The routing", body = RoutingShown))
)]
pub(crate) async fn of_waba(State(state): State<SandboxState>, Path(id): Path<String>) -> Answer {
    shown(&state, waba(&id)?)
}

/// Sets the routing of an account.
#[utoipa::path(
    put,
    path = "/wabas/{waba}/routing",
    operation_id = "set_waba_routing",
    tag = "numbers",
    params(("waba" = String, Path, description = "The account")),
    request_body = Put,
    responses((status = 200, description = "The routing", body = RoutingShown))
)]
pub(crate) async fn set_of_waba(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(put): Body<Put>,
) -> Answer {
    let of = waba(&id)?;
    state.platform.set_routing(of, put.into()).await?;
    shown(&state, of)
}

/// Whose the threads of a number are, which no route of the business tells.
#[utoipa::path(
    get,
    path = "/numbers/{number}/threads",
    operation_id = "list_threads",
    tag = "numbers",
    params(("number" = String, Path)),
    responses((status = 200, description = "The threads", body = ThreadOwners))
)]
pub(crate) async fn threads(State(state): State<SandboxState>, Path(id): Path<String>) -> Answer {
    let number = business(&state, &id)?.id;
    let page = Page {
        after: None,
        limit: MOST_THREADS,
    };
    let found = state.platform.thread_owners(number, page)?;
    let data: Vec<Value> = found
        .into_iter()
        .map(|thread| {
            json!({
                "wa_id": thread.user,
                "user_wrote_at": thread.user_at.map(|at| at.secs()),
                "owner": thread.owner.map(|(business, role, since)| json!({
                    "business_id": business, "role": role.as_str(), "since": since.secs(),
                })),
            })
        })
        .collect();
    object(json!({ "data": data }))
}
