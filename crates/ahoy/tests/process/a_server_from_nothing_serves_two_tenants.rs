//! `ahoy serve` on an empty folder, set up with `ahoy admin` alone, then used over the business's API.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::{Folder, Running, command};

/// `ahoy serve` on this folder.
fn serve(folder: &Folder) -> Running {
    let config = folder.path("ahoy.toml");
    std::fs::write(&config, "listen = \"127.0.0.1:0\"\nmedia_workers = 1\n").unwrap();
    Running::start(&[
        "serve",
        "--json",
        "--config",
        &config,
        "--data",
        &folder.path("data"),
    ])
}

fn run(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

struct Admin<'s> {
    server: &'s Running,
    token: String,
}

impl Admin<'_> {
    fn output(&self, args: &[&str]) -> Output {
        let mut all = vec![
            "admin",
            "--server",
            &self.server.url,
            "--token",
            &self.token,
        ];
        all.extend(args);
        run(&all)
    }
    fn json(&self, args: &[&str]) -> Value {
        let output = self.output(&[args, &["--json"]].concat());
        let shown = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {shown}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
    /// The id in the answer to a creation.
    fn create(&self, args: &[&str]) -> String {
        self.json(args)["id"].as_str().unwrap().to_owned()
    }
    /// The sentence of a refusal.
    fn refused(&self, args: &[&str]) -> String {
        let output = self.output(args);
        assert!(!output.status.success(), "{args:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
    /// A business with an account, a number and a token: the number's id and the token.
    fn tenant(&self, name: &str, digits: &str) -> (String, String) {
        let business = self.create(&["business", "create", "--name", name]);
        let waba = self.create(&["waba", "create", "--business", &business, "--name", name]);
        let number = self.create(&[
            "number", "create", "--waba", &waba, "--number", digits, "--name", name,
        ]);
        let app = self.create(&["app", "create", "--business", &business, "--name", name]);
        let token = self.json(&["token", "create", "--app", &app, "--name", "test"]);
        (number, token["token"].as_str().unwrap().to_owned())
    }
}

async fn graph(server: &Running, path: &str, token: &str) -> (u16, Value) {
    let url = format!("{}/v25.0/{path}", server.url);
    let answer = reqwest::Client::new()
        .get(url)
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn from_an_empty_folder_to_two_tenants_who_do_not_know_each_other() {
    let folder = Folder::new("from-nothing");
    let data = folder.0.join("data");
    let data = data.to_str().unwrap();
    let made = run(&["admin", "token", "bootstrap", "--data", data]);
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let server = serve(&folder);
    // While it runs the folder is the server's.
    let late = run(&["admin", "token", "bootstrap", "--data", data]);
    assert!(!late.status.success());
    assert!(String::from_utf8_lossy(&late.stderr).contains("ahoy admin role create"));

    let admin = Admin {
        server: &server,
        token,
    };
    assert_eq!(
        admin.json(&["me"]),
        json!({"name": "Bootstrap", "role": "admin"})
    );
    for path in [
        "/inspector",
        "/sandbox/v1/timeline",
        "/sandbox/v1/timeline/stream",
    ] {
        let answer = reqwest::get(format!("{}{path}", server.url)).await.unwrap();
        assert!(
            answer.status().is_client_error(),
            "{path} is of the sandbox"
        );
    }

    let (ours, our_token) = admin.tenant("Harbour Café", "+44 20 7946 0000");
    let (theirs, their_token) = admin.tenant("Other Ltd", "+44 20 7946 0001");

    let (status, node) = graph(&server, &ours, &our_token).await;
    assert_eq!(
        (status, &node["verified_name"]),
        (200, &json!("Harbour Café"))
    );
    for (number, token) in [(&ours, &their_token), (&theirs, &our_token)] {
        let (status, answer) = graph(&server, number, token).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!(100)));
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("does not exist"), "{message}");
    }

    let table = admin.output(&["number", "list"]);
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(
        table.lines().count() == 3 && table.starts_with("id "),
        "{table}"
    );
    assert_eq!(
        admin.json(&["number", "list"])["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    admin.json(&[
        "number",
        "update",
        &ours,
        "--about",
        "Open daily",
        "--profile",
        "test",
    ]);
    admin.json(&["number", "allow", &ours, "447700900001"]);
    assert_eq!(
        admin.json(&["number", "allowed", &ours])["data"][0]["wa_id"],
        "447700900001"
    );
    let refused = admin.refused(&["number", "show", "799999999999999"]);
    assert_eq!(refused.trim(), "ahoy: there is no number 799999999999999");
    assert!(
        admin
            .refused(&["number", "update", &ours, "--email", "nobody"])
            .contains("email: ")
    );

    // A revoked token is good for nothing, a lost admin token neither.
    let id = admin.json(&["token", "list"])["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(admin.output(&["token", "revoke", &id]).status.success());
    let first = graph(&server, &ours, &our_token).await.0;
    let second = graph(&server, &theirs, &their_token).await.0;
    assert_eq!(
        [first, second]
            .iter()
            .filter(|status| **status == 401)
            .count(),
        1
    );
    let stranger = Admin {
        server: &server,
        token: our_token,
    };
    assert!(
        stranger
            .refused(&["me"])
            .contains("the admin token is not valid")
    );
    let nobody = run(&["admin", "--server", &server.url, "me"]);
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("ahoy admin token bootstrap"));
}
