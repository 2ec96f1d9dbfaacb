//! How a number stands with the platform: warnings and restrictions (`rules.md` §6).

use ahoy_types::{Direction, RuleTime};
use serde::{Deserialize, Serialize};

use crate::limits::Quality;
use crate::quality::Tally;

/// The standing of a number; the default one is spotless.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// What users think of the calls the business places.
    pub business_calls: Track,
    /// What users think of the calls they place themselves.
    pub user_calls: Track,
    /// Whether the business picks up.
    pub pick_up: PickUp,
}

/// Feedback on calls of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Track {
    /// When the business was last warned; a pause takes the warning with it.
    pub warned_at: Option<RuleTime>,
    /// The first instant at which calls of this direction are allowed again. It may have passed.
    pub paused_until: Option<RuleTime>,
}

/// How the business answers its users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PickUp {
    /// When the business was last warned.
    pub warned_at: Option<RuleTime>,
    /// When the platform hid the call button; `None` while it did not, or once the business showed it again.
    pub hidden_at: Option<RuleTime>,
}

/// A kind of restriction, in the words of `webhooks.md` §5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RestrictionKind {
    /// No business-initiated calls, no permission requests.
    BusinessInitiated,
    /// No user-initiated calls, no icon.
    UserInitiated,
    /// Both of these at once.
    Both,
    /// The call button is hidden until the business shows it again.
    ButtonHidden,
}

impl RestrictionKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BusinessInitiated => "RESTRICTED_BUSINESS_INITIATED_CALLING",
            Self::UserInitiated => "RESTRICTED_USER_INITIATED_CALLING",
            Self::Both => "RESTRICTED_BIZ_INITIATED_AND_USER_INITIATED_CALLING",
            Self::ButtonHidden => "RESTRICTED_USER_INITIATED_CALLING_CALL_BUTTON_HIDDEN",
        }
    }

    /// Why, in a sentence for the business.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::BusinessInitiated => {
                "Calls placed by this phone number are paused because too many users blocked or reported it after one."
            }
            Self::UserInitiated => {
                "Calls to this phone number are paused because too many users blocked or reported it after one."
            }
            Self::Both => {
                "Calls placed by and to this phone number are paused because too many users blocked or reported it after one."
            }
            Self::ButtonHidden => {
                "The call button of this phone number is hidden because too many calls of its users are not picked up."
            }
        }
    }
}

/// A restriction that holds now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restriction {
    /// What is restricted.
    pub kind: RestrictionKind,
    /// Why, in a sentence.
    pub reason: &'static str,
    /// When it ends by itself; `None` where the business must act.
    pub expires: Option<RuleTime>,
}

/// Something the business must be told, by webhook and by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Too much bad feedback on calls of this direction: an early warning.
    LowQuality(Direction),
    /// Too few calls of users are picked up: an early warning.
    LowPickUp,
    /// Calls are paused until then; never of the kind [`RestrictionKind::ButtonHidden`].
    Paused {
        /// Which calls.
        kind: RestrictionKind,
        /// The first instant at which they are allowed again.
        until: RuleTime,
    },
    /// The call button is hidden until the business shows it again.
    ButtonHidden,
}

impl Track {
    fn paused(&self, now: RuleTime) -> Option<RuleTime> {
        self.paused_until.filter(|until| *until > now)
    }

    fn pause(&mut self, until: RuleTime) {
        *self = Self {
            warned_at: None,
            paused_until: Some(until),
        };
    }
}

/// Whether a warning given at `warned_at` is old enough to be followed by the restriction, still stands, or neither.
enum Warned {
    No,
    TooRecently,
    Yes,
}

fn warned(warned_at: Option<RuleTime>, rules: &Quality, now: RuleTime) -> Warned {
    match warned_at {
        Some(at) if now < at + rules.warning_lead => Warned::TooRecently,
        // After a whole window nothing is left of what the warning was about.
        Some(at) if now < at + rules.window.max(rules.warning_lead) => Warned::Yes,
        _ => Warned::No,
    }
}

impl Standing {
    /// The feedback on calls of one direction.
    pub const fn track(&self, direction: Direction) -> &Track {
        match direction {
            Direction::BusinessInitiated => &self.business_calls,
            Direction::UserInitiated => &self.user_calls,
        }
    }

    fn track_mut(&mut self, direction: Direction) -> &mut Track {
        match direction {
            Direction::BusinessInitiated => &mut self.business_calls,
            Direction::UserInitiated => &mut self.user_calls,
        }
    }

    /// Until when the business may neither place calls nor ask for permission (138014); `None` while it may.
    pub fn business_paused(&self, now: RuleTime) -> Option<RuleTime> {
        self.business_calls.paused(now)
    }

    /// Until when users may not call the business; `None` while they may.
    pub fn user_paused(&self, now: RuleTime) -> Option<RuleTime> {
        self.user_calls.paused(now)
    }

