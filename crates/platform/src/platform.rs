//! The handle the edges hold, and the tasks behind it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ahoy_audio::{AudioError, EncodedSound, SoundCache};
use ahoy_calling::limits::LimitTable;
use ahoy_calling::{EndCause, Refusal};
use ahoy_media::{
    BridgeId, CallReport, CallSetup, LocalUser, MediaConfig, MediaEngine, MediaError, Side, UserLeg,
};
use ahoy_store::{Reader, Result as StoreResult, Rows, Store, StoreError};
use ahoy_types::{CallId, RuleTime, WaId};
use tokio::sync::{Notify, mpsc};

use crate::clock::Clock;
use crate::effect::{ArmCall, DeliveryJob, Effect, PhoneEvent};
use crate::ledger::{Ledger, Rim, Step};
use crate::live::{Live, LiveCall, PhoneHandle, UserLegKind};
use crate::outbox::{self, AttemptReport, Target};
use crate::recover::HEARTBEAT_KEY;
use crate::timers::CLOCK_KEY;
use crate::{sandbox, user};

/// How the platform is set up.
#[derive(Debug, Clone)]
pub struct PlatformConfig {
    /// Numbers of the rules.
    pub limits: LimitTable,
    /// Whether a number nobody knows becomes a simulated user on first use (`dev`), or cannot be called (`serve`).
    pub create_users: bool,
    /// Take the DTLS client's part in answers to offers that leave the choice (`media.md` §6).
    pub prefer_active: bool,
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

/// Reports of ended calls whose audio is still at hand.
const KEPT_REPORTS: usize = 500;
/// How often the heartbeat is written while a call is connected.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Counts what is under way: deliveries handed out, jobs that effects started.
#[derive(Default)]
pub(crate) struct Quiet {
    count: AtomicUsize,
    changed: Notify,
}

impl Quiet {
    pub(crate) fn begin(&self) {
        self.count.fetch_add(1, Ordering::AcqRel);
    }
    pub(crate) fn end(&self) {
        // Never below zero: a reset forgets what was under way.
        let _ = self
            .count
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| {
                Some(n.saturating_sub(1))
            });
        self.changed.notify_waiters();
    }
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
    pub(crate) async fn wait(&self) {
        loop {
            let changed = self.changed.notified();
            if self.count() == 0 {
                return;
            }
            changed.await;
        }
    }
}

/// What all handles share.
pub struct Shared {
    config: PlatformConfig,
    clock: Arc<Clock>,
    ledger: Ledger,
    media: MediaEngine,
    live: Live,
    readers: Mutex<Vec<Box<dyn Reader>>>,
    fresh_reader: Box<dyn Fn() -> StoreResult<Box<dyn Reader>> + Send + Sync>,
    sounds: SoundCache,
    silence: Arc<EncodedSound>,
    reports: Mutex<VecDeque<(CallId, Arc<CallReport>)>>,
    deliveries: mpsc::UnboundedSender<DeliveryJob>,
    detach: mpsc::UnboundedSender<(WaId, u64)>,
    quiet: Arc<Quiet>,
    timers_changed: Notify,
    timer_turn: tokio::sync::Mutex<()>,
    next_bridge: AtomicU64,
    draining: AtomicBool,
    stop: tokio::sync::watch::Sender<bool>,
}

/// The platform. Cheap to clone.
#[derive(Clone)]
pub struct Platform(Arc<Shared>);

/// 16 random bytes from the system.
pub(crate) fn random16() -> Result<[u8; 16], Refusal> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|e| Refusal::Internal(format!("the system gives no random bytes: {e}")))?;
    Ok(bytes)
}

