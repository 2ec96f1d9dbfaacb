//! What clients send, and the sentence each mistake gets.
#![allow(clippy::unwrap_used, missing_docs)]

use ahoy_types::WaId;
use ahoy_wire::calls::Callee;
use ahoy_wire::settings::{IconVisibility, SettingsChange, Switch};
use ahoy_wire::subscriptions::{OverrideChange, Subscribe, Unsubscribe};
use ahoy_wire::tokens::AppToken;
use ahoy_wire::{Body, CallAction, GraphError, SdpType, Session, permissions};
use proptest::prelude::*;

const JSON: Option<&str> = Some("application/json; charset=utf-8");
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

fn calls(body: &str) -> Result<CallAction, GraphError> {
    CallAction::parse(&Body::parse(JSON, body.as_bytes())?)
}

fn calls_fault(body: &str) -> String {
    calls(body).unwrap_err().details
}

#[test]
fn a_connect_with_everything() {
    let action = calls(
        r#"{"messaging_product":"whatsapp","to":"+34 600-111-222","recipient":"ES.1","action":"connect",
            "session":{"sdp_type":"offer","sdp":"v=0\r\n"},"biz_opaque_callback_data":"crm-77","novelty":{"a":[1]},
            "call_id":null}"#,
    );
    assert_eq!(
        action.unwrap(),
        CallAction::Connect {
            callee: Callee::Number(WaId::from_u64(34_600_111_222)),
            session: Session::offer("v=0\r\n"),
            biz_opaque_callback_data: Some("crm-77".into()),
        }
    );
}

#[test]
fn the_published_command_without_an_action_is_a_connect() {
    for to in [r#""34600111222""#, "34600111222"] {
        let body = format!(
            r#"{{"messaging_product":"whatsapp","to":{to},"session":{{"sdp_type":"offer","sdp":"v=0"}}}}"#
        );
        let Ok(CallAction::Connect { callee, .. }) = calls(&body) else {
            panic!("{body}");
        };
        assert_eq!(callee, Callee::Number(WaId::from_u64(34_600_111_222)));
    }
}

