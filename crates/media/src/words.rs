//! Steps of the timeline in words, for whoever reads along.

use std::fmt;

use crate::timeline::TimelineEvent;
use crate::{DtlsRole, TimeoutKind};

const fn part(role: DtlsRole) -> &'static str {
    match role {
        DtlsRole::Client => "client",
        DtlsRole::Server => "server",
    }
}

impl TimelineEvent {
    /// Whether it is a sign that something is wrong.
    pub const fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::RoleConflict { .. }
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
            Self::RemoteSet { side, role } => write!(
                f,
                "The {}'s SDP is known; we are its DTLS {}.",
                side.as_str(),
                part(*role)
            ),
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
