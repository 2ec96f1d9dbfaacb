//! What an engine is started with, and why it may refuse.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Settings of a relay.
#[derive(Debug, Clone)]
pub struct MediaConfig {
    /// Local addresses to receive on: one IPv4, one IPv6 or one of each.
    pub bind: Vec<IpAddr>,
    /// The IPv4 address to put into session descriptions, if it differs from the one bound (address translation, wildcard).
    pub advertise_v4: Option<Ipv4Addr>,
    /// The same for IPv6.
    pub advertise_v6: Option<Ipv6Addr>,
    /// Ports to use, one a worker (the same for IPv4 and IPv6), the first free ones; `0..=0` takes any free port.
    pub ports: RangeInclusive<u16>,
    /// Threads; zero means one a core, or one a port if there are fewer.
    pub workers: usize,
    /// No media after accept for this long is a [`TimeoutKind::Start`](crate::TimeoutKind::Start): 20 s (`media.md` §10).
    pub start_timeout: Duration,
    /// No packet within the call for this long is a [`TimeoutKind::Silence`](crate::TimeoutKind::Silence): 30 s.
    pub silence_timeout: Duration,
    /// Longest rest of a worker between two rounds under load; bounds the delay the relay adds. 1 ms; zero serves every packet at once.
    pub max_rest: Duration,
    /// Whether each step of a call's timeline is told as it happens ([`MediaEvent::Step`](crate::MediaEvent::Step)), not only in
    /// the report: a dozen events a call, none a packet. Off, because only somebody who watches gains by it.
    pub tell_steps: bool,
}

impl Default for MediaConfig {
    /// Loopback, any free port, one worker a core, the time-outs of the reference.
    fn default() -> Self {
        Self {
            bind: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            advertise_v4: None,
            advertise_v6: None,
            ports: 0..=0,
            workers: 0,
            start_timeout: Duration::from_secs(20),
            silence_timeout: Duration::from_secs(30),
            max_rest: Duration::from_millis(1),
            tell_steps: false,
        }
    }
}

/// Why an engine could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// Nothing to receive on.
    #[error("no media address is configured: one IPv4 or IPv6 address is needed")]
    NoAddress,
    /// Two addresses of one family.
    #[error("more than one {0} media address is configured")]
    TwoAddresses(&'static str),
    /// Bound to all addresses without saying which one to put into session descriptions.
    #[error("media is bound to all addresses ({0}), so the address to advertise must be given")]
    NothingToAdvertise(IpAddr),
    /// No port of the range could be bound by a worker.
    #[error("no free media port for worker {worker} on {address} within {first}-{last}")]
    NoPort {
        /// The worker's number, from 0.
        worker: usize,
        /// The address tried.
        address: IpAddr,
        /// First port of the range.
        first: u16,
        /// Last port of the range.
        last: u16,
    },
    /// An address that is not this machine's, or a lack of rights.
    #[error("media address {address} cannot be used: {source}")]
    Bind {
        /// The address tried.
        address: IpAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The DTLS certificate could not be made.
    #[error("no DTLS certificate could be made: {0}")]
    Certificate(String),
    /// A thread, a wake-up channel or randomness was refused.
    #[error("the system refuses {what}: {source}")]
    System {
        /// What was asked for.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
}
