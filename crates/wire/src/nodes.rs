//! Phone numbers and accounts as nodes: `?fields=`, lists and their pages (`graph-api.md` §7).

use ahoy_types::{BusinessId, PhoneNumberId, WabaId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::GraphError;
use crate::analytics::{CALL_ANALYTICS, CallAnalytics};
use crate::body::excerpt;
use crate::health::HealthStatus;
use crate::subscriptions::{SubscribedApps, WebhookConfiguration};

/// A business phone number with every field this server knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhoneNumber {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: PhoneNumberId,
    /// As people write it, with `+` and country code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_phone_number: Option<String>,
    /// The name phones show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_name: Option<String>,
    /// `GREEN`, `YELLOW`, `RED`, `NA` or `UNKNOWN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality_rating: Option<String>,
    /// The same as an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality_score: Option<QualityScore>,
    /// `VERIFIED` or `NOT_VERIFIED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_verification_status: Option<String>,
    /// `APPROVED`, `AVAILABLE_WITHOUT_REVIEW`, `DECLINED`, `EXPIRED`, `PENDING_REVIEW` or `NONE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_status: Option<String>,
    /// `CONNECTED`, or `DISCONNECTED` while it is not registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Message throughput.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<Throughput>,
    /// `CLOUD_API`, or `NOT_APPLICABLE` while it is not registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_type: Option<String>,
    /// `LIVE` or `SANDBOX`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_mode: Option<String>,
    /// `TIER_250` … `TIER_UNLIMITED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whatsapp_business_manager_messaging_limit: Option<String>,
    /// The same by its former name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_limit_tier: Option<String>,
    /// `CLOUD_API`, or `NOT_APPLICABLE` while it is not registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_platform: Option<String>,
    /// Whether it is used in the Business app too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_on_biz_app: Option<bool>,
    /// Whether the business has the badge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_official_business_account: Option<bool>,
    /// Whether a PIN guards its registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_pin_enabled: Option<bool>,
    /// ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    /// Digits of the country's calling code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_dial_code: Option<String>,
    /// Where its webhooks go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_configuration: Option<WebhookConfiguration>,
    /// Its health and that of all it hangs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_status: Option<HealthStatus>,
}

/// How well the number's messages are received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QualityScore {
    /// `GREEN`, `YELLOW`, `RED`, `NA` or `UNKNOWN`.
    pub score: String,
}

/// Message throughput: `STANDARD`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Throughput {
    /// `STANDARD`.
    pub level: String,
}

/// An account with every field this server knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Waba {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: WabaId,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Number of its time zone in the reference's list; `0` stands for none set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone_id: Option<String>,
    /// ISO 4217: what its charges are counted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The portfolio that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_business_info: Option<OwnerBusiness>,
    /// Figures about its calls, where `?fields=` asks for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_analytics: Option<CallAnalytics>,
    /// The apps that get its webhooks, where `?fields=` asks for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscribed_apps: Option<SubscribedApps>,
}

/// A business portfolio with every field this server knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Business {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: BusinessId,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The owner of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnerBusiness {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A page of phone numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhoneNumbers {
    /// The numbers of this page.
    pub data: Vec<PhoneNumber>,
    /// Where it stands; absent when the list is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paging: Option<Paging>,
}

/// Where a page stands in its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Paging {
    /// First and last item.
    pub cursors: Cursors,
    /// URL of the next page, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Opaque places in a list, for `before` and `after`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cursors {
    /// The first item of this page.
    pub before: String,
    /// The last item of this page.
    pub after: String,
}

