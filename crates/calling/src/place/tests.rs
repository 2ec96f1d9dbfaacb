use ahoy_types::{Direction, PhoneNumberId, WaId, WabaId};

use super::*;
use crate::account::MessagingLimit;
use crate::hours::HolidayReading;
use crate::identity::Client;
use crate::limits::{LimitTable, Profile};
use crate::settings::{CallHours, CallingSettings, Switch};

const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);
const LONDON: WaId = WaId::from_u64(442_079_460_000);
const NEW_YORK: WaId = WaId::from_u64(12_025_550_100);

pub(super) fn number() -> Number {
    Number {
        id: PhoneNumberId(1),
        waba: WabaId(2),
        number: LONDON,
        verified_name: "Harbour Café".into(),
        profile: Profile::Production,
        messaging_limit: MessagingLimit::Tier2k,
        payment_valid: true,
        settings: CallingSettings {
            status: Switch::Enabled,
            ..Default::default()
        },
        registration: Default::default(),
        about: Default::default(),
        standing: Default::default(),
    }
}

/// Hours with nothing in them.
fn never() -> CallHours {
    CallHours {
        status: Switch::Enabled,
        timezone_id: "UTC".into(),
        weekly_operating_hours: Vec::new(),
        holiday_schedule: Vec::new(),
    }
}

/// Everything is wrong at once; each check that is mended uncovers the next: the documented order.
#[test]
fn checks_of_a_business_call_come_in_the_documented_order() {
    let table = LimitTable::default();
    let limits = Limits {
        connected_per_day: 1,
        ..table.production.clone()
    };
    let mut n = number();
    n.registration.registered = false;
    n.settings.sip.status = Switch::Enabled;
    n.settings.status = Switch::Disabled;
    n.number = NEW_YORK;
    n.payment_valid = false;
    let until = RuleTime(NOW.0 + 1);
    n.standing.pause(Direction::BusinessInitiated, until, NOW);
    let mut pair = Pair::default();
    pair.connected.push(NOW);
    let mut facts = (false, true, u32::MAX, u32::MAX, false);
    let ask = |n: &Number, pair: &Pair, f: (bool, bool, u32, u32, bool)| {
        may_connect(
            &ConnectFacts {
                number: n,
                limits: &limits,
                no_business_calls: &table.no_business_calls,
                pair,
                allow_listed: f.4,
                callable: f.0,
                pair_busy: f.1,
                live_calls: f.2,
                connects: f.3,
            },
            NOW,
        )
    };
    assert_eq!(ask(&n, &pair, facts), Err(Refusal::SipEnabled));
    n.settings.sip.status = Switch::Disabled;
    assert_eq!(ask(&n, &pair, facts), Err(Refusal::NotRegistered));
    n.registration.registered = true;
    assert_eq!(ask(&n, &pair, facts), Err(Refusal::CallingDisabled));
    n.settings.status = Switch::Enabled;
    assert!(matches!(
        ask(&n, &pair, facts),
        Err(Refusal::CountryNotServed(_))
    ));
    n.number = LONDON;
    assert_eq!(ask(&n, &pair, facts), Err(Refusal::Restricted { until }));
    n.standing = Default::default();
    assert_eq!(ask(&n, &pair, facts), Err(Refusal::NotAllowListed));
    facts.4 = true;
    assert_eq!(ask(&n, &pair, facts), Err(Refusal::Payment));
    n.payment_valid = true;
    assert_eq!(ask(&n, &pair, facts), Err(Refusal::Uncallable));
    facts.0 = true;
    assert_eq!(ask(&n, &pair, facts), Err(Refusal::NoPermission));
    pair.grant_permanent();
    assert!(matches!(
        ask(&n, &pair, facts),
        Err(Refusal::DailyLimit { .. })
    ));
    pair.connected.clear();
    assert_eq!(ask(&n, &pair, facts), Err(Refusal::Duplicate));
    facts.1 = false;
    assert_eq!(ask(&n, &pair, facts), Err(Refusal::Concurrency(1000)));
    facts.2 = 999;
    assert_eq!(ask(&n, &pair, facts), Err(Refusal::ConnectRate(10_000)));
    facts.3 = 9_999;
    assert_eq!(ask(&n, &pair, facts), Ok(()));
}

