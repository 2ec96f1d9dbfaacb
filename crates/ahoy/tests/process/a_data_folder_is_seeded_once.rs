//! `ahoy dev --seed`, `--fresh`, `--clock` and `--clock-frozen` on a kept data folder.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Folder, Running, command};

const SEED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/seed.toml");
const DEV: [&str; 5] = ["dev", "--json", "--no-agent", "--listen", "127.0.0.1:0"];

struct Dev(Running);

impl Dev {
    fn start(args: &[&str]) -> Self {
        Self(Running::start(&[&DEV, args].concat()))
    }
    async fn get(&self, path: &str) -> Value {
        let url = format!("{}/sandbox/v1{path}", self.0.url);
        reqwest::get(url).await.unwrap().json().await.unwrap()
    }
    async fn post(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/sandbox/v1{path}", self.0.url);
        let sent = reqwest::Client::new().post(url).json(&body).send().await;
        sent.unwrap().json().await.unwrap()
    }
}

fn refused(args: &[&str]) -> String {
    let output = command(&[&DEV, args].concat()).output().unwrap();
    assert!(!output.status.success(), "{args:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_seed_is_planted_once_and_again_after_a_reset_and_afresh() {
    let folder = Folder::new("seeded");
    let data = folder.path("data");
    let data = data.as_str();
    let all = [
        "--data",
        data,
        "--seed",
        SEED,
        "--clock",
        "2027-01-06T08:00:00Z",
        "--clock-frozen",
    ];
    let dora = "/users/447700900010";
    {
        let dev = Dev::start(&all);
        assert_eq!(
            dev.0.ready["clock"],
            json!({ "now": 1_799_222_400, "frozen": true })
        );
        assert_eq!(
            dev.0.ready["account"]["phone_number_ids"]
                .as_array()
                .unwrap()
                .len(),
            3
        );
        assert_eq!(dev.get(dora).await["behaviour"]["answer_after_ms"], 2_000);
        let users = dev.get("/users").await;
        assert_eq!(users["data"].as_array().unwrap().len(), 3);
        let holiday = dev
            .get(&format!("{dora}/view?phone_number_id=710000000000003"))
            .await;
        assert_eq!(
            holiday["open"], false,
            "the sixth of January is a holiday: {holiday}"
        );
        let change = json!({ "wa_id": "447700900010", "name": "Dorothea" });
        assert_eq!(dev.post("/users", change).await["name"], "Dorothea");
        let later = dev
            .post("/clock/advance", json!({ "seconds": 86_400 }))
            .await;
        assert_eq!(later["at"], "2027-01-07T08:00:00Z");
        dev.0.kill();
    }
    {
        // The same command: what is there stays, the clock too.
        let dev = Dev::start(&all);
        assert_eq!(dev.get(dora).await["name"], "Dorothea");
        assert_eq!(dev.get("/clock").await["at"], "2027-01-07T08:00:00Z");
        dev.post("/reset", json!({})).await;
        assert_eq!(dev.get(dora).await["name"], "Dora");
        assert_eq!(dev.get("/clock").await["at"], "2027-01-07T08:00:00Z");
        dev.0.kill();
    }
    {
        // A later --clock is a jump.
        let dev = Dev::start(&["--data", data, "--clock", "2027-02-01T00:00:00Z"]);
        let clock = dev.get("/clock").await;
        assert_eq!(
            (&clock["at"], &clock["frozen"]),
            (&json!("2027-02-01T00:00:00Z"), &json!(true))
        );
        assert_eq!(dev.get(dora).await["name"], "Dora");
        dev.0.kill();
    }
    let dev = Dev::start(&[
        "--data",
        data,
        "--fresh",
        "--clock",
        "2001-09-09T01:46:40Z",
        "--clock-frozen",
    ]);
    assert_eq!(dev.get("/clock").await["now"], 1_000_000_000);
    assert_eq!(dev.get("/users").await["data"].as_array().unwrap().len(), 2);
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_touched() {
    let folder = Folder::new("refused");
    fs::write(folder.0.join("thesis.txt"), "years of work").unwrap();
    let said = refused(&["--data", &folder.path(""), "--fresh"]);
    assert!(
        said.contains("is no data folder of Ahoy's; nothing was deleted"),
        "{said}"
    );
    assert!(folder.0.join("thesis.txt").is_file());
    let seed = folder.0.join("seed.toml");
    let seed = seed.to_str().unwrap();
    fs::write(
        seed,
        "[[users]]\nwa_id = \"447700900010\"\nbehaviour = { audio = { file = \"none.wav\" } }",
    )
    .unwrap();
    let said = refused(&["--seed", seed]);
    assert!(said.contains("users[0].behaviour.audio"), "{said}");
    assert!(said.contains("none.wav"), "{said}");
    let said = refused(&["--seed", "/no/such/seed.toml"]);
    assert!(
        said.contains("the seed file /no/such/seed.toml cannot be read"),
        "{said}"
    );
    let said = refused(&["--clock", "teatime"]);
    assert!(
        said.contains("an instant like 2027-01-06T08:00:00Z"),
        "{said}"
    );
}
