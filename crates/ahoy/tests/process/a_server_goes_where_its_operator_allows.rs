//! `ahoy serve` verifies callbacks at public addresses, and at others where `[outbound]` says so.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Query;
use axum::routing::get;
use serde_json::{Value, json};

use crate::support::{Folder, Running, command};

const ADMIN: &str = "an admin token of this test";

/// A receiver that takes every callback, and how often it was asked.
async fn receiver() -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let echo = move |Query(query): Query<HashMap<String, String>>| {
        count.fetch_add(1, Ordering::SeqCst);
        async move { query.get("hub.challenge").cloned().unwrap_or_default() }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(get(echo))).await });
    (url, asked)
}

fn config(folder: &Folder, outbound: &str) -> String {
    let path = folder.path("ahoy.toml");
    let text = format!(
        "listen = \"127.0.0.1:0\"\nmedia_workers = 1\nadmin_token = \"{ADMIN}\"\n{outbound}"
    );
    std::fs::write(&path, text).unwrap();
    path
}

fn serve(folder: &Folder, outbound: &str) -> Running {
    let (config, data) = (config(folder, outbound), folder.path("data"));
    Running::start(&["serve", "--json", "--config", &config, "--data", &data])
}

async fn post(url: String, token: &str, body: Value) -> (u16, Value) {
    let sent = reqwest::Client::new()
        .post(url)
        .bearer_auth(token)
        .json(&body);
    let answer = sent.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Subscribes a new app to this callback.
async fn subscribe(server: &Running, callback: &str) -> (u16, Value) {
    let create = |what: &str, body| post(format!("{}/admin/v1/{what}", server.url), ADMIN, body);
    let (_, business) = create("businesses", json!({"name": "Harbour Café"})).await;
    let app = json!({"business": business["id"], "name": "Harbour Voice"});
    let (_, app) = create("apps", app).await;
    let (id, secret) = (app["id"].as_str().unwrap(), app["secret"].as_str().unwrap());
    let body = json!({"object": "whatsapp_business_account", "callback_url": callback,
                      "verify_token": "mine", "fields": "calls"});
    let url = format!("{}/v25.0/{id}/subscriptions", server.url);
    post(url, &format!("{id}|{secret}"), body).await
}

#[tokio::test]
async fn a_tenant_reaches_nothing_beside_the_server() {
    let (url, asked) = receiver().await;
    let folder = Folder::new("outbound-public");
    let server = serve(&folder, "");
    for callback in [
        url.as_str(),
        &url.replace("127.0.0.1", "localhost"),
        &server.url,
    ] {
        let (status, answer) = subscribe(&server, callback).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!(100)));
        let details = answer["error"]["error_data"]["details"].as_str().unwrap();
        assert!(details.contains("public address"), "{details}");
        assert_eq!(details.matches("verified").count(), 1, "{details}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_the_operator_allows_is_reached() {
    let (url, asked) = receiver().await;
    let folder = Folder::new("outbound-allowed");
    let server = serve(&folder, "[outbound]\nallow = [\"127.0.0.0/8\"]\n");
    let (status, answer) = subscribe(&server, &url).await;
    assert_eq!(
        (status, &answer["success"]),
        (200, &json!(true)),
        "{answer}"
    );
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn a_network_that_is_none_and_a_file_without_certificates_are_named() {
    let folder = Folder::new("outbound-wrong");
    let config = config(&folder, "[outbound]\nallow = [\"my-laptop\"]\n");
    let data = folder.path("data");
    let said = |args: &[&str]| {
        let output = command(args).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let serve = ["serve", "--config", &config, "--data", &data];
    let words = said(&serve);
    assert!(
        words.contains("`my-laptop` is neither an address nor a network"),
        "{words}"
    );
    std::fs::write(&config, "listen = \"127.0.0.1:0\"\n").unwrap();
    let words = said(&[&serve[..], &["--webhook-ca", &config]].concat());
    assert!(
        words.contains("holds no certificate in PEM form"),
        "{words}"
    );
}
