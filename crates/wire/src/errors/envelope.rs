//! What an error looks like on the wire.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    ERROR_PAGE, ErrorCode, ErrorKind, GRAPH_PAGE, SUBCODE_FINGERPRINT, SUBCODE_UNKNOWN_OBJECT,
    UserWords,
};

/// A refusal on its way to a business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphError {
    /// The code; status and title follow from it.
    pub code: ErrorCode,
    /// `error_subcode`, for the few faults that have one.
    pub subcode: Option<u32>,
    /// `error_data.details`: one sentence for the person who reads the client's log.
    pub details: String,
    message: Option<String>,
    kind: Option<ErrorKind>,
    of_call: bool,
    retry_after: Option<u32>,
}

/// Seconds after which a request answered 503 may be tried again, where nothing better is known.
const RETRY_AFTER: u32 = 5;

/// What the person at the desk reads where a fingerprint is refused.
const FINGERPRINT_WORDS: UserWords = UserWords {
    title: "Parameter Invalid",
    text: "The call could not be set up: its security settings name a hash other than SHA-256. Report it to the people who run your calling software.",
    transient: false,
};

impl GraphError {
    /// An error with the sentence that explains this very case.
    pub fn new(code: ErrorCode, details: impl Into<String>) -> Self {
        Self {
            code,
            subcode: None,
            details: details.into(),
            message: None,
            kind: None,
            of_call: false,
            retry_after: None,
        }
    }
    /// Code 100.
    pub fn invalid(details: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidParameter, details)
    }
    /// The answer for an object that is absent, hidden from this token or of another kind: HTTP 400, code 100,
    /// subcode 33. `method` is `get`, `post` or `delete`; `id` is cut after 64 characters.
    pub fn unsupported(method: &str, id: &str) -> Self {
        let method = method.to_ascii_lowercase();
        let id: String = id.chars().take(64).collect();
        let details = format!(
            "Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation"
        );
        Self {
            message: Some(format!(
                "Unsupported {method} request. {details}. Please read the Graph API documentation at {GRAPH_PAGE}"
            )),
            kind: Some(ErrorKind::GraphMethodException),
            subcode: Some(SUBCODE_UNKNOWN_OBJECT),
            ..Self::invalid(format!("{details}."))
        }
    }
    /// A session description with a fingerprint by another hash than SHA-256: code 100 with a subcode of its own, and a
    /// message without the code in front (`media.md` §4.1 rule 6).
    pub fn fingerprint(details: impl Into<String>) -> Self {
        let error = Self::invalid(details);
        Self {
            message: Some(error.code.title().to_owned()),
            subcode: Some(SUBCODE_FINGERPRINT),
            of_call: true,
            ..error
        }
    }
    /// What an app-secret proof that does not fit the token gets (`graph-api.md` §1.2).
    pub fn wrong_proof(details: impl Into<String>) -> Self {
        let error = Self::invalid(details);
        Self {
            message: Some("Invalid appsecret_proof provided in the API argument".to_owned()),
            kind: Some(ErrorKind::GraphMethodException),
            ..error
        }
    }
    /// As the refusal of a call: words for the person at the desk go with it, whatever the code.
    #[must_use]
    pub fn of_call(mut self) -> Self {
        self.of_call = true;
        self
    }
    /// Words for the person at the desk: with the codes of calling, and with every refusal of a call that is about the call.
    fn user_words(&self) -> Option<UserWords> {
        let calling = (138_000..139_000).contains(&self.code.code());
        let about_call = self.of_call && self.kind != Some(ErrorKind::GraphMethodException);
        match self.subcode {
            Some(SUBCODE_FINGERPRINT) => Some(FINGERPRINT_WORDS),
            _ => self.code.user_words().filter(|_| calling || about_call),
        }
    }
    /// With `error_subcode`.
    #[must_use]
    pub fn with_subcode(mut self, subcode: u32) -> Self {
        self.subcode = Some(subcode);
        self
    }
    /// With another title: the message becomes `(#CODE) title`.
    #[must_use]
    pub fn with_title(mut self, title: &str) -> Self {
        self.message = Some(format!("(#{}) {title}", self.code.code()));
        self
    }
    /// With the seconds after which the request may be tried again.
    #[must_use]
    pub fn with_retry_after(mut self, secs: u32) -> Self {
        self.retry_after = Some(secs);
        self
    }
    /// Value of the header `Retry-After` (RFC 9110 §10.2.3), in seconds: every 503 has one.
    pub fn retry_after(&self) -> Option<u32> {
        let unavailable = self.http_status() == 503;
        self.retry_after.or(unavailable.then_some(RETRY_AFTER))
    }
    /// HTTP status of the answer.
    pub fn http_status(&self) -> u16 {
        self.code.http_status()
    }
    /// Value of `error.message`.
    pub fn message(&self) -> Cow<'_, str> {
        match &self.message {
            Some(message) => message.into(),
            None => self.code.message().into(),
        }
    }
    /// The envelope as types. `fbtrace_id` is the caller's random id of this answer.
    pub fn envelope(&self, fbtrace_id: &str) -> ErrorEnvelope {
        let kind = self.kind.unwrap_or_else(|| self.code.kind());
        let words = self.user_words();
        ErrorEnvelope {
            error: ErrorBody {
                message: self.message().into_owned(),
                kind: kind.as_str().to_owned(),
                code: self.code.code(),
                error_subcode: self.subcode,
                is_transient: words.map(|words| words.transient),
                error_user_title: words.map(|words| words.title.to_owned()),
                error_user_msg: words.map(|words| words.text.to_owned()),
                error_data: Some(ErrorData {
                    messaging_product: Some("whatsapp".to_owned()),
                    details: self.details.clone(),
                }),
                fbtrace_id: fbtrace_id.to_owned(),
            },
        }
    }
    /// The envelope as the bytes of an answer.
    pub fn to_json(&self, fbtrace_id: &str) -> Vec<u8> {
        crate::ascii::answer_bytes(&self.envelope(fbtrace_id))
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message(), self.details)
    }
}
impl std::error::Error for GraphError {}

