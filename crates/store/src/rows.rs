//! Rows that are not rules' state: deliveries, attempts, timers.

use ahoy_calling::account::Callback;
use ahoy_calling::message::Answer;
use ahoy_calling::simulated::UserAct;
use ahoy_types::{
    AppId, CallId, DeliveryId, MailId, MediaId, MessageId, PhoneNumberId, RuleTime, TemplateId,
    TimerId,
};
use serde::{Deserialize, Serialize};

/// A part of a list by ascending id.
#[derive(Debug, Clone, Copy)]
pub struct Page<I> {
    /// Only what comes after this id.
    pub after: Option<I>,
    /// At most this many.
    pub limit: usize,
}

/// One app's callback for one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberOverride {
    /// The number.
    pub number: PhoneNumberId,
    /// The app.
    pub app: AppId,
    /// Where this number's webhooks go.
    pub callback: Callback,
}

/// Where a webhook is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits behind an earlier event of its call.
    Waiting,
    /// Handed out for an attempt; due at once after a crash.
    Sending,
    /// Failed; a timer will hand it out again.
    Retrying,
    /// The receiver took it.
    Delivered,
    /// Given up after seven days.
    Abandoned,
}

impl DeliveryState {
    /// The word stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Retrying => "retrying",
            Self::Delivered => "delivered",
            Self::Abandoned => "abandoned",
        }
    }
}

/// A webhook about to be owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// The receiver.
    pub app: AppId,
    /// The business number it is about: its override is looked up at each attempt. What is about a whole account
    /// has the account's id here; ids of nodes are never used twice.
    pub number: PhoneNumberId,
    /// The call whose order it keeps, if it is about one.
    pub lane: Option<CallId>,
    /// The webhook field, `calls` or `messages`.
    pub field: String,
    /// The bytes of every attempt.
    pub body: Vec<u8>,
    /// When it was committed.
    pub created_at: RuleTime,
    /// `Sending` or `Waiting`.
    pub state: DeliveryState,
    /// Whether it holds up later events of its lane.
    pub holds_lane: bool,
}

/// A webhook owed to one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The receiver.
    pub app: AppId,
    /// The business number it is about.
    pub number: PhoneNumberId,
    /// The call whose order it keeps.
    pub lane: Option<CallId>,
    /// The webhook field.
    pub field: String,
    /// The bytes of every attempt.
    pub body: Vec<u8>,
    /// When it was committed.
    pub created_at: RuleTime,
    /// Where it is on its way.
    pub state: DeliveryState,
    /// Whether it holds up later events of its lane.
    pub holds_lane: bool,
    /// Attempts whose outcome is known.
    pub attempts: u32,
    /// When the next attempt is due, while `Retrying`.
    pub next_due: Option<RuleTime>,
}

/// One attempt, for the delivery log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The delivery.
    pub delivery: DeliveryId,
    /// From 1.
    pub number: u32,
    /// Where it was sent; empty where there was no callback.
    pub url: String,
    /// The request's headers in order.
    pub headers: Vec<(String, String)>,
    /// When it began, rule time.
    pub at: RuleTime,
    /// How long it took, in real microseconds.
    pub took_us: u64,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What went wrong, where there was no answer; or the beginning of the answer's body otherwise.
    pub note: String,
    /// Whether somebody asked for it, beside the schedule.
    #[serde(default)]
    pub replay: bool,
    /// Which faults the sandbox was asked to do to it, if any.
    #[serde(default)]
    pub fault: Option<String>,
}

/// Which deliveries to list.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Only after this id.
    pub after: Option<DeliveryId>,
    /// Only of this call.
    pub call: Option<CallId>,
    /// Only about this business number.
    pub number: Option<PhoneNumberId>,
    /// Only in this state.
    pub state: Option<DeliveryState>,
    /// At most this many; 0 means 1,000.
    pub limit: usize,
}

/// What a timer does when it is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TimerKind {
    /// The call rang long enough.
    RingTimeout {
        /// The call.
        call: CallId,
    },
    /// A simulated user acts.
    UserAct {
        /// The call.
        call: CallId,
        /// What it does.
        act: UserAct,
    },
    /// A simulated user answers a permission request.
    AnswerRequest {
        /// The request.
        message: MessageId,
        /// What it says.
        answer: Answer,
    },
    /// A webhook is tried again.
    Retry {
        /// The delivery.
        delivery: DeliveryId,
    },
    /// A webhook without an answer no longer holds up its call's later events.
    ReleaseLane {
        /// The delivery that holds the lane.
        delivery: DeliveryId,
    },
    /// The review of a template is over.
    TemplateReview {
        /// The template.
        template: TemplateId,
        /// The text that was reviewed; a later one has its own.
        revision: u32,
    },
    /// A media file's time is over.
    MediaExpiry {
        /// The file.
        media: MediaId,
    },
    /// A mail is tried again.
    MailRetry {
        /// The mail.
        mail: MailId,
    },
}

impl TimerKind {
    /// The call the timer belongs to: it goes when the call ends.
    pub const fn call(&self) -> Option<&CallId> {
        match self {
            Self::RingTimeout { call } | Self::UserAct { call, .. } => Some(call),
            Self::AnswerRequest { .. }
            | Self::Retry { .. }
            | Self::ReleaseLane { .. }
            | Self::TemplateReview { .. }
            | Self::MailRetry { .. }
            | Self::MediaExpiry { .. } => None,
        }
    }
}

/// An entry of the scheduler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Its id.
    pub id: TimerId,
    /// When it is due.
    pub due: RuleTime,
    /// What it does.
    pub kind: TimerKind,
}
