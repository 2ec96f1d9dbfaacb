//! ICE-lite's memory of one leg: where the peer may be reached and which address it chose (RFC 8445 §7.3, `media.md` §5).

use std::net::SocketAddr;

/// A leg remembers no more addresses than this; a peer with more loses the one it used longest ago.
const MAX_ADDRESSES: usize = 8;

/// Addresses from which the peer sent verified checks, and the nominated one. Pure.
#[derive(Debug, Default)]
pub(crate) struct IceLite {
    /// Latest use last.
    known: Vec<SocketAddr>,
    nominated: Option<SocketAddr>,
}

/// What a verified check changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// The leg's first verified check.
    pub first: bool,
    /// The address is new and has to be looked up from now on.
    pub added: bool,
    /// This one is forgotten.
    pub evicted: Option<SocketAddr>,
    /// Media goes to the check's source from now on; before, it went to the address inside, if anywhere.
    pub nominated: Option<Option<SocketAddr>>,
}

impl IceLite {
    /// Takes note of a verified check. The latest nomination wins, so that a NAT that binds anew moves the media.
    pub fn checked(&mut self, from: SocketAddr, use_candidate: bool) -> Change {
        let mut change = Change {
            first: self.known.is_empty(),
            ..Change::default()
        };
        match self.known.iter().position(|known| *known == from) {
            Some(at) => self.known.remove(at),
            None => {
                change.added = true;
                if self.known.len() == MAX_ADDRESSES {
                    let oldest = self
                        .known
                        .iter()
                        .position(|known| Some(*known) != self.nominated);
                    change.evicted = oldest.map(|at| self.known.remove(at));
                }
                from
            }
        };
        self.known.push(from);
        if use_candidate && self.nominated != Some(from) {
            change.nominated = Some(self.nominated.replace(from));
        }
        change
    }
    /// Where media goes.
    pub fn nominated(&self) -> Option<SocketAddr> {
        self.nominated
    }
    /// All addresses that have to be forgotten with the leg.
    pub fn known(&self) -> &[SocketAddr] {
        &self.known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    #[test]
    fn the_latest_nomination_wins() {
        let mut ice = IceLite::default();
        let change = ice.checked(at(1), false);
        assert!(change.first && change.added && change.nominated.is_none());
        assert_eq!(ice.nominated(), None);
        assert_eq!(ice.checked(at(1), true).nominated, Some(None));
        assert_eq!(
            ice.checked(at(2), false),
            Change {
                added: true,
                ..Change::default()
            }
        );
        assert_eq!(ice.nominated(), Some(at(1)));
        assert_eq!(ice.checked(at(2), true).nominated, Some(Some(at(1))));
        assert_eq!(
            ice.checked(at(2), true),
            Change::default(),
            "a repeated nomination is no news"
        );
    }

    #[test]
    fn addresses_are_bounded_and_the_nominated_one_stays() {
        let mut ice = IceLite::default();
        ice.checked(at(1), true);
        for port in 2..=8 {
            assert_eq!(ice.checked(at(port), false).evicted, None);
        }
        ice.checked(at(2), false); // used again: no longer the oldest
        assert_eq!(ice.checked(at(9), false).evicted, Some(at(3)));
        for port in 10..200 {
            assert!(ice.checked(at(port), false).evicted.is_some());
        }
        assert_eq!(ice.known().len(), MAX_ADDRESSES);
        assert!(ice.known().contains(&at(1)));
    }
}
