//! `/healthz` and `/metrics`.

use std::path::{Path, PathBuf};

use ahoy_platform::Platform;
use axum::extract::State;
use axum::http::{StatusCode, header};
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
    /// Folder of the database.
    pub data: PathBuf,
}

/// Room below which the database may not be able to commit soon: its log grows by megabytes before it is folded in.
const LOW_DISK: u64 = 64 << 20;

/// Bytes that are free where the folder is; `None` where the system does not say.
#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let room = rustix::fs::statvfs(folder).ok()?;
    Some(room.f_bavail.saturating_mul(room.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// The word for how the server is, and whether it should get new calls.
fn judged(draining: bool, free: Option<u64>) -> (StatusCode, &'static str) {
    match free {
        Some(free) if free < LOW_DISK => (StatusCode::SERVICE_UNAVAILABLE, "disk_full"),
        _ if draining => (StatusCode::OK, "draining"),
        _ => (StatusCode::OK, "ready"),
    }
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

async fn healthz(State(health): State<Health>) -> (StatusCode, Json<Value>) {
    let free = free_bytes(&health.data);
    let (status, word) = judged(health.platform.draining(), free);
    let mut shown = json!({
        "status": word,
        "version": env!("CARGO_PKG_VERSION"),
        "url": health.url,
        "media": media_addresses(&health.platform),
        "sandbox": health.sandbox,
        "agent": health.agent,
        "faults": faults_on(&health.platform),
        "now": health.platform.clock().now().secs(),
        "live_calls": health.platform.live_calls(),
        "disk_free_bytes": free,
    });
    if status != StatusCode::OK {
        let folder = health.data.display();
        shown["reason"] = json!(format!(
            "Less than {} MiB are free where {folder} is: calls may not be stored. Make room, or move the folder.",
            LOW_DISK >> 20
        ));
    }
    (status, Json(shown))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_before_anything_else() {
        assert_eq!(judged(false, None).1, "ready");
        assert_eq!(judged(true, Some(LOW_DISK)).1, "draining");
        let full = (StatusCode::SERVICE_UNAVAILABLE, "disk_full");
        assert_eq!(judged(false, Some(LOW_DISK - 1)), full);
        assert_eq!(judged(true, Some(0)), full);
        #[cfg(unix)]
        assert!(free_bytes(Path::new("/")).is_some());
    }
}
