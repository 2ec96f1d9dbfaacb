use serde_json::{Value, json};

use crate::support::{ANA, BEN, PHONE, World};

fn id(placed: &Value) -> String {
    placed["calls"][0]["id"].as_str().unwrap().to_owned()
}

/// The faults in a call's media timeline.
fn faults(call: &Value) -> Vec<String> {
    let timeline = call["media"]["timeline"].as_array().unwrap();
    let faults = timeline.iter().filter(|entry| entry["event"] == "fault");
    faults
        .map(|entry| entry["fault"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_webhooks_of_its_call_and_no_other_ones() {
    let world = World::new().await;
    let faulty = id(&world.connect(ANA, "drop;attempt=1").await.ok());
    let sound = id(&world.connect(BEN, "").await.ok());
    world.until(&sound, &["connect", "RINGING"]).await;
    let first = world.logged(&faulty, "connect", 1).await;
    assert_eq!(first[0]["fault"], "drop");
    world.hang_up(ANA, &faulty).await;
    world.hang_up(BEN, &sound).await;
    world
        .until(&sound, &["connect", "RINGING", "REJECTED", "terminate"])
        .await;
    for event in ["connect", "RINGING", "REJECTED", "terminate"] {
        let attempts = world.logged(&sound, event, 1).await;
        assert_eq!(attempts[0]["fault"], Value::Null);
    }
    world.advance(60).await;
    let late = world.logged(&faulty, "terminate", 1).await;
    assert_eq!(late[0]["fault"], "drop", "all webhooks of the call");
    let shown = world.sandbox("GET", "/faults", Value::Null).await.ok();
    assert_eq!(shown["on"], false);
}

#[tokio::test]
async fn the_media_of_its_call_and_no_other_one() {
    let world = World::new().await;
    let faulty = id(&world
        .connect(ANA, "no_dtls, loss=0.2;probability=1")
        .await
        .ok());
    let sound = id(&world.connect(BEN, "").await.ok());
    for (user, call) in [(ANA, &faulty), (BEN, &sound)] {
        world.hang_up(user, call).await;
    }
    // The report is written after the end; the jump waits for it.
    world.advance(1).await;
    let seen = world.call(ANA, &faulty).await;
    assert_eq!(
        faults(&seen),
        ["loss_to_business=0.2", "loss_to_user=0.2", "no_dtls"]
    );
    let verdict = seen["media"]["verdict"].as_str().unwrap();
    assert!(
        verdict.contains("loss_to_business=0.2, loss_to_user=0.2, no_dtls were asked for"),
        "{verdict}"
    );
    assert_eq!(faults(&world.call(BEN, &sound).await), Vec::<String>::new());
}

#[tokio::test]
async fn a_later_act_brings_faults_to_its_call() {
    let world = World::new().await;
    let [faulty, sound] = [world.user_calls(ANA).await, world.user_calls(BEN).await];
    let reject =
        |call: &str| json!({"messaging_product": "whatsapp", "call_id": call, "action": "reject"});
    world.act("duplicate", reject(&faulty)).await.ok();
    world.act("", reject(&sound)).await.ok();
    world
        .until(&faulty, &["connect", "terminate", "terminate"])
        .await;
    world.until(&sound, &["connect", "terminate"]).await;
}

#[tokio::test]
async fn a_message_of_the_business_or_of_a_user() {
    let world = World::new().await;
    let write = async |fault: &str| {
        let body = json!({"to": PHONE, "type": "text", "text": {"body": "Hello"}});
        let path = format!("/users/{ANA}/messages");
        world.sandbox_under("POST", &path, fault, body).await.ok();
    };
    write("drop").await;
    write("").await;
    let listed = world.sandbox("GET", "/deliveries", Value::Null).await.ok();
    let messages = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|d| d["field"] == "messages" && d["body"].as_str().unwrap().contains("Hello"));
    let ids: Vec<String> = messages
        .map(|d| {
            d["id"]
                .as_str()
                .map_or_else(|| d["id"].to_string(), str::to_owned)
        })
        .collect();
    assert_eq!(ids.len(), 2);
    world.advance(0).await;
    let mut told = Vec::new();
    for id in ids {
        let delivery = world
            .sandbox("GET", &format!("/deliveries/{id}"), Value::Null)
            .await
            .ok();
        told.push(delivery["attempts"][0]["fault"].clone());
    }
    assert_eq!(told, [json!("drop"), Value::Null]);
}

#[tokio::test]
async fn a_users_call_may_have_its_own() {
    let world = World::new().await;
    let body = json!({"to": PHONE});
    let path = |user: &str| format!("/users/{user}/calls");
    let refused = world
        .sandbox_under("POST", &path(ANA), "over_capacity", body.clone())
        .await;
    assert_eq!(refused.json["error"]["code"], "over_capacity");
    let placed = world
        .sandbox_under("POST", &path(ANA), "no_ice", body)
        .await
        .ok();
    let faulty = placed["id"].as_str().unwrap();
    let sound = world.user_calls(BEN).await;
    for (user, call) in [(ANA, faulty), (BEN, &sound)] {
        world.hang_up(user, call).await;
    }
    world.advance(1).await;
    assert_eq!(faults(&world.call(ANA, faulty).await), ["no_ice"]);
    assert_eq!(faults(&world.call(BEN, &sound).await), Vec::<String>::new());
}
