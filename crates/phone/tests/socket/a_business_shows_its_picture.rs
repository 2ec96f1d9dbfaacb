//! What a business says of itself, and its picture.

use ahoy_calling::about::AboutPatch;
use ahoy_calling::admin::Administrator;
use ahoy_phone::{PhoneState, router};
use ahoy_platform::admin::NumberPatch;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::json;
use tower::ServiceExt as _;

use crate::support::{PHONE, Server};

#[tokio::test]
async fn in_the_list_and_at_its_address() {
    let server = Server::start().await;
    let mut phone = server.phone().await;
    let list = phone.get("businesses", json!({})).await;
    assert!(list["businesses"][0].get("picture").is_none());
    assert!(list["businesses"][0].get("official").is_none());

    let admin = server.platform.admin(Administrator::all("test"));
    let png = b"\x89PNG\r\n\x1a\nrest".to_vec();
    admin.set_picture(PHONE, png.clone()).await.unwrap();
    let patch = NumberPatch {
        about: AboutPatch {
            description: Some("Coffee on the quay".into()),
            ..AboutPatch::default()
        },
        official: Some(true),
        ..NumberPatch::default()
    };
    admin.change_number(PHONE, patch).await.unwrap();
    let list = phone.get("businesses", json!({})).await;
    let business = &list["businesses"][0];
    assert_eq!(business["description"], "Coffee on the quay");
    assert_eq!(business["official"], true);
    let path = business["picture"].as_str().unwrap();

    // Pictures are public, also where nobody may take a phone.
    let routes = router(PhoneState {
        platform: server.platform.clone(),
        dev: false,
    });
    let get = async |path: &str| {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        routes.clone().oneshot(request).await.unwrap()
    };
    let answer = get(path).await;
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert_eq!(to_bytes(answer.into_body(), 100).await.unwrap(), png);
    for missing in ["/pictures/710000000000002", "/pictures/x"] {
        assert_eq!(get(missing).await.status(), 404, "{missing}");
    }
}
