//! A plan at work: counts, and the decisions that follow from seed and counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ahoy_types::{AppId, CallId, DeliveryId, Direction, PhoneNumberId, WaId};
use ahoy_wire::ErrorCode;
use serde_json::{Map, Value, json};

use crate::dice::{draw, mix};
use crate::event::events_of;
use crate::plan::{
    AlertFault, ApiFault, Area, Cut, EventFault, Heard, MediaFault, OnlyCalls, OnlyRequests,
    OnlyWebhooks, Plan, ProcessFault, Receiver, Rule, WebhookFault,
};

/// One attempt to deliver a webhook.
#[derive(Debug, Clone)]
pub struct Attempt<'a> {
    /// The webhook.
    pub delivery: DeliveryId,
    /// From 1.
    pub attempt: u32,
    /// The receiver.
    pub app: AppId,
    /// Its callback address, if it has one.
    pub url: Option<&'a str>,
    /// The business number it is about.
    pub number: PhoneNumberId,
    /// The call it is about.
    pub call: Option<&'a CallId>,
    /// The webhook field.
    pub field: &'a str,
    /// The bytes.
    pub body: &'a [u8],
}

/// One request to the business API.
#[derive(Debug, Clone, Default)]
pub struct ApiRequest<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// The path's segments after the version.
    pub segments: &'a [String],
    /// `action` of its body.
    pub action: Option<&'a str>,
    /// `call_id` of its body.
    pub call: Option<&'a str>,
}

/// A call, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub struct CallFacts<'a> {
    /// Its id; not there yet where it is about to be placed.
    pub call: Option<&'a CallId>,
    /// The business's number.
    pub number: PhoneNumberId,
    /// The user.
    pub user: WaId,
    /// Who calls.
    pub direction: Direction,
}

/// What happens to an attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookOutcome {
    /// It never reaches the receiver.
    pub drop: bool,
    /// Its answer does not count.
    pub timeout: bool,
    /// It is sent twice.
    pub duplicate: bool,
    /// The call's next event goes first.
    pub reorder: bool,
    /// Its body comes in pieces, without a length.
    pub chunked: bool,
    /// It leaves so much later.
    pub delay: Duration,
    /// The names of the faults that struck.
    pub names: Vec<&'static str>,
}

impl WebhookOutcome {
    /// Whether nothing happens to it.
    pub fn is_none(&self) -> bool {
        self.names.is_empty()
    }
    /// Both: what one of them does is done, the longer delay counts.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.drop |= other.drop;
        self.timeout |= other.timeout;
        self.duplicate |= other.duplicate;
        self.reorder |= other.reorder;
        self.chunked |= other.chunked;
        self.delay = self.delay.max(other.delay);
        add_names(&mut self.names, other.names);
        self
    }
}

/// What happens to a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiOutcome {
    /// It waits so long first.
    pub latency: Duration,
    /// It is answered with this code.
    pub error: Option<ErrorCode>,
    /// Its connection is cut.
    pub cut: Option<Cut>,
    /// The names of the faults that struck.
    pub names: Vec<&'static str>,
}

impl ApiOutcome {
    /// Both; where they contradict each other the first one counts.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.latency = self.latency.max(other.latency);
        self.error = self.error.or(other.error);
        self.cut = self.cut.or(other.cut);
        add_names(&mut self.names, other.names);
        self
    }
}

/// What happens to a call's media.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MediaOutcome {
    /// Decides which packets are lost.
    pub seed: u64,
    /// Share of packets lost towards the business.
    pub loss_to_business: f64,
    /// Share of packets lost from the business.
    pub loss_to_user: f64,
    /// Connectivity checks of the business never arrive.
    pub no_ice: bool,
    /// DTLS of the business never arrives.
    pub no_dtls: bool,
    /// DTLS begins so much later.
    pub dtls_late: Duration,
    /// Only one side is heard.
    pub one_way: Option<Heard>,
    /// One packet of a key press goes astray.
    pub event: Option<EventFault>,
    /// The platform sends an alert.
    pub alert: Option<AlertFault>,
}

impl MediaOutcome {
    /// Whether nothing happens to it.
    pub fn is_none(&self) -> bool {
        *self
            == Self {
                seed: self.seed,
                ..Self::default()
            }
    }
    /// Both; the worse counts.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            seed: if self.is_none() {
                other.seed
            } else {
                self.seed
            },
            loss_to_business: self.loss_to_business.max(other.loss_to_business),
            loss_to_user: self.loss_to_user.max(other.loss_to_user),
            no_ice: self.no_ice || other.no_ice,
            no_dtls: self.no_dtls || other.no_dtls,
            dtls_late: self.dtls_late.max(other.dtls_late),
            one_way: self.one_way.or(other.one_way),
            event: self.event.or(other.event),
            alert: self.alert.or(other.alert),
        }
    }
}

