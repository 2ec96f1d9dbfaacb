//! Everything that is counted while a run lasts.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::failure::{Failure, FailureKind, Side};
use crate::measure::{Group, Measure};

/// The longest duration told apart from longer ones, in microseconds: a day.
const LONGEST_MICROS: u64 = 86_400_000_000;
/// Causes told apart; more are counted under the last one.
const MAX_CAUSES: usize = 200;

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// Answered, heard where it should be, ended as meant.
    Completed,
    /// Rang and was given up, as a call without media that the business places is meant to.
    Rang,
    /// The run was stopped before it could be judged.
    GivenUp {
        /// It had been answered.
        established: bool,
    },
    /// It failed.
    Failed(Failure),
}

/// What the calls have come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) started: u64,
    pub(crate) by_user: u64,
    pub(crate) by_business: u64,
    pub(crate) established: u64,
    pub(crate) completed: u64,
    pub(crate) rang: u64,
    pub(crate) given_up: u64,
    pub(crate) failed: u64,
    /// Of the failed: declined or busy.
    pub(crate) declined: u64,
    /// Of the failed: by a fault of the server.
    pub(crate) ineffective: u64,
}

impl Counts {
    pub(crate) fn live(&self) -> u64 {
        self.started - self.completed - self.rang - self.given_up - self.failed
    }
}

/// Failures that are alike.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alike {
    pub(crate) count: u64,
    pub(crate) example: Option<String>,
    pub(crate) sentence: String,
}

/// What one side heard over all calls.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct HeardSum {
    pub(crate) calls: u64,
    pub(crate) packets: u64,
    pub(crate) lost: u64,
    /// Calls with any loss.
    pub(crate) calls_with_loss: u64,
    /// Gaps in the arrivals, at peers of this tool.
    pub(crate) gaps: u64,
    pub(crate) longest_gap: Duration,
    /// Calls that were listened to, those with the right pitch, and holes in the last second and a half of their sound.
    pub(crate) listened: u64,
    pub(crate) right_pitch: u64,
    pub(crate) holes: u64,
}

/// What one call adds to [`HeardSum`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HeardOne {
    pub(crate) packets: u64,
    pub(crate) lost: u64,
    pub(crate) gaps: u64,
    pub(crate) longest_gap: Duration,
    /// Whether the pitch was right, if it was listened to.
    pub(crate) right_pitch: Option<bool>,
    pub(crate) holes: u64,
}

/// One second of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Second {
    pub(crate) started: u64,
    pub(crate) established: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    pub(crate) live: u64,
    /// Milliseconds, over all requests of the second.
    pub(crate) api: Option<(f64, f64)>,
    /// Milliseconds, over all webhooks of the second.
    pub(crate) webhooks: Option<(f64, f64)>,
    pub(crate) packets_sent: u64,
    pub(crate) packets_received: u64,
    /// Cores in use.
    pub(crate) server_cores: Option<f64>,
    pub(crate) tool_cores: Option<f64>,
}

/// What the outside adds to a second.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tick {
    pub(crate) packets_sent: u64,
    pub(crate) packets_received: u64,
    pub(crate) server_cores: Option<f64>,
    pub(crate) tool_cores: Option<f64>,
}

pub(crate) struct Inner {
    pub(crate) counts: Counts,
    pub(crate) measures: Vec<Histogram<u64>>,
    pub(crate) failures: BTreeMap<(FailureKind, String), Alike>,
    pub(crate) heard: [HeardSum; 2],
    pub(crate) seconds: Vec<Second>,
    /// Calls that had to wait because as many as allowed were live.
    pub(crate) held_back: u64,
    before: Counts,
    api: Histogram<u64>,
    webhooks: Histogram<u64>,
}

/// The book of a run. Held only for as long as it takes to note something.
pub(crate) struct Record {
    inner: Mutex<Inner>,
}

