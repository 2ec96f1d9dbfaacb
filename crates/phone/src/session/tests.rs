#![allow(clippy::unwrap_used)]
use super::*;

fn call(n: u8) -> CallId {
    let (user, business) = (
        "447700900001".parse().unwrap(),
        "442079460000".parse().unwrap(),
    );
    CallId::new(user, business, Direction::UserInitiated, [n; 16])
}
fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
fn run(session: &mut Session, text: &str) -> Request {
    match session.take(text) {
        Taken::Run(request) => request,
        other => panic!("{other:?}"),
    }
}
fn said(taken: Taken) -> Value {
    match taken {
        Taken::Say(text) => json_of(&text),
        other => panic!("{other:?}"),
    }
}
fn ended(n: u8) -> PhoneEvent {
    PhoneEvent::Ended {
        call_id: call(n),
        cause: "no_answer".into(),
        connected: false,
    }
}
const DIAL: &str = r#"{"type":"call","id":"a","to":"710000000000001"}"#;

#[test]
fn a_repeated_request_gets_the_same_answer_and_runs_once() {
    let mut session = Session::default();
    let request = run(&mut session, DIAL);
    let first = json_of(&session.finished(
        request,
        Ok(Done::Dialled {
            call_id: call(1),
            sdp: "v=0".into(),
        }),
    ));
    let again = said(session.take(DIAL));
    assert_eq!(
        (first["seq"].as_u64(), again["seq"].as_u64()),
        (Some(1), Some(2))
    );
    assert_eq!(first["result"], again["result"]);
    assert_eq!(again["result"]["call_id"], json!(call(1)));

    let other = said(session.take(r#"{"type":"call","id":"a","to":"710000000000002"}"#));
    assert_eq!(other["error"]["code"], "id_reused");
    // A refusal is an answer too.
    let reject = format!(r#"{{"type":"reject","id":"b","call_id":"{}"}}"#, call(1));
    let request = run(&mut session, &reject);
    session.finished(request, Err(Problem::new("wrong_state", "No.")));
    assert_eq!(said(session.take(&reject))["error"]["code"], "wrong_state");
}

#[test]
fn a_repeated_look_looks_again() {
    let mut session = Session::default();
    let look = r#"{"type":"businesses","id":"a"}"#;
    for _ in 0..2 {
        let request = run(&mut session, look);
        session.finished(
            request,
            Ok(Done::Businesses {
                businesses: Vec::new(),
            }),
        );
    }
}

#[test]
fn answers_are_kept_within_bounds() {
    let mut session = Session::default();
    for n in 0..=KEPT_ANSWERS {
        let text = format!(r#"{{"type":"hang_up","id":"{n}","call_id":"{}"}}"#, call(1));
        let request = run(&mut session, &text);
        session.finished(request, Ok(Done::Plain {}));
    }
    assert_eq!(session.answers.len(), KEPT_ANSWERS);
}

#[test]
fn what_was_missed_comes_again_in_order() {
    let mut session = Session::default();
    for n in 1..=3 {
        session.event(ended(n));
    }
    let missed: Vec<u64> = session
        .missed(1)
        .unwrap()
        .map(|t| json_of(t)["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(missed, [2, 3]);
    assert_eq!(session.missed(3).unwrap().count(), 0);
    assert_eq!(session.missed(4).err().unwrap().field, Some("seq"));
}

#[test]
fn too_long_an_absence_is_a_gap_not_a_leak() {
    let mut session = Session::default();
    for _ in 0..KEPT_MESSAGES + 10 {
        session.event(ended(1));
    }
    assert_eq!(session.kept.len(), KEPT_MESSAGES);
    assert_eq!(session.missed(9).err().unwrap().code, "resume_gap");
    assert_eq!(session.missed(10).unwrap().count(), KEPT_MESSAGES);

    let mut session = Session::default();
    for n in 0..100 {
        session.event(PhoneEvent::Ring {
            call_id: call(n),
            phone_number_id: PhoneNumberId(1),
            name: "Harbour Café".into(),
            sdp: "x".repeat(10_000),
        });
    }
    assert!(session.kept_bytes <= KEPT_BYTES && session.kept.len() > 20);
    assert!(session.missed(0).is_err());
}

#[test]
fn a_call_is_told_from_ring_to_end_and_others_only_touch_the_thread() {
    let mut session = Session::default();
    let ring = PhoneEvent::Ring {
        call_id: call(1),
        phone_number_id: PhoneNumberId(7),
        name: "Harbour Café".into(),
        sdp: "v=0".into(),
    };
    let told = json_of(&session.event(ring.clone()).unwrap());
    assert_eq!(told["type"], "ring");
    assert_eq!(told["business"], json!({"id": "7", "name": "Harbour Café"}));
    assert_eq!(session.event(ring), None, "a ring is told once");
    let connected = |n| PhoneEvent::Connected { call_id: call(n) };
    assert_eq!(
        json_of(&session.event(connected(1)).unwrap())["type"],
        "connected"
    );
    assert_eq!(
        json_of(&session.event(connected(2)).unwrap())["type"],
        "thread_changed"
    );
    let over = json_of(&session.event(ended(1)).unwrap());
    assert_eq!(over["reason"], "You did not answer in time.");
    assert_eq!(
        json_of(&session.event(ended(1)).unwrap())["type"],
        "thread_changed"
    );
}

#[test]
fn a_second_hello_and_rubbish_leave_the_session_alone() {
    let mut session = Session::default();
    let hello = r#"{"type":"hello","version":1,"user":"447700900001"}"#;
    assert_eq!(said(session.take(hello))["error"]["code"], "hello_twice");
    let wrong = said(session.take(r#"{"type":"answer","id":"x","call_id":7}"#));
    assert_eq!(
        (&wrong["id"], &wrong["error"]["field"]),
        (&json!("x"), &json!("call_id"))
    );
    assert_eq!(session.take(r#"{"type":"bye"}"#), Taken::Bye);
}
