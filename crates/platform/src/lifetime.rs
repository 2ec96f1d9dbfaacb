//! The platform's own life: signs of it, keeping house, and a stop on purpose.

use std::time::Duration;

use ahoy_store::{StoreError, Tx};
use ahoy_types::RuleTime;

use crate::host::off_thread;
use crate::ledger::Step;
use crate::platform::Platform;

/// How often the heartbeat is written while a call is connected (`contract.md` §4).
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How often what is finished is looked through.
const HOUSEKEEPING: Duration = Duration::from_secs(3_600);
/// How long, in rule time, finished webhooks and mails, counts of quality and the SDPs of ended calls are kept: well
/// beyond seven days of retries.
const LOG_KEPT: Duration = Duration::from_secs(30 * 86_400);
/// Webhooks or calls in one transaction: a longer one would hold up calls.
const AT_ONCE: u32 = 200;

impl Platform {
    /// Resolves when the platform stops.
    pub async fn stopping(&self) {
        let mut stop = self.stop_signal().subscribe();
        // The sender lives as long as the platform.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Keeps in the store when the platform was last seen alive: every commit does, and where none comes while a
    /// call is connected, this one.
    pub(crate) async fn run_heartbeat(self) {
        loop {
            if self.live().any_connected()
                && let Err(e) = self.ledger().execute(|_| Ok::<_, StoreError>(())).await
            {
                tracing::warn!(error = %e, "the heartbeat could not be written");
            }
            tokio::select! {
                biased;
                () = self.stopping() => return,
                () = self.host().sleep(HEARTBEAT) => {}
            }
        }
    }

    /// Lets go of webhooks and mails that were finished, of counts, and of SDPs of calls that ended, long ago.
    pub(crate) async fn run_housekeeping(self) {
        loop {
            // A jump of the clock, and a stop, wait for the round: nothing of it runs into what comes after them.
            let round = self.quiet().begin();
            if let Err(e) = self
                .let_go(|tx, before| tx.prune_sdps(before, AT_ONCE))
                .await
            {
                tracing::warn!(error = %e, "SDPs of old calls could not be deleted");
            }
            if let Err(e) = self
                .let_go(|tx, before| tx.prune_deliveries(before, AT_ONCE))
                .await
            {
                tracing::warn!(error = %e, "old webhooks could not be deleted");
            }
            if let Err(e) = self
                .let_go(|tx, before| tx.prune_quality(before, AT_ONCE))
                .await
            {
                tracing::warn!(error = %e, "old counts could not be deleted");
            }
            if let Err(e) = self
                .let_go(|tx, before| tx.prune_mails(before, AT_ONCE))
                .await
            {
                tracing::warn!(error = %e, "old mails could not be deleted");
            }
            drop(round);
            tokio::select! {
                biased;
                () = self.stopping() => return,
                () = self.host().sleep(HOUSEKEEPING) => {}
            }
        }
    }

    /// Repeats `prune`, a transaction each time, until it finds less than it may take.
    async fn let_go(
        &self,
        prune: fn(&mut dyn Tx, RuleTime) -> Result<u32, StoreError>,
    ) -> Result<(), StoreError> {
        loop {
            let job = move |step: &mut Step<'_>| prune(step.tx, step.now - LOG_KEPT);
            if self.ledger().execute(job).await? < AT_ONCE {
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
        tokio::select! {
            biased;
            () = self.quiet().wait() => {}
            () = self.host().sleep(limit) => {}
        }
        self.stop_signal().send_replace(true);
        let media = self.media().clone();
        // It joins the media threads.
        let ended = off_thread(self.host().as_ref(), move || media.shutdown()).await;
        if ended.is_none() {
            tracing::error!("the media engine broke off while it stopped");
        }
        self.ledger().stop().await;
    }
}
