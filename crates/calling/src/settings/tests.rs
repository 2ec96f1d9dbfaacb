#![allow(clippy::unwrap_used)]
use ahoy_types::Date;

use std::collections::BTreeMap;

use ahoy_types::settings::{SipPatch, SipServerWish, VoicemailPatch};

use super::*;

/// 2026-11-21, a Saturday.
const NOW: RuleTime = RuleTime::from_secs(1_795_258_800);

fn asker(app: u64, password: &str) -> Asker {
    Asker {
        app: AppId(app),
        password: SipPassword(password.into()),
    }
}

fn lay(settings: &CallingSettings, patch: SettingsPatch) -> Result<CallingSettings, Refusal> {
    settings.patched(&patch, &asker(1, "first"), HolidayRules::Errors, NOW)
}

#[track_caller]
fn refused(settings: &CallingSettings, patch: SettingsPatch, sentence: &str) {
    assert_eq!(lay(settings, patch), Err(Refusal::Invalid(sentence.into())));
}

fn open(day: Weekday, from: &str, to: &str) -> OpenHours {
    OpenHours {
        day_of_week: day,
        open_time: from.parse().unwrap(),
        close_time: to.parse().unwrap(),
    }
}

fn hours(weekly: Vec<OpenHours>, holidays: Vec<Holiday>) -> SettingsPatch {
    SettingsPatch {
        call_hours: Some(CallHours {
            status: Switch::Enabled,
            timezone_id: "Europe/Madrid".into(),
            weekly_operating_hours: weekly,
            holiday_schedule: holidays,
        }),
        ..Default::default()
    }
}

fn holiday(date: Date, from: &str, to: &str) -> Holiday {
    Holiday {
        date,
        start_time: from.parse().unwrap(),
        end_time: to.parse().unwrap(),
    }
}

fn server(hostname: &str) -> SipServerWish {
    SipServerWish {
        hostname: hostname.into(),
        port: 5061,
        request_uri_user_params: BTreeMap::new(),
    }
}

fn sip(status: Option<Switch>, servers: Option<Vec<SipServerWish>>) -> SettingsPatch {
    SettingsPatch {
        sip: Some(SipPatch {
            status,
            webhook_delivery: None,
            servers,
        }),
        ..Default::default()
    }
}

#[test]
fn a_patch_leaves_the_rest_alone_and_replaces_hours_whole() {
    let today = Date::new(2026, 11, 21).unwrap();
    let monday = vec![open(Weekday::Monday, "0900", "1300")];
    let first = lay(
        &CallingSettings {
            status: Switch::Enabled,
            ..Default::default()
        },
        hours(monday, vec![holiday(today, "0000", "2359")]),
    )
    .unwrap();
    assert_eq!(first.status, Switch::Enabled);
    let second = lay(
        &first,
        hours(vec![open(Weekday::Friday, "1000", "1100")], vec![]),
    )
    .unwrap();
    let kept = second.call_hours.as_ref().unwrap();
    assert_eq!(kept.weekly_operating_hours.len(), 1);
    assert!(
        kept.holiday_schedule.is_empty(),
        "an omitted schedule erases the old one"
    );
    let hidden = SettingsPatch {
        call_icon_visibility: Some(IconVisibility::DisableAll),
        ..Default::default()
    };
    assert_eq!(lay(&second, hidden).unwrap().call_hours, second.call_hours);
}

