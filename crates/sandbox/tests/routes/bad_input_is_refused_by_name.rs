//! Every sandbox route with input that is wrong in every way it can be: the answer names what is wrong, and nothing
//! has happened.

use crate::world::{ANA, PHONE, Sandbox};
use serde_json::{Value, json};

/// Routes that take a JSON body, with one that would be taken (but for what the path names).
fn bodies() -> Vec<(&'static str, String, Value)> {
    let user = format!("/users/{ANA}");
    let business = json!({"phone_number_id": PHONE});
    let of_call = format!("{user}/calls/wacid.none");
    vec![
        ("POST", "/clock/advance".into(), json!({"seconds": 1})),
        ("POST", "/reset".into(), json!({})),
        ("POST", "/users".into(), json!({"wa_id": "447700900003"})),
        ("PATCH", user.clone(), json!({"name": "Anna"})),
        (
            "POST",
            format!("{user}/permission"),
            json!({"phone_number_id": PHONE, "response": "accept"}),
        ),
        ("POST", format!("{user}/chat_info"), business.clone()),
        ("POST", format!("{user}/callback"), business.clone()),
        ("POST", format!("{user}/calls"), json!({"to": PHONE})),
        ("POST", format!("{of_call}/answer"), json!({})),
        ("POST", format!("{of_call}/reject"), json!({})),
        ("POST", format!("{of_call}/hang_up"), json!({})),
        ("POST", format!("{of_call}/dtmf"), json!({"digits": "1"})),
        (
            "POST",
            format!("{user}/messages"),
            json!({"to": PHONE, "text": {"body": "Hello"}}),
        ),
        (
            "POST",
            format!("{user}/taps"),
            json!({"message_id": "wamid.none"}),
        ),
        ("POST", format!("{user}/open"), business.clone()),
        ("POST", format!("{user}/block"), business.clone()),
        ("POST", format!("{user}/unblock"), business.clone()),
        ("POST", format!("{user}/report"), business),
        (
            "PATCH",
            format!("/numbers/{PHONE}"),
            json!({"payment_valid": false}),
        ),
        (
            "PUT",
            format!("/numbers/{PHONE}/standing"),
            json!({"pick_up": "warned"}),
        ),
    ]
}

#[tokio::test]
async fn a_body_that_is_no_object_a_key_too_many_and_one_too_few() {
    let sandbox = Sandbox::new().await;
    let before = sandbox.everything();
    for (method, path, good) in bodies() {
        let shown = format!("{method} {path}");
        for (text, said) in [
            ("{", "not JSON"),
            ("seconds=1", "not JSON"),
            ("[]", "JSON object"),
            ("17", "JSON object"),
            ("\"text\"", "JSON object"),
            ("null", "JSON object"),
        ] {
            let reply = sandbox.send(method, &path, text).await;
            assert_eq!(reply.refusal().0, 400, "{shown} {text}: {}", reply.json);
            assert!(
                reply.refusal().2.contains(said),
                "{shown} {text}: {}",
                reply.json
            );
        }
        let mut more = good.clone();
        more["surplus"] = json!(1);
        let reply = sandbox.send(method, &path, more.to_string()).await;
        assert_eq!(reply.refusal().0, 400, "{shown}: {}", reply.json);
        assert!(
            reply.refusal().2.contains("surplus"),
            "{shown}: {}",
            reply.json
        );

        let huge = format!("{{\"pad\":\"{}\"}}", "x".repeat(2 << 20));
        let reply = sandbox.send(method, &path, huge).await;
        assert!(matches!(reply.status, 400 | 413), "{shown}: {}", reply.json);
        let not_text: &[u8] = b"{\"name\":\"\xff\"}";
        let reply = sandbox.send(method, &path, not_text).await;
        assert_eq!(reply.refusal().0, 400, "{shown}: {}", reply.json);

        // Keys whose absence is an error are named.
        for key in [
            "seconds",
            "wa_id",
            "phone_number_id",
            "response",
            "to",
            "text",
            "digits",
            "message_id",
        ] {
            let mut less = good.clone();
            if less.as_object_mut().unwrap().remove(key).is_none() {
                continue;
            }
            for body in [less.to_string(), {
                let mut null = good.clone();
                null[key] = Value::Null;
                null.to_string()
            }] {
                let reply = sandbox.send(method, &path, body.clone()).await;
                assert_eq!(reply.refusal().0, 400, "{shown} {body}: {}", reply.json);
                assert!(
                    reply.refusal().2.contains(key),
                    "{shown} {body}: {}",
                    reply.json
                );
            }
        }
        // Each key twice, and with values of every wrong type.
        for key in good.as_object().unwrap().keys() {
            let rest = good.to_string();
            let twice = format!("{{\"{key}\":null,{}", rest.strip_prefix('{').unwrap());
            let reply = sandbox.send(method, &path, twice).await;
            assert_eq!(reply.refusal().0, 400, "{shown} {key}: {}", reply.json);
            let said = format!("`{key}` is given twice");
            assert!(reply.refusal().2.contains(&said), "{shown}: {}", reply.json);
            for wrong in [
                json!([]),
                json!([1]),
                json!({}),
                json!(1.5e300),
                json!(-1),
                json!(true),
                json!(""),
            ] {
                let fits = match (&good[key], &wrong) {
                    (Value::Bool(_), Value::Bool(_)) => true,
                    // An empty name is a name.
                    (Value::String(_), Value::String(_)) => key == "name",
                    _ => false,
                };
                if fits {
                    continue;
                }
                let mut body = good.clone();
                body[key] = wrong;
                let reply = sandbox.send(method, &path, body.to_string()).await;
                let (status, _, sentence) = reply.refusal();
                assert!(
                    matches!(status, 400 | 404),
                    "{shown} {body}: {}",
                    reply.json
                );
                assert!(
                    sentence.contains(key.as_str()),
                    "{shown} {body}: {sentence}"
                );
            }
        }
        assert_eq!(
            sandbox.everything(),
            before,
            "{shown} left something behind"
        );
    }
}

