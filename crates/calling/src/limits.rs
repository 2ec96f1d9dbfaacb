//! Every number of the rules, in one place, as two profiles (`rules.md` §3, `contract.md` §4).

mod contract;
mod profile;
mod quality;

use std::time::Duration;

use ahoy_types::{Country, RuleTime};
use serde::{Deserialize, Serialize};

pub use contract::Contract;
pub use quality::Quality;

use crate::app::AppVersion;
use crate::call::WithoutMedia;
use crate::readings::Readings;

const DAY: Duration = Duration::from_secs(86_400);

/// Which set of limits a number lives under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A number in production.
    Production,
    /// A sandbox account: relaxed limits.
    Sandbox,
    /// A public test number: relaxed limits, and only the recipients of its allow-list (`rules.md` §9).
    Test,
}

impl Profile {
    /// Every profile with its word.
    pub const WORDS: [(&'static str, Self); 3] = [
        ("production", Self::Production),
        ("sandbox", Self::Sandbox),
        ("test", Self::Test),
    ];

    /// The word stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Sandbox => "sandbox",
            Self::Test => "test",
        }
    }
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
    /// How long a permission request can be answered: from its delivery, and again from the user's answer (a no can
    /// become a yes).
    pub request_card: Duration,
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
    /// Requests to `/calls` a second and number (130429).
    pub call_requests_per_second: u32,
    /// Requests to `/messages` a second and number (130429; the reference gives no figure).
    pub messages_per_second: u32,
    /// Reads of `call_permissions` a second and number (613).
    pub permission_reads_per_second: u32,
    /// Registrations and deregistrations of a number in [`Limits::registration_window`] (inferred).
    pub registrations: u32,
    /// The sliding window of registrations (inferred).
    pub registration_window: Duration,
    /// Wrong PINs in [`Limits::pin_window`] after which no PIN is looked at any more (inferred).
    pub pin_guesses: u32,
    /// The sliding window of wrong PINs (inferred).
    pub pin_window: Duration,
    /// Verification codes of a number in [`Limits::code_window`] (136024, inferred).
    pub code_requests: u32,
    /// The sliding window of verification codes (inferred).
    pub code_window: Duration,
    /// What warns and restricts a number.
    pub quality: Quality,
    /// How long the user sees that the business types (inferred).
    pub typing: Duration,
    /// Countries whose business numbers send no call buttons (131009). The reference names none.
    pub no_call_buttons: Vec<Country>,
    /// Service messages of a number that cost nothing, a month (`rules.md` §7).
    pub free_service_messages: u32,
    /// How long messages are free from the answer to a user who wrote out of an advertisement on (`rules.md` §7: up to 7 days,
    /// two other readings); at most [`FREE_ENTRY_BEFORE`] where the answer came before [`FREE_ENTRY_LONGER_FROM`].
    pub free_entry_point: Duration,
}

