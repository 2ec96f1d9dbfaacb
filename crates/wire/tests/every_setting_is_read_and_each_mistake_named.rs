//! The body of a change of settings, and the sentence each mistake in it gets.
#![allow(clippy::unwrap_used, missing_docs)]

use ahoy_types::settings::{
    CallHours, ExtraCodec, Holiday, IconVisibility, KeyExchange, OpenHours, SettingsPatch,
    SipPatch, SipServerWish, Switch, VoicemailPatch, VoicemailTrigger,
};
use ahoy_types::{Date, Weekday};
use ahoy_wire::settings::SettingsChange;
use ahoy_wire::{Body, GraphError};
use serde_json::{Value, json};

fn parse(body: &str) -> Result<SettingsChange, GraphError> {
    SettingsChange::parse(&Body::parse(Some("application/json"), body.as_bytes())?)
}

#[track_caller]
fn change(calling: Value) -> SettingsPatch {
    match parse(&json!({"calling": calling}).to_string()).unwrap() {
        SettingsChange::Calling(patch) => *patch,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_named_is_changed_and_null_counts_as_absent() {
    let body = r#"{"messaging_product":"whatsapp","calling":{"status":"ENABLED","x":1,"call_icon_visibility":null,"call_hours":null}}"#;
    let expected = SettingsPatch {
        status: Some(Switch::Enabled),
        ..Default::default()
    };
    assert_eq!(
        parse(body).unwrap(),
        SettingsChange::Calling(Box::new(expected))
    );
    assert_eq!(
        parse(r#"{"storage_configuration":{"status":"DEFAULT"}}"#).unwrap(),
        SettingsChange::DefaultStorage
    );
}

#[test]
fn the_whole_sample_is_read() {
    let patch = change(json!({
        "status": "ENABLED", "call_icon_visibility": "DISABLE_ALL", "callback_permission_status": "disabled",
        "call_icons": {"restrict_to_user_countries": ["ES", "br"]},
        "call_hours": {"status": "ENABLED", "timezone_id": "Europe/Madrid",
            "weekly_operating_hours": [{"day_of_week": "MONDAY", "open_time": "0900", "close_time": "13:30"}],
            "holiday_schedule": [{"date": "2027-01-06", "start_time": "0000", "end_time": 2359}]},
        "srtp_key_exchange_protocol": "SDES",
        "audio": {"additional_codecs": ["PCMA", "PCMU"]},
        "voicemail": {"status": "ENABLED", "triggers": ["REJECT", "TIMEOUT"],
            "audio": {"default": {"announcement_media_id": "900000000000001", "timeout_seconds": 15}}},
        "sip": {"status": "DISABLED", "webhook_delivery": "ENABLED",
            "servers": [{"hostname": "sip.acme.example", "request_uri_user_params": {"tgrp": "wa", "n": 7}}]},
    }));
    let time = |text: &str| text.parse().unwrap();
    let expected = SettingsPatch {
        status: Some(Switch::Enabled),
        call_icon_visibility: Some(IconVisibility::DisableAll),
        callback_permission_status: Some(Switch::Disabled),
        restrict_to_user_countries: Some(vec!["ES".parse().unwrap(), "BR".parse().unwrap()]),
        call_hours: Some(CallHours {
            status: Switch::Enabled,
            timezone_id: "Europe/Madrid".into(),
            weekly_operating_hours: vec![OpenHours {
                day_of_week: Weekday::Monday,
                open_time: time("0900"),
                close_time: time("1330"),
            }],
            holiday_schedule: vec![Holiday {
                date: Date::new(2027, 1, 6).unwrap(),
                start_time: time("0000"),
                end_time: time("2359"),
            }],
        }),
        srtp_key_exchange_protocol: Some(KeyExchange::Sdes),
        additional_codecs: Some(vec![ExtraCodec::Pcma, ExtraCodec::Pcmu]),
        voicemail: Some(VoicemailPatch {
            status: Switch::Enabled,
            triggers: Some(vec![VoicemailTrigger::Reject, VoicemailTrigger::Timeout]),
            announcement_media_id: Some(900_000_000_000_001),
            timeout_seconds: Some(15),
        }),
        sip: Some(SipPatch {
            status: Some(Switch::Disabled),
            webhook_delivery: Some(Switch::Enabled),
            servers: Some(vec![SipServerWish {
                hostname: "sip.acme.example".into(),
                port: 5061,
                request_uri_user_params: [
                    ("n".to_owned(), "7".to_owned()),
                    ("tgrp".to_owned(), "wa".to_owned()),
                ]
                .into(),
            }]),
        }),
    };
    assert_eq!(patch, expected);
}

#[test]
fn times_lose_their_zeros_as_numbers_and_holidays_may_be_named_like_hours() {
    let patch = change(
        json!({"call_hours": {"status": "DISABLED", "timezone_id": "UTC",
        "weekly_operating_hours": [{"day_of_week": "sunday", "open_time": 0, "close_time": 930}],
        "holiday_schedule": [{"date": "2027-01-06", "open_time": "0000", "close_time": "0100"}]}}),
    );
    let hours = patch.call_hours.unwrap();
    assert_eq!(
        hours.weekly_operating_hours[0].close_time.to_string(),
        "0930"
    );
    assert_eq!(hours.holiday_schedule[0].end_time.to_string(), "0100");
    let erased = change(
        json!({"call_hours": {"status": "DISABLED", "timezone_id": "UTC",
        "weekly_operating_hours": [], "holiday_schedule": null}}),
    );
    assert!(erased.call_hours.unwrap().holiday_schedule.is_empty());
}

/// Hours with one thing otherwise.
fn hours(weekly: Value, holidays: Value) -> Value {
    json!({"call_hours": {"status": "ENABLED", "timezone_id": "UTC", "weekly_operating_hours": weekly, "holiday_schedule": holidays}})
}

#[test]
fn each_mistake_has_its_sentence() {
    const ALL: &str = "status, call_icon_visibility, callback_permission_status, call_icons, call_hours, srtp_key_exchange_protocol, audio, voicemail, sip";
    let names_nothing = format!("The parameter `calling` names no setting; it can change {ALL}.");
    let monday = |key: &str, value: Value| {
        let mut entry = json!({"day_of_week": "MONDAY", "open_time": "0900", "close_time": "1000"});
        entry[key] = value;
        hours(json!([entry]), json!([]))
    };
    let server = |server: Value| json!({"sip": {"servers": [server]}});
    let table: Vec<(Value, &str)> = vec![
        (
            json!([]),
            "The parameter `calling` must be an object, not a list.",
        ),
        (json!({}), &names_nothing),
        (json!({"stauts": "ENABLED"}), &names_nothing),
        (
            json!({"status": "ON"}),
            "The parameter `calling.status` has the value `ON`; allowed: ENABLED, DISABLED.",
        ),
        (
            json!({"status": {}}),
            "The parameter `calling.status` must be a string, not an object.",
        ),
        (
            json!({"status": true}),
            "The parameter `calling.status` must be a string, not a boolean.",
        ),
        (
            json!({"call_icon_visibility": "HIDDEN"}),
            "The parameter `calling.call_icon_visibility` has the value `HIDDEN`; allowed: DEFAULT, DISABLE_ALL.",
        ),
        (
            json!({"call_icons": {"restrict_to_user_countries": ["ES", "XX"]}}),
            "The parameter `calling.call_icons.restrict_to_user_countries` has the value `XX`; allowed: ISO 3166-1 alpha-2 country codes.",
        ),
        (
            json!({"call_icons": {"restrict_to_user_countries": [1]}}),
            "The parameter `calling.call_icons.restrict_to_user_countries` must be a list of strings, not a number.",
        ),
        (
            json!({"call_icons": {"restrict_to_user_countries": vec!["ES"; 301]}}),
            "The parameter `calling.call_icons.restrict_to_user_countries` has 301 entries; at most 300 are read.",
        ),
        (
            json!({"call_hours": "always"}),
            "The parameter `calling.call_hours` must be an object, not a string.",
        ),
        (
            json!({"call_hours": {"status": "ENABLED", "timezone_id": "UTC"}}),
            "The parameter `calling.call_hours.weekly_operating_hours` is required.",
        ),
        (
            json!({"call_hours": {"timezone_id": "UTC", "weekly_operating_hours": []}}),
            "The parameter `calling.call_hours.status` is required.",
        ),
        (
            json!({"call_hours": {"status": "ENABLED", "weekly_operating_hours": []}}),
            "The parameter `calling.call_hours.timezone_id` is required.",
        ),
        (
            hours(json!({}), json!([])),
            "The parameter `calling.call_hours.weekly_operating_hours` must be a list of objects, not an object.",
        ),
        (
            hours(json!(["MONDAY"]), json!([])),
            "The parameter `calling.call_hours.weekly_operating_hours[0]` must be an object, not a string.",
        ),
        (
            monday("day_of_week", json!("MON")),
            "The parameter `calling.call_hours.weekly_operating_hours[0].day_of_week` has the value `MON`; allowed: MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY.",
        ),
        (
            monday("close_time", json!("2400")),
            "The parameter `calling.call_hours.weekly_operating_hours[0].close_time` has the value `2400`; allowed: a time of day as HHMM, from 0000 to 2359.",
        ),
        (
            monday("open_time", json!(-1)),
            "The parameter `calling.call_hours.weekly_operating_hours[0].open_time` has the value `-1`; allowed: a time of day as HHMM, from 0000 to 2359.",
        ),
        (
            monday("open_time", json!(null)),
            "The parameter `calling.call_hours.weekly_operating_hours[0].open_time` is required.",
        ),
        (
            hours(json!([]), json!([{"date": "6.1.2027"}])),
            "The parameter `calling.call_hours.holiday_schedule[0].date` has the value `6.1.2027`; allowed: a date as YYYY-MM-DD.",
        ),
        (
            hours(
                json!([]),
                json!([{"date": "2027-01-06", "end_time": "2359"}]),
            ),
            "The parameter `calling.call_hours.holiday_schedule[0].start_time` is required.",
        ),
        (
            json!({"srtp_key_exchange_protocol": "ZRTP"}),
            "The parameter `calling.srtp_key_exchange_protocol` has the value `ZRTP`; allowed: DTLS, SDES.",
        ),
        (
            json!({"audio": {"additional_codecs": ["G722"]}}),
            "The parameter `calling.audio.additional_codecs` has the value `G722`; allowed: PCMA, PCMU.",
        ),
        (
            json!({"voicemail": {"triggers": ["REJECT"]}}),
            "The parameter `calling.voicemail.status` is required.",
        ),
        (
            json!({"voicemail": {"status": "ENABLED", "triggers": ["BUSY"]}}),
            "The parameter `calling.voicemail.triggers` has the value `BUSY`; allowed: REJECT, TIMEOUT.",
        ),
        (
            json!({"voicemail": {"status": "ENABLED", "audio": {"default": {"timeout_seconds": 900}}}}),
            "The parameter `calling.voicemail.audio.default.timeout_seconds` has the value `900`; allowed: 0 to 30.",
        ),
        (
            json!({"voicemail": {"status": "ENABLED", "audio": {"default": {"announcement_media_id": "x"}}}}),
            "The parameter `calling.voicemail.audio.default.announcement_media_id` has the value `x`; allowed: the id of a media object.",
        ),
        (
            json!({"sip": {"servers": {}}}),
            "The parameter `calling.sip.servers` must be a list of objects, not an object.",
        ),
        (
            server(json!({"port": 5061})),
            "The parameter `calling.sip.servers[0].hostname` is required.",
        ),
        (
            server(json!({"hostname": "h", "port": 65536})),
            "The parameter `calling.sip.servers[0].port` has the value `65536`; allowed: 1 to 65535.",
        ),
        (
            server(json!({"hostname": "h", "request_uri_user_params": {"a": []}})),
            "The parameter `calling.sip.servers[0].request_uri_user_params.a` must be a string or an integer, not a list.",
        ),
        (
            json!({"status": "ENABLED", "video": {"status": "ENABLED"}}),
            "The parameter `calling.video` cannot be changed.",
        ),
        (
            json!({"status": "ENABLED", "lasers": {}}),
            "The parameter `calling.lasers` is not a known group of settings.",
        ),
    ];
    for (calling, sentence) in table {
        let body = json!({"calling": calling}).to_string();
        assert_eq!(parse(&body).unwrap_err().details, sentence, "{body}");
    }
    let bodies = [
        ("{}", "The parameter `calling` is required."),
        (
            r#"{"calling":{"status":"ENABLED"},"lasers":{}}"#,
            "The parameter `lasers` is not a known group of settings.",
        ),
        (
            r#"{"payload_encryption":{"status":"ENABLED"}}"#,
            "The parameter `payload_encryption` is not supported by this server; the group `calling` is.",
        ),
        (
            r#"{"user_identity_change":{}}"#,
            "The parameter `user_identity_change` is not supported by this server; the group `calling` is.",
        ),
        (
            r#"{"storage_configuration":{"status":"IN_COUNTRY"}}"#,
            "The parameter `storage_configuration.status` has the value `IN_COUNTRY`; allowed: DEFAULT.",
        ),
        (
            r#"{"storage_configuration":{}}"#,
            "The parameter `storage_configuration.status` is required.",
        ),
        (
            r#"{"calling":{"status":"ENABLED"},"storage_configuration":{"status":"DEFAULT"}}"#,
            "The parameters `calling` and `storage_configuration` are two groups of settings; one a request can be changed.",
        ),
    ];
    for (body, sentence) in bodies {
        assert_eq!(parse(body).unwrap_err().details, sentence, "{body}");
    }
}
