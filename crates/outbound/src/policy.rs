//! Which addresses and ports requests may go to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::Deserialize;

/// IPv4 that is not for everybody: the special-purpose registry (RFC 6890 and its successors), multicast, class E.
const SPECIAL_V4: [(Ipv4Addr, u8); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    (Ipv4Addr::new(168, 63, 129, 16), 32), // The platform address of a large host: public by number, local by route.
];

/// Where IPv6 has addresses for everybody.
const GLOBAL_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What is in there and is not for everybody: protocol assignments with Teredo and ORCHID, documentation.
const SPECIAL_V6: [(Ipv6Addr, u8); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Ports of HTTP; everything below 1024 beside them belongs to another protocol.
const WEB_PORTS: [u16; 2] = [80, 443];
const FIRST_FREE_PORT: u16 = 1024;

/// Most networks a configuration may allow.
const MOST_ALLOWED: usize = 256;

/// What `[outbound]` of the configuration says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyTable {
    /// Networks (`10.0.0.0/8`) and addresses that requests may go to besides the public ones.
    pub allow: Vec<String>,
    /// Ports below 1024 that requests may go to besides 80 and 443.
    pub ports: Vec<u16>,
}

/// A network that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not an address with or without a prefix length.
    #[error("[outbound] allow: `{0}` is neither an address nor a network like 10.0.0.0/8")]
    Network(String),
    /// An address with bits outside its prefix, which is as often a slip as not.
    #[error("[outbound] allow: `{0}` has bits after its prefix; the network is {1}")]
    HostBits(String, IpNet),
    /// More of them than a policy may have.
    #[error("[outbound] allow: at most {MOST_ALLOWED} networks are taken, there are {0}")]
    Many(usize),
}

/// Which addresses requests may go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Anywhere,
    Public { allow: Vec<IpNet>, ports: Vec<u16> },
}

impl Policy {
    /// Everywhere: for a sandbox, whose only tenant owns the machine.
    #[must_use]
    pub const fn anywhere() -> Self {
        Self(Kind::Anywhere)
    }

    /// Public addresses and nothing else.
    #[must_use]
    pub const fn public() -> Self {
        Self(Kind::Public {
            allow: Vec::new(),
            ports: Vec::new(),
        })
    }

    /// Public addresses, and what the table allows beside them.
    ///
    /// # Errors
    /// An entry that is no network.
    pub fn public_and(table: &PolicyTable) -> Result<Self, PolicyError> {
        if table.allow.len() > MOST_ALLOWED {
            return Err(PolicyError::Many(table.allow.len()));
        }
        let allow = table.allow.iter().map(|text| network(text));
        Ok(Self(Kind::Public {
            allow: allow.collect::<Result<_, _>>()?,
            ports: table.ports.clone(),
        }))
    }

    /// Whether everything is allowed.
    #[must_use]
    pub const fn is_anywhere(&self) -> bool {
        matches!(self.0, Kind::Anywhere)
    }

    /// Whether requests may go to this address. What carries an IPv4 address (mapped, NAT64, 6to4) is judged by it.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        let Kind::Public { allow, .. } = &self.0 else {
            return true;
        };
        let meant = meant(address);
        allow
            .iter()
            .any(|net| net.contains(&address) || net.contains(&meant))
            || is_public(meant)
    }

    /// Whether requests may go to this port.
    #[must_use]
    pub fn allows_port(&self, port: u16) -> bool {
        match &self.0 {
            Kind::Anywhere => true,
            Kind::Public { ports, .. } => {
                port >= FIRST_FREE_PORT || WEB_PORTS.contains(&port) || ports.contains(&port)
            }
        }
    }

    /// Whether requests may go there.
    #[must_use]
    pub fn allows_socket(&self, address: SocketAddr) -> bool {
        self.allows(address.ip()) && self.allows_port(address.port())
    }
}

fn network(text: &str) -> Result<IpNet, PolicyError> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.into());
    }
    let net: IpNet = text
        .parse()
        .map_err(|_| PolicyError::Network(text.chars().take(80).collect()))?;
    let whole = net.trunc();
    if whole == net {
        Ok(net)
    } else {
        Err(PolicyError::HostBits(text.to_owned(), whole))
    }
}

/// The address a packet to this one ends at: the IPv4 address that some forms of IPv6 carry.
fn meant(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let s = v6.segments();
    let v4 =
        |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match s {
        // Mapped (RFC 4291), its deprecated form, and the form translated by a stack (RFC 2765). Loopback and `::` are
        // read as 0.0.0.1 and 0.0.0.0, which are not public either.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low]
            if v6 != Ipv6Addr::LOCALHOST && v6 != Ipv6Addr::UNSPECIFIED =>
        {
            v4(high, low)
        }
        // NAT64's well-known prefix (RFC 6052).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => v4(high, low),
        _ => address,
    }
}

