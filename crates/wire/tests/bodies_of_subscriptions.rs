//! Bodies and queries of subscriptions, overrides and permissions, and the sentence each mistake gets.
#![allow(clippy::unwrap_used, missing_docs)]

use ahoy_types::WaId;
use ahoy_wire::calls::Callee;
use ahoy_wire::subscriptions::{OverrideChange, Subscribe, Unsubscribe};
use ahoy_wire::tokens::AppToken;
use ahoy_wire::{Body, permissions};

const JSON: Option<&str> = Some("application/json");

#[test]
fn subscriptions_come_in_body_or_query() {
    let query = "object=whatsapp_business_account&callback_url=https%3A%2F%2Fbot.example%2Fhook&verify_token=t&fields=messages%2Ccalls&include_values=true";
    let json = br#"{"object":"whatsapp_business_account","callback_url":"https://bot.example/hook","verify_token":"t","fields":["calls","messages","calls"]}"#;
    let a = Subscribe::parse(&Body::from_query(query)).unwrap();
    let b = Subscribe::parse(&Body::parse(JSON, json).unwrap()).unwrap();
    assert_eq!(a, b);
    assert_eq!(a.fields, ["calls", "messages"]);
    assert_eq!(a.callback.url, "https://bot.example/hook");
    assert_eq!(Unsubscribe::parse(&Body::default()).unwrap().fields, None);
}

#[test]
fn each_mistake_in_a_subscription_has_its_sentence() {
    let good =
        "object=whatsapp_business_account&callback_url=http://h/x&verify_token=t&fields=calls";
    assert!(Subscribe::parse(&Body::from_query(good)).is_ok());
    let table = [
        (
            "object=whatsapp_business_account",
            "object=page",
            "The parameter `object` has the value `page`; allowed: whatsapp_business_account.",
        ),
        (
            "object=whatsapp_business_account",
            "",
            "The parameter `object` is required.",
        ),
        (
            "callback_url=http://h/x",
            "",
            "The parameter `callback_url` is required.",
        ),
        (
            "callback_url=http://h/x",
            "callback_url=/x",
            "The parameter `callback_url` has the value `/x`, which cannot be a callback: relative URL without a base.",
        ),
        (
            "callback_url=http://h/x",
            "callback_url=ftp://h/x",
            "The parameter `callback_url` has the value `ftp://h/x`, which cannot be a callback: the scheme must be http or https.",
        ),
        (
            "verify_token=t",
            "verify_token=",
            "The parameter `verify_token` is required.",
        ),
        ("fields=calls", "", "The parameter `fields` is required."),
        (
            "fields=calls",
            "include_values=maybe&fields=calls",
            "The parameter `include_values` has the value `maybe`; allowed: true or false.",
        ),
    ];
    for (from, to, sentence) in table {
        let body = Body::from_query(&good.replace(from, to));
        assert_eq!(Subscribe::parse(&body).unwrap_err().details, sentence);
    }
    let body = Body::from_query(&good.replace("fields=calls", "fields=calls,telepathy"));
    let fault = Subscribe::parse(&body).unwrap_err().details;
    assert!(
        fault.starts_with("The parameter `fields` has the value `telepathy`; allowed: "),
        "{fault}"
    );
}

#[test]
fn overrides_are_set_and_removed() {
    let of = |json: &str| OverrideChange::parse(&Body::parse(JSON, json.as_bytes()).unwrap());
    assert_eq!(of("{}").unwrap(), OverrideChange::Remove);
    assert!(matches!(
        of(r#"{"override_callback_uri":"https://h/x","verify_token":"t"}"#),
        Ok(OverrideChange::Set(_))
    ));
    assert_eq!(
        of(r#"{"override_callback_uri":"https://h/x"}"#)
            .unwrap_err()
            .details,
        "The parameter `verify_token` is required."
    );
    let long = format!(
        r#"{{"override_callback_uri":"https://h/{}","verify_token":"t"}}"#,
        "x".repeat(200)
    );
    assert_eq!(
        of(&long).unwrap_err().details,
        "The parameter `override_callback_uri` is too long: 210 characters, at most 200 are allowed."
    );
    let number = |json: &str| {
        OverrideChange::parse_configuration(&Body::parse(JSON, json.as_bytes()).unwrap())
    };
    assert_eq!(
        number(r#"{"webhook_configuration":{"override_callback_uri":""}}"#).unwrap(),
        OverrideChange::Remove
    );
    assert_eq!(
        number(r#"{"webhook_configuration":{}}"#)
            .unwrap_err()
            .details,
        "The parameter `webhook_configuration.override_callback_uri` is required."
    );
    assert_eq!(
        number("{}").unwrap_err().details,
        "The parameter `webhook_configuration` is required."
    );
}

#[test]
fn permission_queries_name_one_user() {
    let of = |query: &str| permissions::parse_query(&Body::from_query(query));
    assert_eq!(
        of("user_wa_id=%2B34%20600111222&recipient=x").unwrap(),
        Callee::Number(WaId::from_u64(34_600_111_222))
    );
    assert!(matches!(of("recipient=ES.9"), Ok(Callee::User(_))));
    assert_eq!(
        of("").unwrap_err().details,
        "The parameter `user_wa_id` or the parameter `recipient` is required."
    );
    assert!(of("user_wa_id=abc").is_err());
}

#[test]
fn app_tokens_have_two_halves() {
    let token = AppToken::parse("900100200300|se|cret").unwrap();
    assert_eq!((token.app.0, token.secret), (900_100_200_300, "se|cret"));
    assert_eq!(AppToken::parse("ahoy-dev-token"), None);
    assert_eq!(AppToken::parse("x|y"), None);
}
