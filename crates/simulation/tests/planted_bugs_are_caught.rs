//! Each planted bug is caught within a bounded number of seeds, and nothing is caught where none is planted.

#![allow(clippy::unwrap_used)]

use ahoy_simulation::{MUTATIONS, Wish, play, shrink, story_of};

/// Seeds within which a bug must show.
const BOUND: u64 = 60;

#[test]
fn each_of_them() {
    assert!(MUTATIONS.len() >= 10);
    let mut missed = Vec::new();
    for mutation in MUTATIONS {
        let wish = Wish {
            mutation: Some(mutation),
            ..Wish::default()
        };
        let caught = (1..=BOUND).find_map(|seed| {
            let breach = play(seed, &story_of(seed), wish).breach?;
            Some((seed, breach))
        });
        match caught {
            Some((seed, breach)) if mutation.breaks.contains(&breach.promise) => {
                println!("{:<34} seed {seed}: {breach}", mutation.name);
            }
            other => missed.push((mutation.name, other)),
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn and_its_story_is_short() {
    let mutation = ahoy_simulation::mutation::named("second-accept-wins").unwrap();
    let wish = Wish {
        mutation: Some(mutation),
        ..Wish::default()
    };
    let (seed, breach) = (1..=BOUND)
        .find_map(|seed| Some((seed, play(seed, &story_of(seed), wish).breach?)))
        .unwrap();
    let length = story_of(seed).len();
    let (acts, outcome) = shrink(seed, length, breach.promise, wish, |_| ());
    assert!(acts.len() <= 6, "{acts:?}");
    assert_eq!(outcome.breach.unwrap().promise, breach.promise);
    assert!(
        outcome
            .story
            .iter()
            .any(|line| line.contains("calls number"))
    );
}
