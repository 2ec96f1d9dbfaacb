//! `?fields=health_status` of a node (`graph-api.md` §7, "Health").

use serde::{Deserialize, Serialize};

/// Name of the field.
pub const HEALTH_STATUS: &str = "health_status";

/// Whether messages can be sent through a node, and the health of all it hangs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthStatus {
    /// The worst of the entities: `AVAILABLE`, `LIMITED` or `BLOCKED`.
    pub can_send_message: String,
    /// The node and all it hangs on.
    pub entities: Vec<HealthEntity>,
}

/// The health of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthEntity {
    /// `PHONE_NUMBER`, `WABA`, `BUSINESS`, `APP` or `MESSAGE_TEMPLATE`.
    pub entity_type: String,
    /// Its id.
    pub id: String,
    /// `AVAILABLE`, `LIMITED` or `BLOCKED`.
    pub can_send_message: String,
    /// The same for calls over SIP; only phone numbers and apps say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_receive_call_sip: Option<String>,
    /// Why something is blocked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<HealthError>,
    /// Why something is limited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub additional_info: Vec<String>,
}

/// Why something is blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthError {
    /// A code of the error table.
    pub error_code: u32,
    /// What is wrong.
    pub error_description: String,
    /// What mends it.
    pub possible_solution: String,
}
