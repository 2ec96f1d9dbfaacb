//! The closed vocabulary of the time line, as page, stream and list speak it.

use std::fmt;
use std::str::FromStr;

use ahoy_media::{LegReport, TimelineEntry};
use ahoy_store::DeliveryState;
use ahoy_types::{AppId, CallId, DeliveryId, Direction, PhoneNumberId, RuleTime, WaId};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::MOST_BODY;

/// The place of an entry: which run of the server, and its number within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntryId {
    /// When the log was begun, in Unix milliseconds: numbers of another run mean nothing.
    pub run: u64,
    /// From 1.
    pub seq: u64,
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.run, self.seq)
    }
}

/// Why a text is no place in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of an entry of the timeline")]
pub struct EntryIdError(String);

impl FromStr for EntryId {
    type Err = EntryIdError;
    fn from_str(text: &str) -> Result<Self, EntryIdError> {
        let parts = text.split_once('-').and_then(|(run, seq)| {
            Some(Self {
                run: run.parse().ok()?,
                seq: seq.parse().ok()?,
            })
        });
        parts.ok_or_else(|| EntryIdError(text.chars().take(40).collect()))
    }
}

/// One instant on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Rule time.
    pub rule: RuleTime,
    /// Real time, Unix milliseconds.
    pub real_ms: u64,
}

/// Whom an entry is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Concerns {
    /// The call.
    pub call: Option<CallId>,
    /// The business number.
    pub number: Option<PhoneNumberId>,
    /// The user.
    pub user: Option<WaId>,
}

/// One thing that happened.
#[derive(Debug)]
pub struct Entry {
    /// Its place.
    pub id: EntryId,
    /// When it began.
    pub at: Moment,
    /// Whom it is about.
    pub concerns: Concerns,
    /// The number of the entry that this one completes: the beginning of a webhook attempt whose end this is.
    pub completes: Option<u64>,
    /// Whether something went wrong.
    pub failed: bool,
    /// One sentence.
    pub text: String,
    /// What happened.
    pub event: Event,
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut s = serializer.serialize_struct("Entry", 13)?;
        s.serialize_field("id", &self.id.to_string())?;
        s.serialize_field("seq", &self.id.seq)?;
        s.serialize_field("kind", self.event.kind().as_str())?;
        s.serialize_field("at", &self.at.rule.secs())?;
        s.serialize_field("at_ms", &self.at.rule.0)?;
        s.serialize_field("real_ms", &self.at.real_ms)?;
        s.serialize_field("call_id", &self.concerns.call)?;
        s.serialize_field("phone_number_id", &self.concerns.number)?;
        s.serialize_field("wa_id", &self.concerns.user)?;
        s.serialize_field("completes", &self.completes)?;
        s.serialize_field("failed", &self.failed)?;
        s.serialize_field("text", &self.text)?;
        s.serialize_field("what", &self.event)?;
        s.end()
    }
}

/// What happened. Closed: page, stream, list and filter know each of them.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// A request to the public API.
    Api(Box<Exchange>),
    /// A request to the sandbox routes.
    Sandbox(Box<Exchange>),
    /// A request to the admin API.
    Admin(Box<Exchange>),
    /// An attempt to deliver a webhook: its beginning or its end.
    Webhook(Box<WebhookAttempt>),
    /// A step of a call's media.
    Media(TimelineEntry),
    /// The media of a call ended: what there is to say of it.
    Verdict {
        /// The sentence.
        verdict: String,
        /// Figures of business and user.
        legs: Box<[LegReport; 2]>,
    },
    /// A step of a call's life.
    Call(CallStep),
    /// The virtual clock jumps.
    Clock {
        /// From, Unix milliseconds of rule time.
        from_ms: i64,
        /// To.
        to_ms: i64,
    },
    /// The sandbox started over.
    Reset {},
}

/// Kinds of events, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// [`Event::Api`]
    Api,
    /// [`Event::Sandbox`]
    Sandbox,
    /// [`Event::Admin`]
    Admin,
    /// [`Event::Webhook`]
    Webhook,
    /// [`Event::Media`]
    Media,
    /// [`Event::Verdict`]
    Verdict,
    /// [`Event::Call`]
    Call,
    /// [`Event::Clock`]
    Clock,
    /// [`Event::Reset`]
    Reset,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Api,
        Self::Sandbox,
        Self::Admin,
        Self::Webhook,
        Self::Media,
        Self::Verdict,
        Self::Call,
        Self::Clock,
        Self::Reset,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Sandbox => "sandbox",
            Self::Admin => "admin",
            Self::Webhook => "webhook",
            Self::Media => "media",
            Self::Verdict => "verdict",
            Self::Call => "call",
            Self::Clock => "clock",
            Self::Reset => "reset",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Event {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Api(_) => Kind::Api,
            Self::Sandbox(_) => Kind::Sandbox,
            Self::Admin(_) => Kind::Admin,
            Self::Webhook(_) => Kind::Webhook,
            Self::Media(_) => Kind::Media,
            Self::Verdict { .. } => Kind::Verdict,
            Self::Call(_) => Kind::Call,
            Self::Clock { .. } => Kind::Clock,
            Self::Reset {} => Kind::Reset,
        }
    }

    /// Bytes of its texts.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Api(e) | Self::Sandbox(e) | Self::Admin(e) => {
                e.path.len() + e.request.weight() + e.answer.weight()
            }
            Self::Webhook(w) => {
                let answer = w.answer.as_ref().map_or(0, Message::weight);
                w.url.len() + w.note.len() + w.request.weight() + answer
            }
            _ => 0,
        }
    }
}

