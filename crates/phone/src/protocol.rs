//! What phone and server say to each other (`docs/phone-protocol.md`), parsed at the edge.

mod fields;

use ahoy_calling::message::Answer as Response;
use ahoy_types::{CallId, MessageId, PhoneNumberId, WaId};
use serde::Serialize;
use serde_json::{Value, json};

use fields::Fields;

/// The version of the protocol.
pub const VERSION: u64 = 1;

/// Longest text of a request's id, a business's number, a payload of a call button.
const SHORT: usize = 64;
/// Longest payload of a call button or link (`rules.md`: 512 characters).
const PAYLOAD: usize = 512;
/// Longest session description.
const SDP: usize = 16 * 1024;
/// Longest text a user writes at once.
const TEXT: usize = 4096;
/// Longest id of an answer to tap on.
const REPLY: usize = 256;
/// What a user can say to a permission request.
const RESPONSES: [(&str, Response); 3] = [
    ("accept", Response::Accept),
    ("accept_permanent", Response::AcceptPermanent),
    ("reject", Response::Reject),
];
/// Calls a phone can say it holds.
const HELD: usize = 16;
/// Call entries of a thread at most, and by default.
const ENTRIES: (u64, u64) = (200, 100);

/// What the phone did wrong, or why something cannot be done: a word for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A short stable word.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// The field at fault, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'static str>,
}

impl Problem {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
        }
    }
    pub(crate) fn field(field: &'static str, message: impl std::fmt::Display) -> Self {
        Self {
            code: "bad_field",
            message: format!("{field}: {message}."),
            field: Some(field),
        }
    }
}

/// How a phone begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hello {
    /// With a session of its own.
    Fresh {
        /// Whose phone it is.
        user: WaId,
        /// The calls whose media it still has from a session that is gone.
        holds: Vec<CallId>,
    },
    /// With the session it had before its socket was lost.
    Resume {
        /// The token out of the welcome.
        session: String,
        /// The last message it has seen.
        seen: u64,
    },
}

/// What a phone can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    Businesses,
    Thread {
        business: PhoneNumberId,
        limit: usize,
    },
    Open {
        business: PhoneNumberId,
    },
    Write {
        business: PhoneNumberId,
        text: String,
        context: Option<MessageId>,
    },
    Reply {
        message: MessageId,
        reply: String,
    },
    Tap {
        message: MessageId,
    },
    /// The user shares the own number, which this message asks for.
    ShareNumber {
        message: MessageId,
    },
    AnswerRequest {
        business: PhoneNumberId,
        message: MessageId,
        response: Response,
    },
    Permission {
        business: PhoneNumberId,
        always: bool,
    },
    Block {
        business: PhoneNumberId,
        blocked: bool,
    },
    Report {
        business: PhoneNumberId,
    },
    /// The user opens the chat information: the phone learns the settings that hold.
    ChatInfo {
        business: PhoneNumberId,
    },
    /// The user asks to be called back.
    Callback {
        business: PhoneNumberId,
    },
    Call {
        to: String,
        cta_payload: Option<String>,
        deeplink_payload: Option<String>,
    },
    Sdp {
        call: CallId,
        sdp: String,
    },
    Ringing {
        call: CallId,
    },
    Answer {
        call: CallId,
    },
    Reject {
        call: CallId,
    },
    HangUp {
        call: CallId,
    },
}

impl Act {
    /// Whether it only looks: such an answer is not kept, a repeated request looks again.
    pub(crate) const fn only_reads(&self) -> bool {
        matches!(self, Self::Businesses | Self::Thread { .. })
    }
}

/// A request and the id its answer carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub id: String,
    pub act: Act,
}

/// A message of the phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClientMessage {
    Hello(Hello),
    Request(Request),
    /// The phone is switched off.
    Bye,
}

/// A message that cannot be understood, with the id of its request where that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misread {
    pub id: Option<String>,
    pub problem: Problem,
}

impl From<Problem> for Misread {
    fn from(problem: Problem) -> Self {
        Self { id: None, problem }
    }
}

/// Reads one message. Unknown keys are tolerated.
pub(crate) fn read(text: &str) -> Result<ClientMessage, Misread> {
    let value: Value = serde_json::from_str(text)
        .map_err(|e| Problem::new("bad_json", format!("The message is not JSON: {e}.")))?;
    let Value::Object(object) = value else {
        return Err(Problem::new("bad_json", "The message is not a JSON object.").into());
    };
    let fields = Fields(&object);
    match fields.text("type", SHORT)? {
        "hello" => Ok(ClientMessage::Hello(hello(&fields)?)),
        "bye" => Ok(ClientMessage::Bye),
        name => {
            let id = fields.text("id", SHORT)?.to_owned();
            match act(name, &fields) {
                Ok(act) => Ok(ClientMessage::Request(Request { id, act })),
                Err(problem) => Err(Misread {
                    id: Some(id),
                    problem,
                }),
            }
        }
    }
}

