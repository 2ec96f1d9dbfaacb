//! The order of a call's webhooks, read from what the receivers saw (`contract.md` §4).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ahoy_calling::delivery::{HOLD, delivered, holds};
use ahoy_types::{AppId, CallId, DeliveryId};

use crate::breach::{Breach, Held, Promise};
use crate::receiver::Attempt;

type Lane<'a> = BTreeMap<DeliveryId, Vec<&'a Attempt>>;

/// Holds attempts against what is kept of each webhook. One that was given up holds up nothing any more.
///
/// # Errors
/// Other bytes than those kept, a taken webhook that was sent again, or an event that did not wait for the one before it.
pub fn check(
    attempts: &[Attempt],
    kept: &BTreeMap<DeliveryId, &[u8]>,
    given_up: &BTreeSet<DeliveryId>,
) -> Held {
    let mut lanes: BTreeMap<(AppId, &CallId), Lane<'_>> = BTreeMap::new();
    let mut bodies: BTreeMap<DeliveryId, &Arc<[u8]>> = BTreeMap::new();
    let mut taken: BTreeSet<(DeliveryId, u32)> = BTreeSet::new();
    for attempt in attempts {
        let first = bodies.entry(attempt.delivery).or_insert(&attempt.body);
        let same = **first == attempt.body
            && kept
                .get(&attempt.delivery)
                .is_none_or(|kept| *kept == &*attempt.body);
        if !same {
            return Err(wrong(attempt, "was sent with other bytes than before"));
        }
        // A process that dies between the answer and its commit leaves it to the next one to send it once more.
        let by = (attempt.delivery, attempt.life);
        if taken.contains(&by) {
            return Err(wrong(attempt, "was sent again although it had been taken"));
        }
        if attempt.ended.is_some_and(|(_, outcome)| delivered(outcome)) {
            taken.insert(by);
        }
        if let Some(lane) = &attempt.lane {
            let events = lanes.entry((attempt.app, lane)).or_default();
            events.entry(attempt.delivery).or_default().push(attempt);
        }
    }
    lanes.values().try_for_each(|lane| in_order(lane, given_up))
}

fn in_order(lane: &Lane<'_>, given_up: &BTreeSet<DeliveryId>) -> Held {
    let events: Vec<&Vec<&Attempt>> = lane.values().collect();
    for pair in events.windows(2) {
        let [before, after] = pair else { continue };
        let (Some(first), Some(next)) = (before.first(), after.first()) else {
            continue;
        };
        // The one before was answered so that the next may go, or held it long enough.
        let answered = before.iter().any(|attempt| {
            let lets_go = |outcome| !holds(outcome) || given_up.contains(&attempt.delivery);
            attempt
                .ended
                .is_some_and(|(at, outcome)| lets_go(outcome) && at < next.began_at)
        });
        let held_out = next.began.since(first.began) >= HOLD;
        if !answered && !held_out {
            let waited = next.began.since(first.began);
            return Err(wrong(
                next,
                &format!(
                    "did not wait for webhook {} before it: {waited:?} after that began, without an answer that lets it go",
                    first.delivery
                ),
            ));
        }
    }
    Ok(())
}

fn wrong(attempt: &Attempt, how: &str) -> Breach {
    let event = crate::check::event(&attempt.body);
    Breach::new(
        Promise::DeliveredInOrder,
        format!("webhook {} ({event}) {how}", attempt.delivery),
    )
}
