//! `POST /{phone-number-id}/calls` (`graph-api.md` §2).

use ahoy_types::{CallId, UserId, WaId};
use serde::{Deserialize, Serialize};

use crate::body::{Fields, excerpt};
use crate::{Body, GraphError, SdpType, Session};

/// Most characters in `biz_opaque_callback_data`.
pub const MAX_CALLBACK_DATA: usize = 512;
/// Most bytes in `session.sdp`. Real descriptions have one to four thousand.
pub const MAX_SDP: usize = 64 * 1024;

const ACTIONS: &[(&str, Verb)] = &[
    ("connect", Verb::Connect),
    ("pre_accept", Verb::PreAccept),
    ("accept", Verb::Accept),
    ("reject", Verb::Reject),
    ("terminate", Verb::Terminate),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Connect,
    PreAccept,
    Accept,
    Reject,
    Terminate,
}

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callee {
    /// By number (`to`, which wins over `recipient`).
    Number(WaId),
    /// By business-scoped id (`recipient`).
    User(UserId),
}

/// What the business wants, checked as far as the body alone allows. The description itself is not looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallAction {
    /// Call a user.
    Connect {
        /// The user.
        callee: Callee,
        /// The business's offer.
        session: Session,
        /// To be repeated in this call's webhooks.
        biz_opaque_callback_data: Option<String>,
    },
    /// Set up ICE and DTLS of a user's call before it is answered.
    PreAccept {
        /// The call.
        call_id: CallId,
        /// The business's answer.
        session: Session,
    },
    /// Answer a user's call.
    Accept {
        /// The call.
        call_id: CallId,
        /// The business's answer, the same as in pre_accept if there was one.
        session: Session,
        /// To be repeated in the terminate webhook.
        biz_opaque_callback_data: Option<String>,
    },
    /// Decline a user's call.
    Reject {
        /// The call.
        call_id: CallId,
    },
    /// End a call.
    Terminate {
        /// The call.
        call_id: CallId,
    },
}

impl CallAction {
    /// Reads the body of `POST /{phone-number-id}/calls`.
    ///
    /// # Errors
    /// Code 100 with a sentence that names the parameter.
    pub fn parse(body: &Body) -> Result<Self, GraphError> {
        let fields = body.fields();
        messaging_product(&fields)?;
        match verb(&fields)? {
            Verb::Connect => {
                let callee = callee(&fields)?;
                let session = session(&fields, SdpType::Offer)?;
                no_capture(&fields)?;
                Ok(Self::Connect {
                    callee,
                    session,
                    biz_opaque_callback_data: callback_data(&fields)?,
                })
            }
            Verb::PreAccept => Ok(Self::PreAccept {
                call_id: call_id(&fields)?,
                session: session(&fields, SdpType::Answer)?,
            }),
            Verb::Accept => {
                let call_id = call_id(&fields)?;
                let session = session(&fields, SdpType::Answer)?;
                no_capture(&fields)?;
                Ok(Self::Accept {
                    call_id,
                    session,
                    biz_opaque_callback_data: callback_data(&fields)?,
                })
            }
            Verb::Reject => Ok(Self::Reject {
                call_id: call_id(&fields)?,
            }),
            Verb::Terminate => Ok(Self::Terminate {
                call_id: call_id(&fields)?,
            }),
        }
    }

    /// The word on the wire.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "connect",
            Self::PreAccept { .. } => "pre_accept",
            Self::Accept { .. } => "accept",
            Self::Reject { .. } => "reject",
            Self::Terminate { .. } => "terminate",
        }
    }
}

/// Checks `messaging_product`, which every body of the messaging API names.
///
/// # Errors
/// Code 100 unless it is `whatsapp`.
pub fn messaging_product(fields: &Fields<'_>) -> Result<(), GraphError> {
    match fields.required_text("messaging_product")? {
        "whatsapp" => Ok(()),
        other => Err(fields.not_allowed("messaging_product", other, "whatsapp")),
    }
}

fn verb(fields: &Fields<'_>) -> Result<Verb, GraphError> {
    if let Some(text) = fields.text("action")? {
        // Exact words only: the reference's prose also writes `pre-accept`, which no server takes.
        return match ACTIONS.iter().find(|(word, _)| *word == text) {
            Some((_, verb)) => Ok(*verb),
            // The endpoint's own reference lists it, and no guide explains it.
            None if text == "media_update" => Err(GraphError::invalid(
                "The action `media_update` is not supported: a call has one audio track and is not renegotiated.",
            )),
            None => Err(fields.not_allowed("action", text, &action_list())),
        };
    }
    // The published command for a new call leaves the action out.
    let new_call = (fields.has("to") || fields.has("recipient"))
        && (fields.has("session") || fields.has("connection"))
        && !fields.has("call_id");
    if new_call {
        Ok(Verb::Connect)
    } else {
        Err(GraphError::invalid(format!(
            "The parameter `action` is required: {}.",
            action_list()
        )))
    }
}

