//! One line on standard error: where the webhook went, why it failed, and when it is tried again.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};

use crate::support::command;

/// How long a line may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A sandbox whose log is read.
struct Dev {
    process: Child,
    url: String,
    log: mpsc::Receiver<String>,
}

impl Dev {
    fn start() -> Self {
        let mut process = command(&["dev", "--json", "--no-agent", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let (lines, log) = mpsc::channel();
        let said = BufReader::new(process.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
        let url = ready["url"].as_str().unwrap().to_owned();
        Self { process, url, log }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = reqwest::Client::new()
            .post(format!("{}{path}", self.url))
            .bearer_auth("900100200300|ahoy-dev-secret")
            .json(&body);
        let answer = request.send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{path}: {:?}",
            answer.text().await
        );
        answer.json().await.unwrap()
    }

    /// The next line with this in it.
    fn line(&self, part: &str) -> String {
        loop {
            let line = self.log.recv_timeout(PATIENCE).unwrap();
            if line.contains(part) {
                return line;
            }
        }
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let pid = self.process.id().to_string();
        let _ = std::process::Command::new("kill")
            .args(["-TERM", &pid])
            .status();
        let _ = self.process.wait();
    }
}

async fn challenge(Query(query): Query<std::collections::HashMap<String, String>>) -> String {
    query.get("hub.challenge").cloned().unwrap_or_default()
}

// Several threads, because the wait for a line blocks one.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_and_a_lost_webhook_have_one_line_each() {
    // It verifies and then refuses, as a receiver with the wrong app secret does.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let receiver = format!("http://{}/hook", listener.local_addr().unwrap());
    let refusing = get(challenge).post(|| async { StatusCode::UNAUTHORIZED });
    let app = Router::new().route("/hook", refusing);
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let dev = Dev::start();
    let subscription = json!({
        "object": "whatsapp_business_account", "callback_url": format!("{receiver}?key=secret"),
        "verify_token": "mine", "fields": "calls",
    });
    dev.post("/v25.0/900100200300/subscriptions", subscription)
        .await;
    let call = || {
        dev.post(
            "/sandbox/v1/users/447700900001/calls",
            json!({"to": "710000000000001"}),
        )
    };
    let id = call().await["id"].clone();
    let line = dev.line("webhook to");
    assert!(
        line.contains(&format!(
            "WARN the connect webhook to {receiver} was answered 401; the next attempt is in"
        )),
        "{line}"
    );
    assert!(!line.contains("secret"));

    let call_path = format!(
        "/sandbox/v1/users/447700900001/calls/{}",
        id.as_str().unwrap()
    );
    dev.post(&format!("{call_path}/hang_up"), json!({})).await;
    dev.post("/sandbox/v1/clock/advance", json!({"seconds": 20}))
        .await;
    let view = reqwest::get(format!("{}{call_path}", dev.url))
        .await
        .unwrap();
    let view: Value = view.json().await.unwrap();
    let verdict = view["media"]["verdict"].as_str().unwrap();
    assert!(
        verdict.starts_with(&format!(
            "The connect webhook was answered 401 four times ({receiver})."
        )),
        "{verdict}"
    );

    // Within a minute there is no other line about the same receiver: the next is about the next one.
    server.abort();
    let gone = tokio::net::TcpListener::bind("127.0.0.2:0").await.unwrap();
    let other = format!("http://{}/hook", gone.local_addr().unwrap());
    let verifying = tokio::spawn(async move {
        axum::serve(gone, Router::new().route("/hook", get(challenge))).await
    });
    let subscription = json!({
        "object": "whatsapp_business_account", "callback_url": other, "verify_token": "mine", "fields": "calls",
    });
    dev.post("/v25.0/900100200300/subscriptions", subscription)
        .await;
    verifying.abort();
    let _ = verifying.await;
    call().await;
    let line = dev.line("webhook to");
    assert!(
        line.contains(&format!("to {other} failed: nothing listens at 127.0.0.2:")),
        "{line}"
    );
}
