//! Requests under way: no number and no app takes the server from the others.
//!
//! A rate bounds what comes in a second; this bounds what waits, however slow the server is at the moment. An app asks under
//! its own name, so that nobody fills the share of a number that is not its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ahoy_calling::limits::RequestLimits;
use ahoy_types::AppId;
use ahoy_wire::{ErrorCode, GraphError};

/// Seconds after which requests have been answered.
const AGAIN: u32 = 1;

/// Requests under way.
#[derive(Debug, Default)]
pub(crate) struct Shares(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    all: u32,
    /// Apps with requests under way.
    apps: HashMap<AppId, Count>,
}

#[derive(Debug, Default)]
struct Count {
    all: u32,
    /// By the object in the path.
    nodes: HashMap<u64, u32>,
}

/// A request that is counted, until this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay {
    shares: Arc<Shares>,
    app: AppId,
    node: u64,
}

impl Shares {
    // Nothing panics while the lock is held.
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request of this app about this object.
    ///
    /// # Errors
    /// Code 2 with `Retry-After` where as many are under way as may be.
    pub(crate) fn enter(
        self: &Arc<Self>,
        app: AppId,
        node: u64,
        limits: &RequestLimits,
    ) -> Result<UnderWay, GraphError> {
        let full = |what: String| {
            let details = format!("{what} under way; try again when some are answered.");
            Err(GraphError::new(ErrorCode::ServiceUnavailable, details).with_retry_after(AGAIN))
        };
        let mut counts = self.lock();
        if counts.all >= limits.all {
            return full("The server has as many requests as it takes".into());
        }
        let of_app = counts.apps.get(&app);
        if of_app.map_or(0, |count| count.all) >= limits.app {
            return full(format!("This app has {} requests", limits.app));
        }
        let of_node = of_app.and_then(|count| count.nodes.get(&node));
        if of_node.copied().unwrap_or(0) >= limits.node {
            return full(format!("This app has {} requests to `{node}`", limits.node));
        }
        counts.all += 1;
        let count = counts.apps.entry(app).or_default();
        count.all += 1;
        *count.nodes.entry(node).or_default() += 1;
        Ok(UnderWay {
            shares: self.clone(),
            app,
            node,
        })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut counts = self.shares.lock();
        counts.all -= 1;
        let Some(count) = counts.apps.get_mut(&self.app) else {
            return;
        };
        count.all -= 1;
        if let Some(of_node) = count.nodes.get_mut(&self.node) {
            *of_node -= 1;
            if *of_node == 0 {
                count.nodes.remove(&self.node);
            }
        }
        if count.all == 0 {
            counts.apps.remove(&self.app);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_number_an_app_and_all_have_their_shares() {
        let limits = RequestLimits {
            node: 2,
            app: 3,
            all: 4,
        };
        let shares = Arc::new(Shares::default());
        let enter = |app, node| shares.enter(AppId(app), node, &limits);
        let refused = |app, node| enter(app, node).unwrap_err().details;
        let mut own = vec![enter(1, 71).unwrap(), enter(1, 71).unwrap()];
        assert!(refused(1, 71).starts_with("This app has 2 requests to `71` under way"));
        let foreign = enter(2, 71).unwrap();
        own.push(enter(1, 72).unwrap());
        assert!(refused(3, 73).starts_with("The server has as many"));
        drop(foreign);
        assert!(refused(1, 73).starts_with("This app has 3 requests under way"));
        let error = enter(1, 73).unwrap_err();
        assert_eq!((error.http_status(), error.retry_after()), (503, Some(1)));
        own.clear();
        assert!(enter(1, 71).is_ok());
        let counts = shares.lock();
        assert!(counts.all == 0 && counts.apps.is_empty());
    }
}
