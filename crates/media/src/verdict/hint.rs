//! What helps to look further: one more sentence where the facts suggest it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::facts::CallFacts;
use super::finding::{Finding, Problem};
use crate::Side;

/// A hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hint {
    /// Our address is one of loopback, and the peer named none of those.
    Loopback(SocketAddr),
    /// All addresses the peer named are private, and ours is not.
    Private(Side, IpAddr),
    /// Somebody had the leg before; the findings are about who came after.
    Replaced(Side),
}

/// The hints that go with the findings.
pub(super) fn hints(facts: &CallFacts<'_>, findings: &[Finding]) -> Vec<Hint> {
    let mut hints = Vec::new();
    for finding in findings {
        let Finding::Leg(side, problem) = finding else {
            continue;
        };
        let leg = facts.leg(*side);
        if leg.replaced {
            hints.push(Hint::Replaced(*side));
        }
        // Where the absence of checks was asked for there is nothing to look for.
        let (Problem::NoCheck(ours), Some(description), false) =
            (problem, leg.description, facts.faults.has("no_ice"))
        else {
            continue;
        };
        let theirs = description.candidates;
        let loopback = |address: &SocketAddr| address.ip().to_canonical().is_loopback();
        let private = |address: &SocketAddr| is_private(address.ip());
        if let Some(first) = ours.first()
            && ours.iter().all(loopback)
        {
            if !theirs.iter().any(loopback) {
                hints.push(Hint::Loopback(*first));
            }
        } else if let Some(first) = theirs.first()
            && theirs.iter().all(private)
            && !ours.iter().any(private)
        {
            hints.push(Hint::Private(*side, first.ip()));
        }
    }
    hints
}

/// Addresses that mean nothing outside their own network: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291 §2.5.6, loopback.
fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let shared = a == 100 && b & 0xc0 == 64;
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback(ours) => write!(
                f,
                "Hint: {ours} is reached from this machine alone; a stack that leaves loopback out, or runs in a container, needs another address: start with `--media-ip`."
            ),
            Self::Private(side, theirs) => write!(
                f,
                "Hint: the {}'s SDP names private addresses alone, such as {theirs}; from another network nobody reaches them.",
                side.as_str()
            ),
            Self::Replaced(side) => write!(
                f,
                "Another peer had the {}'s leg before; this is about the one that took it over.",
                side.as_str()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        let private = |text: &str| text.parse().is_ok_and(is_private);
        for text in [
            "10.1.2.3",
            "172.17.0.2",
            "192.168.1.9",
            "169.254.3.4",
            "100.64.0.1",
            "127.0.0.1",
            "fd00::1",
            "fe80::1",
            "::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(private(text), "{text}");
        }
        for text in [
            "192.0.2.1",
            "172.32.0.1",
            "100.128.0.1",
            "2001:db8::1",
            "8.8.8.8",
        ] {
            assert!(!private(text), "{text}");
        }
    }
}