#[tokio::test]
async fn what_a_path_names_and_is_not_there() {
    let sandbox = Sandbox::new().await;
    let before = sandbox.everything();
    for (method, path, body) in bodies() {
        if !path.starts_with("/users/") {
            continue;
        }
        let rest = path.trim_start_matches(&format!("/users/{ANA}"));
        for user in [
            "x",
            "0",
            "-1",
            "999999999999999999999999",
            "44%2077",
            "%00",
            "%ff",
        ] {
            let reply = sandbox
                .send(method, &format!("/users/{user}{rest}"), body.to_string())
                .await;
            assert!(
                matches!(reply.status, 400 | 404),
                "{method} {user}{rest}: {}",
                reply.json
            );
        }
    }
    let user = format!("/users/{ANA}");
    let unknown = "442079469999";
    let with = json!({"phone_number_id": unknown});
    for (method, path, body, said) in [
        (
            "GET",
            format!("{user}/view?phone_number_id={unknown}"),
            json!(null),
            "phone_number_id",
        ),
        (
            "GET",
            format!("{user}/thread?phone_number_id={unknown}"),
            json!(null),
            "phone_number_id",
        ),
        (
            "POST",
            format!("{user}/chat_info"),
            with.clone(),
            "phone_number_id",
        ),
        (
            "POST",
            format!("{user}/callback"),
            with.clone(),
            "phone_number_id",
        ),
        (
            "POST",
            format!("{user}/open"),
            with.clone(),
            "phone_number_id",
        ),
        (
            "POST",
            format!("{user}/block"),
            with.clone(),
            "phone_number_id",
        ),
        ("POST", format!("{user}/report"), with, "phone_number_id"),
        (
            "POST",
            format!("{user}/permission"),
            json!({"phone_number_id": unknown, "response": "accept"}),
            "phone_number_id",
        ),
        (
            "POST",
            format!("{user}/calls"),
            json!({"to": unknown}),
            "to",
        ),
        (
            "POST",
            format!("{user}/messages"),
            json!({"to": unknown, "text": {"body": "Hello"}}),
            "to",
        ),
        (
            "PATCH",
            format!("/numbers/{unknown}"),
            json!({"payment_valid": false}),
            unknown,
        ),
        (
            "GET",
            format!("/numbers/{unknown}/standing"),
            json!(null),
            unknown,
        ),
        (
            "PUT",
            format!("/numbers/{unknown}/standing"),
            json!({"pick_up": "warned"}),
            unknown,
        ),
        ("GET", "/deliveries/999".into(), json!(null), "999"),
        (
            "GET",
            format!("{user}/calls/wacid.none"),
            json!(null),
            "wacid.none",
        ),
        (
            "GET",
            format!("{user}/calls/wacid.none/heard.wav"),
            json!(null),
            "wacid.none",
        ),
        (
            "POST",
            format!("{user}/calls/wacid.none/answer"),
            json!({}),
            "wacid.none",
        ),
        (
            "POST",
            format!("{user}/calls/wacid.none/reject"),
            json!({}),
            "wacid.none",
        ),
        (
            "POST",
            format!("{user}/calls/wacid.none/hang_up"),
            json!({}),
            "wacid.none",
        ),
        (
            "POST",
            format!("{user}/calls/wacid.none/dtmf"),
            json!({"digits": "1"}),
            "wacid.none",
        ),
        (
            "POST",
            format!("{user}/taps"),
            json!({"message_id": "wamid.none"}),
            "wamid.none",
        ),
        ("GET", "/nothing".into(), json!(null), "/nothing"),
    ] {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let reply = sandbox.send(method, &path, body).await;
        assert_eq!(reply.refusal().0, 404, "{method} {path}: {}", reply.json);
        assert!(
            reply.refusal().2.contains(said),
            "{method} {path}: {}",
            reply.json
        );
    }
    // A number that is a user's is nobody's business; ids beyond 63 bits are no reason to fail.
    for text in [
        ANA.to_string(),
        u64::MAX.to_string(),
        "9".repeat(40),
        String::new(),
        "é".into(),
    ] {
        let body = json!({"to": text});
        let reply = sandbox.post(&format!("{user}/calls"), body).await;
        assert!(matches!(reply.status, 400 | 404), "{text}: {}", reply.json);
    }
    for (method, path) in [
        ("DELETE", "/users".to_owned()),
        ("PUT", user.clone()),
        ("GET", "/clock/advance".into()),
        ("POST", "/mailbox".into()),
    ] {
        let reply = sandbox.send(method, &path, "").await;
        assert_eq!(
            (reply.refusal().0, reply.refusal().1),
            (405, "method_not_allowed")
        );
    }
    assert_eq!(sandbox.everything(), before);
}
