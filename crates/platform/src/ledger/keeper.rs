//! The ledger's own thread: batches, commits, and what follows from them.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use ahoy_store::{Batch, Store, StoreError};
use ahoy_types::RuleTime;
use tokio::sync::{mpsc, oneshot};

use super::{Committed, Import, Inbox, Message, Reply, Rim, Work};
use crate::clock::Clock;
use crate::effect::Effect;
use crate::figures;
use crate::recover;
use crate::timers::CLOCK_KEY;

/// Jobs in one commit at most: bounds how long the first of a batch waits for the last.
const BATCH: usize = 256;
/// The clock's mark is written with the first commit this much rule time after the last one. Less than the
/// heartbeat's second, so that no heartbeat comes too early to write it.
const MARK_EVERY_MS: i64 = 900;

/// Owns the store and turns what queues up into commits.
pub(super) struct Keeper {
    store: Box<dyn Store>,
    rim: Rim,
    /// Rule time of the last mark that was committed.
    marked: Option<RuleTime>,
}

impl Keeper {
    pub(super) fn new(store: Box<dyn Store>, rim: Rim) -> Self {
        Self {
            store,
            rim,
            marked: None,
        }
    }

    /// Does what has queued up behind `first`, as one batch. Whoever stops the ledger is given back.
    pub(super) fn turn(
        &mut self,
        first: Message,
        inbox: &mut Inbox,
    ) -> Option<oneshot::Sender<()>> {
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
