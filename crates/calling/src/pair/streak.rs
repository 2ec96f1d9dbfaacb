//! Business-initiated calls in a row that nobody answered.

use ahoy_types::RuleTime;

use super::{Pair, Permission};
use crate::limits::Limits;

/// What one more unanswered call leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streak {
    /// Nothing yet.
    Counted,
    /// The user is asked in the chat whether the business may go on calling.
    Nudge,
    /// The permission is gone.
    Revoked,
}

impl Pair {
    /// The user did not answer a business-initiated call, or declined it.
    pub fn call_unanswered(&mut self, limits: &Limits, now: RuleTime) -> Streak {
        self.unanswered = self.unanswered.saturating_add(1);
        // What ended meanwhile by itself or by the user is neither reviewed nor revoked.
        let held = self.permission(now) != Permission::None;
        if held && self.unanswered >= limits.unanswered_revoke {
            self.revoke();
            Streak::Revoked
        } else if held && self.unanswered == limits.unanswered_nudge {
            Streak::Nudge
        } else {
            Streak::Counted
        }
    }
}

#[cfg(test)]
mod tests {
    use ahoy_types::Direction;

    use super::*;
    use crate::limits::Profile;

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

    fn run(profile: Profile) -> (Vec<Streak>, Pair) {
        let limits = Limits::of(profile);
        let mut pair = Pair::default();
        pair.grant_permanent();
        let mut seen = Vec::new();
        while pair.permission(NOW) != Permission::None && seen.len() < 50 {
            seen.push(pair.call_unanswered(&limits, NOW));
        }
        (seen, pair)
    }

    #[test]
    fn the_second_nudges_and_the_fourth_revokes() {
        use Streak::{Counted, Nudge, Revoked};
        let (seen, pair) = run(Profile::Production);
        assert_eq!(seen, [Counted, Nudge, Counted, Revoked]);
        assert_eq!(pair.unanswered, 0, "a new grant starts a new streak");
        let (seen, _) = run(Profile::Sandbox);
        assert_eq!(seen.len(), 10);
        assert_eq!((seen[4], seen[9]), (Nudge, Revoked));
    }

    #[test]
    fn an_answered_call_begins_anew() {
        let limits = Limits::of(Profile::Production);
        let mut pair = Pair::default();
        pair.grant_permanent();
        for _ in 0..3 {
            pair.call_unanswered(&limits, NOW);
        }
        pair.call_connected(Direction::BusinessInitiated, NOW);
        assert_eq!(pair.call_unanswered(&limits, NOW), Streak::Counted);
        assert_eq!(pair.permission(NOW), Permission::Permanent);
    }

    #[test]
    fn what_has_expired_is_not_revoked() {
        let limits = Limits {
            unanswered_nudge: 1,
            unanswered_revoke: 1,
            ..Limits::default()
        };
        let mut pair = Pair::default();
        pair.grant_temporary(&limits, NOW);
        let over = NOW + limits.temporary_grant;
        assert_eq!(pair.call_unanswered(&limits, over), Streak::Counted);
    }
}
