//! ClientHellos from addresses of no call: remembered for a while, so that no report denies them.

use std::net::SocketAddr;
use std::time::Instant;

/// Addresses remembered; the one seen longest ago goes first.
const MAX_STRAYS: usize = 32;

/// ClientHellos of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stray {
    pub from: SocketAddr,
    pub last: Instant,
    pub hellos: u64,
}

/// Those a worker remembers.
#[derive(Debug, Default)]
pub(crate) struct Strays(Vec<Stray>);

impl Strays {
    /// A ClientHello came from an address that no leg knows.
    pub fn came(&mut self, from: SocketAddr, now: Instant) {
        let hellos = match self.0.iter().position(|stray| stray.from == from) {
            Some(at) => self.0.remove(at).hellos + 1,
            None => 1,
        };
        if self.0.len() == MAX_STRAYS {
            self.0.remove(0);
        }
        self.0.push(Stray {
            from,
            last: now,
            hellos,
        });
    }
    /// Latest last.
    pub fn all(&self) -> &[Stray] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_counted_by_address_and_bounded() {
        let (mut strays, now) = (Strays::default(), Instant::now());
        let at = |port| SocketAddr::from(([192, 0, 2, 1], port));
        for port in 0..100 {
            strays.came(at(port), now);
            strays.came(at(7), now);
        }
        assert_eq!(strays.all().len(), MAX_STRAYS);
        let last = strays.all().last().map(|s| (s.from, s.hellos));
        assert_eq!(last, Some((at(7), 101)));
    }
}
