//! What the agent tells those who watch it: every step of every call, as it happens.

use ahoy_types::CallId;
use serde::Serialize;

use crate::heard::Heard;

/// One step. `ahoy demo` prints them and judges by [`AgentEvent::Heard`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AgentEvent {
    /// A request of ours to the platform is done.
    ApiCall {
        /// The call it was about, once it has an id.
        call: Option<CallId>,
        /// HTTP method.
        method: &'static str,
        /// Path on the platform.
        path: String,
        /// `action` of the body, for calls.
        action: Option<&'static str>,
        /// HTTP status; `None` when no answer came.
        status: Option<u16>,
        /// From the first byte sent to the last received, in milliseconds.
        ms: u64,
        /// Why it failed, if it did.
        error: Option<String>,
    },
    /// A webhook arrived and its signature was right.
    Webhook {
        /// The call it is about.
        call: CallId,
        /// What it said, in a few words: `connect`, `status ACCEPTED`, `terminate COMPLETED after 20 s`.
        what: String,
        /// It had arrived before, or is about a call that is over or not ours, and changes nothing.
        ignored: bool,
    },
    /// A request to the receiver was turned away; the text says why.
    WebhookRefused {
        /// The reason.
        why: String,
    },
    /// Media of a call took a step.
    Media {
        /// The call.
        call: CallId,
        /// The step.
        state: MediaState,
    },
    /// The caller pressed a key.
    Digit {
        /// The call.
        call: CallId,
        /// The key.
        digit: char,
    },
    /// What was heard up to now; about once a second while somebody watches.
    Heard {
        /// The call.
        call: CallId,
        /// What was heard.
        heard: Heard,
    },
    /// A call is over and everything of it is released.
    CallEnded {
        /// The call.
        call: CallId,
        /// Why, in a few words.
        why: String,
        /// Everything heard.
        heard: Heard,
    },
}

/// The steps of a call's media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MediaState {
    /// Our SDP is ready and the socket is open.
    Ready,
    /// A connectivity check was answered: ICE has a path.
    IceConnected,
    /// DTLS is done: there are keys, media can flow.
    Connected,
    /// The first packet of the other side arrived.
    FirstPacket,
    /// The greeting began.
    Greeting,
    /// The beep is over: the caller hears himself from now on.
    Echo,
    /// The path is gone.
    Lost,
    /// Socket and session are released.
    Closed,
}
