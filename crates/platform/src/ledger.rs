//! The ledger: every decision runs inside the transaction that records it.
//!
//! One thread owns the store. It takes what has queued up as one batch: a savepoint for each job, one commit for
//! all, then the answers, then the effects in commit order. While the disk works the next batch gathers, so the
//! commit widens with the load and nobody waits for a timer.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use ahoy_calling::limits::LimitTable;
use ahoy_calling::{Refusal, place::PhoneRefusal};
use ahoy_store::{Store, StoreError, Tx};
use ahoy_types::RuleTime;
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::effect::Effect;
use crate::platform::Quiet;

/// Jobs in one commit at most: bounds how long the first of a batch waits for the last.
const BATCH: usize = 256;

/// What a decision sees and leaves behind.
pub struct Step<'a> {
    /// The rows.
    pub tx: &'a mut dyn Tx,
    /// Rule time.
    pub now: RuleTime,
    /// The limits of both profiles.
    pub limits: &'a LimitTable,
    pub(crate) effects: Vec<Effect>,
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
impl Fault for PhoneRefusal {
    fn internal(sentence: String) -> Self {
        Self::Internal(sentence)
    }
}

type Reply = Box<dyn FnOnce(Option<StoreError>) + Send>;
type Work = Box<dyn FnOnce(&mut Step<'_>) -> (bool, Reply) + Send>;

enum Message {
    Job(Work),
    Clear(oneshot::Sender<Result<(), StoreError>>),
    Stop,
}

/// What the ledger's thread has of the world outside.
pub(crate) struct Rim {
    pub clock: Arc<Clock>,
    pub quiet: Arc<Quiet>,
    pub effects: mpsc::UnboundedSender<Vec<Effect>>,
}

/// Handle of the ledger's thread.
#[derive(Clone)]
pub(crate) struct Ledger {
    queue: Sender<Message>,
}

impl Ledger {
    /// Starts the thread; effects come out of `rim.effects` in commit order.
    pub(crate) fn start(
        store: Box<dyn Store>,
        rim: Rim,
        limits: LimitTable,
    ) -> std::io::Result<Self> {
        let (queue, inbox) = channel();
        std::thread::Builder::new()
            .name("ledger".into())
            .spawn(move || serve(store, &rim, &limits, &inbox))?;
        Ok(Self { queue })
    }

    /// Runs `job` in a transaction of its own. Its writes and effects stay only if it answers `Ok`; the answer comes
    /// after the commit.
    pub(crate) async fn execute<T, E>(
        &self,
        job: impl FnOnce(&mut Step<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: Fault,
    {
        let (answer, wait) = oneshot::channel();
        let work: Work = Box::new(move |step| {
            let result = job(step);
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
        });
        let stopped = || E::internal("the platform is stopping".into());
        self.queue.send(Message::Job(work)).map_err(|_| stopped())?;
        wait.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Deletes everything.
    pub(crate) async fn clear(&self) -> Result<(), StoreError> {
        let (answer, wait) = oneshot::channel();
        let stopped = || StoreError("the platform is stopping".into());
        self.queue
            .send(Message::Clear(answer))
            .map_err(|_| stopped())?;
        wait.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// The thread ends after what is queued now.
    pub(crate) fn stop(&self) {
        let _ = self.queue.send(Message::Stop);
    }
}

fn serve(mut store: Box<dyn Store>, rim: &Rim, limits: &LimitTable, inbox: &Receiver<Message>) {
    while let Ok(first) = inbox.recv() {
        let mut jobs = Vec::new();
        let mut after = None;
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Job(work) => jobs.push(work),
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
        run_batch(store.as_mut(), rim, limits, jobs);
        match after {
            Some(Message::Clear(answer)) => {
                let _ = answer.send(store.clear());
            }
            Some(Message::Stop) => return,
            _ => {}
        }
    }
}

fn run_batch(store: &mut dyn Store, rim: &Rim, limits: &LimitTable, jobs: Vec<Work>) {
    if jobs.is_empty() {
        return;
    }
    let mut jobs = jobs.into_iter();
    let mut done: Vec<(Reply, Vec<Effect>)> = Vec::with_capacity(jobs.len());
    let committed = store.batch(&mut |batch| {
        for job in jobs.by_ref() {
            let mut job = Some(job);
            batch.savepoint(&mut |tx| {
                let Some(job) = job.take() else {
                    return Ok(false);
                };
                let mut step = Step {
                    tx,
                    now: rim.clock.now(),
                    limits,
                    effects: Vec::new(),
                };
                let (keep, reply) = job(&mut step);
                let wanted = if keep { step.effects } else { Vec::new() };
                done.push((reply, wanted));
                Ok(keep)
            })?;
        }
        Ok(())
    });
    let failure = committed.err();
    if let Some(e) = &failure {
        tracing::error!(error = %e, "a commit failed: nothing of its batch happened");
    }
    for (reply, wanted) in done {
        let wanted = if failure.is_none() {
            wanted
        } else {
            Vec::new()
        };
        // Before the answer: whoever gets it may at once wait for what it caused.
        if !wanted.is_empty() {
            rim.quiet.begin();
        }
        reply(failure.clone());
        if !wanted.is_empty() && rim.effects.send(wanted).is_err() {
            rim.quiet.end();
        }
    }
}
