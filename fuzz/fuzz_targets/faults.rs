//! A plan of faults, as the header `Ahoy-Fault` or a body: no panic, and every refusal a short printable sentence.
#![no_main]

use ahoy_faults::{Active, Plan};
use ahoy_types::PhoneNumberId;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

/// A few excerpts of 60 characters, and the list of what was expected.
const LONGEST_SENTENCE: usize = 1000;

fn numbers(text: &str) -> Option<PhoneNumberId> {
    text.parse().ok()
}

/// The plan as it is shown, without what has happened since.
fn asked(plan: Plan) -> Map<String, Value> {
    let Value::Object(mut shown) = Active::new(plan, None).shown() else {
        panic!("a plan is shown as an object");
    };
    for rules in shown.values_mut().filter_map(Value::as_array_mut) {
        for rule in rules.iter_mut().filter_map(Value::as_object_mut) {
            rule.remove("seen");
            rule.remove("struck");
        }
    }
    shown
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match ahoy_faults::from_header(text, &numbers) {
        Ok(plan) => {
            // What is shown of a plan is a plan, and the same one.
            let shown = asked(plan);
            let again = ahoy_faults::from_json(&shown, &numbers).expect("what is shown can be asked for");
            assert_eq!(asked(again), shown);
        }
        Err(sentence) => {
            assert!(sentence.chars().count() <= LONGEST_SENTENCE, "{sentence}");
            assert!(!sentence.chars().any(char::is_control), "{sentence:?}");
        }
    }
});
