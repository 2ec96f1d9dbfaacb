//! What the platform has of the machine it runs on: clocks, randomness, tasks, media.
//!
//! Everything else is decided by rules and rows. [`Tokio`] is the machine of production; the simulation brings its own, with
//! virtual time and one seed, and runs the very same ledger, scheduler, outbox and recovery on it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ahoy_media::{
    BridgeId, CallPlan, CallReport, CallSetup, Digit, EndReason, LegNetwork, MediaConfig,
    MediaEngine, MediaError, MediaEvent, MediaFaults, RemoteLeg, Side, WorkerAddress, WorkerStats,
};
use tokio::sync::oneshot;

use crate::ledger::LedgerLoop;

/// Something to be done beside everything else, or an answer on its way.
pub type Task<'a, T = ()> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Takes what the media tells.
pub type MediaSink = Box<dyn Fn(MediaEvent) + Send + Sync>;

/// The machine.
pub trait Host: Send + Sync + 'static {
    /// The system's clock: milliseconds since the Unix epoch.
    fn system_ms(&self) -> i64;

    /// Monotonic time.
    fn instant(&self) -> Instant;

    /// Fills with bytes nobody can guess.
    ///
    /// # Errors
    /// The system gives none.
    fn random(&self, bytes: &mut [u8]) -> io::Result<()>;

    /// Runs a task beside the others.
    fn spawn(&self, task: Task<'static>);

    /// Runs work that takes its time where nobody has to wait for it.
    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>);

    /// Is over at this instant of monotonic time.
    fn sleep_until(&self, at: Instant) -> Task<'static>;

    /// Runs the ledger until the platform lets go of it.
    ///
    /// # Errors
    /// The system gives no thread for it.
    fn run_ledger(&self, ledger: LedgerLoop) -> io::Result<()>;

    /// Starts the media.
    ///
    /// # Errors
    /// Ports or threads are refused.
    fn start_media(
        &self,
        config: &MediaConfig,
        events: MediaSink,
    ) -> Result<Arc<dyn Media>, MediaError>;

    /// Is over after this long.
    fn sleep(&self, time: Duration) -> Task<'static> {
        self.sleep_until(self.instant() + time)
    }
}

/// What of the media engine the platform uses. Nothing here waits for a media thread.
pub trait Media: Send + Sync {
    /// See [`MediaEngine::plan`].
    fn plan(&self) -> CallPlan;
    /// See [`MediaEngine::arm`].
    fn arm(&self, bridge: BridgeId, setup: CallSetup);
    /// See [`MediaEngine::set_remote`].
    fn set_remote(&self, bridge: BridgeId, side: Side, remote: RemoteLeg);
    /// See [`MediaEngine::put_under`].
    fn put_under(&self, bridge: BridgeId, faults: MediaFaults);
    /// See [`MediaEngine::open_gate`].
    fn open_gate(&self, bridge: BridgeId);
    /// See [`MediaEngine::answered`]. Media without packets tells no story.
    fn answered(&self, _bridge: BridgeId, _side: Side) {}
    /// See [`MediaEngine::ended`].
    fn ended(&self, _bridge: BridgeId, _reason: EndReason) {}
    /// See [`MediaEngine::send_digits`].
    fn send_digits(&self, bridge: BridgeId, digits: Vec<Digit>);
    /// See [`MediaEngine::set_network`]. Media without packets has no network that could change.
    fn set_network(&self, _bridge: BridgeId, _side: Side, _network: Option<LegNetwork>) {}
    /// See [`MediaEngine::close`].
    fn close(&self, bridge: BridgeId);
    /// See [`MediaEngine::report`].
    fn report(&self, bridge: BridgeId) -> Task<'_, Option<CallReport>>;
    /// See [`MediaEngine::addresses`].
    fn addresses(&self) -> Vec<WorkerAddress>;
    /// See [`MediaEngine::stats`].
    fn stats(&self) -> Task<'_, Vec<WorkerStats>>;
    /// See [`MediaEngine::shutdown`].
    fn shutdown(&self);
}

