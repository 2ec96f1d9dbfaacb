//! `/healthz` and `/metrics`.

use ahoy_platform::Platform;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};

/// What the two routes show.
#[derive(Clone)]
pub(crate) struct Health {
    pub platform: Platform,
    pub url: String,
    pub sandbox: bool,
    pub agent: Option<String>,
    pub metrics: PrometheusHandle,
}

pub(crate) fn router(health: Health) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/metrics", get(metrics_text))
        .with_state(health)
}

/// Addresses of the media workers, as text.
pub(crate) fn media_addresses(platform: &Platform) -> Vec<String> {
    platform
        .media()
        .addresses()
        .iter()
        .flat_map(|w| [w.v4.map(|a| a.to_string()), w.v6.map(|a| a.to_string())])
        .flatten()
        .collect()
}

/// Each fault that is on, in the words of the header `Ahoy-Fault`.
pub(crate) fn faults_on(platform: &Platform) -> Vec<String> {
    let words = |board: &std::sync::Arc<ahoy_faults::Board>| board.global().plan().words();
    platform.faults().map(words).unwrap_or_default()
}

async fn healthz(State(health): State<Health>) -> Json<Value> {
    Json(json!({
        "status": if health.platform.draining() { "draining" } else { "ready" },
        "version": env!("CARGO_PKG_VERSION"),
        "url": health.url,
        "media": media_addresses(&health.platform),
        "sandbox": health.sandbox,
        "agent": health.agent,
        "faults": faults_on(&health.platform),
        "now": health.platform.clock().now().secs(),
        "live_calls": health.platform.live_calls(),
    }))
}

/// What this process costs, under the names Prometheus clients agree on.
#[cfg(unix)]
fn process_metrics() -> String {
    use std::fmt::Write as _;

    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let cpu = time.tv_sec as f64 + time.tv_nsec as f64 / 1e9;
    let mut text =
        format!("# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total {cpu}\n");
    // Linux alone tells this without a library.
    let resident = std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        });
    if let Some(kilobytes) = resident {
        let bytes = kilobytes * 1024;
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes {bytes}"
        );
    }
    text
}

#[cfg(not(unix))]
fn process_metrics() -> String {
    String::new()
}

async fn metrics_text(State(health): State<Health>) -> Response {
    metrics::gauge!("ahoy_live_calls").set(f64::from(
        u32::try_from(health.platform.live_calls()).unwrap_or(u32::MAX),
    ));
    let mut text = health.metrics.render();
    text.push_str(&process_metrics());
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}
