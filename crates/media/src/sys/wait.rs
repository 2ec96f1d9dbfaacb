//! Waiting for sockets, and being woken from elsewhere.
#![allow(unsafe_code)] // poll(2) and ppoll(2) have no safe form in the standard library.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// At most this many descriptors are waited for at once.
const MOST: usize = 4;

/// Blocks until one of `fds` can be read or `timeout` has passed; `None` waits for ever. May return early.
/// Returns one bit for each descriptor that can be read, the first one lowest.
pub(crate) fn wait(fds: &[&dyn AsFd], timeout: Option<Duration>) -> u8 {
    let mut polled = [libc::pollfd {
        fd: -1,
        events: libc::POLLIN,
        revents: 0,
    }; MOST];
    for (slot, fd) in polled.iter_mut().zip(fds) {
        slot.fd = fd.as_fd().as_raw_fd();
    }
    // Errors (a signal) look like an early return, which callers expect.
    if poll(&mut polled, timeout) <= 0 {
        return 0;
    }
    polled
        .iter()
        .rev()
        .fold(0, |bits, slot| bits << 1 | u8::from(slot.revents != 0))
}

#[cfg(target_os = "linux")]
fn poll(polled: &mut [libc::pollfd; MOST], timeout: Option<Duration>) -> i32 {
    let timeout = timeout.map(|t| libc::timespec {
        tv_sec: libc::time_t::try_from(t.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(t.subsec_nanos() as i32),
    });
    let timeout = timeout
        .as_ref()
        .map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: `polled` and `timeout` outlive the call, and the count is the array's; a null mask leaves signals alone.
    unsafe {
        libc::ppoll(
            polled.as_mut_ptr(),
            MOST as libc::nfds_t,
            timeout,
            std::ptr::null(),
        )
    }
}

#[cfg(not(target_os = "linux"))]
use poll_by_milliseconds as poll;

#[cfg(any(test, not(target_os = "linux")))]
fn poll_by_milliseconds(polled: &mut [libc::pollfd; MOST], timeout: Option<Duration>) -> i32 {
    // Rounded up, or a wait below a millisecond would spin.
    let ms = timeout.map_or(-1, |t| {
        i32::try_from(t.as_micros().div_ceil(1_000)).unwrap_or(i32::MAX)
    });
    // SAFETY: `polled` outlives the call, and the count is the array's.
    unsafe { libc::poll(polled.as_mut_ptr(), MOST as libc::nfds_t, ms) }
}

/// Wakes a thread out of [`wait`]. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Waker(Arc<Shared>);

struct Shared {
    stream: UnixStream,
    pending: AtomicBool,
}

/// The end of a [`Waker`] that is waited for.
pub(crate) struct WakerEnd {
    stream: UnixStream,
    shared: Arc<Shared>,
}

impl Waker {
    pub fn pair() -> io::Result<(Waker, WakerEnd)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        let shared = Arc::new(Shared {
            stream: ours,
            pending: AtomicBool::new(false),
        });
        Ok((
            Waker(Arc::clone(&shared)),
            WakerEnd {
                stream: theirs,
                shared,
            },
        ))
    }
    /// Ends the present or the next wait. Many calls before the thread runs cost one system call.
    pub fn wake(&self) {
        if !self.0.pending.swap(true, Ordering::AcqRel) {
            // A full pipe wakes as well, and a closed one has nobody to wake.
            let _ = (&self.0.stream).write(&[1]);
        }
    }
}

impl WakerEnd {
    /// Takes note of all wake-ups so far; says whether there may have been any. To be called before looking for what they
    /// announce. `readable` is what [`wait`] said of this end: the byte of a wake-up may come after the flag was taken.
    pub fn drain(&self, readable: bool) -> bool {
        if !readable && !self.shared.pending.load(Ordering::Acquire) {
            return false;
        }
        // The byte goes before the flag: a wake-up in between sends none, and its announcement is found by our caller.
        let _ = (&self.stream).read(&mut [0; 16]);
        self.shared.pending.store(false, Ordering::Release);
        true
    }
}

impl AsFd for WakerEnd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_portable_wait_sees_what_the_other_sees() {
        let (waker, end) = Waker::pair().unwrap();
        let mut polled = [libc::pollfd {
            fd: -1,
            events: libc::POLLIN,
            revents: 0,
        }; MOST];
        polled[1].fd = end.as_fd().as_raw_fd();
        assert_eq!(
            poll_by_milliseconds(&mut polled, Some(Duration::from_micros(10))),
            0
        );
        waker.wake();
        assert_eq!(poll_by_milliseconds(&mut polled, None), 1);
        assert_eq!(
            polled.map(|slot| slot.revents != 0),
            [false, true, false, false]
        );
        assert_eq!(wait(&[&end], None), 1);
    }
}
