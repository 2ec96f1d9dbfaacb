//! One sentence that answers "why was it silent?": a pure function of the timeline.

use std::net::SocketAddr;

use crate::timeline::{TimelineEntry, TimelineEvent};
use crate::{DtlsRole, Side, TimeoutKind};

/// From this share of lost packets on, the sentence speaks of loss.
const NOTABLE_LOSS: f64 = 0.05;

/// What the timeline says about one side.
#[derive(Default)]
struct Facts<'a> {
    addresses: &'a [SocketAddr],
    checked: bool,
    conflict: bool,
    nominated: bool,
    remote: Option<DtlsRole>,
    dtls_started: bool,
    dtls_done: bool,
    dtls_failed: Option<&'a str>,
    mismatch: bool,
    audio: bool,
    early: u64,
    bad: u64,
    received: u64,
    lost: u64,
    silent: Option<f64>,
}

impl<'a> Facts<'a> {
    fn gather(timeline: &'a [TimelineEntry], of: Side) -> Self {
        use TimelineEvent as E;
        let mut f = Facts::default();
        for entry in timeline {
            match &entry.event {
                E::Armed { side, addresses } if *side == of => f.addresses = addresses,
                E::FirstBindingRequest { side, .. } if *side == of => f.checked = true,
                E::RoleConflict { side } if *side == of => f.conflict = true,
                E::Nominated { side, .. } if *side == of => f.nominated = true,
                E::RemoteSet { side, role } if *side == of => f.remote = Some(*role),
                E::DtlsStarted { side, .. } if *side == of => f.dtls_started = true,
                E::DtlsDone { side, .. } if *side == of => f.dtls_done = true,
                E::DtlsFailed { side, reason } if *side == of => f.dtls_failed = Some(reason),
                E::FingerprintMismatch { side } if *side == of => f.mismatch = true,
                E::FirstPacket { side, .. } if *side == of => f.audio = true,
                E::DroppedBeforeAccept { side, packets } if *side == of => f.early = *packets,
                E::BadAuthentication { side, packets } if *side == of => f.bad = *packets,
                E::Received {
                    side,
                    packets,
                    lost,
                    ..
                } if *side == of => {
                    (f.received, f.lost) = (*packets, *lost);
                }
                E::Timeout {
                    side,
                    kind: TimeoutKind::Silence,
                    after,
                } if *side == of => {
                    f.silent = Some(after.as_secs_f64());
                }
                _ => {}
            }
        }
        f
    }

    /// The earliest link of the chain that is missing.
    fn problem(&self, side: Side) -> Option<String> {
        let who = side.as_str();
        if self.mismatch {
            return Some(format!(
                "The {who}'s certificate does not match the fingerprint in its SDP."
            ));
        }
        if self.addresses.is_empty() {
            // A simulated user inside the server has no network to fail, and speaks as soon as there is somebody to hear it.
            return None;
        }
        if !self.dtls_done {
            return Some(self.no_keys(who));
        }
        if !self.nominated {
            return Some(format!(
                "The {who} nominated no address pair, so nothing could be sent to it."
            ));
        }
        match (self.audio, self.silent) {
            (true, None) => None,
            (true, Some(secs)) => Some(format!(
                "The {who} stopped sending: nothing came from it for {secs} s."
            )),
            (false, _) if self.bad > 0 => Some(format!(
                "Packets came from the {who}, but none of them authenticated with the agreed keys."
            )),
            (false, _) if self.early > 0 => Some(format!(
                "Audio from the {who} arrived only before accept and was dropped."
            )),
            (false, _) => Some(format!(
                "The {who} was connected but sent no audio after accept."
            )),
        }
    }

    fn no_keys(&self, who: &str) -> String {
        if !self.checked {
            if self.conflict {
                return format!(
                    "The {who} insisted on the controlled ICE role, which is ours, so no pair was chosen."
                );
            }
            let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
            return format!(
                "The {who} sent no connectivity check: its ICE never reached {}.",
                addresses.join(" or ")
            );
        }
        if let Some(reason) = self.dtls_failed {
            return format!("ICE worked but the DTLS handshake with the {who} failed: {reason}.");
        }
        match (self.remote, self.dtls_started, self.nominated) {
            (None, _, _) => format!("The {who} reached us by ICE, but its SDP was never given."),
            (Some(_), true, _) => {
                format!(
                    "ICE worked but the DTLS handshake with the {who} did not finish, so there are no keys."
                )
            }
            (Some(DtlsRole::Server), false, _) => {
                format!("ICE worked but the {who} never sent a ClientHello, so there are no keys.")
            }
            (Some(DtlsRole::Client), false, false) => {
                format!(
                    "The {who}'s connectivity checks arrived but nominated no pair, so DTLS could not begin."
                )
            }
            (Some(DtlsRole::Client), false, true) => {
                format!("ICE worked but the DTLS handshake with the {who} has not begun.")
            }
        }
    }