#[test]
fn checks_of_a_request_come_in_the_same_order() {
    let table = LimitTable::default();
    let mut n = number();
    n.registration.registered = false;
    n.settings.status = Switch::Disabled;
    n.number = NEW_YORK;
    // A request needs no payment method: it is billed as a message.
    n.payment_valid = false;
    let until = RuleTime(NOW.0 + 1);
    n.standing.pause(Direction::BusinessInitiated, until, NOW);
    let mut pair = Pair::default();
    pair.grant_permanent();
    pair.requested(NOW);
    let ask = |n: &Number, pair: &Pair, allow_listed| {
        may_request(
            &RequestFacts {
                number: n,
                limits: &table.production,
                no_business_calls: &table.no_business_calls,
                pair,
                allow_listed,
            },
            NOW,
        )
    };
    assert_eq!(ask(&n, &pair, true), Err(Refusal::NotRegistered));
    n.registration.registered = true;
    assert_eq!(ask(&n, &pair, true), Err(Refusal::CallingDisabled));
    n.settings.status = Switch::Enabled;
    assert!(matches!(
        ask(&n, &pair, true),
        Err(Refusal::CountryNotServed(_))
    ));
    n.number = LONDON;
    let paused = Err(Refusal::Restricted { until });
    assert_eq!(ask(&n, &pair, false), paused);
    n.standing = Default::default();
    assert_eq!(ask(&n, &pair, false), Err(Refusal::NotAllowListed));
    assert_eq!(ask(&n, &pair, true), Err(Refusal::PermanentPermission));
    pair.revoke();
    let refusal = ask(&n, &pair, true);
    assert_eq!(
        refusal.map_err(|e| e.to_string()),
        Err("the limit of 1 permission requests to this recipient in 24 hours is reached; the next one is allowed at 1790086400".into())
    );
    pair.requests.clear();
    assert_eq!(ask(&n, &pair, true), Ok(()));
}

#[test]
fn checks_of_a_users_call_come_in_order() {
    let mut n = number();
    n.settings.status = Switch::Disabled;
    n.payment_valid = false;
    let until = RuleTime(NOW.0 + 1);
    n.standing.pause(Direction::UserInitiated, until, NOW);
    let mut client = Client {
        too_old_for_calls: true,
        ..Default::default()
    };
    let limits = Limits::default();
    let ask = |n: &Number, client: &Client, pair_busy, live_calls| {
        may_user_call(
            &UserCallFacts {
                number: n,
                limits: &limits,
                client,
                holidays: HolidayReading::Closed,
                pair_busy,
                live_calls,
            },
            NOW,
        )
    };
    assert_eq!(ask(&n, &client, true, 1000), Err(PhoneRefusal::AppTooOld));
    client.too_old_for_calls = false;
    assert_eq!(
        ask(&n, &client, true, 1000),
        Err(PhoneRefusal::CallingDisabled)
    );
    n.settings.status = Switch::Enabled;
    assert_eq!(ask(&n, &client, true, 1000), Err(PhoneRefusal::Restricted));
    n.standing.pause(Direction::UserInitiated, NOW, NOW);
    n.settings.call_hours = Some(never());
    assert!(matches!(
        ask(&n, &client, true, 1000),
        Err(PhoneRefusal::Closed(_))
    ));
    n.settings.call_hours = None;
    n.settings.sip.status = Switch::Enabled;
    assert_eq!(ask(&n, &client, true, 1000), Err(PhoneRefusal::OverSip));
    n.settings.sip.status = Switch::Disabled;
    assert_eq!(ask(&n, &client, true, 1000), Err(PhoneRefusal::Payment));
    n.payment_valid = true;
    assert_eq!(ask(&n, &client, true, 1000), Err(PhoneRefusal::Busy));
    assert_eq!(
        ask(&n, &client, false, 1000),
        Err(PhoneRefusal::OverCapacity)
    );
    // Hiding the icon refuses no call.
    n.settings.call_icon_visibility = crate::settings::IconVisibility::DisableAll;
    assert_eq!(ask(&n, &client, false, 999), Ok(()));
}

#[test]
fn a_users_call_is_taken_by_a_number_that_pays_and_is_registered() {
    let mut n = number();
    assert_eq!(may_take(&n), Ok(()));
    n.payment_valid = false;
    assert_eq!(may_take(&n), Err(Refusal::Payment));
    n.registration.registered = false;
    assert_eq!(may_take(&n), Err(Refusal::NotRegistered));
}
