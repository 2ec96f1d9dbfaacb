//! The little that the standard library does not offer: waiting on several sockets with sub-millisecond time-outs, and
//! moving many datagrams with one system call. All unsafe code of this crate is below this module.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(test, not(target_os = "linux")))]
mod portable;
mod socket;
mod wait;

#[cfg(target_os = "linux")]
pub(crate) use linux::{receive, transmit};
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::{receive, transmit};
pub(crate) use socket::bind;
pub(crate) use wait::{Waker, WakerEnd, wait};

use std::net::SocketAddr;

/// Datagrams moved with one system call.
pub(crate) const BATCH: usize = 64;
/// Room for one datagram: what an Ethernet carries, the SRTP tag, and some more.
pub(crate) const ROOM: usize = 2_048;

/// Datagrams received, in buffers that are used again and again.
pub(crate) struct Inbox {
    buffers: Box<[[u8; ROOM]; BATCH]>,
    from: [(SocketAddr, usize); BATCH],
    filled: usize,
}

impl Inbox {
    pub fn new() -> Self {
        Self {
            buffers: buffers(),
            from: [(unspecified(), 0); BATCH],
            filled: 0,
        }
    }
    /// Forgets the datagrams, as if none had been received.
    pub fn clear(&mut self) {
        self.filled = 0;
    }
    /// The datagrams of the last call of [`receive`]: the whole buffer, how much of it is filled, and the sender.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&mut [u8; ROOM], usize, SocketAddr)> {
        self.buffers
            .iter_mut()
            .zip(self.from)
            .take(self.filled)
            .map(|(buffer, (from, len))| (buffer, len, from))
    }
}

/// Datagrams to send from one socket.
pub(crate) struct Outbox {
    buffers: Box<[[u8; ROOM]; BATCH]>,
    to: [(SocketAddr, usize); BATCH],
    filled: usize,
}

impl Outbox {
    pub fn new() -> Self {
        Self {
            buffers: buffers(),
            to: [(unspecified(), 0); BATCH],
            filled: 0,
        }
    }
    /// Whether the next [`Outbox::push`] needs a [`transmit`] first.
    pub fn is_full(&self) -> bool {
        self.filled == BATCH
    }
    /// Datagrams waiting.
    pub fn len(&self) -> usize {
        self.filled
    }
    /// Lets `write` fill the next buffer; it returns the datagram's length, or `None` to leave it. Says whether it was taken.
    pub fn push(
        &mut self,
        to: SocketAddr,
        write: impl FnOnce(&mut [u8; ROOM]) -> Option<usize>,
    ) -> bool {
        let (Some(buffer), Some(slot)) = (
            self.buffers.get_mut(self.filled),
            self.to.get_mut(self.filled),
        ) else {
            return false;
        };
        match write(buffer) {
            Some(len) if len <= ROOM => {
                *slot = (to, len);
                self.filled += 1;
                true
            }
            _ => false,
        }
    }
}

fn buffers() -> Box<[[u8; ROOM]; BATCH]> {
    // From a vector, so that 128 kB never lie on the stack.
    match vec![[0; ROOM]; BATCH].into_boxed_slice().try_into() {
        Ok(buffers) => buffers,
        Err(_) => unreachable!("a vector of BATCH buffers has that length"),
    }
}

const fn unspecified() -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    use std::time::Duration;

    type Receive = fn(&std::net::UdpSocket, &mut Inbox) -> usize;
    type Transmit = fn(&std::net::UdpSocket, &mut Outbox) -> usize;
    /// This system's own way, and the one that works everywhere.
    const WAYS: [(Receive, Transmit); 2] =
        [(receive, transmit), (portable::receive, portable::transmit)];

    fn round_trip(ip: IpAddr) {
        for (receive, transmit) in WAYS {
            round_trip_by(ip, receive, transmit);
        }
    }

    fn round_trip_by(ip: IpAddr, receive: Receive, transmit: Transmit) {
        let a = bind(SocketAddr::new(ip, 0)).unwrap();
        let b = bind(SocketAddr::new(ip, 0)).unwrap();
        let (to, from) = (b.local_addr().unwrap(), a.local_addr().unwrap());
        let mut out = Outbox::new();
        for i in 0..BATCH {
            let taken = out.push(to, |buffer| {
                buffer[..2].copy_from_slice(&(i as u16).to_be_bytes());
                Some(2 + i)
            });
            assert!(taken);
        }
        assert!(out.is_full() && !out.push(to, |_| Some(1)));
        transmit(&a, &mut out);
        assert_eq!(out.len(), 0);
        let mut inbox = Inbox::new();
        let mut seen = 0;
        while seen < BATCH {
            wait(&[&b], Some(Duration::from_secs(5)));
            assert!(receive(&b, &mut inbox) > 0, "{seen} of {BATCH} came");
            for (buffer, len, sender) in inbox.iter_mut() {
                assert_eq!(
                    (u16::from_be_bytes([buffer[0], buffer[1]]), len, sender),
                    (seen as u16, 2 + seen, from)
                );
                seen += 1;
            }
        }
        assert_eq!(receive(&b, &mut inbox), 0);
    }

    #[test]
    fn batches_travel_over_ipv4() {
        round_trip(Ipv4Addr::LOCALHOST.into());
    }

    #[test]
    fn batches_travel_over_ipv6() {
        if std::net::UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
            round_trip(Ipv6Addr::LOCALHOST.into());
        }
    }

    #[test]
    fn a_datagram_that_cannot_be_sent_does_not_hold_the_others() {
        for (receive, transmit) in WAYS {
            let a = bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let b = bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let mut out = Outbox::new();
            // Port 0 is refused by the system.
            for to in ["127.0.0.1:0".parse().unwrap(), b.local_addr().unwrap()] {
                assert!(out.push(to, |_| Some(4)));
            }
            assert_eq!(transmit(&a, &mut out), 1);
            let mut inbox = Inbox::new();
            wait(&[&b], Some(Duration::from_secs(5)));
            assert_eq!(receive(&b, &mut inbox), 1);
        }
    }

    #[test]
    fn an_oversized_datagram_is_dropped() {
        for (receive, _) in WAYS {
            let a = bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let b = bind("127.0.0.1:0".parse().unwrap()).unwrap();
            a.send_to(&[7; ROOM + 500], b.local_addr().unwrap())
                .unwrap();
            a.send_to(&[8; 10], b.local_addr().unwrap()).unwrap();
            let mut inbox = Inbox::new();
            wait(&[&b], Some(Duration::from_secs(5)));
            assert_eq!(receive(&b, &mut inbox), 2);
            let lens: Vec<usize> = inbox.iter_mut().map(|(_, len, _)| len).collect();
            assert_eq!(lens, [0, 10]);
        }
    }

    #[test]
    fn a_wake_up_ends_the_wait() {
        let (waker, end) = Waker::pair().unwrap();
        waker.wake();
        waker.wake();
        assert_eq!(wait(&[&end], None), 1);
        assert!(end.drain(true) && !end.drain(false));
        let woken = std::thread::spawn(move || (wait(&[&end], None), end));
        waker.wake();
        let (bits, end) = woken.join().unwrap();
        assert_eq!(bits, 1);
        assert!(end.drain(false));
    }
}
