//! Conversation routing: who sets it, who sees it, and whom it keeps.

use crate::support::*;
use axum::http::Method;
use serde_json::json;

#[tokio::test]
async fn roles_are_given_to_businesses_that_then_stay() {
    let api = Api::new().await;
    let ours = api.tenant("Ours", "+44 20 7946 0000").await;
    let theirs = api.tenant("Theirs", "+44 20 7946 0001").await;
    let role = json!({"name": "Ana", "role": "developer", "business": ours.business});
    let developer = api.post(ROOT, "/roles", role).await.ok();
    let developer = developer["token"].as_str().unwrap();
    let account = format!("/wabas/{}/routing", ours.waba);
    let number = format!("/numbers/{}/routing", ours.number);
    let put = async |token: &str, path: &str, body: serde_json::Value| {
        api.send(token, Method::PUT, path, body.to_string().into_bytes())
            .await
    };

    let nothing = json!({"rules": {"enabled": null, "roles": {}, "standby": null, "agent_terms": null}, "in_force": null});
    assert_eq!(api.get(developer, &account).await.ok(), nothing);
    let partner = api
        .post(ROOT, "/businesses", json!({"name": "Partner"}))
        .await
        .id();
    let rules = json!({"enabled": true, "roles": {"calls": partner}, "standby": [theirs.business]});
    let set = put(ROOT, &account, rules.clone()).await.ok();
    assert_eq!(set["rules"]["roles"], json!({"calls": partner}));
    assert_eq!(set["in_force"]["roles"]["calls"], partner.as_str());
    assert_eq!(set["in_force"]["standby"], json!([theirs.business]));
    assert_eq!(api.get(developer, &account).await.ok(), set);
    // The number is as its account until it has an exception.
    let of_number = api.get(developer, &number).await.ok();
    assert_eq!(of_number["in_force"], set["in_force"]);
    let off = put(ROOT, &number, json!({"enabled": false})).await.ok();
    assert_eq!(off["in_force"], json!(null));

    let path = format!("/businesses/{partner}");
    let kept = api.delete(ROOT, &path).await;
    let sentence = format!(
        "business {partner} has a part in conversation routing: take it out of the rules first."
    );
    assert_eq!(kept.refusal(), (409, sentence.as_str()));
    put(ROOT, &account, json!({})).await.ok();
    api.delete(ROOT, &path).await.ok();

    // Partners are other tenants: a developer of one business names none of them, nor sees another's account.
    let refused = put(developer, &account, rules).await;
    assert_eq!(refused.status, 403);
    let other = format!("/wabas/{}/routing", theirs.waba);
    assert_eq!(api.get(developer, &other).await.status, 404);
    for (path, body, status) in [
        (&account, json!({"roles": {"calls": "799"}}), 400),
        (&account, json!({"roles": {"singing": ours.business}}), 400),
        (&account, json!({"enable": true}), 400),
        (&account, json!([]), 400),
        (&"/wabas/1/routing".to_owned(), json!({}), 404),
        (&"/numbers/x/routing".to_owned(), json!({}), 404),
    ] {
        let reply = put(ROOT, path, body).await;
        assert_eq!(reply.status, status, "{path} {reply:?}");
    }
}

#[tokio::test]
async fn an_app_works_for_another_business_with_a_token_of_that_one() {
    let api = Api::new().await;
    let ours = api.tenant("Ours", "+44 20 7946 0000").await;
    let theirs = api.tenant("Theirs", "+44 20 7946 0001").await;
    let body = json!({"app": theirs.app, "business": ours.business});
    let made = api.post(ROOT, "/tokens", body.clone()).await.ok();
    let caller = api.platform.authenticate(made["token"].as_str().unwrap());
    let caller = caller.unwrap();
    assert_eq!(caller.business.to_string(), ours.business);
    assert_eq!(caller.app.to_string(), theirs.app);
    for business in [&ours.business, &theirs.business] {
        let role = json!({"name": "Ana", "role": "developer", "business": business});
        let developer = api.post(ROOT, "/roles", role).await.ok();
        let token = developer["token"].as_str().unwrap();
        let refused = api.post(token, "/tokens", body.clone()).await;
        assert_eq!(refused.status, 404, "a developer sees one business");
    }
}
