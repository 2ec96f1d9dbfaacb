//! `/` of the sandbox and of a server with tenants.

use crate::support::{Folder, Running};

async fn page(server: &Running) -> (reqwest::header::HeaderMap, String) {
    let answer = reqwest::get(&server.url).await.unwrap();
    assert_eq!(answer.status(), 200);
    (answer.headers().clone(), answer.text().await.unwrap())
}

#[tokio::test]
async fn of_a_sandbox_with_its_keys_and_last_calls() {
    let dev = Running::start(&["dev", "--json", "--listen", "127.0.0.1:0"]);
    let (headers, text) = page(&dev).await;
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    for value in [
        "ahoy-dev-token",
        "ahoy-dev-admin",
        "ahoy-dev-secret",
        "900100200300",
        "720000000000001",
        "710000000000001",
        "447700900001",
        "None yet.",
        "href=\"/phone\"",
        "href=\"/inspector\"",
    ] {
        assert!(text.contains(value), "{value} is not on the page");
    }
    let base = dev.url.trim_end_matches('/');
    for file in ["start.css", "start.js", "base.css", "ahoy.svg"] {
        let asset = reqwest::get(format!("{base}/start/assets/{file}")).await;
        assert_eq!(asset.unwrap().status(), 200, "{file}");
    }
    let client = reqwest::Client::new();
    let ana = format!("{base}/sandbox/v1/users/447700900001/calls");
    let call = client
        .post(&ana)
        .json(&serde_json::json!({"to": "710000000000001"}));
    let call: serde_json::Value = call.send().await.unwrap().json().await.unwrap();
    let ended = format!("{ana}/{}/hang_up", call["id"].as_str().unwrap());
    client
        .post(ended)
        .json(&serde_json::json!({}))
        .send()
        .await
        .unwrap();
    let (_, text) = page(&dev).await;
    assert!(
        text.contains("Ana called") && text.contains("ended"),
        "{text}"
    );
    let desk = reqwest::get(format!("{base}/desk")).await.unwrap();
    assert_eq!(desk.url().path(), "/");
}

#[tokio::test]
async fn of_a_server_with_tenants_without_anything_of_theirs() {
    let folder = Folder::new("start");
    let file = folder.path("ahoy.toml");
    std::fs::write(&file, "admin_token = \"0123456789abcdef-secret\"\n").unwrap();
    let data = folder.path("data");
    let words = [
        "serve",
        "--json",
        "--config",
        &file,
        "--data",
        &data,
        "--listen",
        "127.0.0.1:0",
    ];
    let server = Running::start(&words);
    let (_, text) = page(&server).await;
    assert!(text.contains("/v25.0/") && text.contains("href=\"/docs\""));
    assert!(
        !text.contains("0123456789abcdef") && !text.contains("token"),
        "{text}"
    );
}

#[tokio::test]
async fn every_page_has_its_content_security_policy() {
    let dev = Running::start(&["dev", "--json", "--no-agent", "--listen", "127.0.0.1:0"]);
    let base = dev.url.trim_end_matches('/');
    for path in [
        "/",
        "/phone",
        "/phone?user=447700900001",
        "/phone?call=nobody",
        "/inspector",
        "/docs/",
    ] {
        let answer = reqwest::get(format!("{base}{path}")).await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/html"), "{path} is {kind}");
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'self';",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
    }
}
