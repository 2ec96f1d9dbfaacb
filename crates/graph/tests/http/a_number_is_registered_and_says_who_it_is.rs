//! Registration with its PIN, the public profile, allow-lists of test numbers, businesses and accounts as nodes,
//! revoked tokens.

use std::time::Duration;

use crate::support::*;
use ahoy_calling::limits::{LimitTable, Profile};
use ahoy_calling::settings::Switch;
use ahoy_types::{PhoneNumberId, RuleTime, TokenHash, WabaId};
use serde_json::json;

fn register(pin: &str) -> serde_json::Value {
    json!({"messaging_product": "whatsapp", "pin": pin})
}

#[tokio::test]
async fn a_deregistered_number_places_no_calls_until_its_pin_is_right() {
    let api = Api::new().await;
    let at = |edge: &str| format!("/v25.0/{PHONE}/{edge}");
    let status = async || {
        let path = format!("/{PHONE}?fields=status,platform_type,is_pin_enabled");
        let node = api.get(&path).await.ok();
        (
            node["status"].clone(),
            node["platform_type"].clone(),
            node["is_pin_enabled"].clone(),
        )
    };
    assert_eq!(
        status().await,
        (json!("CONNECTED"), json!("CLOUD_API"), json!(false))
    );
    api.post(&at("register"), register("123456")).await.ok();
    let done = api.post(&at("deregister"), json!({})).await.ok();
    assert_eq!(done, json!({"success": true}));
    assert_eq!(
        status().await,
        (json!("DISCONNECTED"), json!("NOT_APPLICABLE"), json!(true))
    );
    assert_eq!(
        api.post(&at("deregister"), json!({})).await.refusal().1,
        133_010
    );
    let call = json!({"messaging_product": "whatsapp", "to": "447700900001", "action": "connect",
        "session": {"sdp_type": "offer", "sdp": offer()}});
    assert_eq!(api.calls(PHONE, call).await.refusal().1, 133_010);

    for (body, field) in [
        (json!({"pin": "123456"}), "messaging_product"),
        (json!({"messaging_product": "whatsapp"}), "pin"),
        (register("12345"), "pin"),
        (
            json!({"messaging_product": "whatsapp", "pin": 123_456}),
            "pin",
        ),
    ] {
        let reply = api.post(&at("register"), body).await;
        let (status, code, sentence) = reply.refusal();
        assert_eq!((status, code), (400, 100));
        assert!(sentence.contains(field), "{sentence}");
    }
    // Guesses are counted though they are refused.
    for _ in 0..5 {
        assert_eq!(
            api.post(&at("register"), register("000000"))
                .await
                .refusal()
                .1,
            133_005
        );
    }
    assert_eq!(
        api.post(&at("register"), register("123456"))
            .await
            .refusal()
            .1,
        133_008
    );
    api.platform
        .advance(Duration::from_secs(3_600))
        .await
        .unwrap();
    api.post(&at("register"), register("123456")).await.ok();
    assert_eq!(status().await.0, json!("CONNECTED"));
    // Whoever manages the number may set another PIN.
    api.post(&format!("/{PHONE}"), json!({"pin": "654321"}))
        .await
        .ok();
    assert_eq!(
        api.post(&at("register"), register("123456"))
            .await
            .refusal()
            .1,
        133_005
    );
    let stranger = api
        .ask("POST", &at("register"), STRANGER, Some(register("654321")))
        .await;
    assert_eq!(stranger.refusal().1, 100);
    let messaging = api
        .ask("POST", &at("register"), MESSAGING, Some(register("654321")))
        .await;
    assert_eq!(messaging.refusal().1, 10);
}

