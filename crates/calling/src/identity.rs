//! How a user shows up at a business (`rules.md` §8), and what the user's phone is like.

use ahoy_types::RuleTime;
use serde::{Deserialize, Serialize};

/// What businesses get to see of a user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// The name the user goes by instead of the number.
    pub username: Option<String>,
    /// Whether businesses see no number: webhooks and answers then carry the business-scoped id alone.
    pub hides_number: bool,
}

/// What the user's phone is like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Client {
    /// Whether the app is too old for calls from businesses: those are refused (138001), and permission requests do
    /// not arrive (131026).
    pub too_old_for_calls: bool,
    /// Whether the user calls from a companion device: such calls let nobody call back.
    pub companion: bool,
    /// Since when it holds settings of businesses as it last saw them, instead of always showing the newest
    /// (`rules.md` §5); `None` where it does not.
    pub holds_old_settings_since: Option<RuleTime>,
}
