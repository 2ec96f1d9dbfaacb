//! The life of each object, its pages, and a sentence for whatever does not do.

use crate::support::*;
use ahoy_calling::account::Scope;
use axum::http::Method;
use serde_json::json;

#[tokio::test]
async fn a_tenant_lives_and_goes_from_the_bottom_up() {
    let api = Api::new().await;
    let t = api.tenant("Harbour Café", "+44 20 7946 0000").await;
    for id in [&t.business, &t.waba, &t.number, &t.app, &t.token] {
        assert_eq!(id.len(), 15, "{id}");
    }
    let path = format!("/numbers/{}", t.number);
    let number = api.get(ROOT, &path).await.ok();
    assert_eq!(number["number"], "442079460000");
    assert_eq!(
        (&number["profile"], &number["calling"]),
        (&json!("production"), &json!(false))
    );
    let patch = json!({"name": "Harbour", "profile": "test", "payment_valid": false, "official": true,
        "name_status": "pending_review", "about": "Open", "websites": ["https://harbour.example"], "email": null});
    let number = api.patch(ROOT, &path, patch).await.ok();
    assert_eq!(number["name"], "Harbour");
    assert_eq!(
        (&number["profile"], &number["name_status"]),
        (&json!("test"), &json!("PENDING_REVIEW"))
    );
    let waba = format!("/wabas/{}", t.waba);
    let patched = api
        .patch(ROOT, &waba, json!({"currency": "EUR", "timezone_id": 7}))
        .await
        .ok();
    assert_eq!(
        (&patched["currency"], &patched["timezone_id"]),
        (&json!("EUR"), &json!("7"))
    );

    assert_eq!(patched["time_zone"], "UTC");
    let patched = api
        .patch(ROOT, &waba, json!({"time_zone": "Europe/Madrid"}))
        .await
        .ok();
    assert_eq!(
        (&patched["time_zone"], &patched["currency"]),
        (&json!("Europe/Madrid"), &json!("EUR"))
    );
    let contacts = async |change: serde_json::Value| {
        let path = format!("/businesses/{}", t.business);
        let mut changed = api.patch(ROOT, &path, change).await.ok();
        assert_eq!(api.get(ROOT, &path).await.ok(), changed);
        changed["contacts"].take()
    };
    assert_eq!(contacts(json!({"name": "Harbour"})).await, json!([]));
    let both = json!(["ops@harbour.example", "owner@harbour.example"]);
    assert_eq!(contacts(json!({"contacts": both})).await, both);
    assert_eq!(contacts(json!({"name": "Harbour Ltd"})).await, both);
    assert_eq!(contacts(json!({"contacts": []})).await, json!([]));
    let made = json!({"name": "New", "contacts": ["ops@harbour.example"]});
    let made = api.post(ROOT, "/businesses", made).await.ok();
    assert_eq!(made["contacts"], json!(["ops@harbour.example"]));

    // What others hang on stays until they are gone.
    let business = format!("/businesses/{}", t.business);
    assert_eq!(api.delete(ROOT, &business).await.status, 409);
    let refused = api.delete(ROOT, &waba).await;
    assert_eq!(
        refused.refusal().1,
        format!(
            "waba {} still has phone numbers: delete these first.",
            t.waba
        )
    );
    api.delete(ROOT, &path).await.ok();
    api.delete(ROOT, &waba).await.ok();
    assert_eq!(api.delete(ROOT, &business).await.status, 409);
    api.delete(ROOT, &format!("/apps/{}", t.app)).await.ok();
    assert!(api.platform.authenticate(&t.access).is_err());
    api.delete(ROOT, &business).await.ok();
    assert_eq!(api.get(ROOT, &business).await.status, 404);
}

