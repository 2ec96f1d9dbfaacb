//! The sockets of a worker.
#![allow(unsafe_code)] // SO_RCVBUFFORCE has no safe form.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

/// Bytes of receive and send buffer asked for: a worker that rests 1 ms, or is kept from its core for 50 ms, loses nothing.
const BUFFER: usize = 4 << 20;

/// A socket that never blocks, with roomy buffers. IPv6 sockets carry IPv6 alone.
pub(crate) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    // The system may grant less without a word; a relay with less is still a relay.
    let _ = socket.set_send_buffer_size(BUFFER);
    if !force_receive_buffer(&socket) {
        let _ = socket.set_recv_buffer_size(BUFFER);
    }
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Goes beyond the system's limit where the process has the right to (CAP_NET_ADMIN).
#[cfg(target_os = "linux")]
fn force_receive_buffer(socket: &Socket) -> bool {
    use std::os::fd::AsRawFd;
    let size = BUFFER as libc::c_int;
    // SAFETY: the option's value is a C int that outlives the call, and its length is given.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVBUFFORCE,
            std::ptr::from_ref(&size).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    done == 0
}

#[cfg(not(target_os = "linux"))]
fn force_receive_buffer(_: &Socket) -> bool {
    false
}
