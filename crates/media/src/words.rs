//! Steps of the timeline in words, for whoever reads along.

use std::fmt;

use crate::timeline::TimelineEvent;
use crate::{CheckFault, DtlsRole, EndReason, Flow, HelloFault, TimeoutKind};

const fn part(role: DtlsRole) -> &'static str {
    match role {
        DtlsRole::Client => "client",
        DtlsRole::Server => "server",
    }
}

impl CheckFault {
    /// What did not match, in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "with a wrong password",
            Self::Ufrag => "under another ice-ufrag than its SDP names",
        }
    }
}

impl HelloFault {
    /// Why it began nothing, in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unchecked => "its address sent no valid connectivity check",
            Self::Role => "its SDP says setup:passive, so the ClientHello was ours to send",
            Self::Malformed => "it is no sound DTLS message",
            Self::Attempts => "too many handshakes had failed before",
            Self::Certificate => "its certificate was not the announced one before",
        }
    }
}

impl Flow {
    /// The word in session descriptions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HungUp(by) => write!(f, "The {} hung up.", by.as_str()),
            Self::Rejected(by) => write!(f, "The {} rejected the call.", by.as_str()),
            Self::GaveUp(by) => write!(
                f,
                "The {} hung up before the {} answered.",
                by.as_str(),
                by.other().as_str()
            ),
            Self::NoAnswer(by) => write!(f, "The {} did not answer in time.", by.as_str()),
            Self::NoMedia(by) => write!(
                f,
                "The call was ended because no media came from the {}.",
                by.as_str()
            ),
            Self::Lost => f.write_str("The server gave the call up."),
        }
    }
}

impl TimelineEvent {
    /// Whether it is a sign that something is wrong.
    pub const fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::RoleConflict { .. }
                | Self::CheckRefused { .. }
                | Self::ChecksRefused { .. }
                | Self::HelloIgnored { .. }
                | Self::StrayHellos { .. }
                | Self::UnknownPayloadType { .. }
                | Self::DtlsFailed { .. }
                | Self::FingerprintMismatch { .. }
                | Self::Timeout { .. }
                | Self::BadAuthentication { .. }
                | Self::Fault { .. }
                | Self::LostToFault { .. }
        )
    }
}

