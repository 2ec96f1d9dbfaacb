#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::plan::{AlertFault, ApiFault, EventFault, MediaFault, WebhookFault};

const KNOWN: u64 = 710_000_000_000_001;

fn numbers(text: &str) -> Option<PhoneNumberId> {
    ["710000000000001", "442079460000"]
        .contains(&text)
        .then_some(PhoneNumberId(KNOWN))
}

fn json_plan(body: Value) -> Result<Plan, String> {
    let Value::Object(body) = body else {
        panic!("an object");
    };
    from_json(&body, &numbers)
}

fn header(text: &str) -> Result<Plan, String> {
    from_header(text, &numbers)
}

#[test]
fn every_fault_is_read_from_its_area() {
    let plan = json_plan(json!({
        "seed": 7,
        "webhooks": [{"drop": 0.3, "event": "TERMINATE", "attempt": 1}, {"delay_ms": 400, "receiver": "900100200300"}],
        "api": {"error_code": 138006, "path": "/calls", "action": "connect", "times": 2},
        "media": {"loss": 0.1, "loss_to_user": 0.5, "one_way": "to_business", "number": "442079460000"},
        "process": {"over_capacity": true, "direction": "user_initiated", "probability": 0.5},
    }))
    .unwrap();
    assert_eq!((plan.seed, plan.len()), (7, 5));
    let [drop, delay] = &plan.webhooks[..] else {
        panic!("{plan:?}")
    };
    assert_eq!(drop.faults, [("drop", WebhookFault::Drop, Some(0.3))]);
    assert_eq!(drop.only.event.as_deref(), Some("terminate"));
    assert_eq!(drop.only.attempt, Some(1));
    assert_eq!(
        delay.faults[0].1,
        WebhookFault::Delay(std::time::Duration::from_millis(400))
    );
    assert_eq!((drop.index, delay.index, plan.process[0].index), (0, 1, 4));
    assert_eq!(
        plan.api[0].faults[0].1,
        ApiFault::Error(ahoy_wire::ErrorCode::NoPermission)
    );
    assert_eq!(plan.api[0].times, Some(2));
    assert!(plan.reads_bodies());
    let loss = MediaFault::Loss {
        to_business: 0.1,
        to_user: 0.5,
    };
    assert!(plan.media[0].faults.contains(&("loss", loss, None)));
    assert_eq!(plan.media[0].only.number, Some(PhoneNumberId(KNOWN)));
    assert_eq!(plan.process[0].probability, 0.5);
}