/// Reads `?fields=`: names at the top level, with nested selections (`a{b,c}`) and modifiers (`a.limit(1)`, `a.as(b)`)
/// left out.
///
/// # Errors
/// Code 100 for braces or brackets that do not match, for more than 100 names and for names that are none.
pub fn parse_fields(text: &str) -> Result<Vec<String>, GraphError> {
    let mut names = Vec::new();
    let mut depth = 0u32;
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = depth.checked_sub(1).ok_or_else(|| bad_fields(text))?,
            ',' if depth == 0 => {
                names.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    if depth != 0 {
        return Err(bad_fields(text));
    }
    names.extend(text.get(start..));
    let mut out: Vec<String> = Vec::new();
    for part in names {
        let name = part
            .split(['{', '(', '[', '.'])
            .next()
            .unwrap_or(part)
            .trim();
        if name.is_empty() && part.trim().is_empty() {
            continue;
        }
        let good = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if name.is_empty() || !good || out.len() >= 100 {
            return Err(bad_fields(text));
        }
        if !out.iter().any(|known| known == name) {
            out.push(name.to_owned());
        }
    }
    Ok(out)
}

fn bad_fields(text: &str) -> GraphError {
    GraphError::invalid(format!(
        "The parameter `fields` has the value `{}`, which is not a list of field names.",
        excerpt(text)
    ))
}

/// Keeps of a node what was asked for, and its `id` always.
///
/// `requested` is the value of `?fields=`; without it `defaults` are kept. `known` are the names this kind of node has:
/// a field without a value is simply left out, an unknown one is refused.
///
/// # Errors
/// Code 100 for a name the node does not have, as the platform of reference answers.
pub fn select<T: Serialize>(
    node: &T,
    requested: Option<&str>,
    defaults: &[&str],
    known: &[&str],
    kind: &str,
) -> Result<Map<String, Value>, GraphError> {
    let wanted = match requested {
        Some(text) => parse_fields(text)?,
        None => defaults.iter().map(|name| (*name).to_owned()).collect(),
    };
    if let Some(stranger) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
        let title = format!("Tried accessing nonexisting field ({stranger}) on node type ({kind})");
        let details =
            format!("The parameter `fields` names `{stranger}`, which a {kind} does not have.");
        return Err(GraphError::invalid(details).with_title(&title));
    }
    let Ok(Value::Object(mut whole)) = serde_json::to_value(node) else {
        return Ok(Map::new());
    };
    whole.retain(|name, _| name == "id" || wanted.iter().any(|wanted| wanted == name));
    Ok(whole)
}

/// Fields of a [`PhoneNumber`] sent without `?fields=`.
pub const PHONE_NUMBER_DEFAULTS: &[&str] = &[
    "id",
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
];
/// All fields of a [`PhoneNumber`], and those that a number has on the platform of reference and never here: clients ask for all
/// of them at once and must not be refused for it. They are left out of the answer, as of any number without them.
pub const PHONE_NUMBER_FIELDS: &[&str] = &[
    "id",
    "display_phone_number",
    "verified_name",
    "quality_rating",
    "code_verification_status",
    "name_status",
    "status",
    "throughput",
    "platform_type",
    "account_mode",
    "whatsapp_business_manager_messaging_limit",
    "host_platform",
    "is_official_business_account",
    "is_on_biz_app",
    "is_pin_enabled",
    "country_code",
    "country_dial_code",
    "webhook_configuration",
    "messaging_limit_tier",
    "quality_score",
    // Never here:
    "certificate",
    "conversational_automation",
    "eligibility_for_api_business_global_search",
    "is_preverified_number",
    "last_onboarded_time",
    "new_certificate",
    "new_name_status",
    "search_visibility",
    "username",
];
/// All fields of a [`Business`]; they are sent without `?fields=` too.
pub const BUSINESS_FIELDS: &[&str] = &["id", "name"];
/// Name of the field with the apps of an account.
pub const SUBSCRIBED_APPS: &str = "subscribed_apps";
/// Fields of a [`Waba`] sent without `?fields=`.
pub const WABA_DEFAULTS: &[&str] = &["id", "name", "timezone_id"];
/// All fields of a [`Waba`], and those that an account never has here, as with [`PHONE_NUMBER_FIELDS`].
pub const WABA_FIELDS: &[&str] = &[
    "id",
    "name",
    "timezone_id",
    "currency",
    "owner_business_info",
    CALL_ANALYTICS,
    SUBSCRIBED_APPS,
    // Never here:
    "account_review_status",
    "business_verification_status",
    "country",
    "disable_marketing_messages_on_cloud_api",
    "is_enabled_for_insights",
    "marketing_messages_lite_api_status",
    "marketing_messages_onboarding_status",
    "message_template_namespace",
    "on_behalf_of_business_info",
    "ownership_type",
    "primary_funding_id",
    "purchase_order_number",
    "status",
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nested_selections_and_modifiers_are_left_out() {
        let names =
            parse_fields(" id, throughput{level,x{y}},status.as(s),numbers.limit(3){a,b} ,,id")
                .unwrap();
        assert_eq!(names, ["id", "throughput", "status", "numbers"]);
        for bad in [
            "a{b",
            "a}b{",
            "a-b",
            "é",
            "{a}",
            "a,.b",
            &"x,".repeat(9).repeat(99).replace('x', "{"),
        ] {
            assert!(parse_fields(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_field_nobody_has_is_refused_by_name() {
        let node = serde_json::json!({"id": "1", "a": 1, "b": 2});
        let known = ["id", "a", "b", "c"];
        let kept = select(&node, Some("a,c"), &[], &known, "Node").unwrap();
        assert_eq!(Value::Object(kept), serde_json::json!({"id": "1", "a": 1}));
        let refused = select(&node, Some("d"), &[], &known, "Node").unwrap_err();
        assert_eq!(
            refused.message(),
            "(#100) Tried accessing nonexisting field (d) on node type (Node)"
        );
    }
}
