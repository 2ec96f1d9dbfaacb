//! Decisions a second of the pure rules: `cargo bench -p ahoy-calling --profile release`.
//!
//! Each case decides once an iteration, on a state of the size a busy account has: a pair with a day of calls and a week of requests, a
//! number with two opening times on each day and the most holidays. Allocation is part of what is measured.

#![allow(clippy::unwrap_used, missing_docs)]

use std::time::Duration;

use ahoy_calling::account::{MessagingLimit, Number, User};
use ahoy_calling::calendar::Zone;
use ahoy_calling::delivery::{Outcome, after_attempt};
use ahoy_calling::hours::{HolidayReading, Hours};
use ahoy_calling::identity::Client;
use ahoy_calling::limits::{LimitTable, Limits, Profile, Quality};
use ahoy_calling::message::{RequestCard, SendFacts, may_send};
use ahoy_calling::pair::Answer;
use ahoy_calling::place::{
    ConnectFacts, RequestFacts, UserCallFacts, may_connect, may_request, may_user_call,
};
use ahoy_calling::price::{Billable, PriceList};
use ahoy_calling::quality::{Mark, Tally};
use ahoy_calling::registration::{Pin, Registration};
use ahoy_calling::settings::{
    Asker, CallHours, CallingSettings, Holiday, OpenHours, SettingsPatch, SipPassword, Switch,
};
use ahoy_calling::simulated::Behaviour;
use ahoy_calling::standing::Standing;
use ahoy_calling::view::phone_view;
use ahoy_calling::{Call, CallState, Pair, WithoutMedia};
use ahoy_types::{
    AppId, CallId, DeliveryId, Direction, PhoneNumberId, RuleTime, Seconds, WaId, WabaId, Weekday,
};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

/// Wednesday 6 January 2027, 10:00 in London.
const NOW: RuleTime = RuleTime::from_secs(1_799_229_600);
const HOUR: Duration = Duration::from_secs(3_600);
const USER: WaId = WaId::from_u64(447_700_900_001);
const BUSINESS: WaId = WaId::from_u64(442_079_460_000);

fn main() {
    divan::main();
}

/// Runs a decision and counts it.
fn decide<T>(bencher: Bencher<'_, '_>, decision: impl Fn() -> T + Sync) {
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench(|| black_box(decision()));
}

/// The same for a decision that changes its state: it gets a fresh copy, which is not measured.
fn change<S: Clone + Sync, T>(
    bencher: Bencher<'_, '_>,
    state: &S,
    decision: impl Fn(&mut S) -> T + Sync,
) {
    bencher
        .counter(ItemsCount::new(1_usize))
        .with_inputs(|| state.clone())
        .bench_refs(|state| black_box(decision(state)));
}

fn open(day: Weekday, from: &str, to: &str) -> OpenHours {
    OpenHours {
        day_of_week: day,
        open_time: from.parse().unwrap(),
        close_time: to.parse().unwrap(),
    }
}

/// Two opening times on each weekday, and twenty holidays.
fn hours() -> CallHours {
    let weekdays = Weekday::ALL.iter().take(5);
    CallHours {
        status: Switch::Enabled,
        timezone_id: "Europe/London".into(),
        weekly_operating_hours: weekdays
            .flat_map(|day| [open(*day, "0900", "1230"), open(*day, "1330", "1730")])
            .collect(),
        holiday_schedule: (1..=20)
            .map(|day| Holiday {
                date: format!("2027-12-{day:02}").parse().unwrap(),
                start_time: "0000".parse().unwrap(),
                end_time: "2359".parse().unwrap(),
            })
            .collect(),
    }
}

