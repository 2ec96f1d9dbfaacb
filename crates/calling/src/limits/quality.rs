//! When a number is warned and restricted.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Profile;

/// When a number is warned, and when it is restricted (`rules.md` §6). The platform of reference publishes none of
/// these numbers but the seven days of a pause; these are choices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quality {
    /// How far back calls and feedback count, rounded up to whole hours; the store keeps 30 days.
    pub window: Duration,
    /// Feedback belongs to the newest call of the pair if that was placed no longer ago than this.
    pub feedback_within: Duration,
    /// Calls of a direction in the window from which on feedback is judged.
    pub feedback_min_calls: u32,
    /// Feedback on this many of 100 calls brings the warning.
    pub feedback_warn_percent: u32,
    /// Feedback on this many of 100 calls brings the pause, after a warning.
    pub feedback_pause_percent: u32,
    /// Calls of users in the window from which on picking up is judged.
    pub pick_up_min_calls: u32,
    /// Fewer picked up of 100 calls bring the warning.
    pub pick_up_warn_percent: u32,
    /// Fewer picked up of 100 calls hide the call button, after a warning.
    pub pick_up_hide_percent: u32,
    /// A user who gives up later than this counts as a call not picked up; earlier, as no call.
    pub abandoned_after: Duration,
    /// A restriction comes no earlier than this after its warning.
    pub warning_lead: Duration,
    /// How long a pause lasts.
    pub pause: Duration,
}

impl Quality {
    /// The defaults of a profile: few calls are enough in the sandbox, and nobody waits a day there.
    pub const fn of(profile: Profile) -> Self {
        let production = Self {
            window: Duration::from_secs(7 * 86_400),
            feedback_within: Duration::from_secs(7 * 86_400),
            feedback_min_calls: 50,
            feedback_warn_percent: 5,
            feedback_pause_percent: 10,
            pick_up_min_calls: 50,
            pick_up_warn_percent: 40,
            pick_up_hide_percent: 20,
            abandoned_after: Duration::from_secs(10),
            warning_lead: super::DAY,
            pause: Duration::from_secs(7 * 86_400),
        };
        match profile {
            Profile::Production => production,
            _ => Self {
                feedback_min_calls: 2,
                feedback_warn_percent: 50,
                feedback_pause_percent: 75,
                pick_up_min_calls: 10,
                warning_lead: Duration::ZERO,
                ..production
            },
        }
    }
}

impl Default for Quality {
    fn default() -> Self {
        Self::of(Profile::Production)
    }
}
