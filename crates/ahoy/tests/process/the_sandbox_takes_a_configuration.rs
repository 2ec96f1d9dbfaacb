//! `ahoy dev --config`: the rules of the sandbox by other numbers than the usual ones.

use serde_json::{Value, json};

use crate::support::{Folder, Running, command};

#[tokio::test]
async fn limits_of_a_file_hold_and_flags_go_over_it() {
    let folder = Folder::new("config");
    let file = folder.path("ahoy.toml");
    let text = "listen = \"127.0.0.1:1\"\n[limits.sandbox]\nrequests_per_day = 3\n";
    std::fs::write(&file, text).unwrap();
    let server = Running::start(&[
        "dev",
        "--json",
        "--config",
        &file,
        "--listen",
        "127.0.0.1:0",
    ]);
    let path = "v25.0/710000000000001/call_permissions?user_wa_id=447700900001";
    let url = format!("{}/{path}", server.url.trim_end_matches('/'));
    let asked = reqwest::Client::new()
        .get(url)
        .bearer_auth("ahoy-dev-token");
    let seen: Value = asked.send().await.unwrap().json().await.unwrap();
    let limits = &seen["actions"][0]["limits"];
    assert_eq!(
        (&limits[0]["time_period"], &limits[0]["max_allowed"]),
        (&json!("PT24H"), &json!(3))
    );
    assert_eq!(limits[1]["max_allowed"], 100, "the rest is as ever");
}

#[test]
fn a_file_that_will_not_do_is_named_with_its_key() {
    let folder = Folder::new("config-bad");
    let file = folder.path("ahoy.toml");
    std::fs::write(&file, "[limits.sandbox]\nrequests_a_day = 3\n").unwrap();
    for (path, named) in [
        (file.as_str(), "requests_a_day"),
        ("/no/such.toml", "/no/such.toml"),
    ] {
        let ended = command(&["dev", "--config", path]).output().unwrap();
        assert!(!ended.status.success());
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(said.contains(named), "{said}");
    }
}

#[test]
fn a_port_alone_is_taken_and_a_busy_one_is_an_error_in_serve() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = Folder::new("busy");
    let file = folder.path("ahoy.toml");
    std::fs::write(&file, format!("data = \"{}\"\n", folder.path("data"))).unwrap();
    for words in [
        vec!["serve", "--config", &file, "--listen", &port],
        vec!["dev", "--listen", &format!("localhost:{port}")],
    ] {
        let output = command(&words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{said}");
        assert!(
            said.contains(&format!("cannot listen on 127.0.0.1:{port}")),
            "{said}"
        );
    }
    let output = command(&["dev", "--listen", "harbour"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("`harbour` is no address to listen on"),
        "{said}"
    );
}

#[test]
fn shells_complete_it() {
    for (shell, word) in [
        ("bash", "_ahoy()"),
        ("zsh", "#compdef ahoy"),
        ("fish", "complete -c ahoy"),
    ] {
        let output = command(&["completion", shell]).output().unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains(word) && script.contains("serve"), "{shell}");
    }
}

#[test]
fn a_file_to_begin_with_is_written_once() {
    let folder = Folder::new("init");
    let file = folder.path("ahoy.toml");
    let init = ["serve", "--init", "--config", &file];
    assert!(command(&init).output().unwrap().status.success());
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.contains("#[listen]"));
    // It is taken as it is, and is the operator's from then on.
    let data = folder.path("data");
    let server = Running::start(&[
        "serve", "--json", "--config", &file, "--data", &data, "--listen", "0",
    ]);
    assert!(server.ready["url"].is_string());
    std::fs::write(&file, "# mine\n").unwrap();
    let again = command(&init).output().unwrap();
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "# mine\n");
    // Without a name it is ahoy.toml, where the command runs.
    let here = command(&["serve", "--init"])
        .current_dir(&folder.0)
        .output();
    assert!(!here.unwrap().status.success(), "that one is mine too");
    std::fs::remove_file(&file).unwrap();
    let here = command(&["serve", "--init"])
        .current_dir(&folder.0)
        .output();
    assert!(here.unwrap().status.success() && folder.0.join("ahoy.toml").is_file());
    assert!(!command(&["serve"]).output().unwrap().status.success());
}