    /// Whether business-initiated calls and permission requests are refused now.
    pub fn blocks_business(&self, now: RuleTime) -> bool {
        self.business_paused(now).is_some()
    }

    /// Whether calls of users are refused now, and their phones show no icon.
    pub fn blocks_user(&self, now: RuleTime) -> bool {
        self.user_paused(now).is_some()
    }

    /// Whether the platform hid the call button for too few calls picked up.
    pub const fn button_hidden(&self) -> bool {
        self.pick_up.hidden_at.is_some()
    }

    /// The restrictions that `GET /settings` lists: pauses of either direction. A hidden button is not among them;
    /// there `call_icon_visibility` says it (`graph-api.md` §4.2 knows two types).
    pub fn restrictions(&self, now: RuleTime) -> Vec<Restriction> {
        let pause = |kind: RestrictionKind, until: Option<RuleTime>| {
            until.map(|until| Restriction {
                kind,
                reason: kind.reason(),
                expires: Some(until),
            })
        };
        let business = pause(
            RestrictionKind::BusinessInitiated,
            self.business_paused(now),
        );
        let user = pause(RestrictionKind::UserInitiated, self.user_paused(now));
        business.into_iter().chain(user).collect()
    }

    /// Feedback on a call of this direction came in, and `tally` counts it: warns first, pauses when it goes on.
    pub fn judge_feedback(
        &mut self,
        direction: Direction,
        tally: &Tally,
        rules: &Quality,
        now: RuleTime,
    ) -> Option<Notice> {
        let track = *self.track(direction);
        if track.paused(now).is_some() {
            return None;
        }
        let (calls, feedback) = match direction {
            Direction::BusinessInitiated => (tally.business_calls, tally.business_feedback),
            Direction::UserInitiated => (tally.user_calls(), tally.user_feedback),
        };
        let enough = calls >= u64::from(rules.feedback_min_calls);
        let reaches = |percent: u32| {
            enough
                && feedback > 0
                && u128::from(feedback) * 100 >= u128::from(calls) * u128::from(percent)
        };
        if !reaches(rules.feedback_warn_percent) {
            return None;
        }
        match warned(track.warned_at, rules, now) {
            Warned::No => {
                self.track_mut(direction).warned_at = Some(now);
                Some(Notice::LowQuality(direction))
            }
            Warned::Yes if reaches(rules.feedback_pause_percent) => {
                Some(self.pause(direction, now + rules.pause, now))
            }
            Warned::Yes | Warned::TooRecently => None,
        }
    }

    /// Pauses calls of one direction. Where the other one is paused already, both end together, later.
    pub fn pause(&mut self, direction: Direction, until: RuleTime, now: RuleTime) -> Notice {
        let other = match direction {
            Direction::BusinessInitiated => Direction::UserInitiated,
            Direction::UserInitiated => Direction::BusinessInitiated,
        };
        let (kind, until) = match (self.track(other).paused(now), direction) {
            (Some(others), _) => (RestrictionKind::Both, until.max(others)),
            (None, Direction::BusinessInitiated) => (RestrictionKind::BusinessInitiated, until),
            (None, Direction::UserInitiated) => (RestrictionKind::UserInitiated, until),
        };
        self.track_mut(direction).pause(until);
        if kind == RestrictionKind::Both {
            self.track_mut(other).pause(until);
        }
        Notice::Paused { kind, until }
    }

    /// A user's call ended, and `tally` counts it: warns first, hides the call button when it goes on.
    pub fn judge_pick_up(
        &mut self,
        tally: &Tally,
        rules: &Quality,
        now: RuleTime,
    ) -> Option<Notice> {
        let calls = tally.user_calls();
        let below = |percent: u32| {
            calls >= u64::from(rules.pick_up_min_calls)
                && u128::from(tally.user_answered) * 100 < u128::from(calls) * u128::from(percent)
        };
        if self.button_hidden() || !below(rules.pick_up_warn_percent) {
            return None;
        }
        match warned(self.pick_up.warned_at, rules, now) {
            Warned::No => {
                self.pick_up.warned_at = Some(now);
                Some(Notice::LowPickUp)
            }
            Warned::Yes if below(rules.pick_up_hide_percent) => Some(self.hide_button(now)),
            Warned::Yes | Warned::TooRecently => None,
        }
    }

    /// Hides the call button until the business shows it again.
    pub const fn hide_button(&mut self, now: RuleTime) -> Notice {
        self.pick_up = PickUp {
            warned_at: None,
            hidden_at: Some(now),
        };
        Notice::ButtonHidden
    }

    /// The business set `call_icon_visibility` to `DEFAULT`. Says whether the platform had hidden the button: the
    /// counts start anew then.
    pub fn show_button(&mut self) -> bool {
        let was_hidden = self.button_hidden();
        if was_hidden {
            self.pick_up = PickUp::default();
        }
        was_hidden
    }
}

#[cfg(test)]
mod tests;