#[tokio::test]
async fn the_profile_is_changed_line_by_line() {
    let api = Api::new().await;
    let path = format!("/v25.0/{PHONE}/whatsapp_business_profile");
    assert_eq!(
        api.get(&path).await.ok(),
        json!({"data": [{"messaging_product": "whatsapp", "vertical": "UNDEFINED"}]})
    );
    let first = json!({"messaging_product": "whatsapp", "about": "Open daily", "description": "Coffee",
        "email": "desk@harbour.example", "vertical": "restaurant", "websites": ["https://harbour.example"]});
    assert_eq!(api.post(&path, first).await.ok(), json!({"success": true}));
    let second = json!({"messaging_product": "whatsapp", "description": "", "address": "1 Quay"});
    api.post(&path, second).await.ok();
    assert_eq!(
        api.get(&path).await.ok()["data"][0],
        json!({"messaging_product": "whatsapp", "about": "Open daily", "address": "1 Quay",
            "email": "desk@harbour.example", "vertical": "RESTAURANT", "websites": ["https://harbour.example"]})
    );
    let some = api.get(&format!("{path}?fields=about,email")).await.ok();
    assert_eq!(some["data"][0].as_object().unwrap().len(), 3);
    for (change, field) in [
        (json!({"about": "x".repeat(140)}), "about"),
        (json!({"about": ""}), "about"),
        (json!({"about": 7}), "about"),
        (json!({"description": "x".repeat(513)}), "description"),
        (json!({"email": "nobody"}), "email"),
        (json!({"vertical": "CAFE"}), "vertical"),
        (
            json!({"websites": ["https://a.example", "https://b.example", "https://c.example"]}),
            "websites",
        ),
        (
            json!({"profile_picture_handle": "4::x"}),
            "profile_picture_handle",
        ),
    ] {
        let mut body = json!({"messaging_product": "whatsapp"});
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let reply = api.post(&path, body).await;
        let (status, code, sentence) = reply.refusal();
        assert_eq!((status, code), (400, 100), "{change}");
        assert!(sentence.contains(field), "{sentence}");
    }
    assert_eq!(
        api.get(&format!("{path}?fields=nonsense"))
            .await
            .refusal()
            .1,
        100
    );
    assert_eq!(api.ask("GET", &path, STRANGER, None).await.refusal().1, 100);
}

#[tokio::test]
async fn a_test_number_reaches_its_allow_list_alone() {
    const TEST: u64 = 710_000_000_000_009;
    let api = Api::with(LimitTable::default(), |tx| {
        let mut row = number(TEST, WABA, 442_079_460_009);
        row.profile = Profile::Test;
        row.settings.status = Switch::Enabled;
        tx.put_number(&row)?;
        tx.put_allow_listed(PhoneNumberId(TEST), BEN)
    })
    .await;
    let call = |to| {
        json!({"messaging_product": "whatsapp", "to": to, "action": "connect",
            "session": {"sdp_type": "offer", "sdp": offer()}})
    };
    assert_eq!(
        api.calls(TEST, call("447700900001")).await.refusal().1,
        131_030
    );
    // Ben may be reached; what is missing is his permission.
    assert_eq!(
        api.calls(TEST, call("447700900002")).await.refusal().1,
        138_006
    );
    let node = api.get(&format!("/{TEST}?fields=account_mode")).await.ok();
    assert_eq!(node["account_mode"], "SANDBOX");
}

#[tokio::test]
async fn businesses_and_accounts_are_nodes_of_their_own_tenant() {
    let api = Api::with(LimitTable::default(), |tx| {
        let waba = tx.waba(WabaId(STRANGERS_WABA))?.unwrap();
        tx.put_waba(&ahoy_calling::account::Waba {
            currency: "EUR".into(),
            timezone_id: "7".into(),
            ..waba
        })
    })
    .await;
    let business = api.get("/730000000000001").await.ok();
    assert_eq!(business["id"], "730000000000001");
    assert!(business["name"].is_string());
    let waba = api
        .get(&format!(
            "/{WABA}?fields=id,name,currency,timezone_id,owner_business_info"
        ))
        .await
        .ok();
    assert_eq!(
        (&waba["currency"], &waba["timezone_id"]),
        (&json!("USD"), &json!("0"))
    );
    assert_eq!(waba["owner_business_info"]["name"], business["name"]);
    let path = format!("/{STRANGERS_WABA}?fields=currency,timezone_id");
    let theirs = api.ask("GET", &path, STRANGER, None).await.ok();
    assert_eq!(
        (&theirs["currency"], &theirs["timezone_id"]),
        (&json!("EUR"), &json!("7"))
    );
    for hidden in ["/731000000000001", &format!("/{STRANGERS_WABA}")] {
        assert_eq!(api.get(hidden).await.refusal().1, 100, "{hidden}");
    }
}

#[tokio::test]
async fn a_revoked_token_says_so() {
    let api = Api::with(LimitTable::default(), |tx| {
        let mut token = tx.token(&TokenHash::of(MESSAGING))?.unwrap();
        token.revoked_at = Some(RuleTime::from_secs(950_000));
        tx.put_token(&token)
    })
    .await;
    let refused = api.ask("GET", &format!("/{PHONE}"), MESSAGING, None).await;
    assert_eq!((refused.refusal().0, refused.refusal().1), (401, 190));
    let path = format!("/debug_token?input_token={MESSAGING}");
    let debug = api.get(&path).await.ok();
    assert_eq!(debug["data"]["is_valid"], false);
    let message = debug["data"]["error"]["message"].as_str().unwrap();
    assert!(message.contains("revoked"), "{message}");
}
