//! The log of calls: what happened to each, by whose request, and how it ended; as pages and as an export.

mod query;

use ahoy_calling::act::{CallAct, details};
use ahoy_calling::{EndStatus, Refusal};
use ahoy_faults::Subject;
use ahoy_store::{CallEvent, CallLogFilter, LoggedCall, Result, Rows, StoreError};
use ahoy_types::{CallId, Direction, PhoneNumberId, RuleTime, Seconds, WaId};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::business::internal;
use crate::ledger::Step;
use crate::platform::Platform;

pub use query::{CallLogQuery, CallLogRefusal};

/// Calls an export reads at once.
const PAGE: usize = 500;
/// Pieces of an export that wait for a slow reader.
const PIECES: usize = 4;

/// Adds to a call's log, in the transaction that does what it tells. `request` is the id of the API's answer.
pub(crate) fn note(
    step: &mut Step<'_>,
    call: &CallId,
    act: CallAct,
    detail: Option<&str>,
    request: Option<String>,
) -> Result<()> {
    let event = CallEvent {
        at: step.now,
        act,
        detail: detail.map(str::to_owned),
        request,
    };
    step.tx.add_call_event(call, &event)
}

/// [`note`] for the decisions that answer a business.
pub(crate) fn note_request(
    step: &mut Step<'_>,
    call: &CallId,
    act: CallAct,
    request: Option<String>,
) -> std::result::Result<(), Refusal> {
    step.put_under_faults(Subject::Call(call.clone()));
    note(step, call, act, None, request).map_err(internal)
}

/// One thing that happened to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallLogEvent {
    /// When, Unix seconds of rule time.
    pub timestamp: i64,
    /// When, in milliseconds.
    pub timestamp_ms: i64,
    /// What.
    pub event: CallAct,
    /// More about it: the cause of an end.
    pub detail: Option<String>,
    /// The id that the API's answer carried, where a request did it.
    pub request_id: Option<String>,
}

/// A call as the log shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallLogEntry {
    /// When it was placed, Unix seconds of rule time.
    pub timestamp: i64,
    /// Who called.
    pub direction: Direction,
    /// How the business takes part in it.
    pub signaling: Signaling,
    /// The call.
    pub call_id: CallId,
    /// The id of the answer to the request that placed it; null where the user did.
    pub request_id: Option<String>,
    /// The business number's node.
    pub phone_number_id: PhoneNumberId,
    /// The user.
    pub wa_id: WaId,
    /// Where it is in its life.
    pub state: ahoy_calling::CallState,
    /// When it was picked up.
    pub start_time: Option<i64>,
    /// When it ended.
    pub end_time: Option<i64>,
    /// Its end less its beginning as both are told, in seconds; null where nobody picked up.
    pub duration: Option<u64>,
    /// `COMPLETED` or `FAILED`, once it has ended.
    pub status: Option<EndStatus>,
    /// Why it ended.
    pub end_cause: Option<&'static str>,
    /// The error of a failed call.
    pub error_code: Option<u32>,
    /// The end in a sentence.
    pub details: &'static str,
    /// What it cost; null where it was not charged.
    pub cost: Option<String>,
    /// Of the cost: ISO 4217.
    pub currency: Option<String>,
    /// What happened, oldest first.
    pub events: Vec<CallLogEvent>,
}

/// How a business takes part in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Signaling {
    /// By requests and webhooks.
    GraphApi,
    /// By SIP.
    Sip,
}

impl CallLogEntry {
    fn of(call: LoggedCall, events: Vec<CallEvent>) -> Self {
        let seconds = |at: RuleTime| at.secs();
        let duration = match (call.answered_at, call.end) {
            (Some(start), Some(end)) => Some(Seconds::started(end.at.since(start)).0),
            _ => None,
        };
        let placed = events.iter().find(|event| event.act == CallAct::Connect);
        let (currency, cost) = call.cost.unzip();
        Self {
            timestamp: call.placed_at.secs(),
            direction: call.direction,
            // SIP calls do not exist yet.
            signaling: Signaling::GraphApi,
            call_id: call.id,
            request_id: placed.and_then(|event| event.request.clone()),
            phone_number_id: call.number,
            wa_id: call.user,
            state: call.state,
            start_time: call.answered_at.map(seconds),
            end_time: call.end.map(|end| seconds(end.at)),
            duration,
            status: call.end.map(|end| end.cause.status()),
            end_cause: call.end.map(|end| end.cause.as_str()),
            error_code: call.end.and_then(|end| end.cause.error_code()),
            details: call
                .end
                .map_or("The call is not over yet.", |end| details(end.cause)),
            cost: cost.map(|cost| cost.to_string()),
            currency,
            events: events
                .into_iter()
                .map(|event| CallLogEvent {
                    timestamp: event.at.secs(),
                    timestamp_ms: event.at.0,
                    event: event.act,
                    detail: event.detail,
                    request_id: event.request,
                })
                .collect(),
        }
    }
}

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLogPage {
    /// Its calls, oldest first.
    pub calls: Vec<CallLogEntry>,
    /// The place of the last, for the page after it; `None` when there is none.
    pub last: Option<u64>,
}

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line a call after a line of names, commas between values (RFC 4180).
    Csv,
    /// A JSON object a line.
    JsonLines,
}

