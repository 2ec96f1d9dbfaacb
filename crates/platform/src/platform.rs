//! The handle the edges hold, and the tasks behind it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ahoy_audio::{AudioError, EncodedSound, SoundCache};
use ahoy_calling::Refusal;
use ahoy_calling::limits::LimitTable;
use ahoy_calling::price::PriceList;
use ahoy_media::{CallReport, MediaConfig, MediaError};
use ahoy_store::{Result as StoreResult, Rows, Store, StoreError};
use ahoy_types::{CallId, MailId, WaId};
use tokio::sync::{Notify, mpsc, watch};

use crate::clock::Clock;
use crate::effect::DeliveryJob;
use crate::faults::FaultSeam;
use crate::figures;
use crate::host::{Host, Media, Tokio};
use crate::inspector::Inspector;
use crate::ledger::{Ledger, Rim, Step};
use crate::live::{Live, PhoneHandle, UserLegKind};
use crate::mail::MailJob;
use crate::quiet::Quiet;
use crate::quotas::Arrivals;
use crate::reader::Readers;
use crate::reports::Reports;
use crate::simulated;
use crate::timers::CLOCK_KEY;
use crate::undelivered::Warnings;

/// How long a job that nobody waits for rests after the store failed, in real time.
const JOB_AGAIN: Duration = Duration::from_secs(1);
/// How often it is tried.
const JOB_TRIES: usize = 60;

/// How the platform is set up.
#[derive(Debug, Clone)]
pub struct PlatformConfig {
    /// Numbers of the rules.
    pub limits: LimitTable,
    /// What calls cost.
    pub prices: Arc<PriceList>,
    /// Whether a number nobody knows becomes a simulated user on first use (`dev`), or cannot be called (`serve`).
    pub create_users: bool,
    /// How long, in real time, the connect webhook of a user's call waits for the phone's media, so that the phone
    /// hears the business's first syllable; [`PHONE_MEDIA_WAIT`](crate::PHONE_MEDIA_WAIT) unless there is a reason.
    pub phone_media_wait: Duration,
    /// Media engine.
    pub media: MediaConfig,
}

/// The platform cannot start.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The media engine.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The codec.
    #[error("Opus cannot be used: {0}")]
    Audio(#[from] AudioError),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// What all handles share.
pub struct Shared {
    config: PlatformConfig,
    host: Arc<dyn Host>,
    clock: Arc<Clock>,
    ledger: Ledger,
    media: Arc<dyn Media>,
    live: Live,
    readers: Readers,
    sounds: SoundCache,
    silence: Arc<EncodedSound>,
    reports: Reports,
    deliveries: mpsc::UnboundedSender<DeliveryJob>,
    detach: mpsc::UnboundedSender<(WaId, u64)>,
    quiet: Arc<Quiet>,
    timers_changed: Notify,
    timer_turn: tokio::sync::Mutex<()>,
    next_bridge: AtomicU64,
    draining: Arc<AtomicBool>,
    mail: Arc<AtomicBool>,
    mailer: OnceLock<mpsc::UnboundedSender<MailJob>>,
    inspector: OnceLock<Arc<Inspector>>,
    faults: OnceLock<FaultSeam>,
    warnings: Warnings,
    arrivals: Arc<Arrivals>,
    stop: watch::Sender<bool>,
}

/// The platform. Cheap to clone.
#[derive(Clone)]
pub struct Platform(Arc<Shared>);

/// Random bytes of the host.
pub(crate) fn random<const N: usize>(host: &dyn Host) -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    host.random(&mut bytes)
        .map_err(|e| Refusal::Internal(format!("the system gives no random bytes: {e}")))?;
    Ok(bytes)
}

impl Platform {
    /// Starts everything: the ledger, the media workers, the scheduler. What a crash left behind is settled before
    /// this answers. The receiver hands out webhooks to be sent.
    ///
    /// # Errors
    /// The store cannot be read or written, the media addresses cannot be used, or a thread is refused.
    pub async fn start(
        store: Box<dyn Store>,
        config: PlatformConfig,
    ) -> Result<(Self, mpsc::UnboundedReceiver<DeliveryJob>), PlatformError> {
        Self::start_on(Arc::new(Tokio), store, config).await
    }

