//! Small vocabularies of the timeline: why something was not taken, and how a call ended.

use serde::{Deserialize, Serialize};

use crate::Side;

/// Why a connectivity check that named a leg was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckFault {
    /// MESSAGE-INTEGRITY does not fit the password of our session description.
    Password,
    /// The sender's half of USERNAME is not the `ice-ufrag` of its session description.
    Ufrag,
}

/// Why a ClientHello began no handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HelloFault {
    /// It came from an address that sent no valid connectivity check.
    Unchecked,
    /// Its session description says `setup:passive`: the ClientHello was ours to send.
    Role,
    /// It is no sound DTLS message.
    Malformed,
    /// As many handshakes as are tried had failed before.
    Attempts,
    /// The certificate of an earlier handshake was not the announced one.
    Certificate,
}

/// Which way media flows by the peer's session description, as the peer sees it (RFC 8866 §6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flow {
    /// It sends and receives.
    #[default]
    SendRecv,
    /// It only sends.
    SendOnly,
    /// It only receives.
    RecvOnly,
}

/// How a call ended, as signalling knows it. The side is the one that acted, or did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "reason", content = "by", rename_all = "snake_case")]
pub enum EndReason {
    /// A side hung up the connected call.
    HungUp(Side),
    /// The side that was called refused.
    Rejected(Side),
    /// The caller hung up before there was an answer.
    GaveUp(Side),
    /// The side that was called did not answer in time.
    NoAnswer(Side),
    /// No media came from this side in time.
    NoMedia(Side),
    /// The server gave the call up.
    Lost,
}
