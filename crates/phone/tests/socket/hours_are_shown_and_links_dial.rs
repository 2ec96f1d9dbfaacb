use ahoy_calling::settings::{CallHours, OpenHours, SettingsPatch, Switch};
use ahoy_phone::{PhoneState, router};
use ahoy_types::Weekday;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::json;
use tower::ServiceExt as _;

use crate::support::{ANA, PHONE, Server};

/// Open for one minute a week.
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
async fn a_closed_business_says_so_and_can_be_asked_to_call_back() {
    let server = Server::start().await;
    let patch = SettingsPatch {
        call_hours: Some(nearly_never()),
        callback_permission_status: Some(Switch::Enabled),
        ..Default::default()
    };
    server
        .platform
        .update_settings(&server.business, PHONE, patch)
        .await
        .unwrap();
    let mut phone = server.phone().await;
    let info = phone.get("chat_info", json!({"business": PHONE})).await;
    let business = &info["business"];
    assert_eq!(
        (
            &business["open"],
            &business["call_icon"],
            &business["callback"]
        ),
        (&json!(false), &json!(true), &json!(true))
    );
    assert!(
        business["opens"].as_str().unwrap().starts_with("Sunday"),
        "{business}"
    );
    assert!(business["next_opening"].is_i64());
    let hours = &business["hours"];
    assert_eq!(
        (&hours["zone"], &hours["dates"]),
        (&json!("UTC"), &json!([]))
    );
    assert_eq!(hours["week"][0], json!(["Monday", "Closed"]));
    assert_eq!(hours["week"][6], json!(["Sunday", "03:00–03:01"]));
    let refused = phone.ask("call", json!({"to": PHONE})).await;
    assert_eq!(refused["error"]["code"], "closed", "{refused}");
    phone.get("callback", json!({"business": PHONE})).await;
    let mine = ANA.parse().unwrap();
    let granted = server.platform.call_permissions(
        &server.business,
        PHONE,
        &ahoy_platform::Recipient::Number(mine),
    );
    assert!(granted.unwrap().may_call);
}

#[tokio::test]
async fn a_call_link_opens_the_phone_ready_to_dial() {
    let server = Server::start().await;
    let get = async |path: &str| {
        let routes = router(PhoneState {
            platform: server.platform.clone(),
            dev: true,
        });
        let response = routes
            .oneshot(Request::get(path).body(Body::empty()).unwrap())
            .await
            .unwrap();
        let to = response
            .headers()
            .get("location")
            .map(|to| to.to_str().unwrap().to_owned());
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, to, String::from_utf8(body.to_vec()).unwrap())
    };
    let (status, _, page) = get("/call/442079460000?biz_payload=web%20%26%20%22banner%22").await;
    assert_eq!(status, StatusCode::OK);
    let address = "/phone?user=447700900001&call=710000000000001&biz_payload=web+%26+%22banner%22";
    assert!(page.contains(&address.replace('&', "&amp;")), "{page}");

    let (status, to, _) =
        get("/call/442079460000?biz_payload=web%20%26%20%22banner%22&user=447700900001").await;
    assert_eq!(
        (status, to.as_deref()),
        (StatusCode::SEE_OTHER, Some(address))
    );
    let (status, _, page) = get(address).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains(r#"data-call="710000000000001""#)
            && page.contains("data-payload=\"web &amp; &quot;banner&quot;\""),
        "{page}"
    );

    let (status, _, page) = get("/call/447700900999").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(
        page.contains("There is no business with the number 447700900999."),
        "{page}"
    );
    let long = format!("/call/442079460000?biz_payload={}", "x".repeat(513));
    assert_eq!(get(&long).await.0, StatusCode::BAD_REQUEST);
}
