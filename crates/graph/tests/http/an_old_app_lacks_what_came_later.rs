//! What a user's app cannot do yet (`rules.md` §2): what a business is answered, and what its webhooks lack.

use ahoy_calling::identity::AppPlatform;
use ahoy_calling::place::PhoneRefusal;
use ahoy_calling::settings::{IconVisibility, SettingsPatch};
use ahoy_calling::view::NoIcon;
use ahoy_platform::{Dial, Grant, UserLegKind};
use ahoy_store::DeliveryFilter;
use ahoy_types::PhoneNumberId;
use serde_json::{Value, json};

use crate::support::bodies::*;
use crate::support::*;

const PHONE_ID: PhoneNumberId = PhoneNumberId(PHONE);

impl Api {
    /// Ben's app is of this version from here on.
    async fn app_of_ben(&self, version: &str) {
        let version = Some(version.parse().unwrap());
        let changed = self
            .platform
            .change_user(BEN, move |user| user.client.app_version = version);
        changed.await.unwrap();
    }
    /// Ben calls, with a payload of a button and one of a link.
    async fn ben_calls(&self) -> Result<(), PhoneRefusal> {
        let dial = Dial {
            cta_payload: Some("order-55".into()),
            deeplink_payload: Some("web-banner".into()),
            ..Dial::default()
        };
        let platform = &self.platform;
        let dialled = platform.user_calls(BEN, PHONE_ID, UserLegKind::Simulated, dial);
        let id = dialled.await?.id;
        platform.user_hangs_up(BEN, &id).await
    }
    /// Both payloads, in every event of the newest call.
    fn payloads(&self) -> Vec<[Value; 2]> {
        let all = self
            .platform
            .deliveries(&DeliveryFilter::default())
            .unwrap();
        let bodies = all.iter().map(|(delivery, _)| &delivery.body);
        let values = bodies.map(|body| serde_json::from_slice::<Value>(body).unwrap());
        let calls: Vec<Value> = values
            .map(|body| body["entry"][0]["changes"][0]["value"]["calls"][0].clone())
            .filter(Value::is_object)
            .collect();
        let newest = calls.last().unwrap()["id"].clone();
        let of_it = calls.into_iter().filter(|call| call["id"] == newest);
        of_it
            .map(|call| {
                [
                    call["cta_payload"].clone(),
                    call["deeplink_payload"].clone(),
                ]
            })
            .collect()
    }
    fn no_icon(&self) -> Option<NoIcon> {
        let number = self.platform.find_number(&PHONE.to_string());
        let number = number.unwrap().unwrap();
        self.platform.phone_view(&number, BEN).unwrap().no_icon
    }
}

#[tokio::test]
async fn an_old_app_cannot_be_called_and_gets_no_cards() {
    let api = Api::new().await;
    let old = api
        .platform
        .change_user(BEN, |user| user.client.too_old_for_calls = true);
    old.await.unwrap();
    let given = api.platform.set_permission(PHONE_ID, BEN, Grant::Permanent);
    given.await.unwrap();
    let reply = api.calls(PHONE, connect(BEN)).await;
    assert_eq!((reply.refusal().0, reply.refusal().1), (400, 138_001));
    let permissions = format!("/v25.0/{PHONE}/call_permissions?user_wa_id={BEN}");
    let seen = api.get(&permissions).await.ok();
    assert_eq!(seen["permission"], json!({"status": "no_permission"}));
    api.platform
        .set_permission(PHONE_ID, BEN, Grant::Revoke)
        .await
        .unwrap();
    let written = api.platform.user_writes(BEN, PHONE_ID, "Hi".into(), None);
    written.await.unwrap();
    for body in [button(BEN), request(BEN)] {
        let sent = api.post(&messages(PHONE), body).await.ok();
        assert!(sent["messages"][0]["id"].is_string());
    }
    let codes: Vec<u64> = failures(&api).iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [131_026, 131_026]);
}

