//! What counts for and against a number: calls that rang, calls picked up, blocks and reports (`rules.md` §6).
//!
//! The platform counts marks a number and hour; the sums of the last window are a [`Tally`], and
//! [`Standing`](crate::standing::Standing) judges it.

use ahoy_types::{Direction, RuleTime};
use serde::{Deserialize, Serialize};

use crate::call::{Call, EndCause};
use crate::limits::Quality;

/// Marks are counted by the hour: a window holds all marks of its length, and up to an hour more.
pub const BUCKET_MS: i64 = 3_600_000;

/// The beginning of the hour an instant belongs to.
pub const fn bucket(at: RuleTime) -> RuleTime {
    RuleTime(at.0.div_euclid(BUCKET_MS) * BUCKET_MS)
}

/// What a user does against a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feedback {
    /// The user blocks the business.
    Block,
    /// The user reports the business.
    Report,
}

/// One thing that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The business called and the phone rang.
    BusinessCall,
    /// A user blocked or reported the business after such a call.
    BusinessFeedback,
    /// A user called and the business picked up.
    UserAnswered,
    /// A user called and the business did not pick up.
    UserMissed,
    /// A user blocked or reported the business after a call of theirs.
    UserFeedback,
}

impl Mark {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::BusinessCall,
        Self::BusinessFeedback,
        Self::UserAnswered,
        Self::UserMissed,
        Self::UserFeedback,
    ];

    /// The word stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BusinessCall => "business_call",
            Self::BusinessFeedback => "business_feedback",
            Self::UserAnswered => "user_answered",
            Self::UserMissed => "user_missed",
            Self::UserFeedback => "user_feedback",
        }
    }

    /// Feedback on calls of this direction.
    pub const fn feedback(direction: Direction) -> Self {
        match direction {
            Direction::BusinessInitiated => Self::BusinessFeedback,
            Direction::UserInitiated => Self::UserFeedback,
        }
    }

    /// The mark an ended call leaves; `None` where it says nothing about the business: a technical failure, or a
    /// user who gave up at once.
    pub fn of(call: &Call, rules: &Quality) -> Option<Self> {
        let end = call.end?;
        match (call.direction, call.answered_at) {
            (Direction::BusinessInitiated, _) => call.rang_at.map(|_| Self::BusinessCall),
            (Direction::UserInitiated, Some(_)) => Some(Self::UserAnswered),
            (Direction::UserInitiated, None) => match end.cause {
                EndCause::NoAnswer | EndCause::BusinessRejected => Some(Self::UserMissed),
                EndCause::Abandoned if end.at >= call.placed_at + rules.abandoned_after => {
                    Some(Self::UserMissed)
                }
                _ => None,
            },
        }
    }
}

/// How often each mark was counted in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// See [`Mark::BusinessCall`].
    pub business_calls: u64,
    /// See [`Mark::BusinessFeedback`].
    pub business_feedback: u64,
    /// See [`Mark::UserAnswered`].
    pub user_answered: u64,
    /// See [`Mark::UserMissed`].
    pub user_missed: u64,
    /// See [`Mark::UserFeedback`].
    pub user_feedback: u64,
}

impl Tally {
    /// Adds to one of the counts.
    pub const fn add(&mut self, mark: Mark, count: u64) {
        let place = match mark {
            Mark::BusinessCall => &mut self.business_calls,
            Mark::BusinessFeedback => &mut self.business_feedback,
            Mark::UserAnswered => &mut self.user_answered,
            Mark::UserMissed => &mut self.user_missed,
            Mark::UserFeedback => &mut self.user_feedback,
        };
        *place = place.saturating_add(count);
    }

    /// Calls of users, picked up or not.
    pub const fn user_calls(&self) -> u64 {
        self.user_answered.saturating_add(self.user_missed)
    }
}

#[cfg(test)]
mod tests {
    use ahoy_types::{CallId, PhoneNumberId, WaId};

    use super::*;
    use crate::call::{CallState, End};

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

    fn ended(direction: Direction, cause: EndCause, after_s: i64) -> Call {
        let (user, business) = (
            WaId::from_u64(447_700_900_001),
            WaId::from_u64(442_079_460_000),
        );
        Call {
            id: CallId::new(user, business, direction, [1; 16]),
            number: PhoneNumberId(1),
            user,
            direction,
            state: CallState::Ended,
            bridge: 1,
            placed_at: NOW,
            rang_at: None,
            answered_at: None,
            business_media_up: false,
            end: Some(End {
                cause,
                at: RuleTime(NOW.0 + after_s * 1000),
            }),
            opaque: None,
            cta_payload: None,
            deeplink_payload: None,
            business_sdp: None,
            platform_sdp: String::new(),
            report: None,
        }
    }

    #[test]
    fn calls_of_users_count_by_whether_the_business_had_its_chance() {
        let rules = Quality::default();
        let user = |cause, after| Mark::of(&ended(Direction::UserInitiated, cause, after), &rules);
        let patience = i64::try_from(rules.abandoned_after.as_secs()).unwrap_or(i64::MAX);
        assert_eq!(user(EndCause::NoAnswer, 60), Some(Mark::UserMissed));
        assert_eq!(user(EndCause::BusinessRejected, 1), Some(Mark::UserMissed));
        assert_eq!(user(EndCause::Abandoned, patience - 1), None);
        assert_eq!(
            user(EndCause::Abandoned, patience),
            Some(Mark::UserMissed),
            "to the second"
        );
        assert_eq!(user(EndCause::SetupLost, 60), None);
        let mut answered = ended(Direction::UserInitiated, EndCause::BusinessMediaTimeout, 20);
        answered.answered_at = Some(NOW);
        assert_eq!(Mark::of(&answered, &rules), Some(Mark::UserAnswered));
    }

    #[test]
    fn calls_of_the_business_count_once_the_phone_rang() {
        let rules = Quality::default();
        let mut call = ended(Direction::BusinessInitiated, EndCause::NoAnswer, 60);
        assert_eq!(Mark::of(&call, &rules), None);
        call.rang_at = Some(NOW);
        assert_eq!(Mark::of(&call, &rules), Some(Mark::BusinessCall));
        call.end = None;
        assert_eq!(Mark::of(&call, &rules), None, "it has not ended");
    }

    #[test]
    fn hours_begin_on_the_hour_before_and_after_the_epoch() {
        assert_eq!(bucket(RuleTime(0)), RuleTime(0));
        assert_eq!(bucket(RuleTime(BUCKET_MS - 1)), RuleTime(0));
        assert_eq!(bucket(RuleTime(BUCKET_MS)), RuleTime(BUCKET_MS));
        assert_eq!(bucket(RuleTime(-1)), RuleTime(-BUCKET_MS));
    }
}
