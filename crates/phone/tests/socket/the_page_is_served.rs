use ahoy_phone::{Limits, PhoneState, router};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use tower::ServiceExt as _;

use crate::support::Server;

async fn get(
    server: &Server,
    dev: bool,
    path: &str,
) -> (StatusCode, axum::http::HeaderMap, String) {
    let routes = router(PhoneState {
        platform: server.platform.clone(),
        dev,
    });
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = routes.oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    (
        head.status,
        head.headers,
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

#[tokio::test]
async fn anybody_s_phone_can_be_picked() {
    let server = Server::start().await;
    let (status, headers, page) = get(&server, true, "/phone").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains(r#"href="/phone?user=447700900001""#) && page.contains("Ben"),
        "{page}"
    );
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );

    let (status, _, page) = get(&server, true, "/phone?user=%2B44%207700%20900001").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains(r#"data-user="447700900001""#), "{page}");
    // Every file the page names is there, and no script stands in the page itself.
    for path in page
        .split('"')
        .filter(|part| part.starts_with("/phone/assets/"))
    {
        assert_eq!(get(&server, true, path).await.0, StatusCode::OK, "{path}");
    }
    assert!(
        !page
            .replace("<script type=\"module\" src=", "")
            .contains("<script"),
        "{page}"
    );

    let (status, _, page) = get(&server, true, "/phone?user=%3Cb%3E").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        page.contains("is not a phone number") && !page.contains("<b>"),
        "{page}"
    );
}

#[tokio::test]
async fn where_people_cannot_sign_in_there_are_no_phones() {
    let server = Server::with(false, Limits::default()).await;
    for path in ["/phone", "/phone/socket", "/phone/assets/main.js"] {
        let (status, _, body) = get(&server, false, path).await;
        assert_eq!(status, StatusCode::NOT_IMPLEMENTED, "{path}");
        assert!(body.contains("no_sign_in"), "{body}");
    }
}
