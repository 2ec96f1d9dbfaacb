//! A shorter story with the same breach: parts are left out, ever smaller ones, as long as the promise is still broken.

use crate::act::Act;
use crate::breach::Promise;
use crate::run::{Outcome, Wish, play, story_of};

/// Stories tried at most: a bound in time.
const TRIES: usize = 600;

/// The numbers, from 1, of the acts that are left of a seed's story of `length` acts, and how that ends, told. `tried` hears
/// how many acts each attempt has.
pub fn shrink(
    seed: u64,
    length: usize,
    promise: Promise,
    wish: Wish,
    mut tried: impl FnMut(usize),
) -> (Vec<usize>, Outcome) {
    let whole = story_of(seed);
    let acts = |numbers: &[usize]| -> Vec<Act> {
        let chosen = numbers.iter().filter_map(|n| whole.get(n - 1));
        chosen.cloned().collect()
    };
    let breaks = |numbers: &[usize]| {
        let breach = play(seed, &acts(numbers), wish).breach;
        breach.is_some_and(|breach| breach.promise == promise)
    };
    let best = leave_out((1..=length).collect(), TRIES, |numbers| {
        tried(numbers.len());
        breaks(numbers)
    });
    let told = Wish { tell: true, ..wish };
    let outcome = play(seed, &acts(&best), told);
    (best, outcome)
}

/// Leaves out parts as long as it still `breaks`, at most so many `tries`.
fn leave_out(
    mut best: Vec<usize>,
    tries: usize,
    mut breaks: impl FnMut(&[usize]) -> bool,
) -> Vec<usize> {
    let mut left = tries;
    let mut part = best.len().div_ceil(2).max(1);
    loop {
        let (mut from, mut shorter) = (0, false);
        while from < best.len() && left > 0 {
            let until = (from + part).min(best.len());
            let rest: Vec<usize> = [&best[..from], &best[until..]].concat();
            left -= 1;
            if breaks(&rest) {
                best = rest;
                shorter = true;
            } else {
                from = until;
            }
        }
        if left == 0 || (part == 1 && !shorter) {
            return best;
        }
        if !shorter {
            part = part.div_ceil(2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_is_left() {
        let needed = [3, 17, 18, 60];
        let breaks = |numbers: &[usize]| needed.iter().all(|n| numbers.contains(n));
        assert_eq!(leave_out((1..=70).collect(), 1_000, breaks), needed);
        // Without tries nothing is left out.
        assert_eq!(leave_out(vec![1, 2, 3], 0, |_| true), [1, 2, 3]);
    }
}
