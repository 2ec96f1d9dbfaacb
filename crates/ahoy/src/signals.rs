//! Ctrl-C, SIGTERM and SIGHUP: the first one drains, the second one quits at once. A closed terminal (SIGHUP) is no reason to end without a word
//! to those who are talking.

use std::process::exit;
use std::time::{Duration, Instant};

/// Status of a process that a second signal ended.
const QUIT: i32 = 130;
/// What comes so soon after the first is the same wish: `timeout` signals a process and then its group, a terminal the group and then a
/// parent passes it on.
const SAME: Duration = Duration::from_millis(500);

/// Listens for signals from now on, and waits for the first; after it a second one ends the process.
pub(crate) fn first() -> impl Future<Output = ()> {
    let mut signals = Signals::new();
    async move {
        signals.next().await;
        let first = Instant::now();
        tokio::spawn(async move {
            loop {
                signals.next().await;
                if first.elapsed() > SAME {
                    exit(QUIT);
                }
            }
        });
    }
}

#[cfg(unix)]
struct Signals([Option<tokio::signal::unix::Signal>; 3]);

#[cfg(unix)]
impl Signals {
    /// The handlers are there when this returns; one the system refuses is left out.
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ];
        Self(kinds.map(|kind| signal(kind).ok()))
    }

    async fn next(&mut self) {
        async fn one(signal: &mut Option<tokio::signal::unix::Signal>) {
            match signal {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        }
        let [interrupt, terminate, hang_up] = &mut self.0;
        tokio::select! {
            () = one(interrupt) => {}
            () = one(terminate) => {}
            () = one(hang_up) => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    const fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
