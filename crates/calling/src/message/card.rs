//! What a user can do something about: call buttons and permission requests, both with an end (`rules.md` §3, §4).

use ahoy_types::RuleTime;
use serde::{Deserialize, Serialize};

/// A button that calls the business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallButton {
    /// What stands on it.
    pub display_text: String,
    /// Repeated as `cta_payload` in the webhooks of the call it places.
    pub payload: Option<String>,
    /// The first instant at which it no longer works.
    pub expires: RuleTime,
}

impl CallButton {
    /// Whether a tap still places a call.
    pub fn works(&self, now: RuleTime) -> bool {
        now < self.expires
    }
}

/// What a user says to a permission request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Allowed for a while.
    Accept,
    /// Allowed until revoked.
    AcceptPermanent,
    /// Not allowed.
    Reject,
}

impl Answer {
    /// The word of the sandbox.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::AcceptPermanent => "accept_permanent",
            Self::Reject => "reject",
        }
    }
}

/// A permission request in the chat. A declined one can still be accepted until the card expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCard {
    /// The newest answer, and when it was given.
    pub answer: Option<(Answer, RuleTime)>,
    /// The first instant at which it can no longer be answered; `None` until it is delivered.
    pub expires: Option<RuleTime>,
}

/// How a card looks at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CardState {
    /// Waits for an answer.
    Open,
    /// Accepted, for a while or for good.
    Accepted,
    /// Declined; while the card has not expired the user may think better of it.
    Declined,
    /// Not answered in time.
    Expired,
}

impl RequestCard {
    /// A card that has not reached the user yet.
    pub const fn new() -> Self {
        Self {
            answer: None,
            expires: None,
        }
    }

    /// Whether it can be answered.
    pub fn open(&self, now: RuleTime) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    /// How it looks.
    pub fn state(&self, now: RuleTime) -> CardState {
        match self.answer {
            Some((Answer::Reject, _)) => CardState::Declined,
            Some(_) => CardState::Accepted,
            None if self.open(now) => CardState::Open,
            None => CardState::Expired,
        }
    }
}

impl Default for RequestCard {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_ends_to_the_millisecond() {
        let button = CallButton {
            display_text: "Call Now".into(),
            payload: None,
            expires: RuleTime(60_000),
        };
        assert!(button.works(RuleTime(59_999)));
        assert!(!button.works(RuleTime(60_000)));
    }

    #[test]
    fn a_card_keeps_its_answer_and_can_expire_unanswered() {
        let mut card = RequestCard::new();
        assert_eq!(card.state(RuleTime(i64::MAX)), CardState::Open);
        card.expires = Some(RuleTime(10));
        assert_eq!(card.state(RuleTime(9)), CardState::Open);
        assert_eq!(card.state(RuleTime(10)), CardState::Expired);
        card.answer = Some((Answer::Reject, RuleTime(5)));
        assert_eq!(card.state(RuleTime(10)), CardState::Declined);
        assert!(!card.open(RuleTime(10)));
        card.answer = Some((Answer::AcceptPermanent, RuleTime(6)));
        assert_eq!(card.state(RuleTime(9)), CardState::Accepted);
    }
}
