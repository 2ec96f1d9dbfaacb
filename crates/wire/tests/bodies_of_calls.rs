//! Bodies of `POST /calls`, and the sentence each mistake gets.
#![allow(clippy::unwrap_used, missing_docs)]

use ahoy_types::WaId;
use ahoy_wire::calls::Callee;
use ahoy_wire::{Body, CallAction, GraphError, SdpType, Session};

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
