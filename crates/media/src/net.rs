//! The sockets of a worker and what waits to leave through them.

use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};

use crate::plan::WorkerAddress;
use crate::sys::{self, Inbox, Outbox, ROOM};
use crate::{MediaConfig, MediaError};

/// A socket and its outbound batch.
struct Port {
    socket: UdpSocket,
    out: Outbox,
}

impl Port {
    /// Sends what is queued; says how many left and how many did not.
    fn transmit(&mut self) -> (u64, u64) {
        let queued = self.out.len();
        let sent = sys::transmit(&self.socket, &mut self.out);
        (sent as u64, queued.saturating_sub(sent) as u64)
    }
}

/// One port number, on IPv4, IPv6 or both.
pub(crate) struct Net {
    ports: [Option<Port>; 2],
    /// Datagrams sent.
    pub sent: u64,
    /// Datagrams the system did not take: no route, a full buffer, no socket of that family.
    pub refused: u64,
}

const V4: usize = 0;
const V6: usize = 1;

impl Net {
    /// Takes the first free port for worker number `worker`, the same in both families, and says what to advertise.
    pub fn bind(config: &MediaConfig, worker: usize) -> Result<(Self, WorkerAddress), MediaError> {
        let first = *config.bind.first().ok_or(MediaError::NoAddress)?;
        let (start, end) = (*config.ports.start(), *config.ports.end());
        // With two families a port the system picks for one may be taken in the other: another one is picked then.
        let ports: Vec<u16> = if start == 0 {
            vec![0; 64]
        } else {
            (start..=end).collect()
        };
        for port in ports {
            match Self::bind_all(&config.bind, port) {
                Ok(sockets) => return Self::assemble(config, sockets),
                Err((_, source)) if source.kind() == std::io::ErrorKind::AddrInUse => {}
                Err((address, source)) => return Err(MediaError::Bind { address, source }),
            }
        }
        Err(MediaError::NoPort {
            worker,
            address: first,
            first: start,
            last: end,
        })
    }

    fn bind_all(
        addresses: &[IpAddr],
        port: u16,
    ) -> Result<Vec<UdpSocket>, (IpAddr, std::io::Error)> {
        let mut sockets: Vec<UdpSocket> = Vec::with_capacity(2);
        let mut port = port;
        for ip in addresses {
            let socket = sys::bind(SocketAddr::new(*ip, port)).map_err(|e| (*ip, e))?;
            port = socket.local_addr().map_err(|e| (*ip, e))?.port();
            sockets.push(socket);
        }
        Ok(sockets)
    }

    fn assemble(
        config: &MediaConfig,
        sockets: Vec<UdpSocket>,
    ) -> Result<(Self, WorkerAddress), MediaError> {
        let mut net = Self {
            ports: [None, None],
            sent: 0,
            refused: 0,
        };
        let mut advertised = WorkerAddress { v4: None, v6: None };
        for socket in sockets {
            let local = socket.local_addr().map_err(|source| MediaError::System {
                what: "a socket's address",
                source,
            })?;
            let missing = || MediaError::NothingToAdvertise(local.ip());
            let given = |ip: IpAddr| (!ip.is_unspecified()).then_some(ip);
            match local.ip() {
                ip @ IpAddr::V4(bound) => {
                    let ip = config
                        .advertise_v4
                        .or(given(ip).map(|_| bound))
                        .ok_or_else(missing)?;
                    advertised.v4 = Some(SocketAddrV4::new(ip, local.port()));
                }
                ip @ IpAddr::V6(bound) => {
                    let ip = config
                        .advertise_v6
                        .or(given(ip).map(|_| bound))
                        .ok_or_else(missing)?;
                    advertised.v6 = Some(SocketAddrV6::new(ip, local.port(), 0, 0));
                }
            }
            let (at, name) = if local.is_ipv4() {
                (V4, "IPv4")
            } else {
                (V6, "IPv6")
            };
            if let Some(slot) = net.ports.get_mut(at)
                && slot
                    .replace(Port {
                        socket,
                        out: Outbox::new(),
                    })
                    .is_some()
            {
                return Err(MediaError::TwoAddresses(name));
            }
        }
        Ok((net, advertised))
    }

