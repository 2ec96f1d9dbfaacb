//! A server of its own for each test, and the tool in front of it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

const AHOY: &str = env!("CARGO_BIN_EXE_ahoy");

/// The binary without what the environment of the test might say.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(AHOY);
    command.args(args);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AHOY_") {
            command.env_remove(name);
        }
    }
    command
}

pub struct Server {
    process: Child,
    pub url: String,
}

impl Server {
    pub fn start() -> Self {
        let mut process = command(&["dev", "--json", "--log", "warn", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let url = ready["url"].as_str().unwrap().to_owned();
        Self { process, url }
    }

    pub fn load(&self, args: &[&str]) -> Output {
        let all = [&["load", "--url", &self.url], args].concat();
        command(&all).output().unwrap()
    }

    /// A run in which nothing may fail.
    pub fn report(&self, args: &[&str]) -> Value {
        let output = self.load(&[args, &["--json"]].concat());
        let shown = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {shown}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["failures"], json!([]));
        assert_eq!(report["calls"]["failed"], 0);
        assert_eq!(report["end"], "done");
        report
    }

    /// Puts a network in the way of the run's first user.
    pub fn network(&self, network: Value) {
        let user = json!({"wa_id": "447700900100", "behaviour": {"network": network}});
        self.sandbox(Method::POST, "users", &user);
    }

    /// Asks for faults, in the place of those before.
    pub fn faults(&self, plan: Value) {
        self.sandbox(Method::PUT, "faults", &plan);
    }

    fn sandbox(&self, method: Method, path: &str, body: &Value) {
        let url = format!("{}/sandbox/v1/{path}", self.url);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let answer = client.request(method, url).json(body).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path} {body}");
        });
    }

    pub fn callback(&self) -> String {
        let url = format!("{}/v25.0/900100200300/subscriptions", self.url);
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

impl Drop for Server {
    fn drop(&mut self) {
        // It removes its temporary folder when asked to stop.
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.process.wait();
    }
}

pub fn row<'r>(report: &'r Value, key: &str) -> &'r Value {
    let rows = report["measures"].as_array().unwrap();
    let found = rows.iter().find(|row| row["key"] == key);
    found.unwrap_or_else(|| panic!("no {key} in {rows:?}"))
}

/// Whoever was to be heard was, by the right pitch, and no packet was lost on one machine.
pub fn heard(report: &Value, by: &str, calls: u64) {
    let heard = &report["heard"][by];
    assert_eq!(heard["calls"], calls, "{heard}");
    assert_eq!(heard["listened"], calls, "{heard}");
    assert_eq!(heard["right_pitch"], calls, "{heard}");
    // Half a second of talk at the least, in 20 ms each.
    assert!(heard["packets"].as_u64().unwrap() > 25 * calls, "{heard}");
}
