//! What people read: why a call ended, how a call stands in the thread.

use ahoy_calling::EndCause;
use ahoy_platform::CallView;
use ahoy_types::Direction;
use serde::de::value::{Error as Unknown, StrDeserializer};
use serde::{Deserialize as _, Serialize};

/// The cause behind its word; every word of ours has one.
fn cause_of(word: &str) -> Option<EndCause> {
    EndCause::deserialize(StrDeserializer::<Unknown>::new(word)).ok()
}

/// One sentence of why a call is over, for the person with the phone. `cause` is [`EndCause::as_str`].
pub(crate) fn ended(cause: &str, direction: Direction) -> &'static str {
    let Some(cause) = cause_of(cause) else {
        return "The call ended.";
    };
    match (cause, direction) {
        (EndCause::BusinessHungUp, _) => "The business hung up.",
        (EndCause::UserHungUp, _) => "You hung up.",
        (EndCause::BusinessRejected, _) => "The business declined the call.",
        (EndCause::UserDeclined, _) => "You declined the call.",
        (EndCause::Abandoned, _) => "You hung up before the business answered.",
        (EndCause::Cancelled, _) => "The business stopped calling before you answered.",
        (EndCause::NoAnswer, Direction::UserInitiated) => "The business did not answer.",
        (EndCause::NoAnswer, Direction::BusinessInitiated) => "You did not answer in time.",
        (EndCause::BusinessMediaTimeout, _) => {
            "No sound came from the business, so the call was ended."
        }
        (EndCause::UserMediaTimeout, _) => "No sound came from this phone, so the call was ended.",
        (EndCause::NoMedia, _) => "The call ended before any sound came from the business.",
        (EndCause::SetupLost, _) => "The server stopped before the call was connected.",
        (EndCause::RelayLost, _) => "The server stopped during the call.",
    }
}

/// What became of a call, as its entry in the thread shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It rings.
    Ringing,
    /// People talk.
    Connected,
    /// It was answered and ended in an ordinary way.
    Answered,
    /// A business called and the user did not take it.
    Missed,
    /// Whoever was called did not want it.
    Declined,
    /// The user called and gave up.
    Cancelled,
    /// The user called and nobody answered.
    NoAnswer,
    /// A technical failure.
    Failed,
}

/// What became of a call.
pub(crate) fn outcome(call: &CallView) -> Outcome {
    let Some(cause) = call.end_cause.and_then(cause_of) else {
        return match call.state {
            "ringing" => Outcome::Ringing,
            "connected" => Outcome::Connected,
            _ => Outcome::Failed,
        };
    };
    match (cause, call.direction) {
        (EndCause::BusinessHungUp | EndCause::UserHungUp, _) => Outcome::Answered,
        (EndCause::BusinessRejected | EndCause::UserDeclined, _) => Outcome::Declined,
        (EndCause::Abandoned, _) => Outcome::Cancelled,
        (EndCause::Cancelled, _) => Outcome::Missed,
        (EndCause::NoAnswer, Direction::BusinessInitiated) => Outcome::Missed,
        (EndCause::NoAnswer, Direction::UserInitiated) => Outcome::NoAnswer,
        (
            EndCause::BusinessMediaTimeout
            | EndCause::UserMediaTimeout
            | EndCause::NoMedia
            | EndCause::SetupLost
            | EndCause::RelayLost,
            _,
        ) => Outcome::Failed,
    }
}

/// The heading of a call's entry in the thread.
pub(crate) fn heading(direction: Direction, outcome: Outcome) -> &'static str {
    let incoming = direction == Direction::BusinessInitiated;
    match outcome {
        Outcome::Ringing if incoming => "Incoming call, ringing",
        Outcome::Ringing => "Outgoing call, ringing",
        Outcome::Connected => "Call in progress",
        Outcome::Answered if incoming => "Incoming call",
        Outcome::Answered => "Outgoing call",
        Outcome::Missed => "Missed call",
        Outcome::Declined if incoming => "Call you declined",
        Outcome::Declined => "Call declined by the business",
        Outcome::Cancelled => "Cancelled call",
        Outcome::NoAnswer => "Call without an answer",
        Outcome::Failed => "Call that failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAUSES: [EndCause; 12] = [
        EndCause::BusinessHungUp,
        EndCause::UserHungUp,
        EndCause::BusinessRejected,
        EndCause::UserDeclined,
        EndCause::Abandoned,
        EndCause::Cancelled,
        EndCause::NoAnswer,
        EndCause::BusinessMediaTimeout,
        EndCause::UserMediaTimeout,
        EndCause::NoMedia,
        EndCause::SetupLost,
        EndCause::RelayLost,
    ];

    #[test]
    fn every_end_has_its_own_sentence() {
        let mut seen = std::collections::BTreeSet::new();
        for cause in CAUSES {
            let sentence = ended(cause.as_str(), Direction::UserInitiated);
            assert!(seen.insert(sentence), "{cause:?} shares `{sentence}`");
            assert_ne!(sentence, "The call ended.", "{cause:?} has no sentence");
        }
        assert_ne!(
            ended("no_answer", Direction::UserInitiated),
            ended("no_answer", Direction::BusinessInitiated)
        );
    }
}
