//! What may be asked to go wrong.

use std::time::Duration;

use ahoy_types::{AppId, CallId, Direction, PhoneNumberId, WaId};
use ahoy_wire::ErrorCode;
use serde_json::{Map, Value};

/// Where faults strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Area {
    /// Attempts to deliver webhooks.
    Webhooks,
    /// Requests to the business API.
    Api,
    /// The media between the platform and the business.
    Media,
    /// New calls, either direction.
    Process,
}

impl Area {
    /// All of them, in the order they are shown.
    pub const ALL: [Self; 4] = [Self::Webhooks, Self::Api, Self::Media, Self::Process];

    /// The key in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhooks => "webhooks",
            Self::Api => "api",
            Self::Media => "media",
            Self::Process => "process",
        }
    }
}

/// What may happen to one attempt to deliver a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFault {
    /// The attempt never reaches the receiver.
    Drop,
    /// The receiver gets it, and its answer comes too late to count.
    Timeout,
    /// The receiver gets it twice.
    Duplicate,
    /// The next event of the call overtakes it.
    Reorder,
    /// Its body comes in pieces, without a length.
    Chunked,
    /// It leaves this much later, in real time.
    Delay(Duration),
}

/// What may happen to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiFault {
    /// It waits this long, in real time, before it is looked at.
    Latency(Duration),
    /// It is answered with this code and does nothing.
    Error(ErrorCode),
    /// Its connection is cut.
    Cut(Cut),
}

/// When a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Before the request is looked at: it does nothing.
    Before,
    /// The request is carried out; not a byte of its answer is sent.
    After,
    /// The request is carried out; the connection ends in the middle of its answer.
    Half,
}

/// Who hears the other where audio goes one way only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The business hears the user, and not the other way round.
    ToBusiness,
    /// The user hears the business, and not the other way round.
    ToUser,
}

/// One packet of a key press that does not go as the others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventFault {
    /// Which packet of the press, from 1.
    pub packet: u8,
    /// Which press of the call, from 1; each if none.
    pub press: Option<u32>,
    /// It goes twice; otherwise not at all.
    pub again: bool,
}

/// A DTLS alert in mid-call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertFault {
    /// `internal_error` (80), which is fatal; otherwise `close_notify` (0).
    pub fatal: bool,
    /// So long after audio began to flow, in real time.
    pub after: Duration,
}

/// What may happen to a call's media on its way between the platform and the business.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MediaFault {
    /// A share of the audio packets is lost.
    Loss {
        /// Of those towards the business.
        to_business: f64,
        /// Of those from the business, towards the user.
        to_user: f64,
    },
    /// The business's connectivity checks never arrive.
    NoIce,
    /// The business's DTLS never arrives.
    NoDtls,
    /// DTLS begins this much later, in real time.
    DtlsLate(Duration),
    /// Audio goes one way only.
    OneWay(Heard),
    /// One packet of a key press, as it goes to the business, is lost or sent twice.
    Event(EventFault),
    /// The platform sends the business a DTLS alert while audio flows.
    Alert(AlertFault),
    /// The business's session description is read as if it offered no codec in use here.
    CodecRefused,
}

/// What may happen to a new call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessFault {
    /// The platform takes no new calls.
    RefuseCalls,
    /// The number has as many calls up as it may.
    OverCapacity,
}

/// Who gets a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receiver {
    /// An app.
    App(AppId),
    /// Whoever's callback address begins like this.
    Url(String),
}

/// Which webhooks a rule is about; what is left out does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct OnlyWebhooks {
    pub event: Option<String>,
    pub call: Option<CallId>,
    pub number: Option<PhoneNumberId>,
    pub receiver: Option<Receiver>,
    pub attempt: Option<u32>,
}

/// Which requests a rule is about.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct OnlyRequests {
    pub method: Option<String>,
    pub path: Option<Vec<String>>,
    pub action: Option<String>,
    pub call: Option<CallId>,
    pub number: Option<PhoneNumberId>,
}

/// Which calls a rule is about.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct OnlyCalls {
    pub call: Option<CallId>,
    pub number: Option<PhoneNumberId>,
    pub user: Option<WaId>,
    pub direction: Option<Direction>,
}

/// One rule: what it does, to what, and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule<F, O> {
    /// Its place among all rules of the plan: part of every draw.
    pub(crate) index: usize,
    /// Each fault, with a probability of its own if it was given one.
    pub(crate) faults: Vec<(&'static str, F, Option<f64>)>,
    pub(crate) only: O,
    /// Of the faults that have none of their own; they strike together.
    pub(crate) probability: f64,
    /// Strikes at most this often.
    pub(crate) times: Option<u64>,
    /// As it was asked for.
    pub(crate) asked: Map<String, Value>,
}

/// Everything that was asked to go wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// What all draws depend on.
    pub seed: u64,
    pub(crate) webhooks: Vec<Rule<WebhookFault, OnlyWebhooks>>,
    pub(crate) api: Vec<Rule<ApiFault, OnlyRequests>>,
    pub(crate) media: Vec<Rule<MediaFault, OnlyCalls>>,
    pub(crate) process: Vec<Rule<ProcessFault, OnlyCalls>>,
}

impl Plan {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Rules of all areas.
    pub fn len(&self) -> usize {
        self.webhooks.len() + self.api.len() + self.media.len() + self.process.len()
    }
    /// Whether a rule is about requests to the business API.
    pub fn has_api(&self) -> bool {
        !self.api.is_empty()
    }
    /// Whether a rule can only be decided with the body of the request at hand.
    pub fn reads_bodies(&self) -> bool {
        self.api
            .iter()
            .any(|rule| rule.only.action.is_some() || rule.only.call.is_some())
    }
    /// The rules of an area as they were asked for, with their places.
    pub(crate) fn asked(&self, area: Area) -> Vec<(usize, &Map<String, Value>)> {
        fn of<F, O>(rules: &[Rule<F, O>]) -> Vec<(usize, &Map<String, Value>)> {
            rules.iter().map(|rule| (rule.index, &rule.asked)).collect()
        }
        match area {
            Area::Webhooks => of(&self.webhooks),
            Area::Api => of(&self.api),
            Area::Media => of(&self.media),
            Area::Process => of(&self.process),
        }
    }
    /// Each rule in the words of the header `Ahoy-Fault`.
    pub fn words(&self) -> Vec<String> {
        Area::ALL
            .iter()
            .flat_map(|area| self.asked(*area))
            .map(|(_, asked)| {
                let parts: Vec<String> = asked.iter().map(word).collect();
                parts.join(";")
            })
            .collect()
    }
}

fn word((key, value): (&String, &Value)) -> String {
    match value {
        Value::Bool(true) => key.clone(),
        Value::String(text) => format!("{key}={text}"),
        other => format!("{key}={other}"),
    }
}
