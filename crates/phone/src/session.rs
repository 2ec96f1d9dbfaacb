//! A phone's session, without I/O: numbers what the server says, keeps it until it may be asked for again, and makes
//! a repeated request the same request.

use std::collections::{HashMap, VecDeque};

use ahoy_platform::PhoneEvent;
use ahoy_types::{CallId, Direction, MessageId, PhoneNumberId};
use serde::Serialize;
use serde_json::{Value, json};

use crate::protocol::{ClientMessage, Misread, Problem, Request, read};
use crate::words::{self, Outcome};

/// Messages kept for a resumption, and their bytes.
const KEPT_MESSAGES: usize = 256;
const KEPT_BYTES: usize = 256 * 1024;
/// Answers to acts kept for repeated requests.
const KEPT_ANSWERS: usize = 64;
/// Calls one phone can be told of at once; one a business is possible.
const CALLS: usize = 1024;

/// A business in the phone's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Business {
    pub id: PhoneNumberId,
    pub name: String,
    /// As people write it.
    pub number: String,
    /// Whether it takes calls at all.
    pub calling: bool,
    /// Whether the phone shows the call icon.
    pub call_icon: bool,
    /// Why it does not: a word for programs.
    pub no_icon: Option<&'static str>,
    /// The same as a sentence for people.
    pub no_icon_reason: Option<&'static str>,
    /// Whether it is open, by the hours the phone knows.
    pub open: bool,
    /// When it opens next, while it is closed: Unix seconds of rule time.
    pub next_opening: Option<i64>,
    /// The same in words on the business's clock.
    pub opens: Option<String>,
    /// Its hours; absent where it is open at all times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<HoursShown>,
    /// Whether the user may ask to be called back.
    pub callback: bool,
    /// Whether it has the badge of an official business account.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub official: bool,
    /// What the business says of itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Path of its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

/// The hours of a business in words, on its own clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct HoursShown {
    /// IANA name of the zone the times are in.
    pub zone: String,
    /// Day and hours, from Monday on.
    pub week: Vec<[String; 2]>,
    /// The same of dates that differ.
    pub dates: Vec<[String; 2]>,
}

/// Something in the thread with a business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Entry {
    Call(CallEntry),
    Message(Box<MessageEntry>),
}

/// A call in the thread with a business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename = "call")]
pub(crate) struct CallEntry {
    pub call_id: CallId,
    pub direction: Direction,
    pub outcome: Outcome,
    pub text: &'static str,
    /// When it was placed, Unix seconds of rule time.
    pub at: i64,
    pub duration_seconds: Option<u64>,
}

/// A message in the thread with a business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct MessageEntry {
    pub kind: &'static str,
    pub id: String,
    /// `business`, `user` or `platform`.
    pub from: &'static str,
    /// When it was sent, Unix seconds of rule time.
    pub at: i64,
    pub state: &'static str,
    /// The message it replies to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Whether its call button still works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_works: Option<bool>,
    /// How its permission request stands: `open`, `accepted`, `declined`, `expired`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_state: Option<&'static str>,
    /// Whether the request can be answered, for the first time or anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_answer: Option<bool>,
    /// What it says; the keys depend on the kind.
    #[serde(flatten)]
    pub content: serde_json::Map<String, Value>,
}

/// Whether a business may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Permission {
    None,
    Temporary {
        /// Unix seconds.
        until: i64,
    },
    Permanent,
}

/// The chat with a business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Thread {
    pub business: Business,
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Whether the business types.
    pub typing: bool,
    /// Whether the user has the business blocked.
    pub blocked: bool,
    /// Until when the business may write freely, Unix seconds.
    pub window_until: Option<i64>,
    pub permission: Permission,
    /// Whether the business wrote something that `open` would mark as read.
    pub unread: bool,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Done {
    Businesses { businesses: Vec<Business> },
    Thread(Box<Thread>),
    Written { message_id: MessageId },
    Dialled { call_id: CallId, sdp: String },
    ChatInfo { business: Box<Business> },
    Plain {},
}

/// The answer to a request.
pub(crate) type Answer = Result<Done, Problem>;

/// What to do about a message of the phone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Carry it out, then call [`Session::finished`].
    Run(Request),
    /// Send this.
    Say(String),
    /// The phone is switched off: the session is over.
    Bye,
}

/// The state of a session.
#[derive(Debug, Default)]
pub(crate) struct Session {
    said: u64,
    kept: VecDeque<(u64, String)>,
    kept_bytes: usize,
    answers: VecDeque<(Request, Answer)>,
    /// Live calls this phone knows.
    calls: HashMap<CallId, Direction>,
}

impl Session {
    /// The number of the last message said.
    pub(crate) fn said(&self) -> u64 {
        self.said
    }

