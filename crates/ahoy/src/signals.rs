//! Ctrl-C and SIGTERM: the first one drains, the second one quits at once.

use std::process::exit;
use std::time::{Duration, Instant};

/// Status of a process that a second signal ended.
const QUIT: i32 = 130;
/// What comes so soon after the first is the same wish: `timeout` signals a process and then its group, a terminal the group and then a
/// parent passes it on.
const SAME: Duration = Duration::from_millis(500);

/// Waits for the first signal; from then on a second one ends the process.
pub(crate) async fn first() {
    one().await;
    let first = Instant::now();
    tokio::spawn(async move {
        loop {
            one().await;
            if first.elapsed() > SAME {
                exit(QUIT);
            }
        }
    });
}

#[cfg(unix)]
async fn one() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn one() {
    let _ = tokio::signal::ctrl_c().await;
}