fn action_list() -> String {
    let words: Vec<&str> = ACTIONS.iter().map(|(word, _)| *word).collect();
    words.join(", ")
}

pub(crate) fn callee(fields: &Fields<'_>) -> Result<Callee, GraphError> {
    if let Some(to) = fields.text_or_integer("to")? {
        return match WaId::parse_loose(&to) {
            Ok(number) => Ok(Callee::Number(number)),
            Err(_) => Err(GraphError::invalid(format!(
                "The parameter `to` has the value `{}`, which is not a phone number: country code and 7 to 15 digits are expected.",
                excerpt(&to)
            ))),
        };
    }
    match fields.text("recipient")? {
        Some(recipient) => user_id("recipient", recipient).map(Callee::User),
        None => Err(GraphError::invalid(
            "The parameter `to` or the parameter `recipient` is required.",
        )),
    }
}

/// A business-scoped user id out of a parameter.
///
/// # Errors
/// Code 100 with the parameter's name.
pub fn user_id(name: &str, text: &str) -> Result<UserId, GraphError> {
    text.parse().map_err(|_| {
        GraphError::invalid(format!(
            "The parameter `{name}` has the value `{}`, which is not a business-scoped user id: a country code, a dot and digits are expected.",
            excerpt(text)
        ))
    })
}

fn call_id(fields: &Fields<'_>) -> Result<CallId, GraphError> {
    let text = fields.required_text("call_id")?;
    text.parse().map_err(|_| {
        GraphError::invalid(format!(
            "The parameter `call_id` has the value `{}`, which is not a call id: text that begins with `wacid.` is expected.",
            excerpt(text)
        ))
    })
}

fn callback_data(fields: &Fields<'_>) -> Result<Option<String>, GraphError> {
    let data = fields.short_text("biz_opaque_callback_data", MAX_CALLBACK_DATA)?;
    Ok(data.map(str::to_owned))
}

/// Recording and transcription are documented and not offered here: a request for one must not look granted.
fn no_capture(fields: &Fields<'_>) -> Result<(), GraphError> {
    for name in ["recording", "transcription"] {
        let Some(capture) = fields.object(name)? else {
            continue;
        };
        if !capture
            .required_text("status")?
            .eq_ignore_ascii_case("DISABLED")
        {
            return Err(GraphError::invalid(format!(
                "The parameter `{name}` asks for a feature that is not supported by this server: leave it out or send the status DISABLED."
            )));
        }
    }
    Ok(())
}

fn session(fields: &Fields<'_>, expected: SdpType) -> Result<Session, GraphError> {
    let Some(session) = fields.object("session")? else {
        return Err(if fields.has("connection") {
            GraphError::invalid(
                "The parameter `connection` is a retired form that is not supported: send `session` with `sdp_type` and `sdp`.",
            )
        } else {
            fields.missing("session")
        });
    };
    let sdp_type = session.required_text("sdp_type")?;
    if sdp_type != expected.as_str() {
        return Err(session.not_allowed("sdp_type", sdp_type, expected.as_str()));
    }
    let sdp = session.required_text("sdp")?;
    if sdp.trim().is_empty() {
        return Err(GraphError::invalid(
            "The parameter `session.sdp` must not be empty.",
        ));
    }
    if sdp.len() > MAX_SDP {
        return Err(GraphError::invalid(format!(
            "The parameter `session.sdp` is too long: {} bytes, at most {MAX_SDP} are allowed.",
            sdp.len()
        )));
    }
    Ok(Session {
        sdp_type: expected,
        sdp: sdp.to_owned(),
    })
}

/// Answer to a connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConnectAnswer {
    /// `whatsapp`.
    pub messaging_product: String,
    /// The new call, alone.
    pub calls: Vec<CallRef>,
    /// `true`. Some clients need it (`clients.md` §1).
    pub success: bool,
}

/// A call by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallRef {
    /// `wacid.…`
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "wacid.HBgLMzQ2MDAxMTEyMjI"))]
    pub id: CallId,
}

/// Answer to the other actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActionAnswer {
    /// `whatsapp`.
    pub messaging_product: String,
    /// `true`.
    pub success: bool,
}

impl ConnectAnswer {
    /// The answer for a new call.
    pub fn new(id: CallId) -> Self {
        Self {
            messaging_product: "whatsapp".to_owned(),
            calls: vec![CallRef { id }],
            success: true,
        }
    }
}

impl Default for ActionAnswer {
    fn default() -> Self {
        Self {
            messaging_product: "whatsapp".to_owned(),
            success: true,
        }
    }
}