fn number() -> Number {
    Number {
        id: PhoneNumberId(1),
        waba: WabaId(2),
        number: BUSINESS,
        verified_name: "Harbour Café".into(),
        profile: Profile::Production,
        messaging_limit: MessagingLimit::Tier2k,
        payment_valid: true,
        settings: CallingSettings {
            status: Switch::Enabled,
            callback_permission_status: Switch::Enabled,
            call_hours: Some(hours()),
            ..Default::default()
        },
        registration: Default::default(),
        about: Default::default(),
        standing: Default::default(),
    }
}

fn user() -> User {
    User {
        wa_id: USER,
        name: Some("Ana".into()),
        country: None,
        behaviour: Some(Behaviour::default()),
        identity: Default::default(),
        client: Default::default(),
        created_at: NOW,
    }
}

/// A pair with this many connected calls of today and one request, permission granted.
fn pair(connected: u64) -> Pair {
    let limits = Limits::default();
    let mut pair = Pair::default();
    pair.requested(NOW - 30 * HOUR);
    pair.grant_temporary(&limits, NOW - 20 * HOUR);
    for n in 0..connected {
        pair.connected
            .push(NOW - 20 * HOUR + Duration::from_secs(n));
    }
    pair
}

fn call(direction: Direction) -> Call {
    Call {
        id: CallId::new(USER, BUSINESS, direction, [7; 16]),
        number: PhoneNumberId(1),
        user: USER,
        direction,
        state: CallState::Ringing,
        bridge: 1,
        placed_at: NOW,
        rang_at: None,
        answered_at: None,
        business_media_up: false,
        end: None,
        opaque: None,
        cta_payload: None,
        deeplink_payload: None,
        business_sdp: None,
        platform_sdp: String::new(),
        report: None,
    }
}

/// A business's call that lasted a minute and a second.
fn ended() -> Call {
    let mut call = call(Direction::BusinessInitiated);
    call.ring(NOW).unwrap();
    call.business_media_is_up();
    call.user_answers(NOW).unwrap();
    call.terminate(WithoutMedia::Completed, NOW + Duration::from_secs(61))
        .unwrap();
    call
}

mod place_a_call {
    use super::*;

    /// The business's connect; `refused` reaches the day's limit, so that the next allowed instant is found.
    fn connect(bencher: Bencher<'_, '_>, connected: u64, allowed: bool) {
        let (table, number, pair) = (LimitTable::default(), number(), pair(connected));
        let facts = ConnectFacts {
            number: &number,
            limits: &table.production,
            no_business_calls: &table.no_business_calls,
            pair: &pair,
            allow_listed: true,
            callable: true,
            pair_busy: false,
            live_calls: 7,
            connects: 70,
        };
        assert_eq!(may_connect(&facts, NOW).is_ok(), allowed);
        decide(bencher, || may_connect(black_box(&facts), NOW));
    }

    #[divan::bench]
    fn connect_allowed(bencher: Bencher<'_, '_>) {
        connect(bencher, 99, true);
    }
    #[divan::bench]
    fn connect_refused_by_the_daily_limit(bencher: Bencher<'_, '_>) {
        connect(bencher, 100, false);
    }

    /// A user's call in opening hours, or on Sunday.
    fn dial(bencher: Bencher<'_, '_>, at: RuleTime, allowed: bool) {
        let (limits, number, user) = (Limits::default(), number(), user());
        let facts = UserCallFacts {
            number: &number,
            limits: &limits,
            client: &user.client,
            holidays: HolidayReading::Closed,
            pair_busy: false,
            live_calls: 7,
        };
        assert_eq!(may_user_call(&facts, at).is_ok(), allowed);
        decide(bencher, || may_user_call(black_box(&facts), at));
    }

    #[divan::bench]
    fn dial_while_open(bencher: Bencher<'_, '_>) {
        dial(bencher, NOW, true);
    }
    #[divan::bench]
    fn dial_while_closed(bencher: Bencher<'_, '_>) {
        dial(bencher, NOW + 4 * 24 * HOUR, false);
    }
}

mod permissions {
    use super::*;