impl Platform {
    /// Starts everything: the ledger, the media workers, the scheduler. What a crash left behind is settled before
    /// this answers. The receiver hands out webhooks to be sent.
    pub async fn start(
        store: Box<dyn Store>,
        config: PlatformConfig,
    ) -> Result<(Self, mpsc::UnboundedReceiver<DeliveryJob>), PlatformError> {
        let clock = Arc::new(Clock::default());
        let mut first_reader = store.reader()?;
        let mut mark = None;
        first_reader.read(&mut |rows| {
            mark = rows.meta(CLOCK_KEY)?;
            Ok(())
        })?;
        if let Some(ms) = mark.and_then(|text| text.parse().ok()) {
            clock.at_least(RuleTime(ms));
        }
        // Readers are made by the store, which moves to the ledger's thread: one extra is kept as their source.
        let source = Mutex::new(store.reader()?);
        let fresh_reader = Box::new(move || {
            source
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .another()
        });
        let (media_tx, media_events) = mpsc::unbounded_channel();
        let media = MediaEngine::start(config.media.clone(), move |event| {
            let _ = media_tx.send(event);
        })?;
        let (effects_tx, effects) = mpsc::unbounded_channel();
        let quiet = Arc::new(Quiet::default());
        let ledger = Ledger::start(
            store,
            Rim {
                clock: clock.clone(),
                quiet: quiet.clone(),
                effects: effects_tx,
            },
            config.limits.clone(),
        )?;
        let (deliveries, jobs) = mpsc::unbounded_channel();
        let (detach, detached) = mpsc::unbounded_channel();
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(|e| std::io::Error::other(e.to_string()))?;
        let platform = Self(Arc::new(Shared {
            config,
            clock,
            ledger,
            media,
            live: Live::default(),
            readers: Mutex::new(vec![first_reader]),
            fresh_reader,
            silence: Arc::new(EncodedSound::silence()?),
            sounds: SoundCache::default(),
            reports: Mutex::default(),
            deliveries,
            detach,
            quiet,
            timers_changed: Notify::new(),
            timer_turn: tokio::sync::Mutex::new(()),
            // Stays below i64::MAX, and bridges of one process never meet those of another in the store.
            next_bridge: AtomicU64::new(u64::from_be_bytes(seed) >> 2),
            draining: AtomicBool::new(false),
            stop: tokio::sync::watch::Sender::new(false),
        }));
        tokio::spawn(platform.clone().run_effects(effects));
        tokio::spawn(platform.clone().run_media_events(media_events));
        tokio::spawn(platform.clone().run_detached(detached));
        let recovered = platform.recover().await?;
        if recovered.calls + recovered.deliveries > 0 {
            tracing::info!(
                calls = recovered.calls,
                deliveries = recovered.deliveries,
                "settled what the last run left behind"
            );
        }
        tokio::spawn(platform.clone().run_timers());
        tokio::spawn(platform.clone().run_heartbeat());
        Ok((platform, jobs))
    }

