//! The webhooks edge of the tests: takes what is handed out, keeps it, and answers as told.

use std::sync::{Arc, Mutex};

use ahoy_calling::delivery::Outcome;
use ahoy_platform::{AttemptReport, DeliveryJob, Platform};
use ahoy_types::{AppId, CallId, DeliveryId, RuleTime};
use serde_json::Value;
use tokio::sync::{mpsc, watch};

/// One attempt as the receiver saw it.
#[derive(Clone)]
pub struct Sent {
    pub id: DeliveryId,
    pub app: AppId,
    pub url: Option<String>,
    /// `connect`, `terminate`, `RINGING`, `ACCEPTED`, `REJECTED`; else the type of the message, or `errors`.
    pub event: String,
    pub call: Option<CallId>,
    /// From 1, as far as outcomes are known.
    pub attempt: u32,
    /// Rule time at its beginning.
    pub at: RuleTime,
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            id,
            app,
            event,
            call,
            attempt,
            at,
            ..
        } = self;
        write!(
            f,
            "{at}: delivery {id} to {app}, attempt {attempt}: {event} of {call:?}"
        )
    }
}

impl Sent {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
    /// The one value of the one change.
    pub fn value(&self) -> Value {
        self.json()["entry"][0]["changes"][0]["value"].clone()
    }
    /// The one call of a connect or terminate.
    pub fn about(&self) -> Value {
        self.value()["calls"][0].clone()
    }
}

/// What a receiver does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Status(u16),
    /// Refuses the connection, or lets the time for an answer pass.
    None,
    /// Answers nothing until [`Edge::let_go`], then nothing at all.
    Hang,
}

type Script = Box<dyn FnMut(&Sent) -> Answer + Send>;

#[derive(Clone)]
pub struct Edge {
    script: Arc<Mutex<Script>>,
    sent: Arc<watch::Sender<Vec<Sent>>>,
    let_go: Arc<watch::Sender<bool>>,
    stop: Arc<watch::Sender<bool>>,
}

impl Edge {
    pub fn start(
        platform: Platform,
        mut jobs: mpsc::UnboundedReceiver<DeliveryJob>,
        answer: fn(&Sent) -> Answer,
    ) -> Self {
        let edge = Self {
            script: Arc::new(Mutex::new(Box::new(answer))),
            sent: Arc::new(watch::Sender::new(Vec::new())),
            let_go: Arc::new(watch::Sender::new(false)),
            stop: Arc::new(watch::Sender::new(false)),
        };
        let ours = edge.clone();
        tokio::spawn(async move {
            let mut stop = ours.stop.subscribe();
            loop {
                tokio::select! {
                    job = jobs.recv() => match job {
                        Some(job) => ours.take(&platform, job),
                        None => return,
                    },
                    _ = stop.wait_for(|stop| *stop) => return,
                }
            }
        });
        edge
    }

    /// Takes nothing any more, and lets go of the platform.
    pub fn stop(&self) {
        self.let_go();
        self.stop.send_replace(true);
    }

    /// From now on the receivers do this.
    pub fn answer(&self, script: impl FnMut(&Sent) -> Answer + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    /// Those that hang give up.
    pub fn let_go(&self) {
        self.let_go.send_replace(true);
    }

    /// Every attempt so far, in order.
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.borrow().clone()
    }

    /// Waits until what was sent fits.
    pub async fn until<T>(&self, what: &str, mut fits: impl FnMut(&[Sent]) -> Option<T>) -> T {
        let mut watch = self.sent.subscribe();
        let mut found = None;
        let sent = watch.wait_for(|sent| {
            found = fits(sent);
            found.is_some()
        });
        let in_time = tokio::time::timeout(super::PATIENCE, sent).await.is_ok();
        match found {
            Some(found) if in_time => found,
            _ => {
                let seen: Vec<String> = self
                    .sent()
                    .iter()
                    .map(|s| format!("{} #{} of {:?} to {}", s.event, s.attempt, s.call, s.app))
                    .collect();
                panic!("{what} did not come; there was {seen:#?}")
            }
        }
    }

    fn take(&self, platform: &Platform, job: DeliveryJob) {
        let at = platform.clock().now();
        let Some(target) = platform.delivery_target(&job).unwrap() else {
            return;
        };
        let sent = read(&target.delivery, target.url.clone(), at);
        let answer = match &target.url {
            Some(_) => (self.script.lock().unwrap())(&sent),
            None => Answer::None,
        };
        self.sent.send_modify(|all| all.push(sent));
        let (platform, mut let_go) = (platform.clone(), self.let_go.subscribe());
        tokio::spawn(async move {
            let outcome = match answer {
                _ if target.url.is_none() => Outcome::NoCallback,
                Answer::Status(status) => Outcome::Status(status),
                Answer::None => Outcome::NoAnswer,
                Answer::Hang => {
                    let _ = let_go.wait_for(|go| *go).await;
                    Outcome::NoAnswer
                }
            };
            let report = AttemptReport {
                url: target.url.unwrap_or_default(),
                headers: vec![("content-type".into(), "application/json".into())],
                took_us: 1_000,
                outcome,
                note: String::new(),
                answer_headers: Vec::new(),
                fault: None,
                copy: None,
            };
            platform.delivery_attempted(job, report, at).await;
        });
    }
}

fn read(row: &ahoy_store::Delivery, url: Option<String>, at: RuleTime) -> Sent {
    let json: Value = serde_json::from_slice(&row.body).unwrap();
    let value = &json["entry"][0]["changes"][0]["value"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let calling = [&value["calls"][0], &value["statuses"][0]];
    let call: Option<CallId> = calling
        .iter()
        .find_map(|v| text(&v["id"]))
        .and_then(|id| id.parse().ok());
    assert!(
        call.is_none() || call == row.lane,
        "the lane of {json} is the call's"
    );
    let message = &value["messages"][0];
    let event = text(&value["calls"][0]["event"])
        .or_else(|| text(&value["statuses"][0]["status"]))
        .or_else(|| text(&message["interactive"]["type"]))
        .or_else(|| text(&message["type"]))
        .or_else(|| value["errors"].is_array().then(|| "errors".into()))
        .or_else(|| text(&value["event"]))
        .unwrap_or_else(|| row.field.clone());
    Sent {
        id: row.id,
        app: row.app,
        url,
        event,
        call,
        attempt: row.attempts + 1,
        at,
        bytes: row.body.clone(),
    }
}
