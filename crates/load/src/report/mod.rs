//! What a run has shown, as numbers. [`Report`] is the JSON of `--json`; text and HTML are made from it.

mod build;
mod chart;
mod html;
mod text;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::config::{Direction, HangUp, LoadConfig, Media, Target, Users};
use crate::failure::FailureKind;
use crate::measure::{Group, Measure};
use crate::record::{HeardSum, Second};
pub(crate) use build::Outside;

/// A whole run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Version of this tool.
    pub version: &'static str,
    /// What was asked for.
    pub settings: Settings,
    /// How it came to its end.
    pub end: End,
    /// From the first start to the last end, in seconds.
    pub seconds: f64,
    /// What became of the calls.
    pub calls: Calls,
    /// Calls a second, and at a time.
    pub rates: Rates,
    /// Ratios of RFC 6076, in per cent.
    pub ratios: Ratios,
    /// Durations.
    pub measures: Vec<Row>,
    /// What was heard.
    pub heard: Heard,
    /// Why calls failed, the most frequent cause first.
    pub failures: Vec<FailureRow>,
    /// Cost and pace of this tool.
    pub tool: Tool,
    /// Cost of the server, where it tells.
    pub server: Option<Server>,
    /// Webhooks refused for their signature.
    pub webhooks_refused: u64,
    /// Second by second.
    pub timeline: Vec<Moment>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names are those of the options")]
pub struct Settings {
    pub url: String,
    pub number: String,
    pub target: Target,
    pub direction: Direction,
    pub media: Media,
    pub users: Users,
    pub hang_up: HangUp,
    pub pre_accept: bool,
    pub hold_seconds: f64,
    pub ramp_seconds: f64,
    pub duration_seconds: f64,
    pub max_calls: Option<u64>,
    pub max_concurrent: u32,
    pub threads: usize,
    pub seed: u64,
}

impl Settings {
    pub(super) fn of(config: &LoadConfig) -> Self {
        Self {
            url: config.url.to_string(),
            number: config.number.to_string(),
            target: config.target,
            direction: config.direction,
            media: config.media,
            users: config.users,
            hang_up: config.hang_up,
            pre_accept: config.pre_accept,
            hold_seconds: config.hold.as_secs_f64(),
            ramp_seconds: config.ramp.as_secs_f64(),
            duration_seconds: config.duration.as_secs_f64(),
            max_calls: config.calls,
            max_concurrent: config.max_concurrent,
            threads: config.threads,
            seed: config.seed,
        }
    }
}

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Its time or its number of calls was over.
    Done,
    /// It was stopped.
    Stopped,
    /// It gave up: every one of the first calls failed.
    Hopeless,
}

/// What became of the calls.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calls {
    /// Requests for a call.
    pub started: u64,
    /// Of these by users.
    pub by_users: u64,
    /// Of these by the business.
    pub by_business: u64,
    /// Answered.
    pub established: u64,
    /// Went as meant from start to end.
    pub completed: u64,
    /// Rang and were given up, as meant.
    pub rang: u64,
    /// Failed.
    pub failed: u64,
    /// Were under way when the run was stopped.
    pub given_up: u64,
    /// Began later than planned, because as many as allowed were live.
    pub held_back: u64,
}

/// Calls a second, and at a time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rates {
    /// Started a second between ramp and end.
    pub started: f64,
    /// Ended as meant a second between ramp and end.
    pub completed: f64,
    /// Most calls at a time.
    pub peak_live: u64,
    /// Mean of calls at a time between ramp and end.
    pub mean_live: f64,
}

/// Ratios of RFC 6076 §4.6 to §4.9, in per cent; `None` where no call was meant to be answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ratios {
    /// Session Establishment Ratio.
    pub ser: Option<f64>,
    /// Session Establishment Effectiveness Ratio.
    pub seer: Option<f64>,
    /// Ineffective Session Attempts.
    pub isa: Option<f64>,
    /// Session Completion Ratio.
    pub scr: Option<f64>,
}

/// A duration over all calls, in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "percentiles are what they are called")]
pub struct Row {
    pub key: &'static str,
    pub title: &'static str,
    pub rfc6076: Option<&'static str>,
    pub group: Group,
    pub count: u64,
    pub mean_ms: f64,
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

impl Row {
    pub(super) fn of(measure: Measure, histogram: &Histogram<u64>) -> Self {
        let ms = |q| histogram.value_at_quantile(q) as f64 / 1_000.0;
        Self {
            key: measure.key(),
            title: measure.title(),
            rfc6076: measure.rfc6076(),
            group: measure.group(),
            count: histogram.len(),
            mean_ms: histogram.mean() / 1_000.0,
            p50_ms: ms(0.5),
            p90_ms: ms(0.9),
            p95_ms: ms(0.95),
            p99_ms: ms(0.99),
            max_ms: histogram.max() as f64 / 1_000.0,
        }
    }
}

/// What both sides heard.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Heard {
    /// The business: every call.
    pub business: HeardBy,
    /// The user: every call on a socket; of simulated users those the sandbox was asked about.
    pub user: HeardBy,
}

