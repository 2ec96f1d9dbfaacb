//! ICE-lite's memory of one leg: where the peer may be reached and which address it chose (RFC 8445 §7.3, `media.md` §5).

use std::net::SocketAddr;

/// A leg remembers no more addresses than this, the one used longest ago goes first. Four peers that want the same call, with four
/// addresses each, keep theirs until the description says whose call it is.
const MAX_ADDRESSES: usize = 16;

/// Addresses from which the peer sent verified checks, and the nominated one. Pure.
///
/// Until the peer's session description is there, anybody who got our offer may check: of several businesses that answer one call,
/// one wins. So each address goes with the user name fragment it checked under.
#[derive(Debug, Default)]
pub(crate) struct IceLite {
    /// Latest use last.
    known: Vec<Known>,
    nominated: Option<SocketAddr>,
}

#[derive(Debug)]
struct Known {
    address: SocketAddr,
    ufrag: Box<str>,
    nominated: bool,
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
    /// Takes note of a verified check made under the peer's `ufrag`. The latest nomination wins, so that a NAT that binds anew
    /// moves the media.
    pub fn checked(&mut self, from: SocketAddr, ufrag: &str, use_candidate: bool) -> Change {
        let mut change = Change {
            first: self.known.is_empty(),
            ..Change::default()
        };
        let mut known = match self.known.iter().position(|known| known.address == from) {
            Some(at) => self.known.remove(at),
            None => {
                change.added = true;
                if self.known.len() == MAX_ADDRESSES {
                    let oldest = self
                        .known
                        .iter()
                        .position(|known| Some(known.address) != self.nominated);
                    change.evicted = oldest.map(|at| self.known.remove(at).address);
                }
                Known {
                    address: from,
                    ufrag: ufrag.into(),
                    nominated: false,
                }
            }
        };
        if *known.ufrag != *ufrag {
            known.ufrag = ufrag.into();
        }
        known.nominated |= use_candidate;
        self.known.push(known);
        if use_candidate && self.nominated != Some(from) {
            change.nominated = Some(self.nominated.replace(from));
        }
        change
    }
    /// From now on only the peer with this `ufrag` counts: what others nominated is void, and their addresses, which are given
    /// back with the fragments they checked under, lead here no longer.
    pub fn belongs_to(&mut self, ufrag: &str) -> Vec<(SocketAddr, Box<str>)> {
        let strangers = self
            .known
            .extract_if(.., |known| *known.ufrag != *ufrag)
            .map(|known| (known.address, known.ufrag))
            .collect();
        let stays = self
            .nominated
            .is_some_and(|address| self.is_of(address, ufrag));
        if !stays {
            let mut latest = self.known.iter().rev().filter(|known| known.nominated);
            self.nominated = latest.next().map(|known| known.address);
        }
        strangers
    }
    /// Whether the address checked under this `ufrag`.
    pub fn is_of(&self, address: SocketAddr, ufrag: &str) -> bool {
        self.known
            .iter()
            .any(|known| known.address == address && *known.ufrag == *ufrag)
    }
    /// Where media goes.
    pub fn nominated(&self) -> Option<SocketAddr> {
        self.nominated
    }
    /// All addresses that have to be forgotten with the leg.
    pub fn known(&self) -> impl Iterator<Item = SocketAddr> {
        self.known.iter().map(|known| known.address)
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
        let change = ice.checked(at(1), "peer", false);
        assert!(change.first && change.added && change.nominated.is_none());
        assert_eq!(ice.nominated(), None);
        assert_eq!(ice.checked(at(1), "peer", true).nominated, Some(None));
        assert_eq!(
            ice.checked(at(2), "peer", false),
            Change {
                added: true,
                ..Change::default()
            }
        );
        assert_eq!(ice.nominated(), Some(at(1)));
        assert_eq!(
            ice.checked(at(2), "peer", true).nominated,
            Some(Some(at(1)))
        );
        assert_eq!(
            ice.checked(at(2), "peer", true),
            Change::default(),
            "a repeated nomination is no news"
        );
    }

    #[test]
    fn addresses_are_bounded_and_the_nominated_one_stays() {
        let mut ice = IceLite::default();
        ice.checked(at(1), "peer", true);
        for port in 2..=16 {
            assert_eq!(ice.checked(at(port), "peer", false).evicted, None);
        }
        ice.checked(at(2), "peer", false); // used again: no longer the oldest
        assert_eq!(ice.checked(at(17), "peer", false).evicted, Some(at(3)));
        for port in 18..200 {
            assert!(ice.checked(at(port), "peer", false).evicted.is_some());
        }
        assert_eq!(ice.known().count(), MAX_ADDRESSES);
        assert!(ice.known().any(|known| known == at(1)));
    }

    #[test]
    fn of_several_claimants_the_one_of_the_description_stays() {
        let mut ice = IceLite::default();
        ice.checked(at(1), "winner", true);
        ice.checked(at(2), "winner", false);
        ice.checked(at(3), "loser", true);
        assert_eq!(ice.nominated(), Some(at(3)));
        let gone = |others: Vec<(SocketAddr, Box<str>)>| -> Vec<SocketAddr> {
            others.into_iter().map(|(from, _)| from).collect()
        };
        assert_eq!(ice.belongs_to("winner"), [(at(3), "loser".into())]);
        assert_eq!(
            ice.nominated(),
            Some(at(1)),
            "not the one it never nominated"
        );
        assert_eq!(ice.belongs_to("winner"), [], "said once");
        assert_eq!(gone(ice.belongs_to("nobody")), [at(1), at(2)]);
        assert_eq!(ice.nominated(), None);
    }
}
