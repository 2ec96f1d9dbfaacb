//! What a user can do something about: call buttons and permission requests, both with an end (`rules.md` §3, §4).

use std::time::Duration;

use ahoy_types::RuleTime;
use serde::{Deserialize, Serialize};

use crate::pair::Answer;

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

/// The business asks for the user's number (`graph-api.md` §5). It has no end: a tap shares the number once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContactRequest {
    /// When the user shared it.
    pub shared_at: Option<RuleTime>,
}

impl ContactRequest {
    /// The word shown for its state.
    pub const fn state(&self) -> &'static str {
        match self.shared_at {
            None => "open",
            Some(_) => "shared",
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

impl CardState {
    /// The word shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Expired => "expired",
        }
    }
}

/// Why a card takes no answer: a sentence for the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardRefusal {
    /// Too late, or a newer request was answered.
    #[error("This request has expired.")]
    Expired,
    /// The user said yes.
    #[error("You have accepted this request already.")]
    Accepted,
    /// The user said no, and says it again.
    #[error("You have declined this request already.")]
    Declined,
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

    /// The user answers. The card can be answered for `lasts` from now on: a no can still become a yes.
    ///
    /// # Errors
    /// It has expired, was accepted, or is declined a second time.
    pub fn take(
        &mut self,
        answer: Answer,
        lasts: Duration,
        now: RuleTime,
    ) -> Result<(), CardRefusal> {
        match self.state(now) {
            CardState::Accepted => return Err(CardRefusal::Accepted),
            _ if !self.open(now) => return Err(CardRefusal::Expired),
            CardState::Declined if answer == Answer::Reject => return Err(CardRefusal::Declined),
            _ => {}
        }
        self.answer = Some((answer, now));
        self.expires = Some(now + lasts);
        Ok(())
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

    #[test]
    fn a_no_can_become_a_yes_until_the_card_expires() {
        let lasts = Duration::from_millis(10);
        let mut card = RequestCard {
            answer: None,
            expires: Some(RuleTime(10)),
        };
        assert_eq!(card.take(Answer::Reject, lasts, RuleTime(9)), Ok(()));
        assert_eq!(card.expires, Some(RuleTime(19)));
        let again = card.take(Answer::Reject, lasts, RuleTime(10));
        assert_eq!(again, Err(CardRefusal::Declined));
        let late = card.take(Answer::Accept, lasts, RuleTime(19));
        assert_eq!(late, Err(CardRefusal::Expired));
        assert_eq!(card.take(Answer::Accept, lasts, RuleTime(18)), Ok(()));
        let twice = card.take(Answer::AcceptPermanent, lasts, RuleTime(18));
        assert_eq!(twice, Err(CardRefusal::Accepted));
    }
}
