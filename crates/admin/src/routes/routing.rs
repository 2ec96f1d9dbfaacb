//! `/admin/v1/wabas/{id}/routing` and `/admin/v1/numbers/{id}/routing`: which business answers what (`docs/routing.md`).

use std::collections::{BTreeMap, BTreeSet};

use ahoy_calling::routing::{Role, RoutingRules};
use ahoy_platform::RoutingView;
use ahoy_store::RoutingScope;
use ahoy_types::BusinessId;
use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer::{Answer, Refusals, invalid};
use crate::incoming::{Asked, of_path};

/// Rules of routing. They take the place of those before; without any the account or number has none of its own.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoutingBody {
    /// Whether there is routing; a number without a word of it is as its account.
    enabled: Option<bool>,
    /// Businesses by role: `calls`, `customer_service`, `marketing`, `utility`, `ctwa`, `ai_agent`, `escalation`.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    roles: Option<BTreeMap<Role, BusinessId>>,
    /// Businesses that get copies.
    #[schema(value_type = Option<Vec<String>>)]
    standby: Option<BTreeSet<BusinessId>>,
    /// Whether the terms of the business agent are accepted, without which there is neither escalation nor standby.
    agent_terms: Option<bool>,
}

/// What was set, and what holds.
#[derive(Serialize, ToSchema)]
pub(super) struct RoutingShown {
    /// What was set.
    rules: RoutingBody,
    /// What holds; null where there is no routing and every app gets everything.
    #[schema(required = true)]
    in_force: Option<InForce>,
}

/// The routing that holds.
#[derive(Serialize, ToSchema)]
pub(super) struct InForce {
    /// Businesses by role.
    roles: BTreeMap<&'static str, String>,
    /// Businesses that get copies.
    standby: Vec<String>,
}

fn shown(view: RoutingView) -> RoutingShown {
    let in_force = view.routing.map(|routing| InForce {
        roles: Role::WORDS
            .iter()
            .filter_map(|(word, role)| Some((*word, routing.holder(*role)?.to_string())))
            .collect(),
        standby: routing.standby().map(|id| id.to_string()).collect(),
    });
    let RoutingRules {
        enabled,
        roles,
        standby,
        agent_terms,
    } = view.rules;
    let rules = RoutingBody {
        enabled,
        roles: Some(roles),
        standby,
        agent_terms,
    };
    RoutingShown { rules, in_force }
}

async fn set(asked: Asked, of: RoutingScope) -> Answer<RoutingShown> {
    let body: RoutingBody = serde_json::from_slice(&asked.bytes)
        .map_err(|e| invalid(format!("the body is no rules of routing: {e}")))?;
    let rules = RoutingRules {
        enabled: body.enabled,
        roles: body.roles.unwrap_or_default(),
        standby: body.standby,
        agent_terms: body.agent_terms,
    };
    Ok(Json(shown(asked.admin.set_routing(of, rules).await?)))
}

/// What was set for an account, and what holds on its numbers.
#[utoipa::path(
    get,
    path = "/wabas/{id}/routing",
    operation_id = "waba_routing",
    tag = "wabas",
    params(("id" = String, Path, description = "The account")),
    responses((status = 200, description = "The routing", body = RoutingShown), Refusals)
)]
pub(super) async fn of_waba(Path(id): Path<String>, asked: Asked) -> Answer<RoutingShown> {
    let of = RoutingScope::Account(of_path("waba", &id)?);
    Ok(Json(shown(asked.admin.routing(of)?)))
}

/// Sets the routing of an account.
#[utoipa::path(
    put,
    path = "/wabas/{id}/routing",
    operation_id = "set_waba_routing",
    tag = "wabas",
    params(("id" = String, Path, description = "The account")),
    request_body = RoutingBody,
    responses((status = 200, description = "The routing", body = RoutingShown), Refusals)
)]
pub(super) async fn set_of_waba(Path(id): Path<String>, asked: Asked) -> Answer<RoutingShown> {
    let of = RoutingScope::Account(of_path("waba", &id)?);
    set(asked, of).await
}

/// What was set for a number beside its account, and what holds.
#[utoipa::path(
    get,
    path = "/numbers/{id}/routing",
    operation_id = "number_routing",
    tag = "numbers",
    params(("id" = String, Path, description = "The number")),
    responses((status = 200, description = "The routing", body = RoutingShown), Refusals)
)]
pub(super) async fn of_number(Path(id): Path<String>, asked: Asked) -> Answer<RoutingShown> {
    let of = RoutingScope::Number(of_path("number", &id)?);
    Ok(Json(shown(asked.admin.routing(of)?)))
}

/// Sets exceptions of a number from its account.
#[utoipa::path(
    put,
    path = "/numbers/{id}/routing",
    operation_id = "set_number_routing",
    tag = "numbers",
    params(("id" = String, Path, description = "The number")),
    request_body = RoutingBody,
    responses((status = 200, description = "The routing", body = RoutingShown), Refusals)
)]
pub(super) async fn set_of_number(Path(id): Path<String>, asked: Asked) -> Answer<RoutingShown> {
    let of = RoutingScope::Number(of_path("number", &id)?);
    set(asked, of).await
}