fn add_names(names: &mut Vec<&'static str>, more: Vec<&'static str>) {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

#[derive(Debug, Default)]
struct Counts {
    /// What the rule looked at.
    seen: AtomicU64,
    /// What it struck.
    struck: AtomicU64,
}

/// A plan that holds, with its counts.
#[derive(Debug, Default)]
pub struct Active {
    plan: Plan,
    counts: Vec<Counts>,
    /// The webhooks after this one are numbered from 1.
    base: AtomicU64,
}

/// No webhook has been numbered yet.
const NO_BASE: u64 = u64::MAX;

impl Active {
    /// A plan that begins to hold after the webhook `last`; without one, with the first it meets.
    pub fn new(plan: Plan, last: Option<DeliveryId>) -> Self {
        let counts = (0..plan.len()).map(|_| Counts::default()).collect();
        Self {
            plan,
            counts,
            base: AtomicU64::new(last.map_or(NO_BASE, |id| id.0)),
        }
    }
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
    /// The plan as it was asked for, with how often each rule looked and struck.
    pub fn shown(&self) -> Value {
        let mut view = Map::new();
        view.insert("seed".into(), self.plan.seed.into());
        for area in Area::ALL {
            let rules = self.plan.asked(area).into_iter().map(|(index, asked)| {
                let mut rule = asked.clone();
                let counts = self.counts.get(index);
                let of = |count: fn(&Counts) -> &AtomicU64| {
                    counts.map_or(0, |c| count(c).load(Ordering::Relaxed))
                };
                rule.insert("seen".into(), json!(of(|c| &c.seen)));
                rule.insert("struck".into(), json!(of(|c| &c.struck)));
                Value::Object(rule)
            });
            view.insert(area.as_str().into(), rules.collect());
        }
        Value::Object(view)
    }
    /// The webhook will be asked about: the first one that is numbers all.
    pub fn number_from(&self, delivery: DeliveryId) {
        let before = delivery.0.saturating_sub(1);
        let _ = self
            .base
            .compare_exchange(NO_BASE, before, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// What happens to an attempt: a function of seed, rule, the webhook's number and the attempt's.
    pub fn webhook(&self, attempt: &Attempt<'_>) -> WebhookOutcome {
        let mut outcome = WebhookOutcome::default();
        if self.plan.webhooks.is_empty() {
            return outcome;
        }
        self.number_from(attempt.delivery);
        let number = attempt
            .delivery
            .0
            .wrapping_sub(self.base.load(Ordering::Relaxed));
        let mut events = None;
        for rule in &self.plan.webhooks {
            if !about_webhook(&rule.only, attempt, &mut events) {
                continue;
            }
            self.count_seen(rule.index);
            for (name, fault) in self.strikes(rule, number, u64::from(attempt.attempt)) {
                add_names(&mut outcome.names, vec![name]);
                match fault {
                    WebhookFault::Drop => outcome.drop = true,
                    WebhookFault::Timeout => outcome.timeout = true,
                    WebhookFault::Duplicate => outcome.duplicate = true,
                    WebhookFault::Reorder => outcome.reorder = true,
                    WebhookFault::Chunked => outcome.chunked = true,
                    WebhookFault::Delay(delay) => outcome.delay = outcome.delay.max(delay),
                }
            }
        }
        outcome
    }

    /// What happens to a request: a function of seed, rule, and how many requests the rule has looked at.
    pub fn api(&self, request: &ApiRequest<'_>) -> ApiOutcome {
        let mut outcome = ApiOutcome::default();
        for rule in &self.plan.api {
            if !about_request(&rule.only, request) {
                continue;
            }
            let number = self.count_seen(rule.index);
            for (name, fault) in self.strikes(rule, number, 0) {
                let mut one = ApiOutcome {
                    names: vec![name],
                    ..ApiOutcome::default()
                };
                match fault {
                    ApiFault::Latency(latency) => one.latency = latency,
                    ApiFault::Error(code) => one.error = Some(code),
                    ApiFault::Cut(cut) => one.cut = Some(cut),
                }
                outcome = outcome.and(one);
            }
        }
        outcome
    }

    /// What happens to the media of a new call: a function of seed, rule, and how many calls the rule has looked at.
    pub fn media(&self, call: &CallFacts<'_>) -> MediaOutcome {
        let mut outcome = MediaOutcome::default();
        for rule in &self.plan.media {
            let relevant = |(_, fault, _): &(_, MediaFault, _)| *fault != MediaFault::CodecRefused;
            if !rule.faults.iter().any(relevant) || !about_call(&rule.only, call) {
                continue;
            }
            let number = self.count_seen(rule.index);
            for (_, fault) in self.strikes(rule, number, 0) {
                let mut one = MediaOutcome {
                    seed: mix(&[self.plan.seed, rule.index as u64, number]),
                    ..MediaOutcome::default()
                };
                match fault {
                    MediaFault::Loss {
                        to_business,
                        to_user,
                    } => {
                        (one.loss_to_business, one.loss_to_user) = (to_business, to_user);
                    }
                    MediaFault::NoIce => one.no_ice = true,
                    MediaFault::NoDtls => one.no_dtls = true,
                    MediaFault::DtlsLate(late) => one.dtls_late = late,
                    MediaFault::OneWay(heard) => one.one_way = Some(heard),
                    MediaFault::Event(event) => one.event = Some(event),
                    MediaFault::Alert(alert) => one.alert = Some(alert),
                    MediaFault::CodecRefused => {}
                }
                outcome = outcome.and(one);
            }
        }
        outcome
    }

    /// Whether the business's session description is refused: a function of seed, rule, and how many of them the rule has
    /// looked at.
    pub fn codec_refused(&self, call: &CallFacts<'_>) -> bool {
        let refuses = |(_, fault, _): &(_, MediaFault, _)| *fault == MediaFault::CodecRefused;
        let mut refused = false;
        for rule in &self.plan.media {
            if rule.faults.iter().any(refuses) && about_call(&rule.only, call) {
                let number = self.count_seen(rule.index);
                let struck = self.strikes(rule, number, 1);
                refused |= struck
                    .iter()
                    .any(|(_, fault)| *fault == MediaFault::CodecRefused);
            }
        }
        refused
    }

    /// What happens to a new call: a function of seed, rule, and how many calls the rule has looked at.
    pub fn process(&self, call: &CallFacts<'_>) -> Option<ProcessFault> {
        let mut outcome = None;
        for rule in &self.plan.process {
            if about_call(&rule.only, call) {
                let number = self.count_seen(rule.index);
                for (_, fault) in self.strikes(rule, number, 0) {
                    outcome = outcome.or(Some(fault));
                }
            }
        }
        outcome
    }

    /// Counts one more that a rule looks at, from 1.
    fn count_seen(&self, index: usize) -> u64 {
        self.counts
            .get(index)
            .map_or(0, |c| c.seen.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// The faults of a rule that strike this one.
    fn strikes<F: Copy, O>(
        &self,
        rule: &Rule<F, O>,
        number: u64,
        part: u64,
    ) -> Vec<(&'static str, F)> {
        let struck: Vec<(&'static str, F)> = rule
            .faults
            .iter()
            .enumerate()
            .filter(|(n, (_, _, own))| {
                // Faults without a probability of their own share one draw.
                let salt = own.map_or(0, |_| *n as u64 + 1);
                let chance = own.unwrap_or(rule.probability);
                draw(&[self.plan.seed, rule.index as u64, salt, number, part]) < chance
            })
            .map(|(_, (name, fault, _))| (*name, *fault))
            .collect();
        if struck.is_empty() {
            return struck;
        }
        let Some(counts) = self.counts.get(rule.index) else {
            return Vec::new();
        };
        let most = rule.times.unwrap_or(u64::MAX);
        let more = |n: u64| (n < most).then_some(n + 1);
        match counts
            .struck
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
        {
            Ok(_) => struck,
            Err(_) => Vec::new(),
        }
    }
}

/// Whether nothing is asked for, or just this.
fn fits<T: PartialEq + ?Sized, U: std::borrow::Borrow<T>>(wanted: Option<&U>, is: &T) -> bool {
    wanted.is_none_or(|wanted| wanted.borrow() == is)
}

fn about_webhook(only: &OnlyWebhooks, it: &Attempt<'_>, events: &mut Option<Vec<String>>) -> bool {
    let receiver = match &only.receiver {
        None => true,
        Some(Receiver::App(app)) => *app == it.app,
        Some(Receiver::Url(beginning)) => it.url.is_some_and(|url| url.starts_with(beginning)),
    };
    receiver
        && fits(only.attempt.as_ref(), &it.attempt)
        && fits(only.number.as_ref(), &it.number)
        && only.call.as_ref().is_none_or(|call| it.call == Some(call))
        && only.event.as_ref().is_none_or(|event| {
            let names = events.get_or_insert_with(|| events_of(it.field, it.body));
            names.contains(event)
        })
}

fn about_request(only: &OnlyRequests, it: &ApiRequest<'_>) -> bool {
    let path = |wanted: &Vec<String>| {
        it.segments
            .windows(wanted.len())
            .any(|part| part == wanted.as_slice())
    };
    let number = |id: &PhoneNumberId| {
        it.segments
            .first()
            .is_some_and(|first| *first == id.to_string())
    };
    fits(only.method.as_ref(), it.method)
        && only.path.as_ref().is_none_or(path)
        && only.number.as_ref().is_none_or(number)
        && only
            .action
            .as_ref()
            .is_none_or(|action| it.action == Some(action))
        && only
            .call
            .as_ref()
            .is_none_or(|call| it.call == Some(call.as_str()))
}

fn about_call(only: &OnlyCalls, it: &CallFacts<'_>) -> bool {
    fits(only.number.as_ref(), &it.number)
        && fits(only.user.as_ref(), &it.user)
        && fits(only.direction.as_ref(), &it.direction)
        && only.call.as_ref().is_none_or(|call| it.call == Some(call))
}

#[cfg(test)]
mod tests;
