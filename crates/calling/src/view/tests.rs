#![allow(clippy::unwrap_used)]
use std::time::Duration;

use ahoy_types::settings::{CallHours, OpenHours, SettingsPatch, Switch};
use ahoy_types::{AppId, PhoneNumberId, WaId, WabaId, Weekday};

use super::*;
use crate::account::MessagingLimit;
use crate::limits::Profile;
use crate::settings::{Asker, CallingSettings, SipPassword};

/// 2026-11-21 11:40 UTC, a Saturday.
const NOW: RuleTime = RuleTime::from_secs(1_795_258_800);
const HOUR: Duration = Duration::from_secs(3_600);

fn number() -> Number {
    Number {
        id: PhoneNumberId(1),
        waba: WabaId(2),
        number: WaId::from_u64(442_079_460_000),
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

fn ana() -> User {
    User {
        wa_id: WaId::from_u64(447_700_900_001),
        name: None,
        country: None,
        behaviour: None,
        identity: Default::default(),
        client: Default::default(),
        created_at: NOW,
    }
}

fn view(number: &Number, user: &User, now: RuleTime) -> PhoneView {
    phone_view(number, user, &Pair::default(), HolidayReading::Closed, now)
}

fn change(number: &mut Number, patch: SettingsPatch, at: RuleTime) {
    let asker = Asker {
        app: AppId(1),
        password: SipPassword::default(),
    };
    number.settings = number
        .settings
        .patched(&patch, &asker, crate::readings::HolidayRules::Errors, at)
        .unwrap();
}

fn hide() -> SettingsPatch {
    SettingsPatch {
        call_icon_visibility: Some(IconVisibility::DisableAll),
        ..Default::default()
    }
}

#[test]
fn the_icon_is_missing_for_one_reason_at_a_time() {
    let mut number = number();
    assert_eq!(view(&number, &ana(), NOW).no_icon, None);
    number.settings.restrict_to_user_countries = vec!["ES".parse().unwrap(), "BR".parse().unwrap()];
    assert_eq!(view(&number, &ana(), NOW).no_icon, Some(NoIcon::Country));
    let spanish = User {
        wa_id: WaId::from_u64(34_600_111_222),
        ..ana()
    };
    assert_eq!(view(&number, &spanish, NOW).no_icon, None);
    number.settings.call_icon_visibility = IconVisibility::DisableAll;
    assert_eq!(view(&number, &spanish, NOW).no_icon, Some(NoIcon::Hidden));
    number.settings.status = Switch::Disabled;
    assert_eq!(
        view(&number, &spanish, NOW).no_icon,
        Some(NoIcon::CallingOff)
    );
}

#[test]
fn a_closed_business_says_when_it_opens_and_offers_what_it_allows() {
    let mut number = number();
    number.settings.call_hours = Some(CallHours {
        status: Switch::Enabled,
        timezone_id: "Europe/London".into(),
        weekly_operating_hours: vec![OpenHours {
            day_of_week: Weekday::Monday,
            open_time: "0900".parse().unwrap(),
            close_time: "1700".parse().unwrap(),
        }],
        holiday_schedule: vec![],
    });
    let closed = view(&number, &ana(), NOW);
    assert_eq!(
        (closed.open, closed.opens.as_deref(), closed.callback),
        (false, Some("Monday 09:00"), false)
    );
    assert_eq!(closed.no_icon, None, "hours hide no icon");
    number.settings.callback_permission_status = Switch::Enabled;
    let now_closed = closed_now(&number, HolidayReading::Closed, NOW).unwrap();
    assert!(now_closed.callback);
    let monday = now_closed.next_opening.unwrap();
    assert_eq!(closed_now(&number, HolidayReading::Closed, monday), None);
    assert_eq!(view(&number, &ana(), monday).opens, None);
}

#[test]
fn a_phone_may_hold_old_settings_for_a_week_unless_it_looks() {
    let mut number = number();
    let mut user = ana();
    user.client.holds_old_settings_since = Some(NOW);
    change(&mut number, hide(), NOW + HOUR);
    let icon = |pair: &Pair, user: &User, at| {
        phone_view(&number, user, pair, HolidayReading::Closed, at).no_icon
    };
    let never = Pair::default();
    assert_eq!(
        icon(&never, &ana(), NOW + HOUR),
        Some(NoIcon::Hidden),
        "others see it at once"
    );
    assert_eq!(icon(&never, &user, NOW + HOUR), None);
    let last = NOW + SETTINGS_HELD - Duration::from_millis(1);
    assert_eq!(icon(&never, &user, last), None);
    assert_eq!(
        icon(&never, &user, NOW + SETTINGS_HELD),
        Some(NoIcon::Hidden)
    );
    let looked = Pair {
        seen: Some(NOW + HOUR * 2),
        ..Default::default()
    };
    assert_eq!(icon(&looked, &user, NOW + HOUR * 2), Some(NoIcon::Hidden));
}
