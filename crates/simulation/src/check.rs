//! What must hold after every act, and of everything together at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ahoy_calling::{Call, CallState};
use ahoy_store::{Delivery, DeliveryFilter, DeliveryState, Rows};
use ahoy_types::{CallId, Direction};

use crate::account::limits;
use crate::act::USERS;
use crate::breach::{Breach, Held, Promise};
use crate::order;
use crate::world::{NODES, World, wa_id};

/// A timer that was due this long ago should have run.
pub(crate) const LATE: Duration = Duration::from_secs(2);

impl World {
    /// After every act.
    pub(crate) fn check_now(&mut self) -> Held {
        self.phones_react()?;
        if self.power.is_cut() {
            return Ok(());
        }
        let now = self.rule_now()?;
        let live = self.look(|rows| rows.live_calls())?;
        let table = limits();
        let mut pairs = BTreeSet::new();
        for (place, node) in NODES.into_iter().enumerate() {
            let profile = match place {
                0 => &table.sandbox,
                _ => &table.production,
            };
            let count = live.iter().filter(|call| call.number == node).count();
            if count > profile.concurrent_calls as usize {
                return Err(Breach::new(
                    Promise::WithinLimits,
                    format!("number {place} has {count} calls at once"),
                ));
            }
        }
        for call in &live {
            if !pairs.insert((call.number, call.user)) {
                return Err(Breach::new(
                    Promise::WithinLimits,
                    format!("{} is the second of its pair", self.call_name(&call.id)),
                ));
            }
            let rings = matches!(call.state, CallState::Ringing | CallState::PreAccepted);
            let ends = call.placed_at + table.sandbox.ring_timeout + self.patience;
            if rings && now > ends {
                return Err(Breach::new(
                    Promise::NothingHangs,
                    format!("{} rings for ever", self.call_name(&call.id)),
                ));
            }
        }
        let overdue = self.look(|rows| rows.next_timer())?;
        if let Some(timer) = overdue.filter(|timer| timer.due + self.patience < now) {
            return Err(Breach::new(
                Promise::NothingHangs,
                format!(
                    "a timer was due at {} and it is {now}: {:?}",
                    timer.due, timer.kind
                ),
            ));
        }
        self.look_at_calls()?;
        // Where a jump could not be kept, nothing was committed that a crash could put behind the clock.
        if !self.power.failed() {
            self.last_commit = Some(now);
        }
        Ok(())
    }

    /// Keeps what is committed of each call, to be held against what a crash leaves.
    fn look_at_calls(&mut self) -> Held {
        for index in 0..self.calls.len() {
            let ended = self.calls[index]
                .row
                .as_ref()
                .is_some_and(|row| row.end.is_some());
            if ended {
                continue;
            }
            let id = self.calls[index].id.clone();
            let row = self.look(|rows| rows.call(&id))?;
            if let Some(row) = &row {
                let told = self.machine.media_log().of(row.bridge);
                if told.opened > 1 {
                    return Err(Breach::new(
                        Promise::OneWinner,
                        format!("the gate of call {} was opened twice", index + 1),
                    ));
                }
            }
            self.calls[index].row = row;
        }
        Ok(())
    }

    /// Everything is over and every receiver is well: what came of it all.
    pub(crate) fn check_at_the_end(&mut self) -> Held {
        self.receivers.recover();
        // Watchdogs of the media, and rings, end by themselves.
        self.machine.pass(Duration::from_secs(130));
        self.check_now()?;
        let waiting = self.look(|rows| rows.live_calls())?;
        for call in waiting {
            if call.state == CallState::Answered {
                return Err(Breach::new(
                    Promise::NothingHangs,
                    format!("{} waits for media for ever", self.call_name(&call.id)),
                ));
            }
            let (platform, user) = (self.platform()?, call.user);
            let id = call.id.clone();
            let ended = self.ask(async move { platform.user_hangs_up(user, &id).await })?;
            if !matches!(ended, Some(Ok(()))) {
                return Err(Breach::new(
                    Promise::NothingHangs,
                    format!("{} cannot be ended: {ended:?}", self.call_name(&call.id)),
                ));
            }
        }
        // Longer than the longest wait between two attempts.
        self.jump(Duration::from_secs(86_400))?;
        self.machine.pass(Duration::from_secs(30));
        self.check_now()?;
        let left = self.look(|rows| rows.live_calls())?;
        if !left.is_empty() {
            return Err(Breach::new(
                Promise::NothingHangs,
                format!("{} calls live on", left.len()),
            ));
        }
        self.adopt()?;
        let calls = self.every_call()?;
        self.check_limits(&calls)?;
        self.check_requests()?;
        self.check_charges(&calls)?;
        let deliveries = self.look(all_deliveries)?;
        self.check_events(&calls, &deliveries)?;
        self.check_deliveries(&deliveries)?;
        let kept = deliveries
            .iter()
            .map(|d| (d.id, d.body.as_slice()))
            .collect();
        let given_up = deliveries
            .iter()
            .filter(|d| d.state == DeliveryState::Abandoned);
        let given_up = given_up.map(|d| d.id).collect();
        self.receivers
            .look(|attempts| order::check(attempts, &kept, &given_up))
    }