    /// [`Platform::start`] on another machine than production's.
    ///
    /// # Errors
    /// As there.
    pub async fn start_on(
        host: Arc<dyn Host>,
        store: Box<dyn Store>,
        config: PlatformConfig,
    ) -> Result<(Self, mpsc::UnboundedReceiver<DeliveryJob>), PlatformError> {
        figures::describe();
        let readers = Readers::new(store.as_ref())?;
        let clock = Arc::new(Clock::of(host.clone()));
        if let Some(mark) = readers.read(|rows| rows.meta(CLOCK_KEY))? {
            clock
                .restore(&mark)
                .ok_or_else(|| StoreError(format!("the clock's mark `{mark}` cannot be read")))?;
        }
        let (media_tx, media_events) = mpsc::unbounded_channel();
        let told = Box::new(move |event| {
            // After the platform's end nobody listens.
            let _ = media_tx.send(event);
        });
        let media = host.start_media(&config.media, told)?;
        let (effects_tx, effects) = mpsc::unbounded_channel();
        let quiet = Arc::new(Quiet::new(host.clone()));
        let draining = Arc::new(AtomicBool::new(false));
        let mail = Arc::new(AtomicBool::new(false));
        let ledger = Ledger::start(
            store,
            Rim {
                host: host.clone(),
                clock: clock.clone(),
                quiet: quiet.clone(),
                draining: draining.clone(),
                mail: mail.clone(),
                effects: effects_tx,
                limits: config.limits.clone(),
                prices: config.prices.clone(),
            },
        )?;
        let (deliveries, jobs) = mpsc::unbounded_channel();
        let (detach, detached) = mpsc::unbounded_channel();
        let mut seed = [0; 8];
        host.random(&mut seed)?;
        let platform = Self(Arc::new(Shared {
            host: host.clone(),
            config,
            clock,
            ledger,
            media,
            live: Live::default(),
            readers,
            sounds: SoundCache::default(),
            silence: simulated::silence()?,
            reports: Reports::default(),
            deliveries,
            detach,
            quiet,
            timers_changed: Notify::new(),
            timer_turn: tokio::sync::Mutex::new(()),
            // Stays below i64::MAX, and bridges of one process never meet those of another in the store.
            next_bridge: AtomicU64::new(u64::from_be_bytes(seed) >> 2),
            draining,
            mail,
            mailer: OnceLock::new(),
            inspector: OnceLock::new(),
            faults: OnceLock::new(),
            warnings: Warnings::default(),
            arrivals: Arc::default(),
            stop: watch::Sender::new(false),
        }));
        host.spawn(Box::pin(platform.clone().run_effects(effects)));
        host.spawn(Box::pin(platform.clone().run_media_events(media_events)));
        host.spawn(Box::pin(platform.clone().run_detached(detached)));
        let recovered = platform.recover().await?;
        if recovered.calls + recovered.deliveries > 0 {
            tracing::info!(
                calls = recovered.calls,
                deliveries = recovered.deliveries,
                "settled what the last run left behind"
            );
        }
        host.spawn(Box::pin(platform.clone().run_timers()));
        host.spawn(Box::pin(platform.clone().run_heartbeat()));
        host.spawn(Box::pin(platform.clone().run_housekeeping()));
        Ok((platform, jobs))
    }

