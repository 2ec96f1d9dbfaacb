//! Media reports of ended calls whose audio is still at hand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ahoy_media::CallReport;
use ahoy_types::CallId;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// How many are kept: the newest.
pub(crate) const KEPT: usize = 500;
/// How much sound they hold together, in bytes: five hundred calls of a minute and more. With longer ones fewer are kept.
const KEPT_BYTES: usize = 128 << 20;

/// The shelf of reports.
#[derive(Default)]
pub(crate) struct Reports {
    kept: Mutex<Shelf>,
    news: Notify,
}

#[derive(Default)]
struct Shelf {
    reports: VecDeque<(CallId, Arc<CallReport>)>,
    bytes: usize,
}

fn size(report: &CallReport) -> usize {
    report.recording.as_ref().map_or(0, |sound| sound.size())
}

impl Shelf {
    fn keep(&mut self, call: CallId, report: Arc<CallReport>, most: usize) {
        self.bytes += size(&report);
        self.reports.push_back((call, report));
        // The newest stays, whatever it holds.
        while self.reports.len() > KEPT || (self.bytes > most && self.reports.len() > 1) {
            let Some((_, oldest)) = self.reports.pop_front() else {
                break;
            };
            self.bytes -= size(&oldest);
        }
    }
}

impl Reports {
    // Nothing panics while the lock is held; a poisoned shelf is still a right one.
    fn lock(&self) -> MutexGuard<'_, Shelf> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
    pub(crate) fn keep(&self, call: CallId, report: Arc<CallReport>) {
        self.lock().keep(call, report, KEPT_BYTES);
        self.news.notify_waiters();
    }
    /// Ready when another report is kept, from this call on.
    pub(crate) fn news(&self) -> Notified<'_> {
        self.news.notified()
    }
    pub(crate) fn of(&self, call: &CallId) -> Option<Arc<CallReport>> {
        let kept = self.lock();
        let (_, report) = kept.reports.iter().rev().find(|(id, _)| id == call)?;
        Some(report.clone())
    }
    pub(crate) fn forget(&self) {
        *self.lock() = Shelf::default();
    }
}
