//! The ledger: every decision runs inside the transaction that records it.
//!
//! One thread owns the store. It takes what has queued up as one batch: a savepoint for each job, one commit for
//! all, then the effects in commit order, then the answers. While the disk works the next batch gathers, so the
//! commit widens with the load and nobody waits for a timer.

mod keeper;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use ahoy_calling::admin::AdminRefusal;
use ahoy_calling::limits::LimitTable;
use ahoy_calling::price::PriceList;
use ahoy_calling::{Refusal, place::PhoneRefusal};
use ahoy_faults::{Active, Subject};
use ahoy_store::{Dump, ReplaceError, Store, StoreError, Tx};
use ahoy_types::RuleTime;
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::effect::Effect;
use crate::faults;
use crate::host::Host;
use crate::quiet::{Pending, Quiet};
use crate::recover::Recovered;

use keeper::Keeper;

/// What a decision sees and leaves behind.
pub struct Step<'a> {
    /// The rows.
    pub tx: &'a mut dyn Tx,
    /// Rule time.
    pub now: RuleTime,
    /// The limits of both profiles.
    pub limits: &'a LimitTable,
    /// What calls cost.
    pub prices: &'a PriceList,
    /// Whether the platform is stopping and takes no new calls.
    pub(crate) draining: bool,
    /// Whether somebody sends mail.
    pub(crate) mail: bool,
    pub(crate) host: &'a dyn Host,
    /// Faults that came with the request that asked for this.
    pub(crate) faults: Option<Arc<Active>>,
    pub(crate) effects: Vec<Effect>,
}

impl Step<'_> {
    /// What the request behind this has caused comes under the faults that came with it.
    pub(crate) fn put_under_faults(&mut self, subject: Subject) {
        if let Some(faults) = self.faults.clone() {
            self.effects.push(Effect::PutUnder { subject, faults });
        }
    }
}

/// An error a job can give, the store's failures included.
pub trait Fault: Send + 'static {
    /// The store failed, or the platform is stopping: nothing happened.
    fn internal(sentence: String) -> Self;
}

impl Fault for StoreError {
    fn internal(sentence: String) -> Self {
        Self(sentence)
    }
}
impl Fault for Refusal {
    fn internal(sentence: String) -> Self {
        Self::Internal(sentence)
    }
}
impl Fault for AdminRefusal {
    fn internal(sentence: String) -> Self {
        Self::Internal(sentence)
    }
}
impl Fault for crate::identity::NumberRefusal {
    fn internal(sentence: String) -> Self {
        Self::Internal(sentence)
    }
}
impl Fault for crate::routing::RoutingRefusal {
    fn internal(sentence: String) -> Self {
        Self::Store(StoreError(sentence))
    }
}
impl Fault for PhoneRefusal {
    fn internal(sentence: String) -> Self {
        Self::Internal(sentence)
    }
}

/// The sentence of whoever comes too late.
pub(crate) const STOPPING: &str = "the platform is stopping";

/// Gives the asker the answer; with an error, that instead of the answer.
type Reply = Box<dyn FnOnce(Option<StoreError>) + Send>;