#[test]
fn a_rule_may_stand_by_itself_and_in_a_header() {
    let by_itself =
        json_plan(json!({"seed": 3, "drop": 0.5, "event": "connect", "error_code": 131000}))
            .unwrap();
    assert_eq!((by_itself.webhooks.len(), by_itself.api.len()), (1, 1));
    let short = header("seed=3, drop=0.5;event=connect, error_code=131000").unwrap();
    assert_eq!(short.webhooks[0].faults, by_itself.webhooks[0].faults);
    assert_eq!(short.seed, 3);
    assert_eq!(
        short.words(),
        ["drop=0.5;event=connect", "error_code=131000"]
    );
    assert_eq!(
        header("no_dtls").unwrap().media[0].faults[0].1,
        MediaFault::NoDtls
    );
    let alert = header("event_lost=3;press=2, dtls_alert=fatal;after_ms=200").unwrap();
    let event = EventFault {
        packet: 3,
        press: Some(2),
        again: false,
    };
    assert_eq!(alert.media[0].faults[0].1, MediaFault::Event(event));
    let after = std::time::Duration::from_millis(200);
    let fault = AlertFault { fatal: true, after };
    assert_eq!(alert.media[1].faults[0].1, MediaFault::Alert(fault));
    assert_eq!(
        header(r#"{"media":{"no_ice":true}}"#).unwrap().media.len(),
        1
    );
    assert_eq!(header("").unwrap(), Plan::default());
    assert_eq!(
        header("drop=false;duplicate").unwrap().webhooks[0]
            .faults
            .len(),
        1
    );
    // What is shown can be sent back.
    let again = header(&by_itself.words().join(", ")).unwrap();
    assert_eq!(again.webhooks[0].faults, by_itself.webhooks[0].faults);
}

#[test]
fn what_is_wrong_is_named() {
    for (body, said) in [
        (
            json!({"webhook": {}}),
            "webhook: there is no such fault; there are drop, timeout",
        ),
        (
            json!({"webhooks": true}),
            "webhooks: an object or a list of objects",
        ),
        (
            json!({"webhooks": [{"drop": true}, 4]}),
            "webhooks[1]: an object is expected",
        ),
        (
            json!({"webhooks": {}}),
            "webhooks: no fault is named: one of drop, timeout",
        ),
        (
            json!({"webhooks": {"drop": false}}),
            "webhooks: no fault is named",
        ),
        (
            json!({"webhooks": {"loss": 0.1}}),
            "webhooks.loss: there is no such key",
        ),
        (
            json!({"webhooks": {"drop": 2}}),
            "webhooks.drop: `2` is not true, false or a probability",
        ),
        (
            json!({"webhooks": {"drop": "yes"}}),
            "webhooks.drop: `\"yes\"` is not true",
        ),
        (
            json!({"webhooks": {"drop": 0.5, "probability": 0.5}}),
            "webhooks.drop: a number says how probable",
        ),
        (
            json!({"webhooks": {"delay_ms": 60_001}}),
            "webhooks.delay_ms: `60001` is not a whole number from 0 to 60000",
        ),
        (
            json!({"webhooks": {"delay_ms": -1}}),
            "webhooks.delay_ms: `-1` is not a whole number",
        ),
        (
            json!({"webhooks": {"drop": true, "event": "hello"}}),
            "webhooks.event: `hello` is none of connect",
        ),
        (
            json!({"webhooks": {"drop": true, "call": "x"}}),
            "webhooks.call: `x` is not a call id",
        ),
        (
            json!({"webhooks": {"drop": true, "receiver": "me"}}),
            "webhooks.receiver: `me` is neither",
        ),
        (
            json!({"webhooks": {"drop": true, "attempt": 0}}),
            "webhooks.attempt: attempts are counted from 1",
        ),
        (
            json!({"api": {"error_code": 7}}),
            "api.error_code: `7` is not a code of the error table",
        ),
        (
            json!({"api": {"cut": "soon"}}),
            "api.cut: `\"soon\"` is not one of before, after, half",
        ),
        (
            json!({"api": {"cut": true, "path": "/"}}),
            "api.path: part of a path",
        ),
        (
            json!({"media": {"loss": 1.5}}),
            "media.loss: `1.5` is not a number from 0 to 1",
        ),
        (
            json!({"media": {"one_way": true}}),
            "media.one_way: `true` is not one of to_business, to_user",
        ),
        (
            json!({"media": {"event_lost": 0}}),
            "media.event_lost: the packets of a press are counted from 1",
        ),
        (
            json!({"media": {"event_repeated": 256}}),
            "media.event_repeated: `256` is not a whole number from 0 to 255",
        ),
        (
            json!({"media": {"event_lost": 1, "event_repeated": 2}}),
            "media.event_repeated: stands beside `event_lost`",
        ),
        (
            json!({"media": {"loss": 0.1, "press": 2}}),
            "media.press: goes with `event_lost` or `event_repeated`",
        ),
        (
            json!({"media": {"event_lost": 1, "press": 0}}),
            "media.press: the presses of a call are counted from 1",
        ),
        (
            json!({"media": {"loss": 0.1, "after_ms": 5}}),
            "media.after_ms: goes with `dtls_alert`",
        ),
        (
            json!({"media": {"dtls_alert": "closed"}}),
            "media.dtls_alert: `\"closed\"` is not one of close_notify, fatal",
        ),
        (
            json!({"media": {"no_ice": true, "number": "1"}}),
            "media.number: there is no business number `1`",
        ),
        (
            json!({"media": {"no_ice": true, "user": "x"}}),
            "media.user: ",
        ),
        (
            json!({"process": {"refuse_calls": true, "direction": "up"}}),
            "process.direction: `\"up\"` is not one of",
        ),
        (
            json!({"process": {"refuse_calls": true, "times": 1.5}}),
            "process.times: `1.5` is not a whole number",
        ),
        (
            json!({"seed": "seven"}),
            "seed: `\"seven\"` is not a whole number from 0",
        ),
        (
            json!({"event": "connect"}),
            "event: a filter needs a fault beside it",
        ),
        (
            json!({"loss": 0.5, "event": "connect"}),
            "event: none of the faults beside it",
        ),
        (json!({"probability": 0.5}), "no fault is named"),
    ] {
        let refused = json_plan(body.clone()).unwrap_err();
        assert!(refused.starts_with(said), "{body}: {refused}");
    }
    for (text, said) in [
        ("dorp", "dorp: there is no such fault"),
        ("drop;drop=0.5", "drop: it is given twice"),
        ("{", "the JSON cannot be read"),
        ("loss=lots", "loss: `\"lots\"` is not a number from 0 to 1"),
    ] {
        let refused = header(text).unwrap_err();
        assert!(refused.starts_with(said), "{text}: {refused}");
    }
    let many: Vec<Value> = (0..=MOST_RULES).map(|_| json!({"drop": true})).collect();
    assert!(
        json_plan(json!({"webhooks": many}))
            .unwrap_err()
            .contains("at most 100 rules")
    );
}

proptest! {
    #[test]
    fn no_header_makes_the_reader_panic(text in ".{0,80}") {
        let _ = header(&text);
    }
    #[test]
    fn nothing_like_a_header_does_either(
        parts in proptest::collection::vec(("[a-z_]{0,12}|drop|loss|seed|event|number|user", "[=;,]?", "[-0-9.a-z\"{}]{0,9}"), 0..8)
    ) {
        let text: String = parts.into_iter().map(|(a, b, c)| a + &b + &c).collect();
        let _ = header(&text);
    }
}

#[test]
fn a_sentence_about_odd_words_can_be_shown() {
    let said = header("probabili\0\u{1b}[2J=1").unwrap_err();
    assert!(!said.chars().any(char::is_control), "{said:?}");
    assert!(said.starts_with("probabili\\u{0}\\u{1b}[2J: there is no such fault; there are drop"));
    let long = "k".repeat(100_000);
    let said = json_plan(json!({ long: true })).unwrap_err();
    assert!(
        said.chars().count() < 1_000 && said.starts_with("kkk"),
        "{said}"
    );
    assert!(said.ends_with("over_capacity"), "{said}");
}
