//! Codes of `errors.md` that other files do not meet: each comes from a request over HTTP, or in a webhook that such a
//! request caused.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::bodies::*;
use crate::support::*;
use ahoy_calling::Pair;
use ahoy_calling::limits::{LimitTable, Profile, UtilityInWindow};
use ahoy_calling::settings::Switch;
use ahoy_calling::template::Status;
use ahoy_platform::{Dial, Grade, Grant, StandingChange, UserLegKind};
use ahoy_store::DeliveryFilter;
use ahoy_types::{PhoneNumberId, RuleTime, TemplateId, WaId};
use serde_json::{Value, json};

const PHONE_ID: PhoneNumberId = PhoneNumberId(PHONE);

fn template(to: WaId, name: &str, values: &[&str]) -> Value {
    let values: Vec<Value> = values
        .iter()
        .map(|value| json!({"type": "text", "text": value}))
        .collect();
    let components = match values.len() {
        0 => json!([]),
        _ => json!([{"type": "body", "parameters": values}]),
    };
    message(
        to,
        json!({"type": "template", "template": {
            "name": name, "language": {"code": "en"}, "components": components}}),
    )
}

/// Makes a template; answers its id.
async fn made(
    api: &Api,
    name: &str,
    category: &str,
    body: &str,
    sample: Option<&str>,
) -> TemplateId {
    let mut component = json!({"type": "BODY", "text": body});
    if let Some(sample) = sample {
        component["example"] = json!({"body_text": [[sample]]});
    }
    let uri = format!("/v25.0/{WABA}/message_templates");
    let body =
        json!({"name": name, "language": "en", "category": category, "components": [component]});
    let reply = api.post(&uri, body).await.ok();
    assert_eq!(reply["category"], category);
    reply["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn too_many_requests_a_second_are_throttled_by_number_and_edge() {
    let mut limits = LimitTable::default();
    limits.sandbox.call_requests_per_second = 0;
    limits.sandbox.messages_per_second = 0;
    let api = Api::with(limits, |_| Ok(())).await;
    let reply = api.calls(PHONE, connect(ANA)).await;
    assert_eq!(
        reply.refusal(),
        (
            400,
            130_429,
            "More than 0 requests to `/calls` a second by this phone number."
        )
    );
    let reply = api.post(&messages(PHONE), text(ANA)).await;
    assert_eq!(
        reply.refusal(),
        (
            400,
            130_429,
            "More than 0 requests to `/messages` a second by this phone number."
        )
    );
    // Another number has limits of its own, and reads are not counted.
    api.post(&messages(PRODUCTION), text(ANA)).await.ok();
    api.get(&format!("/v25.0/{PHONE}/call_permissions?user_wa_id={ANA}"))
        .await
        .ok();
}

#[tokio::test]
async fn a_paused_number_neither_calls_nor_asks_and_its_permissions_stay() {
    let api = Api::new().await;
    for user in [ANA, BEN] {
        let given = api
            .platform
            .set_permission(PHONE_ID, user, Grant::Temporary);
        given.await.unwrap();
        let written = api.platform.user_writes(user, PHONE_ID, "Hi".into(), None);
        written.await.unwrap();
    }
    let restricted = StandingChange {
        business_calls: Some(Grade::Restricted),
        ..StandingChange::default()
    };
    let number = api
        .platform
        .set_standing(PHONE_ID, restricted)
        .await
        .unwrap();
    let until = number.standing.business_calls.paused_until.unwrap();
    for reply in [
        api.calls(PHONE, connect(ANA)).await,
        api.post(&messages(PHONE), request(ANA)).await,
    ] {
        let (status, code, sentence) = reply.refusal();
        assert_eq!((status, code), (400, 138_014));
        assert!(
            sentence.contains(&until.secs_up().to_string()),
            "{sentence}"
        );
    }
    let permissions = format!("/v25.0/{PHONE}/call_permissions?user_wa_id={ANA}");
    let seen = api.get(&permissions).await.ok();
    assert_eq!(seen["permission"]["status"], "temporary");
    assert_eq!(seen["actions"][1]["can_perform_action"], false);
    let settings = api.get(&format!("/v25.0/{PHONE}/settings")).await.ok();
    let listed = &settings["calling"]["restrictions"]["restrictions_list"][0];
    assert_eq!(listed["type"], "RESTRICTED_BUSINESS_INITIATED_CALLING");
    assert_eq!(listed["expiration"], until.secs());
    // Text, and calls of users, go on.
    api.post(&messages(PHONE), text(ANA)).await.ok();
    api.user_calls(BEN).await;
}

#[tokio::test]
async fn the_hundred_and_first_connected_call_of_a_day_is_refused_with_the_next_time() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_secs()).unwrap();
    let api = Api::with(LimitTable::default(), move |tx| {
        let times = (0..100).map(|n| RuleTime::from_secs(now - 3_600 + n));
        let pair = Pair {
            connected: times.collect(),
            ..Pair::default()
        };
        tx.put_pair(PHONE_ID, ANA, &pair)
    })
    .await;
    let given = api.platform.set_permission(PHONE_ID, ANA, Grant::Permanent);
    given.await.unwrap();
    let next = now - 3_600 + 86_400;
    let reply = api.calls(PHONE, connect(ANA)).await;
    let (status, code, sentence) = reply.refusal();
    assert_eq!((status, code), (400, 138_012));
    assert!(sentence.contains(&next.to_string()), "{sentence}");
    let permissions = format!("/v25.0/{PHONE}/call_permissions?user_wa_id={ANA}");
    let seen = api.get(&permissions).await.ok();
    assert_eq!(
        seen["permission"],
        json!({"status": "permanent"}),
        "it stays"
    );
    assert_eq!(
        seen["actions"][1],
        json!({"action_name": "start_call", "can_perform_action": false, "limits": [
            {"time_period": "PT24H", "max_allowed": 100, "current_usage": 100, "limit_expiration_time": next}]})
    );
}