#[test]
fn every_fault_of_the_hours_has_its_sentence() {
    let none = CallingSettings::default();
    let monday = || vec![open(Weekday::Monday, "0900", "1300")];
    let day = |day| Date::new(2026, 11, day).unwrap();
    let mut elsewhere = hours(monday(), vec![]);
    elsewhere.call_hours.as_mut().unwrap().timezone_id = "Europe/Atlantis".into();
    refused(
        &none,
        elsewhere,
        "calling.call_hours.timezone_id: `Europe/Atlantis` is not the IANA name of a time zone, as `Europe/Madrid` is",
    );
    refused(
        &none,
        hours(vec![], vec![]),
        "calling.call_hours.weekly_operating_hours: at least one entry is expected",
    );
    refused(
        &none,
        hours(vec![open(Weekday::Monday, "1300", "1300")], vec![]),
        "calling.call_hours.weekly_operating_hours[0].close_time: 1300 is not after the open_time 1300",
    );
    let many = ["0100", "0300", "0500"]
        .map(|from| open(Weekday::Monday, from, "2000"))
        .to_vec();
    refused(
        &none,
        hours(many, vec![]),
        "calling.call_hours.weekly_operating_hours: MONDAY has 3 entries, at most 2 a day are allowed",
    );
    refused(
        &none,
        hours(
            vec![
                open(Weekday::Monday, "1259", "1800"),
                open(Weekday::Monday, "0900", "1300"),
            ],
            vec![],
        ),
        "calling.call_hours.weekly_operating_hours: on MONDAY the entries 0900-1300 and 1259-1800 overlap",
    );
    let touching = vec![
        open(Weekday::Monday, "0900", "1300"),
        open(Weekday::Monday, "1300", "1800"),
    ];
    assert!(lay(&none, hours(touching, vec![])).is_ok());
    refused(
        &none,
        hours(
            monday(),
            vec![
                holiday(day(21), "0000", "2359"),
                holiday(day(20), "0000", "2359"),
            ],
        ),
        "calling.call_hours.holiday_schedule[1].date: 2026-11-20 is in the past; today is 2026-11-21 in Europe/Madrid",
    );
    refused(
        &none,
        hours(monday(), vec![holiday(day(22), "1200", "1100")]),
        "calling.call_hours.holiday_schedule[0].end_time: 1100 is not after the start_time 1200",
    );
    let holidays = |n| vec![holiday(day(25), "0000", "2359"); n];
    assert!(lay(&none, hours(monday(), holidays(20))).is_ok());
    refused(
        &none,
        hours(monday(), holidays(21)),
        "calling.call_hours.holiday_schedule: 21 entries are given, at most 20 are allowed",
    );
}

#[test]
fn sip_needs_a_server_and_gives_it_a_password() {
    let none = CallingSettings::default();
    let on = Some(Switch::Enabled);
    refused(
        &none,
        sip(on, None),
        "calling.sip.servers: a server is needed where sip is ENABLED",
    );
    refused(
        &none,
        sip(None, Some(vec![server("a.example"), server("b.example")])),
        "calling.sip.servers: 2 servers are given, an app has one",
    );
    for bad in [
        "",
        "a..b",
        "-a.example",
        "a b",
        "https://a.example",
        "a.example.",
        &"a".repeat(64),
    ] {
        refused(
            &none,
            sip(None, Some(vec![server(bad)])),
            "calling.sip.servers[0].hostname: a host name of letters, digits, dots and hyphens is expected",
        );
    }
    let first = lay(&none, sip(on, Some(vec![server("a.example")]))).unwrap();
    assert_eq!(first.sip.servers[0].password.0, "first");
    // Another name keeps the password; another app has a server of its own.
    let moved = sip(None, Some(vec![server("b.example")]));
    let moved = first
        .patched(&moved, &asker(1, "second"), HolidayRules::Errors, NOW)
        .unwrap();
    assert_eq!(moved.sip.servers[0].hostname, "b.example");
    assert_eq!(moved.sip.servers[0].password.0, "first");
    let other = sip(None, Some(vec![server("c.example")]));
    let other = moved
        .patched(&other, &asker(2, "other"), HolidayRules::Errors, NOW)
        .unwrap();
    assert_eq!(other.sip.servers.len(), 2);
    // Off keeps servers; off with none takes the app's own away, and the next one gets a new password.
    let off = lay(&other, sip(Some(Switch::Disabled), None)).unwrap();
    assert_eq!(off.sip.servers.len(), 2);
    let gone = lay(&other, sip(Some(Switch::Disabled), Some(vec![]))).unwrap();
    assert_eq!(gone.sip.servers.len(), 1);
    let again = sip(on, Some(vec![server("a.example")]));
    let again = gone
        .patched(&again, &asker(1, "third"), HolidayRules::Errors, NOW)
        .unwrap();
    assert_eq!(again.sip.servers[0].password.0, "third");
    assert!(
        !format!("{again:?}").contains("third"),
        "a password is not printed"
    );
}

#[test]
fn voicemail_needs_triggers_and_an_announcement() {
    let none = CallingSettings::default();
    let patch = |status, triggers: Option<&[VoicemailTrigger]>, media, wait| SettingsPatch {
        voicemail: Some(VoicemailPatch {
            status,
            triggers: triggers.map(<[_]>::to_vec),
            announcement_media_id: media,
            timeout_seconds: wait,
        }),
        ..Default::default()
    };
    let both: &[_] = &[VoicemailTrigger::Reject, VoicemailTrigger::Timeout];
    refused(
        &none,
        patch(Switch::Enabled, None, Some(9), None),
        "calling.voicemail.triggers: REJECT, TIMEOUT or both are needed where voicemail is ENABLED",
    );
    refused(
        &none,
        patch(Switch::Enabled, Some(both), None, None),
        "calling.voicemail.audio.default.announcement_media_id: an announcement is needed where voicemail is ENABLED",
    );
    refused(
        &none,
        patch(Switch::Enabled, Some(both), Some(9), Some(31)),
        "calling.voicemail.audio.default.timeout_seconds: 0 to 30 seconds are allowed",
    );
    let on = lay(&none, patch(Switch::Enabled, Some(both), Some(9), Some(30))).unwrap();
    assert_eq!(on.voicemail.as_ref().unwrap().waits(), Some(30));
    let off = lay(&on, patch(Switch::Disabled, None, None, None)).unwrap();
    let off = off.voicemail.unwrap();
    assert_eq!((off.announcement_media_id, off.waits()), (Some(9), None));
    let untimed = lay(&none, patch(Switch::Enabled, Some(both), Some(9), None)).unwrap();
    assert_eq!(
        untimed.voicemail.unwrap().waits(),
        None,
        "without a time the trigger is off"
    );
}

