//! Versions, slashes, tokens, form bodies; and an envelope for whatever is not understood.

use crate::support::*;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

fn raw(method: &str, uri: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

const BEARER: (&str, &str) = ("authorization", "Bearer ahoy-dev-token");
const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn any_version_or_none_and_any_slash() {
    let api = Api::new().await;
    for prefix in ["", "/v25.0", "/v14.0", "/v99.0", "//v21.0/"] {
        for slash in ["", "/"] {
            let reply = api.get(&format!("{prefix}/{PHONE}{slash}")).await;
            assert_eq!(reply.ok()["id"], PHONE.to_string(), "{prefix} {slash}");
            let reply = api
                .get(&format!("{prefix}/{PHONE}/settings{slash}?fields=calling"))
                .await;
            assert_eq!(
                reply.ok()["calling"]["status"],
                "ENABLED",
                "{prefix} {slash}"
            );
        }
    }
    let version = async |uri: &str| api.get(uri).await.headers["facebook-api-version"].clone();
    assert_eq!(version("/v23.0/710000000000001").await, "v23.0");
    assert_eq!(version("/v17.0/710000000000001").await, "v21.0");
    assert_eq!(version("/710000000000001").await, "v25.0");
}

#[tokio::test]
async fn the_token_may_be_in_header_query_or_body() {
    let api = Api::new().await;
    let phone = format!("/{PHONE}");
    let good = [
        raw("GET", &phone, &[BEARER], ""),
        raw(
            "GET",
            &phone,
            &[("authorization", "bearer  ahoy-dev-token ")],
            "",
        ),
        raw(
            "GET",
            &phone,
            &[("authorization", "OAuth ahoy-dev-token")],
            "",
        ),
        raw(
            "GET",
            &format!("{phone}?access_token=ahoy-dev-token&fields=id"),
            &[],
            "",
        ),
        raw(
            "POST",
            &format!("{phone}/settings"),
            &[FORM],
            "access_token=ahoy-dev-token&calling=%7B%22status%22%3A%22ENABLED%22%7D",
        ),
    ];
    for request in good {
        let shown = format!("{request:?}");
        assert_eq!(api.send(request).await.status, StatusCode::OK, "{shown}");
    }
    let app = format!("/{APP}/subscriptions?access_token=900100200300%7Cahoy-dev-secret");
    assert_eq!(
        api.send(raw("GET", &app, &[], "")).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_token_that_is_no_good_is_told_why() {
    let api = Api::new().await;
    let phone = format!("/{PHONE}");
    let missing = api.send(raw("GET", &phone, &[], "")).await;
    assert_eq!(missing.refusal().0, 401);
    assert_eq!(missing.refusal().1, 0);
    for header in ["Basic abc", "Bearer", "Bearer "] {
        let reply = api
            .send(raw("GET", &phone, &[("authorization", header)], ""))
            .await;
        assert_eq!(reply.refusal().1, 0, "{header}");
    }
    for token in [
        "nonsense",
        "900100200300|wrong",
        "1|x",
        "|",
        "x|y",
        "ahoy-dev-token2",
    ] {
        let reply = api.ask("GET", &phone, token, None).await;
        assert_eq!(
            reply.refusal(),
            (401, 190, "The access token is not valid."),
            "{token}"
        );
        assert_eq!(reply.json["error"]["type"], "OAuthException");
    }
    let expired = api.ask("GET", &phone, EXPIRED, None).await;
    assert_eq!(
        expired.refusal(),
        (401, 190, "The access token expired at 1000000.")
    );
    assert_eq!(expired.json["error"]["error_subcode"], 463);
    // A bad token is told before anything else is looked at.
    let first = raw(
        "POST",
        &format!("{phone}/calls"),
        &[("authorization", "Bearer x"), JSON],
        "{",
    );
    assert_eq!(api.send(first).await.refusal().1, 190);
}

#[tokio::test]
async fn unknown_objects_and_those_of_another_tenant_look_the_same() {
    let api = Api::new().await;
    let ids = [STRANGERS_PHONE, STRANGERS_WABA, STRANGERS_APP, 999];
    for id in ids {
        let requests = [
            ("GET", format!("/v25.0/{id}"), None),
            ("GET", format!("/v25.0/{id}/settings"), None),
            ("GET", format!("/v25.0/{id}/phone_numbers"), None),
            ("GET", format!("/v25.0/{id}/subscribed_apps"), None),
            ("GET", format!("/v25.0/{id}/subscriptions"), None),
            ("GET", format!("/v25.0/{id}/no_such_edge"), None),
            (
                "GET",
                format!("/v25.0/{id}/call_permissions?user_wa_id=447700900001"),
                None,
            ),
            ("DELETE", format!("/v25.0/{id}/subscribed_apps"), None),
            ("POST", format!("/v25.0/{id}/calls"), Some(json!({}))),
            ("POST", format!("/v25.0/{id}/settings"), Some(json!({}))),
            ("POST", format!("/v25.0/{id}"), Some(json!({}))),
        ];
        for (method, uri, body) in requests {
            let reply = api.ask(method, &uri, TOKEN, body).await;
            let error = &reply.json["error"];
            let message = format!(
                "Unsupported {} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api",
                method.to_lowercase()
            );
            assert_eq!(error["message"], message, "{method} {uri}");
            assert_eq!((reply.status.as_u16(), &error["code"]), (400, &json!(100)));
            assert_eq!(error["error_subcode"], 33);
            assert_eq!(error["type"], "GraphMethodException");
        }
    }
    // The owner sees them.
    let own = api
        .ask("GET", &format!("/{STRANGERS_PHONE}"), STRANGER, None)
        .await;
    assert_eq!(own.ok()["id"], STRANGERS_PHONE.to_string());
}

#[tokio::test]
async fn a_node_of_another_kind_does_not_have_the_edge() {
    let api = Api::new().await;
    for (method, uri) in [
        ("POST", format!("/{WABA}/calls")),
        ("GET", format!("/{APP}/call_permissions")),
        ("GET", format!("/{PHONE}/phone_numbers")),
        ("GET", format!("/{PHONE}/subscriptions")),
        ("POST", format!("/{WABA}")),
        ("DELETE", format!("/{PHONE}")),
        ("PUT", format!("/{PHONE}/calls")),
        ("GET", format!("/{PHONE}/calls")),
        ("GET", format!("/{PHONE}/messages")),
        ("POST", format!("/{PHONE}/stickers")),
        ("OPTIONS", format!("/{PHONE}/settings")),
    ] {
        let reply = api.ask(method, &uri, TOKEN, Some(json!({}))).await;
        assert_eq!(
            (reply.refusal().0, reply.refusal().1),
            (400, 100),
            "{method} {uri}"
        );
        assert_eq!(reply.json["error"]["error_subcode"], 33, "{method} {uri}");
    }
    let edge = api.get(&format!("/{PHONE}/stickers")).await;
    assert_eq!(
        edge.json["error"]["message"],
        "(#100) Tried accessing nonexisting field (stickers) on node type (WhatsAppBusinessPhoneNumber)"
    );
    let misspelt = api.post(&format!("/{PHONE}/cals"), json!({})).await;
    assert_eq!(
        misspelt.json["error"]["error_data"]["details"],
        "This server has no edge `cals` on a WhatsAppBusinessPhoneNumber that takes POST."
    );
}

#[tokio::test]
async fn paths_that_lead_nowhere() {
    let api = Api::new().await;
    for uri in ["/", "/v25.0", "/v25.0/1/2/3", "/a/b/c/d", "/%00/%ff/x"] {
        let (status, code, _) = {
            let reply = api.get(uri).await;
            let refusal = reply.refusal();
            (refusal.0, refusal.1, ())
        };
        assert_eq!((status, code), (400, 1), "{uri}");
    }
    let alias = api.get("/v25.0/acme").await;
    assert_eq!(
        alias.refusal(),
        (404, 803, "There is no object with the name `acme`.")
    );
    assert_eq!(alias.json["error"]["type"], "GraphMethodException");
    for uri in ["/%ff", "/%00", "/18446744073709551616", "/-1"] {
        let reply = api.get(uri).await;
        assert!(reply.status.is_client_error(), "{uri}");
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let api = Api::new().await;
    let uri = format!("/v25.0/{PHONE}/calls");
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    type Row = (
        &'static str,
        (&'static str, &'static str),
        Vec<u8>,
        &'static str,
    );
    let table: [Row; 6] = [
        (
            "broken",
            JSON,
            b"{\"a\":".to_vec(),
            "The request body is not valid JSON: EOF while parsing a value at line 1 column 5.",
        ),
        (
            "no object",
            JSON,
            b"[1]".to_vec(),
            "The request body must be a JSON object, not a list.",
        ),
        (
            "not UTF-8",
            JSON,
            b"{\"a\":\"\xc3\x28\"}".to_vec(),
            "The request body is not UTF-8 text: the byte at offset 6 is wrong.",
        ),
        (
            "deep",
            JSON,
            deep.into_bytes(),
            "The request body is not valid JSON: recursion limit exceeded at line 1 column 128.",
        ),
        (
            "megabyte",
            JSON,
            vec![b' '; 1024 * 1024 + 1],
            "The request body is too large: at most 1048576 bytes are allowed.",
        ),
        (
            "multipart",
            ("content-type", "multipart/form-data; boundary=x"),
            b"--x--".to_vec(),
            "The request body is multipart: send JSON or application/x-www-form-urlencoded.",
        ),
    ];
    for (name, content_type, body, sentence) in table {
        let reply = api
            .send(raw("POST", &uri, &[BEARER, content_type], body))
            .await;
        assert_eq!(reply.refusal(), (400, 100, sentence), "{name}");
    }
    // And one that just fits is read.
    let mut fits = vec![b' '; 1024 * 1024 - 2];
    fits.extend(b"{}");
    let reply = api.send(raw("POST", &uri, &[BEARER, JSON], fits)).await;
    assert_eq!(
        reply.refusal().2,
        "The parameter `messaging_product` is required."
    );
}

#[tokio::test]
async fn permissions_of_the_token_are_asked_for() {
    let api = Api::new().await;
    let table = [
        (
            "POST",
            format!("/{PHONE}/calls"),
            MANAGEMENT,
            "whatsapp_business_messaging",
        ),
        (
            "GET",
            format!("/{PHONE}/call_permissions?user_wa_id=447700900001"),
            MANAGEMENT,
            "whatsapp_business_messaging",
        ),
        (
            "GET",
            format!("/{PHONE}/settings"),
            MESSAGING,
            "whatsapp_business_management",
        ),
        (
            "POST",
            format!("/{PHONE}/settings"),
            MESSAGING,
            "whatsapp_business_management",
        ),
        (
            "POST",
            format!("/{PHONE}"),
            MESSAGING,
            "whatsapp_business_management",
        ),
        (
            "GET",
            format!("/{WABA}"),
            MESSAGING,
            "whatsapp_business_management",
        ),
        (
            "GET",
            format!("/{WABA}/phone_numbers"),
            MESSAGING,
            "whatsapp_business_management",
        ),
        (
            "GET",
            format!("/{WABA}/subscribed_apps"),
            MESSAGING,
            "whatsapp_business_management",
        ),
        (
            "POST",
            format!("/{WABA}/subscribed_apps"),
            MESSAGING,
            "whatsapp_business_management",
        ),
        (
            "DELETE",
            format!("/{WABA}/subscribed_apps"),
            MESSAGING,
            "whatsapp_business_management",
        ),
        (
            "POST",
            format!("/{PHONE}/calls"),
            APP_TOKEN,
            "whatsapp_business_messaging",
        ),
        (
            "GET",
            format!("/{PHONE}"),
            APP_TOKEN,
            "whatsapp_business_management or whatsapp_business_messaging",
        ),
    ];
    for (method, uri, token, scope) in table {
        let body = (method == "POST").then(|| json!({}));
        let reply = api.ask(method, &uri, token, body).await;
        let sentence = format!("The access token lacks the permission {scope}.");
        assert_eq!(
            reply.refusal(),
            (403, 10, sentence.as_str()),
            "{method} {uri}"
        );
    }
}