impl fmt::Display for TimelineEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Armed { side, addresses } if addresses.is_empty() => {
                write!(
                    f,
                    "The {}'s end is simulated inside the server.",
                    side.as_str()
                )
            }
            Self::Armed { side, addresses } => {
                let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                let at = list.join(" and ");
                write!(f, "The {}'s leg waits at {at}.", side.as_str())
            }
            Self::FirstBindingRequest { side, from } => write!(
                f,
                "The first connectivity check of the {} came from {from}.",
                side.as_str()
            ),
            Self::RoleConflict { side } => write!(
                f,
                "The {} claimed the controlled ICE role, which is ours.",
                side.as_str()
            ),
            Self::Nominated { side, address } => {
                write!(f, "The {} nominated {address}.", side.as_str())
            }
            Self::AddressChanged { side, from, to } => {
                write!(f, "The {} moved from {from} to {to}.", side.as_str())
            }
            Self::RemoteSet {
                side,
                role,
                direction,
                ..
            } => {
                let (who, part) = (side.as_str(), part(*role));
                write!(f, "The {who}'s SDP is known; we are its DTLS {part}.")?;
                match direction {
                    Flow::SendRecv => Ok(()),
                    one_way => write!(f, " It says {}.", one_way.as_str()),
                }
            }
            Self::CheckRefused {
                side,
                from,
                fault,
                ufrag,
            } => write!(
                f,
                "A connectivity check for the {}'s leg came from {from} {} and was not answered (sender's ice-ufrag `{ufrag}`).",
                side.as_str(),
                fault.as_str()
            ),
            Self::ChecksRefused {
                side,
                password,
                ufrag,
            } => write!(
                f,
                "Connectivity checks for the {}'s leg that were not answered: {password} {}, {ufrag} {}.",
                side.as_str(),
                CheckFault::Password.as_str(),
                CheckFault::Ufrag.as_str()
            ),
            Self::OthersDropped {
                side, from, ufrag, ..
            } => write!(
                f,
                "The checks that came from {from} under ice-ufrag `{ufrag}` are not those of the {}: its SDP names another.",
                side.as_str()
            ),
            Self::HelloIgnored { side, from, fault } => write!(
                f,
                "A ClientHello for the {}'s leg came from {from} and began no handshake: {}.",
                side.as_str(),
                fault.as_str()
            ),
            Self::StrayHellos { from, hellos } => write!(
                f,
                "ClientHellos came from addresses of no call: {hellos}, the last from {from}."
            ),
            Self::Answered { side } => write!(f, "The {} answered the call.", side.as_str()),
            Self::UnknownPayloadType { side, sent, agreed } => write!(
                f,
                "The {} sent payload type {sent}; {agreed} was agreed for audio.",
                side.as_str()
            ),
            Self::Audio {
                side,
                packets,
                empty,
            } => write!(
                f,
                "{packets} audio packets of the {}, {empty} of them too small to hold sound.",
                side.as_str()
            ),
            Self::Listened {
                side,
                audio_ms,
                keys,
            } => write!(
                f,
                "The {} heard {audio_ms} ms of sound and {keys} keys.",
                side.as_str()
            ),
            Self::Ended { reason } => reason.fmt(f),
            Self::PeerReplaced { side } => write!(
                f,
                "Another peer took over the leg of the {}.",
                side.as_str()
            ),
            Self::DtlsStarted { side, role } => write!(
                f,
                "DTLS with the {} began, we as its {}.",
                side.as_str(),
                part(*role)
            ),
            Self::DtlsDone { side, profile } => {
                write!(f, "DTLS with the {} is done: {profile}.", side.as_str())
            }
            Self::DtlsFailed { side, reason } => {
                write!(f, "DTLS with the {} failed: {reason}.", side.as_str())
            }
            Self::FingerprintMismatch { side } => write!(
                f,
                "The {}'s certificate is not the one its SDP announced.",
                side.as_str()
            ),
            Self::DtlsAlertSent { side, fatal } => {
                let what = if *fatal {
                    "fatal alert"
                } else {
                    "close_notify"
                };
                write!(f, "A DTLS {what} was sent to the {}.", side.as_str())
            }
            Self::DtlsAlert { side } => write!(f, "The {} sent a DTLS alert.", side.as_str()),
            Self::GateOpened => f.write_str("The gate opened: audio flows from now on."),
            Self::FirstPacket { side, .. } => write!(
                f,
                "The first audio packet of the {} after accept.",
                side.as_str()
            ),
            Self::SsrcChanged { side, from, to } => write!(
                f,
                "The {} changed its SSRC from {} to {}.",
                side.as_str(),
                from.0,
                to.0
            ),
            Self::RtcpBye { side } => write!(f, "The {} sent RTCP BYE.", side.as_str()),
            Self::Timeout { side, kind, after } => {
                let (who, secs) = (side.as_str(), after.as_secs_f64());
                match kind {
                    TimeoutKind::Start => {
                        write!(f, "No audio came from the {who} within {secs} s of accept.")
                    }
                    TimeoutKind::Silence => write!(f, "Nothing came from the {who} for {secs} s."),
                }
            }
            Self::DroppedBeforeAccept { side, packets } => write!(
                f,
                "{packets} packets of the {} came before accept and were dropped.",
                side.as_str()
            ),
            Self::Fault { side, fault } => {
                write!(
                    f,
                    "A fault was asked for at the {}: {fault}.",
                    side.as_str()
                )
            }
            Self::LostToFault { side, packets } => write!(
                f,
                "{packets} packets of the {} were lost to a fault that was asked for.",
                side.as_str()
            ),
            Self::BadAuthentication { side, packets } => write!(
                f,
                "{packets} packets from the {}'s address did not authenticate.",
                side.as_str()
            ),
            Self::Received {
                side,
                packets,
                lost,
                jitter_ms,
            } => write!(
                f,
                "{packets} packets of the {} were received, {lost} lost, jitter {jitter_ms:.1} ms.",
                side.as_str()
            ),
            Self::Network { side, passages } => write!(
                f,
                "The {}'s network lost {} of {} packets from it and {} of {} to it.",
                side.as_str(),
                passages.from_peer.lost,
                passages.from_peer.packets,
                passages.to_peer.lost,
                passages.to_peer.packets
            ),
            Self::LastPacket { side } => {
                write!(f, "The last packet of the {} came.", side.as_str())
            }
            Self::Closed => f.write_str("The media closed."),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Side;

    #[test]
    fn steps_are_sentences_and_faults_are_told_apart() {
        let timeout = TimelineEvent::Timeout {
            side: Side::Business,
            kind: TimeoutKind::Start,
            after: Duration::from_secs(20),
        };
        assert_eq!(
            timeout.to_string(),
            "No audio came from the business within 20 s of accept."
        );
        assert!(timeout.is_fault() && !TimelineEvent::GateOpened.is_fault());
        let inside = TimelineEvent::Armed {
            side: Side::User,
            addresses: Vec::new(),
        };
        assert_eq!(
            inside.to_string(),
            "The user's end is simulated inside the server."
        );
    }
}