fn hello(fields: &Fields<'_>) -> Result<Hello, Problem> {
    let version = fields.number("version")?;
    if version != Some(VERSION) {
        let asked = match version {
            Some(other) => format!("the phone asked for version {other}"),
            None => "the phone named no version".to_owned(),
        };
        return Err(Problem {
            code: "bad_version",
            message: format!(
                "This server speaks version {VERSION} of the phone protocol; {asked}."
            ),
            field: Some("version"),
        });
    }
    if fields.get("session").is_some() {
        return Ok(Hello::Resume {
            session: fields.text("session", SHORT)?.to_owned(),
            seen: fields
                .number("seq")?
                .ok_or_else(|| Problem::field("seq", "missing; the last one seen is expected"))?,
        });
    }
    Ok(Hello::Fresh {
        user: fields.parsed("user")?,
        holds: fields.calls("calls")?,
    })
}

fn act(name: &str, fields: &Fields<'_>) -> Result<Act, Problem> {
    let call = || fields.parsed("call_id");
    Ok(match name {
        "businesses" => Act::Businesses,
        "thread" => Act::Thread {
            business: fields.parsed("business")?,
            limit: match fields.number("limit")?.unwrap_or(ENTRIES.1) {
                n @ 1.. if n <= ENTRIES.0 => usize::try_from(n).unwrap_or(1),
                _ => {
                    let range = format!("1 to {} is expected", ENTRIES.0);
                    return Err(Problem::field("limit", range));
                }
            },
        },
        "open" => Act::Open {
            business: fields.parsed("business")?,
        },
        "write" => Act::Write {
            business: fields.parsed("business")?,
            text: fields.text("text", TEXT)?.to_owned(),
            context: match fields.get("context") {
                Some(_) => Some(fields.parsed("context")?),
                None => None,
            },
        },
        "reply" => Act::Reply {
            message: fields.parsed("message_id")?,
            reply: fields.text("reply", REPLY)?.to_owned(),
        },
        "tap" => Act::Tap {
            message: fields.parsed("message_id")?,
        },
        "share_number" => Act::ShareNumber {
            message: fields.parsed("message_id")?,
        },
        "answer_request" => Act::AnswerRequest {
            business: fields.parsed("business")?,
            message: fields.parsed("message_id")?,
            response: fields.word("response", &RESPONSES)?,
        },
        "permission" => Act::Permission {
            business: fields.parsed("business")?,
            always: fields.word("response", &[("accept_permanent", true), ("revoke", false)])?,
        },
        "block" | "unblock" => Act::Block {
            business: fields.parsed("business")?,
            blocked: name == "block",
        },
        "report" => Act::Report {
            business: fields.parsed("business")?,
        },
        "chat_info" => Act::ChatInfo {
            business: fields.parsed("business")?,
        },
        "callback" => Act::Callback {
            business: fields.parsed("business")?,
        },
        "call" => Act::Call {
            to: fields.text("to", SHORT)?.to_owned(),
            cta_payload: fields.payload("cta_payload")?,
            deeplink_payload: fields.payload("deeplink_payload")?,
        },
        "sdp" => Act::Sdp {
            call: call()?,
            sdp: fields.text("sdp", SDP)?.to_owned(),
        },
        "ringing" => Act::Ringing { call: call()? },
        "answer" => Act::Answer { call: call()? },
        "reject" => Act::Reject { call: call()? },
        "hang_up" => Act::HangUp { call: call()? },
        _ => {
            return Err(Problem {
                code: "unknown_type",
                message: "type: hello, bye, businesses, thread, open, write, reply, tap, answer_request, permission, block, unblock, report, chat_info, callback, call, sdp, ringing, answer, reject or hang_up is expected."
                    .into(),
                field: Some("type"),
            });
        }
    })
}

/// An error that answers no numbered message: before the welcome.
pub(crate) fn unnumbered_error(misread: &Misread) -> String {
    json!({"type": "error", "id": misread.id, "error": misread.problem}).to_string()
}

