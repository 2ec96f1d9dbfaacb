//! The machine the platform is simulated on: one thread, virtual time, and everything that looks like chance from one seed.
//!
//! Whatever task could run next may run next: the seed picks. Time passes only when nothing can run.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use ahoy_media::{MediaConfig, MediaError};
use ahoy_platform::{Host, LedgerLoop, Media, MediaSink, Task};

use crate::dice::Dice;
use crate::media::{InventedMedia, MediaLog};
use crate::power::Power;

/// When every story begins, by the system's clock: a Monday in September 2026.
pub const EPOCH_MS: i64 = 1_789_977_600_000;

/// The machine. Its tasks die with the power; its time goes on.
pub struct Machine {
    me: Weak<Self>,
    base: Instant,
    power: Arc<Power>,
    ready: Arc<Mutex<BTreeSet<u64>>>,
    state: Mutex<State>,
    media: Arc<MediaLog>,
}

struct State {
    now: Duration,
    ids: Dice,
    order: Dice,
    media: Dice,
    next: u64,
    tasks: BTreeMap<u64, (Task<'static>, Waker)>,
    sleepers: BTreeMap<(Duration, u64), Waker>,
}

struct Wakes {
    id: u64,
    ready: Arc<Mutex<BTreeSet<u64>>>,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        lock(&self.ready).insert(self.id);
    }
    fn wake_by_ref(self: &Arc<Self>) {
        lock(&self.ready).insert(self.id);
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Machine {
    /// A machine at rest.
    pub fn new(seed: u64, power: Arc<Power>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            base: Instant::now(),
            power,
            ready: Arc::default(),
            state: Mutex::new(State {
                now: Duration::ZERO,
                ids: Dice::new(seed, 1),
                order: Dice::new(seed, 2),
                media: Dice::new(seed, 3),
                next: 0,
                tasks: BTreeMap::new(),
                sleepers: BTreeMap::new(),
            }),
            media: Arc::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Time since the story began.
    pub fn now(&self) -> Duration {
        self.state().now
    }

    /// What the media was told.
    pub fn media_log(&self) -> &Arc<MediaLog> {
        &self.media
    }

    /// Runs tasks in an order of chance until none can go on, or the power is cut.
    pub fn run(&self) {
        while !self.power.is_cut() {
            let id = {
                let mut ready = lock(&self.ready);
                let place = match ready.len() {
                    0 => return,
                    1 => 0,
                    many => self.state().order.place(many),
                };
                let Some(id) = ready.iter().nth(place).copied() else {
                    return;
                };
                ready.remove(&id);
                id
            };
            let Some((mut task, waker)) = self.state().tasks.remove(&id) else {
                continue;
            };
            match task.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Pending => {
                    self.state().tasks.insert(id, (task, waker));
                }
                Poll::Ready(()) => drop(task),
            }
        }
    }

    /// Lets time pass, and everything happen that happens meanwhile.
    pub fn pass(&self, time: Duration) {
        let until = self.now() + time;
        loop {
            self.run();
            if self.power.is_cut() || !self.wake_next(until) {
                break;
            }
        }
        if !self.power.is_cut() {
            self.state().now = until;
        }
    }

    /// Goes to the next instant for which somebody waits, at most to `until`. Says whether there was one.
    pub fn wake_next(&self, until: Duration) -> bool {
        let mut state = self.state();
        let Some(at) = state.sleepers.keys().next().map(|(at, _)| *at) else {
            return false;
        };
        if at > until {
            return false;
        }
        state.now = state.now.max(at);
        let later = state.sleepers.split_off(&(at, u64::MAX));
        let due = std::mem::replace(&mut state.sleepers, later);
        drop(state);
        due.into_values().for_each(Waker::wake);
        true
    }

    /// The process is gone: every task with all it knew.
    pub fn kill(&self) {
        // Some were spawned while others were dropped.
        loop {
            let tasks = std::mem::take(&mut self.state().tasks);
            if tasks.is_empty() {
                break;
            }
            drop(tasks);
        }
        lock(&self.ready).clear();
        let sleepers = std::mem::take(&mut self.state().sleepers);
        drop(sleepers);
    }

    /// Bits for the invented media.
    pub(crate) fn chance(&self) -> Dice {
        Dice::new(self.state().media.next(), 0)
    }

    fn sleep_until_offset(&self, at: Duration) -> Sleep {
        let mut state = self.state();
        state.next += 1;
        Sleep {
            machine: self.me.clone(),
            at,
            id: state.next,
        }
    }
}

/// Over when virtual time gets there.
struct Sleep {
    machine: Weak<Machine>,
    at: Duration,
    id: u64,
}

impl Future for Sleep {
    type Output = ();
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(machine) = self.machine.upgrade() else {
            return Poll::Pending;
        };
        let mut state = machine.state();
        if state.now >= self.at {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        state.sleepers.insert((self.at, self.id), waker);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(machine) = self.machine.upgrade() {
            let gone = machine.state().sleepers.remove(&(self.at, self.id));
            drop(gone);
        }
    }
}

impl Host for Machine {
    fn system_ms(&self) -> i64 {
        EPOCH_MS + i64::try_from(self.now().as_millis()).unwrap_or(i64::MAX)
    }
    fn instant(&self) -> Instant {
        self.base + self.now()
    }
    fn random(&self, bytes: &mut [u8]) -> io::Result<()> {
        let mut state = self.state();
        for part in bytes.chunks_mut(8) {
            let random = state.ids.next().to_le_bytes();
            part.copy_from_slice(&random[..part.len()]);
        }
        Ok(())
    }
    fn spawn(&self, task: Task<'static>) {
        let mut state = self.state();
        state.next += 1;
        let id = state.next;
        let wakes = Wakes {
            id,
            ready: self.ready.clone(),
        };
        state.tasks.insert(id, (task, Arc::new(wakes).into()));
        drop(state);
        lock(&self.ready).insert(id);
    }
    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        self.spawn(Box::pin(async move { work() }));
    }
    fn sleep_until(&self, at: Instant) -> Task<'static> {
        Box::pin(self.sleep_until_offset(at.saturating_duration_since(self.base)))
    }
    fn run_ledger(&self, ledger: LedgerLoop) -> io::Result<()> {
        self.spawn(Box::pin(ledger.run()));
        Ok(())
    }
    fn start_media(
        &self,
        _: &MediaConfig,
        events: MediaSink,
    ) -> Result<Arc<dyn Media>, MediaError> {
        let machine = self.me.clone();
        Ok(Arc::new(InventedMedia::new(
            machine,
            self.media.clone(),
            events,
        )))
    }
}
