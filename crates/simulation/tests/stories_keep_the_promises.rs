//! Some seeds of what `scripts/test --only simulation` plays by the thousand.

#![allow(clippy::unwrap_used)]

use ahoy_simulation::{Wish, play, run, story_of};

#[test]
fn whatever_happens() {
    for seed in 1..=40 {
        let outcome = play(seed, &story_of(seed), Wish::default());
        assert_eq!(outcome.breach, None, "seed {seed}");
    }
}

#[test]
fn a_story_ends_alike_whenever_and_wherever_it_is_played() {
    for seed in 1..=4 {
        assert_eq!(run::compare(seed, &story_of(seed)), None, "seed {seed}");
    }
}

#[test]
fn every_kind_of_act_has_its_effect() {
    let all: String = (1..=40)
        .flat_map(|seed| {
            let wish = Wish {
                tell: true,
                ..Wish::default()
            };
            play(seed, &story_of(seed), wish).story
        })
        .collect::<Vec<_>>()
        .join("\n");
    for wanted in [
        "is placed",
        "Accept { sdp: 0 } done",
        "PreAccept { sdp: 0 } done",
        "Answer done",
        "Decline done",
        "Reject done",
        "Terminate done",
        "HangUp done",
        "Ring done",
        "Digit done",
        "concurrent calls",
        "connect requests in 24 hours",
        "limit of connected calls",
        "permission requests",
        "no approved call permission",
        "the power is gone",
        "it died twice while it recovered",
        "You have blocked this business",
    ] {
        assert!(all.contains(wanted), "no story says `{wanted}`");
    }
}
