//! `numbers/{id}/standing`, `mailbox`, `PATCH numbers/{id}`: what the platform thinks of a number, and what follows.

use crate::world::{ANA, PHONE, Sandbox};
use serde_json::{Value, json};

async fn standing(sandbox: &Sandbox) -> Value {
    let path = format!("/numbers/{PHONE}/standing");
    sandbox.get(&path).await.ok()
}

async fn grade(sandbox: &Sandbox, change: Value) -> Value {
    let path = format!("/numbers/{PHONE}/standing");
    sandbox.put(&path, change).await.ok()
}

async fn mails(sandbox: &Sandbox, query: &str) -> Vec<Value> {
    let list = sandbox.get(&format!("/mailbox{query}")).await.ok();
    list["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_gets_worse_is_told_by_webhook_and_mail_and_what_gets_better_is_not() {
    let sandbox = Sandbox::new().await;
    let spotless = standing(&sandbox).await;
    for track in ["business_calls", "user_calls", "pick_up"] {
        assert_eq!(spotless[track]["state"], "good", "{spotless}");
    }
    assert_eq!(mails(&sandbox, "").await, Vec::<Value>::new());

    let warned = grade(&sandbox, json!({"business_calls": "warned"})).await;
    assert_eq!(warned["business_calls"]["state"], "warned");
    assert_eq!(
        warned["user_calls"], spotless["user_calls"],
        "what is left out stays"
    );
    let paused = grade(
        &sandbox,
        json!({"business_calls": "restricted", "pick_up": "restricted"}),
    );
    let paused = paused.await;
    let until = paused["business_calls"]["paused_until"].as_i64().unwrap();
    let now = sandbox.platform.clock().now().secs();
    assert!((until - now - 7 * 86_400).abs() <= 5, "{paused}");
    assert!(paused["pick_up"]["button_hidden_at"].is_i64(), "{paused}");
    assert_eq!(standing(&sandbox).await, paused);

    let told = sandbox.webhooks("account_update");
    let kinds: Vec<&Value> = told.iter().map(|value| &value["event"]).collect();
    assert_eq!(told.len(), 3, "{kinds:?}");
    let restricted = &told[1]["restriction_info"][0];
    assert_eq!(
        restricted["restriction_type"], "RESTRICTED_BUSINESS_INITIATED_CALLING",
        "{told:?}"
    );
    let mailed = mails(&sandbox, "").await;
    assert_eq!(mailed.len(), 3);
    for mail in &mailed {
        assert_eq!(mail["to"], "owner@harbour.example");
        assert_eq!(mail["phone_number_id"], json!(PHONE.to_string()));
        assert!(
            mail["subject"].is_string() && mail["body"].is_string(),
            "{mail}"
        );
        // Nobody sends mail here.
        assert_eq!(mail["state"], "kept");
    }
    let first = mailed[0]["id"].as_str().map(str::to_owned);
    let first = first.unwrap_or_else(|| mailed[0]["id"].to_string());
    assert_eq!(
        mails(&sandbox, &format!("?after={first}")).await,
        mailed[1..]
    );
    assert_eq!(mails(&sandbox, "?limit=1").await, mailed[..1]);

    let good = grade(
        &sandbox,
        json!({"business_calls": "good", "pick_up": "good"}),
    )
    .await;
    assert_eq!(good["business_calls"]["state"], "good");
    assert_eq!(good["business_calls"]["paused_until"], Value::Null);
    assert_eq!(sandbox.webhooks("account_update").len(), 3);
    assert_eq!(mails(&sandbox, "").await.len(), 3);
}

#[tokio::test]
async fn a_restricted_number_is_not_called_and_the_phone_shows_why() {
    let sandbox = Sandbox::new().await;
    let calls = format!("/users/{ANA}/calls");
    let view = format!("/users/{ANA}/view?phone_number_id={PHONE}");
    grade(&sandbox, json!({"user_calls": "restricted"})).await;
    assert_eq!(sandbox.get(&view).await.ok()["no_icon"], "paused");
    let refused = sandbox.post(&calls, json!({"to": PHONE})).await;
    assert_eq!(
        (refused.refusal().0, refused.refusal().1),
        (409, "restricted")
    );
    sandbox
        .post("/clock/advance", json!({"seconds": 7 * 86_400 + 1}))
        .await
        .ok();
    assert_eq!(sandbox.get(&view).await.ok()["no_icon"], Value::Null);
    sandbox.post(&calls, json!({"to": PHONE})).await.ok();

    grade(&sandbox, json!({"pick_up": "restricted"})).await;
    assert_eq!(sandbox.get(&view).await.ok()["no_icon"], "unanswered");
}

#[tokio::test]
async fn a_number_loses_its_payment_and_gets_a_parent() {
    let sandbox = Sandbox::new().await;
    let path = format!("/numbers/{PHONE}");
    let changed = sandbox
        .patch(&path, json!({"payment_valid": false}))
        .await
        .ok();
    assert_eq!(changed["phone_number_id"], json!(PHONE.to_string()));
    assert_eq!(changed["payment_valid"], json!(false));
    assert_eq!(changed["parent_business"], Value::Null);
    let calls = format!("/users/{ANA}/calls");
    let refused = sandbox.post(&calls, json!({"to": PHONE})).await;
    assert_eq!((refused.refusal().0, refused.refusal().1), (409, "payment"));
    let told = sandbox.webhooks("calls");
    assert_eq!(told[0]["errors"][0]["code"], 131_044, "{told:?}");

    let both = json!({"payment_valid": true, "parent_business": "739000000000001"});
    let changed = sandbox.patch("/numbers/442079460000", both).await.ok();
    assert_eq!(changed["payment_valid"], json!(true));
    assert_eq!(changed["parent_business"], "739000000000001");
    sandbox.post(&calls, json!({"to": PHONE})).await.ok();
    let told = sandbox.webhooks("calls");
    let contact = &told.last().unwrap()["contacts"][0];
    assert!(contact["parent_user_id"].is_string(), "{contact}");

    let nothing = sandbox.patch(&path, json!({})).await.ok();
    assert_eq!(nothing["parent_business"], "739000000000001");
    let gone = sandbox
        .patch(&path, json!({"parent_business": ""}))
        .await
        .ok();
    assert_eq!(gone["parent_business"], Value::Null);
}
