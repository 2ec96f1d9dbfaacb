//! One attempt, and the loop that makes them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ahoy_calling::delivery::{ATTEMPT_TIMEOUT, Outcome};
use ahoy_platform::{AttemptReport, DeliveryJob, Platform, Target};
use ahoy_wire::webhook::{SIGNATURE_HEADER, sign};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use tokio::sync::{Semaphore, mpsc};

/// Attempts under way at once; more wait. Bounds sockets and memory when a receiver hangs.
const AT_ONCE: usize = 2_000;
/// How much of an answer's body goes into the log.
const NOTE_BYTES: usize = 512;
/// Shorter than the keep-alive of the servers in use, so that an attempt rarely meets a connection about to close.
const IDLE: Duration = Duration::from_secs(2);

/// Sends webhooks.
#[derive(Clone)]
pub struct Sender {
    client: Client,
    platform: Platform,
}

impl Sender {
    /// A sender for this platform.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(platform: Platform) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(ATTEMPT_TIMEOUT)
            .pool_idle_timeout(IDLE)
            .no_proxy()
            .user_agent(concat!("ahoy/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, platform })
    }

    /// Makes attempts as they are handed out, until the platform is gone.
    pub async fn run(self, mut jobs: mpsc::UnboundedReceiver<DeliveryJob>) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        while let Some(job) = jobs.recv().await {
            let Ok(place) = places.clone().acquire_owned().await else {
                return;
            };
            let sender = self.clone();
            tokio::spawn(async move {
                sender.attempt(job).await;
                drop(place);
            });
        }
    }

    async fn attempt(&self, job: DeliveryJob) {
        let target = match self.platform.delivery_target(job) {
            Ok(Some(target)) => target,
            Ok(None) => return self.platform.delivery_dropped(),
            Err(e) => {
                tracing::error!(delivery = %job.id, error = %e, "a webhook cannot be read");
                return self.platform.delivery_dropped();
            }
        };
        let began = self.platform.clock().now();
        let report = self.post(&target).await;
        tracing::debug!(
            delivery = %job.id,
            url = report.url,
            outcome = ?report.outcome,
            took_us = report.took_us,
            "webhook"
        );
        if let Err(e) = self.platform.delivery_attempted(job, report, began).await {
            tracing::error!(delivery = %job.id, error = %e, "the outcome of a webhook cannot be stored");
        }
    }

    async fn post(&self, target: &Target) -> AttemptReport {
        let mut report = AttemptReport {
            url: target.url.clone().unwrap_or_default(),
            headers: Vec::new(),
            took_us: 0,
            outcome: Outcome::NoCallback,
            note: "the app has no callback address".into(),
        };
        let Some(url) = &target.url else {
            return report;
        };
        let signature = sign(&target.app_secret, &target.delivery.body);
        report.headers = vec![
            ("content-type".into(), "application/json".into()),
            (SIGNATURE_HEADER.to_ascii_lowercase(), signature),
        ];
        let mut request = self.client.post(url).body(target.delivery.body.clone());
        for (name, value) in &report.headers {
            request = request.header(name, value);
        }
        let start = Instant::now();
        let answer = match request.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                let note = beginning(response).await;
                (Outcome::Status(status), note)
            }
            Err(e) => (Outcome::NoAnswer, reason(&e)),
        };
        (report.outcome, report.note) = answer;
        report.took_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        report
    }
}

/// The beginning of an answer's body. The rest is not read: a receiver may send as much as it likes.
async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < NOTE_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            // The status is known; a body that breaks off takes nothing from it.
            Ok(None) | Err(_) => break,
        }
    }
    bytes.truncate(NOTE_BYTES);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The innermost cause, which is the one that helps.
fn reason(e: &reqwest::Error) -> String {
    if e.is_timeout() {
        return format!("no answer within {} s", ATTEMPT_TIMEOUT.as_secs());
    }
    let mut cause: &dyn std::error::Error = e;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