#[tokio::test]
async fn each_field_that_will_not_do_is_named() {
    let api = Api::new().await;
    let t = api.tenant("Harbour Café", "+44 20 7946 0000").await;
    let number = |change: serde_json::Value| {
        let mut body = json!({"waba": t.waba, "number": "442079460009", "name": "x"});
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        body
    };
    let long = "x".repeat(201);
    for (path, body, field) in [
        ("/businesses", json!({}), "name"),
        ("/businesses", json!({"name": 7}), "name"),
        ("/businesses", json!({"name": long}), "name"),
        ("/businesses", json!({"name": "x", "id": "12x"}), "id"),
        (
            "/businesses",
            json!({"name": "x", "id": "9999999999999999999"}),
            "id",
        ),
        (
            "/businesses",
            json!({"name": "x", "contacts": ["ops"]}),
            "contacts",
        ),
        (
            "/businesses",
            json!({"name": "x", "contacts": 7}),
            "contacts",
        ),
        (
            "/wabas",
            json!({"name": "x", "business": t.business, "time_zone": "Madrid"}),
            "time_zone",
        ),
        ("/wabas", json!({"name": "x"}), "business"),
        (
            "/wabas",
            json!({"name": "x", "business": t.business, "currency": "usd"}),
            "currency",
        ),
        (
            "/wabas",
            json!({"name": "x", "business": t.business, "timezone_id": "Europe/Madrid"}),
            "timezone_id",
        ),
        ("/numbers", number(json!({"number": "12"})), "number"),
        ("/numbers", number(json!({"number": {}})), "number"),
        ("/numbers", number(json!({"profile": "free"})), "profile"),
        (
            "/numbers",
            number(json!({"messaging_limit": "TIER_1"})),
            "messaging_limit",
        ),
        (
            "/numbers",
            number(json!({"payment_valid": "yes"})),
            "payment_valid",
        ),
        (
            "/apps",
            json!({"business": t.business, "name": "x", "secret": "short"}),
            "secret",
        ),
        (
            "/tokens",
            json!({"app": t.app, "scopes": ["everything"]}),
            "scopes",
        ),
        ("/tokens", json!({"app": t.app, "scopes": []}), "scopes"),
        (
            "/tokens",
            json!({"app": t.app, "expires_in": 0}),
            "expires_in",
        ),
        (
            "/tokens",
            json!({"app": t.app, "expires_in": u64::MAX}),
            "expires_in",
        ),
        ("/roles", json!({"name": "x", "role": "king"}), "role"),
        ("/roles", json!({"name": "x"}), "role"),
    ] {
        let reply = api.post(ROOT, path, body.clone()).await;
        let (status, sentence) = reply.refusal();
        assert_eq!(status, 400, "{path} {body}");
        let named =
            sentence.starts_with(&format!("{field}: ")) || sentence.contains(&format!("`{field}`"));
        assert!(
            named && sentence.ends_with('.'),
            "{path} {body}: {sentence}"
        );
    }
    for (patch, field) in [
        (json!({"about": ""}), "about"),
        (json!({"description": "x".repeat(513)}), "description"),
        (json!({"websites": ["ftp://x"]}), "websites"),
    ] {
        let reply = api
            .patch(ROOT, &format!("/numbers/{}", t.number), patch)
            .await;
        assert!(
            reply.refusal().1.starts_with(&format!("{field}: ")),
            "{reply:?}"
        );
    }
    // What is taken is a conflict: ids of every kind share one name space.
    let taken = json!({"name": "x", "id": t.number});
    assert_eq!(api.post(ROOT, "/businesses", taken).await.status, 409);
    assert_eq!(
        api.post(ROOT, "/numbers", number(json!({"number": "442079460000"})))
            .await
            .status,
        409
    );
    let raw = api
        .send(ROOT, Method::POST, "/businesses", b"[1]".to_vec())
        .await;
    assert_eq!(raw.status, 400);
    assert_eq!(api.get(ROOT, "/nonsense").await.status, 404);
    assert_eq!(
        api.send(ROOT, Method::PUT, "/me", Vec::new()).await.status,
        405
    );
}

