//! `/openapi.json` and `/docs`.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

fn document() -> Value {
    serde_json::to_value(ahoy_graph::openapi()).unwrap()
}

#[test]
fn every_operation_is_there_with_its_answers() {
    let document = document();
    let mut found: Vec<String> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push(format!("{method} {path}"));
            let responses = operation["responses"].as_object().unwrap();
            for status in [
                "200", "400", "401", "403", "404", "413", "429", "500", "503",
            ] {
                assert!(
                    responses.contains_key(status),
                    "{method} {path} says nothing of {status}"
                );
            }
            assert!(operation["summary"].is_string(), "{method} {path}");
        }
    }
    found.sort();
    assert_eq!(
        found,
        [
            "delete /{app_id}/subscriptions",
            "delete /{node_id}",
            "delete /{waba_id}/message_templates",
            "delete /{waba_id}/subscribed_apps",
            "get /debug_token",
            "get /media_files/{media_id}",
            "get /oauth/access_token",
            "get /{app_id}/subscriptions",
            "get /{node_id}",
            "get /{phone_number_id}/call_permissions",
            "get /{phone_number_id}/official_business_account",
            "get /{phone_number_id}/routing_roles",
            "get /{phone_number_id}/settings",
            "get /{phone_number_id}/whatsapp_business_profile",
            "get /{waba_id}/message_templates",
            "get /{waba_id}/phone_numbers",
            "get /{waba_id}/subscribed_apps",
            "post /{app_id}/subscriptions",
            "post /{node_id}",
            "post /{phone_number_id}/calls",
            "post /{phone_number_id}/deregister",
            "post /{phone_number_id}/media",
            "post /{phone_number_id}/messages",
            "post /{phone_number_id}/official_business_account",
            "post /{phone_number_id}/register",
            "post /{phone_number_id}/request_code",
            "post /{phone_number_id}/settings",
            "post /{phone_number_id}/thread_control",
            "post /{phone_number_id}/verify_code",
            "post /{phone_number_id}/whatsapp_business_profile",
            "post /{waba_id}/message_templates",
            "post /{waba_id}/phone_numbers",
            "post /{waba_id}/subscribed_apps",
        ]
    );
}

#[test]
fn every_reference_has_its_schema() {
    let document = document();
    let text = document.to_string();
    let references: Vec<&str> = text
        .split("\"#/components/schemas/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(references.len() > 20);
    for name in references {
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn the_pages_are_served() {
    let api = crate::support::Api::new().await;
    let get = async |uri: &str| {
        let request = Request::builder().uri(uri).body(Body::empty()).unwrap();
        let response = api.router().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        (
            status,
            response.into_body().collect().await.unwrap().to_bytes(),
        )
    };
    let (status, body) = get("/openapi.json").await;
    assert_eq!(status, 200);
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), document());
    assert_eq!(get("/docs").await.0, 303);
    let (status, body) = get("/docs/").await;
    assert_eq!(status, 200);
    assert!(String::from_utf8_lossy(&body).contains("swagger-ui"));
}
