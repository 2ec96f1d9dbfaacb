//! `view`, `chat_info`, `callback`: what a phone shows of a business, old settings, and asking to be called back.

use crate::world::{ANA, PHONE, Sandbox};
use ahoy_calling::settings::{CallHours, IconVisibility, OpenHours, SettingsPatch, Switch};
use ahoy_types::Weekday;
use serde_json::{Value, json};

const WEEK: u64 = 604_800;

async fn view(sandbox: &Sandbox) -> Value {
    let path = format!("/users/{ANA}/view?phone_number_id={PHONE}");
    sandbox.get(&path).await.ok()
}

async fn look(sandbox: &Sandbox) -> Value {
    let path = format!("/users/{ANA}/chat_info");
    let body = json!({"phone_number_id": PHONE});
    sandbox.post(&path, body).await.ok()
}

async fn advance(sandbox: &Sandbox, seconds: u64) {
    let body = json!({"seconds": seconds});
    sandbox.post("/clock/advance", body).await.ok();
}

fn icon(visibility: IconVisibility) -> SettingsPatch {
    SettingsPatch {
        call_icon_visibility: Some(visibility),
        ..Default::default()
    }
}

/// Open for one minute of the week.
fn nearly_never() -> CallHours {
    CallHours {
        status: Switch::Enabled,
        timezone_id: "UTC".into(),
        weekly_operating_hours: vec![OpenHours {
            day_of_week: Weekday::Sunday,
            open_time: "0300".parse().unwrap(),
            close_time: "0301".parse().unwrap(),
        }],
        holiday_schedule: Vec::new(),
    }
}

#[tokio::test]
async fn the_icon_says_why_it_is_missing() {
    let sandbox = Sandbox::new().await;
    let shown = view(&sandbox).await;
    assert_eq!(
        (&shown["call_icon"], &shown["open"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        (&shown["no_icon"], &shown["opens"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(shown["callback"], json!(false));
    // By its digits as well.
    let path = format!("/users/{ANA}/view?phone_number_id=442079460000");
    let by_digits = sandbox.get(&path).await.ok();
    assert_eq!(by_digits["no_icon"], Value::Null);

    sandbox.set(icon(IconVisibility::DisableAll)).await;
    assert_eq!(view(&sandbox).await["no_icon"], "hidden");
    sandbox.set(icon(IconVisibility::Default)).await;
    sandbox
        .set(SettingsPatch {
            restrict_to_user_countries: Some(vec!["ES".parse().unwrap()]),
            ..Default::default()
        })
        .await;
    let shown = view(&sandbox).await;
    assert_eq!(
        (&shown["no_icon"], &shown["call_icon"]),
        (&json!("country"), &json!(false))
    );
    let sentence = shown["no_icon_reason"].as_str().unwrap();
    assert!(sentence.contains("other countries"), "{sentence}");
    sandbox
        .patch(&format!("/users/{ANA}"), json!({"country": "ES"}))
        .await
        .ok();
    assert_eq!(view(&sandbox).await["no_icon"], Value::Null);

    sandbox
        .set(SettingsPatch {
            status: Some(Switch::Disabled),
            ..Default::default()
        })
        .await;
    assert_eq!(view(&sandbox).await["no_icon"], "calling_off");
}

#[tokio::test]
async fn a_closed_business_names_its_opening_and_takes_requests_to_call_back() {
    let sandbox = Sandbox::new().await;
    let ask = async || {
        let path = format!("/users/{ANA}/callback");
        sandbox.post(&path, json!({"phone_number_id": PHONE})).await
    };
    assert_eq!(ask().await.refusal().1, "no_callback");
    sandbox
        .set(SettingsPatch {
            call_hours: Some(nearly_never()),
            callback_permission_status: Some(Switch::Enabled),
            ..Default::default()
        })
        .await;
    let shown = view(&sandbox).await;
    assert_eq!(
        (&shown["open"], &shown["callback"]),
        (&json!(false), &json!(true))
    );
    assert!(
        shown["opens"].as_str().unwrap().starts_with("Sunday"),
        "{shown}"
    );
    let opens = shown["next_opening"].as_i64().unwrap();
    let now = sandbox.get("/clock").await.ok()["now"].as_i64().unwrap();
    assert!(opens > now && opens <= now + 604_800, "{opens} at {now}");

    let calls = format!("/users/{ANA}/calls");
    let refused = sandbox.post(&calls, json!({"to": PHONE})).await;
    assert_eq!(refused.refusal().1, "closed");
    let error = &refused.json["error"];
    assert_eq!(
        (&error["next_opening"], &error["callback"]),
        (&json!(opens), &json!(true))
    );

    ask().await.ok();
    let told = sandbox.webhooks("messages");
    let reply = &told[0]["messages"][0]["interactive"]["call_permission_reply"];
    assert_eq!(reply["response"], "accept", "{told:?}");
    assert_eq!(reply["response_source"], "automatic", "{told:?}");
    let pair = sandbox.platform.pair(PHONE, ANA).unwrap();
    let now = sandbox.platform.clock().now();
    assert_ne!(pair.permission(now), ahoy_calling::Permission::None);

    // The opening is the first open instant.
    advance(&sandbox, u64::try_from(opens - now.secs()).unwrap()).await;
    assert_eq!(view(&sandbox).await["open"], json!(true));
    sandbox.post(&calls, json!({"to": PHONE})).await.ok();
}

#[tokio::test]
async fn a_phone_may_hold_old_settings_until_it_looks_anew() {
    let sandbox = Sandbox::new().await;
    let user = format!("/users/{ANA}");
    let hold = json!({"client": {"holds_old_settings": true}});
    let held = sandbox.patch(&user, hold).await.ok();
    assert_eq!(held["client"]["holds_old_settings"], json!(true));
    advance(&sandbox, 60).await;
    sandbox.set(icon(IconVisibility::DisableAll)).await;
    let shown = view(&sandbox).await;
    assert_eq!(shown["no_icon"], Value::Null, "it shows what held before");
    let now = sandbox.platform.clock().now().secs();
    assert!(
        shown["settings_as_of"].as_i64().unwrap() <= now - 60,
        "{shown}"
    );

    // Opening the chat information is looking anew.
    assert_eq!(look(&sandbox).await["no_icon"], "hidden");
    assert_eq!(view(&sandbox).await["no_icon"], "hidden");
    advance(&sandbox, 60).await;
    sandbox.set(icon(IconVisibility::Default)).await;
    assert_eq!(view(&sandbox).await["no_icon"], "hidden");
    // And by itself it looks every seven days.
    advance(&sandbox, WEEK - 120).await;
    assert_eq!(view(&sandbox).await["no_icon"], "hidden");
    advance(&sandbox, 120).await;
    assert_eq!(view(&sandbox).await["no_icon"], Value::Null);
}
