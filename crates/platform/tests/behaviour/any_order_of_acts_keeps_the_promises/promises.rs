//! What must hold at any time, and of everything together at the end.

use std::collections::{HashMap, HashSet};

use ahoy_store::{Delivery, DeliveryFilter, DeliveryState};
use ahoy_types::{CallId, DeliveryId, Direction};

use super::{CONCURRENT, Run};
use crate::support::*;

impl Run {
    /// Calls that ended by themselves.
    pub(super) fn notice_ends(&mut self) {
        for (id, user, _) in self.known.calls.clone() {
            if self.known.ended.contains(&id) {
                continue;
            }
            let calls = self.world().platform.calls_of_user(user, 1_000).unwrap();
            let call = calls.iter().find(|c| c.id == id).unwrap();
            if call.state == "ended" {
                assert_eq!(call.end_cause, Some("no_answer"), "{call:?}");
                assert!(!self.known.accepted.contains(&id));
                self.known.ended.insert(id);
            }
        }
    }

    pub(super) fn check_now(&self) {
        let live = self.known.live().count();
        assert_eq!(self.world().platform.live_calls(), live);
        assert!(live <= CONCURRENT as usize);
        let users: HashSet<_> = self.known.live().map(|(_, user, _)| user).collect();
        assert_eq!(users.len(), live, "one call a pair");
    }

    fn deliveries(&self) -> Vec<Delivery> {
        let mut all = Vec::new();
        loop {
            let filter = DeliveryFilter {
                after: all.last().map(|d: &Delivery| d.id),
                ..DeliveryFilter::default()
            };
            let page = self.world().platform.deliveries(&filter).unwrap();
            if page.is_empty() {
                return all;
            }
            all.extend(page.into_iter().map(|(d, _)| d));
        }
    }

    /// Everything is over and every receiver is well: what came of it all.
    pub(super) async fn check_at_the_end(mut self) {
        let live: Vec<_> = self.known.live().cloned().collect();
        for (id, ..) in live {
            self.world().terminate(&id).await;
            self.known.ended.insert(id);
        }
        self.world().edge.answer(|_| Answer::Status(200));
        self.world().advance(secs(86_400)).await;
        assert_eq!(self.world().platform.live_calls(), 0);
        let all = self.deliveries();
        let left: Vec<_> = all
            .iter()
            .filter(|d| d.state != DeliveryState::Delivered)
            .collect();
        assert!(
            left.iter().all(|d| d.state == DeliveryState::Abandoned),
            "{left:?}"
        );
        let mut by_call: HashMap<&CallId, Vec<&Delivery>> = HashMap::new();
        // Grants, revocations and warnings are no events of a call.
        for delivery in all.iter().filter(|d| d.field == "calls") {
            by_call
                .entry(delivery.lane.as_ref().unwrap())
                .or_default()
                .push(delivery);
        }
        for (id, user, direction) in &self.known.calls {
            let of_call = by_call.get(id).map(Vec::as_slice).unwrap_or_default();
            let events: Vec<String> = of_call.iter().map(|d| event(d)).collect();
            let count = |name: &str| events.iter().filter(|e| *e == name).count();
            assert_eq!(count("terminate"), 1, "{id}: {events:?}");
            assert_eq!(count("connect"), 1, "{id}: {events:?}");
            assert_eq!(
                events.first().map(String::as_str),
                Some("connect"),
                "{events:?}"
            );
            assert_eq!(
                events.last().map(String::as_str),
                Some("terminate"),
                "{events:?}"
            );
            if *direction == Direction::UserInitiated {
                assert_eq!(events.len(), 2, "{events:?}");
            }
            let calls = self.world().platform.calls_of_user(*user, 1_000).unwrap();
            let call = calls.iter().find(|c| c.id == *id).unwrap();
            assert_eq!(
                call.start_time.is_some(),
                self.known.accepted.contains(id),
                "{call:?}"
            );
        }
        self.check_what_was_sent(&all);
        self.world.take().unwrap().stop().await;
    }

    /// At least once, in order, and always the same bytes.
    fn check_what_was_sent(&self, all: &[Delivery]) {
        let bodies: HashMap<DeliveryId, &Delivery> = all.iter().map(|d| (d.id, d)).collect();
        let sent: Vec<Sent> = self
            .before
            .iter()
            .cloned()
            .chain(self.world().edge.sent())
            .collect();
        let mut last: HashMap<CallId, DeliveryId> = HashMap::new();
        let mut seen: HashSet<DeliveryId> = HashSet::new();
        for one in &sent {
            let delivery = bodies[&one.id];
            assert_eq!(delivery.body, one.bytes);
            if seen.insert(one.id)
                && let Some(lane) = &delivery.lane
            {
                let before = last.insert(lane.clone(), one.id);
                assert!(
                    before.is_none_or(|before| before < one.id),
                    "{one:?} after {before:?}"
                );
            }
        }
        assert_eq!(seen.len(), all.len(), "every webhook was sent");
    }
}

fn event(delivery: &Delivery) -> String {
    let json: serde_json::Value = serde_json::from_slice(&delivery.body).unwrap();
    let value = &json["entry"][0]["changes"][0]["value"];
    let event = value["calls"][0]["event"]
        .as_str()
        .or(value["statuses"][0]["status"].as_str());
    event.unwrap().to_owned()
}
