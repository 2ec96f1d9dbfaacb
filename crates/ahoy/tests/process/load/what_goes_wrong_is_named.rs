//! Runs that cannot be, that are ended, and in which the server fails as it was asked to.

use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use super::Server;
use crate::support::command;

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
            "--token wrong",
            "--token: the server does not take the access token",
        ),
        (
            "--number 799999999999999",
            "--number: the token does not see the number",
        ),
        ("--app-secret wrong", "--app-id, --app-secret: "),
        ("--rate 0", "--rate: 0 calls a second"),
        ("--users socket --media none", "--users socket: "),
        ("--max-failures 101", "--max-failures: "),
        (
            "--listen 192.0.2.1:1",
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
    let output = server
        .load("--number 710000000000002 --calls 6 --rate 10 --ramp 0 --direction user --json");
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
    let forgiven = server
        .load("--number 710000000000002 --calls 2 --direction user --max-failures 100 --json");
    assert!(forgiven.status.success());
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_run_with_the_report_so_far() {
    let server = Server::start();
    let mut load = command(&[
        "load",
        "--url",
        &server.0.url,
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
    while live(&server.0.url) < 12 {
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
    assert_eq!(live(&server.0.url), 0, "no call is left behind");
}

/// What a run says of the calls that failed; every one did, and for the same cause.
fn failed(server: &Server, calls: u64, line: &str) -> (Value, String) {
    let output = server.load(&format!("{line} --calls {calls} --ramp 0 --json"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let failures = report["failures"].as_array().unwrap();
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!(failures[0]["count"], calls, "{failures:?}");
    assert!(
        said.contains(&format!("{calls} of {calls} calls failed")),
        "{said}"
    );
    (failures[0].clone(), said)
}

#[test]
fn a_server_over_its_capacity_refuses_each_call_by_its_code() {
    let server = Server::start();
    server.faults(json!({"process": {"over_capacity": true}}));
    for direction in ["business", "user"] {
        let line = format!("--direction {direction} --media none --rate 20");
        let (failure, _) = failed(&server, 4, &line);
        assert_eq!(failure["kind"], "refused", "{direction}: {failure}");
    }
    // The server is well again, and so is the run.
    server.faults(json!({}));
    server.report("--calls 2 --media none --ramp 0");
}

#[test]
fn a_business_that_is_not_reached_is_told_from_one_that_gets_no_keys() {
    let server = Server::start();
    for (fault, kind) in [("no_ice", "no_ice"), ("no_dtls", "no_dtls")] {
        server.faults(json!({"media": {fault: true}}));
        let line = "--direction user --rate 10 --hold 2 --patience 3";
        let (failure, said) = failed(&server, 2, line);
        assert_eq!(failure["kind"], kind, "{failure} {said}");
        let side = failure["detail"].as_str().unwrap();
        assert!(side.contains("business"), "{fault}: {failure}");
    }
}
