//! From the book of a run to its report.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::{
    Calls, End, FailureRow, Heard, HeardBy, Moment, Rates, Ratios, Report, Row, Server, Settings,
    Tool,
};
use crate::config::LoadConfig;
use crate::measure::Measure;
use crate::record::{Inner, Second};

/// What a run knows beside its book.
pub(crate) struct Outside {
    pub(crate) end: End,
    pub(crate) took: Duration,
    /// For how long calls were started.
    pub(crate) starting: Duration,
    pub(crate) tool_cpu: Option<Duration>,
    pub(crate) late: Option<Histogram<u64>>,
    pub(crate) packets: [u64; 3],
    pub(crate) server_cpu_seconds: Option<f64>,
    pub(crate) server_bytes: Option<f64>,
    pub(crate) webhooks_refused: u64,
}

impl Report {
    pub(crate) fn of(config: &LoadConfig, book: &Inner, outside: &Outside) -> Self {
        let counts = book.counts;
        let seconds = outside.took.as_secs_f64().max(0.001);
        let late = |q| {
            outside
                .late
                .as_ref()
                .map_or(0.0, |h| h.value_at_quantile(q) as f64 / 1_000.0)
        };
        let [packets_sent, packets_received, packets_refused] = outside.packets;
        let cpu = outside.tool_cpu.map(|d| d.as_secs_f64());
        // Calls given up with the run, and those meant to ring only, were never asked to be answered.
        let sessions = counts.started - counts.given_up - counts.rang;
        let percent =
            |n: u64| (sessions > 0).then(|| 100.0 * n.min(sessions) as f64 / sessions as f64);
        let mut failures: Vec<FailureRow> = book
            .failures
            .iter()
            .map(|((kind, detail), alike)| FailureRow {
                kind: *kind,
                detail: detail.clone(),
                count: alike.count,
                example_call: alike.example.clone(),
                sentence: alike.sentence.clone(),
            })
            .collect();
        failures.sort_by_key(|row| std::cmp::Reverse(row.count));
        let [business, user] = &book.heard;
        Self {
            version: env!("CARGO_PKG_VERSION"),
            settings: Settings::of(config),
            end: outside.end,
            seconds,
            calls: Calls {
                started: counts.started,
                by_users: counts.by_user,
                by_business: counts.by_business,
                established: counts.established,
                completed: counts.completed,
                rang: counts.rang,
                failed: counts.failed,
                given_up: counts.given_up,
                held_back: book.held_back,
            },
            rates: rates(config, book, outside.starting),
            ratios: Ratios {
                ser: percent(counts.established),
                seer: percent(counts.established + counts.declined),
                isa: percent(counts.ineffective),
                scr: percent(counts.completed),
            },
            measures: Measure::ALL
                .iter()
                .zip(&book.measures)
                .filter(|(_, histogram)| !histogram.is_empty())
                .map(|(measure, histogram)| Row::of(*measure, histogram))
                .collect(),
            heard: Heard {
                business: HeardBy::of(business),
                user: HeardBy::of(user),
            },
            failures,
            tool: Tool {
                cpu_seconds: cpu,
                cores: cpu.map(|cpu| cpu / seconds),
                late_p50_ms: late(0.5),
                late_p99_ms: late(0.99),
                packets_sent,
                packets_received,
                packets_refused,
            },
            server: outside.server_cpu_seconds.map(|cpu_seconds| Server {
                cpu_seconds,
                cores: cpu_seconds / seconds,
                cpu_ms_per_call: 1_000.0 * cpu_seconds / counts.started.max(1) as f64,
                resident_mb: outside.server_bytes.map(|bytes| bytes / 1e6),
            }),
            webhooks_refused: outside.webhooks_refused,
            timeline: book
                .seconds
                .iter()
                .zip(0..)
                .map(|(second, n)| Moment::of(n, second))
                .collect(),
        }
    }
}

/// Rates between ramp and end: what the run was about.
fn rates(config: &LoadConfig, book: &Inner, starting: Duration) -> Rates {
    let from = config.ramp.as_secs_f64().ceil() as usize;
    let to = (starting.as_secs() as usize).min(book.seconds.len());
    let steady = book
        .seconds
        .get(from..to)
        .filter(|s| !s.is_empty())
        .unwrap_or(&book.seconds);
    let mean = |of: fn(&Second) -> u64| {
        steady.iter().map(of).sum::<u64>() as f64 / steady.len().max(1) as f64
    };
    Rates {
        started: mean(|s| s.started),
        completed: mean(|s| s.completed),
        peak_live: book.seconds.iter().map(|s| s.live).max().unwrap_or(0),
        mean_live: mean(|s| s.live),
    }
}
