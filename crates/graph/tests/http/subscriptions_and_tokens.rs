//! Who gets which webhooks where, and what tokens are.

use crate::support::*;
use serde_json::{Value, json};

#[tokio::test]
async fn an_app_subscribes_once_its_callback_is_verified() {
    let api = Api::new().await;
    let uri = format!("/v25.0/{APP}/subscriptions");
    assert_eq!(
        api.ask("GET", &uri, APP_TOKEN, None).await.ok(),
        json!({"data": []})
    );

    let body = |token: &str| {
        json!({"object": "whatsapp_business_account", "callback_url": "https://bot.example/hook", "verify_token": token,
               "fields": ["messages", "calls"], "include_values": true})
    };
    let wrong = api.ask("POST", &uri, APP_TOKEN, Some(body("wrong"))).await;
    assert_eq!(
        wrong.refusal(),
        (
            400,
            100,
            "The parameter `callback_url` names `https://bot.example/hook`, which could not be verified: it answered 403 Forbidden."
        )
    );
    assert_eq!(
        wrong.json["error"]["message"],
        "(#100) Callback verification failed"
    );
    assert_eq!(
        api.ask("GET", &uri, APP_TOKEN, None).await.ok(),
        json!({"data": []}),
        "nothing was kept"
    );

    let right = api.ask("POST", &uri, APP_TOKEN, Some(body("right"))).await;
    assert_eq!(right.ok(), json!({"success": true}));
    let asked: Vec<String> = api
        .receiver
        .asked
        .lock()
        .unwrap()
        .iter()
        .map(|c| c.url.clone())
        .collect();
    assert_eq!(
        asked,
        ["https://bot.example/hook", "https://bot.example/hook"]
    );
    let expected = |fields: &[&str]| {
        let fields: Vec<Value> = fields
            .iter()
            .map(|name| json!({"name": name, "version": "v25.0"}))
            .collect();
        json!({"data": [{"object": "whatsapp_business_account", "callback_url": "https://bot.example/hook", "active": true, "fields": fields}]})
    };
    // The access token of the app will do as well.
    assert_eq!(api.get(&uri).await.ok(), expected(&["calls", "messages"]));

    let drop = format!("{uri}?object=whatsapp_business_account&fields=messages");
    assert_eq!(
        api.ask("DELETE", &drop, APP_TOKEN, None).await.ok(),
        json!({"success": true})
    );
    assert_eq!(api.get(&uri).await.ok(), expected(&["calls"]));
    assert_eq!(
        api.ask("DELETE", &uri, APP_TOKEN, None).await.ok(),
        json!({"success": true})
    );
    assert_eq!(api.get(&uri).await.ok(), json!({"data": []}));
}

#[tokio::test]
async fn parameters_of_a_subscription_may_be_in_the_query() {
    let api = Api::new().await;
    let uri = format!(
        "/v25.0/{APP}/subscriptions?object=whatsapp_business_account&callback_url=http%3A%2F%2F127.0.0.1%3A9000%2F&verify_token=right&fields=calls&access_token=900100200300%7Cahoy-dev-secret"
    );
    assert_eq!(
        api.ask("POST", &uri, "", None).await.ok(),
        json!({"success": true})
    );
}

#[tokio::test]
async fn another_apps_subscriptions_are_out_of_reach() {
    let api = Api::new().await;
    for token in [STRANGER, "901100200300|other-secret"] {
        let reply = api
            .ask("GET", &format!("/{APP}/subscriptions"), token, None)
            .await;
        assert_eq!(reply.json["error"]["error_subcode"], 33);
    }
}

