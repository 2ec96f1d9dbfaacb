//! Permissions, numbers, accounts.

use std::time::Duration;

use crate::support::*;
use ahoy_calling::limits::LimitTable;
use ahoy_platform::Grant;
use ahoy_types::PhoneNumberId;
use serde_json::{Value, json};

fn permissions(phone: u64) -> String {
    format!("/v25.0/{phone}/call_permissions?user_wa_id=447700900001")
}

#[tokio::test]
async fn the_three_kinds_of_permission() {
    let api = Api::new().await;
    let limit = |period: &str, most: u32| json!({"time_period": period, "max_allowed": most, "current_usage": 0});
    let whole = |permission: Value, call: bool, request: bool| {
        json!({"messaging_product": "whatsapp", "permission": permission, "actions": [
            {"action_name": "send_call_permission_request", "can_perform_action": request,
             "limits": [limit("PT24H", 25), limit("P7D", 100)]},
            {"action_name": "start_call", "can_perform_action": call, "limits": [limit("PT24H", 100)]}]})
    };
    let phone = PhoneNumberId(PHONE);
    let none = json!({"status": "no_permission"});
    assert_eq!(
        api.get(&permissions(PHONE)).await.ok(),
        whole(none.clone(), false, true)
    );

    api.platform
        .set_permission(phone, ANA, Grant::Temporary)
        .await
        .unwrap();
    let got = api.get(&permissions(PHONE)).await.ok();
    let expires = got["permission"]["expiration_time"].as_i64().unwrap();
    let week = api.platform.clock().now().secs() + 604_800;
    assert!(
        (week - 5..=week).contains(&expires),
        "{expires} is not in a week"
    );
    assert_eq!(
        got,
        whole(
            json!({"status": "temporary", "expiration_time": expires}),
            true,
            true
        )
    );

    api.platform
        .set_permission(phone, ANA, Grant::Permanent)
        .await
        .unwrap();
    let permanent = json!({"status": "permanent"});
    assert_eq!(
        api.get(&permissions(PHONE)).await.ok(),
        whole(permanent, true, false)
    );

    api.platform
        .set_permission(phone, ANA, Grant::Temporary)
        .await
        .unwrap();
    api.platform
        .advance(Duration::from_secs(604_800))
        .await
        .unwrap();
    assert_eq!(
        api.get(&permissions(PHONE)).await.ok(),
        whole(none, false, true)
    );
}

#[tokio::test]
async fn permissions_of_nobody_and_of_a_number_without_calling() {
    let api = Api::new().await;
    let bare = format!("/{PHONE}/call_permissions");
    assert_eq!(
        api.get(&bare).await.refusal(),
        (
            400,
            100,
            "The parameter `user_wa_id` or the parameter `recipient` is required."
        )
    );
    assert_eq!(
        api.get(&format!("{bare}?user_wa_id=nobody"))
            .await
            .refusal()
            .1,
        100
    );
    assert_eq!(api.get(&permissions(PRODUCTION)).await.refusal().1, 138_000);
}

#[tokio::test]
async fn permissions_are_read_at_a_limited_rate() {
    let mut limits = LimitTable::default();
    limits.sandbox.permission_reads_per_second = 3;
    let api = Api::with(limits, |_| Ok(())).await;
    let uri = permissions(PHONE);
    let replies = futures_util::future::join_all((0..8).map(|_| api.get(&uri))).await;
    let refused: Vec<_> = replies.iter().filter(|reply| reply.status != 200).collect();
    assert_eq!(refused.len(), 5);
    assert_eq!(
        refused[0].refusal(),
        (429, 613, "More than 3 reads of call permissions a second.")
    );
}