    /// How it is set up.
    pub fn config(&self) -> &PlatformConfig {
        &self.0.config
    }
    /// Rule time.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }
    /// The media engine.
    pub fn media(&self) -> &MediaEngine {
        &self.0.media
    }
    /// Calls that live now.
    pub fn live_calls(&self) -> usize {
        self.0.live.count()
    }
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }
    pub(crate) fn live(&self) -> &Live {
        &self.0.live
    }
    pub(crate) fn quiet(&self) -> &Quiet {
        &self.0.quiet
    }
    pub(crate) fn timers_changed(&self) -> &Notify {
        &self.0.timers_changed
    }
    pub(crate) fn timer_turn(&self) -> &tokio::sync::Mutex<()> {
        &self.0.timer_turn
    }
    pub(crate) fn next_bridge(&self) -> u64 {
        self.0.next_bridge.fetch_add(1, Ordering::Relaxed)
    }
    pub(crate) fn attach(&self, user: WaId) -> PhoneHandle {
        self.0.live.attach(user, self.0.detach.clone())
    }
    pub(crate) async fn stopping(&self) {
        let mut stop = self.0.stop.subscribe();
        // The sender lives as long as the platform.
        let _ = stop.wait_for(|stop| *stop).await;
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

    /// Reads committed state on a connection of its own.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&mut dyn Rows) -> StoreResult<T>,
    ) -> StoreResult<T> {
        let pooled = self
            .0
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut reader = match pooled {
            Some(reader) => reader,
            None => (self.0.fresh_reader)()?,
        };
        let mut work = Some(work);
        let mut result = None;
        reader.read(&mut |rows| {
            if let Some(work) = work.take() {
                result = Some(work(rows)?);
            }
            Ok(())
        })?;
        self.0
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(reader);
        result.ok_or_else(|| StoreError("the reader did not run".into()))
    }

    /// Runs a job that nobody waits for; a jump of the clock does.
    pub(crate) fn spawn_job(
        &self,
        what: &'static str,
        job: impl FnOnce(&mut Step<'_>) -> StoreResult<()> + Send + 'static,
    ) {
        self.quiet().begin();
        let platform = self.clone();
        tokio::spawn(async move {
            if let Err(e) = platform.ledger().execute(job).await {
                tracing::warn!(what, error = %e, "a job failed");
            }
            platform.quiet().end();
        });
    }

    async fn run_effects(self, mut effects: mpsc::UnboundedReceiver<Vec<Effect>>) {
        while let Some(batch) = effects.recv().await {
            for effect in batch {
                self.carry_out(effect);
            }
            // Begun by the ledger when it sent the batch.
            self.quiet().end();
        }
    }

    fn carry_out(&self, effect: Effect) {
        match effect {
            Effect::Arm(arm) => self.arm(*arm),
            Effect::BusinessRemote { bridge, remote } => {
                self.media()
                    .set_remote(BridgeId(bridge), Side::Business, remote);
            }
            Effect::OpenGate { bridge } => self.media().open_gate(BridgeId(bridge)),
            Effect::Ring { call } => self.ring(&call),
            Effect::Connected { call } => {
                self.live().set_connected(&call);
                if let Some(live) = self.live().get(&call) {
                    self.live()
                        .tell(live.user, &PhoneEvent::Connected { call_id: call });
                }
            }
            Effect::Ended {
                call,
                bridge,
                cause,
            } => self.end(call, bridge, cause),
            Effect::Deliver(id) => {
                self.quiet().begin();
                if self.0.deliveries.send(DeliveryJob { id }).is_err() {
                    self.quiet().end();
                }
            }
            Effect::TimersChanged => self.timers_changed().notify_one(),
        }
    }

    fn arm(&self, arm: ArmCall) {
        let user = match arm.leg {
            UserLegKind::Phone => UserLeg::WebRtc,
            UserLegKind::Simulated => UserLeg::Local(LocalUser {
                sound: self.sound_of(arm.user),
            }),
        };
        let bridge = BridgeId(arm.bridge);
        // The worker takes commands before packets, so whatever the webhook brings back finds the legs there.
        self.media().arm(
            bridge,
            CallSetup {
                plan: arm.plan,
                user,
            },
        );
        if let Some(remote) = arm.business_remote {
            self.media().set_remote(bridge, Side::Business, remote);
        }
        self.live().add(
            arm.call,
            LiveCall {
                bridge: arm.bridge,
                number: arm.number,
                business_name: arm.business_name,
                user: arm.user,
                direction: arm.direction,
                leg: arm.leg,
                user_offer: arm.user_offer,
                connected: false,
            },
        );
    }

    fn ring(&self, call: &CallId) {
        let Some(live) = self.live().get(call) else {
            return;
        };
        match live.leg {
            UserLegKind::Phone => {
                let told = ring_event(call, &live)
                    .is_some_and(|event| self.live().tell(live.user, &event));
                if !told {
                    tracing::info!(%call, user = %live.user, "no phone of the user is there to ring");
                }
            }
            UserLegKind::Simulated => {
                let id = call.clone();
                self.spawn_job("ring", move |step| {
                    let job = user::rings(step, &id).and_then(|()| user::plan_answer(step, &id));
                    sandbox::or_log(job)
                });
            }
        }
    }

    fn end(&self, call: CallId, bridge: u64, cause: EndCause) {
        self.media().close(BridgeId(bridge));
        if let Some(live) = self.live().remove(&call) {
            let event = PhoneEvent::Ended {
                call_id: call,
                cause: cause.as_str().to_owned(),
                connected: live.connected,
            };
            self.live().tell(live.user, &event);
        }
    }

    /// Takes a call's media away and tells the phone, without a webhook: the sandbox starts over.
    pub(crate) fn silence(&self, call: &CallId) {
        if let Some(live) = self.live().get(call) {
            self.end(call.clone(), live.bridge, EndCause::SetupLost);
        }
    }

    fn sound_of(&self, user: WaId) -> Arc<ahoy_audio::EncodedSound> {
        let audio = self
            .read(|rows| rows.user(user))
            .ok()
            .flatten()
            .and_then(|u| u.behaviour)
            .map(|b| b.audio)
            .unwrap_or_default();
        sandbox::encode(&self.0.sounds, &audio, &self.0.silence)
    }

    async fn run_detached(self, mut detached: mpsc::UnboundedReceiver<(WaId, u64)>) {
        while let Some((user, id)) = detached.recv().await {
            self.live().detach(user, id);
        }
    }

    /// Keeps in the store when the platform was last seen alive with a connected call.
    async fn run_heartbeat(self) {
        let mut tick = tokio::time::interval(HEARTBEAT);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = self.stopping() => return,
            }
            if self.live().any_connected() {
                let job = |step: &mut Step<'_>| {
                    let now = step.now.0.to_string();
                    step.tx.put_meta(HEARTBEAT_KEY, &now)
                };
                if let Err(e) = self.ledger().execute(job).await {
                    tracing::warn!(error = %e, "the heartbeat could not be written");
                }
            }
        }
    }

    /// Where a delivery goes, its body, and the key of its signature; `None` if it is gone.
    pub fn delivery_target(&self, job: DeliveryJob) -> StoreResult<Option<Target>> {
        self.read(|rows| outbox::target(rows, job.id))
    }

    /// An attempt is over. `began` is the rule time at which it was started.
    pub async fn delivery_attempted(
        &self,
        job: DeliveryJob,
        report: AttemptReport,
        began: RuleTime,
    ) -> StoreResult<()> {
        let result = self
            .ledger()
            .execute(move |step| outbox::attempted(step, job.id, report, began))
            .await;
        self.quiet().end();
        result
    }

    /// A handed-out delivery will not be attempted (it is gone).
    pub fn delivery_dropped(&self) {
        self.quiet().end();
    }

    pub(crate) fn keep_report(&self, call: CallId, report: Arc<CallReport>) {
        let mut kept = self
            .0
            .reports
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_REPORTS {
            kept.pop_front();
        }
        kept.push_back((call, report));
    }

    pub(crate) fn kept_report(&self, call: &CallId) -> Option<Arc<CallReport>> {
        let kept = self
            .0
            .reports
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .rev()
            .find(|(id, _)| id == call)
            .map(|(_, r)| r.clone())
    }

    pub(crate) fn forget_reports(&self) {
        self.0
            .reports
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Stops taking calls, ends the live ones with their webhooks, and waits up to `limit` for these to be
    /// delivered; what is left stays in the outbox.
    pub async fn drain(&self, limit: Duration) {
        self.0.draining.store(true, Ordering::Release);
        if let Err(e) = self.end_all().await {
            tracing::error!(error = %e, "the live calls could not be ended");
        }
        // The effects of the ends are queued by now: they went out with the answer.
        let _ = tokio::time::timeout(limit, self.quiet().wait()).await;
        self.0.stop.send_replace(true);
        self.media().shutdown();
        self.ledger().stop();
    }

    /// Whether the platform is stopping and takes no new calls.
    pub fn draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }
}

/// The ring of a real phone.
pub(crate) fn ring_event(call: &CallId, live: &LiveCall) -> Option<PhoneEvent> {
    Some(PhoneEvent::Ring {
        call_id: call.clone(),
        phone_number_id: live.number,
        name: live.business_name.clone(),
        sdp: live.user_offer.clone()?,
    })
}