impl LogFormat {
    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::JsonLines => "application/jsonl; charset=utf-8",
        }
    }
}

impl Platform {
    /// A page of the log.
    pub fn call_log(&self, filter: &CallLogFilter) -> Result<CallLogPage> {
        self.read(|rows| page(rows, filter))
    }

    /// One call of the log.
    pub fn logged_call(&self, call: &CallId) -> Result<Option<CallLogEntry>> {
        self.read(|rows| match rows.logged_call(call)? {
            Some(found) => Ok(Some(CallLogEntry::of(found, rows.call_events(call)?))),
            None => Ok(None),
        })
    }

    /// The whole log in pieces as they are read; it stops when nobody takes them any more. A failure of the store ends it
    /// after an error.
    pub fn export_call_log(
        &self,
        filter: CallLogFilter,
        format: LogFormat,
    ) -> mpsc::Receiver<Result<String>> {
        let (pieces, taken) = mpsc::channel(PIECES);
        let platform = self.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(e) = platform.write_log(filter, format, &pieces) {
                tracing::warn!(error = %e, "an export of the call log broke off");
                // Gone is the reader who would read why.
                let _ = pieces.blocking_send(Err(e));
            }
        });
        taken
    }

    fn write_log(
        &self,
        mut filter: CallLogFilter,
        format: LogFormat,
        pieces: &mpsc::Sender<Result<String>>,
    ) -> Result<()> {
        let mut left = match filter.limit {
            0 => usize::MAX,
            limit => limit,
        };
        let mut text = match format {
            LogFormat::Csv => csv_line(CSV_NAMES),
            LogFormat::JsonLines => String::new(),
        };
        loop {
            filter.limit = left.min(PAGE);
            let page = self.call_log(&filter)?;
            for call in &page.calls {
                match format {
                    LogFormat::Csv => text.push_str(&csv(call)),
                    LogFormat::JsonLines => {
                        let line = serde_json::to_string(call)
                            .map_err(|e| StoreError(format!("a call cannot be written: {e}")))?;
                        text.push_str(&line);
                        text.push('\n');
                    }
                }
            }
            if !text.is_empty() && pieces.blocking_send(Ok(std::mem::take(&mut text))).is_err() {
                return Ok(());
            }
            left = left.saturating_sub(page.calls.len());
            if page.calls.len() < filter.limit || left == 0 {
                return Ok(());
            }
            filter.after = page.last;
        }
    }
}

fn page(rows: &mut dyn Rows, filter: &CallLogFilter) -> Result<CallLogPage> {
    let found = rows.call_log(filter)?;
    let last = found.last().map(|call| call.place);
    let mut calls = Vec::with_capacity(found.len());
    for call in found {
        let events = rows.call_events(&call.id)?;
        calls.push(CallLogEntry::of(call, events));
    }
    Ok(CallLogPage { calls, last })
}

/// Names of the values of a CSV line, in order.
const CSV_NAMES: [&str; 18] = [
    "timestamp",
    "direction",
    "signaling",
    "call_id",
    "request_id",
    "phone_number_id",
    "wa_id",
    "state",
    "start_time",
    "end_time",
    "duration",
    "status",
    "end_cause",
    "error_code",
    "details",
    "cost",
    "currency",
    "events",
];

fn csv(call: &CallLogEntry) -> String {
    let text = |value: Option<i64>| value.map(|v| v.to_string()).unwrap_or_default();
    let status = match call.status {
        Some(EndStatus::Completed) => "COMPLETED",
        Some(EndStatus::Failed) => "FAILED",
        None => "",
    };
    let signaling = match call.signaling {
        Signaling::GraphApi => "GRAPH_API",
        Signaling::Sip => "SIP",
    };
    let events: Vec<String> = call
        .events
        .iter()
        .map(|e| format!("{}@{}", e.event.as_str(), e.timestamp_ms))
        .collect();
    csv_line([
        &call.timestamp.to_string(),
        call.direction.as_str(),
        signaling,
        call.call_id.as_str(),
        call.request_id.as_deref().unwrap_or_default(),
        &call.phone_number_id.to_string(),
        &call.wa_id.to_string(),
        call.state.as_str(),
        &text(call.start_time),
        &text(call.end_time),
        &call.duration.map(|d| d.to_string()).unwrap_or_default(),
        status,
        call.end_cause.unwrap_or_default(),
        &call.error_code.map(|c| c.to_string()).unwrap_or_default(),
        call.details,
        call.cost.as_deref().unwrap_or_default(),
        call.currency.as_deref().unwrap_or_default(),
        &events.join(" "),
    ])
}

fn csv_line<const N: usize>(values: [&str; N]) -> String {
    let values = values.map(|value| {
        if value.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", value.replace('"', "\"\""))
        } else {
            value.to_owned()
        }
    });
    let mut line = values.join(",");
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_commas_and_quotes_survive_csv() {
        assert_eq!(
            csv_line(["a", "b,c", "d\"e", ""]),
            "a,\"b,c\",\"d\"\"e\",\r\n"
        );
    }
}