/// A job in the queue.
trait Work: Send {
    /// Runs it; says whether what it wrote stays.
    fn run(self: Box<Self>, step: &mut Step<'_>) -> (bool, Reply);
    /// It will not run.
    fn refuse(self: Box<Self>, why: StoreError);
}

struct Job<F, T, E> {
    job: F,
    faults: Option<Arc<Active>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Work for Job<F, T, E>
where
    F: FnOnce(&mut Step<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: Fault,
{
    fn run(self: Box<Self>, step: &mut Step<'_>) -> (bool, Reply) {
        let Self {
            job,
            faults,
            answer,
        } = *self;
        step.faults = faults;
        // Whatever a job breaks is undone with its savepoint; the thread that everybody needs goes on.
        let result = catch_unwind(AssertUnwindSafe(|| job(step)))
            .unwrap_or_else(|_| Err(E::internal("a decision broke off".into())));
        let keep = result.is_ok();
        let reply: Reply = Box::new(move |failed| {
            let result = match failed {
                Some(e) => Err(E::internal(e.to_string())),
                None => result,
            };
            // The asker may have gone away; the deed is done all the same.
            let _ = answer.send(result);
        });
        (keep, reply)
    }
    fn refuse(self: Box<Self>, why: StoreError) {
        let _ = self.answer.send(Err(E::internal(why.to_string())));
    }
}

enum Message {
    Job(Box<dyn Work>),
    /// Deletes everything; the job runs before any other sees the empty store.
    Clear(Box<dyn Work>),
    /// Puts other rows in the place of all.
    Replace(Box<Import>),
    Stop(oneshot::Sender<()>),
}

/// Rows that are to take the place of all there are, and the clock that dated them.
struct Import {
    rows: Dump,
    now: RuleTime,
    frozen: bool,
    answer: oneshot::Sender<Result<Recovered, ReplaceError>>,
}

/// A committed job's effects, and its answer, which comes after them: whoever gets it finds them done.
pub(crate) struct Committed {
    pub effects: Vec<Effect>,
    /// When the commit was done.
    pub at: Instant,
    pub answer: Box<dyn FnOnce() + Send>,
    pub pending: Pending,
}

/// What the ledger has of the world outside.
pub(crate) struct Rim {
    pub host: Arc<dyn Host>,
    pub clock: Arc<Clock>,
    pub quiet: Arc<Quiet>,
    pub draining: Arc<AtomicBool>,
    pub mail: Arc<AtomicBool>,
    pub effects: mpsc::UnboundedSender<Committed>,
    pub limits: LimitTable,
    pub prices: Arc<PriceList>,
}

impl Rim {
    /// What a decision at `now` sees.
    fn step<'a>(&'a self, tx: &'a mut dyn Tx, now: RuleTime) -> Step<'a> {
        Step {
            tx,
            now,
            limits: &self.limits,
            prices: &self.prices,
            draining: self.draining.load(Ordering::Acquire),
            mail: self.mail.load(Ordering::Acquire),
            host: self.host.as_ref(),
            faults: None,
            effects: Vec::new(),
        }
    }
}

/// Handle of the ledger.
#[derive(Clone)]
pub(crate) struct Ledger {
    queue: mpsc::UnboundedSender<Message>,
}

impl Ledger {
    pub(crate) fn start(store: Box<dyn Store>, rim: Rim) -> std::io::Result<Self> {
        let (queue, inbox) = mpsc::unbounded_channel();
        let host = rim.host.clone();
        let keeper = Keeper::new(store, rim);
        host.run_ledger(LedgerLoop { keeper, inbox })?;
        Ok(Self { queue })
    }

    /// Runs `job` in a transaction of its own. Its writes and effects stay only if it answers `Ok`; the answer comes
    /// after the commit, and after its effects were carried out.
    pub(crate) async fn execute<T, E>(
        &self,
        job: impl FnOnce(&mut Step<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: Fault,
    {
        self.ask(job, Message::Job).await
    }

    /// Deletes everything, then runs `job` before any other.
    pub(crate) async fn clear<T, E>(
        &self,
        job: impl FnOnce(&mut Step<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: Fault,
    {
        self.ask(job, Message::Clear).await
    }

    /// Puts `rows` in the place of all there are, and the clock to `now`; what the rows say is under way is settled in the
    /// same transaction.
    pub(crate) async fn replace(
        &self,
        rows: Dump,
        now: RuleTime,
        frozen: bool,
    ) -> Result<Recovered, ReplaceError> {
        let (answer, wait) = oneshot::channel();
        let stopped = || ReplaceError::Store(StoreError(STOPPING.into()));
        let import = Import {
            rows,
            now,
            frozen,
            answer,
        };
        self.queue
            .send(Message::Replace(Box::new(import)))
            .map_err(|_| stopped())?;
        wait.await.unwrap_or_else(|_| Err(stopped()))
    }

    async fn ask<T, E>(
        &self,
        job: impl FnOnce(&mut Step<'_>) -> Result<T, E> + Send + 'static,
        message: fn(Box<dyn Work>) -> Message,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: Fault,
    {
        let (answer, wait) = oneshot::channel();
        let stopped = || E::internal(STOPPING.into());
        self.queue
            .send(message(Box::new(Job {
                job,
                faults: faults::current(),
                answer,
            })))
            .map_err(|_| stopped())?;
        wait.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Ends the thread after what is queued now, and waits for that.
    pub(crate) async fn stop(&self) {
        let (done, wait) = oneshot::channel();
        if self.queue.send(Message::Stop(done)).is_ok() {
            let _ = wait.await;
        }
    }
}

type Inbox = mpsc::UnboundedReceiver<Message>;

/// The ledger at work: owns the store, takes jobs until it is stopped or nobody can ask any more. How it waits for them is
/// the host's business: on a thread of its own, or as a task beside others.
pub struct LedgerLoop {
    keeper: Keeper,
    inbox: Inbox,
}

impl LedgerLoop {
    /// Serves on this thread.
    ///
    /// # Panics
    /// Within an asynchronous context.
    pub fn run_blocking(self) {
        let Self {
            mut keeper,
            mut inbox,
        } = self;
        while let Some(first) = inbox.blocking_recv() {
            if let Some(stopped) = keeper.turn(first, &mut inbox) {
                drop(keeper);
                let _ = stopped.send(());
                return;
            }
        }
    }

    /// Serves as a task. A batch runs through without giving way to others.
    pub async fn run(self) {
        let Self {
            mut keeper,
            mut inbox,
        } = self;
        while let Some(first) = inbox.recv().await {
            if let Some(stopped) = keeper.turn(first, &mut inbox) {
                drop(keeper);
                let _ = stopped.send(());
                return;
            }
        }
    }
}
