//! What is under way because of something that happened: a jump of the clock, and a stop, wait for it.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ahoy_types::AppId;
use tokio::sync::Notify;

use crate::host::Host;

/// The list of what is under way.
pub(crate) struct Quiet {
    host: Arc<dyn Host>,
    open: Mutex<Open>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    // By the order of their beginning.
    items: BTreeMap<u64, Item>,
}

#[derive(Debug)]
struct Item {
    began: Instant,
    receiver: Option<AppId>,
}

/// One thing under way; it is over when this is dropped, however that comes about.
pub(crate) struct Pending {
    quiet: Arc<Quiet>,
    id: u64,
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pending").field(&self.id).finish()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.quiet.lock().items.remove(&self.id);
        self.quiet.changed.notify_waiters();
    }
}

impl Quiet {
    pub(crate) fn new(host: Arc<dyn Host>) -> Self {
        Self {
            host,
            open: Mutex::default(),
            changed: Notify::new(),
        }
    }

    // Nothing panics while the lock is held; a poisoned list is still a right one.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something of the platform's own begins.
    pub(crate) fn begin(self: &Arc<Self>) -> Pending {
        self.begin_for(None)
    }

    /// A webhook to this receiver is handed out.
    pub(crate) fn begin_delivery(self: &Arc<Self>, receiver: AppId) -> Pending {
        self.begin_for(Some(receiver))
    }

    fn begin_for(self: &Arc<Self>, receiver: Option<AppId>) -> Pending {
        let mut open = self.lock();
        let id = open.next;
        open.next += 1;
        let began = self.host.instant();
        open.items.insert(id, Item { began, receiver });
        Pending {
            quiet: self.clone(),
            id,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().items.len()
    }

    /// Waits until nothing is under way.
    pub(crate) async fn wait(&self) {
        loop {
            let changed = self.changed.notified();
            if self.count() == 0 {
                return;
            }
            changed.await;
        }
    }

    /// Waits until nothing is under way, but for each thing no longer than `patience` of real time since it began.
    /// A receiver with a webhook older than that is not waited for at all until it has answered, so that many
    /// webhooks to one that hangs cost no more than one. Says how much was left behind.
    pub(crate) async fn settle(&self, patience: Duration) -> usize {
        loop {
            let changed = self.changed.notified();
            let Some(until) = self.lock().wait_until(self.host.instant(), patience) else {
                return self.count();
            };
            tokio::select! {
                biased;
                () = changed => {}
                () = self.host.sleep_until(until) => {}
            }
        }
    }
}

impl Open {
    /// When the next of those worth waiting for is given up; `None` when there is none.
    fn wait_until(&self, now: Instant, patience: Duration) -> Option<Instant> {
        let late = |item: &Item| now.saturating_duration_since(item.began) >= patience;
        let hanging: HashSet<AppId> = self
            .items
            .values()
            .filter(|item| late(item))
            .filter_map(|item| item.receiver)
            .collect();
        self.items
            .values()
            .find(|item| !late(item) && item.receiver.is_none_or(|r| !hanging.contains(&r)))
            .map(|item| item.began + patience)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(3);

    fn open(items: &[(u64, Option<u64>)]) -> (Open, Instant) {
        let start = Instant::now();
        let mut open = Open::default();
        for (n, (second, receiver)) in items.iter().enumerate() {
            let item = Item {
                began: start + Duration::from_secs(*second),
                receiver: receiver.map(AppId),
            };
            open.items.insert(n as u64, item);
        }
        (open, start)
    }

    #[test]
    fn each_thing_is_waited_for_from_its_own_beginning() {
        let (open, start) = open(&[(0, None), (2, Some(1))]);
        let at = |s| start + Duration::from_secs(s);
        assert_eq!(open.wait_until(at(2), PATIENCE), Some(at(3)));
        assert_eq!(open.wait_until(at(3), PATIENCE), Some(at(5)));
        assert_eq!(open.wait_until(at(5), PATIENCE), None);
    }

    #[test]
    fn a_receiver_that_hangs_is_waited_for_once_and_the_others_still_are() {
        let (open, start) = open(&[(0, Some(1)), (3, Some(1)), (4, Some(2))]);
        let at = |s| start + Duration::from_secs(s);
        assert_eq!(
            open.wait_until(at(4), PATIENCE),
            Some(at(7)),
            "only receiver 2"
        );
    }

    #[tokio::test]
    async fn what_is_dropped_is_over() {
        let quiet = Arc::new(Quiet::new(Arc::new(crate::host::Tokio)));
        let (a, b) = (quiet.begin(), quiet.begin_delivery(AppId(7)));
        let waiting = tokio::spawn({
            let quiet = quiet.clone();
            async move { quiet.settle(Duration::from_secs(60)).await }
        });
        drop(a);
        let task = tokio::spawn(async move {
            let _b = b;
            panic!("as a broken attempt would");
        });
        assert!(task.await.is_err());
        assert_eq!(waiting.await.unwrap(), 0);
        quiet.wait().await;
    }
}
