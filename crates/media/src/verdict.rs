//! One sentence that answers "why was it silent?": a pure function of the timeline.

use std::net::SocketAddr;

use crate::timeline::{TimelineEntry, TimelineEvent};
use crate::{DtlsRole, Passage, Passages, Side, TimeoutKind};

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
    network: Option<Passages>,
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
                E::PeerReplaced { side } if *side == of => f.start_over(),
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
                E::Network { side, passages } if *side == of => f.network = Some(*passages),
                _ => {}
            }
        }
        f
    }

    /// The links of the chain that another peer has to make anew.
    fn start_over(&mut self) {
        self.checked = false;
        self.conflict = false;
        self.nominated = false;
        self.remote = None;
        self.dtls_started = false;
        self.dtls_done = false;
        self.dtls_failed = None;
        self.mismatch = false;
    }

    /// The earliest link of the chain that is missing.
    fn problem(&self, side: Side) -> Option<String> {
        let who = side.as_str();
        if self.mismatch {
            return Some(format!(
                "The {who}'s certificate does not match the fingerprint in its SDP."
            ));
        }
        if let Some(cut) = self.cut(who) {
            return Some(cut);
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

    /// An emulated network that let nothing through.
    fn cut(&self, who: &str) -> Option<String> {
        let network = self.network?;
        let all = |passage: Passage| passage.packets > 0 && passage.lost == passage.packets;
        let lost = match (all(network.from_peer), all(network.to_peer)) {
            (false, false) => return None,
            (true, false) => "what it sent",
            (false, true) => "what was sent to it",
            (true, true) => "what it sent and what was sent to it",
        };
        Some(format!(
            "The network asked for at the {who} lost all of {lost}."
        ))
    }

    /// What an emulated network lost, where that is worth a word.
    fn network_losses(&self, side: Side) -> Vec<String> {
        let who = side.as_str();
        let Passages { from_peer, to_peer } = self.network.unwrap_or_default();
        [
            (from_peer, "of what it sent"),
            (to_peer, "of what was sent to it"),
        ]
        .into_iter()
        .filter(|(passage, _)| passage.loss() >= NOTABLE_LOSS)
        .map(|(passage, what)| {
            let percent = passage.loss() * 100.0;
            format!("the network asked for at the {who} lost {percent:.0} % {what}")
        })
        .collect()
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

/// The sentence for a timeline that ends with its summaries (`DroppedBeforeAccept`, `BadAuthentication`, `Received`,
/// `LostToFault`). Where faults were asked for, another one names them.
pub fn verdict(timeline: &[TimelineEntry]) -> String {
    let (found, _) = judge(timeline);
    match of_faults(timeline) {
        Some(asked) => format!("{found} {asked}"),
        None => found,
    }
}

/// Whether [`verdict`] names something that went wrong. A call nobody accepted has nothing wrong with its media.
pub fn is_at_fault(timeline: &[TimelineEntry]) -> bool {
    judge(timeline).1
}

/// What was asked to go wrong, so that nobody looks for another reason.
fn of_faults(timeline: &[TimelineEntry]) -> Option<String> {
    let mut asked: Vec<&str> = Vec::new();
    let mut taken = 0;
    for entry in timeline {
        match &entry.event {
            TimelineEvent::Fault { fault, .. } if !asked.contains(&fault.as_str()) => {
                asked.push(fault);
            }
            TimelineEvent::LostToFault { packets, .. } => taken += packets,
            _ => {}
        }
    }
    let names = asked.join(", ");
    let what = match asked.len() {
        0 => return None,
        1 => format!("The fault {names} was asked for"),
        _ => format!("The faults {names} were asked for"),
    };
    Some(match taken {
        0 => format!("{what}."),
        _ => format!("{what}; {taken} packets were lost to that."),
    })
}

/// Whether a fault kept all that the user said from the business: the relay itself would not know.
fn business_is_deaf(timeline: &[TimelineEntry]) -> bool {
    timeline.iter().any(
        |e| matches!(&e.event, TimelineEvent::Fault { fault, .. } if fault == "one_way=to_user"),
    )
}

/// The sentence about the media, and whether it names something that went wrong.
fn judge(timeline: &[TimelineEntry]) -> (String, bool) {
    let sides = Side::BOTH.map(|side| (side, Facts::gather(timeline, side)));
    if !timeline
        .iter()
        .any(|e| e.event == TimelineEvent::GateOpened)
    {
        let sentence = if sides.iter().any(|(_, f)| f.early > 0) {
            "The call was never accepted; audio sent before that was dropped."
        } else {
            "The call was never accepted, so no audio was let through."
        };
        return (sentence.to_owned(), false);
    }
    let problems: Vec<String> = sides
        .iter()
        .filter_map(|(side, f)| f.problem(*side))
        .collect();
    if !problems.is_empty() {
        return (problems.join(" "), true);
    }
    if business_is_deaf(timeline) {
        let deaf = "The user heard the business, but nothing the user said reached it.";
        return (deaf.to_owned(), true);
    }
    let mut lossy: Vec<String> = sides
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
    lossy.extend(sides.iter().flat_map(|(side, f)| f.network_losses(*side)));
    if lossy.is_empty() {
        ("Both sides heard each other.".to_owned(), false)
    } else {
        let lost = lossy.join(" and ");
        (format!("Both sides heard each other, but {lost}."), true)
    }
}

#[cfg(test)]
mod tests;
