//! The ledger: every decision runs inside the transaction that records it.
//!
//! One thread owns the store. It takes what has queued up as one batch: a savepoint for each job, one commit for
//! all, then the effects in commit order, then the answers. While the disk works the next batch gathers, so the
//! commit widens with the load and nobody waits for a timer.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use ahoy_calling::admin::AdminRefusal;
use ahoy_calling::limits::LimitTable;
use ahoy_calling::price::PriceList;
use ahoy_calling::{Refusal, place::PhoneRefusal};
use ahoy_faults::{Active, Subject};
use ahoy_store::{Batch, Dump, ReplaceError, Store, StoreError, Tx};
use ahoy_types::RuleTime;
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::effect::Effect;
use crate::host::Host;
use crate::quiet::{Pending, Quiet};
use crate::recover::{self, Recovered};
use crate::timers::CLOCK_KEY;
use crate::{faults, figures};

/// Jobs in one commit at most: bounds how long the first of a batch waits for the last.
const BATCH: usize = 256;
/// The clock's mark is written with the first commit this much rule time after the last one. Less than the
/// heartbeat's second, so that no heartbeat comes too early to write it.
const MARK_EVERY_MS: i64 = 900;

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
        let keeper = Keeper {
            store,
            rim,
            marked: None,
        };
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

/// The ledger's own.
struct Keeper {
    store: Box<dyn Store>,
    rim: Rim,
    /// Rule time of the last mark that was committed.
    marked: Option<RuleTime>,
}

impl Keeper {
    /// Does what has queued up behind `first`, as one batch. Whoever stops the ledger is given back.
    fn turn(&mut self, first: Message, inbox: &mut Inbox) -> Option<oneshot::Sender<()>> {
        let mut jobs = VecDeque::new();
        let mut after = None;
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Job(work) => jobs.push_back(work),
                other => {
                    after = Some(other);
                    break;
                }
            }
            next = if jobs.len() < BATCH {
                inbox.try_recv().ok()
            } else {
                None
            };
        }
        self.run(jobs);
        match after {
            Some(Message::Clear(then)) => self.clear(then),
            Some(Message::Replace(import)) => self.replace(*import),
            Some(Message::Stop(done)) => return Some(done),
            _ => {}
        }
        None
    }

    fn clear(&mut self, then: Box<dyn Work>) {
        match self.store.clear() {
            Ok(()) => {
                // The mark went with the rest: it is written again at once.
                self.marked = None;
                self.run(VecDeque::from([then]));
            }
            Err(e) => then.refuse(e),
        }
    }

    fn replace(&mut self, import: Import) {
        let Import {
            rows,
            now,
            frozen,
            answer,
        } = import;
        let Self { store, rim, .. } = self;
        let mut settled = None;
        let mark = rim.clock.mark_of(now, frozen);
        let replaced = store.replace(&rows, &mut |batch| {
            batch.savepoint(&mut |tx| {
                let mut step = rim.step(tx, now);
                // The calls of before first: an imported one may bear the same id.
                step.effects.push(Effect::StartOver);
                step.tx.put_meta(CLOCK_KEY, &mark)?;
                let recovered = catch_unwind(AssertUnwindSafe(|| recover::recover(&mut step)))
                    .unwrap_or_else(|_| Err(StoreError("the import broke off".into())))?;
                step.effects.push(Effect::TimersChanged);
                settled = Some((recovered, step.effects));
                Ok(true)
            })
        });
        let (recovered, effects) = match (replaced, settled) {
            (Ok(()), Some(settled)) => settled,
            (refused, _) => {
                let e = refused
                    .err()
                    .unwrap_or_else(|| StoreError("the import did not run".into()).into());
                // Whoever asked may have gone away.
                let _ = answer.send(Err(e));
                return;
            }
        };
        rim.clock.set(now, frozen);
        self.marked = Some(now);
        let reply: Reply = Box::new(move |_| {
            let _ = answer.send(Ok(recovered));
        });
        let at = self.rim.host.instant();
        self.answer(reply, effects, at, None);
    }

    /// Runs the jobs, in one commit unless the store fails in the middle: what had not begun by then gets a
    /// transaction of its own.
    fn run(&mut self, mut jobs: VecDeque<Box<dyn Work>>) {
        while !jobs.is_empty() {
            let before = jobs.len();
            let (done, failure) = self.batch(&mut jobs);
            figures::batch(before - jobs.len());
            let at = self.rim.host.instant();
            for (reply, effects) in done {
                self.answer(reply, effects, at, failure.clone());
            }
            if let Some(e) = failure {
                tracing::error!(error = %e, "a commit failed: nothing of its batch happened");
                if jobs.len() == before {
                    // Not one could begin: the store takes nothing at all.
                    jobs.drain(..).for_each(|job| job.refuse(e.clone()));
                }
            }
        }
    }

    fn batch(
        &mut self,
        jobs: &mut VecDeque<Box<dyn Work>>,
    ) -> (Vec<(Reply, Vec<Effect>)>, Option<StoreError>) {
        let mut done: Vec<(Reply, Vec<Effect>)> = Vec::with_capacity(jobs.len());
        let Self { store, rim, marked } = self;
        let mut mark = *marked;
        let committed = store.batch(&mut |batch| {
            while !jobs.is_empty() {
                batch.savepoint(&mut |tx| {
                    // Taken only now: should the savepoint fail, the job has not begun.
                    let Some(job) = jobs.pop_front() else {
                        return Ok(false);
                    };
                    let mut step = rim.step(tx, rim.clock.now());
                    let (keep, reply) = job.run(&mut step);
                    let effects = if keep { step.effects } else { Vec::new() };
                    done.push((reply, effects));
                    Ok(keep)
                })?;
            }
            mark = put_mark(batch, &rim.clock, *marked)?;
            Ok(())
        });
        let failure = committed.err();
        if failure.is_none() {
            self.marked = mark;
        }
        (done, failure)
    }

    fn answer(&self, reply: Reply, effects: Vec<Effect>, at: Instant, failure: Option<StoreError>) {
        if effects.is_empty() || failure.is_some() {
            reply(failure);
            return;
        }
        let committed = Committed {
            effects,
            at,
            answer: Box::new(move || reply(None)),
            pending: self.rim.quiet.begin(),
        };
        // Nobody carries out effects any more: the platform is gone, but the asker may still be there.
        if let Err(mpsc::error::SendError(committed)) = self.rim.effects.send(committed) {
            (committed.answer)();
        }
    }
}

/// Writes the clock's mark if the last one is old, so that rule time never falls behind what was committed.
fn put_mark(
    batch: &mut dyn Batch,
    clock: &Clock,
    last: Option<RuleTime>,
) -> Result<Option<RuleTime>, StoreError> {
    let now = clock.now();
    let recent = 0..MARK_EVERY_MS;
    if last.is_some_and(|last| recent.contains(&now.0.saturating_sub(last.0))) {
        return Ok(last);
    }
    batch.savepoint(&mut |tx| {
        tx.put_meta(CLOCK_KEY, &clock.mark(now))?;
        Ok(true)
    })?;
    Ok(Some(now))
}
