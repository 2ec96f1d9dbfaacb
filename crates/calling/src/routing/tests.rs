#![allow(clippy::unwrap_used)]

use ahoy_types::RuleTime;

use super::*;
use crate::limits::DAY_WINDOW;

const HOUSE: BusinessId = BusinessId(1);
const VOICE: BusinessId = BusinessId(2);
const DESK: BusinessId = BusinessId(3);
const AGENT: BusinessId = BusinessId(4);
const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

fn rules(roles: &[(Role, BusinessId)], standby: &[BusinessId]) -> RoutingRules {
    RoutingRules {
        enabled: Some(true),
        roles: roles.iter().copied().collect(),
        standby: Some(standby.iter().copied().collect()),
        agent_terms: None,
    }
}

/// The house answers, the agent marketing, the desk is the escalation partner, the voice partner calls.
fn routing() -> Routing {
    let account = rules(
        &[
            (Role::Calls, VOICE),
            (Role::Marketing, AGENT),
            (Role::Escalation, DESK),
        ],
        &[AGENT, DESK],
    );
    Routing::of(HOUSE, Some(&account), None).unwrap()
}

fn at(hours: i64) -> RuleTime {
    RuleTime(NOW.0 + hours * 3_600_000)
}

#[test]
fn without_a_word_of_it_there_is_no_routing() {
    let off = RoutingRules {
        enabled: Some(false),
        ..rules(&[(Role::Calls, VOICE)], &[])
    };
    assert_eq!(Routing::of(HOUSE, None, None), None);
    assert_eq!(Routing::of(HOUSE, Some(&off), None), None);
    let unsaid = RoutingRules {
        enabled: None,
        ..off
    };
    assert_eq!(Routing::of(HOUSE, Some(&unsaid), None), None);
}

#[test]
fn each_entry_point_has_one_primary_and_a_number_may_have_its_own() {
    let account = rules(&[(Role::Calls, VOICE), (Role::Marketing, AGENT)], &[AGENT]);
    let number = RoutingRules {
        roles: [(Role::Marketing, DESK)].into(),
        ..Default::default()
    };
    let both = Routing::of(HOUSE, Some(&account), Some(&number)).unwrap();
    for (entry, primary) in EntryPoint::ALL
        .iter()
        .zip([HOUSE, DESK, HOUSE, HOUSE, VOICE])
    {
        assert_eq!(both.holder(entry.role()), Some(primary), "{entry:?}");
    }
    assert!(both.is_standby(AGENT), "as the account has it");
    let switched_off = RoutingRules {
        enabled: Some(false),
        ..Default::default()
    };
    assert_eq!(
        Routing::of(HOUSE, Some(&account), Some(&switched_off)),
        None
    );
    let alone = Routing::of(HOUSE, None, Some(&account)).unwrap();
    assert!(alone.is_call_primary(VOICE));
}

#[test]
fn calls_are_the_call_primarys_and_only_the_end_of_its_own_is_copied() {
    let routing = routing();
    let own = routing.call_event(false).unwrap();
    assert_eq!((own.main, own.copies), (VOICE, vec![]));
    let end = routing.call_event(true).unwrap();
    assert_eq!((end.main, end.copies), (VOICE, vec![DESK, AGENT]));
    let reply = routing.permission_reply().unwrap();
    assert_eq!((reply.main, reply.copies), (VOICE, vec![DESK, AGENT]));
    for other in [HOUSE, DESK, AGENT] {
        assert!(!routing.is_call_primary(other));
    }
}

#[test]
fn a_business_reads_all_its_roles() {
    let routing = routing();
    assert_eq!(
        routing.roles_of(HOUSE),
        [Role::CustomerService, Role::Utility, Role::Ctwa]
    );
    assert_eq!(routing.roles_of(VOICE), [Role::Calls]);
    assert!(routing.roles_of(BusinessId(99)).is_empty());
    assert!(routing.is_standby(DESK) && !routing.is_standby(VOICE));
}

#[test]
fn without_the_terms_there_is_neither_escalation_nor_standby_nor_control() {
    let account = RoutingRules {
        agent_terms: Some(false),
        ..rules(&[(Role::Escalation, DESK)], &[AGENT])
    };
    let routing = Routing::of(HOUSE, Some(&account), None).unwrap();
    assert_eq!(routing.holder(Role::Escalation), None);
    assert!(!routing.is_standby(AGENT));
    let mut thread = Thread::default();
    thread.user_wrote(&routing, EntryPoint::Service, NOW);
    let refused = thread.control(&routing, HOUSE, Control::Release, NOW);
    assert_eq!(refused, Err(ControlRefusal::NoTerms));
}

#[test]
fn the_first_message_makes_an_owner_and_later_ones_are_its() {
    let routing = routing();
    let mut thread = Thread::default();
    let first = thread.user_wrote(&routing, EntryPoint::MarketingResponse, NOW);
    assert_eq!(first, Some(AGENT));
    let second = thread.user_wrote(&routing, EntryPoint::Service, at(23));
    assert_eq!(second, Some(AGENT));
    // A day after the last message it is nobody's, and not a moment before.
    let idle = at(23) + DAY_WINDOW;
    assert!(thread.owner(&routing, RuleTime(idle.0 - 1)).is_some());
    assert_eq!(thread.owner(&routing, idle), None);
    let third = thread.user_wrote(&routing, EntryPoint::Service, idle);
    assert_eq!(third, Some(HOUSE));
}