    /// Takes a message of the phone.
    pub(crate) fn take(&mut self, text: &str) -> Taken {
        let request = match read(text) {
            Ok(ClientMessage::Request(request)) => request,
            Ok(ClientMessage::Bye) => return Taken::Bye,
            Ok(ClientMessage::Hello(_)) => {
                let problem = Problem::new("hello_twice", "This socket has its session already.");
                return Taken::Say(self.misread(problem.into()));
            }
            Err(misread) => return Taken::Say(self.misread(misread)),
        };
        match self.answers.iter().find(|(r, _)| r.id == request.id) {
            None => Taken::Run(request),
            Some((before, answer)) if *before == request => {
                let body = answer_body(&request.id, answer);
                Taken::Say(self.say(body))
            }
            Some(_) => {
                let problem = Problem {
                    code: "id_reused",
                    message: "id: it was used for another request of this session.".into(),
                    field: Some("id"),
                };
                Taken::Say(self.say(answer_body(&request.id, &Err(problem))))
            }
        }
    }

    /// A message that is no text, or too long to be read.
    pub(crate) fn misread(&mut self, misread: Misread) -> String {
        self.say(json!({"type": "error", "id": misread.id, "error": misread.problem}))
    }

    /// A request was carried out.
    pub(crate) fn finished(&mut self, request: Request, answer: Answer) -> String {
        if let Ok(Done::Dialled { call_id, .. }) = &answer {
            self.know(call_id.clone(), Direction::UserInitiated);
        }
        let said = self.say(answer_body(&request.id, &answer));
        if !request.act.only_reads() {
            if self.answers.len() >= KEPT_ANSWERS {
                self.answers.pop_front();
            }
            self.answers.push_back((request, answer));
        }
        said
    }

    /// The platform tells something; `None` if the phone knows it already.
    pub(crate) fn event(&mut self, event: PhoneEvent) -> Option<String> {
        let body = match event {
            PhoneEvent::Ring {
                call_id,
                phone_number_id,
                name,
                sdp,
            } => {
                if self.calls.contains_key(&call_id) {
                    return None;
                }
                self.know(call_id.clone(), Direction::BusinessInitiated);
                let business = json!({"id": phone_number_id, "name": name});
                json!({"type": "ring", "call_id": call_id, "business": business, "sdp": sdp})
            }
            PhoneEvent::Connected { call_id } if self.calls.contains_key(&call_id) => {
                json!({"type": "connected", "call_id": call_id})
            }
            PhoneEvent::Ended {
                call_id,
                cause,
                connected,
            } => match self.calls.remove(&call_id) {
                Some(direction) => {
                    let reason = words::ended(&cause, direction);
                    json!({
                        "type": "ended", "call_id": call_id, "cause": cause, "connected": connected,
                        "reason": reason,
                    })
                }
                None => json!({"type": "thread_changed", "call_id": call_id}),
            },
            PhoneEvent::Thread { phone_number_id } => {
                json!({"type": "thread_changed", "business": phone_number_id})
            }
            // The keeper's last word.
            PhoneEvent::NumberChanged { .. } => return None,
            // A call of this user that another phone has, or the simulated one.
            PhoneEvent::Connected { call_id } => {
                json!({"type": "thread_changed", "call_id": call_id})
            }
        };
        Some(self.say(body))
    }

    /// Calls that live already when the session begins: it will be told of their end.
    pub(crate) fn know(&mut self, call: CallId, direction: Direction) {
        if self.calls.len() < CALLS {
            self.calls.insert(call, direction);
        }
    }

    /// What the phone missed after the message `seen`; an error if it is no longer kept.
    pub(crate) fn missed(&self, seen: u64) -> Result<impl Iterator<Item = &str>, Problem> {
        let gone = self.kept.front().map_or(self.said, |(n, _)| n - 1);
        if seen > self.said {
            let sentence = format!("not yet said; the last one has the number {}", self.said);
            return Err(Problem::field("seq", sentence));
        }
        if seen < gone {
            return Err(Problem::new(
                "resume_gap",
                "Too much was missed: begin a new session.",
            ));
        }
        Ok(self
            .kept
            .iter()
            .filter(move |(n, _)| *n > seen)
            .map(|(_, text)| text.as_str()))
    }

    fn say(&mut self, mut body: Value) -> String {
        self.said += 1;
        if let Some(object) = body.as_object_mut() {
            object.insert("seq".into(), self.said.into());
        }
        let text = body.to_string();
        self.kept_bytes += text.len();
        self.kept.push_back((self.said, text.clone()));
        while self.kept.len() > KEPT_MESSAGES || self.kept_bytes > KEPT_BYTES {
            match self.kept.pop_front() {
                Some((_, text)) => self.kept_bytes -= text.len(),
                None => break,
            }
        }
        text
    }
}

fn answer_body(id: &str, answer: &Answer) -> Value {
    match answer {
        Ok(done) => json!({"type": "result", "id": id, "result": done}),
        Err(problem) => json!({"type": "error", "id": id, "error": problem}),
    }
}

#[cfg(test)]
mod tests;
