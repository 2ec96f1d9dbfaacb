//! `/sandbox/v1/openapi.json`: what is mounted is described, and what is described is mounted.

use crate::support::Sandbox;
use axum::http::StatusCode;
use serde_json::Value;

/// The routes of the outward contract.
const CONTRACT: &[&str] = &[
    "get /clock",
    "post /clock/advance",
    "get /users",
    "post /users",
    "get /users/{wa_id}",
    "patch /users/{wa_id}",
    "get /users/{wa_id}/calls",
    "post /users/{wa_id}/calls",
    "get /users/{wa_id}/calls/{id}",
    "get /users/{wa_id}/calls/{id}/heard.wav",
    "post /users/{wa_id}/calls/{id}/answer",
    "post /users/{wa_id}/calls/{id}/reject",
    "post /users/{wa_id}/calls/{id}/hang_up",
    "post /users/{wa_id}/calls/{id}/dtmf",
    "get /users/{wa_id}/thread",
    "post /users/{wa_id}/messages",
    "post /users/{wa_id}/taps",
    "post /users/{wa_id}/permission",
    "post /users/{wa_id}/block",
    "post /users/{wa_id}/unblock",
    "post /users/{wa_id}/report",
    "get /deliveries",
    "post /deliveries/{id}/replay",
    "put /faults",
    "get /faults",
    "delete /faults",
    "post /reset",
    "get /state",
    "put /state",
];

fn document() -> Value {
    serde_json::to_value(ahoy_sandbox::openapi()).unwrap()
}

/// Each operation of the document: method, path below the prefix, and the operation.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.push((method.clone(), path.clone(), operation.clone()));
        }
    }
    all
}

#[test]
fn the_routes_of_the_contract_are_there() {
    let document = document();
    let found: Vec<String> = operations(&document)
        .iter()
        .map(|(method, path, _)| format!("{method} {}", path.strip_prefix("/sandbox/v1").unwrap()))
        .collect();
    let missing: Vec<_> = CONTRACT
        .iter()
        .filter(|route| !found.iter().any(|f| f == *route))
        .collect();
    assert!(missing.is_empty(), "{missing:?} of {found:?}");
}

#[test]
fn every_operation_says_what_it_takes_and_answers() {
    let document = document();
    let mut ids = Vec::new();
    for (method, path, operation) in operations(&document) {
        let at = format!("{method} {path}");
        ids.push(operation["operationId"].as_str().unwrap().to_owned());
        assert!(operation["summary"].is_string(), "{at}: no summary");
        let answers = operation["responses"].as_object().unwrap();
        assert!(
            answers.contains_key("200") || answers.contains_key("501"),
            "{at}"
        );
        for (status, answer) in answers {
            assert!(
                answer["content"].is_object(),
                "{at}: {status} has no schema"
            );
        }
        for status in ["400", "404", "405", "500"] {
            assert!(
                answers.contains_key(status),
                "{at} says nothing of {status}"
            );
        }
        let named: Vec<&str> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let parameters = operation["parameters"].as_array();
        let parameters = parameters.map(Vec::as_slice).unwrap_or_default();
        for part in named {
            let one = parameters.iter().find(|p| p["name"] == part).unwrap();
            assert!(one["description"].is_string(), "{at}: {part}");
        }
        let takes_body = ["post", "put", "patch"].contains(&method.as_str());
        assert!(
            !takes_body || answers.contains_key("501") || operation["requestBody"].is_object(),
            "{at}: no body"
        );
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "an operation's id is taken twice");
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
    assert!(references.len() > 30);
    for name in references {
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name}"
        );
    }
}

/// What is described is mounted: no method of the document meets the fallback, every other method does.
#[tokio::test]
async fn what_is_described_is_mounted() {
    let sandbox = Sandbox::new().await;
    let document = document();
    for path in document["paths"].as_object().unwrap().keys() {
        let item = &document["paths"][path];
        let address = path
            .split('/')
            .map(|part| if part.starts_with('{') { "0" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        for method in ["get", "post", "put", "patch", "delete"] {
            // An unreadable body, so that nothing happens.
            let (status, body) = sandbox.ask(method, &address, "[").await;
            let at = format!("{method} {path}: {status} {body}");
            let error = body["error"]["message"].as_str().unwrap_or_default();
            assert!(!error.starts_with("there is no sandbox route"), "{at}");
            if item[method].is_object() {
                assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{at}");
                let known = &item[method]["responses"][status.as_str()];
                assert!(known.is_object(), "{at} is not described");
            } else {
                assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{at}");
                assert_eq!(body["error"]["code"], "method_not_allowed");
            }
        }
    }
}

/// What is mounted is described: routes are mounted by their description alone.
#[test]
fn what_is_mounted_is_described() {
    let source = include_str!("../../src/routes.rs");
    assert!(source.contains(".routes(routes!("));
    assert!(
        !source.contains(".route("),
        "a route without a description: mount it with `.routes(routes!(…))`"
    );
}

#[tokio::test]
async fn the_document_is_served_and_unknown_routes_are_not_found() {
    let sandbox = Sandbox::new().await;
    let (status, body) = sandbox.ask("get", ahoy_sandbox::DOCUMENT, "").await;
    assert_eq!((status, body), (StatusCode::OK, document()));
    for path in [
        "/sandbox",
        "/sandbox/v1",
        "/sandbox/v1/",
        "/sandbox/v2/clock",
        "/sandbox/v1/user",
        "/sandbox/v1/users/447700900001/calls/x/y",
    ] {
        let (status, body) = sandbox.ask("get", path, "").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(body["error"]["code"], "not_found", "{path}");
    }
}