/// A credential that is no secret, since the banner of the sandbox prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// The access token of the seeded account.
    Seeded,
    /// The token of the seeded app, `APPID|SECRET`.
    SeededApp,
}

/// A request and its answer.
#[derive(Debug, Serialize)]
pub struct Exchange {
    /// HTTP method.
    pub method: String,
    /// Path and query as they were sent; secrets are masked.
    pub path: String,
    /// Whose access token it was, in words; never the token. `None` where none was sent.
    pub token: Option<String>,
    /// Which of the published credentials of the sandbox it is, if it is one.
    pub credential: Option<Credential>,
    /// What was asked.
    pub request: Message,
    /// What was answered.
    pub answer: Message,
    /// HTTP status of the answer; `None` where the client went away before there was one.
    pub status: Option<u16>,
    /// Real milliseconds it took.
    pub took_ms: f64,
    /// The sentence of an answer that is an error.
    pub error: Option<String>,
}

/// Headers and body.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Message {
    /// In order; names in lower case. Credentials are masked.
    #[serde(serialize_with = "object")]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(flatten)]
    pub body: Payload,
}

fn object<S: Serializer>(headers: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(headers.iter().map(|(name, value)| (name, value)))
}

impl Message {
    fn weight(&self) -> usize {
        let headers = self.headers.iter().map(|(n, v)| n.len() + v.len() + 48);
        headers.sum::<usize>() + self.body.text.as_ref().map_or(0, String::len)
    }
}

/// A body as the log keeps it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Payload {
    /// The text, at most [`MOST_BODY`] bytes of it; `None` where it is no text.
    #[serde(rename = "body")]
    pub text: Option<String>,
    /// How long it was.
    #[serde(rename = "body_bytes")]
    pub bytes: u64,
    /// Whether `text` is only its beginning.
    #[serde(rename = "body_cut")]
    pub cut: bool,
}

impl Payload {
    /// A body of which at least the beginning is at hand.
    pub fn of(beginning: &[u8], bytes: u64) -> Self {
        let mut kept = beginning.get(..MOST_BODY).unwrap_or(beginning);
        let cut = bytes > kept.len() as u64;
        if cut {
            // Not within a character.
            while !kept.is_empty()
                && std::str::from_utf8(kept).is_err_and(|e| e.error_len().is_none())
            {
                kept = kept.get(..kept.len() - 1).unwrap_or_default();
            }
        }
        let text = std::str::from_utf8(kept).ok();
        // Sound and pictures may happen to begin like text.
        let text = text.filter(|t| !t.contains('\0')).map(str::to_owned);
        Self {
            cut: cut && text.is_some(),
            text,
            bytes,
        }
    }
}

/// Which end of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It is under way.
    Started,
    /// It is over; the entry names the one that told of its beginning.
    Ended,
}

/// One attempt to deliver a webhook.
#[derive(Debug, Serialize)]
pub struct WebhookAttempt {
    /// Beginning or end.
    pub phase: Phase,
    /// The delivery, for `/deliveries/{id}` and its replay.
    pub delivery_id: DeliveryId,
    /// The attempt's number in the delivery's log, once it is over.
    pub attempt: Option<u32>,
    /// Whether somebody asked for it, beside the schedule.
    pub replay: bool,
    /// The receiver.
    pub app_id: AppId,
    /// The webhook field.
    pub field: String,
    /// What it tells of: `connect`, `terminate`, `RINGING`, `text` …
    pub event: Option<String>,
    /// Where it goes; empty where the app has no callback.
    pub url: String,
    /// What is sent; the headers are known at the end.
    pub request: Message,
    /// What came back, at least its beginning.
    pub answer: Option<Message>,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub note: String,
    /// Real milliseconds it took.
    pub took_ms: Option<f64>,
    /// Where the delivery is on its way afterwards.
    pub state: Option<DeliveryState>,
    /// When the next attempt is due, Unix seconds of rule time.
    pub next_attempt_at: Option<i64>,
}

/// A step of a call's life.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum CallStep {
    /// It exists.
    Placed {
        /// By whom.
        direction: Direction,
    },
    /// The user's phone is told to ring.
    Rings,
    /// The user picked up; the business's media is not there yet.
    Answered,
    /// Both sides may hear each other.
    Connected,
    /// It is over.
    Ended {
        /// Why.
        cause: &'static str,
        /// `COMPLETED` or `FAILED`.
        status: ahoy_calling::EndStatus,
        /// The error of a failed call.
        error_code: Option<u32>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_cut_between_characters_and_only_text_is_kept() {
        let whole = Payload::of("né".as_bytes(), 3);
        assert_eq!((whole.text.as_deref(), whole.cut), (Some("né"), false));
        let long = "é".repeat(MOST_BODY);
        let cut = Payload::of(long.as_bytes().get(1..).unwrap_or_default(), 200_000);
        assert!(cut.text.is_none(), "it begins within a character");
        let mut odd = vec![b'x'];
        odd.extend_from_slice(long.as_bytes());
        let cut = Payload::of(&odd, 200_000);
        let text = cut.text.unwrap_or_default();
        assert!(cut.cut && text.len() == MOST_BODY - 1, "{}", text.len());
        assert_eq!(Payload::of(&[0x52, 0, 1], 3).text, None);
        assert_eq!(Payload::of(b"", 0).text.as_deref(), Some(""));
    }

    #[test]
    fn kinds_have_names_of_their_own() {
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::named("x"), None);
    }
}
