//! What the business is told when its number is warned or restricted (`rules.md` §6): the words of webhook and mail,
//! and how long a mail is tried.

use std::time::Duration;

use ahoy_types::{Direction, RuleTime};

use crate::account::Number;
use crate::standing::{Notice, RestrictionKind};

/// What a business can do about calls of its users that it does not pick up.
pub const PICK_UP_REMEDY: &str = "Pick up more of the calls of your users, or set call hours for the times at which nobody is there.";
/// What a business can do about its hidden button.
pub const SHOW_BUTTON_REMEDY: &str =
    "Set call_icon_visibility to DEFAULT in the call settings to show the call button again.";

impl Notice {
    /// `violation_type` of a warning (`webhooks.md` §5); `None` for a restriction.
    pub const fn violation(&self) -> Option<&'static str> {
        match self {
            Self::LowQuality(Direction::BusinessInitiated) => {
                Some("LOW_BUSINESS_INITIATED_CALLING_QUALITY")
            }
            Self::LowQuality(Direction::UserInitiated) => {
                Some("LOW_USER_INITIATED_CALLING_QUALITY")
            }
            Self::LowPickUp => Some("USER_INITIATED_CALLS_LOW_PICKUP_RATE"),
            Self::Paused { .. } | Self::ButtonHidden => None,
        }
    }

    /// The restriction and its end; `None` for a warning.
    pub const fn restriction(&self) -> Option<(RestrictionKind, Option<RuleTime>)> {
        match self {
            Self::Paused { kind, until } => Some((*kind, Some(*until))),
            Self::ButtonHidden => Some((RestrictionKind::ButtonHidden, None)),
            Self::LowQuality(_) | Self::LowPickUp => None,
        }
    }

    /// What the business can do about it, where the webhook says so.
    pub const fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::LowPickUp => Some(PICK_UP_REMEDY),
            Self::ButtonHidden => Some(SHOW_BUTTON_REMEDY),
            Self::LowQuality(_) | Self::Paused { .. } => None,
        }
    }

    /// Subject and text of the mail to the business's contacts.
    pub fn mail(&self, number: &Number) -> (String, String) {
        let phone = number.number.international();
        let (subject, what, remedy) = match self {
            Self::LowQuality(direction) => {
                let calls = match direction {
                    Direction::BusinessInitiated => "calls you placed",
                    Direction::UserInitiated => "calls they placed to you",
                };
                (
                    format!("Warning: low call quality of {phone}"),
                    format!(
                        "Users blocked or reported {phone} after {calls}. If this goes on, such calls are paused."
                    ),
                    "Call only people who expect it, and tell them in the chat what the call is about.",
                )
            }
            Self::LowPickUp => (
                format!("Warning: {phone} leaves calls unanswered"),
                format!(
                    "Few of the calls of users to {phone} are picked up. If this goes on, its call button is hidden."
                ),
                PICK_UP_REMEDY,
            ),
            Self::Paused { kind, until } => {
                let consequence = match kind {
                    RestrictionKind::BusinessInitiated => {
                        "It can neither place calls nor ask for the permission to call; answers to earlier requests stay valid."
                    }
                    RestrictionKind::UserInitiated => "Users cannot call it and see no call icon.",
                    RestrictionKind::Both | RestrictionKind::ButtonHidden => {
                        "It can neither place nor take calls, nor ask for the permission to call."
                    }
                };
                (
                    format!("Calls of {phone} are paused"),
                    format!(
                        "{} {consequence} The pause ends by itself at {until}.",
                        kind.reason()
                    ),
                    "There is nothing to do but to wait; improve the calls meanwhile.",
                )
            }
            Self::ButtonHidden => (
                format!("The call button of {phone} is hidden"),
                format!(
                    "{} Call buttons in messages, links and the call log still work.",
                    RestrictionKind::ButtonHidden.reason()
                ),
                SHOW_BUTTON_REMEDY,
            ),
        };
        let name = &number.verified_name;
        let id = number.id;
        let body =
            format!("Number: {phone} ({name}, phone number id {id})\n\n{what}\n\n{remedy}\n");
        (subject, body)
    }
}

/// How one attempt to send a mail went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailOutcome {
    /// The mail server took it.
    Sent,
    /// The mail server refused it for good.
    Refused,
    /// The mail server could not be reached, or asked for another try.
    Failed,
}

/// What follows an attempt to send a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterMail {
    /// It is on its way.
    Done,
    /// Try again then.
    RetryAt(RuleTime),
    /// Given up.
    GivenUp,
}

/// A mail is tried for this long.
pub const MAIL_RETRY_FOR: Duration = Duration::from_secs(3 * 86_400);
const FIRST_RETRY: Duration = Duration::from_secs(60);
const LONGEST_RETRY: Duration = Duration::from_secs(6 * 3_600);

/// What follows the `attempt`-th attempt (from 1) to send a mail committed at `created`: the delay doubles from a
/// minute to six hours.
pub fn after_mail(
    attempt: u32,
    created: RuleTime,
    outcome: &MailOutcome,
    now: RuleTime,
) -> AfterMail {
    match outcome {
        MailOutcome::Sent => AfterMail::Done,
        MailOutcome::Refused => AfterMail::GivenUp,
        MailOutcome::Failed => {
            let doubled = FIRST_RETRY * (1 << attempt.saturating_sub(1).min(20));
            let at = now + doubled.min(LONGEST_RETRY);
            if at > created + MAIL_RETRY_FOR {
                AfterMail::GivenUp
            } else {
                AfterMail::RetryAt(at)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

    #[test]
    fn a_notice_is_a_warning_or_a_restriction() {
        let notices = [
            Notice::LowQuality(Direction::UserInitiated),
            Notice::LowPickUp,
            Notice::ButtonHidden,
            Notice::Paused {
                kind: RestrictionKind::Both,
                until: NOW,
            },
        ];
        for notice in notices {
            assert_ne!(
                notice.violation().is_some(),
                notice.restriction().is_some(),
                "{notice:?}"
            );
        }
    }

    #[test]
    fn a_mail_is_tried_for_three_days_unless_it_is_refused() {
        let (mut now, mut attempt) = (NOW, 1);
        while let AfterMail::RetryAt(at) = after_mail(attempt, NOW, &MailOutcome::Failed, now) {
            assert!(at >= now + FIRST_RETRY && at <= now + LONGEST_RETRY);
            (now, attempt) = (at, attempt + 1);
            assert!(attempt < 100);
        }
        assert!(now.since(NOW) > MAIL_RETRY_FOR - LONGEST_RETRY);
        assert!(now.since(NOW) <= MAIL_RETRY_FOR);
        assert_eq!(
            after_mail(1, NOW, &MailOutcome::Refused, NOW),
            AfterMail::GivenUp
        );
        assert_eq!(after_mail(9, NOW, &MailOutcome::Sent, NOW), AfterMail::Done);
    }
}
