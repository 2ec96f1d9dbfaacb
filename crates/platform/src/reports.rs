//! Media reports of ended calls whose audio is still at hand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ahoy_media::CallReport;
use ahoy_types::CallId;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// How many are kept: the newest.
const KEPT: usize = 500;

/// The shelf of reports.
#[derive(Default)]
pub(crate) struct Reports {
    kept: Mutex<VecDeque<(CallId, Arc<CallReport>)>>,
    news: Notify,
}

impl Reports {
    // Nothing panics while the lock is held; a poisoned shelf is still a right one.
    fn lock(&self) -> MutexGuard<'_, VecDeque<(CallId, Arc<CallReport>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
    pub(crate) fn keep(&self, call: CallId, report: Arc<CallReport>) {
        let mut kept = self.lock();
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((call, report));
        drop(kept);
        self.news.notify_waiters();
    }
    /// Ready when another report is kept, from this call on.
    pub(crate) fn news(&self) -> Notified<'_> {
        self.news.notified()
    }
    pub(crate) fn of(&self, call: &CallId) -> Option<Arc<CallReport>> {
        let kept = self.lock();
        let (_, report) = kept.iter().rev().find(|(id, _)| id == call)?;
        Some(report.clone())
    }
    pub(crate) fn forget(&self) {
        self.lock().clear();
    }
}
