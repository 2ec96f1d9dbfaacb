//! Bodies of every kind with each of their keys, at every depth, given a second time.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fmt::Write as _;

use ahoy_wire::{Body, ErrorCode};
use serde_json::{Value, json};

const JSON: Option<&str> = Some("application/json");
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

/// One body of each kind of request that has keys below the first level, and some that have none.
fn bodies() -> Vec<Value> {
    vec![
        json!({"messaging_product": "whatsapp", "to": "447700900001", "action": "connect",
            "session": {"sdp_type": "offer", "sdp": "v=0"}, "biz_opaque_callback_data": "x"}),
        json!({"messaging_product": "whatsapp", "to": "447700900001", "type": "interactive",
            "context": {"message_id": "wamid.x"},
            "interactive": {"type": "button", "body": {"text": "Hello"}, "action": {"buttons": [
                {"type": "reply", "reply": {"id": "1", "title": "Yes"}},
                {"type": "reply", "reply": {"id": "2", "title": "No"}}]}}}),
        json!({"calling": {"status": "ENABLED", "call_hours": {"status": "ENABLED", "timezone_id": "Europe/Madrid",
            "weekly_operating_hours": [{"day_of_week": "MONDAY", "open_time": "0900", "close_time": "1330"}],
            "holiday_schedule": [{"date": "2027-01-06", "start_time": "0000", "end_time": "2359"}]},
            "sip": {"status": "DISABLED", "servers": [{"hostname": "sip.acme.example",
                "request_uri_user_params": {"tgrp": "wa"}}]}}}),
        json!({"name": "hello", "language": "en", "category": "UTILITY", "components": [
            {"type": "BODY", "text": "Hello {{1}}", "example": {"body_text": [["Ana"]]}}]}),
        json!({"object": "whatsapp_business_account", "callback_url": "https://acme.example/hook", "fields": "calls",
            "verify_token": "secret"}),
        json!({"messaging_product": "whatsapp", "about": "Ahoy", "websites": ["https://acme.example"]}),
        json!({"messaging_product": "whatsapp", "pin": "123456"}),
    ]
}

/// The text of a value in which the key number `double` is written twice, and that key's full name.
fn write(value: &Value, place: &str, double: &mut i64, named: &mut String, out: &mut String) {
    match value {
        Value::Object(object) => {
            out.push('{');
            for (key, value) in object {
                let dot = if place.is_empty() { "" } else { "." };
                let place = format!("{place}{dot}{key}");
                *double -= 1;
                if *double == -1 {
                    named.clone_from(&place);
                    write!(out, "\"{key}\":null,").unwrap();
                }
                write!(out, "\"{key}\":").unwrap();
                write(value, &place, double, named, out);
                out.push(',');
            }
            if out.ends_with(',') {
                out.pop();
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for (at, value) in list.iter().enumerate() {
                write(value, &format!("{place}[{at}]"), double, named, out);
                out.push(',');
            }
            if out.ends_with(',') {
                out.pop();
            }
            out.push(']');
        }
        leaf => write!(out, "{leaf}").unwrap(),
    }
}

#[test]
fn in_json_at_every_depth() {
    let mut met = 0;
    for body in bodies() {
        for key in 0.. {
            let (mut text, mut named) = (String::new(), String::new());
            write(&body, "", &mut { key }, &mut named, &mut text);
            if named.is_empty() {
                assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), body);
                assert!(Body::parse(JSON, text.as_bytes()).is_ok(), "{text}");
                break;
            }
            let error = Body::parse(JSON, text.as_bytes()).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidParameter, "{text}");
            let said = format!("`{named}` is given twice");
            assert!(error.details.contains(&said), "{text}: {}", error.details);
            met += 1;
        }
    }
    assert!(met > 60, "{met} keys");
}

#[test]
fn in_a_form_also_where_a_value_is_json() {
    let refused = |text: &str| Body::parse(FORM, text.as_bytes()).unwrap_err().details;
    assert!(refused("action=connect&to=1&action=reject").contains("gives `action` twice"));
    let body = Body::parse(FORM, b"session={\"sdp\":\"a\",\"sdp\":\"b\"}").unwrap();
    let error = body.fields().object("session").unwrap_err();
    assert!(error.details.contains("session"), "{}", error.details);
}

#[test]
fn a_query_fills_in_for_the_body_and_the_body_wins() {
    let body = Body::parse(JSON, br#"{"action":"connect"}"#).unwrap();
    let body = body.with_query("action=reject&to=1");
    assert_eq!(body.fields().text("action").unwrap(), Some("connect"));
    assert_eq!(body.fields().text("to").unwrap(), Some("1"));
}
