//! What the decision finds, one variant a sentence.

use std::fmt;
use std::net::SocketAddr;

use crate::{CheckFault, Flow, HelloFault, Side};

/// What was found about a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Finding {
    /// The gate never opened, and signalling did not say why.
    NotAccepted {
        /// Audio came before.
        early: bool,
    },
    /// The side that was called refused.
    Rejected(Side),
    /// The caller hung up first.
    GaveUp(Side),
    /// The side that was called let it ring.
    NoAnswer(Side),
    /// The server ended it before there was an answer.
    GivenUp,
    /// It was answered and ended before audio could flow, and nothing else is missing.
    TooShort(Side),
    /// Something about one side.
    Leg(Side, Problem),
    /// A fault keeps the user's voice from the business.
    BusinessIsDeaf,
    /// Audio went both ways.
    BothWays {
        /// A simulated user listened and heard sound.
        heard: bool,
        /// What was lost nevertheless.
        but: Vec<String>,
    },
}

/// What is wrong with one side, in the order in which the links of the chain are made.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Problem {
    /// The certificate is not the announced one.
    Fingerprint,
    /// The emulated network lost all of it.
    NetworkCut(&'static str),
    /// All checks had a wrong password, or another fragment than the description.
    ChecksRefused {
        fault: CheckFault,
        from: SocketAddr,
        checks: u64,
        ufrag: String,
    },
    /// Only somebody else's checks came.
    ChecksOfOthers { from: SocketAddr, ufrag: String },
    /// It insisted on the controlled role.
    RoleConflict,
    /// Both ends are ICE-lite.
    IceLite,
    /// A ClientHello, but no check.
    HelloWithoutCheck(SocketAddr),
    /// No check at all.
    NoCheck(Vec<SocketAddr>),
    /// The description never came.
    NoDescription,
    /// The handshake failed.
    DtlsFailed(String),
    /// It was not finished.
    DtlsUnfinished,
    /// A ClientHello came and was not taken.
    HelloIgnored(SocketAddr, HelloFault),
    /// A ClientHello came from where nobody is known.
    StrayHellos { from: SocketAddr, hellos: u64 },
    /// No ClientHello came.
    NoHello,
    /// No pair, so that our own ClientHello never left.
    NoPairForDtls,
    /// Our own ClientHello has not left.
    DtlsNotBegun,
    /// Keys, but no pair.
    NoPair,
    /// Nothing authenticated.
    BadAuthentication,
    /// All came under a number that was not agreed.
    PayloadType { sent: u8, agreed: u8 },
    /// All came too early.
    OnlyEarly,
    /// Its description says that it does not send.
    ReceivesOnly,
    /// It closed DTLS before it sent audio.
    ClosedFirst,
    /// Packets came, but no audio.
    NoAudioAmong(u64),
    /// Nothing came.
    NoAudio,
    /// It fell silent after a DTLS alert.
    ClosedThenSilent(f64),
    /// It fell silent.
    Stopped(f64),
    /// Keys and no audio.
    OnlyKeys,
    /// No packet had room for sound.
    OnlyEmptySound(u64),
    /// All of it decodes to silence.
    NothingHeard(u64),
    /// Its description says that it does not listen.
    SendsOnly,
}

impl Finding {
    /// Whether something went wrong.
    pub fn is_at_fault(&self) -> bool {
        match self {
            Self::Leg(..) | Self::BusinessIsDeaf => true,
            Self::BothWays { but, .. } => !but.is_empty(),
            _ => false,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAccepted { early: false } => {
                f.write_str("The call was never accepted, so no audio was let through.")
            }
            Self::NotAccepted { early: true } => {
                f.write_str("The call was never accepted; audio sent before that was dropped.")
            }
            Self::Rejected(by) => write!(
                f,
                "The {} rejected the call, so no audio was let through.",
                by.as_str()
            ),
            Self::GaveUp(by) => write!(
                f,
                "The {} hung up before the {} answered, so no audio was let through.",
                by.as_str(),
                by.other().as_str()
            ),
            Self::NoAnswer(by) => write!(
                f,
                "The {} did not answer in time, so no audio was let through.",
                by.as_str()
            ),
            Self::GivenUp => f.write_str(
                "The server ended the call before it was answered, so no audio was let through.",
            ),
            Self::TooShort(by) => write!(
                f,
                "The {} answered the call, but it ended before audio was let through.",
                by.as_str()
            ),
            Self::Leg(side, problem) => problem.write(side.as_str(), f),
            Self::BusinessIsDeaf => {
                f.write_str("The user heard the business, but nothing the user said reached it.")
            }
            Self::BothWays { heard, but } => {
                f.write_str(match heard {
                    true => "Both sides heard each other",
                    false => "Both sides sent audio, and it was passed on",
                })?;
                match but.is_empty() {
                    true => f.write_str("."),
                    false => write!(f, ", but {}.", but.join(" and ")),
                }
            }
        }
    }
}

