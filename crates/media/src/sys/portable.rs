//! One system call a datagram, where there is nothing better.

use std::net::UdpSocket;

use super::{Inbox, Outbox, ROOM};

/// Takes what has arrived, at most one batch, without blocking. Returns the number of datagrams.
pub(crate) fn receive(socket: &UdpSocket, inbox: &mut Inbox) -> usize {
    inbox.filled = 0;
    for (buffer, slot) in inbox.buffers.iter_mut().zip(&mut inbox.from) {
        // Errors are an empty queue, or an ICMP message about an earlier datagram that concerns nobody here.
        let Ok((len, from)) = socket.recv_from(buffer) else {
            break;
        };
        // A buffer filled to the brim was most likely cut.
        *slot = (from, if len < ROOM { len } else { 0 });
        inbox.filled += 1;
    }
    inbox.filled
}

/// Sends all datagrams and empties the box. What the system does not take is lost, as on any network. Returns the number sent.
pub(crate) fn transmit(socket: &UdpSocket, outbox: &mut Outbox) -> usize {
    let sent = outbox
        .buffers
        .iter()
        .zip(outbox.to)
        .take(outbox.filled)
        .filter(|(buffer, (to, len))| {
            socket
                .send_to(buffer.get(..*len).unwrap_or_default(), to)
                .is_ok()
        })
        .count();
    outbox.filled = 0;
    sent
}
