//! How a simulated user behaves (`contract.md` §3). Pure: it says what the user will do and when.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::message::Answer;

/// What a simulated user does when the phone rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRing {
    /// Answers after `answer_after_ms`.
    #[default]
    Answer,
    /// Declines after `answer_after_ms`.
    Reject,
    /// Lets it ring until it stops.
    Ignore,
    /// Waits for the sandbox's `answer` or `reject`.
    Manual,
}

/// What a simulated user does with a permission request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnPermissionRequest {
    /// Grants for seven days.
    Accept,
    /// Grants until revoked.
    AcceptPermanent,
    /// Declines.
    Reject,
    /// Does nothing.
    #[default]
    Ignore,
}

/// What a simulated user does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMessage {
    /// Reads it.
    #[default]
    Read,
    /// Leaves it unread.
    Ignore,
}

/// What a simulated user's microphone hears.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Audio {
    /// A steady tone.
    Tone {
        /// Pitch in hertz.
        tone_hz: f64,
    },
    /// A file.
    File {
        /// Path on the server: WAV, or Ogg with Opus.
        file: String,
        /// Whether it begins anew at its end; else silence follows.
        #[serde(default = "yes")]
        repeat: bool,
    },
    /// Nothing.
    Silence {
        /// Always true.
        silence: bool,
    },
}

const fn yes() -> bool {
    true
}

impl Default for Audio {
    fn default() -> Self {
        Self::Tone { tone_hz: 660.0 }
    }
}

/// The network between a user and the platform, the same both ways.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Share of packets lost, 0 to 1.
    pub loss: f64,
    /// Mean length of a run of lost packets; `None` loses each on its own.
    pub burst: Option<f64>,
    /// Up to how many milliseconds longer than `delay_ms` a packet takes.
    pub jitter_ms: u32,
    /// One-way delay in milliseconds.
    pub delay_ms: u32,
    /// Share of packets that come behind the next one, 0 to 1.
    pub reorder: f64,
    /// What chance starts from: the same seed is the same network. `None` is one of the user's own, always the same.
    pub seed: Option<u64>,
}

/// Behaviour of a simulated user.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// What happens when the phone rings.
    pub on_ring: OnRing,
    /// How long the phone rings before the user answers or declines.
    pub answer_after_ms: u64,
    /// How long after the call is connected the user hangs up; `None` never.
    pub hang_up_after_ms: Option<u64>,
    /// What happens with a permission request.
    pub on_permission_request: OnPermissionRequest,
    /// How long after a permission request arrives the user answers it.
    pub reply_after_ms: u64,
    /// What happens with a message.
    pub on_message: OnMessage,
    /// What the user says.
    pub audio: Audio,
    /// The network in between.
    pub network: Network,
}

/// An act a simulated user is going to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserAct {
    /// Takes the call.
    Answer,
    /// Declines the call.
    Reject,
    /// Ends the call.
    HangUp,
}

impl Behaviour {
    /// What the user answers to a permission request, and after how long.
    pub fn when_asked(&self) -> Option<(Duration, Answer)> {
        let delay = Duration::from_millis(self.reply_after_ms);
        let answer = match self.on_permission_request {
            OnPermissionRequest::Accept => Answer::Accept,
            OnPermissionRequest::AcceptPermanent => Answer::AcceptPermanent,
            OnPermissionRequest::Reject => Answer::Reject,
            OnPermissionRequest::Ignore => return None,
        };
        Some((delay, answer))
    }

    /// What the user does about a ringing phone, and after how long.
    pub fn when_rung(&self) -> Option<(Duration, UserAct)> {
        let delay = Duration::from_millis(self.answer_after_ms);
        match self.on_ring {
            OnRing::Answer => Some((delay, UserAct::Answer)),
            OnRing::Reject => Some((delay, UserAct::Reject)),
            OnRing::Ignore | OnRing::Manual => None,
        }
    }
    /// What the user does about a connected call, and after how long.
    pub fn when_connected(&self) -> Option<(Duration, UserAct)> {
        let ms = self.hang_up_after_ms?;
        Some((Duration::from_millis(ms), UserAct::HangUp))
    }
}
