//! Roles: what each sees, changes and is refused.

use crate::support::*;
use serde_json::json;

#[tokio::test]
async fn without_a_good_admin_token_nothing_opens() {
    let api = Api::new().await;
    let ours = api.tenant("Ours", "+44 20 7946 0000").await;
    for token in ["", "wrong", &ours.access] {
        let reply = api.get(token, "/businesses").await;
        assert_eq!(reply.status, 401, "{token}");
    }
    // Nor does an admin token open the business's API.
    assert!(api.platform.authenticate(ROOT).is_err());
}

#[tokio::test]
async fn a_developer_reaches_one_business_and_a_viewer_changes_nothing() {
    let api = Api::new().await;
    let ours = api.tenant("Ours", "+44 20 7946 0000").await;
    let theirs = api.tenant("Theirs", "+44 20 7946 0001").await;
    let role = |role: &str, business: Option<&str>| json!({"name": "Ana", "role": role, "business": business});
    let created = api.post(ROOT, "/roles", role("developer", Some(&ours.business)));
    let created = created.await.ok();
    let developer = created["token"].as_str().unwrap();

    for (kind, mine, other) in [
        ("businesses", &ours.business, &theirs.business),
        ("wabas", &ours.waba, &theirs.waba),
        ("numbers", &ours.number, &theirs.number),
        ("apps", &ours.app, &theirs.app),
        ("tokens", &ours.token, &theirs.token),
    ] {
        let list = api.get(developer, &format!("/{kind}")).await.ok();
        let ids: Vec<&str> = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| o["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, [mine.as_str()], "{kind}");
        assert_eq!(
            api.get(developer, &format!("/{kind}/{mine}")).await.status,
            200,
            "{kind}"
        );
        // The same answer as for an id nobody has.
        for id in [other.as_str(), "799999999999999"] {
            let path = format!("/{kind}/{id}");
            let reply = api.get(developer, &path).await;
            assert_eq!(reply.status, 404, "{path}");
            assert!(reply.refusal().1.starts_with("there is no "), "{reply:?}");
            if kind != "businesses" {
                assert_eq!(api.delete(developer, &path).await.status, 404, "{path}");
            }
            if kind != "tokens" {
                let reply = api.patch(developer, &path, json!({"name": "x"})).await;
                assert_eq!(reply.status, 404, "{path}");
            }
        }
    }
    let path = format!("/wabas?business={}", theirs.business);
    assert_eq!(api.get(developer, &path).await.status, 404);
    let path = format!("/numbers?waba={}", theirs.waba);
    assert_eq!(api.get(developer, &path).await.status, 404);
    let waba = json!({"business": theirs.business, "name": "x"});
    assert_eq!(api.post(developer, "/wabas", waba).await.status, 404);
    assert_eq!(
        api.post(developer, "/tokens", json!({"app": theirs.app}))
            .await
            .status,
        404
    );
    let waba = json!({"business": ours.business, "name": "Second"});
    assert_eq!(api.post(developer, "/wabas", waba).await.status, 200);
    // Businesses and roles are the admins'.
    assert_eq!(
        api.post(developer, "/businesses", json!({"name": "x"}))
            .await
            .status,
        403
    );
    assert_eq!(api.get(developer, "/roles").await.status, 403);
    assert_eq!(api.get(developer, "/me").await.ok()["role"], "developer");

    let created = api.post(ROOT, "/roles", role("viewer", None)).await.ok();
    let viewer = created["token"].as_str().unwrap();
    assert_eq!(
        api.get(viewer, &format!("/numbers/{}", theirs.number))
            .await
            .status,
        200
    );
    assert_eq!(
        api.get(viewer, &format!("/apps/{}", ours.app)).await.ok()["secret"],
        json!(null)
    );
    let reply = api
        .delete(viewer, &format!("/numbers/{}", ours.number))
        .await;
    assert_eq!(
        reply.refusal(),
        (403, "the role viewer reads and changes nothing.")
    );
    for (body, sentence) in [
        (
            role("developer", None),
            "business: the role developer needs the business it works for.",
        ),
        (
            role("admin", Some(&ours.business)),
            "business: the role admin reaches every business and is tied to none.",
        ),
    ] {
        assert_eq!(
            api.post(ROOT, "/roles", body).await.refusal(),
            (400, sentence)
        );
    }

    // A role that is taken back or has ended opens nothing.
    let path = format!("/roles/{}", created["id"].as_str().unwrap());
    assert_eq!(api.get(ROOT, &path).await.ok()["token"], json!(null));
    api.delete(ROOT, &path).await.ok();
    assert_eq!(api.get(viewer, "/businesses").await.status, 401);
    let short = json!({"name": "Ben", "role": "viewer", "expires_in": 60});
    let short = api.post(ROOT, "/roles", short).await.ok();
    let short = short["token"].as_str().unwrap();
    assert_eq!(api.get(short, "/businesses").await.status, 200);
    api.platform
        .advance(std::time::Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(
        api.get(short, "/businesses").await.refusal(),
        (401, "the admin token has expired.")
    );
}

#[tokio::test]
async fn an_access_token_ends_and_is_revoked() {
    let api = Api::new().await;
    let ours = api.tenant("Ours", "+44 20 7946 0000").await;
    assert!(api.platform.authenticate(&ours.access).is_ok());
    let body =
        json!({"app": ours.app, "scopes": ["whatsapp_business_messaging"], "expires_in": 3600});
    let short = api.post(ROOT, "/tokens", body).await.ok();
    let caller = api
        .platform
        .authenticate(short["token"].as_str().unwrap())
        .unwrap();
    assert_eq!(caller.scopes.len(), 1);
    let path = format!("/tokens/{}", ours.token);
    assert!(api.delete(ROOT, &path).await.ok()["revoked_at"].is_i64());
    let refused = api.platform.authenticate(&ours.access).unwrap_err();
    assert!(refused.to_string().contains("revoked"), "{refused}");
    let list = api.get(ROOT, "/tokens").await.ok();
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    assert!(!list.to_string().contains(&ours.access));
    api.platform
        .advance(std::time::Duration::from_secs(3600))
        .await
        .unwrap();
    let refused = api
        .platform
        .authenticate(short["token"].as_str().unwrap())
        .unwrap_err();
    assert!(refused.to_string().contains("expired"), "{refused}");
}