#[tokio::test]
async fn a_number_with_and_without_fields() {
    let api = Api::new().await;
    assert_eq!(
        api.get(&format!("/v25.0/{PHONE}")).await.ok(),
        json!({"id": PHONE.to_string(), "verified_name": "Harbour Café", "display_phone_number": "+44 20 7946 0000",
               "quality_rating": "UNKNOWN", "code_verification_status": "VERIFIED"})
    );
    let fields = "account_mode,throughput%7Blevel%7D,whatsapp_business_manager_messaging_limit,country_code,country_dial_code,webhook_configuration";
    assert_eq!(
        api.get(&format!("/v25.0/{PRODUCTION}?fields={fields}"))
            .await
            .ok(),
        json!({"id": PRODUCTION.to_string(), "account_mode": "LIVE", "throughput": {"level": "STANDARD"},
               "whatsapp_business_manager_messaging_limit": "TIER_2K", "country_code": "GB", "country_dial_code": "44",
               "webhook_configuration": {}})
    );
    let unknown = api
        .get(&format!("/v25.0/{PHONE}?fields=id,shoe_size"))
        .await;
    assert_eq!(
        unknown.json["error"]["message"],
        "(#100) Tried accessing nonexisting field (shoe_size) on node type (WhatsAppBusinessPhoneNumber)"
    );
    assert_eq!(unknown.refusal().0, 400);
}

#[tokio::test]
async fn an_account_and_an_app() {
    let api = Api::new().await;
    assert_eq!(
        api.get(&format!(
            "/v25.0/{WABA}?fields=id,name,currency,timezone_id,owner_business_info"
        ))
        .await
        .ok(),
        json!({"id": WABA.to_string(), "name": "Harbour Café", "currency": "USD", "timezone_id": "0",
               "owner_business_info": {"id": "730000000000001", "name": "Harbour Café Ltd"}})
    );
    let app = api
        .ask("GET", &format!("/v25.0/{APP}"), APP_TOKEN, None)
        .await;
    assert_eq!(
        app.ok(),
        json!({"id": APP.to_string(), "name": "Harbour Voice"})
    );
}

#[tokio::test]
async fn numbers_come_in_pages() {
    let api = Api::with(LimitTable::default(), |tx| {
        for i in 3..=7 {
            tx.put_number(&number(710_000_000_000_000 + i, WABA, 442_079_460_000 + i))?;
        }
        Ok(())
    })
    .await;
    let list = format!("/v25.0/{WABA}/phone_numbers");
    let ids = |page: &Value| -> Vec<String> {
        let data = page["data"].as_array().unwrap();
        data.iter()
            .map(|number| number["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = ids(&api.get(&list).await.ok());
    assert_eq!(all.len(), 7);
    assert_eq!(all[0], PHONE.to_string());

    let mut seen = Vec::new();
    let mut uri = format!("{list}?limit=3&fields=id,display_phone_number");
    let mut pages = Vec::new();
    loop {
        let request = axum::http::Request::builder()
            .uri(&uri)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("host", "graph.test")
            .header("x-forwarded-proto", "https");
        let page = api
            .send(request.body(axum::body::Body::empty()).unwrap())
            .await
            .ok();
        assert!(page["data"][0]["display_phone_number"].is_string());
        assert!(page["data"][0].get("verified_name").is_none());
        seen.extend(ids(&page));
        pages.push(page.clone());
        match page["paging"]["next"].as_str() {
            Some(next) => uri = next.strip_prefix("https://graph.test").unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, all);
    assert_eq!(pages.len(), 3);

    // Back from the third page to the second.
    let before = pages[2]["paging"]["cursors"]["before"].as_str().unwrap();
    let back = api
        .get(&format!("{list}?limit=3&before={before}"))
        .await
        .ok();
    assert_eq!(ids(&back), ids(&pages[1]));

    for (query, sentence) in [
        (
            "limit=0",
            "The parameter `limit` has the value `0`; allowed: 1 to 100.",
        ),
        (
            "limit=many",
            "The parameter `limit` has the value `many`; allowed: a whole number.",
        ),
        (
            "after=xyz",
            "The parameter `after` has the value `xyz`, which is not a cursor of this list.",
        ),
        (
            "sort=name",
            "The parameter `sort` is not supported by this server.",
        ),
    ] {
        let reply = api.get(&format!("{list}?{query}")).await;
        assert_eq!(reply.refusal(), (400, 100, sentence), "{query}");
    }
}
