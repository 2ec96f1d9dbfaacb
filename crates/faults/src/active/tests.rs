#![allow(clippy::unwrap_used)]

use ahoy_types::{AppId, PhoneNumberId};

use super::*;
use crate::from_header;

fn active(text: &str) -> Active {
    let plan = from_header(text, &|text| text.parse().ok()).unwrap();
    Active::new(plan, Some(DeliveryId(100)))
}

fn attempt(delivery: u64, body: &[u8]) -> Attempt<'_> {
    Attempt {
        delivery: DeliveryId(delivery),
        attempt: 1,
        app: AppId(9),
        url: Some("http://127.0.0.1:9/hook"),
        number: PhoneNumberId(7),
        call: None,
        field: "calls",
        body,
    }
}

fn dropped(faults: &Active, from: u64) -> Vec<bool> {
    let one = |n| faults.webhook(&attempt(from + n, b"")).drop;
    (1..=200).map(one).collect()
}

#[test]
fn the_same_seed_strikes_the_same_webhooks_however_they_are_numbered() {
    let first = dropped(&active("seed=5, drop=0.3"), 100);
    assert_eq!(first, dropped(&active("seed=5, drop=0.3"), 100));
    let later = Active::new(
        active("seed=5, drop=0.3").plan.clone(),
        Some(DeliveryId(4_000)),
    );
    assert_eq!(
        first,
        dropped(&later, 4_000),
        "counted from where the plan was set"
    );
    assert_ne!(first, dropped(&active("seed=6, drop=0.3"), 100));
    let share = first.iter().filter(|hit| **hit).count();
    assert!((40..80).contains(&share), "{share} of 200");
}

#[test]
fn the_order_of_asking_does_not_matter_to_webhooks() {
    let forth = active("seed=5, drop=0.3");
    let back = active("seed=5, drop=0.3");
    let mut reversed: Vec<bool> = (1..=200)
        .rev()
        .map(|n| back.webhook(&attempt(100 + n, b"")).drop)
        .collect();
    reversed.reverse();
    assert_eq!(dropped(&forth, 100), reversed);
}

#[test]
fn filters_let_others_alone() {
    let body = br#"{"entry":[{"changes":[{"value":{"calls":[{"event":"terminate"}]}}]}]}"#;
    let struck = |text: &str| !active(text).webhook(&attempt(101, body)).is_none();
    for text in [
        "drop",
        "drop;event=terminate",
        "drop;event=calls",
        "drop;number=7",
        "drop;receiver=9",
        "drop;receiver=http://127.0.0.1:9/",
        "drop;attempt=1",
    ] {
        assert!(struck(text), "{text}");
    }
    for text in [
        "drop;event=connect",
        "drop;number=8",
        "drop;receiver=8",
        "drop;receiver=http://127.0.0.1:8/",
        "drop;attempt=2",
        "drop;call=wacid.abc",
        "drop;times=0",
        "drop=0",
    ] {
        assert!(!struck(text), "{text}");
    }
}

#[test]
fn faults_of_a_rule_strike_together_unless_each_has_its_own_probability() {
    let together = active("drop;delay_ms=5;probability=0.5");
    let apart = active("drop=0.5;duplicate=0.5");
    let (mut one, mut both, mut single) = (0, 0, 0);
    for n in 1..=400 {
        let hit = together.webhook(&attempt(100 + n, b""));
        assert_eq!(hit.drop, !hit.delay.is_zero(), "the {n}th");
        one += usize::from(hit.drop);
        let hit = apart.webhook(&attempt(100 + n, b""));
        both += usize::from(hit.drop && hit.duplicate);
        single += usize::from(hit.drop != hit.duplicate);
    }
    assert!(
        (150..250).contains(&one) && both > 50 && single > 100,
        "{one} {both} {single}"
    );
}

#[test]
fn requests_are_counted_by_each_rule_and_times_bounds_it() {
    let faults = active("error_code=131000;path=calls;times=2");
    let segments = |path: &str| -> Vec<String> { path.split('/').map(str::to_owned).collect() };
    let ask = |path: &str| {
        let segments = segments(path);
        let request = ApiRequest {
            method: "POST",
            segments: &segments,
            ..ApiRequest::default()
        };
        faults.api(&request).error.is_some()
    };
    assert!(!ask("7/messages"));
    assert_eq!(
        [ask("7/calls"), ask("7/calls"), ask("7/calls")],
        [true, true, false]
    );
    let shown = faults.shown();
    assert_eq!(
        (&shown["api"][0]["seen"], &shown["api"][0]["struck"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(shown["api"][0]["error_code"], 131_000);
}

#[test]
fn requests_are_told_apart_by_what_they_ask() {
    let segments = ["7".to_owned(), "calls".to_owned()];
    let request = ApiRequest {
        method: "POST",
        segments: &segments,
        action: Some("accept"),
        call: Some("wacid.abc"),
    };
    for (text, hit) in [
        ("cut", true),
        ("cut;method=post", true),
        ("cut;path=7/calls", true),
        ("cut;number=7", true),
        ("cut;action=accept", true),
        ("cut;call=wacid.abc", true),
        ("cut;method=get", false),
        ("cut;path=call", false),
        ("cut;number=8", false),
        ("cut;action=connect", false),
        ("cut;call=wacid.abd", false),
    ] {
        assert_eq!(active(text).api(&request).cut.is_some(), hit, "{text}");
    }
}

#[test]
fn calls_have_media_and_process_faults_of_their_own() {
    let call = |user: u64| CallFacts {
        call: None,
        number: PhoneNumberId(7),
        user: WaId::from_u64(user),
        direction: Direction::UserInitiated,
    };
    let (ana, ben) = (447_700_900_001, 447_700_900_002);
    let faults = active(
        "no_dtls;user=447700900001, codec_refused;user=447700900001, over_capacity;user=447700900001",
    );
    assert!(faults.media(&call(ana)).no_dtls && faults.media(&call(ben)).is_none());
    assert!(faults.codec_refused(&call(ana)) && !faults.codec_refused(&call(ben)));
    assert_eq!(faults.process(&call(ana)), Some(ProcessFault::OverCapacity));
    assert_eq!(faults.process(&call(ben)), None);
    let lossy = |seed: &str| active(&format!("seed={seed}, loss=0.2")).media(&call(ana));
    assert_eq!(lossy("1"), lossy("1"));
    assert_ne!(lossy("1").seed, lossy("2").seed);
}