/// Whether an address is one of the internet's.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !SPECIAL_V4
            .iter()
            .any(|&(net, bits)| Ipv4Net::new_assert(net, bits).contains(&v4)),
        IpAddr::V6(v6) => {
            let within =
                |&(net, bits): &(Ipv6Addr, u8)| Ipv6Net::new_assert(net, bits).contains(&v6);
            // ISATAP (RFC 5214): the interface identifier carries an IPv4 address, in any prefix. Both must be public.
            let isatap = match v6.segments() {
                [.., 0 | 0x200, 0x5efe, high, low] => {
                    let v4 = (u32::from(high) << 16) | u32::from(low);
                    !is_public(IpAddr::V4(Ipv4Addr::from(v4)))
                }
                _ => false,
            };
            within(&GLOBAL_V6) && !SPECIAL_V6.iter().any(within) && !isatap
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_what_everybody_can_reach_is_public() {
        let public = Policy::public();
        for inside in [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.9",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:0:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "64:ff9b::169.254.169.254",
            "2002:7f00:1::",
            "2002:a00:1::5",
            "2001::1",
            "2001:db8::1",
            "2001:10::1",
            "100::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2a00::5efe:10.0.0.1",
            "2a00::200:5efe:7f00:1",
        ] {
            assert!(!public.allows(ip(inside)), "{inside}");
        }
        for outside in [
            "1.1.1.1",
            "8.8.8.8",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2606:4700:4700::1111",
            "2a00:1450::1",
            "2001:4860:4860::8888",
            "2a00::5efe:8.8.8.8",
        ] {
            assert!(public.allows(ip(outside)), "{outside}");
        }
    }

    #[test]
    fn ports_below_1024_are_those_of_http_and_what_is_allowed() {
        let public = Policy::public();
        for port in [80, 443, 1024, 8080, 65_535] {
            assert!(public.allows_port(port), "{port}");
        }
        for port in [0, 1, 22, 25, 53, 465, 587, 1023] {
            assert!(!public.allows_port(port), "{port}");
        }
        let table = PolicyTable {
            ports: vec![587],
            ..PolicyTable::default()
        };
        assert!(Policy::public_and(&table).unwrap().allows_port(587));
    }

    #[test]
    fn what_is_allowed_is_allowed_in_every_form_of_it() {
        let table: PolicyTable =
            toml::from_str("allow = [\"10.0.0.0/8\", \"127.0.0.1\", \"fd00::/8\", \"::1\"]")
                .unwrap();
        let policy = Policy::public_and(&table).unwrap();
        for inside in [
            "10.9.8.7",
            "::ffff:10.9.8.7",
            "64:ff9b::10.9.8.7",
            "2002:a09:807::1",
            "127.0.0.1",
            "fd12::1",
            "::1",
            "8.8.8.8",
        ] {
            assert!(policy.allows(ip(inside)), "{inside}");
        }
        for outside in [
            "127.0.0.2",
            "192.168.0.1",
            "fe80::1",
            "::",
            "::ffff:192.168.0.1",
        ] {
            assert!(!policy.allows(ip(outside)), "{outside}");
        }
        assert!(!policy.allows_socket("10.9.8.7:22".parse().unwrap()));
    }

    #[test]
    fn an_entry_that_is_no_network_is_named() {
        let refused = |entry: &str| {
            let allow = vec![entry.to_owned()];
            let table = PolicyTable {
                allow,
                ports: Vec::new(),
            };
            Policy::public_and(&table).unwrap_err().to_string()
        };
        assert!(refused("10.0.0.0/33").contains("`10.0.0.0/33` is neither"));
        assert!(refused("localhost").contains("`localhost` is neither"));
        assert!(refused("10.1.0.0/8").contains("the network is 10.0.0.0/8"));
        assert!(toml::from_str::<PolicyTable>("deny = []").is_err());
    }

    proptest! {
        /// However an IPv4 address is dressed, it is judged as itself.
        #[test]
        fn an_address_is_judged_alike_in_every_form(bits: u32) {
            let v4 = Ipv4Addr::from(bits);
            let (high, low) = ((bits >> 16) as u16, (bits & 0xffff) as u16);
            let forms = [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            ];
            let public = Policy::public();
            for form in forms {
                prop_assert_eq!(public.allows(form.into()), public.allows(v4.into()), "{}", form);
            }
        }
    }
}
