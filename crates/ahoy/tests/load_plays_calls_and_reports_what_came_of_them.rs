//! `ahoy load` against `ahoy dev`, both as the processes users start: a few seconds in each mode, and what it says when it cannot.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

const AHOY: &str = env!("CARGO_BIN_EXE_ahoy");

/// The binary without what the environment of the test might say.
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(AHOY);
    command.args(args);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AHOY_") {
            command.env_remove(name);
        }
    }
    command
}

struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
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

    fn load(&self, args: &[&str]) -> Output {
        let all = [&["load", "--url", &self.url], args].concat();
        command(&all).output().unwrap()
    }

    /// A run in which nothing may fail.
    fn report(&self, args: &[&str]) -> Value {
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
    fn network(&self, network: Value) {
        let user = json!({"wa_id": "447700900100", "behaviour": {"network": network}});
        let url = format!("{}/sandbox/v1/users", self.url);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let answer = client.post(url).json(&user).send().await.unwrap();
            assert_eq!(answer.status(), 200);
        });
    }

    fn callback(&self) -> String {
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

#[test]
fn simulated_users_and_the_business_hear_each_other_both_ways() {
    let server = Server::start();
    let before = server.callback();
    let page = std::env::temp_dir().join(format!("ahoy-load-{}.html", std::process::id()));
    let report = server.report(&[
        "--rate",
        "4",
        "--calls",
        "8",
        "--hold",
        "1.5",
        "--ramp",
        "0",
        "--duration",
        "10",
        "--hang-up",
        "either",
        "--report",
        page.to_str().unwrap(),
    ]);
    let calls = &report["calls"];
    assert_eq!(
        (&calls["started"], &calls["completed"]),
        (&json!(8), &json!(8))
    );
    assert!(calls["by_users"].as_u64().unwrap() > 0 && calls["by_business"].as_u64().unwrap() > 0);
    heard(&report, "business", 8);
    heard(&report, "user", 8);
    assert_eq!(report["ratios"]["ser"], 100.0);
    assert_eq!(report["ratios"]["isa"], 0.0);
    for key in [
        "session_request_delay",
        "session_disconnect_delay",
        "ice",
        "dtls",
        "first_audio_business",
        "webhook_terminate",
    ] {
        assert_eq!(row(&report, key)["count"], 8, "{key}");
    }
    // Held for a second and a half, and a little around it.
    let duration = row(&report, "session_duration_time")["p50_ms"]
        .as_f64()
        .unwrap();
    assert!((1_500.0..3_500.0).contains(&duration), "{duration}");
    assert!(report["server"]["cpu_seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(
        server.callback(),
        before,
        "the agent has its callback again"
    );

    let html = std::fs::read_to_string(&page).unwrap();
    std::fs::remove_file(&page).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("Session Request Delay"));
    assert!(html.matches("<polyline").count() >= 8, "charts are drawn");
    assert!(
        !html.contains("http://www.") && !html.contains("src="),
        "it needs nothing beside itself"
    );
}

#[test]
fn users_on_sockets_hear_the_business_through_the_relay() {
    let server = Server::start();
    let report = server.report(&[
        "--users",
        "socket",
        "--concurrent",
        "4",
        "--calls",
        "8",
        "--hold",
        "1.5",
        "--ramp",
        "0",
        "--duration",
        "20",
        "--hang-up",
        "either",
        "--no-pre-accept",
    ]);
    assert_eq!(report["calls"]["completed"], 8);
    assert_eq!(report["rates"]["peak_live"], 4);
    heard(&report, "business", 8);
    heard(&report, "user", 8);
    assert!(row(&report, "jitter_user")["count"] == 8 && row(&report, "dtls")["count"] == 16);
    let tool = &report["tool"];
    assert!(
        tool["packets_sent"].as_u64().unwrap() > 8 * 2 * 60,
        "{tool}"
    );
}

#[test]
fn what_is_lost_on_the_way_is_counted_at_both_ends() {
    let server = Server::start();
    let one = [
        "--concurrent",
        "1",
        "--calls",
        "1",
        "--ramp",
        "0",
        "--duration",
        "30",
        "--hold",
        "4",
    ];
    server.network(json!({"loss": 0.2, "seed": 7}));
    // So many holes may hide a pitch; whether they do is not the question.
    let output = server.load(&[&one[..], &["--json", "--max-failures", "100"]].concat());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    for by in ["business", "user"] {
        let heard = &report["heard"][by];
        let loss = heard["loss_percent"].as_f64().unwrap();
        assert!(
            (8.0..35.0).contains(&loss),
            "a fifth, drawn some 200 times: {heard}"
        );
        assert_eq!(heard["calls_with_loss"], 1);
    }
    // A user in a tunnel hears nothing and is not heard.
    server.network(json!({"loss": 1}));
    let output = server.load(&[&one[..], &["--json"]].concat());
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("1 of 1 calls failed") && said.contains("the business heard nothing"),
        "{said}"
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["failures"][0]["kind"], "no_audio");
    assert_eq!(
        (&report["ratios"]["ser"], &report["ratios"]["scr"]),
        (&json!(100.0), &json!(0.0))
    );
}

