//! The badge of an official business account: how far a business has come with it (`graph-api.md` §7).

use std::time::Duration;

use ahoy_types::RuleTime;
use serde::{Deserialize, Serialize};

use crate::Refusal;
use crate::account::Number;
use crate::limits::Profile;

/// How long after a refusal a business may ask again.
pub const ASK_AGAIN: Duration = Duration::from_secs(30 * 86_400);
/// Supporting links: least and most, where there are any.
pub const LINKS: (usize, usize) = (5, 10);
/// Characters of a text of the request at most (inferred).
pub const TEXT_CHARS: usize = 2_048;

/// State of a request for the badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BadgeStatus {
    /// Nobody has asked for it.
    #[default]
    NotStarted,
    /// Asked for.
    Pending,
    /// Somebody looks at it.
    UnderReview,
    /// The number has it.
    Approved,
    /// Refused.
    Rejected,
    /// It had it.
    Expired,
    /// The business took its request back.
    Cancelled,
}

impl BadgeStatus {
    /// Every state with its word on the wire.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("NOT_STARTED", Self::NotStarted),
        ("PENDING", Self::Pending),
        ("UNDER_REVIEW", Self::UnderReview),
        ("APPROVED", Self::Approved),
        ("REJECTED", Self::Rejected),
        ("EXPIRED", Self::Expired),
        ("CANCELLED", Self::Cancelled),
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        Self::WORDS
            .into_iter()
            .find(|(_, state)| *state == self)
            .map_or("NOT_STARTED", |(word, _)| word)
    }

    /// The state of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS
            .into_iter()
            .find(|(known, _)| *known == word)
            .map(|(_, state)| state)
    }

    /// What the answer says beside it.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NotStarted => "No request has been made.",
            Self::Pending => "The request waits for its review.",
            Self::UnderReview => "The request is being reviewed.",
            Self::Approved => "The account has the badge.",
            Self::Rejected => "The request was refused; another can be made 30 days after it.",
            Self::Expired => "The badge has expired.",
            Self::Cancelled => "The request was cancelled.",
        }
    }
}

/// A request for the badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BadgeReview {
    /// How far it has come. Whether the number has the badge is [`About::official`](crate::about::About).
    pub status: BadgeStatus,
    /// Since when.
    pub since: Option<RuleTime>,
}

impl Number {
    /// The state of its badge.
    pub fn badge(&self) -> BadgeStatus {
        match self.about.badge.status {
            _ if self.about.official => BadgeStatus::Approved,
            // The badge was taken away by other means.
            BadgeStatus::Approved => BadgeStatus::Expired,
            other => other,
        }
    }

    /// The business asks for the badge.
    ///
    /// # Errors
    /// [`Refusal::Invalid`]: a test number or one that is shared with the Business app, one that has it or has asked, and for
    /// 30 days after a refusal.
    pub fn ask_for_badge(&mut self, now: RuleTime) -> Result<(), Refusal> {
        let refused = |sentence: &str| Err(Refusal::Invalid(sentence.to_owned()));
        if self.profile == Profile::Test {
            return refused("official_business_account: test numbers cannot have the badge");
        }
        if self.registration.on_biz_app {
            return refused(
                "official_business_account: numbers that are used in the Business app cannot have the badge",
            );
        }
        match self.badge() {
            BadgeStatus::Approved => {
                return refused("official_business_account: the number has the badge already");
            }
            BadgeStatus::Pending | BadgeStatus::UnderReview => {
                return refused(
                    "official_business_account: a request is waiting for its review already",
                );
            }
            BadgeStatus::Rejected => {
                let until = self.about.badge.since.map(|since| since + ASK_AGAIN);
                if let Some(until) = until.filter(|until| now < *until) {
                    return Err(Refusal::Invalid(format!(
                        "official_business_account: the last request was refused; the next one is allowed at {}",
                        until.secs_up()
                    )));
                }
            }
            BadgeStatus::NotStarted | BadgeStatus::Expired | BadgeStatus::Cancelled => {}
        }
        self.judge_badge(BadgeStatus::Pending, now);
        Ok(())
    }

    /// The platform decides about the badge.
    pub fn judge_badge(&mut self, status: BadgeStatus, now: RuleTime) {
        self.about.badge = BadgeReview {
            status,
            since: Some(now),
        };
        self.about.official = status == BadgeStatus::Approved;
    }

    /// The number is, or is no longer, used in the Business app too: then its calls stay there (`rules.md` §1, inferred).
    pub fn share_with_biz_app(&mut self, shared: bool) {
        self.registration.on_biz_app = shared;
        if shared {
            self.settings.status = crate::settings::Switch::Disabled;
        }
    }
}