impl Media for MediaEngine {
    fn plan(&self) -> CallPlan {
        MediaEngine::plan(self)
    }
    fn arm(&self, bridge: BridgeId, setup: CallSetup) {
        drop(MediaEngine::arm(self, bridge, setup));
    }
    fn set_remote(&self, bridge: BridgeId, side: Side, remote: RemoteLeg) {
        MediaEngine::set_remote(self, bridge, side, remote);
    }
    fn put_under(&self, bridge: BridgeId, faults: MediaFaults) {
        MediaEngine::put_under(self, bridge, faults);
    }
    fn open_gate(&self, bridge: BridgeId) {
        MediaEngine::open_gate(self, bridge);
    }
    fn answered(&self, bridge: BridgeId, side: Side) {
        MediaEngine::answered(self, bridge, side);
    }
    fn ended(&self, bridge: BridgeId, reason: EndReason) {
        MediaEngine::ended(self, bridge, reason);
    }
    fn send_digits(&self, bridge: BridgeId, digits: Vec<Digit>) {
        MediaEngine::send_digits(self, bridge, digits);
    }
    fn set_network(&self, bridge: BridgeId, side: Side, network: Option<LegNetwork>) {
        MediaEngine::set_network(self, bridge, side, network);
    }
    fn close(&self, bridge: BridgeId) {
        MediaEngine::close(self, bridge);
    }
    fn report(&self, bridge: BridgeId) -> Task<'_, Option<CallReport>> {
        Box::pin(MediaEngine::report(self, bridge))
    }
    fn addresses(&self) -> Vec<WorkerAddress> {
        MediaEngine::addresses(self)
    }
    fn stats(&self) -> Task<'_, Vec<WorkerStats>> {
        Box::pin(MediaEngine::stats(self))
    }
    fn shutdown(&self) {
        MediaEngine::shutdown(self);
    }
}

/// The machine of production: the system's clocks and randomness, Tokio's tasks, real media.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tokio;

impl Host for Tokio {
    fn system_ms(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(d) => i64::try_from(d.as_millis()).unwrap_or(i64::MAX),
            Err(_) => 0,
        }
    }
    fn instant(&self) -> Instant {
        Instant::now()
    }
    fn random(&self, bytes: &mut [u8]) -> io::Result<()> {
        getrandom::fill(bytes).map_err(|e| io::Error::other(e.to_string()))
    }
    fn spawn(&self, task: Task<'static>) {
        tokio::spawn(task);
    }
    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        tokio::task::spawn_blocking(work);
    }
    fn sleep_until(&self, at: Instant) -> Task<'static> {
        Box::pin(tokio::time::sleep_until(at.into()))
    }
    fn run_ledger(&self, ledger: LedgerLoop) -> io::Result<()> {
        let thread = std::thread::Builder::new().name("ledger".into());
        thread.spawn(move || ledger.run_blocking()).map(drop)
    }
    fn start_media(
        &self,
        config: &MediaConfig,
        events: MediaSink,
    ) -> Result<Arc<dyn Media>, MediaError> {
        Ok(Arc::new(MediaEngine::start(config.clone(), events)?))
    }
}

/// Runs a task to its end even if whoever waits for it goes away. `None` if it broke off.
pub(crate) async fn to_the_end<T: Send + 'static>(
    host: &dyn Host,
    task: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let (done, wait) = oneshot::channel();
    host.spawn(Box::pin(async move {
        let _ = done.send(task.await);
    }));
    wait.await.ok()
}

/// Runs work that takes its time and waits for it. `None` if it broke off.
pub(crate) async fn off_thread<T: Send + 'static>(
    host: &dyn Host,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, wait) = oneshot::channel();
    host.spawn_blocking(Box::new(move || {
        let _ = done.send(work());
    }));
    wait.await.ok()
}
