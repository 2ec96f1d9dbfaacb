//! `ahoy load` against a server of its own for each test.

mod calls_are_played_and_reported;
mod what_goes_wrong_is_named;

use std::process::Output;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Running, command};

/// The words of a command line.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

struct Server(Running);

impl Server {
    fn start() -> Self {
        Self(Running::start(&words(
            "dev --json --log warn --listen 127.0.0.1:0",
        )))
    }

    fn load(&self, line: &str) -> Output {
        let all = [&["load", "--url", &self.0.url], &words(line)[..]].concat();
        command(&all).output().unwrap()
    }

    /// A run in which nothing may fail.
    fn report(&self, line: &str) -> Value {
        let output = self.load(&format!("{line} --json"));
        let shown = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {shown}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["failures"], json!([]));
        assert_eq!(report["calls"]["failed"], 0);
        assert_eq!(report["end"], "done");
        report
    }

    /// Puts a network in the way of the run's first user.
    fn network(&self, network: Value) {
        let user = json!({"wa_id": "447700900100", "behaviour": {"network": network}});
        self.sandbox(Method::POST, "users", &user);
    }

    /// Asks for faults, in the place of those before.
    fn faults(&self, plan: Value) {
        self.sandbox(Method::PUT, "faults", &plan);
    }

    fn sandbox(&self, method: Method, path: &str, body: &Value) {
        let url = format!("{}/sandbox/v1/{path}", self.0.url);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let answer = client.request(method, url).json(body).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path} {body}");
        });
    }

    fn callback(&self) -> String {
        let url = format!("{}/v25.0/900100200300/subscriptions", self.0.url);
        let answer = async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let request = client.get(url).bearer_auth("900100200300|ahoy-dev-secret");
            request.send().await.unwrap().json::<Value>().await.unwrap()
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let answer = runtime.block_on(answer);
        answer["data"][0]["callback_url"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

fn row<'r>(report: &'r Value, key: &str) -> &'r Value {
    let rows = report["measures"].as_array().unwrap();
    let found = rows.iter().find(|row| row["key"] == key);
    found.unwrap_or_else(|| panic!("no {key} in {rows:?}"))
}

/// Whoever was to be heard was, by the right pitch, and no packet was lost on one machine.
fn heard(report: &Value, by: &str, calls: u64) {
    let heard = &report["heard"][by];
    assert_eq!(heard["calls"], calls, "{heard}");
    assert_eq!(heard["listened"], calls, "{heard}");
    assert_eq!(heard["right_pitch"], calls, "{heard}");
    // Half a second of talk at the least, in 20 ms each.
    assert!(heard["packets"].as_u64().unwrap() > 25 * calls, "{heard}");
}
