//! `/{phone-number-id}/settings` (`graph-api.md` §4).

use serde::{Deserialize, Serialize};

/// A feature that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Switch {
    /// On.
    Enabled,
    /// Off.
    Disabled,
}

/// Whether phones show the call icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IconVisibility {
    /// Shown wherever calling works.
    Default,
    /// Hidden everywhere; calls by button, link or call log still work.
    DisableAll,
}

/// The `calling` object of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Calling {
    /// Calling on this number.
    pub status: Switch,
    /// Call icon.
    pub call_icon_visibility: IconVisibility,
    /// Whether a user's call permits the business to call back.
    pub callback_permission_status: Switch,
}
