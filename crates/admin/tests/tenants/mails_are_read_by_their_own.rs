//! `GET /admin/v1/mails`: warnings and restrictions, as their businesses were or would have been told.

use crate::support::*;
use ahoy_platform::{Grade, StandingChange};
use ahoy_types::PhoneNumberId;
use serde_json::{Value, json};

#[tokio::test]
async fn a_warning_is_in_the_mailbox_of_its_business_alone() {
    let api = Api::new().await;
    let ours = api.tenant("Ours", "+44 20 7946 0000").await;
    let theirs = api.tenant("Theirs", "+44 20 7946 0001").await;
    let contacts = json!({"contacts": ["ops@ours.example", "boss@ours.example"]});
    let path = format!("/businesses/{}", ours.business);
    api.patch(ROOT, &path, contacts).await.ok();
    assert_eq!(api.get(ROOT, "/mails").await.ok()["data"], json!([]));

    let warned = StandingChange {
        business_calls: Some(Grade::Warned),
        ..StandingChange::default()
    };
    for tenant in [&ours, &theirs] {
        let number: PhoneNumberId = tenant.number.parse().unwrap();
        api.platform.set_standing(number, warned).await.unwrap();
    }
    let all = api.get(ROOT, "/mails").await.ok();
    let to = |list: &Value| -> Vec<Value> {
        let mails = list["data"].as_array().unwrap();
        mails.iter().map(|mail| mail["to"].clone()).collect()
    };
    // Nobody to write to: kept all the same.
    let everybody = [
        json!("ops@ours.example"),
        json!("boss@ours.example"),
        Value::Null,
    ];
    assert_eq!(to(&all), everybody);
    let mail = &all["data"][0];
    assert_eq!(
        (&mail["state"], &mail["number"]),
        (&json!("kept"), &json!(ours.number))
    );
    assert!(mail["subject"].as_str().unwrap().starts_with("Warning"));
    assert!(mail["body"].as_str().unwrap().contains("+44 20 7946 0000"));

    let role = json!({"name": "Ana", "role": "viewer", "business": ours.business});
    let viewer = api.post(ROOT, "/roles", role).await.ok();
    let viewer = viewer["token"].as_str().unwrap();
    assert_eq!(to(&api.get(viewer, "/mails").await.ok()), everybody[..2]);
    let one = |id: &Value| format!("/mails/{}", id.as_str().unwrap());
    assert_eq!(&api.get(viewer, &one(&mail["id"])).await.ok(), mail);
    let theirs_mail = one(&all["data"][2]["id"]);
    assert_eq!(api.get(viewer, &theirs_mail).await.status, 404);
    let of_theirs = format!("/mails?business={}", theirs.business);
    assert_eq!(api.get(viewer, &of_theirs).await.status, 404);
    assert_eq!(to(&api.get(ROOT, &of_theirs).await.ok()), [Value::Null]);

    let page = api.get(viewer, "/mails?limit=1").await.ok();
    let after = page["paging"]["after"].as_str().unwrap();
    let next = api
        .get(viewer, &format!("/mails?limit=1&after={after}"))
        .await;
    let next = next.ok();
    assert_eq!(to(&next), everybody[1..2]);
    assert!(next["paging"].get("after").is_none());
    for path in ["/mails?limit=0", "/mails?after=x", "/mails/x"] {
        let status = api.get(ROOT, path).await.status;
        assert!(status == 400 || status == 404, "{path}: {status}");
    }
    assert_eq!(api.get("wrong", "/mails").await.status, 401);
}
