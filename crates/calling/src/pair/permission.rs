//! The life of a call permission: granted by the user or a call of the user's, ended by time, the user or a streak of
//! unanswered calls.

use ahoy_types::RuleTime;
use serde::{Deserialize, Serialize};

use super::Pair;
use crate::identity::Client;
use crate::limits::Limits;
use crate::settings::CallingSettings;

/// Whether the business may call the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Permission {
    /// It may not.
    #[default]
    None,
    /// It may until then. An expired grant stays here until something replaces it.
    Temporary {
        /// The first instant at which it may no longer.
        expires: RuleTime,
    },
    /// It may until the user revokes it.
    Permanent,
}

/// What a user says to a permission request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes, for a while ([`Limits::temporary_grant`]).
    Accept,
    /// Yes, until revoked.
    AcceptPermanent,
    /// No.
    Reject,
}

impl Answer {
    /// The word stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::AcceptPermanent => "accept_permanent",
            Self::Reject => "reject",
        }
    }
}

/// Whether a user's call that has been placed lets the business call back: the number offers it, and the call came
/// from the user's main device. It does not matter whether the call was answered (`rules.md` §3).
pub fn grants_callback(settings: &CallingSettings, client: &Client) -> bool {
    settings.callback_permission_status.on() && !client.companion
}

impl Pair {
    /// The permission that holds now.
    pub fn permission(&self, now: RuleTime) -> Permission {
        match self.granted {
            Permission::Temporary { expires } if expires <= now => Permission::None,
            other => other,
        }
    }

    /// A temporary grant from now on; answers what holds then. It never takes a permanent one away.
    pub fn grant_temporary(&mut self, limits: &Limits, now: RuleTime) -> Permission {
        if self.granted != Permission::Permanent {
            self.granted = Permission::Temporary {
                expires: now + limits.temporary_grant,
            };
            self.unanswered = 0;
        }
        self.granted
    }

    /// A permanent grant.
    pub fn grant_permanent(&mut self) {
        self.granted = Permission::Permanent;
        self.unanswered = 0;
    }

    /// No permission from now on.
    pub fn revoke(&mut self) {
        self.granted = Permission::None;
        self.unanswered = 0;
    }

    /// The user answers a request; says what holds from now on. A no ends what was granted before.
    pub fn answer(&mut self, answer: Answer, limits: &Limits, now: RuleTime) -> Permission {
        match answer {
            Answer::Accept => {
                self.grant_temporary(limits, now);
            }
            Answer::AcceptPermanent => self.grant_permanent(),
            Answer::Reject => self.revoke(),
        }
        self.granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Profile;
    use crate::settings::Switch;

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

    #[test]
    fn a_temporary_grant_ends_after_seven_days_to_the_millisecond() {
        let limits = Limits::of(Profile::Production);
        let mut pair = Pair::default();
        let expires = RuleTime::from_secs(NOW.secs() + 604_800);
        assert_eq!(
            pair.grant_temporary(&limits, NOW),
            Permission::Temporary { expires }
        );
        assert_eq!(
            pair.permission(RuleTime(expires.0 - 1)),
            Permission::Temporary { expires }
        );
        assert_eq!(pair.permission(expires), Permission::None);
    }

    #[test]
    fn a_temporary_grant_does_not_shorten_a_permanent_one() {
        let mut pair = Pair::default();
        pair.grant_permanent();
        let limits = Limits::default();
        assert_eq!(pair.grant_temporary(&limits, NOW), Permission::Permanent);
        assert_eq!(pair.permission(NOW), Permission::Permanent);
        pair.revoke();
        assert_eq!(pair.permission(NOW), Permission::None);
    }

    #[test]
    fn a_grant_starts_later_when_it_is_renewed() {
        let limits = Limits::default();
        let mut pair = Pair::default();
        pair.answer(Answer::Accept, &limits, NOW);
        let later = RuleTime(NOW.0 + 1);
        let expires = later + limits.temporary_grant;
        assert_eq!(
            pair.answer(Answer::Accept, &limits, later),
            Permission::Temporary { expires }
        );
        assert_eq!(
            pair.answer(Answer::Reject, &limits, later),
            Permission::None
        );
        assert_eq!(
            pair.answer(Answer::AcceptPermanent, &limits, later),
            Permission::Permanent
        );
    }

    #[test]
    fn a_call_lets_the_business_call_back_where_it_asked_for_that() {
        let on = CallingSettings {
            callback_permission_status: Switch::Enabled,
            ..Default::default()
        };
        let companion = Client {
            companion: true,
            ..Default::default()
        };
        assert!(grants_callback(&on, &Client::default()));
        assert!(!grants_callback(&on, &companion));
        assert!(!grants_callback(&Default::default(), &Client::default()));
    }
}
