//! Arbitrary bytes, arbitrary JSON with the words of this API in it, arbitrary text in sentences.
#![allow(clippy::unwrap_used, missing_docs)]

use ahoy_wire::settings::SettingsChange;
use ahoy_wire::subscriptions::{OverrideChange, Subscribe, Unsubscribe};
use ahoy_wire::tokens::AppToken;
use ahoy_wire::{Body, CallAction, permissions};
use proptest::prelude::*;

const JSON: Option<&str> = Some("application/json");
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

fn all_parsers(content_type: Option<&str>, bytes: &[u8]) {
    if let Ok(body) = Body::parse(content_type, bytes) {
        let _ = CallAction::parse(&body);
        let _ = SettingsChange::parse(&body);
        let _ = Subscribe::parse(&body);
        let _ = Unsubscribe::parse(&body);
        let _ = OverrideChange::parse(&body);
        let _ = OverrideChange::parse_configuration(&body);
        let _ = permissions::parse_query(&body);
    }
    let _ = serde_json::from_slice::<ahoy_wire::webhook::Notification>(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = ahoy_wire::nodes::parse_fields(text);
        let _ = AppToken::parse(text);
        let _ = ahoy_wire::webhook::verify("secret", bytes, text);
    }
}

/// Any JSON value, a few levels deep, with the names of this API among its keys.
fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
        prop_oneof![
            Just("whatsapp"),
            Just("connect"),
            Just("accept"),
            Just("offer"),
            Just("answer"),
            Just("wacid.A"),
            Just("ENABLED")
        ]
        .prop_map(Into::into),
    ];
    let key = prop_oneof![
        prop_oneof![
            Just("messaging_product"),
            Just("action"),
            Just("to"),
            Just("recipient"),
            Just("call_id"),
            Just("session"),
            Just("sdp_type"),
            Just("sdp"),
            Just("calling"),
            Just("status"),
            Just("object"),
            Just("fields"),
            Just("webhook_configuration"),
            Just("override_callback_uri"),
            Just("entry"),
            Just("changes"),
            Just("value"),
        ]
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map(key.clone(), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes: Vec<u8>, json: bool) {
        all_parsers(if json { JSON } else { FORM }, &bytes);
    }

    #[test]
    fn no_json_makes_a_parser_panic(value in json_value()) {
        all_parsers(JSON, value.to_string().as_bytes());
    }

    #[test]
    fn sentences_stay_short_and_printable(text: String) {
        let body = serde_json::json!({"messaging_product": text}).to_string();
        if let Err(error) = Body::parse(JSON, body.as_bytes()).and_then(|body| CallAction::parse(&body)) {
            prop_assert!(error.details.chars().count() < 1000);
            prop_assert!(!error.details.chars().any(char::is_control));
        }
    }
}
