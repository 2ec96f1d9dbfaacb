//! The framing of Opus packets (RFC 6716 §3): whether a payload can be one at all. Nothing is decoded.

/// The longest frame in bytes (RFC 6716 §3.2, R2).
const MAX_FRAME: usize = 1_275;
/// The longest packet in ticks of 48 kHz: 120 ms (R5).
const MAX_TICKS: u32 = 5_760;

/// Whether a payload keeps the rules R1 to R7 of RFC 6716 §3.4. A packet without sound (DTX) does; an empty payload does not.
pub fn is_well_formed(payload: &[u8]) -> bool {
    frames(payload).is_some()
}

/// How many frames a packet holds, or `None` if a rule is broken.
fn frames(payload: &[u8]) -> Option<u8> {
    let (toc, rest) = payload.split_first()?;
    match toc & 3 {
        0 => (rest.len() <= MAX_FRAME).then_some(1),
        1 => (rest.len() % 2 == 0 && rest.len() / 2 <= MAX_FRAME).then_some(2),
        2 => {
            let (first, rest) = length(rest)?;
            (rest.len().checked_sub(first)? <= MAX_FRAME).then_some(2)
        }
        _ => many(*toc, rest),
    }
}

/// A packet of any number of frames (RFC 6716 §3.2.5).
fn many(toc: u8, rest: &[u8]) -> Option<u8> {
    let (head, mut rest) = rest.split_first()?;
    let count = head & 0x3f;
    if count == 0 || u32::from(count) * frame_ticks(toc) > MAX_TICKS {
        return None;
    }
    if head & 0x40 != 0 {
        let mut padding = 0;
        loop {
            let (more, left) = rest.split_first()?;
            rest = left;
            if *more < 255 {
                padding += usize::from(*more);
                break;
            }
            padding += 254;
        }
        rest = rest.get(..rest.len().checked_sub(padding)?)?;
    }
    let count_of = usize::from(count);
    if head & 0x80 == 0 {
        let even = rest.len() % count_of == 0 && rest.len() / count_of <= MAX_FRAME;
        return even.then_some(count);
    }
    let mut taken = 0;
    for _ in 1..count {
        let (len, left) = length(rest)?;
        rest = left;
        taken += len;
    }
    (rest.len().checked_sub(taken)? <= MAX_FRAME).then_some(count)
}

/// A frame's length of one or two bytes (RFC 6716 §3.2.1).
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match *bytes {
        [first @ 0..252, ref rest @ ..] => Some((first.into(), rest)),
        [first, second, ref rest @ ..] => {
            Some((usize::from(first) + 4 * usize::from(second), rest))
        }
        _ => None,
    }
}

/// Length of a frame in ticks of 48 kHz by the configuration number (RFC 6716 §3.1, table 2).
const fn frame_ticks(toc: u8) -> u32 {
    let config = toc >> 3;
    let size = config & 3;
    match (config, size) {
        (0..12, 0) => 480,
        (0..12, 1) => 960,
        (0..12, 2) => 1_920,
        (0..12, _) => 2_880,
        (12..16, _) => 480 << (config & 1),
        (_, _) => 120 << size,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_rule_of_the_rfc_holds() {
        let filled = |head: &[u8], len: usize| [head, &vec![7; len]].concat();
        for (sound, packet) in [
            (false, vec![]),
            (true, vec![0x48]),
            (true, filled(&[0x48], 1_275)),
            (false, filled(&[0x48], 1_276)),
            (true, filled(&[0x49], 40)),
            (false, filled(&[0x49], 41)),
            (true, filled(&[0x4a, 5], 9)),
            (false, filled(&[0x4a, 10], 9)),
            (false, vec![0x4a]),
            (false, vec![0x4a, 252]),
            (false, vec![0x4b]),
            (false, vec![0x4b, 0]),
            (true, filled(&[0x4b, 6], 6)),
            (false, filled(&[0x4b, 7], 7)),
            (false, filled(&[0x4b, 4], 6)),
            (true, filled(&[0x4b, 0x82, 2], 6)),
            (false, filled(&[0x4b, 0x82, 7], 6)),
            (true, filled(&[0x4b, 0x41, 2], 2)),
            (false, filled(&[0x4b, 0x41, 3], 2)),
            (false, vec![0x4b, 0x41, 255]),
            (true, filled(&[0x4b, 0x41, 255, 1], 255)),
        ] {
            assert_eq!(is_well_formed(&packet), sound, "{packet:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(count) = frames(&bytes) {
                prop_assert!(u32::from(count) * frame_ticks(bytes[0]) <= MAX_TICKS || bytes[0] & 3 < 3);
            }
        }
    }
}