#[tokio::test]
async fn lists_come_in_pages() {
    let api = Api::new().await;
    for n in 0..5 {
        api.post(
            ROOT,
            "/businesses",
            json!({"name": format!("B{n}"), "id": format!("{}", 100 + n)}),
        )
        .await
        .ok();
    }
    let mut seen = Vec::new();
    let mut path = "/businesses?limit=2".to_owned();
    loop {
        let page = api.get(ROOT, &path).await.ok();
        let data = page["data"].as_array().unwrap();
        assert!((1..=2).contains(&data.len()));
        seen.extend(data.iter().map(|b| b["name"].as_str().unwrap().to_owned()));
        match page["paging"]["after"].as_str() {
            Some(after) => path = format!("/businesses?limit=2&after={after}"),
            None => break,
        }
    }
    assert_eq!(seen, ["B0", "B1", "B2", "B3", "B4"]);
    for bad in ["limit=0", "limit=101", "limit=x", "after=x"] {
        assert_eq!(
            api.get(ROOT, &format!("/businesses?{bad}")).await.status,
            400,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn pictures_and_allow_lists_belong_to_their_number() {
    let api = Api::new().await;
    let t = api.tenant("Harbour Café", "+44 20 7946 0000").await;
    let picture = format!("/numbers/{}/picture", t.number);
    let png = b"\x89PNG\r\n\x1a\nrest".to_vec();
    let put = api
        .send(ROOT, Method::PUT, &picture, png.clone())
        .await
        .ok();
    assert!(
        put["picture"]
            .as_str()
            .unwrap()
            .starts_with(&format!("/pictures/{}?v=", t.number))
    );
    let stored = api
        .platform
        .picture(t.number.parse().unwrap())
        .unwrap()
        .unwrap();
    assert_eq!((stored.kind.as_str(), stored.body), ("image/png", png));
    for bad in [
        b"<svg onload=x>".to_vec(),
        Vec::new(),
        [&b"\xff\xd8\xff"[..], &vec![0; 1 << 20]].concat(),
    ] {
        let reply = api.send(ROOT, Method::PUT, &picture, bad).await;
        assert!(reply.refusal().1.starts_with("picture: "), "{reply:?}");
    }
    assert_eq!(
        api.delete(ROOT, &picture).await.ok()["picture"],
        json!(null)
    );
    assert_eq!(
        api.platform.picture(t.number.parse().unwrap()).unwrap(),
        None
    );

    let list = format!("/numbers/{}/allow_list", t.number);
    for user in ["+44 7700 900002", "447700900001", "447700900001"] {
        api.post(ROOT, &list, json!({"wa_id": user})).await.ok();
    }
    let users = api.get(ROOT, &list).await.ok();
    assert_eq!(
        users["data"],
        json!([{"wa_id": "447700900001"}, {"wa_id": "447700900002"}])
    );
    api.delete(ROOT, &format!("{list}/447700900001")).await.ok();
    assert_eq!(
        api.delete(ROOT, &format!("{list}/447700900001"))
            .await
            .status,
        404
    );
    let caller = api.platform.authenticate(&t.access).unwrap();
    assert_eq!(
        caller.scopes,
        [
            Scope::WhatsappBusinessMessaging,
            Scope::WhatsappBusinessManagement
        ]
    );
}

#[test]
fn the_document_describes_every_route_with_its_errors() {
    let document = serde_json::to_value(ahoy_admin::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 15 && paths.keys().all(|path| path.starts_with("/admin/v1/")));
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path}");
            let answers = operation["responses"].as_object().unwrap();
            assert!(
                answers.contains_key("200") && answers.contains_key("401"),
                "{method} {path}"
            );
        }
    }
    let text = document.to_string();
    for name in text
        .split("\"#/components/schemas/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name}"
        );
    }
}
