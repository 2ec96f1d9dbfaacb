//! Bytes, headers and signature of a delivery (`webhooks.md` §1.2).

use std::time::Duration;

use ahoy_calling::readings::{HeaderReading, Readings};
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
            assert!(one.headers.get("x-hub-signature").is_none());
            assert!(
                one.headers["user-agent"]
                    .to_str()
                    .unwrap()
                    .starts_with("ahoy/")
            );
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

#[tokio::test]
async fn a_receiver_that_hashes_json_it_wrote_anew_fails_here_as_live() {
    let world = World::new(ok()).await;
    let change = world.platform.change_user(ANA, |user| {
        user.name = Some("Änna <anna@b.example> 100%".into())
    });
    change.await.unwrap();
    world.brief_call().await;
    world.advance(0).await;
    let got = world.first.got();
    let sent = std::str::from_utf8(&got[0].body).unwrap();
    // Slashes of the session description, and the name.
    assert!(sent.contains("opus\\/48000\\/2"), "{sent}");
    assert!(
        sent.contains("\\u00c4nna \\u003Canna\\u0040b.example> 100\\u0025"),
        "{sent}"
    );
    let json: serde_json::Value = serde_json::from_slice(&got[0].body).unwrap();
    let name = &json["entry"][0]["changes"][0]["value"]["contacts"][0]["profile"]["name"];
    assert_eq!(name, "Änna <anna@b.example> 100%");
    for anew in [
        serde_json::to_vec(&json).unwrap(),
        serde_json::to_vec_pretty(&json).unwrap(),
    ] {
        let signature = got[0].headers["x-hub-signature-256"].to_str().unwrap();
        assert!(ahoy_wire::webhook::verify(SECRET, &got[0].body, signature));
        assert!(!ahoy_wire::webhook::verify(SECRET, &anew, signature));
    }
    // A replay is the stored bytes again.
    let (delivery, _) = world.log(APP).swap_remove(0);
    world.platform.replay(delivery.id).await.unwrap();
    let again = world
        .first
        .until("the replay", |got| got.get(2).cloned())
        .await;
    assert_eq!(
        (again.body, delivery.body),
        (got[0].body.clone(), got[0].body.clone())
    );
}

#[tokio::test]
async fn headers_are_as_live_where_that_is_asked_for() {
    let readings = Readings {
        webhook_headers: HeaderReading::Live,
        ..Readings::default()
    };
    let world = World::reading(ok(), Duration::from_secs(10), readings).await;
    world.brief_call().await;
    world.advance(0).await;
    for (receiver, app, secret) in [
        (&world.first, APP, SECRET),
        (&world.second, SECOND_APP, SECOND_SECRET),
    ] {
        let (got, log) = (receiver.got(), world.log(app));
        assert_eq!(got.len(), 2);
        for (one, (_, attempts)) in got.iter().zip(&log) {
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
            let signature = format!("sha1={}", hex(hmac::sign(&key, &one.body).as_ref()));
            assert_eq!(one.headers["x-hub-signature"], signature.as_str());
            assert!(
                one.headers["x-hub-signature-256"]
                    .to_str()
                    .unwrap()
                    .starts_with("sha256=")
            );
            let agents: Vec<_> = one.headers.get_all("user-agent").iter().collect();
            assert_eq!(agents, ["facebookexternalua"]);
            let shown = |name: &str| attempts[0].headers.iter().any(|(k, _)| k == name);
            assert!(shown("x-hub-signature") && shown("user-agent"));
        }
    }
}
