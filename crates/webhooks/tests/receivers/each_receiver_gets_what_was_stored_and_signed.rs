//! Bytes, headers and signature of a delivery (`webhooks.md` §1.2).

use aws_lc_rs::hmac;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use crate::support::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[tokio::test]
async fn signed_with_each_app_s_secret_over_the_very_bytes() {
    let world = World::new(ok()).await;
    // A name that does not fit ASCII: what is signed is what is sent.
    let change = world
        .platform
        .change_user(ANA, |user| user.name = Some("Änna 🌊".into()));
    change.await.unwrap();
    world.brief_call().await;
    world.advance(0).await;
    for (receiver, app, secret) in [
        (&world.first, APP, SECRET),
        (&world.second, SECOND_APP, SECOND_SECRET),
    ] {
        let (got, log) = (receiver.got(), world.log(app));
        assert_eq!(
            got.iter().map(Got::event).collect::<Vec<_>>(),
            ["connect", "terminate"]
        );
        for (one, (delivery, attempts)) in got.iter().zip(&log) {
            assert_eq!(one.path, "/hook");
            assert_eq!(one.body, delivery.body);
            assert!(one.body.is_ascii());
            assert_eq!(one.headers["content-type"], "application/json");
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            let signature = format!("sha256={}", hex(hmac::sign(&key, &one.body).as_ref()));
            assert_eq!(one.headers["x-hub-signature-256"], signature.as_str());
            // The log shows what went out.
            let [attempt] = attempts.as_slice() else {
                panic!("{attempts:?}")
            };
            assert_eq!(
                (attempt.status, attempt.url.as_str()),
                (Some(200), receiver.url().as_str())
            );
            assert!(
                attempt
                    .headers
                    .iter()
                    .any(|(k, v)| k == "x-hub-signature-256" && *v == signature)
            );
        }
    }
}

#[tokio::test]
async fn every_retry_is_the_same_bytes_and_signature() {
    let world = World::new(handler(|_| async {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }))
    .await;
    world.user_calls(ANA).await;
    // The name changes between the attempts; the news does not.
    world
        .first
        .until("the first attempt", |got| got.first().cloned())
        .await;
    let change = world
        .platform
        .change_user(ANA, |user| user.name = Some("Somebody Else".into()));
    change.await.unwrap();
    world.advance(45).await;
    let got = world.first.got();
    assert!(got.len() >= 4, "{}", got.len());
    for one in &got {
        assert_eq!(one.body, got[0].body);
        assert_eq!(
            one.headers["x-hub-signature-256"],
            got[0].headers["x-hub-signature-256"]
        );
    }
}