#[test]
fn an_answer_is_told_by_what_it_answers() {
    let mut thread = Thread::default();
    let entry = |thread: &Thread, advertisement, answers, hours| {
        thread.entry(advertisement, answers, at(hours))
    };
    assert_eq!(entry(&thread, false, None, 0), EntryPoint::Service);
    assert_eq!(entry(&thread, true, None, 0), EntryPoint::ClickToWhatsapp);
    for (category, expected) in [
        ("marketing", EntryPoint::MarketingResponse),
        ("utility", EntryPoint::UtilityResponse),
        ("authentication", EntryPoint::Service),
    ] {
        let answers = Some(Some(category));
        assert_eq!(entry(&thread, false, answers, 0), expected, "{category}");
        thread.template_sent(category, NOW);
        assert_eq!(entry(&thread, false, None, 23), expected, "{category}");
        assert_eq!(entry(&thread, false, None, 24), EntryPoint::Service);
        // The answer to something else is none to the template.
        assert_eq!(entry(&thread, false, Some(None), 1), EntryPoint::Service);
    }
    thread.user_wrote(&routing(), EntryPoint::UtilityResponse, at(1));
    assert_eq!(entry(&thread, false, None, 2), EntryPoint::Service);
}

#[test]
fn the_owner_passes_and_releases_and_nobody_else_does() {
    let routing = routing();
    let mut thread = Thread::default();
    thread.user_wrote(&routing, EntryPoint::Service, NOW);
    for other in [VOICE, DESK, AGENT] {
        let pass = Control::Pass(Role::Escalation);
        let refused = thread.control(&routing, other, pass, NOW);
        assert_eq!(refused, Err(ControlRefusal::NotOwner("pass")));
        let refused = thread.control(&routing, other, Control::Release, NOW);
        assert_eq!(refused, Err(ControlRefusal::NotOwner("release")));
    }
    for (role, refusal) in [
        (Role::AiAgent, ControlRefusal::Vacant(Role::AiAgent)),
        (Role::Calls, ControlRefusal::Vacant(Role::Calls)),
        (
            Role::CustomerService,
            ControlRefusal::There(Role::CustomerService),
        ),
    ] {
        let refused = thread.control(&routing, HOUSE, Control::Pass(role), NOW);
        assert_eq!(refused, Err(refusal));
    }
    let passed = thread.control(&routing, HOUSE, Control::Pass(Role::Marketing), at(1));
    let expected = Handover {
        kind: HandoverKind::Passed,
        told: AGENT,
        previous: Role::CustomerService,
        new: Role::Marketing,
    };
    assert_eq!(passed, Ok(Some(expected)));
    let released = thread.control(&routing, AGENT, Control::Release, at(2));
    assert_eq!(released, Ok(None), "nobody is told");
    assert_eq!(thread.owner(&routing, at(2)), None);
}

#[test]
fn the_escalation_partner_takes_by_asking_and_by_writing() {
    let routing = routing();
    let mut thread = Thread::default();
    thread.user_wrote(&routing, EntryPoint::Service, NOW);
    for other in [HOUSE, VOICE, AGENT] {
        let refused = thread.control(&routing, other, Control::Take, NOW);
        assert_eq!(refused, Err(ControlRefusal::TakeNotAllowed));
    }
    let expected = Handover {
        kind: HandoverKind::Taken,
        told: HOUSE,
        previous: Role::CustomerService,
        new: Role::Escalation,
    };
    let mut written = thread.clone();
    let taken = thread.control(&routing, DESK, Control::Take, NOW);
    assert_eq!(taken, Ok(Some(expected)));
    let reading = ForeignThreads::Refused;
    let by_writing = written.service_message(&routing, DESK, reading, NOW);
    assert_eq!(by_writing, Ok(Some(expected)));
    assert_eq!(written, thread);
    // Once it has the thread, nothing changes any more.
    let again = written.service_message(&routing, DESK, reading, at(1));
    assert_eq!(again, Ok(None));
    assert_eq!(written, thread);
}

#[test]
fn a_foreign_thread_is_not_answered_unless_that_is_configured() {
    let routing = routing();
    let mut thread = Thread::default();
    let wrote = |thread: &mut Thread, sender, reading| {
        thread.service_message(&routing, sender, reading, NOW)
    };
    let refused = ForeignThreads::Refused;
    assert_eq!(wrote(&mut thread, AGENT, refused), Ok(None), "nobody's");
    thread.user_wrote(&routing, EntryPoint::Service, NOW);
    assert_eq!(wrote(&mut thread, AGENT, refused), Err(ForeignThread));
    assert_eq!(wrote(&mut thread, AGENT, ForeignThreads::Sent), Ok(None));
    assert_eq!(wrote(&mut thread, HOUSE, refused), Ok(None));
    assert_eq!(thread.owner.map(|o| o.business), Some(HOUSE));
}

#[test]
fn a_role_that_goes_takes_its_threads_along() {
    let before = routing();
    let mut thread = Thread::default();
    thread.user_wrote(&before, EntryPoint::MarketingResponse, NOW);
    let account = rules(&[(Role::Marketing, DESK)], &[]);
    let after = Routing::of(HOUSE, Some(&account), None).unwrap();
    assert_eq!(thread.owner(&after, NOW), None);
    assert_eq!(thread.told(&after, NOW), Some(HOUSE));
}