#[tokio::test]
async fn cards_arrive_and_calls_ring_from_the_version_that_knows_them() {
    let api = Api::new().await;
    let given = api.platform.set_permission(PHONE_ID, BEN, Grant::Permanent);
    given.await.unwrap();
    let written = api.platform.user_writes(BEN, PHONE_ID, "Hi".into(), None);
    written.await.unwrap();
    // What fails of a call button and a call.
    for (version, button_fails, call_fails) in [
        ("2.24.0.99", true, true),
        ("2.24.1", false, true),
        ("24.13.99", false, true),
        ("2.24.14.0", false, false),
    ] {
        api.app_of_ben(version).await;
        let before = failures(&api).len();
        api.post(&messages(PHONE), button(BEN)).await.ok();
        let failed = failures(&api).len() > before;
        assert_eq!(failed, button_fails, "the button in {version}");
        let reply = api.calls(PHONE, connect(BEN)).await;
        if call_fails {
            assert_eq!((reply.refusal().0, reply.refusal().1), (400, 138_001));
        } else {
            reply.ok();
        }
    }
    assert!(failures(&api).iter().all(|(code, _)| *code == 131_026));

    api.platform
        .set_permission(PHONE_ID, BEN, Grant::Revoke)
        .await
        .unwrap();
    for (version, fails) in [("2.24.13.99", true), ("2.24.14", false)] {
        api.app_of_ben(version).await;
        let before = failures(&api).len();
        api.post(&messages(PHONE), request(BEN)).await.ok();
        assert_eq!(failures(&api).len() > before, fails, "{version}");
    }
}

#[tokio::test]
async fn payloads_go_with_the_call_from_the_version_that_sends_them() {
    let api = Api::new().await;
    api.app_of_ben("2.25.26.99").await;
    api.ben_calls().await.unwrap();
    let neither = [Value::Null, Value::Null];
    assert_eq!(api.payloads(), [neither.clone(), neither]);
    api.app_of_ben("2.25.27").await;
    api.ben_calls().await.unwrap();
    let both = [json!("order-55"), json!("web-banner")];
    assert_eq!(api.payloads(), [both.clone(), both]);
}

#[tokio::test]
async fn the_icon_comes_with_a_version_and_hides_from_a_later_one() {
    let api = Api::new().await;
    let caller = api.platform.authenticate(TOKEN).unwrap();
    let hidden = SettingsPatch {
        call_icon_visibility: Some(IconVisibility::DisableAll),
        ..Default::default()
    };
    api.platform
        .update_settings(&caller, PHONE_ID, hidden)
        .await
        .unwrap();
    for (version, shown) in [
        ("2.23.13.99", Some(NoIcon::AppTooOld)),
        ("2.23.14", None),
        ("2.24.10.7", None),
        ("2.24.10.8", Some(NoIcon::Hidden)),
    ] {
        api.app_of_ben(version).await;
        assert_eq!(api.no_icon(), shown, "{version}");
    }
    // The icon alone is hidden; an app that has none cannot call at all.
    api.ben_calls().await.unwrap();
    api.app_of_ben("2.23.13").await;
    assert_eq!(api.ben_calls().await, Err(PhoneRefusal::AppTooOld));
}

#[tokio::test]
async fn the_desktop_has_no_calls() {
    let api = Api::new().await;
    let given = api.platform.set_permission(PHONE_ID, BEN, Grant::Permanent);
    given.await.unwrap();
    for platform in [AppPlatform::Web, AppPlatform::Desktop] {
        let moved = api
            .platform
            .change_user(BEN, move |user| user.client.platform = platform);
        moved.await.unwrap();
        assert_eq!(api.ben_calls().await, Err(PhoneRefusal::NoCallsHere));
        assert_eq!(api.no_icon(), Some(NoIcon::NoCallsHere));
        let reply = api.calls(PHONE, connect(BEN)).await;
        assert_eq!((reply.refusal().0, reply.refusal().1), (400, 138_001));
        let written = api.platform.user_writes(BEN, PHONE_ID, "Hi".into(), None);
        written.await.unwrap();
        let before = failures(&api).len();
        api.post(&messages(PHONE), button(BEN)).await.ok();
        assert_eq!(failures(&api)[before].0, 131_026);
    }
    let back = api
        .platform
        .change_user(BEN, |user| user.client.platform = AppPlatform::Ios);
    back.await.unwrap();
    api.ben_calls().await.unwrap();
}