/// Why the server ends the connection; nothing follows.
pub(crate) fn goodbye(code: &str, message: &str) -> String {
    json!({"type": "bye", "code": code, "message": message}).to_string()
}

/// The last word to a phone whose user has another number.
pub(crate) fn number_changed(to: WaId) -> String {
    let message = format!("Your number is {} now.", to.international());
    json!({"type": "bye", "code": "number_changed", "message": message, "user": to}).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn problem(text: &str) -> (Option<String>, &'static str, Option<&'static str>) {
        let misread = read(text).unwrap_err();
        assert!(misread.problem.message.ends_with('.'), "{misread:?}");
        (misread.id, misread.problem.code, misread.problem.field)
    }

    #[test]
    fn every_wrong_field_is_named() {
        assert_eq!(problem("{"), (None, "bad_json", None));
        assert_eq!(problem("[]"), (None, "bad_json", None));
        assert_eq!(problem("{}"), (None, "bad_field", Some("type")));
        assert_eq!(problem(r#"{"type":1}"#), (None, "bad_field", Some("type")));
        assert_eq!(
            problem(r#"{"type":"dance","id":"1"}"#),
            (Some("1".into()), "unknown_type", Some("type"))
        );
        assert_eq!(
            problem(r#"{"type":"businesses"}"#),
            (None, "bad_field", Some("id"))
        );
        for (text, field) in [
            (r#"{"type":"call","id":"1"}"#, "to"),
            (r#"{"type":"open","id":"1"}"#, "business"),
            (r#"{"type":"write","id":"1","business":"7"}"#, "text"),
            (
                r#"{"type":"write","id":"1","business":"7","text":"x","context":"y"}"#,
                "context",
            ),
            (
                r#"{"type":"tap","id":"1","message_id":"nonsense"}"#,
                "message_id",
            ),
            (
                r#"{"type":"answer_request","id":"1","business":"7","message_id":"wamid.AAAA","response":"maybe"}"#,
                "response",
            ),
            (
                r#"{"type":"permission","id":"1","business":"7","response":"accept"}"#,
                "response",
            ),
            (r#"{"type":"call","id":"1","to":""}"#, "to"),
            (
                r#"{"type":"call","id":"1","to":"7","cta_payload":7}"#,
                "cta_payload",
            ),
            (r#"{"type":"sdp","id":"1","call_id":"wacid.x"}"#, "sdp"),
            (
                r#"{"type":"answer","id":"1","call_id":"nonsense"}"#,
                "call_id",
            ),
            (r#"{"type":"thread","id":"1","business":"x"}"#, "business"),
            (
                r#"{"type":"thread","id":"1","business":"7","limit":0}"#,
                "limit",
            ),
            (
                r#"{"type":"thread","id":"1","business":"7","limit":1e99}"#,
                "limit",
            ),
        ] {
            assert_eq!(
                problem(text),
                (Some("1".into()), "bad_field", Some(field)),
                "{text}"
            );
        }
        let long = format!(r#"{{"type":"businesses","id":"{}"}}"#, "x".repeat(65));
        assert_eq!(problem(&long), (None, "bad_field", Some("id")));
    }

    #[test]
    fn hello_is_fresh_or_a_resumption() {
        let user = "447700900001".parse().unwrap();
        assert_eq!(
            read(r#"{"type":"hello","version":1,"user":"+44 7700 900001"}"#),
            Ok(ClientMessage::Hello(Hello::Fresh {
                user,
                holds: Vec::new()
            }))
        );
        assert_eq!(
            read(r#"{"type":"hello","version":1,"session":"abc","seq":7}"#),
            Ok(ClientMessage::Hello(Hello::Resume {
                session: "abc".into(),
                seen: 7
            }))
        );
        for (text, field) in [
            (r#"{"type":"hello","version":1}"#, "user"),
            (r#"{"type":"hello","version":1,"user":"12"}"#, "user"),
            (r#"{"type":"hello","version":1,"session":"abc"}"#, "seq"),
            (
                r#"{"type":"hello","version":1,"user":"447700900001","calls":["x"]}"#,
                "calls",
            ),
        ] {
            assert_eq!(problem(text), (None, "bad_field", Some(field)), "{text}");
        }
    }

    #[test]
    fn another_version_is_refused_with_a_sentence() {
        let misread = read(r#"{"type":"hello","version":2,"user":"447700900001"}"#).unwrap_err();
        assert_eq!(misread.problem.code, "bad_version");
        assert_eq!(
            misread.problem.message,
            "This server speaks version 1 of the phone protocol; the phone asked for version 2."
        );
    }
}
