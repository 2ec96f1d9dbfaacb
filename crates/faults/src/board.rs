//! Which plans hold: one for everybody, and those that came with one request.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ahoy_types::{CallId, DeliveryId};

use crate::active::Active;
use crate::plan::Plan;

/// Calls and webhooks that came under faults by a request and are remembered: the newest.
const REMEMBERED: usize = 4_096;

/// What a request caused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A call, with all its media and webhooks from then on.
    Call(CallId),
    /// One webhook.
    Delivery(DeliveryId),
}

#[derive(Debug, Default)]
struct Scopes {
    of: HashMap<Subject, Vec<Arc<Active>>>,
    order: VecDeque<Subject>,
}

/// The plans that hold.
#[derive(Debug, Default)]
pub struct Board {
    global: Mutex<Arc<Active>>,
    at_start: Mutex<Plan>,
    scopes: Mutex<Scopes>,
}

// Nothing panics while a lock is held; what a poisoned one guards is still right.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Board {
    /// The plan for everybody.
    pub fn global(&self) -> Arc<Active> {
        lock(&self.global).clone()
    }
    /// Another plan for everybody, for what comes after the webhook `last`.
    pub fn set(&self, plan: Plan, last: DeliveryId) -> Arc<Active> {
        let active = Arc::new(Active::new(plan, Some(last)));
        *lock(&self.global) = active.clone();
        active
    }
    /// The plan the process was started with: [`Board::start_over`] goes back to it.
    pub fn begin_with(&self, plan: Plan, last: DeliveryId) {
        *lock(&self.at_start) = plan.clone();
        self.set(plan, last);
    }
    /// As at the start; what came with single requests is forgotten.
    pub fn start_over(&self, last: DeliveryId) {
        let plan = lock(&self.at_start).clone();
        self.set(plan, last);
        *lock(&self.scopes) = Scopes::default();
    }
    /// A request under these faults caused this.
    pub fn put_under(&self, subject: Subject, faults: Arc<Active>) {
        let mut scopes = lock(&self.scopes);
        let Scopes { of, order } = &mut *scopes;
        let known = of.entry(subject.clone()).or_insert_with(|| {
            order.push_back(subject);
            Vec::new()
        });
        if !known.iter().any(|other| Arc::ptr_eq(other, &faults)) {
            known.push(faults);
        }
        if order.len() > REMEMBERED
            && let Some(oldest) = order.pop_front()
        {
            of.remove(&oldest);
        }
    }
    /// Every plan that holds for these: the one for everybody first, each once.
    pub fn over(&self, subjects: &[Subject]) -> Vec<Arc<Active>> {
        let mut found = vec![self.global()];
        let scopes = lock(&self.scopes);
        for faults in subjects
            .iter()
            .filter_map(|subject| scopes.of.get(subject))
            .flatten()
        {
            if !found.iter().any(|other| Arc::ptr_eq(other, faults)) {
                found.push(faults.clone());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Arc<Active> {
        Arc::new(Active::new(Plan::default(), None))
    }

    #[test]
    fn a_call_keeps_what_came_with_its_requests_and_no_other_sees_it() {
        let board = Board::default();
        let [a, b] = [1, 2].map(|n| Subject::Delivery(DeliveryId(n)));
        let (first, second) = (nothing(), nothing());
        for faults in [&first, &second, &first] {
            board.put_under(a.clone(), faults.clone());
        }
        assert_eq!(board.over(&[a.clone(), b.clone()]).len(), 3);
        assert_eq!(board.over(&[b]).len(), 1);
        board.start_over(DeliveryId(0));
        assert_eq!(board.over(&[a]).len(), 1);
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let board = Board::default();
        let faults = nothing();
        let subject = |n: usize| Subject::Delivery(DeliveryId(n as u64));
        for n in 0..=REMEMBERED {
            board.put_under(subject(n), faults.clone());
        }
        assert_eq!(board.over(&[subject(0)]).len(), 1);
        assert_eq!(board.over(&[subject(1)]).len(), 2);
        assert_eq!(lock(&board.scopes).of.len(), REMEMBERED);
    }
}
