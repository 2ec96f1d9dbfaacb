use ahoy_calling::limits::Limits;
use ahoy_calling::pair::{Answer, Streak};
use ahoy_calling::{Pair, Permission};
use ahoy_types::{Direction, RuleTime};
use proptest::prelude::*;

use crate::{DAY, START};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    Accept,
    AcceptPermanent,
    Reject,
    Automatic,
    Revoke,
    Unanswered,
    Answered,
    UserCalled,
}

fn any_act() -> impl Strategy<Value = Act> {
    use Act::*;
    // Unanswered calls are drawn often, so that streaks come about.
    prop_oneof![
        Just(Accept),
        Just(AcceptPermanent),
        Just(Reject),
        Just(Automatic),
        Just(Revoke),
        Just(Answered),
        Just(UserCalled),
        Just(Unanswered),
        Just(Unanswered),
        Just(Unanswered),
        Just(Unanswered),
    ]
}

/// What holds at `now`, read from the whole history: the newest act that gave or took it, and the streak since.
fn told(history: &[(RuleTime, Act)], limits: &Limits, now: RuleTime) -> Permission {
    let mut held = Permission::None;
    let mut streak = 0;
    let at_instant = |held: Permission, at: RuleTime| match held {
        Permission::Temporary { expires } if expires <= at => Permission::None,
        other => other,
    };
    for &(at, act) in history {
        let before = at_instant(held, at);
        match act {
            Act::Accept | Act::Automatic if before == Permission::Permanent => {}
            Act::Accept | Act::Automatic => {
                let expires = at + limits.temporary_grant;
                (held, streak) = (Permission::Temporary { expires }, 0);
            }
            Act::AcceptPermanent => (held, streak) = (Permission::Permanent, 0),
            Act::Reject | Act::Revoke => (held, streak) = (Permission::None, 0),
            Act::Answered => streak = 0,
            Act::UserCalled => {}
            Act::Unanswered => {
                streak += 1;
                if before != Permission::None && streak >= limits.unanswered_revoke {
                    (held, streak) = (Permission::None, 0);
                }
            }
        }
    }
    at_instant(held, now)
}

proptest! {
    #[test]
    fn whatever_happened(
        acts in prop::collection::vec((0..2 * DAY, any_act()), 1..60),
        nudge in 1u32..4, more in 0u32..4, look in 0..9 * DAY,
    ) {
        let limits = Limits {
            unanswered_nudge: nudge,
            unanswered_revoke: nudge + more,
            ..Limits::default()
        };
        let (mut pair, mut now, mut history) = (Pair::default(), START, Vec::new());
        for (after, act) in acts {
            now = RuleTime(now.0 + after);
            let before = pair.permission(now);
            let mut streak = None;
            match act {
                Act::Accept => { pair.answer(Answer::Accept, &limits, now); }
                Act::AcceptPermanent => { pair.answer(Answer::AcceptPermanent, &limits, now); }
                Act::Reject => { pair.answer(Answer::Reject, &limits, now); }
                Act::Automatic => { pair.grant_temporary(&limits, now); }
                Act::Revoke => pair.revoke(),
                Act::Unanswered => streak = Some(pair.call_unanswered(&limits, now)),
                Act::Answered => pair.call_connected(Direction::BusinessInitiated, now),
                Act::UserCalled => pair.call_connected(Direction::UserInitiated, now),
            }
            history.push((now, act));
            let held = pair.permission(now);
            prop_assert_eq!(held, told(&history, &limits, now), "after {:?}", history);
            // What was not there is neither reviewed nor taken.
            if before == Permission::None {
                prop_assert!(!matches!(streak, Some(Streak::Nudge | Streak::Revoked)));
            }
            prop_assert_eq!(streak == Some(Streak::Revoked), act == Act::Unanswered && before != held);
            if held != Permission::None {
                prop_assert!(pair.unanswered < limits.unanswered_revoke);
            }
        }
        // Time alone ends what was given for a while, and nothing else.
        let later = RuleTime(now.0 + look);
        prop_assert_eq!(pair.permission(later), told(&history, &limits, later));
    }
}