impl Limits {
    /// The defaults of a profile.
    pub fn of(profile: Profile) -> Self {
        let production = Self {
            temporary_grant: Duration::from_secs(7 * 86_400),
            requests_per_day: 1,
            requests_per_week: 2,
            request_card: Duration::from_secs(7 * 86_400),
            connected_per_day: 100,
            unanswered_nudge: 2,
            unanswered_revoke: 4,
            concurrent_calls: 1000,
            connects_per_day: 10_000,
            ring_timeout: Duration::from_secs(60),
            call_requests_per_second: 1000,
            messages_per_second: 80,
            permission_reads_per_second: 100,
            registrations: 10,
            registration_window: Duration::from_secs(3 * 86_400),
            pin_guesses: 5,
            pin_window: Duration::from_secs(3_600),
            code_requests: 10,
            code_window: Duration::from_secs(3_600),
            quality: Quality::of(Profile::Production),
            typing: Duration::from_secs(25),
            no_call_buttons: Vec::new(),
            free_service_messages: 1000,
            free_entry_point: Duration::from_secs(7 * 86_400),
        };
        match profile {
            Profile::Production => production,
            Profile::Sandbox | Profile::Test => Self {
                requests_per_day: 25,
                requests_per_week: 100,
                messages_per_second: 1000,
                unanswered_nudge: 5,
                unanswered_revoke: 10,
                quality: Quality::of(Profile::Sandbox),
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

/// The limits of each profile, as a configuration file may override them. What the file leaves out of a profile keeps
/// that profile's own default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitTable {
    /// Numbers in production.
    #[serde(deserialize_with = "profile::production")]
    pub production: Limits,
    /// Sandbox numbers.
    #[serde(deserialize_with = "profile::sandbox")]
    pub sandbox: Limits,
    /// Test numbers.
    #[serde(deserialize_with = "profile::test")]
    pub test: Limits,
    /// Message templates, which belong to an account and not to a number.
    pub templates: TemplateLimits,
    /// Media files.
    pub media: MediaLimits,
    /// Requests of the business's API under way at once.
    pub requests: RequestLimits,
    /// Countries whose business numbers may neither place calls nor ask for permission (`rules.md` §2).
    pub no_business_calls: Vec<Country>,
    /// The choices where the reference is open; a table of its own in the configuration.
    #[serde(skip)]
    pub readings: Readings,
    /// Whether utility templates inside an open service window are free: `dated`, `never` or `always`.
    pub utility_in_window_free: UtilityInWindow,
    /// What the end of an accepted call is that is hung up before the business's media came: `completed` or `failed` (138023).
    pub without_media: WithoutMedia,
}

impl Default for LimitTable {
    fn default() -> Self {
        Self {
            production: Limits::of(Profile::Production),
            sandbox: Limits::of(Profile::Sandbox),
            test: Limits::of(Profile::Test),
            templates: TemplateLimits::default(),
            media: MediaLimits::default(),
            requests: RequestLimits::default(),
            no_business_calls: NO_BUSINESS_CALLS
                .iter()
                .filter_map(|country| country.parse().ok())
                .collect(),
            readings: Readings::default(),
            utility_in_window_free: UtilityInWindow::default(),
            without_media: WithoutMedia::default(),
        }
    }
}

/// Whether a utility template costs nothing inside an open service window (`rules.md` §7: no longer since 2026-10-01, one report).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UtilityInWindow {
    /// Until [`UTILITY_IN_WINDOW_CHARGED_FROM`].
    #[default]
    Dated,
    /// At no time.
    Never,
    /// At any time.
    Always,
}

impl UtilityInWindow {
    /// Whether it is free at this instant, by the account's clock.
    pub fn free(self, now: RuleTime) -> bool {
        match self {
            Self::Dated => now < UTILITY_IN_WINDOW_CHARGED_FROM,
            Self::Never => false,
            Self::Always => true,
        }
    }
}

/// Limits of an account's message templates (`graph-api.md` §6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TemplateLimits {
    /// How long a review takes, in rule time. Zero: a template is approved or rejected at once.
    pub review: Duration,
    /// Templates of an account, each language counted.
    pub most: u32,
    /// Edits of an approved template in 24 hours.
    pub edits_per_day: u32,
    /// Edits of an approved template in 30 days.
    pub edits_per_month: u32,
}

impl Default for TemplateLimits {
    fn default() -> Self {
        Self {
            review: Duration::ZERO,
            most: 250,
            edits_per_day: 1,
            edits_per_month: 10,
        }
    }
}

/// How long media files live (`graph-api.md` §9), and how much of them there may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaLimits {
    /// How long an uploaded file is kept; announcements are kept until they are deleted.
    pub kept: Duration,
    /// How long a download address works.
    pub link: Duration,
    /// How long an upload may take before what has arrived of it is thrown away.
    pub upload: Duration,
    /// Length from which an announcement is refused.
    pub announcement: Duration,
    /// Bytes of the files of one number.
    pub number_bytes: u64,
    /// Files of one number.
    pub number_files: u64,
    /// Uploads of one number at once.
    pub number_uploads: u64,
    /// Bytes of all files of the server.
    pub all_bytes: u64,
    /// All files of the server.
    pub all_files: u64,
    /// Uploads at once, of all numbers.
    pub all_uploads: u64,
}

impl Default for MediaLimits {
    fn default() -> Self {
        Self {
            kept: Duration::from_secs(30 * 86_400),
            link: Duration::from_secs(300),
            upload: Duration::from_secs(3_600),
            announcement: Duration::from_secs(60),
            number_bytes: 2 << 30,
            number_files: 10_000,
            number_uploads: 16,
            all_bytes: 20 << 30,
            all_files: 50_000,
            all_uploads: 128,
        }
    }
}

/// How many requests of the business's API may be under way at once: what is beyond is answered 503.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestLimits {
    /// Of one app to one number, or to another object of the path.
    pub node: u32,
    /// Of one app.
    pub app: u32,
    /// Of all apps.
    pub all: u32,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            node: 1_000,
            app: 2_000,
            all: 4_000,
        }
    }
}

impl LimitTable {
    /// The limits of a profile.
    pub const fn of(&self, profile: Profile) -> &Limits {
        match profile {
            Profile::Production => &self.production,
            Profile::Sandbox => &self.sandbox,
            Profile::Test => &self.test,
        }
    }
}

