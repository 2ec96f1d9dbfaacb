//! What a business sends to the Graph API, and what a receiver gets as a webhook: no panic, and every refusal a short
//! printable sentence. The first byte chooses how the rest is labelled.
#![no_main]

use ahoy_wire::calls::{Callee, MAX_CALLBACK_DATA, MAX_SDP};
use ahoy_wire::filtering::NumberFilter;
use ahoy_wire::settings::SettingsChange;
use ahoy_wire::subscriptions::{OverrideChange, Subscribe, Unsubscribe};
use ahoy_wire::tokens::AppToken;
use ahoy_wire::webhook::{Notification, sign, verify};
use ahoy_wire::{Body, CallAction, GraphError, nodes, permissions};
use libfuzzer_sys::fuzz_target;

/// Longest sentence: a few excerpts of 60 characters and the list of webhook fields.
const LONGEST_SENTENCE: usize = 1000;

fn sensible<T>(result: Result<T, GraphError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            assert!(error.details.chars().count() <= LONGEST_SENTENCE, "{error}");
            assert!(!error.details.chars().any(char::is_control), "{error}");
            let envelope = error.to_json("AbCdEfGhIjKlMnOpQrStUv");
            assert!(envelope.is_ascii());
            assert!(serde_json::from_slice::<ahoy_wire::errors::ErrorEnvelope>(&envelope).is_ok());
            None
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&label, bytes)) = data.split_first() else {
        return;
    };
    let content_type = match label % 4 {
        0 => Some("application/json"),
        1 => Some("application/x-www-form-urlencoded"),
        2 => None,
        _ => Some("text/json; charset=utf-8"),
    };
    let text = String::from_utf8_lossy(bytes);
    if let Some(body) = sensible(Body::parse(content_type, bytes)) {
        let body = if label & 0x80 == 0 {
            body
        } else {
            body.with_query(&text)
        };
        match sensible(CallAction::parse(&body)) {
            Some(CallAction::Connect {
                callee,
                session,
                biz_opaque_callback_data,
            }) => {
                if let Callee::Number(number) = callee {
                    assert!((7..=15).contains(&number.to_string().len()));
                }
                assert!(!session.sdp.trim().is_empty() && session.sdp.len() <= MAX_SDP);
                let length = biz_opaque_callback_data.map_or(0, |data| data.chars().count());
                assert!(length <= MAX_CALLBACK_DATA);
            }
            Some(CallAction::Terminate { call_id }) => {
                assert!(call_id.as_str().starts_with("wacid."));
            }
            _ => {}
        }
        sensible(SettingsChange::parse(&body));
        sensible(Subscribe::parse(&body));
        sensible(Unsubscribe::parse(&body));
        sensible(OverrideChange::parse(&body));
        sensible(OverrideChange::parse_configuration(&body));
        sensible(permissions::parse_query(&body));
    }
    sensible(nodes::parse_fields(&text));
    sensible(NumberFilter::parse(&text));
    AppToken::parse(&text);

    assert!(verify("secret", bytes, &sign("secret", bytes)));
    verify("secret", bytes, &text);
    // What a receiver has understood it can write down and understand again.
    if let Ok(read) = serde_json::from_slice::<Notification>(bytes) {
        let written = serde_json::to_vec(&read).expect("it has text keys only");
        let again: Notification = serde_json::from_slice(&written).expect("it is its own output");
        assert_eq!(again, read);
    }
});
