//! The platform's own life: signs of it, keeping house, and a stop on purpose.

use std::time::Duration;

use ahoy_store::StoreError;

use crate::ledger::Step;
use crate::platform::Platform;

/// How often the heartbeat is written while a call is connected (`contract.md` §4).
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How often finished webhooks are looked through.
const HOUSEKEEPING: Duration = Duration::from_secs(3_600);
/// How long, in rule time, the log keeps a finished webhook: well beyond its seven days of retries.
const LOG_KEPT: Duration = Duration::from_secs(30 * 86_400);
/// Webhooks deleted in one transaction: a longer one would hold up calls.
const DELETED_AT_ONCE: u32 = 200;

impl Platform {
    /// Resolves when the platform stops.
    pub(crate) async fn stopping(&self) {
        let mut stop = self.stop_signal().subscribe();
        // The sender lives as long as the platform.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Keeps in the store when the platform was last seen alive: every commit does, and where none comes while a
    /// call is connected, this one.
    pub(crate) async fn run_heartbeat(self) {
        let mut tick = tokio::time::interval(HEARTBEAT);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = self.stopping() => return,
            }
            if self.live().any_connected()
                && let Err(e) = self.ledger().execute(|_| Ok::<_, StoreError>(())).await
            {
                tracing::warn!(error = %e, "the heartbeat could not be written");
            }
        }
    }

    /// Lets go of webhooks that were finished long ago.
    pub(crate) async fn run_housekeeping(self) {
        loop {
            if let Err(e) = self.delete_old_webhooks().await {
                tracing::warn!(error = %e, "old webhooks could not be deleted");
            }
            tokio::select! {
                () = tokio::time::sleep(HOUSEKEEPING) => {}
                () = self.stopping() => return,
            }
        }
    }

    async fn delete_old_webhooks(&self) -> Result<(), StoreError> {
        loop {
            let job = |step: &mut Step<'_>| {
                let before = step.now - LOG_KEPT;
                step.tx.prune_deliveries(before, DELETED_AT_ONCE)
            };
            if self.ledger().execute(job).await? < DELETED_AT_ONCE {
                return Ok(());
            }
        }
    }

    /// Stops taking calls, ends the live ones with their webhooks, and waits up to `limit` for these to be
    /// delivered; what is left stays in the outbox. Afterwards the store is closed to writers.
    pub async fn drain(&self, limit: Duration) {
        self.start_draining();
        match self.end_all().await {
            Ok(0) => {}
            Ok(calls) => tracing::info!(calls, "ended the live calls to stop"),
            Err(e) => tracing::error!(error = %e, "the live calls could not be ended"),
        }
        let _ = tokio::time::timeout(limit, self.quiet().wait()).await;
        self.stop_signal().send_replace(true);
        let media = self.media().clone();
        // It joins the media threads.
        if tokio::task::spawn_blocking(move || media.shutdown())
            .await
            .is_err()
        {
            tracing::error!("the media engine broke off while it stopped");
        }
        self.ledger().stop().await;
    }
}
