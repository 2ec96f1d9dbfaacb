//! One sentence that answers "why was it silent?": a pure function of the timeline.
//!
//! The events of the timeline become facts a leg (`facts`). One ordered decision turns facts into findings (`decide`), the
//! earliest missing link first, as it explains what comes behind it. Each finding is one sentence (`finding`), and some have a
//! hint (`hint`). The rule: a sentence states only what was looked at, and denies no event of its own timeline. What each sentence
//! means and what to do about it is in `docs/verdicts.md`.

mod decide;
mod facts;
mod finding;
mod hint;

use crate::timeline::TimelineEntry;
use decide::decide;
use facts::CallFacts;

/// The sentence for a timeline that ends with its summaries, as a report has it. Where faults were asked for, another one names
/// them.
pub fn verdict(timeline: &[TimelineEntry]) -> String {
    let facts = CallFacts::gather(timeline);
    let findings = decide(&facts);
    let mut sentences: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let hints = hint::hints(&facts, &findings);
    sentences.extend(hints.iter().map(ToString::to_string));
    sentences.extend(facts.faults.sentence());
    sentences.join(" ")
}

/// Whether [`verdict`] names something that went wrong. A call nobody accepted has nothing wrong with its media.
pub fn is_at_fault(timeline: &[TimelineEntry]) -> bool {
    let findings = decide(&CallFacts::gather(timeline));
    findings.iter().any(finding::Finding::is_at_fault)
}

#[cfg(test)]
mod tests;
