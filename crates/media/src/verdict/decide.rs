//! The decision: from facts to findings, the earliest cause first.

use super::facts::{CallFacts, LegFacts};
use super::finding::{Finding, Problem};
use crate::{CheckFault, DtlsRole, EndReason, Flow, Passage, Passages, Side};

/// From this share of lost packets on, the sentence speaks of loss.
const NOTABLE_LOSS: f64 = 0.05;

/// What there is to say of the call: at least one finding.
pub(super) fn decide(facts: &CallFacts<'_>) -> Vec<Finding> {
    if !facts.opened {
        return match facts.answered {
            None => unanswered(facts),
            Some(by) => answered_without_media(facts, by),
        };
    }
    let problems: Vec<Finding> = Side::BOTH
        .into_iter()
        .filter_map(|side| {
            let leg = facts.leg(side);
            let problem = setup(facts, leg).or_else(|| audio(leg))?;
            Some(Finding::Leg(side, problem))
        })
        .collect();
    if !problems.is_empty() {
        return problems;
    }
    // A fault keeps all that the user said from the business: the relay itself would not know.
    if facts.faults.has("one_way=to_user") {
        return vec![Finding::BusinessIsDeaf];
    }
    let mut findings = vec![both_ways(facts)];
    findings.extend(
        Side::BOTH
            .into_iter()
            .filter(|side| facts.leg(*side).direction() == Flow::SendOnly)
            .map(|side| Finding::Leg(side, Problem::SendsOnly)),
    );
    findings
}

/// Nobody took the call: signalling knows why. What failed beyond doubt until then is worth a word, what was missing is not, as it
/// might have come.
fn unanswered(facts: &CallFacts<'_>) -> Vec<Finding> {
    let first = match facts.end {
        Some(EndReason::Rejected(by)) => Finding::Rejected(by),
        Some(EndReason::GaveUp(by)) => Finding::GaveUp(by),
        Some(EndReason::NoAnswer(by)) => Finding::NoAnswer(by),
        Some(EndReason::Lost) => Finding::GivenUp,
        Some(EndReason::HungUp(_) | EndReason::NoMedia(_)) | None => Finding::NotAccepted {
            early: Side::BOTH.iter().any(|side| facts.leg(*side).early > 0),
        },
    };
    let failures = Side::BOTH.into_iter().filter_map(|side| {
        let problem = setup(facts, facts.leg(side)).filter(Problem::is_failure)?;
        Some(Finding::Leg(side, problem))
    });
    std::iter::once(first).chain(failures).collect()
}

/// The call was taken and audio never let through: that waits for the business's media alone.
fn answered_without_media(facts: &CallFacts<'_>, by: Side) -> Vec<Finding> {
    let mut problems = Side::BOTH
        .into_iter()
        .filter_map(|side| Some(Finding::Leg(side, setup(facts, facts.leg(side))?)));
    vec![problems.next().unwrap_or(Finding::TooShort(by))]
}

/// What keeps media from a side: the earliest link of the chain that is missing.
fn setup(facts: &CallFacts<'_>, leg: &LegFacts<'_>) -> Option<Problem> {
    if leg.mismatch {
        return Some(Problem::Fingerprint);
    }
    if let Some(what) = cut(leg.network) {
        return Some(Problem::NetworkCut(what));
    }
    if leg.is_local() {
        None
    } else if !leg.dtls_done {
        Some(no_keys(facts, leg))
    } else if !leg.nominated {
        Some(Problem::NoPair)
    } else {
        None
    }
}

/// An emulated network that let nothing through, and what of.
fn cut(network: Option<Passages>) -> Option<&'static str> {
    let network = network?;
    let all = |passage: Passage| passage.packets > 0 && passage.lost == passage.packets;
    match (all(network.from_peer), all(network.to_peer)) {
        (false, false) => None,
        (true, false) => Some("what it sent"),
        (false, true) => Some("what was sent to it"),
        (true, true) => Some("what it sent and what was sent to it"),
    }
}

fn no_keys(facts: &CallFacts<'_>, leg: &LegFacts<'_>) -> Problem {
    if !leg.checked {
        return no_check(leg);
    }
    if let Some(reason) = leg.dtls_failed {
        return Problem::DtlsFailed(reason.to_owned());
    }
    let Some(description) = leg.description else {
        return Problem::NoDescription;
    };
    if leg.dtls_started {
        return Problem::DtlsUnfinished;
    }
    match (description.role, leg.hello_ignored, facts.strays) {
        (DtlsRole::Client, ..) if !leg.nominated => Problem::NoPairForDtls,
        (_, Some((from, fault)), _) => Problem::HelloIgnored(from, fault),
        (DtlsRole::Client, ..) => Problem::DtlsNotBegun,
        (DtlsRole::Server, None, Some((from, hellos))) => Problem::StrayHellos { from, hellos },
        (DtlsRole::Server, None, None) => Problem::NoHello,
    }
}

