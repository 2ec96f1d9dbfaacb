//! Permissions, numbers, accounts.

use std::time::Duration;

use crate::support::*;
use ahoy_calling::limits::{LimitTable, Profile};
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
            "The parameter `sort` is not supported by this server: numbers come by ascending id.",
        ),
        (
            "filtering=LIVE",
            "The parameter `filtering` has the value `LIVE`; a JSON list of conditions is expected, such as [{\"field\":\"account_mode\",\"operator\":\"EQUAL\",\"value\":\"SANDBOX\"}].",
        ),
    ] {
        let reply = api.get(&format!("{list}?{query}")).await;
        assert_eq!(reply.refusal(), (400, 100, sentence), "{query}");
    }
}

#[tokio::test]
async fn numbers_are_filtered_and_pages_go_on_with_the_filter() {
    let api = Api::with(LimitTable::default(), |tx| {
        for i in 3..=40 {
            let mut number = number(710_000_000_000_000 + i, WABA, 442_079_460_000 + i);
            if i % 2 == 1 {
                number.profile = Profile::Sandbox;
            }
            number.about.official = i % 4 == 0;
            tx.put_number(&number)?;
        }
        Ok(())
    })
    .await;
    let list = format!("/v25.0/{WABA}/phone_numbers");
    let ask = async |conditions: Value, more: &str| {
        let text = conditions.to_string().replace('"', "'");
        let text = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
        let uri = format!("{list}?filtering={text}&fields=id,account_mode{more}");
        api.get(&uri).await.ok()
    };
    let of = |page: &Value, key: &str| -> Vec<Value> {
        let data = page["data"].as_array().unwrap();
        data.iter().map(|number| number[key].clone()).collect()
    };
    let mode = |mode: &str| json!({"field": "account_mode", "operator": "EQUAL", "value": mode});
    let live = ask(json!([mode("LIVE")]), "&limit=100").await;
    // The second seeded number, and every second one of the others.
    assert_eq!(of(&live, "id").len(), 20);
    assert!(of(&live, "account_mode").iter().all(|mode| mode == "LIVE"));
    let sandbox = ask(json!([mode("SANDBOX")]), "&limit=100").await;
    assert_eq!(of(&sandbox, "id").len(), 20);

    let official =
        json!({"field": "is_official_business_account", "operator": "EQUAL", "value": true});
    let both = ask(json!([mode("LIVE"), official]), "").await;
    assert_eq!(of(&both, "id").len(), 10);
    let neither = ask(json!([mode("SANDBOX"), official]), "").await;
    assert_eq!(neither["data"], json!([]));

    let first = ask(json!([mode("LIVE")]), "&limit=15").await;
    let next = first["paging"]["next"].as_str();
    assert!(
        next.is_none_or(|next| next.contains("filtering=")),
        "{next:?}"
    );
    let after = first["paging"]["cursors"]["after"].as_str().unwrap();
    let second = ask(json!([mode("LIVE")]), &format!("&limit=15&after={after}")).await;
    let together = [of(&first, "id"), of(&second, "id")].concat();
    assert_eq!(together, of(&live, "id"));
    let before = second["paging"]["cursors"]["before"].as_str().unwrap();
    let back = ask(json!([mode("LIVE")]), &format!("&limit=15&before={before}")).await;
    assert_eq!(of(&back, "id"), of(&first, "id"));
}

/// Clients ask for all fields that a node has on the platform of reference, known here or not.
#[tokio::test]
async fn whole_lists_of_fields_are_answered_with_what_there_is() {
    let api = Api::new().await;
    let number = "id,verified_name,display_phone_number,conversational_automation,status,quality_rating,quality_score,\
        webhook_configuration,name_status,new_name_status,code_verification_status,account_mode,is_on_biz_app,\
        is_official_business_account,is_pin_enabled,is_preverified_number,search_visibility,platform_type,throughput,\
        eligibility_for_api_business_global_search,health_status,certificate,new_certificate,last_onboarded_time,\
        country_code,country_dial_code,whatsapp_business_manager_messaging_limit,messaging_limit_tier";
    let node = api
        .get(&format!("/v25.0/{PHONE}?fields={number}"))
        .await
        .ok();
    let listed = api
        .get(&format!("/v25.0/{WABA}/phone_numbers?fields={number}"))
        .await
        .ok();
    assert_eq!(listed["data"][0], node, "the same alone and in a list");
    assert_eq!(node["quality_score"], json!({"score": "UNKNOWN"}));
    assert_eq!(
        node["messaging_limit_tier"],
        node["whatsapp_business_manager_messaging_limit"]
    );
    assert_eq!(node["health_status"]["can_send_message"], "AVAILABLE");
    assert!(node.get("certificate").is_none());

    let account = "id,name,timezone_id,message_template_namespace,status,business_verification_status,\
        is_enabled_for_insights,on_behalf_of_business_info,ownership_type,health_status,currency,country,\
        subscribed_apps,owner_business_info,account_review_status";
    let node = api
        .get(&format!("/v25.0/{WABA}?fields={account}"))
        .await
        .ok();
    let apps = api
        .get(&format!("/v25.0/{WABA}/subscribed_apps"))
        .await
        .ok();
    assert_eq!(node["subscribed_apps"], apps);
    assert_eq!(node["owner_business_info"]["name"], "Harbour Café Ltd");
    let reply = api.get(&format!("/v25.0/{WABA}?fields=colour")).await;
    assert_eq!((reply.refusal().0, reply.refusal().1), (400, 100));
}