#[test]
fn without_media_calls_are_answered_or_ring() {
    let server = Server::start();
    let report = server.report(&[
        "--media",
        "none",
        "--rate",
        "20",
        "--calls",
        "20",
        "--ramp",
        "0",
        "--duration",
        "10",
        "--seed",
        "7",
    ]);
    let (users, business) = (
        &report["calls"]["by_users"],
        &report["calls"]["by_business"],
    );
    assert_eq!(
        (&report["calls"]["completed"], &report["calls"]["rang"]),
        (users, business)
    );
    assert_eq!(row(&report, "accept")["count"], *users);
    assert_eq!(row(&report, "webhook_ringing")["count"], *business);
    assert_eq!(report["ratios"]["scr"], 100.0);
    // The same seed makes the same choices.
    let again = server.report(&[
        "--media",
        "none",
        "--rate",
        "40",
        "--calls",
        "20",
        "--ramp",
        "0",
        "--duration",
        "10",
        "--seed",
        "7",
    ]);
    assert_eq!(again["calls"]["by_users"], *users);
}

/// What a run that cannot be says, in one sentence.
fn sentence(output: &Output) -> String {
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn what_cannot_be_is_said_in_a_sentence() {
    let server = Server::start();
    let before = server.callback();
    for (args, part) in [
        (
            &["--token", "wrong"][..],
            "--token: the server does not take the access token",
        ),
        (
            &["--number", "799999999999999"],
            "--number: the token does not see the number",
        ),
        (&["--app-secret", "wrong"], "--app-id, --app-secret: "),
        (&["--rate", "0"], "--rate: 0 calls a second"),
        (
            &["--users", "socket", "--media", "none"],
            "--users socket: ",
        ),
        (&["--max-failures", "101"], "--max-failures: "),
        (
            &["--listen", "192.0.2.1:1"],
            "--listen: the webhook receiver cannot listen on 192.0.2.1:1",
        ),
    ] {
        let said = sentence(&server.load(args));
        assert!(said.contains(part), "{args:?}: {said}");
    }
    assert_eq!(server.callback(), before);
    let closed = command(&["load", "--url", "http://127.0.0.1:9"])
        .output()
        .unwrap();
    assert!(sentence(&closed).contains("no server answers at http://127.0.0.1:9/"));
    let far = command(&["load", "--url", "http://192.0.2.1:8080"])
        .output()
        .unwrap();
    assert!(sentence(&far).contains("--yes-remote"));
    let unclear = command(&["load", "--hold", "soon"]).output().unwrap();
    assert_eq!(unclear.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unclear.stderr).contains("`soon` is no number of seconds"));
}

#[test]
fn a_business_that_is_closed_fails_every_call_by_its_code() {
    let server = Server::start();
    // The second number has calling disabled: the server refuses on purpose.
    let output = server.load(&[
        "--number",
        "710000000000002",
        "--calls",
        "6",
        "--rate",
        "10",
        "--ramp",
        "0",
        "--direction",
        "user",
        "--json",
    ]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("6 of 6 calls failed") && said.contains("calling_disabled"),
        "{said}"
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let failure = &report["failures"][0];
    assert_eq!(
        (&failure["kind"], &failure["count"]),
        (&json!("refused"), &json!(6))
    );
    assert_eq!(failure["detail"], "dial: calling_disabled");
    assert_eq!(report["ratios"]["ser"], 0.0);
    // What is forgiven is forgiven.
    let forgiven = server.load(&[
        "--number",
        "710000000000002",
        "--calls",
        "2",
        "--direction",
        "user",
        "--max-failures",
        "100",
        "--json",
    ]);
    assert!(forgiven.status.success());
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_run_with_the_report_so_far() {
    let server = Server::start();
    let mut load = command(&[
        "load",
        "--url",
        &server.url,
        "--rate",
        "5",
        "--ramp",
        "0",
        "--hold",
        "600",
        "--duration",
        "3600",
        "--json",
    ])
    .stdout(Stdio::piped())
    .stderr(Stdio::null())
    .spawn()
    .unwrap();
    // As soon as twelve calls are live: at five a second the first of them has talked for two seconds.
    let live = |url: &str| {
        let url = format!("{url}/healthz");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            client
                .get(url)
                .send()
                .await
                .unwrap()
                .json::<Value>()
                .await
                .unwrap()["live_calls"]
                .as_u64()
                .unwrap()
        })
    };
    let begun = std::time::Instant::now();
    while live(&server.url) < 12 {
        assert!(
            begun.elapsed().as_secs() < 30,
            "no twelve calls were live within 30 s"
        );
    }
    let pid = load.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let report: Value = serde_json::from_reader(load.stdout.take().unwrap()).unwrap();
    assert_eq!(report["end"], "stopped");
    assert!(
        report["calls"]["completed"].as_u64().unwrap() > 0,
        "{}",
        report["calls"]
    );
    assert_eq!(report["calls"]["failed"], 0, "{}", report["failures"]);
    assert!(load.wait().unwrap().success());
    assert_eq!(live(&server.url), 0, "no call is left behind");
}
