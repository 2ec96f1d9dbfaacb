//! Webhooks that failed, told where somebody looks: on the terminal, and in the verdict of their call.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ahoy_calling::delivery::{
    Failing, Outcome, delivered, outcome_words, receiver_of, shown_url, verdict_with,
};
use ahoy_store::{DeliveryFilter, Result, Rows};
use ahoy_types::CallId;

use crate::inspector::{Attempted, event_of};
use crate::outbox::AttemptReport;
use crate::platform::Platform;

/// At most one line about a receiver in this time.
const PAUSE: Duration = Duration::from_secs(60);
/// Lines about all receivers together in this time, at most.
const LINES: u32 = 60;
/// Receivers that are remembered. One that is not has its next line at once, if there is one left for all.
const MOST_RECEIVERS: usize = 1_000;

/// Which receivers fail, and what was said of them.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    receivers: HashMap<String, Receiver>,
    /// When the present count of lines began.
    since: Option<Instant>,
    lines: u32,
    any: bool,
}

#[derive(Debug)]
struct Receiver {
    told: Instant,
    left_out: u64,
}

impl Told {
    /// A webhook to this receiver failed: whether to say so, and how many were left out since the last time.
    fn failed(&mut self, receiver: &str, now: Instant) -> Option<u64> {
        self.any = true;
        if let Some(known) = self.receivers.get_mut(receiver)
            && now.saturating_duration_since(known.told) < PAUSE
        {
            known.left_out += 1;
            return None;
        }
        let running = |since: &Instant| now.saturating_duration_since(*since) < PAUSE;
        if self.since.as_ref().is_none_or(|since| !running(since)) {
            (self.since, self.lines) = (Some(now), 0);
        }
        if self.lines >= LINES {
            if let Some(known) = self.receivers.get_mut(receiver) {
                known.left_out += 1;
            }
            return None;
        }
        self.lines += 1;
        if self.receivers.len() >= MOST_RECEIVERS && !self.receivers.contains_key(receiver) {
            let longest = self.receivers.iter().min_by_key(|(_, known)| known.told);
            if let Some(name) = longest.map(|(name, _)| name.clone()) {
                self.receivers.remove(&name);
            }
        }
        let fresh = Receiver {
            told: now,
            left_out: 0,
        };
        let before = self.receivers.insert(receiver.to_owned(), fresh);
        Some(before.map_or(0, |known| known.left_out))
    }

    /// A webhook was delivered: whether somebody was told before that this receiver fails.
    fn delivered(&mut self, receiver: &str) -> bool {
        self.receivers.remove(receiver).is_some()
    }
}

impl Warnings {
    // Nothing panics while the lock is held; a poisoned list is still a right one.
    fn lock(&self) -> std::sync::MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The webhooks of a call that failed at least once, oldest first.
fn failing(rows: &mut dyn Rows, call: &CallId) -> Result<Vec<Failing>> {
    let filter = DeliveryFilter {
        call: Some(call.clone()),
        ..DeliveryFilter::default()
    };
    let mut failing = Vec::new();
    for delivery in rows.deliveries(&filter)? {
        if delivery.attempts == 0 {
            continue;
        }
        let attempts = rows.attempts(delivery.id)?;
        let attempts = attempts.into_iter().filter(|a| !a.replay).map(|a| {
            let outcome = match a.status {
                Some(status) => Outcome::Status(status),
                None if a.url.is_empty() => Outcome::NoCallback,
                None => Outcome::NoAnswer,
            };
            (a.url, outcome, a.note)
        });
        let event = event_of(&delivery.body).unwrap_or(delivery.field);
        failing.extend(Failing::of(event, attempts));
    }
    Ok(failing)
}

impl Platform {
    /// The verdict of a call's media, and what became of its webhooks where some failed.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn verdict_with_webhooks(&self, call: &CallId, verdict: &str) -> Result<String> {
        let failing = self.read(|rows| failing(rows, call))?;
        Ok(verdict_with(verdict, &failing))
    }

    /// The same at the call's end, without a look at the store where no webhook has failed since the start.
    pub(crate) fn last_verdict(&self, call: &CallId, verdict: String) -> String {
        if !self.warnings().lock().any {
            return verdict;
        }
        self.verdict_with_webhooks(call, &verdict)
            .unwrap_or(verdict)
    }

    /// Says on the terminal that a webhook failed, or that its receiver has recovered.
    pub(crate) fn tell_undelivered(&self, done: &Attempted, report: &AttemptReport) {
        let row = &done.row;
        let receiver = if report.url.is_empty() {
            format!("app {}", row.app)
        } else {
            receiver_of(&report.url)
        };
        if delivered(report.outcome) {
            if self.warnings().lock().delivered(&receiver) {
                tracing::info!("webhooks to {receiver} are taken again");
            }
            return;
        }
        let now = self.host().instant();
        let Some(left_out) = self.warnings().lock().failed(&receiver, now) else {
            return;
        };
        let event = event_of(&row.body);
        let event = event.as_deref().unwrap_or(&row.field);
        let to = match report.url.as_str() {
            "" => format!("of app {}", row.app),
            url => format!("to {}", shown_url(url)),
        };
        let what = outcome_words(report.outcome, &report.note);
        let next = match row.next_due {
            Some(due) => {
                let wait = due.since(self.clock().now()).as_secs_f64().ceil();
                let frozen = if self.clock().frozen() {
                    " of the clock, which is frozen"
                } else {
                    ""
                };
                format!("the next attempt is in {wait} s{frozen}")
            }
            None => "it is not tried again".to_owned(),
        };
        let fault = match &report.fault {
            Some(fault) => format!(" (a fault was asked for: {fault})"),
            None => String::new(),
        };
        let more = match left_out {
            0 => String::new(),
            1 => "; another one failed since the last such line".to_owned(),
            more => format!("; {more} others failed since the last such line"),
        };
        tracing::warn!(
            delivery = %row.id,
            attempt = done.number,
            "the {event} webhook {to} {what}{fault}; {next}{more}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_has_a_line_at_once_and_then_one_a_minute() {
        let (mut told, start) = (Told::default(), Instant::now());
        let at = |secs| start + Duration::from_secs(secs);
        assert_eq!(told.failed("a", at(0)), Some(0));
        assert_eq!(told.failed("a", at(1)), None);
        assert_eq!(told.failed("a", at(59)), None);
        assert_eq!(told.failed("b", at(59)), Some(0), "the other has its own");
        assert_eq!(told.failed("a", at(60)), Some(2));
        assert_eq!(told.failed("a", at(61)), None);
        assert!(told.delivered("a") && !told.delivered("a"));
        assert_eq!(told.failed("a", at(62)), Some(0), "news again");
    }

    #[test]
    fn many_receivers_have_no_more_lines_than_all_may() {
        let (mut told, start) = (Told::default(), Instant::now());
        let mut lines = 0;
        for n in 0..5_000 {
            lines += u32::from(told.failed(&n.to_string(), start).is_some());
        }
        assert_eq!(lines, LINES);
        assert!(told.receivers.len() <= MOST_RECEIVERS);
        for minute in 1..100 {
            for n in 0..60 {
                told.failed(&format!("{minute} {n}"), start + PAUSE * minute);
            }
        }
        assert_eq!(told.receivers.len(), MOST_RECEIVERS);
    }
}