/// What one side heard.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeardBy {
    /// Calls counted.
    pub calls: u64,
    /// RTP packets that came.
    pub packets: u64,
    /// Sequence numbers that never came.
    pub lost: u64,
    /// Lost of all, in per cent.
    pub loss_percent: f64,
    /// Calls with any loss.
    pub calls_with_loss: u64,
    /// Arrivals more than 60 ms apart; not told of simulated users.
    pub gaps: u64,
    /// The longest of them, in milliseconds.
    pub longest_gap_ms: f64,
    /// Calls that were listened to.
    pub listened: u64,
    /// Of these with the pitch of the other side.
    pub right_pitch: u64,
    /// Holes in what was listened to; of simulated users places where packets are missing.
    pub holes: u64,
}

impl HeardBy {
    pub(super) fn of(sum: &HeardSum) -> Self {
        let all = (sum.packets + sum.lost).max(1);
        Self {
            calls: sum.calls,
            packets: sum.packets,
            lost: sum.lost,
            loss_percent: 100.0 * sum.lost as f64 / all as f64,
            calls_with_loss: sum.calls_with_loss,
            gaps: sum.gaps,
            longest_gap_ms: sum.longest_gap.as_secs_f64() * 1_000.0,
            listened: sum.listened,
            right_pitch: sum.right_pitch,
            holes: sum.holes,
        }
    }
}

/// Failures alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FailureRow {
    /// Their kind.
    pub kind: FailureKind,
    /// What they share.
    pub detail: String,
    /// How many.
    pub count: u64,
    /// A call that failed so.
    pub example_call: Option<String>,
    /// What happened to the first.
    pub sentence: String,
}

/// Cost and pace of this tool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tool {
    /// CPU time of the run.
    pub cpu_seconds: Option<f64>,
    /// Cores in use, as a mean over the run.
    pub cores: Option<f64>,
    /// How late frames of sound left, median, in milliseconds: what a busy tool adds to jitter.
    pub late_p50_ms: f64,
    /// The same, 99 of 100.
    pub late_p99_ms: f64,
    /// RTP packets sent.
    pub packets_sent: u64,
    /// RTP packets received.
    pub packets_received: u64,
    /// Datagrams the system did not take.
    pub packets_refused: u64,
}

/// Cost of the server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Server {
    /// CPU time of the run.
    pub cpu_seconds: f64,
    /// Cores in use, as a mean over the run.
    pub cores: f64,
    /// Milliseconds of CPU time a call.
    pub cpu_ms_per_call: f64,
    /// Memory at the end, in megabytes.
    pub resident_mb: Option<f64>,
}

/// One second.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the same words as above")]
pub struct Moment {
    pub second: u64,
    pub started: u64,
    pub established: u64,
    pub completed: u64,
    pub failed: u64,
    pub live: u64,
    pub api_p50_ms: Option<f64>,
    pub api_p99_ms: Option<f64>,
    pub webhook_p50_ms: Option<f64>,
    pub webhook_p99_ms: Option<f64>,
    pub packets_sent: u64,
    pub packets_received: u64,
    pub server_cores: Option<f64>,
    pub tool_cores: Option<f64>,
}

impl Moment {
    pub(super) fn of(second: u64, s: &Second) -> Self {
        Self {
            second,
            started: s.started,
            established: s.established,
            completed: s.completed,
            failed: s.failed,
            live: s.live,
            api_p50_ms: s.api.map(|p| p.0),
            api_p99_ms: s.api.map(|p| p.1),
            webhook_p50_ms: s.webhooks.map(|p| p.0),
            webhook_p99_ms: s.webhooks.map(|p| p.1),
            packets_sent: s.packets_sent,
            packets_received: s.packets_received,
            server_cores: s.server_cores,
            tool_cores: s.tool_cores,
        }
    }
}

impl Report {
    /// Failed calls of all that were not given up, in per cent.
    pub fn failed_percent(&self) -> f64 {
        let all = self.calls.started - self.calls.given_up;
        100.0 * self.calls.failed as f64 / all.max(1) as f64
    }
}