#[tokio::test]
async fn outside_the_window_words_fail_later_and_what_costs_needs_payment() {
    let limits = LimitTable {
        utility_in_window_free: UtilityInWindow::Always,
        ..LimitTable::default()
    };
    let api = Api::with(limits, |_| Ok(())).await;
    made(&api, "offer", "MARKETING", "Half price today", None).await;
    made(&api, "order", "UTILITY", "Your order is on its way", None).await;
    let poor = api
        .platform
        .change_number(PHONE_ID, |number| number.payment_valid = false);
    poor.await.unwrap();
    let send = async |body: Value| {
        let before = failures(&api).len();
        let sent = api.post(&messages(PHONE), body).await.ok();
        assert!(sent["messages"][0]["id"].is_string());
        failures(&api)[before..].to_vec()
    };
    let failed = send(text(ANA)).await;
    assert_eq!(failed[0].0, 131_047);
    assert!(failed[0].1.contains("24 hours"), "{}", failed[0].1);
    for name in ["offer", "order"] {
        let failed = send(template(ANA, name, &[])).await;
        assert_eq!(failed[0].0, 131_042, "{name}");
        assert!(failed[0].1.contains("payment"), "{}", failed[0].1);
    }
    let written = api.platform.user_writes(ANA, PHONE_ID, "Hi".into(), None);
    written.await.unwrap();
    assert_eq!(send(text(ANA)).await, []);
    assert_eq!(
        send(template(ANA, "order", &[])).await,
        [],
        "free inside the window"
    );
    assert_eq!(send(template(ANA, "offer", &[])).await[0].0, 131_042);
}