/// `{"error":{…}}`, the body of every answer with a status of 400 or more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorEnvelope {
    /// The error.
    pub error: ErrorBody,
}

/// Inside of the envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// `(#CODE) Title`.
    pub message: String,
    /// `OAuthException` or `GraphMethodException`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The number to switch on.
    pub code: u32,
    /// Finer reason, rarely present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_subcode: Option<u32>,
    /// The same request may succeed in a moment. On refusals of calls, as the next two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_transient: Option<bool>,
    /// A heading for the person who placed the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_user_title: Option<String>,
    /// What that person is to know and can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_user_msg: Option<String>,
    /// The sentence about this very case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_data: Option<ErrorData>,
    /// Random id of the answer, the same as in the header `x-fb-trace-id`.
    pub fbtrace_id: String,
}

/// `error_data`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorData {
    /// `whatsapp`; absent in webhooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<String>,
    /// One sentence.
    pub details: String,
}

/// An error inside a webhook. Real clients need every key (`webhooks.md` §2.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookError {
    /// The number to switch on.
    pub code: u32,
    /// The code's title.
    #[serde(default)]
    pub title: String,
    /// The code's title again, as the platform of reference sends it.
    #[serde(default)]
    pub message: String,
    /// A page about error codes.
    #[serde(default)]
    pub href: String,
    /// The sentence about this very case.
    #[serde(default = "no_data")]
    pub error_data: ErrorData,
}

fn no_data() -> ErrorData {
    ErrorData {
        messaging_product: None,
        details: String::new(),
    }
}

impl WebhookError {
    /// The object for `code` with one sentence about this case.
    pub fn new(code: ErrorCode, details: impl Into<String>) -> Self {
        Self {
            code: code.code(),
            title: code.title().to_owned(),
            message: code.title().to_owned(),
            href: ERROR_PAGE.to_owned(),
            error_data: ErrorData {
                messaging_product: None,
                details: details.into(),
            },
        }
    }
}