    #[divan::bench]
    fn may_ask(bencher: Bencher<'_, '_>) {
        let (table, number, pair) = (LimitTable::default(), number(), pair(0));
        let facts = RequestFacts {
            number: &number,
            limits: &table.production,
            no_business_calls: &table.no_business_calls,
            pair: &pair,
            allow_listed: true,
        };
        assert!(may_request(&facts, NOW).is_ok());
        decide(bencher, || may_request(black_box(&facts), NOW));
    }

    /// What `GET call_permissions` looks at: what holds, and three counters.
    #[divan::bench]
    fn read(bencher: Bencher<'_, '_>) {
        let (limits, pair) = (Limits::default(), pair(99));
        decide(bencher, || {
            let pair = black_box(&pair);
            (
                pair.permission(NOW),
                pair.call_usage(&limits, NOW),
                pair.request_usage_day(&limits, NOW),
                pair.request_usage_week(&limits, NOW),
            )
        });
    }

    /// Asked, answered, called three times in vain, called with success: the whole life of a grant.
    #[divan::bench]
    fn life_of_a_grant(bencher: Bencher<'_, '_>) {
        let limits = Limits::default();
        change(bencher, &Pair::default(), |pair| {
            let mut card = RequestCard::new();
            pair.requested(NOW);
            card.take(Answer::Accept, limits.request_card, NOW).unwrap();
            pair.answer(Answer::Accept, &limits, NOW);
            for _ in 0..3 {
                pair.call_unanswered(&limits, NOW);
            }
            pair.call_connected(Direction::BusinessInitiated, NOW);
            pair.permission(NOW)
        });
    }
}

mod settings {
    use super::*;
    use ahoy_calling::readings::HolidayRules;

    fn patched(bencher: Bencher<'_, '_>, patch: &SettingsPatch) {
        let before = number().settings;
        let asker = Asker {
            app: AppId(3),
            password: SipPassword("0".repeat(32)),
        };
        assert!(
            before
                .patched(patch, &asker, HolidayRules::Errors, NOW)
                .is_ok()
        );
        decide(bencher, || {
            let after = before
                .patched(black_box(patch), &asker, HolidayRules::Errors, NOW)
                .unwrap();
            after.worth_telling(&before)
        });
    }

    #[divan::bench]
    fn change_the_status(bencher: Bencher<'_, '_>) {
        let patch = SettingsPatch {
            status: Some(Switch::Disabled),
            ..Default::default()
        };
        patched(bencher, &patch);
    }
    #[divan::bench]
    fn change_the_hours(bencher: Bencher<'_, '_>) {
        let patch = SettingsPatch {
            call_hours: Some(hours()),
            ..Default::default()
        };
        patched(bencher, &patch);
    }
    #[divan::bench]
    fn what_a_phone_shows(bencher: Bencher<'_, '_>) {
        let (number, user, pair) = (number(), user(), pair(0));
        decide(bencher, || {
            phone_view(
                black_box(&number),
                &user,
                &pair,
                HolidayReading::Closed,
                NOW,
            )
        });
    }
}

mod call_hours {
    use super::*;

    #[divan::bench]
    fn open_now(bencher: Bencher<'_, '_>) {
        let hours = hours();
        decide(bencher, || {
            let hours = Hours::of(Some(black_box(&hours)), HolidayReading::Closed).unwrap();
            hours.is_open(NOW)
        });
    }

    fn next(bencher: Bencher<'_, '_>, hours: &CallHours, at: RuleTime, opens: bool) {
        let found = |hours| Hours::of(Some(hours), HolidayReading::Closed)?.next_opening(at);
        assert_eq!(found(hours).is_some(), opens);
        decide(bencher, || found(black_box(hours)));
    }

