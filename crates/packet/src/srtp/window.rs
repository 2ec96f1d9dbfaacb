//! Packet indices already used, by source (RFC 3711 §3.3.1 and §3.3.2).

use super::{MAX_SOURCES, SrtpError};
use crate::rtp::nearest_index;

/// Indices below the highest that the window remembers.
const WIDTH: u64 = 128;

/// The replay window of one source: bit n says that `highest - n` was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    highest: u64,
    used: u128,
}

impl Window {
    fn check(&self, index: u64) -> Result<(), SrtpError> {
        match self.highest.checked_sub(index) {
            None => Ok(()),
            Some(age) if age >= WIDTH || self.used >> age & 1 == 1 => Err(SrtpError::Replayed),
            Some(_) => Ok(()),
        }
    }

    fn mark(&mut self, index: u64) {
        if let Some(age) = self.highest.checked_sub(index) {
            self.used |= 1u128.checked_shl(age as u32).unwrap_or(0);
        } else {
            let step = index - self.highest;
            let kept = if step < WIDTH { self.used << step } else { 0 };
            *self = Self {
                highest: index,
                used: kept | 1,
            };
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Source {
    ssrc: u32,
    /// When it was last used, counted in packets of all sources.
    last_used: u64,
    window: Window,
}

/// The windows of a bounded number of sources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sources {
    slots: [Option<Source>; MAX_SOURCES],
    packets: u64,
}

/// What to do with a new source when all slots are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenFull {
    /// Forget the one idle longest: the receiver's choice, since the new source has proved that it holds the key.
    Evict,
    /// Refuse: the sender's choice, since a forgotten source that came back would repeat its key stream.
    Refuse,
}

impl Sources {
    fn find(&self, ssrc: u32) -> Option<&Window> {
        self.slots
            .iter()
            .flatten()
            .find(|source| source.ssrc == ssrc)
            .map(|source| &source.window)
    }

    /// The index of the RTP packet `sequence` of `ssrc`, if it was not used before. Changes nothing.
    pub(super) fn estimate(&self, ssrc: u32, sequence: u16) -> Result<u64, SrtpError> {
        let Some(window) = self.find(ssrc) else {
            return Ok(u64::from(sequence));
        };
        let index = nearest_index(window.highest, sequence);
        if index >> 48 != 0 {
            return Err(SrtpError::KeyExhausted);
        }
        window.check(index)?;
        Ok(index)
    }

    /// Whether the explicit `index` of `ssrc` was not used before. Changes nothing.
    pub(super) fn check(&self, ssrc: u32, index: u64) -> Result<(), SrtpError> {
        self.find(ssrc).map_or(Ok(()), |window| window.check(index))
    }

    /// Whether `ssrc` has a slot or can get one without eviction.
    pub(super) fn has_room(&self, ssrc: u32) -> bool {
        self.slots
            .iter()
            .any(|slot| slot.is_none_or(|source| source.ssrc == ssrc))
    }

    /// Marks `index` of `ssrc` as used. Only for packets that are authentic.
    pub(super) fn mark(
        &mut self,
        ssrc: u32,
        index: u64,
        when_full: WhenFull,
    ) -> Result<(), SrtpError> {
        if !self.has_room(ssrc) && when_full == WhenFull::Refuse {
            return Err(SrtpError::TooManySources);
        }
        self.packets += 1;
        let known = self
            .slots
            .iter_mut()
            .flatten()
            .find(|source| source.ssrc == ssrc);
        if let Some(source) = known {
            source.last_used = self.packets;
            source.window.mark(index);
            return Ok(());
        }
        // Empty slots come first: `None` is less than any `Some`.
        let slot = self
            .slots
            .iter_mut()
            .min_by_key(|slot| slot.map(|source| source.last_used));
        if let Some(slot) = slot {
            *slot = Some(Source {
                ssrc,
                last_used: self.packets,
                window: Window {
                    highest: index,
                    used: 1,
                },
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn a_window_knows_what_it_has_seen_and_what_is_too_old() {
        let mut sources = Sources::default();
        for index in [1_000, 1_002, 1_127] {
            sources.mark(1, index, WhenFull::Refuse).unwrap();
        }
        assert_eq!(sources.check(1, 1_000), Err(SrtpError::Replayed));
        assert_eq!(sources.check(1, 1_001), Ok(()));
        assert_eq!(sources.check(1, 1_002), Err(SrtpError::Replayed));
        assert_eq!(sources.check(1, 999), Err(SrtpError::Replayed));
        assert_eq!(sources.check(1, 1_128), Ok(()));
        assert_eq!(sources.check(2, 1_000), Ok(()));
    }

    #[test]
    fn a_jump_beyond_the_window_forgets_all_of_it() {
        let mut sources = Sources::default();
        sources.mark(1, 5, WhenFull::Refuse).unwrap();
        sources.mark(1, 5 + WIDTH, WhenFull::Refuse).unwrap();
        assert_eq!(sources.check(1, 5), Err(SrtpError::Replayed));
        assert_eq!(sources.check(1, 6), Ok(()));
        assert_eq!(sources.check(1, 5 + WIDTH), Err(SrtpError::Replayed));
    }

    #[test]
    fn the_source_idle_longest_makes_room_or_the_new_one_is_refused() {
        let mut sources = Sources::default();
        for ssrc in [10, 11, 12, 13, 10] {
            let index = sources.packets;
            sources.mark(ssrc, index, WhenFull::Refuse).unwrap();
        }
        let before = sources.clone();
        assert_eq!(
            sources.mark(14, 0, WhenFull::Refuse),
            Err(SrtpError::TooManySources)
        );
        assert_eq!(sources, before);
        sources.mark(14, 0, WhenFull::Evict).unwrap();
        assert!(sources.find(11).is_none());
        for ssrc in [10, 12, 13, 14] {
            assert!(sources.find(ssrc).is_some(), "{ssrc}");
        }
    }

    #[test]
    fn the_last_index_of_a_key_is_not_passed() {
        let mut sources = Sources::default();
        sources.mark(1, (1 << 48) - 1, WhenFull::Refuse).unwrap();
        assert_eq!(sources.estimate(1, 0), Err(SrtpError::KeyExhausted));
    }

    proptest! {
        #[test]
        fn no_index_passes_twice_and_every_new_one_in_the_window_passes(
            indices in prop::collection::vec(0u64..600, 1..400)
        ) {
            let mut sources = Sources::default();
            let mut seen = HashSet::new();
            let mut highest = None;
            for index in indices {
                let fresh = !seen.contains(&index)
                    && highest.is_none_or(|highest: u64| index + WIDTH > highest);
                prop_assert_eq!(sources.check(7, index).is_ok(), fresh);
                if fresh {
                    sources.mark(7, index, WhenFull::Refuse).unwrap();
                    seen.insert(index);
                    highest = highest.max(Some(index));
                }
            }
        }
    }
}