    /// How it is set up.
    pub fn config(&self) -> &PlatformConfig {
        &self.0.config
    }
    /// Rule time.
    pub fn clock(&self) -> &Arc<Clock> {
        &self.0.clock
    }
    /// The media.
    pub fn media(&self) -> &Arc<dyn Media> {
        &self.0.media
    }
    pub(crate) fn warnings(&self) -> &Warnings {
        &self.0.warnings
    }
    pub(crate) fn arrivals(&self) -> &Arc<Arrivals> {
        &self.0.arrivals
    }
    pub(crate) fn host(&self) -> &Arc<dyn Host> {
        &self.0.host
    }
    /// 16 random bytes.
    pub(crate) fn random16(&self) -> Result<[u8; 16], Refusal> {
        random(self.host().as_ref())
    }
    /// An id for a new node: `first` and the hundred trillion after it, at random.
    pub(crate) fn random_node_id(&self, first: u64) -> Result<u64, Refusal> {
        let random = u64::from_be_bytes(random(self.host().as_ref())?);
        Ok(first + random % 100_000_000_000_000)
    }
    /// Calls that live now.
    pub fn live_calls(&self) -> usize {
        self.0.live.count()
    }
    /// Whether the platform is stopping and takes no new calls.
    pub fn draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }
    pub(crate) fn start_draining(&self) {
        self.0.draining.store(true, Ordering::Release);
    }
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }
    pub(crate) fn live(&self) -> &Live {
        &self.0.live
    }
    pub(crate) fn quiet(&self) -> &Arc<Quiet> {
        &self.0.quiet
    }
    pub(crate) fn webhooks(&self) -> &mpsc::UnboundedSender<DeliveryJob> {
        &self.0.deliveries
    }
    /// Who sends mail from now on. A second one takes nothing: its channel is closed from the start.
    pub(crate) fn set_mailer(&self) -> mpsc::UnboundedReceiver<MailJob> {
        let (sender, jobs) = mpsc::unbounded_channel();
        if self.0.mailer.set(sender).is_ok() {
            self.0.mail.store(true, Ordering::Release);
        }
        jobs
    }
    pub(crate) fn hand_to_mailer(&self, id: MailId) {
        if let Some(mailer) = self.0.mailer.get() {
            let pending = self.quiet().begin();
            // Where nobody takes mail any more the platform is stopping; the store keeps this one.
            let _ = mailer.send(MailJob { id, pending });
        }
    }
    /// The log of the sandbox's inspector, which is kept from the first time somebody asks for it.
    pub fn inspector(&self) -> Arc<Inspector> {
        let new = || Arc::new(Inspector::new(self.0.clock.clone(), self.0.host.clone()));
        self.0.inspector.get_or_init(new).clone()
    }
    /// The log, where somebody has asked for it.
    pub(crate) fn inspecting(&self) -> Option<&Inspector> {
        self.0.inspector.get().map(Arc::as_ref)
    }
    pub(crate) fn fault_seam(&self) -> &OnceLock<FaultSeam> {
        &self.0.faults
    }
    pub(crate) fn timers_changed(&self) -> &Notify {
        &self.0.timers_changed
    }
    pub(crate) fn timer_turn(&self) -> &tokio::sync::Mutex<()> {
        &self.0.timer_turn
    }
    pub(crate) fn stop_signal(&self) -> &watch::Sender<bool> {
        &self.0.stop
    }
    pub(crate) fn sounds(&self) -> &SoundCache {
        &self.0.sounds
    }
    pub(crate) fn silence(&self) -> Arc<EncodedSound> {
        self.0.silence.clone()
    }
    pub(crate) fn next_bridge(&self) -> u64 {
        self.0.next_bridge.fetch_add(1, Ordering::Relaxed)
    }
    pub(crate) fn attach(&self, user: WaId) -> PhoneHandle {
        self.0.live.attach(user, self.0.detach.clone())
    }

    /// Reads committed state on a connection of its own.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&mut dyn Rows) -> StoreResult<T>,
    ) -> StoreResult<T> {
        self.0.readers.read(work)
    }

    /// What is at the user's end of a call to them: their phone if one is attached, else the simulated one.
    pub(crate) fn user_leg(&self, user: WaId) -> Result<UserLegKind, Refusal> {
        if self.live().has_phone(user) {
            return Ok(UserLegKind::Phone);
        }
        let known = self
            .read(|rows| rows.user(user))
            .map_err(|e| Refusal::Internal(e.to_string()))?;
        Ok(match known {
            Some(user) if user.behaviour.is_some() => UserLegKind::Simulated,
            None if self.config().create_users => UserLegKind::Simulated,
            _ => UserLegKind::Phone,
        })
    }

    /// Runs a job that nobody waits for; a jump of the clock does. While the store fails it is tried again: what the media or a
    /// phone told is told only once.
    pub(crate) fn spawn_job(
        &self,
        what: &'static str,
        job: impl Fn(&mut Step<'_>) -> StoreResult<()> + Clone + Send + 'static,
    ) {
        // A jump waits for the first try only.
        let mut pending = Some(self.quiet().begin());
        let platform = self.clone();
        self.host().spawn(Box::pin(async move {
            for _ in 0..JOB_TRIES {
                let done = platform.ledger().execute(job.clone()).await;
                drop(pending.take());
                let Err(e) = done else {
                    return;
                };
                tracing::warn!(what, error = %e, "a job failed");
                tokio::select! {
                    biased;
                    () = platform.stopping() => return,
                    () = platform.host().sleep(JOB_AGAIN) => {}
                }
            }
            tracing::error!(what, "a job failed too often and is given up");
        }));
    }

    async fn run_detached(self, mut detached: mpsc::UnboundedReceiver<(WaId, u64)>) {
        loop {
            tokio::select! {
                biased;
                gone = detached.recv() => match gone {
                    Some((user, id)) => {
                        self.live().detach(user, id);
                        self.release_webhooks_of_phone(user);
                    }
                    None => return,
                },
                () = self.stopping() => return,
            }
        }
    }

    pub(crate) fn keep_report(&self, call: CallId, report: Arc<CallReport>) {
        self.0.reports.keep(call, report);
    }
    pub(crate) fn kept_report(&self, call: &CallId) -> Option<Arc<CallReport>> {
        self.0.reports.of(call)
    }
    pub(crate) fn report_news(&self) -> tokio::sync::futures::Notified<'_> {
        self.0.reports.news()
    }
    pub(crate) fn forget_reports(&self) {
        self.0.reports.forget();
    }
}