#[test]
fn the_number_wins_over_the_user_id() {
    let body = |who: &str| {
        format!(
            r#"{{"messaging_product":"whatsapp","action":"connect",{who},"session":{{"sdp_type":"offer","sdp":"v=0"}}}}"#
        )
    };
    let Ok(CallAction::Connect { callee, .. }) = calls(&body(r#""recipient":"ES.123""#)) else {
        panic!("a recipient alone is enough");
    };
    assert_eq!(callee, Callee::User("ES.123".parse().unwrap()));
    // The one that loses is not even looked at.
    assert!(calls(&body(r#""recipient":7,"to":"34600111222""#)).is_ok());
}

#[test]
fn actions_on_a_call() {
    let body = |action: &str| {
        format!(
            r#"{{"messaging_product":"whatsapp","action":"{action}","call_id":"wacid.A-_=","to":"34600111222",
                "session":{{"sdp_type":"answer","sdp":"v=0"}},"biz_opaque_callback_data":"x"}}"#
        )
    };
    let call_id = "wacid.A-_=".parse::<ahoy_types::CallId>().unwrap();
    let session = Session::answer("v=0");
    let expected = [
        CallAction::PreAccept {
            call_id: call_id.clone(),
            session: session.clone(),
        },
        CallAction::Accept {
            call_id: call_id.clone(),
            session,
            biz_opaque_callback_data: Some("x".into()),
        },
        CallAction::Reject {
            call_id: call_id.clone(),
        },
        CallAction::Terminate { call_id },
    ];
    for action in expected {
        assert_eq!(calls(&body(action.as_str())).unwrap(), action);
    }
}

#[test]
fn each_mistake_in_a_call_has_its_sentence() {
    let long = "x".repeat(513);
    let long_data = format!(
        r#"{{"messaging_product":"whatsapp","action":"connect","to":"34600111222","session":{{"sdp_type":"offer","sdp":"v"}},"biz_opaque_callback_data":"{long}"}}"#
    );
    let table: &[(&str, &str)] = &[
        ("{}", "The parameter `messaging_product` is required."),
        (
            r#"{"messaging_product":null}"#,
            "The parameter `messaging_product` is required.",
        ),
        (
            r#"{"messaging_product":"telegram"}"#,
            "The parameter `messaging_product` has the value `telegram`; allowed: whatsapp.",
        ),
        (
            r#"{"messaging_product":7}"#,
            "The parameter `messaging_product` must be a string, not a number.",
        ),
        (
            r#"{"messaging_product":"whatsapp"}"#,
            "The parameter `action` is required: connect, pre_accept, accept, reject, terminate.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"pre-accept"}"#,
            "The parameter `action` has the value `pre-accept`; allowed: connect, pre_accept, accept, reject, terminate.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":["connect"]}"#,
            "The parameter `action` must be a string, not a list.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"connect"}"#,
            "The parameter `to` or the parameter `recipient` is required.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"connect","to":"me"}"#,
            "The parameter `to` has the value `me`, which is not a phone number: country code and 7 to 15 digits are expected.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"connect","to":-1}"#,
            "The parameter `to` has the value `-1`, which is not a phone number: country code and 7 to 15 digits are expected.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"connect","to":1.5}"#,
            "The parameter `to` must be a string or an integer, not a number.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"connect","to":{}}"#,
            "The parameter `to` must be a string or an integer, not an object.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"connect","recipient":"es.1"}"#,
            "The parameter `recipient` has the value `es.1`, which is not a business-scoped user id: a country code, a dot and digits are expected.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"connect","to":"34600111222"}"#,
            "The parameter `session` is required.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"connect","to":"34600111222","connection":{"webrtc":{}}}"#,
            "The parameter `connection` is a retired form that is not supported: send `session` with `sdp_type` and `sdp`.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"connect","to":"34600111222","session":"v=0"}"#,
            "The parameter `session` must be an object, not a string.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"connect","to":"34600111222","session":{}}"#,
            "The parameter `session.sdp_type` is required.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"connect","to":"34600111222","session":{"sdp_type":"answer","sdp":"v"}}"#,
            "The parameter `session.sdp_type` has the value `answer`; allowed: offer.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"accept","call_id":"wacid.A","session":{"sdp_type":"offer","sdp":"v"}}"#,
            "The parameter `session.sdp_type` has the value `offer`; allowed: answer.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"connect","to":"34600111222","session":{"sdp_type":"offer"}}"#,
            "The parameter `session.sdp` is required.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"connect","to":"34600111222","session":{"sdp_type":"offer","sdp":" \r\n"}}"#,
            "The parameter `session.sdp` must not be empty.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"connect","to":"34600111222","session":{"sdp_type":"offer","sdp":true}}"#,
            "The parameter `session.sdp` must be a string, not a boolean.",
        ),
        (
            &long_data,
            "The parameter `biz_opaque_callback_data` is too long: 513 characters, at most 512 are allowed.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"accept"}"#,
            "The parameter `call_id` is required.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"reject","call_id":"wamid.A"}"#,
            "The parameter `call_id` has the value `wamid.A`, which is not a call id: text that begins with `wacid.` is expected.",
        ),
        (
            r#"{"messaging_product":"whatsapp","action":"terminate","call_id":7}"#,
            "The parameter `call_id` must be a string, not a number.",
        ),
        ("[]", "The request body must be a JSON object, not a list."),
        ("7", "The request body must be a JSON object, not a number."),
        (
            r#"{"messaging_product":"#,
            "The request body is not valid JSON: EOF while parsing a value at line 1 column 21.",
        ),
    ];
    for (body, sentence) in table {
        assert_eq!(&calls_fault(body), sentence, "{body}");
    }
    let huge = format!(
        r#"{{"messaging_product":"whatsapp","action":"connect","to":"34600111222","session":{{"sdp_type":"offer","sdp":"{}"}}}}"#,
        "v".repeat(100_000)
    );
    assert_eq!(
        calls_fault(&huge),
        "The parameter `session.sdp` is too long: 100000 bytes, at most 65536 are allowed."
    );
    let depth = format!("{}{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    assert!(
        calls_fault(&depth).contains("recursion limit"),
        "deep nesting is refused"
    );
}

#[test]
fn recording_is_not_silently_left_out() {
    let body = |recording: &str| {
        format!(
            r#"{{"messaging_product":"whatsapp","action":"accept","call_id":"wacid.A","session":{{"sdp_type":"answer","sdp":"v"}},"recording":{recording}}}"#
        )
    };
    assert!(calls(&body("null")).is_ok());
    assert!(calls(&body(r#"{"status":"DISABLED"}"#)).is_ok());
    assert_eq!(
        calls_fault(&body("{}")),
        "The parameter `recording.status` is required."
    );
    assert_eq!(
        calls_fault(&body(r#"{"status":"ENABLED","purpose":"training"}"#)),
        "The parameter `recording` asks for a feature that is not supported by this server: leave it out or send the status DISABLED."
    );
}

#[test]
fn callback_data_is_counted_in_characters() {
    let body = format!(
        r#"{{"messaging_product":"whatsapp","to":"34600111222","session":{{"sdp_type":"offer","sdp":"v"}},"biz_opaque_callback_data":"{}"}}"#,
        "é".repeat(512)
    );
    assert!(calls(&body).is_ok());
}

#[test]
fn a_form_may_hold_json_text() {
    let body = "messaging_product=whatsapp&action=connect&to=34600111222&biz_opaque_callback_data=%7B%7D\
                &session=%7B%22sdp_type%22%3A%22offer%22%2C%22sdp%22%3A%22v%3D0%22%7D";
    let body = Body::parse(FORM, body.as_bytes()).unwrap();
    let Ok(CallAction::Connect {
        session,
        biz_opaque_callback_data,
        ..
    }) = CallAction::parse(&body)
    else {
        panic!("a form is as good as JSON");
    };
    assert_eq!(session.sdp_type, SdpType::Offer);
    assert_eq!(
        biz_opaque_callback_data.as_deref(),
        Some("{}"),
        "text stays text"
    );

    let broken = Body::parse(
        FORM,
        b"messaging_product=whatsapp&action=accept&call_id=wacid.A&session=%7B",
    );
    assert_eq!(
        CallAction::parse(&broken.unwrap()).unwrap_err().details,
        "The parameter `session` has the value `{`; allowed: a JSON object."
    );
}

#[test]
fn json_under_a_forms_label_is_json() {
    let body = Body::parse(
        FORM,
        br#" {"messaging_product":"whatsapp","action":"reject","call_id":"wacid.A"}"#,
    );
    assert!(CallAction::parse(&body.unwrap()).is_ok());
}

#[test]
fn bodies_that_are_no_text() {
    let fault = |content_type, bytes: &[u8]| Body::parse(content_type, bytes).unwrap_err().details;
    assert_eq!(
        fault(JSON, b"{\"a\":\"\xff\"}"),
        "The request body is not UTF-8 text: the byte at offset 6 is wrong."
    );
    assert_eq!(
        fault(Some("multipart/form-data; boundary=x"), b"--x"),
        "The request body is multipart: send JSON or application/x-www-form-urlencoded."
    );
    assert_eq!(Body::parse(None, b" \n").unwrap(), Body::default());
}

fn settings(body: &str) -> Result<SettingsChange, GraphError> {
    SettingsChange::parse(&Body::parse(JSON, body.as_bytes())?)
}

#[test]
fn settings_change_what_is_named() {
    let change = settings(
        r#"{"messaging_product":"whatsapp","calling":{"status":"ENABLED","x":1,"call_icon_visibility":null}}"#,
    );
    let expected = SettingsChange {
        status: Some(Switch::Enabled),
        ..SettingsChange::default()
    };
    assert_eq!(change.unwrap(), expected);
    let change = settings(
        r#"{"calling":{"callback_permission_status":"disabled","call_icon_visibility":"DISABLE_ALL"}}"#,
    );
    let expected = SettingsChange {
        status: None,
        call_icon_visibility: Some(IconVisibility::DisableAll),
        callback_permission_status: Some(Switch::Disabled),
    };
    assert_eq!(change.unwrap(), expected);
}

#[test]
fn no_setting_is_swallowed() {
    let table = [
        ("{}", "The parameter `calling` is required."),
        (
            r#"{"calling":[]}"#,
            "The parameter `calling` must be an object, not a list.",
        ),
        (
            r#"{"calling":{}}"#,
            "The parameter `calling` names no setting; it can change status, call_icon_visibility, callback_permission_status.",
        ),
        (
            r#"{"calling":{"stauts":"ENABLED"}}"#,
            "The parameter `calling` names no setting; it can change status, call_icon_visibility, callback_permission_status.",
        ),
        (
            r#"{"calling":{"status":"ON"}}"#,
            "The parameter `calling.status` has the value `ON`; allowed: ENABLED, DISABLED.",
        ),
        (
            r#"{"calling":{"status":{}}}"#,
            "The parameter `calling.status` must be a string, not an object.",
        ),
        (
            r#"{"calling":{"status":true}}"#,
            "The parameter `calling.status` must be a string, not a boolean.",
        ),
        (
            r#"{"calling":{"call_icon_visibility":"HIDDEN"}}"#,
            "The parameter `calling.call_icon_visibility` has the value `HIDDEN`; allowed: DEFAULT, DISABLE_ALL.",
        ),
        (
            r#"{"calling":{"status":"ENABLED","call_hours":{}}}"#,
            "The parameter `calling.call_hours` is not supported by this server; it can change status, call_icon_visibility, callback_permission_status.",
        ),
        (
            r#"{"calling":{"status":"ENABLED","srtp_key_exchange_protocol":"SDES"}}"#,
            "The parameter `calling.srtp_key_exchange_protocol` is not supported by this server; it can change status, call_icon_visibility, callback_permission_status.",
        ),
        (
            r#"{"calling":{"status":"ENABLED","lasers":{}}}"#,
            "The parameter `calling.lasers` is not a known group of settings.",
        ),
        (
            r#"{"calling":{"status":"ENABLED"},"lasers":{}}"#,
            "The parameter `lasers` is not a known group of settings.",
        ),
        (
            r#"{"payload_encryption":{"status":"ENABLED"}}"#,
            "The parameter `payload_encryption` is not supported by this server; the group `calling` is.",
        ),
    ];
    for (body, sentence) in table {
        assert_eq!(settings(body).unwrap_err().details, sentence, "{body}");
    }
}

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
        if let Err(error) = calls(&body) {
            prop_assert!(error.details.chars().count() < 1000);
            prop_assert!(!error.details.chars().any(char::is_control));
        }
    }
}
