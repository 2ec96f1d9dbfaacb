//! One attempt, and the loop that makes them.

mod faulty;

use std::time::{Duration, Instant};

use ahoy_calling::delivery::{ATTEMPT_TIMEOUT, Outcome};
use ahoy_calling::readings::HeaderReading;
use ahoy_outbound::Outbound;
use ahoy_platform::{AttemptReport, DeliveryJob, Platform, Target};
use ahoy_wire::webhook::{LEGACY_SIGNATURE_HEADER, SIGNATURE_HEADER, sign, sign_legacy};
use reqwest::{Body, Method, Response};
use tokio::sync::mpsc;

use crate::places::{Places, Receiver};

/// How much of an answer's body goes into the log.
const NOTE_BYTES: usize = 512;
/// How many of an answer's headers are shown.
const NOTED_HEADERS: usize = 64;
/// How long an answer's body may take once its status is known. Only the log and the next use of the connection
/// gain from it.
const BODY_WAIT: Duration = Duration::from_millis(500);
/// How the live platform's webhooks name themselves.
const LIVE_USER_AGENT: &str = "facebookexternalua";

/// Sends webhooks.
#[derive(Clone)]
pub struct Sender {
    client: Outbound,
    platform: Platform,
    timeout: Duration,
}

/// What the loop that keeps the places is told.
enum Told {
    /// A job whose receiver is known.
    Wants(Receiver, DeliveryJob),
    /// A place that is free again.
    Left { receiver: Receiver, answered: bool },
}

/// A place at a receiver; it is free again when this is dropped, however that comes about.
struct Place {
    receiver: Receiver,
    answered: bool,
    tell: mpsc::UnboundedSender<Told>,
}

impl Place {
    /// The attempt is over, with an answer or without.
    fn leave(&mut self, answered: bool) {
        self.answered = answered;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let left = Told::Left {
            receiver: self.receiver.clone(),
            answered: self.answered,
        };
        // At the process's end nobody listens.
        let _ = self.tell.send(left);
    }
}

impl Sender {
    /// A sender for this platform whose requests go where this client's may.
    pub fn new(platform: Platform, client: Outbound) -> Self {
        Self::with_timeout(platform, client, ATTEMPT_TIMEOUT)
    }

    /// A sender that waits this long for an answer, in real time.
    pub fn with_timeout(platform: Platform, client: Outbound, timeout: Duration) -> Self {
        Self {
            client,
            platform,
            timeout,
        }
    }

    /// Makes attempts as they are handed out, until the platform is gone.
    pub async fn run(self, mut jobs: mpsc::UnboundedReceiver<DeliveryJob>) {
        let mut places = Places::default();
        let (tell, mut told) = mpsc::unbounded_channel();
        loop {
            let begun = tokio::select! {
                job = jobs.recv() => match job {
                    Some(job) => {
                        tokio::spawn(self.clone().admit(job, tell.clone()));
                        continue;
                    }
                    None => return,
                },
                // This side holds the other one.
                Some(told) = told.recv() => match told {
                    Told::Wants(receiver, job) => places.offer(receiver, job),
                    Told::Left { receiver, answered } => places.ended(&receiver, answered),
                },
            };
            for (receiver, job) in begun {
                let place = Place {
                    receiver,
                    answered: false,
                    tell: tell.clone(),
                };
                tokio::spawn(self.clone().attempt_at(place, job));
            }
        }
    }

    /// Asks for a place at the job's receiver.
    async fn admit(self, job: DeliveryJob, tell: mpsc::UnboundedSender<Told>) {
        let callback = self.platform.delivery_callback(&job);
        match callback.ok().flatten().as_deref().and_then(Receiver::of) {
            // At the process's end nobody listens, and the delivery is due after the next start.
            Some(receiver) => drop(tell.send(Told::Wants(receiver, job))),
            // Without a receiver nothing is sent, and the attempt says why.
            None => drop(self.attempt(job).await),
        }
    }

    async fn attempt_at(self, mut place: Place, job: DeliveryJob) {
        let outcome = self.attempt(job).await;
        place.leave(outcome != Outcome::NoAnswer);
    }

    /// One attempt, and what came of it.
    async fn attempt(&self, job: DeliveryJob) -> Outcome {
        let began = self.platform.clock().now();
        let report = match self.platform.delivery_target(&job) {
            Ok(Some(target)) if target.faults.is_none() => self.post(&target, whole(&target)).await,
            Ok(Some(target)) => faulty::attempt(self, &job, &target).await,
            // It is gone; that is nobody's fault.
            Ok(None) => return Outcome::NoCallback,
            Err(e) => {
                tracing::error!(delivery = %job.id, error = %e, "a webhook cannot be read");
                AttemptReport {
                    url: String::new(),
                    headers: Vec::new(),
                    took_us: 0,
                    outcome: Outcome::NoAnswer,
                    note: format!("it was not sent: {e}"),
                    answer_headers: Vec::new(),
                    fault: None,
                    copy: None,
                }
            }
        };
        let outcome = report.outcome;
        self.platform.delivery_attempted(job, report, began).await;
        outcome
    }

    /// The attempt as it is before anything is sent: address and headers are known.
    fn unsent(&self, target: &Target) -> AttemptReport {
        let mut report = AttemptReport {
            url: target.url.clone().unwrap_or_default(),
            headers: Vec::new(),
            took_us: 0,
            outcome: Outcome::NoCallback,
            note: "the app has no callback address".into(),
            answer_headers: Vec::new(),
            fault: None,
            copy: None,
        };
        if target.url.is_some() {
            let signature = sign(&target.app_secret, &target.delivery.body);
            report.headers = vec![
                ("content-type".into(), "application/json".into()),
                (SIGNATURE_HEADER.to_ascii_lowercase(), signature),
            ];
            let readings = &self.platform.config().limits.readings;
            if readings.webhook_headers == HeaderReading::Live {
                let legacy = sign_legacy(&target.app_secret, &target.delivery.body);
                report.headers.extend([
                    (LEGACY_SIGNATURE_HEADER.to_ascii_lowercase(), legacy),
                    ("user-agent".into(), LIVE_USER_AGENT.into()),
                ]);
            }
        }
        report
    }

    async fn post(&self, target: &Target, body: Body) -> AttemptReport {
        let mut report = self.unsent(target);
        let Some(url) = &target.url else {
            return report;
        };
        let Ok(url) = url.parse() else {
            report.outcome = Outcome::NoAnswer;
            report.note = "the callback is no URL".into();
            return report;
        };
        let mut request = self.client.request(Method::POST, url).body(body);
        for (name, value) in &report.headers {
            request = request.header(name, value);
        }
        let start = Instant::now();
        let answer = match self.client.send(request, self.timeout).await {
            Ok(response) => {
                let status = response.status().as_u16();
                report.answer_headers = headers_of(&response);
                let read = tokio::time::timeout(BODY_WAIT, beginning(response));
                let note = read.await.unwrap_or_default();
                (Outcome::Status(status), note)
            }
            Err(failure) => (Outcome::NoAnswer, failure.to_string()),
        };
        (report.outcome, report.note) = answer;
        report.took_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        report
    }
}

/// The body of a webhook with its length.
fn whole(target: &Target) -> Body {
    target.delivery.body.clone().into()
}

/// The answer's headers as text.
fn headers_of(response: &Response) -> Vec<(String, String)> {
    let headers = response.headers().iter().take(NOTED_HEADERS);
    let text = |value: &reqwest::header::HeaderValue| {
        let text = String::from_utf8_lossy(value.as_bytes());
        text.chars().take(NOTE_BYTES).collect()
    };
    headers
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect()
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
