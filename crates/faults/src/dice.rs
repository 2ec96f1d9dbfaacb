//! Draws that depend on nothing but what is given.

/// SplitMix64's finaliser: spreads neighbouring numbers evenly.
const fn scramble(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A number from these, each of which changes it all.
pub(crate) fn mix(parts: &[u64]) -> u64 {
    parts
        .iter()
        .fold(0, |state, part| scramble(state ^ scramble(*part)))
}

/// Evenly in `0.0..1.0`.
pub(crate) fn draw(parts: &[u64]) -> f64 {
    (mix(parts) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_far_apart_and_the_share_is_right() {
        let hits = (0..10_000).filter(|n| draw(&[7, 0, *n]) < 0.3).count();
        assert!((2_850..3_150).contains(&hits), "{hits}");
        let both = (0..10_000)
            .filter(|n| draw(&[7, 0, *n]) < 0.3 && draw(&[7, 1, *n]) < 0.3)
            .count();
        assert!(
            (800..1_000).contains(&both),
            "{both}: rules are independent"
        );
        assert_eq!(draw(&[1, 2, 3]), draw(&[1, 2, 3]));
        assert_ne!(mix(&[1, 2]), mix(&[2, 1]));
    }
}