fn no_check(leg: &LegFacts<'_>) -> Problem {
    let (password, foreign) = leg.refused_checks;
    if let Some(checker) = leg.wrong_password {
        return Problem::ChecksRefused {
            fault: CheckFault::Password,
            from: checker.from,
            checks: password.max(1),
            ufrag: checker.ufrag.to_owned(),
        };
    }
    if let Some(checker) = leg.foreign_ufrag {
        return Problem::ChecksRefused {
            fault: CheckFault::Ufrag,
            from: checker.from,
            checks: foreign.max(1),
            ufrag: checker.ufrag.to_owned(),
        };
    }
    if let Some(checker) = leg.others {
        return Problem::ChecksOfOthers {
            from: checker.from,
            ufrag: checker.ufrag.to_owned(),
        };
    }
    if leg.conflict {
        return Problem::RoleConflict;
    }
    if let Some((from, _)) = leg.hello_ignored {
        return Problem::HelloWithoutCheck(from);
    }
    if leg.description.is_some_and(|d| d.ice_lite) {
        return Problem::IceLite;
    }
    Problem::NoCheck(leg.addresses.to_vec())
}

/// What is wrong with the audio of a side whose media is up.
fn audio(leg: &LegFacts<'_>) -> Option<Problem> {
    if !leg.first_packet {
        return (!leg.is_local()).then(|| none_came(leg));
    }
    if let Some(secs) = leg.silent {
        let closed = leg.alert.is_some_and(|at| Some(at) >= leg.last_packet);
        return Some(match closed {
            true => Problem::ClosedThenSilent(secs),
            false => Problem::Stopped(secs),
        });
    }
    match (leg.audio, leg.listened) {
        (Some((0, _)), _) => Some(Problem::OnlyKeys),
        // Who listened knows better than who looked at sizes.
        (_, Some((1.., _))) => None,
        (Some((packets, empty)), _) if packets == empty => Some(Problem::OnlyEmptySound(packets)),
        (Some((packets, _)), Some((0, _))) => Some(Problem::NothingHeard(packets)),
        _ => None,
    }
}

fn none_came(leg: &LegFacts<'_>) -> Problem {
    match leg.payload_types {
        _ if leg.bad > 0 && leg.received == 0 && leg.early == 0 => Problem::BadAuthentication,
        Some((sent, agreed)) => Problem::PayloadType { sent, agreed },
        None if leg.received > 0 => Problem::NoAudioAmong(leg.received),
        None if leg.direction() == Flow::RecvOnly => Problem::ReceivesOnly,
        None if leg.early > 0 => Problem::OnlyEarly,
        None if leg.alert.is_some() => Problem::ClosedFirst,
        None => Problem::NoAudio,
    }
}

/// Audio went both ways; what was lost of it.
fn both_ways(facts: &CallFacts<'_>) -> Finding {
    let legs = Side::BOTH.map(|side| (side.as_str(), facts.leg(side)));
    let mut but = Vec::new();
    for (who, leg) in legs {
        if leg.loss() >= NOTABLE_LOSS {
            let percent = leg.loss() * 100.0;
            but.push(format!("{percent:.0} % of the {who}'s packets were lost"));
        }
    }
    for (who, leg) in legs {
        let Passages { from_peer, to_peer } = leg.network.unwrap_or_default();
        for (passage, what) in [
            (from_peer, "of what it sent"),
            (to_peer, "of what was sent to it"),
        ] {
            if passage.loss() >= NOTABLE_LOSS {
                let percent = passage.loss() * 100.0;
                but.push(format!(
                    "the network asked for at the {who} lost {percent:.0} % {what}"
                ));
            }
        }
    }
    Finding::BothWays {
        heard: legs
            .iter()
            .any(|(_, leg)| leg.listened.is_some_and(|(ms, _)| ms > 0)),
        but,
    }
}

impl Problem {
    /// Whether it is something that happened, not something that did not.
    fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::Fingerprint
                | Self::ChecksRefused { .. }
                | Self::RoleConflict
                | Self::IceLite
                | Self::HelloWithoutCheck(_)
                | Self::DtlsFailed(_)
                | Self::HelloIgnored(..)
        )
    }
}