/// The window of every "in 24 hours" rule.
pub const DAY_WINDOW: Duration = DAY;
/// The window of every "in 7 days" rule.
pub const WEEK_WINDOW: Duration = Duration::from_secs(7 * 86_400);
/// How far back `call_analytics` looks: a year, and a day for whoever counts 365 days back from a clock of his own.
pub const ANALYTICS_LOOK_BACK: Duration = Duration::from_secs(366 * 86_400);
/// Points of one `call_analytics` answer at most: a year of half hours in both directions, and room.
pub const ANALYTICS_POINTS: usize = 50_000;
/// How long a phone may show settings that no longer hold (`rules.md` §5).
pub const SETTINGS_HELD: Duration = Duration::from_secs(7 * 86_400);
/// Changes of what phones show that are remembered within that time; of more, the oldest are forgotten.
pub const PAST_SETTINGS: usize = 8;
/// Opening hours a day of the week at most (`graph-api.md` §4.1).
pub const OPEN_HOURS_PER_DAY: usize = 2;
/// Entries of the holiday schedule at most (`graph-api.md` §4.1).
pub const HOLIDAYS: usize = 20;
/// Longest time voicemail lets a call ring, in seconds (`graph-api.md` §4.1).
pub const VOICEMAIL_WAIT: u8 = 30;
/// Characters of a key and of a value of `request_uri_user_params` at most (`graph-api.md` §4.1).
pub const SIP_PARAM_CHARS: usize = 128;
/// From which version on an app can be called by businesses and asked for permission (`rules.md` §2).
pub const CALLED_FROM_APP: AppVersion = AppVersion::new(24, 14, 0);
/// From which version on an app has the call icon at all (`rules.md` §2).
pub const ICON_FROM_APP: AppVersion = AppVersion::new(23, 14, 0);
/// From which version on an app hides the icon where the business wants it (`rules.md` §2).
pub const HIDDEN_ICONS_FROM_APP: AppVersion = AppVersion::new(24, 10, 8);
/// From which version on an app knows call buttons (`rules.md` §2).
pub const BUTTONS_FROM_APP: AppVersion = AppVersion::new(24, 1, 0);
/// From which version on an app sends the payload of a button or a link (`rules.md` §2).
pub const PAYLOADS_FROM_APP: AppVersion = AppVersion::new(25, 27, 0);
/// `biz_opaque_callback_data`, `cta_payload` and `deeplink_payload`: characters at most.
pub const PAYLOAD_CHARS: usize = 512;
/// From when on service messages beyond [`Limits::free_service_messages`] cost something: 2026-10-01, by the account's clock
/// (`rules.md` §7).
pub const SERVICE_MESSAGES_CHARGED_FROM: RuleTime = RuleTime::from_secs(1_790_812_800);
/// From when on utility templates cost something inside an open service window too: 2026-10-01, by the account's clock
/// (`rules.md` §7, one report).
pub const UTILITY_IN_WINDOW_CHARGED_FROM: RuleTime = SERVICE_MESSAGES_CHARGED_FROM;
/// From when on a free entry point lasts longer than [`FREE_ENTRY_BEFORE`]: 2026-09-28, by the account's clock (`rules.md` §7).
pub const FREE_ENTRY_LONGER_FROM: RuleTime = RuleTime::from_secs(1_790_553_600);
/// How long a free entry point lasted before.
pub const FREE_ENTRY_BEFORE: Duration = Duration::from_secs(72 * 3_600);
/// The window of an approved template's "in 30 days" rule.
pub const MONTH_WINDOW: Duration = Duration::from_secs(30 * 86_400);
/// Template name: characters at most.
pub const TEMPLATE_NAME_CHARS: usize = 512;
/// Header and footer of a template: characters at most.
pub const TEMPLATE_LINE_CHARS: usize = 60;
/// Body of a template: characters at most, before and after its values are filled in.
pub const TEMPLATE_BODY_CHARS: usize = 1024;
/// Text of a template's button: characters at most.
pub const TEMPLATE_BUTTON_CHARS: usize = 25;
/// Address of a template's URL button: characters at most.
pub const TEMPLATE_URL_CHARS: usize = 2000;
/// Buttons of a template at most; of these, URL buttons.
pub const TEMPLATE_BUTTONS: (usize, usize) = (10, 2);
/// Words of its own that a template's body needs for each variable (the real ratio is not published).
pub const TEMPLATE_WORDS_PER_VARIABLE: usize = 2;
/// Text on a call button: characters at most.
pub const CALL_BUTTON_CHARS: usize = 20;
/// Minutes a call button works when its template is made: least and most (`graph-api.md` §6).
pub const TEMPLATE_CALL_MINUTES: (u32, u32) = (1440, 43_200);
/// Minutes a call button works when it is sent: least, most, and unless said otherwise (`graph-api.md` §5).
pub const CALL_MINUTES: (u32, u32, u32) = (1, 43_200, 10_080);
/// The default of [`LimitTable::no_business_calls`].
const NO_BUSINESS_CALLS: [&str; 5] = ["US", "CA", "EG", "VN", "NG"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_country_is_one() {
        let table = LimitTable::default();
        assert_eq!(table.no_business_calls.len(), NO_BUSINESS_CALLS.len());
    }
}