#[tokio::test]
async fn the_first_words_of_a_month_are_free_and_the_rest_is_billed() {
    let mut limits = LimitTable::default();
    limits.sandbox.free_service_messages = 2;
    let api = Api::with(limits, |_| Ok(())).await;
    // Whatever the machine's clock says: service messages cost something from October 2026 on.
    let now = api.platform.clock().now();
    let due = RuleTime::from_secs(1_790_900_000);
    if due > now {
        api.platform.advance(due.since(now)).await.unwrap();
    }
    let written = api.platform.user_writes(ANA, PHONE_ID, "Hi".into(), None);
    written.await.unwrap();
    for body in [text(ANA), button(ANA), text(ANA)] {
        api.post(&messages(PHONE), body).await.ok();
    }
    let all = api.platform.deliveries(&DeliveryFilter::default()).unwrap();
    let bodies = all.iter().map(|(delivery, _)| &delivery.body);
    let billed: Vec<(String, bool, String)> = bodies
        .filter_map(|body| {
            let body: Value = serde_json::from_slice(body).unwrap();
            let status = &body["entry"][0]["changes"][0]["value"]["statuses"][0];
            let pricing = status.get("pricing")?;
            assert_eq!(pricing["category"], "service");
            Some((
                status["status"].as_str()?.to_owned(),
                pricing["billable"].as_bool()?,
                pricing["type"].as_str()?.to_owned(),
            ))
        })
        .collect();
    let free = |status: &str| (status.to_owned(), false, "free_customer_service".to_owned());
    let paid = |status: &str| (status.to_owned(), true, "regular".to_owned());
    assert_eq!(
        billed,
        [
            free("sent"),
            free("delivered"),
            free("sent"),
            free("delivered"),
            paid("sent"),
            paid("delivered")
        ]
    );
}

#[tokio::test]
async fn a_code_to_sign_in_goes_to_a_number_and_not_to_a_user_id() {
    let api = Api::new().await;
    made(
        &api,
        "login",
        "AUTHENTICATION",
        "Your code is {{1}}, keep it to yourself",
        Some("1234"),
    )
    .await;
    let sent = api
        .post(&messages(PHONE), template(ANA, "login", &["4711"]))
        .await
        .ok();
    let id = sent["contacts"][0]["user_id"].as_str().unwrap().to_owned();
    let mut by_id = template(ANA, "login", &["4711"]);
    by_id.as_object_mut().unwrap().remove("to");
    by_id["recipient"] = json!(id);
    let reply = api.post(&messages(PHONE), by_id.clone()).await;
    let (status, code, sentence) = reply.refusal();
    assert_eq!((status, code), (400, 131_062));
    assert!(sentence.starts_with("recipient: "), "{sentence}");
    // A number beside it wins, and other templates take the id.
    by_id["to"] = json!(ANA.to_string());
    api.post(&messages(PHONE), by_id.clone()).await.ok();
    made(&api, "order", "UTILITY", "Your order is on its way", None).await;
    by_id.as_object_mut().unwrap().remove("to");
    by_id["template"] = json!({"name": "order", "language": {"code": "en"}});
    api.post(&messages(PHONE), by_id).await.ok();
    // Nothing about calls belongs into it.
    let uri = format!("/v25.0/{WABA}/message_templates");
    let mixed = json!({"name": "mixed", "language": "en", "category": "AUTHENTICATION", "components": [
        {"type": "BODY", "text": "Your code"}, {"type": "call_permission_request"}]});
    let reply = api.post(&uri, mixed).await;
    assert_eq!((reply.refusal().0, reply.refusal().1), (400, 100));
    assert!(reply.refusal().2.contains("AUTHENTICATION"));
}

