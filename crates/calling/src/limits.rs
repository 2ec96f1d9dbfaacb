//! Every number of the rules, in one place, as two profiles (`rules.md` §3, `contract.md` §4).

use std::time::Duration;

use serde::{Deserialize, Serialize};

const DAY: Duration = Duration::from_secs(86_400);

/// Which set of limits a number lives under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A number in production.
    Production,
    /// A public test number or sandbox account: relaxed limits.
    Sandbox,
}

/// The limits of one profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// How long a temporary grant lasts from approval.
    pub temporary_grant: Duration,
    /// Permission requests a pair in 24 hours.
    pub requests_per_day: u32,
    /// Permission requests a pair in 7 days.
    pub requests_per_week: u32,
    /// Connected business-initiated calls a pair in 24 hours.
    pub connected_per_day: u32,
    /// Consecutive unanswered business-initiated calls after which the user is asked to review the permission.
    pub unanswered_nudge: u32,
    /// Consecutive unanswered business-initiated calls after which the permission is revoked.
    pub unanswered_revoke: u32,
    /// Calls a number may have at once, both directions together.
    pub concurrent_calls: u32,
    /// Connect requests a number may make in 24 hours.
    pub connects_per_day: u32,
    /// How long a call rings, either direction, before it ends as unanswered.
    pub ring_timeout: Duration,
    /// Reads of `call_permissions` a second and number.
    pub permission_reads_per_second: u32,
}

impl Limits {
    /// The defaults of a profile.
    pub const fn of(profile: Profile) -> Self {
        let production = Self {
            temporary_grant: Duration::from_secs(7 * 86_400),
            requests_per_day: 1,
            requests_per_week: 2,
            connected_per_day: 100,
            unanswered_nudge: 2,
            unanswered_revoke: 4,
            concurrent_calls: 1000,
            connects_per_day: 10_000,
            ring_timeout: Duration::from_secs(60),
            permission_reads_per_second: 100,
        };
        match profile {
            Profile::Production => production,
            Profile::Sandbox => Self {
                requests_per_day: 25,
                requests_per_week: 100,
                unanswered_nudge: 5,
                unanswered_revoke: 10,
                ..production
            },
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(Profile::Production)
    }
}

/// The limits of both profiles, as a configuration file may override them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitTable {
    /// Numbers in production.
    pub production: Limits,
    /// Test and sandbox numbers.
    pub sandbox: Limits,
}

impl Default for LimitTable {
    fn default() -> Self {
        Self {
            production: Limits::of(Profile::Production),
            sandbox: Limits::of(Profile::Sandbox),
        }
    }
}

impl LimitTable {
    /// The limits of a profile.
    pub const fn of(&self, profile: Profile) -> &Limits {
        match profile {
            Profile::Production => &self.production,
            Profile::Sandbox => &self.sandbox,
        }
    }
}

/// The window of every "in 24 hours" rule.
pub const DAY_WINDOW: Duration = DAY;
/// The window of every "in 7 days" rule.
pub const WEEK_WINDOW: Duration = Duration::from_secs(7 * 86_400);
/// `biz_opaque_callback_data`, `cta_payload` and `deeplink_payload`: characters at most.
pub const PAYLOAD_CHARS: usize = 512;
/// Countries whose business numbers may not place calls (`rules.md` §2).
pub const NO_BUSINESS_CALLS: [&str; 5] = ["US", "CA", "EG", "VN", "NG"];
