//! Ctrl-C and SIGTERM: the first one drains, the second one quits at once.

use std::process::exit;

/// Status of a process that a second signal ended.
const QUIT: i32 = 130;

/// Waits for the first signal; from then on a second one ends the process.
pub(crate) async fn first() {
    one().await;
    tokio::spawn(async {
        one().await;
        exit(QUIT);
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
