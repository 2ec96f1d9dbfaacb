//! Ports: a range in an option, and a listener that steps aside when the default port is busy.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use anyhow::Context;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpSocket};

/// `FIRST-LAST`, one port, or 0 for any free ones.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PortRange(pub RangeInclusive<u16>);

impl FromStr for PortRange {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            format!("`{text}` is no port range: FIRST-LAST is expected, for example 40000-40007")
        };
        let port = |t: &str| t.trim().parse::<u16>().map_err(|_| bad());
        let range = match text.split_once('-') {
            Some((first, last)) => port(first)?..=port(last)?,
            None => {
                let only = port(text)?;
                only..=only
            }
        };
        if range.is_empty() || (*range.start() == 0 && *range.end() != 0) {
            return Err(bad());
        }
        Ok(Self(range))
    }
}

impl TryFrom<String> for PortRange {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// A bound listener.
pub(crate) struct Bound {
    pub listener: TcpListener,
    pub address: SocketAddr,
    /// The default port that was busy.
    pub instead_of: Option<SocketAddr>,
}

/// Connections that wait to be accepted. A burst beyond them is not refused but comes again after a second, which callers take for a slow server.
const BACKLOG: u32 = 4_096;

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // A server that was started again finds its port, as with every listener on Unix; elsewhere the option means something else.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Binds the address given by hand, or the default, or, if that is busy and may be left, a free port.
pub(crate) fn bind(
    given: Option<SocketAddr>,
    default: SocketAddr,
    may_leave: bool,
) -> anyhow::Result<Bound> {
    let wanted = given.unwrap_or(default);
    let (listener, instead_of) = match listen(wanted) {
        Ok(listener) => (listener, None),
        Err(e) if may_leave && given.is_none() && e.kind() == std::io::ErrorKind::AddrInUse => {
            let free = SocketAddr::new(wanted.ip(), 0);
            let listener =
                listen(free).with_context(|| format!("no free port on {}", wanted.ip()))?;
            (listener, Some(wanted))
        }
        Err(e) => return Err(e).with_context(|| format!("cannot listen on {wanted}")),
    };
    let address = listener.local_addr()?;
    Ok(Bound {
        listener,
        address,
        instead_of,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn ranges_parse_and_refuse_nonsense() {
        assert_eq!("3478-3480".parse(), Ok(PortRange(3478..=3480)));
        assert_eq!("0".parse(), Ok(PortRange(0..=0)));
        for bad in ["", "a", "5-4", "0-9", "1-70000", "-5"] {
            assert!(bad.parse::<PortRange>().is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_busy_default_steps_aside_and_a_busy_choice_is_an_error() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let bound = bind(None, address, true).unwrap();
        assert_eq!(bound.instead_of, Some(address));
        assert_ne!(bound.address, address);
        assert!(bind(Some(address), address, true).is_err());
        assert!(bind(None, address, false).is_err());
    }
}