    /// All calls in the order they were placed.
    fn every_call(&mut self) -> Held<Vec<Call>> {
        let mut all = self.look(|rows| {
            let mut all = Vec::new();
            for user in 0..USERS {
                all.extend(rows.calls_of_user(wa_id(user), 100_000)?);
            }
            Ok(all)
        })?;
        for call in &mut all {
            // By the instant the story knows, not by the one the store keeps.
            if let Some(known) = self.calls.iter().find(|known| known.id == call.id) {
                call.placed_at = known.placed_at;
            }
        }
        all.sort_by_key(|call| call.placed_at);
        Ok(all)
    }

    /// One connect first, one terminate last, and between them what the call went through.
    fn check_events(&self, calls: &[Call], deliveries: &[Delivery]) -> Held {
        let mut lanes: BTreeMap<(u64, &CallId), Vec<String>> = BTreeMap::new();
        for delivery in deliveries.iter().filter(|d| d.field == "calls") {
            if let Some(lane) = &delivery.lane {
                let key = (delivery.app.0, lane);
                lanes.entry(key).or_default().push(event(&delivery.body));
            }
        }
        for call in calls {
            for app in crate::world::RECEIVERS {
                let events = lanes.get(&(app.0, &call.id)).cloned().unwrap_or_default();
                let count = |name: &str| events.iter().filter(|e| *e == name).count();
                let business = call.direction == Direction::BusinessInitiated;
                let right = count("connect") == 1
                    && count("terminate") == 1
                    && events.first().is_some_and(|e| e == "connect")
                    && events.last().is_some_and(|e| e == "terminate")
                    && count("RINGING") == usize::from(business && call.rang_at.is_some())
                    && count("ACCEPTED")
                        == usize::from(
                            business && call.answered_at.is_some() && call.business_media_up,
                        )
                    && count("REJECTED")
                        == usize::from(
                            call.end
                                .is_some_and(|end| end.cause.as_str() == "user_declined"),
                        );
                if !right {
                    return Err(Breach::new(
                        Promise::OneTerminateLast,
                        format!(
                            "{} ended by {:?}; receiver {app} is owed {events:?}",
                            self.call_name(&call.id),
                            call.end.map(|end| end.cause)
                        ),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Every webhook reached its receiver, or was tried for seven days.
    fn check_deliveries(&self, deliveries: &[Delivery]) -> Held {
        let reached: BTreeSet<_> = self.receivers.look(|attempts| {
            let there = attempts.iter().filter(|a| a.reached);
            there.map(|a| a.delivery).collect()
        });
        let taken: BTreeSet<_> = self.receivers.look(|attempts| {
            let taken = attempts.iter().filter(|a| {
                a.ended
                    .is_some_and(|(_, outcome)| ahoy_calling::delivery::delivered(outcome))
            });
            taken.map(|a| a.delivery).collect()
        });
        let now = self.rule_now()?;
        for delivery in deliveries {
            let wrong = |how: &str| {
                Err(Breach::new(
                    Promise::DeliveredInOrder,
                    format!("webhook {} ({}) {how}", delivery.id, event(&delivery.body)),
                ))
            };
            match delivery.state {
                DeliveryState::Delivered => {
                    if !reached.contains(&delivery.id) || !taken.contains(&delivery.id) {
                        return wrong("counts as delivered, and nobody took it");
                    }
                }
                DeliveryState::Abandoned => {
                    if now.since(delivery.created_at) < Duration::from_secs(6 * 86_400) {
                        return wrong("was given up before seven days had passed");
                    }
                }
                _ => return wrong("was not delivered to a receiver that is well"),
            }
        }
        Ok(())
    }
}

fn all_deliveries(rows: &mut dyn Rows) -> ahoy_store::Result<Vec<Delivery>> {
    rows.deliveries(&DeliveryFilter {
        limit: 1_000_000,
        ..DeliveryFilter::default()
    })
}

/// The event or status a body of the `calls` field tells of.
pub(crate) fn event(body: &[u8]) -> String {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(body) else {
        return "no JSON".into();
    };
    let value = &json["entry"][0]["changes"][0]["value"];
    let event = value["calls"][0]["event"]
        .as_str()
        .or(value["statuses"][0]["status"].as_str());
    event.unwrap_or("another").to_owned()
}