impl Record {
    pub(crate) fn new() -> Result<Self, String> {
        let fine = || Histogram::new_with_bounds(1, LONGEST_MICROS, 3).map_err(|e| e.to_string());
        let coarse = || Histogram::new_with_bounds(1, LONGEST_MICROS, 2).map_err(|e| e.to_string());
        Ok(Self {
            inner: Mutex::new(Inner {
                counts: Counts::default(),
                measures: Measure::ALL
                    .iter()
                    .map(|_| fine())
                    .collect::<Result<_, _>>()?,
                failures: BTreeMap::new(),
                heard: [HeardSum::default(); 2],
                seconds: Vec::new(),
                held_back: 0,
                before: Counts::default(),
                api: coarse()?,
                webhooks: coarse()?,
            }),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is one assignment or addition: nothing is ever half noted.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn time(&self, measure: Measure, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        let mut inner = self.lock();
        match measure.group() {
            Group::Api => inner.api.saturating_record(micros),
            Group::Webhook => inner.webhooks.saturating_record(micros),
            Group::Session | Group::Media => {}
        }
        if let Some(histogram) = inner.measures.get_mut(measure as usize) {
            histogram.saturating_record(micros);
        }
    }

    pub(crate) fn started(&self, by_user: bool) {
        let mut inner = self.lock();
        inner.counts.started += 1;
        if by_user {
            inner.counts.by_user += 1;
        } else {
            inner.counts.by_business += 1;
        }
    }

    pub(crate) fn established(&self) {
        self.lock().counts.established += 1;
    }

    pub(crate) fn ended(&self, call: Option<&str>, outcome: &Outcome) {
        let mut inner = self.lock();
        let failure = match outcome {
            Outcome::Completed => {
                inner.counts.completed += 1;
                return;
            }
            Outcome::Rang => {
                inner.counts.rang += 1;
                return;
            }
            Outcome::GivenUp { established } => {
                inner.counts.given_up += 1;
                // It is left out of every ratio.
                inner.counts.established -= u64::from(*established).min(inner.counts.established);
                return;
            }
            Outcome::Failed(failure) => failure,
        };
        inner.counts.failed += 1;
        inner.counts.declined += u64::from(failure.kind == FailureKind::UserDeclined);
        inner.counts.ineffective += u64::from(failure.ineffective);
        let full = inner.failures.len() >= MAX_CAUSES;
        let key = (failure.kind, failure.detail.clone());
        let key = if full && !inner.failures.contains_key(&key) {
            (failure.kind, "others".to_owned())
        } else {
            key
        };
        let alike = inner.failures.entry(key).or_insert_with(|| Alike {
            count: 0,
            example: None,
            sentence: failure.sentence.clone(),
        });
        alike.count += 1;
        if alike.example.is_none() {
            alike.example = call.map(str::to_owned);
        }
    }

    pub(crate) fn heard(&self, side: Side, one: &HeardOne) {
        let mut inner = self.lock();
        let Some(sum) = inner.heard.get_mut(side as usize) else {
            return;
        };
        sum.calls += 1;
        sum.packets += one.packets;
        sum.lost += one.lost;
        sum.calls_with_loss += u64::from(one.lost > 0);
        sum.gaps += one.gaps;
        sum.longest_gap = sum.longest_gap.max(one.longest_gap);
        sum.listened += u64::from(one.right_pitch.is_some());
        sum.right_pitch += u64::from(one.right_pitch == Some(true));
        sum.holes += one.holes;
    }

    /// Closes a second of the run.
    pub(crate) fn tick(&self, tick: Tick) {
        let mut inner = self.lock();
        let (now, before) = (inner.counts, inner.before);
        let second = Second {
            started: now.started - before.started,
            established: now.established.saturating_sub(before.established),
            completed: now.completed + now.rang - before.completed - before.rang,
            failed: now.failed - before.failed,
            live: now.live(),
            api: percentiles(&inner.api),
            webhooks: percentiles(&inner.webhooks),
            packets_sent: tick.packets_sent,
            packets_received: tick.packets_received,
            server_cores: tick.server_cores,
            tool_cores: tick.tool_cores,
        };
        inner.before = now;
        inner.api.reset();
        inner.webhooks.reset();
        inner.seconds.push(second);
    }
}

fn percentiles(histogram: &Histogram<u64>) -> Option<(f64, f64)> {
    let ms = |q| histogram.value_at_quantile(q) as f64 / 1_000.0;
    (!histogram.is_empty()).then(|| (ms(0.5), ms(0.99)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn seconds_hold_what_happened_in_them() {
        let record = Record::new().unwrap();
        record.started(true);
        record.started(false);
        record.established();
        record.time(Measure::Accept, Duration::from_millis(4));
        record.tick(Tick::default());
        record.ended(None, &Outcome::Completed);
        record.tick(Tick::default());
        let inner = record.lock();
        let [first, second] = [inner.seconds[0], inner.seconds[1]];
        assert_eq!((first.started, first.established, first.live), (2, 1, 2));
        let (p50, _) = first.api.unwrap();
        assert!((p50 - 4.0).abs() < 0.1, "{p50}");
        assert_eq!(
            (second.started, second.completed, second.live, second.api),
            (0, 1, 1, None)
        );
    }

    #[test]
    fn failures_alike_are_counted_together_with_the_first_as_example() {
        let record = Record::new().unwrap();
        for (n, detail) in ["connect 138012", "connect 138012", "accept 100"]
            .into_iter()
            .enumerate()
        {
            record.started(false);
            let failure = Failure::new(FailureKind::Refused, detail, format!("sentence {n}"));
            record.ended(Some(&format!("wacid.{n}")), &Outcome::Failed(failure));
        }
        let inner = record.lock();
        assert_eq!((inner.counts.failed, inner.failures.len()), (3, 2));
        let alike = &inner.failures[&(FailureKind::Refused, "connect 138012".to_owned())];
        assert_eq!(alike.count, 2);
        assert_eq!(alike.example.as_deref(), Some("wacid.0"));
        assert_eq!(alike.sentence, "sentence 0");
    }
}