    fn loss(&self) -> f64 {
        let all = self.received.saturating_add(self.lost);
        if all == 0 {
            0.0
        } else {
            self.lost as f64 / all as f64
        }
    }
}

/// The sentence for a timeline that ends with its summaries (`DroppedBeforeAccept`, `BadAuthentication`, `Received`).
pub fn verdict(timeline: &[TimelineEntry]) -> String {
    let sides = Side::BOTH.map(|side| (side, Facts::gather(timeline, side)));
    if !timeline
        .iter()
        .any(|e| e.event == TimelineEvent::GateOpened)
    {
        return if sides.iter().any(|(_, f)| f.early > 0) {
            "The call was never accepted; audio sent before that was dropped.".to_owned()
        } else {
            "The call was never accepted, so no audio was let through.".to_owned()
        };
    }
    let problems: Vec<String> = sides
        .iter()
        .filter_map(|(side, f)| f.problem(*side))
        .collect();
    if !problems.is_empty() {
        return problems.join(" ");
    }
    let lossy: Vec<String> = sides
        .iter()
        .filter(|(_, f)| f.loss() >= NOTABLE_LOSS)
        .map(|(side, f)| {
            format!(
                "{:.0} % of the {}'s packets were lost",
                f.loss() * 100.0,
                side.as_str()
            )
        })
        .collect();
    if lossy.is_empty() {
        "Both sides heard each other.".to_owned()
    } else {
        format!("Both sides heard each other, but {}.", lossy.join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TimelineEvent as E;
    use ahoy_types::Ssrc;
    use std::time::Duration;

    const ADDR: SocketAddr = SocketAddr::new(
        std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)),
        3480,
    );
    const B: Side = Side::Business;
    const U: Side = Side::User;

    fn entries(events: impl IntoIterator<Item = E>) -> Vec<TimelineEntry> {
        events
            .into_iter()
            .enumerate()
            .map(|(i, event)| TimelineEntry {
                at_ms: i as u64,
                event,
            })
            .collect()
    }
    /// A leg that came up and was heard, cut off after `upto` links of the chain.
    fn chain(side: Side, upto: usize) -> Vec<E> {
        [
            E::Armed {
                side,
                addresses: vec![ADDR],
            },
            E::RemoteSet {
                side,
                role: DtlsRole::Server,
            },
            E::FirstBindingRequest { side, from: ADDR },
            E::Nominated {
                side,
                address: ADDR,
            },
            E::DtlsStarted {
                side,
                role: DtlsRole::Server,
            },
            E::DtlsDone {
                side,
                profile: "SRTP_AES128_CM_SHA1_80",
            },
            E::FirstPacket {
                side,
                ssrc: Ssrc(1),
            },
        ]
        .into_iter()
        .take(upto)
        .collect()
    }
    /// A call with a simulated user that was heard, and `business` as given.
    fn accepted(business: Vec<E>) -> String {
        let user = [
            E::Armed {
                side: U,
                addresses: vec![],
            },
            E::GateOpened,
            E::FirstPacket {
                side: U,
                ssrc: Ssrc(2),
            },
        ];
        verdict(&entries(user.into_iter().chain(business)))
    }

    #[test]
    fn all_is_well() {
        assert_eq!(accepted(chain(B, 7)), "Both sides heard each other.");
        let both = entries(
            chain(B, 7)
                .into_iter()
                .chain(chain(U, 7))
                .chain([E::GateOpened]),
        );
        assert_eq!(verdict(&both), "Both sides heard each other.");
    }

    #[test]
    fn the_first_missing_link_is_named() {
        let cases = [
            (
                2,
                "The business sent no connectivity check: its ICE never reached 192.0.2.1:3480.",
            ),
            (
                4,
                "ICE worked but the business never sent a ClientHello, so there are no keys.",
            ),
            (
                5,
                "ICE worked but the DTLS handshake with the business did not finish, so there are no keys.",
            ),
            (
                6,
                "The business was connected but sent no audio after accept.",
            ),
        ];
        for (upto, sentence) in cases {
            assert_eq!(accepted(chain(B, upto)), sentence);
        }
    }

    #[test]
    fn both_sides_may_have_failed() {
        let timeline = entries(
            chain(B, 6)
                .into_iter()
                .chain(chain(U, 4))
                .chain([E::GateOpened]),
        );
        assert_eq!(
            verdict(&timeline),
            "The business was connected but sent no audio after accept. \
             ICE worked but the user never sent a ClientHello, so there are no keys."
        );
    }

    fn with(mut events: Vec<E>, more: E) -> Vec<E> {
        events.push(more);
        events
    }

    #[test]
    fn the_wrong_certificate() {
        assert_eq!(
            accepted(with(chain(B, 5), E::FingerprintMismatch { side: B })),
            "The business's certificate does not match the fingerprint in its SDP."
        );
    }

    #[test]
    fn a_failed_handshake_says_why() {
        let failed = E::DtlsFailed {
            side: B,
            reason: "no common cipher suite".into(),
        };
        assert_eq!(
            accepted(with(chain(B, 5), failed)),
            "ICE worked but the DTLS handshake with the business failed: no common cipher suite."
        );
    }

    #[test]
    fn the_controlled_role_is_ours() {
        assert_eq!(
            accepted(with(chain(B, 2), E::RoleConflict { side: B })),
            "The business insisted on the controlled ICE role, which is ours, so no pair was chosen."
        );
    }

    #[test]
    fn without_a_nomination_our_client_hello_never_leaves() {
        let events = vec![
            E::Armed {
                side: B,
                addresses: vec![ADDR],
            },
            E::RemoteSet {
                side: B,
                role: DtlsRole::Client,
            },
            E::FirstBindingRequest {
                side: B,
                from: ADDR,
            },
        ];
        assert_eq!(
            accepted(events),
            "The business's connectivity checks arrived but nominated no pair, so DTLS could not begin."
        );
    }

    #[test]
    fn the_answer_was_never_given() {
        let events = vec![
            E::Armed {
                side: B,
                addresses: vec![ADDR],
            },
            E::FirstBindingRequest {
                side: B,
                from: ADDR,
            },
            E::DtlsStarted {
                side: B,
                role: DtlsRole::Server,
            },
        ];
        assert_eq!(
            accepted(events),
            "The business reached us by ICE, but its SDP was never given."
        );
    }

    #[test]
    fn audio_only_before_accept() {
        assert_eq!(
            accepted(with(
                chain(B, 6),
                E::DroppedBeforeAccept {
                    side: B,
                    packets: 50
                }
            )),
            "Audio from the business arrived only before accept and was dropped."
        );
        // Dropping the beginning is no fault when audio follows.
        assert_eq!(
            accepted(with(
                chain(B, 7),
                E::DroppedBeforeAccept {
                    side: B,
                    packets: 50
                }
            )),
            "Both sides heard each other."
        );
    }

    #[test]
    fn keys_that_do_not_fit() {
        assert_eq!(
            accepted(with(
                chain(B, 6),
                E::BadAuthentication {
                    side: B,
                    packets: 50
                }
            )),
            "Packets came from the business, but none of them authenticated with the agreed keys."
        );
    }

    #[test]
    fn a_side_that_fell_silent() {
        let timeout = E::Timeout {
            side: B,
            kind: TimeoutKind::Silence,
            after: Duration::from_secs(30),
        };
        assert_eq!(
            accepted(with(chain(B, 7), timeout)),
            "The business stopped sending: nothing came from it for 30 s."
        );
    }

    #[test]
    fn heavy_loss_is_said() {
        let received = E::Received {
            side: B,
            packets: 80,
            lost: 20,
            jitter_ms: 1.0,
        };
        assert_eq!(
            accepted(with(chain(B, 7), received)),
            "Both sides heard each other, but 20 % of the business's packets were lost."
        );
    }

    #[test]
    fn without_accept_silence_is_right() {
        assert_eq!(
            verdict(&entries(chain(B, 6))),
            "The call was never accepted, so no audio was let through."
        );
        let early = with(
            chain(B, 6),
            E::DroppedBeforeAccept {
                side: B,
                packets: 3,
            },
        );
        assert_eq!(
            verdict(&entries(early)),
            "The call was never accepted; audio sent before that was dropped."
        );
    }
}