#[tokio::test]
async fn a_template_held_back_or_filled_too_far_is_not_sent() {
    let api = Api::new().await;
    let id = made(
        &api,
        "order",
        "UTILITY",
        "Your order {{1}} is on its way",
        Some("A-7"),
    )
    .await;
    let send = async |value: &str| {
        let body = template(ANA, "order", &[value]);
        api.post(&messages(PHONE), body).await
    };
    send("A-7").await.ok();
    let reply = send(&"x".repeat(1_020)).await;
    assert_eq!((reply.refusal().0, reply.refusal().1), (400, 132_005));
    for (status, http, code, event) in [
        (Status::Paused, 400, 132_015, "PAUSED"),
        (Status::Disabled, 400, 132_016, "DISABLED"),
        (Status::Rejected, 404, 132_001, "REJECTED"),
    ] {
        api.platform.set_template_status(id, status).await.unwrap();
        let reply = send("A-7").await;
        assert_eq!(
            (reply.refusal().0, reply.refusal().1),
            (http, code),
            "{event}"
        );
        let node = api.get(&format!("/v25.0/{id}?fields=status")).await.ok();
        assert_eq!(node["status"], event);
        let last = api.platform.deliveries(&DeliveryFilter::default()).unwrap();
        let last: Value = serde_json::from_slice(&last.last().unwrap().0.body).unwrap();
        let change = &last["entry"][0]["changes"][0];
        assert_eq!(change["field"], "message_template_status_update");
        assert_eq!(change["value"]["event"], event);
    }
    api.platform
        .set_template_status(id, Status::Approved)
        .await
        .unwrap();
    send("A-7").await.ok();
}

#[tokio::test]
async fn a_number_is_registered_once_it_is_verified_and_not_too_often() {
    let mut limits = LimitTable::default();
    limits.sandbox.registrations = 1;
    let unverified = 710_000_000_000_003;
    let api = Api::with(limits, move |tx| {
        let mut number = number(unverified, WABA, 442_079_460_003);
        number.registration.registered = false;
        number.registration.verified = false;
        tx.put_number(&number)
    })
    .await;
    let pin = json!({"messaging_product": "whatsapp", "pin": "123456"});
    let reply = api
        .post(&format!("/{unverified}/register"), pin.clone())
        .await;
    assert_eq!((reply.refusal().0, reply.refusal().1), (400, 133_006));
    api.post(&format!("/{PHONE}/deregister"), json!({}))
        .await
        .ok();
    let reply = api.post(&format!("/{PHONE}/register"), pin).await;
    assert_eq!((reply.refusal().0, reply.refusal().1), (400, 133_016));
}

#[tokio::test]
async fn numbers_of_a_country_without_call_buttons_send_none() {
    let mut limits = LimitTable::default();
    limits.sandbox.no_call_buttons = vec!["GB".parse().unwrap()];
    let api = Api::with(limits, |_| Ok(())).await;
    let reply = api.post(&messages(PHONE), button(ANA)).await;
    let (status, code, sentence) = reply.refusal();
    assert_eq!((status, code), (400, 131_009));
    assert!(sentence.contains("voice_call"), "{sentence}");
}

#[tokio::test]
async fn a_test_number_reaches_nobody_off_its_list() {
    let test = 710_000_000_000_003;
    let api = Api::with(LimitTable::default(), move |tx| {
        let mut number = number(test, WABA, 442_079_460_003);
        number.profile = Profile::Test;
        number.settings.status = Switch::Enabled;
        tx.put_number(&number)
    })
    .await;
    for reply in [
        api.calls(test, connect(ANA)).await,
        api.post(&messages(test), request(ANA)).await,
        api.post(&messages(test), text(ANA)).await,
    ] {
        assert_eq!((reply.refusal().0, reply.refusal().1), (400, 131_030));
    }
}

#[tokio::test]
async fn a_call_to_a_business_that_does_not_pay_is_told_by_webhook_alone() {
    let api = Api::new().await;
    let poor = api
        .platform
        .change_number(PHONE_ID, |number| number.payment_valid = false);
    poor.await.unwrap();
    let dialled = api
        .platform
        .user_calls(ANA, PHONE_ID, UserLegKind::Simulated, Dial::default());
    assert!(dialled.await.is_err());
    let all = api.platform.deliveries(&DeliveryFilter::default()).unwrap();
    assert_eq!(all.len(), 1);
    let body: Value = serde_json::from_slice(&all[0].0.body).unwrap();
    let change = &body["entry"][0]["changes"][0];
    assert_eq!(change["field"], "calls");
    assert_eq!(change["value"]["errors"][0]["code"], 131_044);
    assert!(change["value"].get("calls").is_none(), "{change}");
}