    /// The sockets, for waiting.
    pub fn sockets(&self) -> [Option<&UdpSocket>; 2] {
        self.ports
            .each_ref()
            .map(|port| port.as_ref().map(|port| &port.socket))
    }

    /// Takes a batch of what has arrived on one of the two ports.
    pub fn receive(&self, port: usize, inbox: &mut Inbox) -> usize {
        match self.ports.get(port) {
            Some(Some(port)) => sys::receive(&port.socket, inbox),
            _ => {
                inbox.clear();
                0
            }
        }
    }

    /// Queues one datagram, written by `write`; it leaves with the next [`Net::flush`] at the latest.
    pub fn send(
        &mut self,
        to: SocketAddr,
        write: impl FnOnce(&mut [u8; ROOM]) -> Option<usize>,
    ) -> bool {
        let at = if to.is_ipv4() { V4 } else { V6 };
        let Some(Some(port)) = self.ports.get_mut(at) else {
            self.refused += 1;
            return false;
        };
        if port.out.is_full() {
            let (sent, refused) = port.transmit();
            self.sent += sent;
            self.refused += refused;
        }
        port.out.push(to, write)
    }

    /// Queues a datagram that exists already.
    pub fn send_bytes(&mut self, to: SocketAddr, bytes: &[u8]) -> bool {
        self.send(to, |buffer| {
            buffer.get_mut(..bytes.len())?.copy_from_slice(bytes);
            Some(bytes.len())
        })
    }

    /// Sends what is queued.
    pub fn flush(&mut self) {
        for port in self.ports.iter_mut().flatten() {
            if port.out.len() > 0 {
                let (sent, refused) = port.transmit();
                self.sent += sent;
                self.refused += refused;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn config(bind: Vec<IpAddr>) -> MediaConfig {
        MediaConfig {
            bind,
            ..MediaConfig::default()
        }
    }

    #[test]
    fn both_families_share_the_port() {
        if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
            return; // a machine without IPv6
        }
        let both = config(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        let (_net, at) = Net::bind(&both, 0).unwrap();
        assert_eq!(at.v4.unwrap().port(), at.v6.unwrap().port());
    }

    #[test]
    fn what_cannot_work_is_said() {
        let refused = |config: &MediaConfig| Net::bind(config, 3).map(|_| ()).unwrap_err();
        assert!(matches!(refused(&config(vec![])), MediaError::NoAddress));
        let twice = config(vec![
            Ipv4Addr::LOCALHOST.into(),
            Ipv4Addr::new(127, 0, 0, 2).into(),
        ]);
        assert!(matches!(refused(&twice), MediaError::TwoAddresses("IPv4")));
        let any = config(vec![Ipv4Addr::UNSPECIFIED.into()]);
        assert!(matches!(refused(&any), MediaError::NothingToAdvertise(_)));
        let foreign = config(vec![Ipv4Addr::new(192, 0, 2, 1).into()]);
        assert!(matches!(refused(&foreign), MediaError::Bind { .. }));
        let (_held, at) = Net::bind(&config(vec![Ipv4Addr::LOCALHOST.into()]), 0).unwrap();
        let port = at.v4.unwrap().port();
        let busy = MediaConfig {
            ports: port..=port,
            ..MediaConfig::default()
        };
        assert!(matches!(
            refused(&busy),
            MediaError::NoPort { worker: 3, .. }
        ));
    }

    #[test]
    fn the_advertised_address_may_differ() {
        let public = Ipv4Addr::new(192, 0, 2, 9);
        let behind = MediaConfig {
            bind: vec![Ipv4Addr::UNSPECIFIED.into()],
            advertise_v4: Some(public),
            ..MediaConfig::default()
        };
        let (_net, at) = Net::bind(&behind, 0).unwrap();
        assert_eq!(*at.v4.unwrap().ip(), public);
    }
}
