//! `/{phone-number-id}/settings`: what is changed, what is refused, what is shown, who is told.

use std::time::Duration;

use crate::support::*;
use ahoy_calling::account::MessagingLimit;
use ahoy_calling::limits::{LimitTable, MediaLimits};
use ahoy_calling::media::{MediaFile, UseCase};
use ahoy_types::{MediaId, PhoneNumberId, RuleTime};
use serde_json::{Value, json};

fn settings() -> String {
    format!("/v25.0/{PHONE}/settings")
}

async fn calling(api: &Api) -> Value {
    api.get(&settings()).await.ok()["calling"].clone()
}

fn monday(holidays: &Value) -> Value {
    json!({"status": "ENABLED", "timezone_id": "Europe/London",
        "weekly_operating_hours": [{"day_of_week": "MONDAY", "open_time": "09:00", "close_time": "1730"}],
        "holiday_schedule": holidays})
}

#[tokio::test]
async fn a_fresh_number_and_a_change_of_everything() {
    let api = Api::with(LimitTable::default(), |tx| {
        let (phone, limits) = (PhoneNumberId(PHONE), MediaLimits::default());
        let mut file = MediaFile::begin(MediaId(9), phone, &limits, RuleTime(0));
        file.use_case = UseCase::CallVoicemailAnnouncement;
        (file.complete, file.expires_at) = (true, None);
        tx.put_media(&file)
    })
    .await;
    let fresh = json!({"status": "ENABLED", "call_icon_visibility": "DEFAULT", "callback_permission_status": "DISABLED",
        "call_icons": {"restrict_to_user_countries": []}, "audio": {"additional_codecs": []},
        "sip": {"status": "DISABLED", "webhook_delivery": "DISABLED", "servers": []}});
    assert_eq!(
        api.get(&settings()).await.ok(),
        json!({"calling": fresh, "storage_configuration": {"status": "DEFAULT"}})
    );
    let holidays = json!([{"date": "9999-01-06", "start_time": "0000", "end_time": "2359"}]);
    let change = json!({"call_icon_visibility": "DISABLE_ALL", "callback_permission_status": "ENABLED", "status": null,
        "call_icons": {"restrict_to_user_countries": ["ES", "br"]},
        "call_hours": monday(&holidays),
        "srtp_key_exchange_protocol": "DTLS",
        "audio": {"additional_codecs": ["PCMA"]},
        "voicemail": {"status": "DISABLED", "triggers": ["REJECT"], "audio": {"default": {"announcement_media_id": 9, "timeout_seconds": 15}}},
        "sip": {"webhook_delivery": "ENABLED", "servers": [{"hostname": "sip.acme.example", "request_uri_user_params": {"tgrp": "wa"}}]}});
    assert_eq!(
        api.post(&settings(), json!({"calling": change})).await.ok(),
        json!({"success": true})
    );
    let whole = json!({"status": "ENABLED", "call_icon_visibility": "DISABLE_ALL", "callback_permission_status": "ENABLED",
        "call_icons": {"restrict_to_user_countries": ["ES", "BR"]},
        "call_hours": {"status": "ENABLED", "timezone_id": "Europe/London",
            "weekly_operating_hours": [{"day_of_week": "MONDAY", "open_time": "0900", "close_time": "1730"}],
            "holiday_schedule": holidays},
        "srtp_key_exchange_protocol": "DTLS",
        "audio": {"additional_codecs": ["PCMA"]},
        "voicemail": {"status": "DISABLED", "triggers": ["REJECT"], "audio": {"default": {"announcement_media_id": 9, "timeout_seconds": 15}}},
        "sip": {"status": "DISABLED", "webhook_delivery": "ENABLED", "servers": [
            {"hostname": "sip.acme.example", "port": 5061, "app_id": APP, "request_uri_user_params": {"tgrp": "wa"}}]}});
    assert_eq!(
        api.get(&format!("{}?fields=calling", settings()))
            .await
            .ok(),
        json!({"calling": whole})
    );

    // Hours are replaced whole: an omitted schedule is erased. The rest stays.
    let again = json!({"calling": {"call_hours": monday(&Value::Null)}});
    api.post(&settings(), again).await.ok();
    let mut expected = whole;
    expected["call_hours"]["holiday_schedule"] = json!([]);
    assert_eq!(calling(&api).await, expected);
    let stored = json!({"storage_configuration": {"status": "DEFAULT"}});
    assert_eq!(
        api.post(&settings(), stored).await.ok(),
        json!({"success": true})
    );
}

#[tokio::test]
async fn a_refusal_names_the_field_and_changes_nothing() {
    let api = Api::new().await;
    let before = calling(&api).await;
    let past = json!([{"date": "2020-01-06", "start_time": "0000", "end_time": "2359"}]);
    for (body, says) in [
        (json!({}), "The parameter `calling` is required."),
        (
            json!({"calling": {"status": "MAYBE"}}),
            "The parameter `calling.status` has the value `MAYBE`; allowed: ENABLED, DISABLED.",
        ),
        (
            json!({"laser": {}}),
            "The parameter `laser` is not a known group of settings.",
        ),
        (
            json!({"calling": {"sip": {"status": "ENABLED"}}}),
            "calling.sip.servers: a server is needed where sip is ENABLED.",
        ),
        (
            json!({"calling": {"voicemail": {"status": "DISABLED", "audio": {"default": {"announcement_media_id": 10}}}}}),
            "calling.voicemail.audio.default.announcement_media_id: there is no announcement 10;",
        ),
        (
            json!({"calling": {"call_icon_visibility": "DISABLE_ALL", "call_hours": monday(&past)}}),
            "calling.call_hours.holiday_schedule[0].date: 2020-01-06 is in the past;",
        ),
    ] {
        let reply = api.post(&settings(), body).await;
        let (status, code, sentence) = reply.refusal();
        assert_eq!((status, code), (400, 100));
        assert!(sentence.starts_with(says), "{sentence}");
    }
    assert_eq!(calling(&api).await, before);
    let stranger = api
        .get(&format!("{}?fields=calling,shoes", settings()))
        .await;
    assert_eq!((stranger.refusal().0, stranger.refusal().1), (400, 100));
}

