//! `GET /{phone-number-id}/call_permissions` (`graph-api.md` §3).

use ahoy_types::RuleTime;
use serde::{Deserialize, Serialize};

use crate::body::excerpt;
use crate::calls::{Callee, user_id};
use crate::{Body, GraphError};

/// Whom the business asks about: `user_wa_id`, else `recipient`.
///
/// # Errors
/// Code 100 if neither is there or the one that counts is malformed.
pub fn parse_query(query: &Body) -> Result<Callee, GraphError> {
    let fields = query.fields();
    if let Some(text) = fields.text_or_integer("user_wa_id")? {
        return match ahoy_types::WaId::parse_loose(&text) {
            Ok(number) => Ok(Callee::Number(number)),
            Err(_) => Err(GraphError::invalid(format!(
                "The parameter `user_wa_id` has the value `{}`, which is not a phone number: country code and 7 to 15 digits are expected.",
                excerpt(&text)
            ))),
        };
    }
    match fields.text("recipient")? {
        Some(text) => user_id("recipient", text).map(Callee::User),
        None => Err(GraphError::invalid(
            "The parameter `user_wa_id` or the parameter `recipient` is required.",
        )),
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallPermissions {
    /// `whatsapp`.
    pub messaging_product: String,
    /// Whether the user lets the business call.
    pub permission: Permission,
    /// What the business may do now, and how much of each limit is used.
    pub actions: Vec<Action>,
}

/// The permission that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Permission {
    /// Its kind.
    pub status: PermissionStatus,
    /// Unix seconds at which a temporary one ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<i64>,
}

/// Kind of permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PermissionStatus {
    /// None.
    NoPermission,
    /// For seven days from the user's consent.
    Temporary,
    /// Until the user revokes it.
    Permanent,
}

/// One thing a business can do towards a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Action {
    /// `send_call_permission_request` or `start_call`.
    pub action_name: ActionName,
    /// Whether it would be let through now.
    pub can_perform_action: bool,
    /// The limits on it.
    pub limits: Vec<Limit>,
}

/// Name of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActionName {
    /// Ask for permission.
    SendCallPermissionRequest,
    /// Call.
    StartCall,
}

/// A limit over a sliding window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Limit {
    /// ISO 8601 duration, `PT24H` or `P7D`.
    pub time_period: String,
    /// The most in that time.
    pub max_allowed: u32,
    /// How many there were. Of calls, the connected ones.
    pub current_usage: u32,
    /// Unix seconds of the next chance; only while the limit is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_expiration_time: Option<i64>,
}

impl Limit {
    /// A limit with its usage. `next_at` is left out while there is room.
    pub fn new(
        time_period: &str,
        max_allowed: u32,
        current_usage: u32,
        next_at: Option<RuleTime>,
    ) -> Self {
        Self {
            time_period: time_period.to_owned(),
            max_allowed,
            current_usage,
            limit_expiration_time: next_at
                .filter(|_| current_usage >= max_allowed)
                .map(RuleTime::secs_up),
        }
    }
}

impl Permission {
    /// The permission as the answer states it; `expires` counts only for a temporary one.
    pub fn new(status: PermissionStatus, expires: Option<RuleTime>) -> Self {
        Self {
            status,
            expiration_time: expires
                .filter(|_| status == PermissionStatus::Temporary)
                .map(RuleTime::secs),
        }
    }
}
