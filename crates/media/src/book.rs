//! Whose packets come from an address. Most addresses belong to one leg; a peer that carries many calls over one socket
//! shares its address among several, told apart by SSRC and, for the first packet of each, by the key that authenticates.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::Side;

/// One leg of one call of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LegKey {
    pub call: u32,
    pub side: Side,
}

/// Legs at one address.
#[derive(Debug)]
pub(crate) enum Owners {
    One(LegKey),
    Many(Box<Shared>),
}

/// The legs of a peer that has one socket for many calls.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Latest use of the address last.
    legs: Vec<LegKey>,
    by_ssrc: HashMap<u32, LegKey>,
}

impl Shared {
    /// The leg known to receive from this source.
    pub fn by_ssrc(&self, ssrc: u32) -> Option<LegKey> {
        self.by_ssrc.get(&ssrc).copied()
    }
    /// All of them, the latest first.
    pub fn legs(&self) -> impl Iterator<Item = LegKey> {
        self.legs.iter().rev().copied()
    }
}

/// The address book of a worker.
#[derive(Debug, Default)]
pub(crate) struct Book {
    owners: HashMap<SocketAddr, Owners>,
}

impl Book {
    pub fn find(&self, address: SocketAddr) -> Option<&Owners> {
        self.owners.get(&address)
    }
    /// A leg has proved that it is at this address.
    pub fn add(&mut self, address: SocketAddr, leg: LegKey) {
        let entry = self.owners.entry(address).or_insert(Owners::One(leg));
        match entry {
            Owners::One(owner) if *owner == leg => {}
            Owners::One(owner) => {
                let legs = vec![*owner, leg];
                *entry = Owners::Many(Box::new(Shared {
                    legs,
                    by_ssrc: HashMap::new(),
                }));
            }
            Owners::Many(shared) => {
                shared.legs.retain(|known| *known != leg);
                shared.legs.push(leg);
            }
        }
    }
    /// A packet of this source authenticated with the leg's key.
    pub fn learn(&mut self, address: SocketAddr, ssrc: u32, leg: LegKey) {
        if let Some(Owners::Many(shared)) = self.owners.get_mut(&address) {
            // One source a leg; what a leg used before is of no use any more.
            shared.by_ssrc.retain(|_, known| *known != leg);
            shared.by_ssrc.insert(ssrc, leg);
        }
    }
    /// The leg is gone from this address.
    pub fn remove(&mut self, address: SocketAddr, leg: LegKey) {
        match self.owners.get_mut(&address) {
            Some(Owners::One(owner)) if *owner == leg => {
                self.owners.remove(&address);
            }
            Some(Owners::Many(shared)) => {
                shared.legs.retain(|known| *known != leg);
                shared.by_ssrc.retain(|_, known| *known != leg);
                if let [last] = *shared.legs.as_slice() {
                    self.owners.insert(address, Owners::One(last));
                }
            }
            _ => {}
        }
    }
    /// Addresses known.
    pub fn len(&self) -> usize {
        self.owners.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }
    fn leg(call: u32) -> LegKey {
        LegKey {
            call,
            side: Side::Business,
        }
    }
    fn legs(book: &Book, port: u16) -> Vec<u32> {
        match book.find(at(port)) {
            None => vec![],
            Some(Owners::One(leg)) => vec![leg.call],
            Some(Owners::Many(shared)) => shared.legs().map(|leg| leg.call).collect(),
        }
    }

    #[test]
    fn an_address_may_be_shared_and_shrinks_again() {
        let mut book = Book::default();
        book.add(at(1), leg(1));
        book.add(at(1), leg(1));
        assert_eq!(legs(&book, 1), [1]);
        book.add(at(1), leg(2));
        book.add(at(1), leg(3));
        book.add(at(1), leg(2));
        assert_eq!(legs(&book, 1), [2, 3, 1]);
        book.remove(at(1), leg(9));
        book.remove(at(1), leg(1));
        book.remove(at(1), leg(3));
        assert_eq!(legs(&book, 1), [2]);
        assert!(matches!(book.find(at(1)), Some(Owners::One(_))));
        book.remove(at(1), leg(2));
        assert_eq!((book.len(), legs(&book, 1)), (0, vec![]));
    }

    #[test]
    fn sources_lead_to_the_leg_of_a_shared_address() {
        let mut book = Book::default();
        book.add(at(1), leg(1));
        book.learn(at(1), 7, leg(1)); // not shared: nothing to learn
        book.add(at(1), leg(2));
        book.learn(at(1), 8, leg(2));
        book.learn(at(1), 9, leg(2));
        let by_ssrc = |book: &Book, ssrc| match book.find(at(1)) {
            Some(Owners::Many(shared)) => shared.by_ssrc(ssrc).map(|leg| leg.call),
            _ => None,
        };
        assert_eq!(
            [7, 8, 9].map(|ssrc| by_ssrc(&book, ssrc)),
            [None, None, Some(2)]
        );
    }
}
