//! Conversation routing.

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// Rules of routing, and what comes of them.
#[derive(ToSchema)]
pub(crate) struct RoutingShown {
    /// What was set.
    rules: RoutingRulesShown,
    /// What holds; null where there is no routing and every app gets everything.
    #[schema(required = true)]
    in_force: Option<RoutingInForce>,
}

/// Rules of routing.
#[derive(ToSchema)]
pub(crate) struct RoutingRulesShown {
    /// Whether there is routing; null where nothing was said.
    #[schema(required = true)]
    enabled: Option<bool>,
    /// Businesses by role.
    roles: BTreeMap<String, String>,
    /// Businesses that get copies; null where nothing was said.
    #[schema(required = true)]
    standby: Option<Vec<String>>,
    /// Whether the terms are accepted; null where nothing was said.
    #[schema(required = true)]
    agent_terms: Option<bool>,
}

/// The routing that holds.
#[derive(ToSchema)]
pub(crate) struct RoutingInForce {
    /// Businesses by role.
    roles: BTreeMap<String, String>,
    /// Businesses that get copies.
    standby: Vec<String>,
}

/// Threads of a number.
#[derive(ToSchema)]
pub(crate) struct ThreadOwners {
    data: Vec<ThreadShown>,
}

/// A thread between a number and a user.
#[derive(ToSchema)]
pub(crate) struct ThreadShown {
    /// The user.
    wa_id: String,
    /// When the user last wrote, Unix seconds of rule time.
    #[schema(required = true)]
    user_wrote_at: Option<i64>,
    /// Who answers; null for an idle thread.
    #[schema(required = true)]
    owner: Option<ThreadOwnerShown>,
}

/// The owner of a thread.
#[derive(ToSchema)]
pub(crate) struct ThreadOwnerShown {
    /// The business.
    business_id: String,
    /// The role under which it answers.
    role: String,
    /// Since when, Unix seconds of rule time.
    since: i64,
}