#[tokio::test]
async fn an_account_has_its_own_callback_until_it_is_removed() {
    let api = Api::new().await;
    let uri = format!("/v25.0/{WABA}/subscribed_apps");
    let app = |callback: Option<&str>| {
        let mut row = json!({"whatsapp_business_api_data": {"id": APP.to_string(), "link": format!("/{APP}"), "name": "Harbour Voice"}});
        if let Some(url) = callback {
            row["override_callback_uri"] = json!(url);
        }
        json!({"data": [row]})
    };
    assert_eq!(api.get(&uri).await.ok(), app(None));
    let body =
        json!({"override_callback_uri": "https://bot.example/waba", "verify_token": "right"});
    assert_eq!(api.post(&uri, body).await.ok(), json!({"success": true}));
    assert_eq!(
        api.get(&uri).await.ok(),
        app(Some("https://bot.example/waba"))
    );
    // A refused one leaves it alone.
    let body =
        json!({"override_callback_uri": "https://bot.example/other", "verify_token": "wrong"});
    assert_eq!(api.post(&uri, body).await.refusal().1, 100);
    assert_eq!(
        api.get(&uri).await.ok(),
        app(Some("https://bot.example/waba"))
    );

    let number = format!("/v25.0/{PHONE}");
    let body = json!({"webhook_configuration": {"override_callback_uri": "https://bot.example/number", "verify_token": "right"}});
    assert_eq!(api.post(&number, body).await.ok(), json!({"success": true}));
    let shown = format!("{number}?fields=webhook_configuration");
    assert_eq!(
        api.get(&shown).await.ok(),
        json!({"id": PHONE.to_string(), "webhook_configuration": {
            "phone_number": "https://bot.example/number", "whatsapp_business_account": "https://bot.example/waba"}})
    );
    api.post(
        &number,
        json!({"webhook_configuration": {"override_callback_uri": ""}}),
    )
    .await
    .ok();
    assert_eq!(
        api.ask("POST", &uri, TOKEN, None).await.ok(),
        json!({"success": true})
    );
    assert_eq!(
        api.get(&uri).await.ok(),
        app(None),
        "an empty body removes the override"
    );
    assert_eq!(
        api.get(&shown).await.ok(),
        json!({"id": PHONE.to_string(), "webhook_configuration": {}})
    );

    assert_eq!(
        api.ask("DELETE", &uri, TOKEN, None).await.ok(),
        json!({"success": true})
    );
    assert_eq!(api.get(&uri).await.ok(), json!({"data": []}));
}

#[tokio::test]
async fn tokens_say_what_they_are() {
    let api = Api::new().await;
    let debug = async |token: &str| {
        let uri = format!(
            "/v25.0/debug_token?input_token={}",
            token.replace('|', "%7C")
        );
        api.ask("GET", &uri, APP_TOKEN, None).await.ok()["data"].take()
    };
    let mut seeded = debug(TOKEN).await;
    assert!(seeded["issued_at"].take().as_i64().unwrap() > 1_700_000_000);
    assert_eq!(
        seeded,
        json!({"app_id": APP.to_string(), "type": "SYSTEM_USER", "application": "Harbour Voice", "data_access_expires_at": 0,
               "expires_at": 0, "is_valid": true, "issued_at": null,
               "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
               "granular_scopes": [{"scope": "whatsapp_business_management"}, {"scope": "whatsapp_business_messaging"}]})
    );
    assert_eq!(debug(APP_TOKEN).await["type"], "APP");
    let expired = debug(EXPIRED).await;
    assert_eq!(
        (&expired["is_valid"], &expired["error"]["subcode"]),
        (&json!(false), &json!(463))
    );
    assert_eq!(
        debug("nonsense").await,
        json!({"is_valid": false, "scopes": [], "error": {"code": 190, "message": "The access token is not valid."}})
    );
    // Another tenant's token tells no more than one that nobody issued.
    assert_eq!(debug(STRANGER).await, debug("nonsense").await);
    assert_eq!(
        api.get("/debug_token").await.refusal(),
        (400, 100, "The parameter `input_token` is required.")
    );
}

#[tokio::test]
async fn an_apps_token_for_its_secret() {
    let api = Api::new().await;
    let ask = async |query: &str| {
        api.ask(
            "GET",
            &format!("/v25.0/oauth/access_token?{query}"),
            "",
            None,
        )
        .await
    };
    let good = "grant_type=client_credentials&client_id=900100200300&client_secret=ahoy-dev-secret";
    let issued = ask(good).await.ok();
    assert_eq!(
        issued,
        json!({"access_token": APP_TOKEN, "token_type": "bearer"})
    );
    assert_eq!(ask(&good.replace("dev", "nodev")).await.refusal().1, 190);
    assert_eq!(
        ask(&good.replace("client_secret", "secret"))
            .await
            .refusal()
            .2,
        "The parameter `client_secret` is required."
    );
    assert_eq!(
        ask(&good.replace("client_credentials", "password"))
            .await
            .refusal(),
        (
            400,
            100,
            "The parameter `grant_type` has the value `password`; allowed: client_credentials."
        )
    );
}

#[tokio::test]
async fn a_field_that_is_none_is_refused() {
    let api = Api::new().await;
    let uri = format!(
        "/v25.0/{APP}/subscriptions?object=whatsapp_business_account&callback_url=http%3A%2F%2F127.0.0.1%3A9000%2F&verify_token=right&fields=calls,user_id_update&access_token=900100200300%7Cahoy-dev-secret"
    );
    let reply = api.ask("POST", &uri, "", None).await;
    assert_eq!(reply.status, 400);
    let message = reply.json["error"].to_string();
    assert!(message.contains("user_id_update"), "{message}");
}
