//! Names to addresses, for the connection that is about to be made: what is not allowed is not connected to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::failure::Failure;
use crate::policy::Policy;

type Looking = Shared<BoxFuture<'static, Vec<SocketAddr>>>;

/// Asks the system, and leaves out what the policy does not allow.
///
/// The client connects to what this answers and to nothing else, and asks anew for each connection: an address that has
/// changed since the last look is judged again. Requests for a name that is being looked up wait for the same look: the
/// system's resolver blocks a thread for each, and one name that hangs must not take them all.
pub(crate) struct Resolver {
    policy: Arc<Policy>,
    looking: Arc<Mutex<HashMap<String, Looking>>>,
}

impl Resolver {
    pub(crate) fn new(policy: Arc<Policy>) -> Self {
        Self {
            policy,
            looking: Arc::default(),
        }
    }

    fn look(&self, name: &str) -> Looking {
        let mut looking = lock(&self.looking);
        if let Some(under_way) = looking.get(name) {
            return under_way.clone();
        }
        let (all, key) = (self.looking.clone(), name.to_owned());
        // A task of its own: whoever asked first may give up, and the others still wait.
        let task = tokio::spawn(async move {
            let found = tokio::net::lookup_host((key.as_str(), 0)).await;
            lock(&all).remove(&key);
            found.map(Iterator::collect).unwrap_or_default()
        });
        let shared = task.map(Result::unwrap_or_default).boxed().shared();
        looking.insert(name.to_owned(), shared.clone());
        shared
    }
}

// Nothing panics while the lock is held.
fn lock(
    looking: &Mutex<HashMap<String, Looking>>,
) -> std::sync::MutexGuard<'_, HashMap<String, Looking>> {
    looking.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        let (policy, looking) = (self.policy.clone(), self.look(&name));
        Box::pin(async move {
            let mut found = looking.await;
            found.retain(|address| policy.allows(address.ip()));
            if found.is_empty() {
                let failure = if policy.is_anywhere() {
                    Failure::NoAddress(name)
                } else {
                    Failure::NoPublicAddress(name)
                };
                return Err(failure.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