impl Problem {
    fn write(&self, who: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fingerprint => write!(
                f,
                "The {who}'s certificate does not match the fingerprint in its SDP."
            ),
            Self::NetworkCut(what) => {
                write!(f, "The network asked for at the {who} lost all of {what}.")
            }
            Self::ChecksRefused {
                fault: CheckFault::Password,
                from,
                checks,
                ..
            } => write!(
                f,
                "The {who}'s connectivity checks came from {from} with a wrong password ({checks} so far): it has to use the ice-pwd of the SDP it was given."
            ),
            Self::ChecksRefused {
                fault: CheckFault::Ufrag,
                from,
                checks,
                ufrag,
            } => write!(
                f,
                "The {who}'s connectivity checks came from {from} under ice-ufrag `{ufrag}` ({checks} so far), but its SDP names another."
            ),
            Self::ChecksOfOthers { from, ufrag } => write!(
                f,
                "The connectivity checks that came from {from} were under ice-ufrag `{ufrag}`, but the {who}'s SDP names another, and none came under that."
            ),
            Self::RoleConflict => write!(
                f,
                "The {who} insisted on the controlled ICE role, which is ours, so no pair was chosen."
            ),
            Self::IceLite => write!(
                f,
                "The {who}'s SDP says ice-lite, as ours does, so neither side sent connectivity checks: the {who} has to use full ICE."
            ),
            Self::HelloWithoutCheck(from) => write!(
                f,
                "A ClientHello came from {from}, but no connectivity check of the {who}: ICE has to come first."
            ),
            Self::NoCheck(addresses) => {
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                let at = addresses.join(" or ");
                write!(
                    f,
                    "The {who} sent no connectivity check: its ICE never reached {at}."
                )
            }
            Self::NoDescription => write!(
                f,
                "The {who} reached us by ICE, but its SDP was never given."
            ),
            Self::DtlsFailed(reason) => write!(
                f,
                "ICE worked but the DTLS handshake with the {who} failed: {reason}."
            ),
            Self::DtlsUnfinished => write!(
                f,
                "ICE worked but the DTLS handshake with the {who} did not finish, so there are no keys."
            ),
            Self::HelloIgnored(from, fault) => write!(
                f,
                "ICE worked and a ClientHello of the {who} came from {from}, but it was not taken: {}.",
                fault.as_str()
            ),
            Self::StrayHellos { from, hellos } => write!(
                f,
                "ICE worked but no ClientHello came from an address that the {who} checked from, so there are no keys; {hellos} came from addresses of no call, the last from {from}."
            ),
            Self::NoHello => write!(
                f,
                "ICE worked but the {who} never sent a ClientHello, so there are no keys."
            ),
            Self::NoPairForDtls => write!(
                f,
                "The {who}'s connectivity checks arrived but nominated no pair, so DTLS could not begin."
            ),
            Self::DtlsNotBegun => write!(
                f,
                "ICE worked but the DTLS handshake with the {who} has not begun."
            ),
            Self::NoPair => write!(
                f,
                "The {who} nominated no address pair, so nothing could be sent to it."
            ),
            Self::BadAuthentication => write!(
                f,
                "Packets came from the {who}, but none of them authenticated with the agreed keys."
            ),
            Self::PayloadType { sent, agreed } => write!(
                f,
                "The {who} sent its audio as payload type {sent}, but {agreed} was agreed, so none of it was used."
            ),
            Self::OnlyEarly => write!(
                f,
                "Audio from the {who} arrived only before accept and was dropped."
            ),
            Self::ReceivesOnly => write!(
                f,
                "The {who}'s SDP says {}, and it sent no audio after accept.",
                Flow::RecvOnly.as_str()
            ),
            Self::ClosedFirst => write!(
                f,
                "The {who} ended DTLS with an alert and sent no audio after accept."
            ),
            Self::NoAudioAmong(packets) => write!(
                f,
                "{packets} packets came from the {who} after accept, but none of them was audio."
            ),
            Self::NoAudio => write!(f, "The {who} was connected but sent no audio after accept."),
            Self::ClosedThenSilent(secs) => write!(
                f,
                "The {who} ended DTLS with an alert and stopped sending: nothing came from it for {secs} s."
            ),
            Self::Stopped(secs) => write!(
                f,
                "The {who} stopped sending: nothing came from it for {secs} s."
            ),
            Self::OnlyKeys => write!(f, "The {who} sent keys, but no audio after accept."),
            Self::OnlyEmptySound(packets) => write!(
                f,
                "The {who} sent {packets} audio packets, all of them silence: none is larger than 3 bytes."
            ),
            Self::NothingHeard(packets) => write!(
                f,
                "The {who} sent {packets} audio packets, but nothing in them was loud enough to be heard."
            ),
            Self::SendsOnly => write!(
                f,
                "The {who}'s SDP says {}: by that it does not listen.",
                Flow::SendOnly.as_str()
            ),
        }
    }
}