#[test]
fn what_phones_showed_is_kept_for_a_week_and_only_where_it_changed() {
    let mut settings = CallingSettings::default();
    let icon = |visibility| SettingsPatch {
        call_icon_visibility: Some(visibility),
        ..Default::default()
    };
    let by = asker(1, "x");
    settings = settings
        .patched(
            &icon(IconVisibility::Default),
            &by,
            HolidayRules::Errors,
            NOW,
        )
        .unwrap();
    assert!(settings.past.is_empty(), "nothing changed");
    settings = settings
        .patched(
            &icon(IconVisibility::DisableAll),
            &by,
            HolidayRules::Errors,
            NOW,
        )
        .unwrap();
    assert_eq!(
        settings.shown_at(NOW - SETTINGS_HELD).call_icon_visibility,
        IconVisibility::Default
    );
    assert_eq!(
        settings.shown_at(NOW).call_icon_visibility,
        IconVisibility::DisableAll
    );
    let mut later = NOW;
    for i in 0..30 {
        later = later + std::time::Duration::from_secs(60);
        let next = if i % 2 == 0 {
            IconVisibility::Default
        } else {
            IconVisibility::DisableAll
        };
        settings = settings
            .patched(&icon(next), &by, HolidayRules::Errors, later)
            .unwrap();
    }
    assert_eq!(settings.past.len(), PAST_SETTINGS);
    let week = later + SETTINGS_HELD;
    settings = settings
        .patched(&SettingsPatch::default(), &by, HolidayRules::Errors, week)
        .unwrap();
    assert!(settings.past.is_empty());
}

#[test]
fn only_the_documented_changes_are_told() {
    let before = CallingSettings::default();
    let tell = |patch| lay(&before, patch).unwrap().worth_telling(&before);
    assert!(!tell(SettingsPatch::default()));
    assert!(!tell(hours(
        vec![open(Weekday::Monday, "0900", "1300")],
        vec![]
    )));
    assert!(!tell(sip(None, Some(vec![server("a.example")]))));
    assert!(tell(sip(
        Some(Switch::Enabled),
        Some(vec![server("a.example")])
    )));
    assert!(tell(SettingsPatch {
        srtp_key_exchange_protocol: Some(KeyExchange::Dtls),
        ..Default::default()
    }));
    assert!(!tell(SettingsPatch {
        status: Some(Switch::Disabled),
        ..Default::default()
    }));
}

#[test]
fn entries_of_one_date_obey_the_table_where_that_is_asked_for() {
    let before = CallingSettings::default();
    let monday = || vec![open(Weekday::Monday, "0900", "1300")];
    let on = |day| Date::new(2026, 12, day).unwrap();
    let entry = |day, from, to| holiday(on(day), from, to);
    let wanted =
        |rules, entries| before.patched(&hours(monday(), entries), &asker(1, "first"), rules, NOW);
    let three = || {
        vec![
            entry(24, "1200", "1300"),
            entry(25, "0000", "2359"),
            entry(24, "1400", "1500"),
            entry(24, "1600", "1700"),
        ]
    };
    let overlapping = || vec![entry(25, "1259", "1800"), entry(25, "0900", "1300")];
    for entries in [three(), overlapping()] {
        assert!(wanted(HolidayRules::Errors, entries).is_ok());
    }
    for (entries, sentence) in [
        (
            three(),
            "2026-12-24 has 3 entries, at most 2 a day are allowed",
        ),
        (
            overlapping(),
            "on 2026-12-25 the entries 0900-1300 and 1259-1800 overlap",
        ),
    ] {
        let refused = wanted(HolidayRules::Table, entries)
            .unwrap_err()
            .to_string();
        assert_eq!(
            refused,
            format!("calling.call_hours.holiday_schedule: {sentence}")
        );
    }
    let touching = vec![entry(25, "0900", "1300"), entry(25, "1300", "1800")];
    assert!(wanted(HolidayRules::Table, touching).is_ok());
}
