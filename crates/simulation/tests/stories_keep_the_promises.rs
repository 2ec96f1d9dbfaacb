//! Some seeds of what `scripts/test --only simulation` plays by the thousand.

#![allow(clippy::unwrap_used)]

use ahoy_platform::Grant;
use ahoy_simulation::act::OnCall;
use ahoy_simulation::{Act, Wish, play, run, story_of};

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

/// Media that came up while the disk was full is not forgotten: the user who then answers is heard.
#[test]
fn what_could_not_be_stored_is_stored_later() {
    let on_call = |act| Act::OnCall {
        pick: 0,
        acts: vec![act],
    };
    let acts = [
        Act::Permit {
            user: 0,
            number: 0,
            grant: Grant::Permanent,
        },
        Act::BusinessCalls { user: 0, number: 0 },
        // Longer than the media takes to come up.
        Act::DiskFull { commits: 9 },
        Act::Pass { ms: 3_000 },
        Act::Pass { ms: 15_000 },
        on_call(OnCall::Answer),
        Act::Pass { ms: 200 },
        on_call(OnCall::Digit),
    ];
    let wish = Wish {
        tell: true,
        ..Wish::default()
    };
    let outcome = play(1, &acts, wish);
    assert_eq!(outcome.breach, None);
    let story = outcome.story.join("\n");
    assert!(story.contains("Answer done"), "{story}");
    // Keys are for connected calls.
    assert!(story.contains("Digit done"), "{story}");
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
        "the disk is full",
    ] {
        assert!(all.contains(wanted), "no story says `{wanted}`");
    }
}