#[tokio::test]
async fn a_sip_password_is_shown_on_request_and_changes_when_the_server_was_taken_away() {
    let api = Api::new().await;
    let uri = settings();
    let put = |sip: Value| api.post(&uri, json!({"calling": {"sip": sip}}));
    let server = json!([{"hostname": "sip.acme.example"}]);
    put(json!({"status": "ENABLED", "servers": server}))
        .await
        .ok();
    let shown = calling(&api).await["sip"]["servers"][0].clone();
    assert!(shown.get("sip_user_password").is_none(), "{shown}");
    let password = async || {
        let uri = format!("{}?include_sip_credentials=true", settings());
        let whole = api.get(&uri).await.ok();
        let password = whole["calling"]["sip"]["servers"][0]["sip_user_password"].as_str();
        password.unwrap().to_owned()
    };
    let first = password().await;
    assert_eq!(first.len(), 32);
    put(json!({"status": "DISABLED"})).await.ok();
    put(json!({"servers": [{"hostname": "sip2.acme.example"}]}))
        .await
        .ok();
    assert_eq!(password().await, first);
    put(json!({"status": "DISABLED", "servers": []})).await.ok();
    put(json!({"servers": server})).await.ok();
    assert_ne!(password().await, first);
}

#[tokio::test]
async fn while_sip_is_on_the_call_endpoint_is_closed() {
    let api = Api::new().await;
    let on = json!({"calling": {"status": "DISABLED", "sip": {"status": "ENABLED", "servers": [{"hostname": "sip.acme.example"}]}}});
    api.post(&settings(), on).await.ok();
    let uri = format!("/v25.0/{PHONE}/calls");
    for (action, rest) in [
        (
            "connect",
            json!({"to": "447700900001", "session": {"sdp_type": "offer", "sdp": offer()}}),
        ),
        (
            "terminate",
            json!({"call_id": "wacid.HBgLMzQ2MDAxMTEyMjIVAgASGCA"}),
        ),
    ] {
        let mut body = rest;
        body["messaging_product"] = json!("whatsapp");
        body["action"] = json!(action);
        let reply = api.post(&uri, body).await;
        assert_eq!(
            (reply.refusal().0, reply.refusal().1),
            (400, 131_055),
            "{action}"
        );
    }
}

#[tokio::test]
async fn enabling_calling_has_its_conditions() {
    let api = Api::with(LimitTable::default(), |tx| {
        let mut small = number(710_000_000_000_003, WABA, 442_079_460_003);
        small.messaging_limit = MessagingLimit::Tier250;
        small.settings = Default::default();
        tx.put_number(&small)
    })
    .await;
    let enable = json!({"calling": {"status": "ENABLED"}});
    let small = api.post("/710000000000003/settings", enable.clone()).await;
    assert_eq!((small.refusal().0, small.refusal().1), (400, 138_015));

    let uri = format!("/{PRODUCTION}/settings");
    let gone = api
        .ask("DELETE", &format!("/{WABA}/subscribed_apps"), TOKEN, None)
        .await;
    assert_eq!(gone.ok(), json!({"success": true}));
    let alone = api.post(&uri, enable.clone()).await;
    assert_eq!((alone.refusal().0, alone.refusal().1), (400, 138_018));
    // A SIP server in use gets the calls, too.
    let sip = json!({"calling": {"status": "ENABLED", "sip": {"status": "ENABLED", "servers": [{"hostname": "sip.acme.example"}]}}});
    assert_eq!(api.post(&uri, sip).await.ok(), json!({"success": true}));

    let off = json!({"calling": {"status": "DISABLED", "sip": {"status": "DISABLED"}}});
    api.post(&uri, off).await.ok();
    api.post(&format!("/{WABA}/subscribed_apps"), json!({}))
        .await
        .ok();
    assert_eq!(api.post(&uri, enable).await.ok(), json!({"success": true}));
}

/// Only five settings are told, and what is told is the whole object.
#[tokio::test]
async fn the_business_is_told_of_the_changes_the_reference_names() {
    let api = Api::new().await;
    let told = || {
        let deliveries = api.platform.deliveries(&Default::default()).unwrap();
        let bodies = deliveries
            .into_iter()
            .filter(|(d, _)| d.field == "account_settings_update");
        bodies
            .map(|(d, _)| serde_json::from_slice::<Value>(&d.body).unwrap())
            .collect::<Vec<_>>()
    };
    let quiet = [
        json!({"status": "ENABLED"}),
        json!({"call_hours": monday(&json!([]))}),
        json!({"audio": {"additional_codecs": ["PCMU"]}}),
    ];
    for change in quiet {
        api.post(&settings(), json!({"calling": change})).await.ok();
    }
    assert_eq!(told().len(), 0);
    api.platform.advance(Duration::from_secs(60)).await.unwrap();
    let loud = json!({"calling": {"callback_permission_status": "ENABLED"}});
    api.post(&settings(), loud).await.ok();
    let told = told();
    assert_eq!(told.len(), 1);
    let value = &told[0]["entry"][0]["changes"][0]["value"];
    assert_eq!(
        value["phone_number_settings"]["phone_number_id"],
        PHONE.to_string()
    );
    assert_eq!(
        value["phone_number_settings"]["calling"],
        calling(&api).await
    );
}
