//! An attempt that was asked to go wrong. What goes wrong was decided when its target was looked up; here it happens.

use std::convert::Infallible;
use std::time::Instant;

use ahoy_calling::delivery::Outcome;
use ahoy_platform::{AttemptReport, DeliveryJob, Target};
use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use http_body_util::StreamBody;
use reqwest::Body;

use super::{Sender, whole};

/// Bytes of a piece of a body that comes in pieces: short enough to cut every key and string somewhere.
const PIECE: usize = 24;

/// The body of an attempt: in pieces of unknown number where that was asked for, which HTTP/1.1 sends without a length.
fn body(target: &Target) -> Body {
    if !target.faults.chunked {
        return whole(target);
    }
    let pieces: Vec<_> = target
        .delivery
        .body
        .chunks(PIECE)
        .map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(piece))))
        .collect();
    Body::wrap(StreamBody::new(stream::iter(pieces)))
}

/// Makes the attempt with its faults. A delay comes first, and the time of the attempt is counted from its beginning.
pub(super) async fn attempt(sender: &Sender, job: &DeliveryJob, target: &Target) -> AttemptReport {
    let faults = &target.faults;
    let fault = Some(faults.names.join(", "));
    if target.url.is_none() {
        return sender.unsent(target);
    }
    tracing::info!(delivery = %job.id, fault, "a webhook is asked to go wrong");
    let began = Instant::now();
    // Until this is dropped no later event of the call is let go: it is kept to the end.
    let overtaken = if faults.reorder {
        sender.platform.put_off(job).await
    } else {
        None
    };
    if !faults.delay.is_zero() {
        tokio::time::sleep(faults.delay).await;
    }
    let mut report = if faults.drop {
        AttemptReport {
            outcome: Outcome::NoAnswer,
            note: "a fault kept it from being sent".to_owned(),
            ..sender.unsent(target)
        }
    } else {
        sender.post(target, body(target)).await
    };
    if faults.duplicate && !faults.drop {
        let copy = AttemptReport {
            fault: Some("duplicate".to_owned()),
            ..sender.post(target, body(target)).await
        };
        report.copy = Some(Box::new(copy));
    }
    if faults.timeout && !faults.drop {
        report.note = match report.outcome {
            Outcome::Status(status) => {
                format!(
                    "its answer {status} was made to come too late: {}",
                    report.note
                )
            }
            Outcome::NoAnswer | Outcome::NoCallback => report.note,
        };
        report.outcome = Outcome::NoAnswer;
    }
    report.took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    report.fault = fault;
    drop(overtaken);
    report
}
