//! A few seconds in each mode, in which nothing may fail.

use serde_json::{Value, json};

use super::{Server, heard, row};

#[test]
fn simulated_users_and_the_business_hear_each_other_both_ways() {
    let server = Server::start();
    let before = server.callback();
    let page = std::env::temp_dir().join(format!("ahoy-load-{}.html", std::process::id()));
    let report = server.report(&format!(
        "--rate 4 --calls 8 --hold 1.5 --ramp 0 --duration 10 --hang-up either --report {}",
        page.display()
    ));
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
    let report = server.report("--users socket --concurrent 4 --calls 8 --hold 1.5 --ramp 0 --duration 20 --hang-up either --no-pre-accept");
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
    let one = "--concurrent 1 --calls 1 --ramp 0 --duration 30 --hold 4 --json";
    server.network(json!({"loss": 0.2, "seed": 7}));
    // So many holes may hide a pitch; whether they do is not the question.
    let output = server.load(&format!("{one} --max-failures 100"));
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
    let output = server.load(one);
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
    let report = server.report("--media none --rate 20 --calls 20 --ramp 0 --duration 10 --seed 7");
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
    let again = server.report("--media none --rate 40 --calls 20 --ramp 0 --duration 10 --seed 7");
    assert_eq!(again["calls"]["by_users"], *users);
}
