//! What the server costs, second by second.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::api::Api;
use crate::usage::ServerUse;

/// Asks the server once a second what it costs.
pub(super) struct Watcher {
    latest: Arc<Mutex<ServerUse>>,
    task: tokio::task::JoinHandle<()>,
}

impl Watcher {
    pub(super) async fn start(api: Arc<Api>) -> Self {
        let latest = Arc::new(Mutex::new(ServerUse::default()));
        if let Some(text) = api.metrics().await {
            *latest.lock().unwrap_or_else(PoisonError::into_inner) = ServerUse::read(&text);
        }
        let shared = Arc::clone(&latest);
        let task = tokio::spawn(async move {
            let mut every = interval(Duration::from_secs(1));
            every.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                every.tick().await;
                if let Some(text) = api.metrics().await {
                    *shared.lock().unwrap_or_else(PoisonError::into_inner) = ServerUse::read(&text);
                }
            }
        });
        Self { latest, task }
    }
    pub(super) fn read(&self) -> ServerUse {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}
