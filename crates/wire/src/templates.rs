//! Message templates: making, changing, listing and deleting them (`graph-api.md` §6).

mod read;

pub use read::{
    ButtonSpec, Components, HeaderSpec, TemplateBody, TemplateCategory, TemplateEdit, TextSpec,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::nodes::Paging;

/// Answer to `POST /{waba-id}/message_templates`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateCreated {
    /// Its id.
    pub id: String,
    /// `APPROVED`, `PENDING` or `REJECTED`.
    pub status: String,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    pub category: String,
}

/// A template as a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateNode {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `POSITIONAL` or `NAMED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter_format: Option<String>,
    /// Its parts, with types in upper case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub components: Option<Vec<Value>>,
    /// `en`, `en_GB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// `APPROVED`, `PENDING`, `REJECTED`, `PAUSED` or `DISABLED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Why its review failed; `NONE` where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_reason: Option<String>,
}

/// A page of templates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Templates {
    /// The templates of this page.
    pub data: Vec<TemplateNode>,
    /// Where it stands; absent when the list is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paging: Option<Paging>,
    /// Figures about the list, where `?summary=` names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<TemplateSummary>,
}

/// Figures about a list of templates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateSummary {
    /// Templates the list has, on all its pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_count: Option<usize>,
    /// Templates of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template_count: Option<usize>,
    /// Templates an account may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template_limit: Option<u32>,
    /// Whether each name is there in every language the account has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub are_translations_complete: Option<bool>,
}

/// All fields of a [`TemplateSummary`].
pub const SUMMARY_FIELDS: &[&str] = &[
    "total_count",
    "message_template_count",
    "message_template_limit",
    "are_translations_complete",
];

/// Answer to `POST /{template-id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateEdited {
    /// `true`.
    pub success: bool,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    pub category: String,
}

/// Fields of a [`TemplateNode`] sent without `?fields=`.
pub const TEMPLATE_DEFAULTS: &[&str] = &[
    "id",
    "name",
    "parameter_format",
    "components",
    "language",
    "status",
    "category",
];
/// All fields of a [`TemplateNode`].
pub const TEMPLATE_FIELDS: &[&str] = &[
    "id",
    "name",
    "parameter_format",
    "components",
    "language",
    "status",
    "category",
    "rejected_reason",
    // Never here; clients ask for them together with the others:
    "correct_category",
    "cta_url_link_tracking_opted_out",
    "degrees_of_freedom_spec",
    "last_updated_time",
    "library_template_name",
    "message_send_ttl_seconds",
    "previous_category",
    "quality_score",
    "sub_category",
];