    #[divan::bench]
    fn next_opening_after_the_weekend(bencher: Bencher<'_, '_>) {
        next(bencher, &hours(), NOW + 3 * 24 * HOUR, true);
    }
    /// All of the days looked ahead, and nothing found.
    #[divan::bench]
    fn next_opening_of_hours_that_never_come(bencher: Bencher<'_, '_>) {
        let never = CallHours {
            weekly_operating_hours: Vec::new(),
            ..hours()
        };
        next(bencher, &never, NOW, false);
    }
}

mod calls {
    use super::*;

    /// Dialled, pre-accepted, accepted, hung up, and told how it ended.
    #[divan::bench]
    fn life_of_a_users_call(bencher: Bencher<'_, '_>) {
        change(bencher, &call(Direction::UserInitiated), |call| {
            let same = |a: &str, b: &str| a == b;
            call.pre_accept("v=0", same).unwrap();
            call.accept("v=0", None, same, NOW + Duration::from_secs(3))
                .unwrap();
            call.user_hangs_up(WithoutMedia::Completed, NOW + Duration::from_secs(64))
                .unwrap();
            call.ending()
        });
    }
    #[divan::bench]
    fn life_of_a_businesss_call(bencher: Bencher<'_, '_>) {
        change(bencher, &call(Direction::BusinessInitiated), |call| {
            call.ring(NOW).unwrap();
            call.business_media_is_up();
            call.user_answers(NOW + Duration::from_secs(3)).unwrap();
            call.terminate(WithoutMedia::Completed, NOW + Duration::from_secs(64))
                .unwrap();
            call.ending()
        });
    }

    #[divan::bench]
    fn price(bencher: Bencher<'_, '_>) {
        let (list, call) = (PriceList::published().unwrap(), ended());
        let zone = Zone::stored("Europe/Madrid");
        decide(bencher, || {
            let billable = Billable::of(black_box(&call), black_box(&zone)).unwrap();
            list.price(&billable, Seconds(49_999 * 60), None)
        });
    }
}

mod other_rules {
    use super::*;

    /// An ended call's mark, and what it makes of the number.
    #[divan::bench]
    fn judge_quality(bencher: Bencher<'_, '_>) {
        let (rules, call) = (Quality::default(), ended());
        let mut tally = Tally::default();
        tally.add(Mark::BusinessCall, 1_000);
        tally.add(Mark::BusinessFeedback, 60);
        tally.add(Mark::UserAnswered, 300);
        tally.add(Mark::UserMissed, 700);
        change(bencher, &Standing::default(), |standing| {
            let mark = Mark::of(black_box(&call), &rules);
            let told = standing.judge_feedback(Direction::BusinessInitiated, &tally, &rules, NOW);
            (mark, told, standing.judge_pick_up(&tally, &rules, NOW))
        });
    }

    #[divan::bench]
    fn send_a_message(bencher: Bencher<'_, '_>) {
        let (limits, number, mut pair) = (Limits::default(), number(), pair(0));
        pair.user_wrote(NOW - HOUR);
        let client = Client::default();
        let facts = SendFacts {
            number: &number,
            limits: &limits,
            pair: &pair,
            allow_listed: true,
            known: true,
            client: &client,
            call_button: true,
            request: false,
            template: false,
            authentication: false,
            by_user_id: false,
            billable: false,
        };
        assert!(may_send(&facts, NOW).is_ok());
        decide(bencher, || may_send(black_box(&facts), NOW));
    }

    #[divan::bench]
    fn retry_a_webhook(bencher: Bencher<'_, '_>) {
        decide(bencher, || {
            let id = black_box(DeliveryId(77));
            after_attempt(id, 5, NOW, Outcome::Status(500), NOW + HOUR)
        });
    }

    /// The PIN's hash included.
    #[divan::bench]
    fn register(bencher: Bencher<'_, '_>) {
        let limits = Limits::default();
        change(bencher, &Registration::default(), |registration| {
            let pin = Pin::parse(PhoneNumberId(1), black_box("123456")).unwrap();
            registration.register(&pin, &limits, NOW)
        });
    }
}
