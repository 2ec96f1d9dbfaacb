//! What the platform thinks of a number, and what its calls cost from now on: field `account_update` (`webhooks.md` §5).

use ahoy_types::{RuleTime, WaId, WabaId};
use serde::{Deserialize, Serialize};

use super::model::{Change, Entry, Notification, Value};

/// `entry.id` of these events: they speak of no account.
const NO_ACCOUNT: WabaId = WabaId(0);

/// A warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViolationInfo {
    /// `LOW_BUSINESS_INITIATED_CALLING_QUALITY`, `LOW_USER_INITIATED_CALLING_QUALITY`,
    /// `USER_INITIATED_CALLS_LOW_PICKUP_RATE`.
    pub violation_type: String,
    /// What the business can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation: Option<String>,
}

/// A restriction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestrictionInfo {
    /// `RESTRICTED_BUSINESS_INITIATED_CALLING` and the like.
    pub restriction_type: String,
    /// Unix seconds at which it ends by itself, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<i64>,
    /// What the business can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation: Option<String>,
}

/// A new tier of prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeTierInfo {
    /// Unix seconds from which on it holds.
    pub tier_update_time: i64,
    /// What is priced: `CALLING`.
    pub pricing_category: String,
    /// Minutes from and to, with a colon between them.
    pub tier: String,
    /// The month it holds for, as `2026-10`.
    pub effective_month: String,
    /// The market, as the rate card names it.
    pub region: String,
}

/// A new tier of prices, as the business reached it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierUpdate {
    /// When.
    pub at: RuleTime,
    /// First minute of the tier.
    pub from_minute: u64,
    /// Last minute of the tier; `None` for the last tier, which has no end.
    pub to_minute: Option<u64>,
    /// The month it holds for, as `2026-10`.
    pub month: String,
    /// The market, as the rate card names it.
    pub region: String,
}

/// Bytes of a warning: event `ACCOUNT_VIOLATION`.
pub fn violation(phone_number: WaId, at: RuleTime, violation: ViolationInfo) -> Vec<u8> {
    let value = Value {
        phone_number: Some(phone_number),
        event: Some("ACCOUNT_VIOLATION".to_owned()),
        violation_info: Some(violation),
        ..Value::default()
    };
    body(at, value)
}

/// Bytes of a restriction: event `ACCOUNT_RESTRICTION`.
pub fn restriction(phone_number: WaId, at: RuleTime, restriction: RestrictionInfo) -> Vec<u8> {
    let value = Value {
        phone_number: Some(phone_number),
        event: Some("ACCOUNT_RESTRICTION".to_owned()),
        restriction_info: vec![restriction],
        ..Value::default()
    };
    body(at, value)
}

/// Bytes of a new tier of prices: event `VOLUME_BASED_PRICING_TIER_UPDATE`. The last tier is written `5000001:`.
pub fn tier_update(update: &TierUpdate) -> Vec<u8> {
    let to = update.to_minute.map(|m| m.to_string()).unwrap_or_default();
    let value = Value {
        event: Some("VOLUME_BASED_PRICING_TIER_UPDATE".to_owned()),
        volume_tier_info: Some(VolumeTierInfo {
            tier_update_time: update.at.secs(),
            pricing_category: "CALLING".to_owned(),
            tier: format!("{}:{to}", update.from_minute),
            effective_month: update.month.clone(),
            region: update.region.clone(),
        }),
        ..Value::default()
    };
    body(update.at, value)
}

fn body(at: RuleTime, value: Value) -> Vec<u8> {
    crate::ascii::webhook_bytes(&Notification {
        object: "whatsapp_business_account".to_owned(),
        entry: vec![Entry {
            id: NO_ACCOUNT,
            time: Some(at.secs()),
            changes: vec![Change {
                value: Box::new(value),
                field: "account_update".to_owned(),
            }],
        }],
    })
}
