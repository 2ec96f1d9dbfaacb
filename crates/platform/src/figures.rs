//! The platform's figures in `/metrics`.

use std::time::Duration;

use ahoy_calling::EndCause;
use ahoy_calling::delivery::{Outcome, delivered, holds};
use ahoy_types::Direction;
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

const PLACED: &str = "ahoy_calls_total";
const ENDED: &str = "ahoy_calls_ended_total";
const ATTEMPTS: &str = "ahoy_webhook_attempts_total";
const DELAY: &str = "ahoy_webhook_delay_seconds";
const BATCH_JOBS: &str = "ahoy_ledger_batch_jobs";

/// Says what each figure is.
pub(crate) fn describe() {
    describe_counter!(PLACED, "Calls placed, by who placed them.");
    describe_counter!(ENDED, "Calls ended, by cause.");
    describe_counter!(
        ATTEMPTS,
        "Attempts to deliver a webhook, by what came of them."
    );
    describe_histogram!(
        DELAY,
        Unit::Seconds,
        "From the commit that lets a webhook go to the beginning of its first attempt."
    );
    describe_histogram!(BATCH_JOBS, "Jobs that shared one commit of the ledger.");
    // The exporter shows a label only once it was used, and an alert needs the zero before the first one.
    for direction in [Direction::UserInitiated, Direction::BusinessInitiated] {
        counter!(PLACED, "direction" => direction.as_str()).increment(0);
    }
}

pub(crate) fn placed(direction: Direction) {
    counter!(PLACED, "direction" => direction.as_str()).increment(1);
}

pub(crate) fn ended(cause: EndCause) {
    counter!(ENDED, "cause" => cause.as_str()).increment(1);
}

pub(crate) fn attempted(outcome: Outcome) {
    let word = match outcome {
        outcome if delivered(outcome) => "delivered",
        Outcome::NoAnswer => "no_answer",
        Outcome::NoCallback => "no_callback",
        outcome if holds(outcome) => "busy",
        Outcome::Status(_) => "refused",
    };
    counter!(ATTEMPTS, "outcome" => word).increment(1);
}

pub(crate) fn delay(passed: Duration) {
    histogram!(DELAY).record(passed.as_secs_f64());
}

pub(crate) fn batch(jobs: usize) {
    // Counts beyond 2^53 do not occur.
    #[allow(clippy::cast_precision_loss)]
    histogram!(BATCH_JOBS).record(jobs as f64);
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn every_figure_has_its_name_and_labels() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            describe();
            placed(Direction::BusinessInitiated);
            ended(EndCause::NoAnswer);
            for outcome in [
                Outcome::Status(200),
                Outcome::Status(404),
                Outcome::Status(503),
                Outcome::NoAnswer,
                Outcome::NoCallback,
            ] {
                attempted(outcome);
            }
            delay(Duration::from_millis(2));
            batch(7);
        });
        let text = handle.render();
        for line in [
            "ahoy_calls_total{direction=\"BUSINESS_INITIATED\"} 1",
            "ahoy_calls_total{direction=\"USER_INITIATED\"} 0",
            "ahoy_calls_ended_total{cause=\"no_answer\"} 1",
            "ahoy_webhook_attempts_total{outcome=\"delivered\"} 1",
            "ahoy_webhook_attempts_total{outcome=\"refused\"} 1",
            "ahoy_webhook_attempts_total{outcome=\"busy\"} 1",
            "ahoy_webhook_attempts_total{outcome=\"no_answer\"} 1",
            "ahoy_webhook_attempts_total{outcome=\"no_callback\"} 1",
            "ahoy_webhook_delay_seconds_sum 0.002",
            "ahoy_ledger_batch_jobs_sum 7",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
