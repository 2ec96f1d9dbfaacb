//! Who may have how many connections.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// The connections that are open.
#[derive(Debug)]
pub(super) struct Places {
    most: u32,
    per_source: u32,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: u32,
    by_source: HashMap<IpAddr, u32>,
}

/// One of them; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    source: Option<IpAddr>,
}

/// Who shares a number of connections: an address of IPv4, a /64 of IPv6, which is what one subscriber has. `None` is this machine.
fn source(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            Some(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into())
        }
        v4 => Some(v4),
    }
}

impl Places {
    pub(super) fn new(most: u32, per_source: u32) -> Self {
        Self {
            most,
            per_source,
            taken: Mutex::default(),
        }
    }

    /// A place for a connection from there, if there is one.
    pub(super) fn take(self: &Arc<Self>, from: IpAddr) -> Option<Place> {
        let source = source(from);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = source.map_or(0, |source| {
            taken.by_source.get(&source).copied().unwrap_or(0)
        });
        if taken.all >= self.most || own >= self.per_source {
            return None;
        }
        taken.all += 1;
        if let Some(source) = source {
            taken.by_source.insert(source, own + 1);
        }
        metrics::gauge!("ahoy_http_connections").set(f64::from(taken.all));
        Some(Place {
            places: Arc::clone(self),
            source,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let taken = &self.places.taken;
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        metrics::gauge!("ahoy_http_connections").set(f64::from(taken.all));
        let Some(source) = self.source else { return };
        // What is gone is not remembered: sources are as many as connections at most.
        match taken.by_source.get_mut(&source) {
            Some(own) if *own > 1 => *own -= 1,
            Some(_) => {
                taken.by_source.remove(&source);
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_source_has_its_share_and_gives_it_back() {
        let places = Arc::new(Places::new(4, 2));
        let held: Vec<_> = (0..2).map(|_| places.take(ip("192.0.2.1"))).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(places.take(ip("192.0.2.1")).is_none());
        assert!(places.take(ip("::ffff:192.0.2.1")).is_none(), "the same");
        let other = places.take(ip("2001:db8:1:2::1"));
        let same = places.take(ip("2001:db8:1:2:ffff::9"));
        assert!(other.is_some() && same.is_some());
        assert!(places.take(ip("127.0.0.1")).is_none(), "all are taken");
        drop(held);
        assert!(places.take(ip("2001:db8:1:2::3")).is_none(), "its share");
        assert!(places.take(ip("192.0.2.1")).is_some());
        drop((other, same));
        assert!(places.taken.lock().unwrap().by_source.is_empty());
        assert_eq!(places.taken.lock().unwrap().all, 0);
    }

    #[test]
    fn this_machine_is_bound_by_the_whole_alone() {
        let places = Arc::new(Places::new(50, 1));
        let held: Vec<_> = (0..60)
            .filter_map(|_| places.take(ip("127.0.0.1")))
            .collect();
        assert_eq!(held.len(), 50);
    }
}
