//! Whoever owns a thread is who its history says, and of each change exactly one business is told.

use ahoy_calling::limits::DAY_WINDOW;
use ahoy_calling::routing::{
    Control, EntryPoint, ForeignThreads, HandoverKind, Role, Routing, RoutingRules, Thread,
};
use ahoy_types::{BusinessId, RuleTime};
use proptest::prelude::*;

use crate::{HOUR, START};

const PARTNERS: [BusinessId; 4] = [BusinessId(1), BusinessId(2), BusinessId(3), BusinessId(4)];

#[derive(Debug, Clone, Copy)]
enum Act {
    User(EntryPoint),
    Service(BusinessId),
    Template(&'static str),
    Control(BusinessId, Control),
}

fn partner() -> impl Strategy<Value = BusinessId> {
    prop::sample::select(PARTNERS.to_vec())
}

fn act() -> impl Strategy<Value = Act> {
    let entries = EntryPoint::ALL
        .into_iter()
        .filter(|e| *e != EntryPoint::Call);
    let roles: Vec<Role> = Role::WORDS.iter().map(|(_, role)| *role).collect();
    let control = prop_oneof![
        prop::sample::select(roles).prop_map(Control::Pass),
        Just(Control::Release),
        Just(Control::Take),
    ];
    prop_oneof![
        4 => prop::sample::select(entries.collect::<Vec<_>>()).prop_map(Act::User),
        2 => partner().prop_map(Act::Service),
        1 => prop::sample::select(vec!["marketing", "utility"]).prop_map(Act::Template),
        4 => (partner(), control).prop_map(|(who, what)| Act::Control(who, what)),
    ]
}

fn routing() -> impl Strategy<Value = Routing> {
    let roles: Vec<Role> = Role::WORDS.iter().map(|(_, role)| *role).collect();
    let each = prop::collection::vec(prop::option::of(partner()), roles.len());
    each.prop_map(move |holders| {
        let given = roles.iter().zip(holders);
        let rules = RoutingRules {
            enabled: Some(true),
            roles: given.filter_map(|(role, b)| Some((*role, b?))).collect(),
            standby: Some([PARTNERS[3]].into()),
            agent_terms: None,
        };
        Routing::of(PARTNERS[0], Some(&rules), None).unwrap()
    })
}

/// The owner as the history tells it: who, under which role, and since when; and when the user last wrote.
#[derive(Debug, Default)]
struct History {
    owner: Option<(BusinessId, Role, RuleTime)>,
    user_at: Option<RuleTime>,
}

impl History {
    fn owner(&self, now: RuleTime) -> Option<(BusinessId, Role)> {
        let (business, role, since) = self.owner?;
        // The user was there when the thread was gained, or the gain counts.
        let seen = match self.user_at {
            Some(at) if at >= since || since - DAY_WINDOW < at => at,
            _ => since,
        };
        (now < seen + DAY_WINDOW).then_some((business, role))
    }
}

proptest! {
    #[test]
    fn told_by_its_history(routing in routing(), acts in prop::collection::vec((act(), 0..30 * HOUR), 1..60)) {
        let (mut thread, mut history, mut now) = (Thread::default(), History::default(), START);
        for (act, gap) in acts {
            now = RuleTime(now.0 + gap);
            let before = history.owner(now);
            let mut told = None;
            match act {
                Act::User(entry) => {
                    let primary = routing.holder(entry.role()).map(|b| (b, entry.role()));
                    if before.is_none() {
                        history.owner = primary.map(|(b, role)| (b, role, now));
                    }
                    history.user_at = Some(now);
                    let got = thread.user_wrote(&routing, entry, now);
                    prop_assert_eq!(got, before.or(primary).map(|(b, _)| b));
                }
                Act::Template(category) => thread.template_sent(category, now),
                Act::Service(who) => {
                    let escalation = routing.holder(Role::Escalation) == Some(who);
                    let foreign = before.is_some_and(|(b, _)| b != who);
                    if escalation && before.is_none_or(|(b, _)| b != who) {
                        history.owner = Some((who, Role::Escalation, now));
                    }
                    let done = thread.service_message(&routing, who, ForeignThreads::Refused, now);
                    prop_assert_eq!(done.is_err(), foreign && !escalation);
                    told = done.ok().flatten();
                }
                Act::Control(who, control) => {
                    let owns = before.filter(|(b, _)| *b == who);
                    let target = match control {
                        Control::Take => routing.holder(Role::Escalation).filter(|b| *b == who).map(|b| {
                            // Whoever has it already keeps the role it has it under.
                            Some(owns.unwrap_or((b, Role::Escalation)))
                        }),
                        Control::Release => owns.map(|_| None),
                        Control::Pass(role) => owns
                            .filter(|(_, own)| *own != role && role.owns_threads())
                            .and_then(|_| routing.holder(role))
                            .map(|b| Some((b, role))),
                    };
                    let done = thread.control(&routing, who, control, now);
                    prop_assert_eq!(done.is_ok(), target.is_some(), "{:?}", done);
                    if let Some(after) = target && after != before {
                        history.owner = after.map(|(b, role)| (b, role, now));
                    }
                    told = done.ok().flatten();
                }
            }
            let after = history.owner(now);
            prop_assert_eq!(thread.owner(&routing, now).map(|o| (o.business, o.role)), after);
            // Told is who gained by a pass or lost by a take; of nothing else is anybody told.
            let expected = match (act, before, after) {
                (Act::Control(_, Control::Pass(_)), Some(_), Some((gained, _))) if before != after => {
                    Some((HandoverKind::Passed, gained))
                }
                (Act::Service(_) | Act::Control(_, Control::Take), Some((lost, _)), Some(_)) if before != after => {
                    Some((HandoverKind::Taken, lost))
                }
                _ => None,
            };
            prop_assert_eq!(told.map(|h| (h.kind, h.told)), expected);
            prop_assert!(after.is_none_or(|(_, role)| role.owns_threads()));
        }
    }
}
