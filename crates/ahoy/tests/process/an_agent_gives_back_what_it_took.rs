//! `ahoy agent` beside a bot: whichever way it ends, the app's callback was never touched and the number has none of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Running, command};

const PATIENCE: Duration = Duration::from_secs(20);

fn callbacks(dev: &Running) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let url = format!(
        "{}/710000000000001?fields=webhook_configuration",
        dev.url.trim_end_matches('/')
    );
    runtime.block_on(async {
        let asked = reqwest::Client::new()
            .get(url)
            .bearer_auth("ahoy-dev-token");
        let answer: Value = asked.send().await.unwrap().json().await.unwrap();
        answer["webhook_configuration"].clone()
    })
}

fn agent(dev: &Running, more: &[&str]) -> Child {
    let mut words = vec!["agent", "--json", "--graph", &dev.url];
    words.extend(more);
    command(&words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for a line that says this.
fn until(agent: &mut Child, wanted: &str) {
    let lines = BufReader::new(agent.stdout.as_mut().unwrap()).lines();
    let found = lines
        .map_while(Result::ok)
        .any(|line| line.contains(wanted));
    assert!(found, "the agent never said {wanted}");
}

fn ended(agent: &mut Child) -> Option<i32> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = agent.try_wait().unwrap() {
            return status.code();
        }
        assert!(Instant::now() < deadline, "the agent goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(agent: &Child) {
    let pid = rustix::process::Pid::from_child(agent);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
}

#[test]
fn after_a_refusal_signals_and_its_own_violent_death() {
    let dev = Running::start(&["dev", "--json", "--listen", "127.0.0.1:0"]);
    let before = callbacks(&dev);
    assert!(before["application"].is_string() && before["phone_number"].is_null());

    // The sandbox says how to allow it.
    let refused = agent(&dev, &["--call", "447700900003"]).wait_with_output();
    let refused = refused.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        said.contains("138006") && said.contains("/users/447700900003/permission"),
        "{said}"
    );
    assert_eq!(callbacks(&dev), before, "after a refusal");

    // Ben may be called from the start. Whoever sends signals may send them twice, as `timeout` does.
    let mut calling = agent(&dev, &["--call", "447700900002"]);
    until(&mut calling, "ACCEPTED");
    let during = callbacks(&dev);
    assert_eq!(
        during["application"], before["application"],
        "the bot keeps its own"
    );
    assert!(during["phone_number"].is_string());
    signal(&calling);
    std::thread::sleep(Duration::from_millis(5));
    signal(&calling);
    assert_eq!(ended(&mut calling), Some(0));
    assert_eq!(callbacks(&dev), before, "after signals");

    // Whenever a signal comes, in the middle of its start too.
    for wait in [0, 10, 20, 30, 50, 80, 120] {
        let mut starting = agent(&dev, &["--call", "447700900002"]);
        std::thread::sleep(Duration::from_millis(wait));
        signal(&starting);
        ended(&mut starting);
        assert_eq!(callbacks(&dev), before, "{wait} ms after its start");
    }

    // One that is killed leaves its own behind; the next takes that away too.
    let mut killed = agent(&dev, &[]);
    until(&mut killed, "ready");
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(callbacks(&dev)["phone_number"].is_string());
    let mut next = agent(&dev, &[]);
    until(&mut next, "ready");
    signal(&next);
    assert_eq!(ended(&mut next), Some(0));
    assert_eq!(callbacks(&dev), before, "after a death");
}
