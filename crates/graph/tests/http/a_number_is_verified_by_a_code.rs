//! A number comes to an account, is verified by a code and registered; numbers shared with the Business app take no calls; the badge is
//! asked for (`graph-api.md` §7).

use std::time::Duration;

use ahoy_calling::account::Number;
use ahoy_calling::badge::BadgeStatus;
use ahoy_calling::limits::Profile;
use ahoy_calling::settings::Switch;
use ahoy_types::{PhoneNumberId, RuleTime};
use serde_json::{Value, json};

use crate::support::bodies::connect;
use crate::support::*;

/// A number that was added and is neither verified nor registered.
async fn added(api: &Api) -> u64 {
    let body = json!({"cc": "44", "phone_number": "2079460077", "verified_name": "Quay"});
    let answer = api
        .post(&format!("/v25.0/{WABA}/phone_numbers"), body)
        .await
        .ok();
    answer["id"].as_str().unwrap().parse().unwrap()
}

impl Api {
    fn row(&self, id: u64) -> Number {
        let found = self.platform.find_number(&id.to_string()).unwrap();
        found.unwrap()
    }
    fn code(&self, id: u64) -> String {
        self.row(id).registration.code.unwrap().code
    }
    async fn asks(&self, id: u64) -> Reply {
        let path = format!("/v25.0/{id}/request_code?code_method=SMS&language=en_US");
        self.post(&path, json!({})).await
    }
    async fn gives(&self, id: u64, code: &str) -> Reply {
        let path = format!("/v25.0/{id}/verify_code");
        self.post(&path, json!({ "code": code })).await
    }
    async fn status(&self, id: u64) -> Value {
        let path = format!("/v25.0/{id}?fields=code_verification_status,status");
        self.get(&path).await.ok()
    }
}

#[tokio::test]
async fn from_the_account_to_the_first_registration() {
    let api = Api::new().await;
    let id = added(&api).await;
    let text = id.to_string();
    assert_eq!(
        api.status(id).await,
        json!({"id": text, "code_verification_status": "NOT_VERIFIED", "status": "DISCONNECTED"})
    );
    let register = json!({"messaging_product": "whatsapp", "pin": "123456"});
    let registering = format!("/v25.0/{id}/register");
    let early = api.post(&registering, register.clone()).await;
    assert_eq!(early.refusal().1, 133_006);

    assert_eq!(api.asks(id).await.ok(), json!({"success": true}));
    let code = api.code(id);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let reply = api.gives(id, wrong).await;
    let (status, number, sentence) = reply.refusal();
    assert_eq!((status, number), (400, 100));
    assert!(sentence.contains("code"), "{sentence}");
    assert_eq!(api.gives(id, &code).await.ok(), json!({"success": true}));
    assert_eq!(api.status(id).await["code_verification_status"], "VERIFIED");
    // Single use, and nothing left to ask for.
    assert_eq!(api.gives(id, &code).await.refusal().1, 100);
    assert_eq!(api.asks(id).await.refusal().1, 136_024);
    api.post(&registering, register).await.ok();
    assert_eq!(api.status(id).await["status"], "CONNECTED");
}

#[tokio::test]
async fn a_code_ends_after_ten_minutes_of_rule_time() {
    let api = Api::new().await;
    let id = added(&api).await;
    api.asks(id).await.ok();
    let code = api.code(id);
    let later = Duration::from_secs(601);
    api.platform.advance(later).await.unwrap();
    assert_eq!(api.gives(id, &code).await.refusal().1, 100);
    api.asks(id).await.ok();
    api.gives(id, &api.code(id)).await.ok();
}

#[tokio::test]
async fn what_is_missing_or_somebody_elses_is_refused() {
    let api = Api::new().await;
    let id = added(&api).await;
    for (path, named) in [
        ("request_code?language=en", "code_method"),
        ("request_code?code_method=PIGEON&language=en", "code_method"),
        ("request_code?code_method=VOICE", "language"),
        (
            "request_code?code_method=VOICE&language=a-language-without-an-end",
            "language",
        ),
        ("verify_code", "code"),
        ("verify_code?code=12", "code"),
    ] {
        let reply = api.post(&format!("/v25.0/{id}/{path}"), json!({})).await;
        let (status, code, sentence) = reply.refusal();
        assert_eq!((status, code), (400, 100), "{path}");
        assert!(sentence.contains(named), "{path}: {sentence}");
    }
    let path = format!("/v25.0/{id}/request_code?code_method=SMS&language=en");
    let stranger = api.ask("POST", &path, STRANGER, None).await;
    assert_eq!(stranger.refusal().1, 100);
    let messaging = api.ask("POST", &path, MESSAGING, None).await;
    assert_eq!(messaging.refusal().1, 10);
    let again = json!({"cc": "44", "phone_number": "2079460077", "verified_name": "Quay"});
    let again = api
        .post(&format!("/v25.0/{WABA}/phone_numbers"), again)
        .await;
    assert_eq!(again.refusal().1, 100);
}

