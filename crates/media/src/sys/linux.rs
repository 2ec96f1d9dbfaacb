//! Batches by recvmmsg(2) and sendmmsg(2).
#![allow(unsafe_code)] // Neither call has a safe form in the standard library or socket2.

use std::mem::{self, MaybeUninit};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use super::{BATCH, Inbox, Outbox, ROOM};

/// Room for the address of either family.
#[derive(Clone, Copy)]
#[repr(C)]
union Address {
    family: libc::sa_family_t,
    v4: libc::sockaddr_in,
    v6: libc::sockaddr_in6,
}

fn zeroed<T: Copy>() -> [T; BATCH] {
    // SAFETY: used for C structures of integers and pointers alone, for which zero bytes are a value.
    [unsafe { MaybeUninit::<T>::zeroed().assume_init() }; BATCH]
}

/// Takes what has arrived, at most one batch, without blocking. Returns the number of datagrams; cut ones have length 0.
pub(crate) fn receive(socket: &UdpSocket, inbox: &mut Inbox) -> usize {
    let mut addresses = zeroed::<Address>();
    let mut slices = zeroed::<libc::iovec>();
    let mut headers = zeroed::<libc::mmsghdr>();
    for (((header, slice), address), buffer) in headers
        .iter_mut()
        .zip(&mut slices)
        .zip(&mut addresses)
        .zip(inbox.buffers.iter_mut())
    {
        slice.iov_base = buffer.as_mut_ptr().cast();
        slice.iov_len = ROOM;
        header.msg_hdr.msg_iov = slice;
        header.msg_hdr.msg_iovlen = 1;
        header.msg_hdr.msg_name = std::ptr::from_mut(address).cast();
        header.msg_hdr.msg_namelen = size_of::<Address>() as libc::socklen_t;
    }
    // SAFETY: each header points at one slice and one address of the arrays above, each slice at a buffer of ROOM bytes;
    // all outlive the call, and the count is the arrays'.
    let received = unsafe {
        libc::recvmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            BATCH as libc::c_uint,
            libc::MSG_DONTWAIT,
            std::ptr::null_mut(),
        )
    };
    // Errors are an empty queue, or an ICMP message about an earlier datagram that concerns nobody here.
    inbox.filled = usize::try_from(received).unwrap_or(0).min(BATCH);
    for ((header, address), slot) in headers
        .iter()
        .zip(&addresses)
        .zip(&mut inbox.from)
        .take(inbox.filled)
    {
        let cut = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
        let len = if cut {
            0
        } else {
            (header.msg_len as usize).min(ROOM)
        };
        *slot = match from_c(address) {
            Some(from) => (from, len),
            None => (super::unspecified(), 0),
        };
    }
    inbox.filled
}

/// Sends all datagrams and empties the box. What the system does not take is lost, as on any network. Returns the number sent.
pub(crate) fn transmit(socket: &UdpSocket, outbox: &mut Outbox) -> usize {
    let filled = mem::take(&mut outbox.filled).min(BATCH);
    let mut addresses = zeroed::<Address>();
    let mut slices = zeroed::<libc::iovec>();
    let mut headers = zeroed::<libc::mmsghdr>();
    for ((((header, slice), address), buffer), (to, len)) in headers
        .iter_mut()
        .zip(&mut slices)
        .zip(&mut addresses)
        .zip(outbox.buffers.iter_mut())
        .zip(outbox.to)
        .take(filled)
    {
        slice.iov_base = buffer.as_mut_ptr().cast();
        slice.iov_len = len.min(ROOM);
        header.msg_hdr.msg_iov = slice;
        header.msg_hdr.msg_iovlen = 1;
        header.msg_hdr.msg_namelen = to_c(to, address);
        header.msg_hdr.msg_name = std::ptr::from_mut(address).cast();
    }
    let (mut at, mut sent) = (0, 0);
    while let Some(rest) = headers.get_mut(at..filled).filter(|rest| !rest.is_empty()) {
        // SAFETY: as in `receive`; the count is the length of the slice given.
        let done = unsafe {
            libc::sendmmsg(
                socket.as_raw_fd(),
                rest.as_mut_ptr(),
                rest.len() as libc::c_uint,
                libc::MSG_DONTWAIT,
            )
        };
        match usize::try_from(done) {
            Ok(n) if n > 0 => {
                at += n;
                sent += n;
            }
            // The first one is refused (no route, port 0, a full buffer): it is lost, the others have their own chance.
            _ => at += 1,
        }
    }
    sent
}

fn from_c(address: &Address) -> Option<SocketAddr> {
    // SAFETY: the union was zeroed and then written by the kernel, so that every field holds initialised bytes, and any
    // bytes are a value of each. The family says which one was meant.
    unsafe {
        match i32::from(address.family) {
            libc::AF_INET => {
                let ip = Ipv4Addr::from(u32::from_be(address.v4.sin_addr.s_addr));
                Some(SocketAddr::new(
                    IpAddr::V4(ip),
                    u16::from_be(address.v4.sin_port),
                ))
            }
            libc::AF_INET6 => {
                let v6 = address.v6;
                let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
                // The scope matters for link-local peers only, but there it is needed to answer.
                let with_scope = std::net::SocketAddrV6::new(
                    ip,
                    u16::from_be(v6.sin6_port),
                    0,
                    v6.sin6_scope_id,
                );
                Some(SocketAddr::V6(with_scope))
            }
            _ => None,
        }
    }
}

/// Fills `address` and returns its length.
fn to_c(to: SocketAddr, address: &mut Address) -> libc::socklen_t {
    match to {
        SocketAddr::V4(to) => {
            address.v4 = libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: to.port().to_be(),
                sin_addr: libc::in_addr {
                    s_addr: u32::from(*to.ip()).to_be(),
                },
                sin_zero: [0; 8],
            };
            size_of::<libc::sockaddr_in>() as libc::socklen_t
        }
        SocketAddr::V6(to) => {
            address.v6 = libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: to.port().to_be(),
                sin6_flowinfo: 0,
                sin6_addr: libc::in6_addr {
                    s6_addr: to.ip().octets(),
                },
                sin6_scope_id: to.scope_id(),
            };
            size_of::<libc::sockaddr_in6>() as libc::socklen_t
        }
    }
}
