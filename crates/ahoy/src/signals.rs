//! Ctrl-C, SIGTERM and SIGHUP: the first one drains, the second one quits at once.

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
            // A terminal that is closed is no reason to end without a word to those who are talking.
            let mut hang_up = signal(SignalKind::hangup()).ok();
            let hung_up = async {
                match &mut hang_up {
                    Some(signal) => drop(signal.recv().await),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
                () = hung_up => {}
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