#[tokio::test]
async fn a_number_that_is_used_in_the_business_app_takes_no_calls() {
    let api = Api::new().await;
    let number = PhoneNumberId(PHONE);
    let shared = api
        .platform
        .change_number(number, |number| number.share_with_biz_app(true));
    shared.await.unwrap();
    let node = api
        .get(&format!(
            "/v25.0/{PHONE}?fields=is_on_biz_app,platform_type"
        ))
        .await
        .ok();
    assert_eq!(
        (&node["is_on_biz_app"], &node["platform_type"]),
        (&json!(true), &json!("CLOUD_API"))
    );
    assert_eq!(api.calls(PHONE, connect(ANA)).await.refusal().1, 138_000);
    let settings = format!("/v25.0/{PHONE}/settings");
    let on = json!({"calling": {"status": "ENABLED"}});
    let reply = api.post(&settings, on.clone()).await;
    let (status, code, sentence) = reply.refusal();
    assert_eq!((status, code), (400, 100));
    assert!(sentence.contains("is_on_biz_app"), "{sentence}");
    assert_eq!(api.row(PHONE).settings.status, Switch::Disabled);
    let alone = api
        .platform
        .change_number(number, |number| number.share_with_biz_app(false));
    alone.await.unwrap();
    api.post(&settings, on).await.ok();
}

#[tokio::test]
async fn the_badge_is_asked_for_and_again_30_days_after_a_refusal() {
    let api = Api::new().await;
    let path = format!("/v25.0/{PHONE}/official_business_account");
    let body = json!({"business_website_url": "https://harbour.example", "primary_country_of_operation": "United Kingdom"});
    let status = async || api.get(&path).await.ok()["oba_status"].clone();
    let judged = async |state: BadgeStatus, at: RuleTime| {
        let change = move |number: &mut Number| number.judge_badge(state, at);
        api.platform
            .change_number(PhoneNumberId(PHONE), change)
            .await
            .unwrap();
    };
    assert_eq!(status().await, "NOT_STARTED");
    for missing in ["business_website_url", "primary_country_of_operation"] {
        let mut less = body.clone();
        less.as_object_mut().unwrap().remove(missing);
        let reply = api.post(&path, less).await;
        let (_, code, sentence) = reply.refusal();
        assert_eq!(code, 100);
        assert!(sentence.contains(missing), "{sentence}");
    }
    let mut few = body.clone();
    few["supporting_links"] = json!(["https://a.example"]);
    assert!(api.post(&path, few).await.refusal().2.contains("5 to 10"));
    api.post(&path, body.clone()).await.ok();
    assert_eq!(status().await, "PENDING");
    assert_eq!(api.post(&path, body.clone()).await.refusal().1, 100);

    judged(BadgeStatus::Rejected, api.platform.clock().now()).await;
    assert_eq!(api.post(&path, body.clone()).await.refusal().1, 100);
    let month = Duration::from_secs(30 * 86_400);
    api.platform.advance(month).await.unwrap();
    api.post(&path, body).await.ok();
    judged(BadgeStatus::Approved, api.platform.clock().now()).await;
    assert_eq!(status().await, "APPROVED");
    let node = api
        .get(&format!(
            "/v25.0/{PHONE}?fields=is_official_business_account"
        ))
        .await
        .ok();
    assert_eq!(node["is_official_business_account"], true);
    let test = api.platform.change_number(PhoneNumberId(PHONE), |number| {
        number.profile = Profile::Test;
        number.about = Default::default();
    });
    test.await.unwrap();
    let body = json!({"business_website_url": "https://harbour.example", "primary_country_of_operation": "GB"});
    assert_eq!(api.post(&path, body).await.refusal().1, 100);
}
