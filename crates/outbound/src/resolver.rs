//! Names to addresses, for the connection that is about to be made: what is not allowed is not connected to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::failure::Failure;
use crate::policy::Policy;

/// Asks for the addresses of a name; none where there are none.
type Ask = Arc<dyn Fn(String) -> BoxFuture<'static, Vec<SocketAddr>> + Send + Sync>;
type Looking = Shared<BoxFuture<'static, Vec<SocketAddr>>>;

/// Asks the system, and leaves out what the policy does not allow.
///
/// The client connects to what this answers and to nothing else, and asks anew for each connection: an address that has
/// changed since the last look is judged again. Requests for a name that is being looked up wait for the same look: the
/// system's resolver blocks a thread for each, and one name that hangs must not take them all.
pub(crate) struct Resolver {
    policy: Arc<Policy>,
    ask: Ask,
    looking: Arc<Mutex<HashMap<String, Looking>>>,
}

impl Resolver {
    /// One that asks the system.
    pub(crate) fn new(policy: Arc<Policy>) -> Self {
        let system = |name: String| {
            let found = async move {
                let found = tokio::net::lookup_host((name.as_str(), 0)).await;
                found.map(Iterator::collect).unwrap_or_default()
            };
            found.boxed()
        };
        Self::asking(policy, Arc::new(system))
    }

    fn asking(policy: Arc<Policy>, ask: Ask) -> Self {
        Self {
            policy,
            ask,
            looking: Arc::default(),
        }
    }

    fn look(&self, name: &str) -> Looking {
        let mut looking = lock(&self.looking);
        if let Some(under_way) = looking.get(name) {
            return under_way.clone();
        }
        let (all, key) = (self.looking.clone(), name.to_owned());
        let asked = (self.ask)(key.clone());
        // A task of its own: whoever asked first may give up, and the others still wait.
        let task = tokio::spawn(async move {
            // Forgotten also if the look panics: nobody waits for it twice.
            let _looking = Forget { all, key };
            asked.await
        });
        let shared = task.map(Result::unwrap_or_default).boxed().shared();
        looking.insert(name.to_owned(), shared.clone());
        shared
    }
}

/// Forgets a look when it is over.
struct Forget {
    all: Arc<Mutex<HashMap<String, Looking>>>,
    key: String,
}

impl Drop for Forget {
    fn drop(&mut self) {
        lock(&self.all).remove(&self.key);
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::watch;

    use super::*;

    fn address(text: &str) -> SocketAddr {
        SocketAddr::new(text.parse().unwrap(), 0)
    }

    async fn resolve(resolver: &Resolver, name: &str) -> Result<Vec<SocketAddr>, Failure> {
        match resolver.resolve(name.parse().unwrap()).await {
            Ok(found) => Ok(found.collect()),
            Err(error) => Err(*error.downcast().unwrap()),
        }
    }

    #[tokio::test]
    async fn a_name_that_changes_its_address_is_judged_at_each_connection() {
        let looks = Arc::new(AtomicUsize::new(0));
        let count = looks.clone();
        let rebinds = move |_| {
            let found = match count.fetch_add(1, Ordering::SeqCst) {
                0 => vec![address("1.1.1.1")],
                1 => vec![
                    address("10.0.0.1"),
                    address("2606:4700::1"),
                    address("::ffff:127.0.0.1"),
                ],
                _ => vec![address("169.254.169.254")],
            };
            futures_util::future::ready(found).boxed()
        };
        let resolver = Resolver::asking(Arc::new(Policy::public()), Arc::new(rebinds));
        let name = "rebinds.example";
        assert_eq!(resolve(&resolver, name).await, Ok(vec![address("1.1.1.1")]));
        assert_eq!(
            resolve(&resolver, name).await,
            Ok(vec![address("2606:4700::1")])
        );
        assert_eq!(
            resolve(&resolver, name).await,
            Err(Failure::NoPublicAddress(name.into()))
        );
        assert_eq!(looks.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_name_that_hangs_is_looked_up_once_for_all_who_wait() {
        let (gate, looks) = (watch::Sender::new(false), Arc::new(AtomicUsize::new(0)));
        let (count, opened) = (looks.clone(), gate.subscribe());
        let hangs = move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            let mut opened = opened.clone();
            let found = async move {
                let _ = opened.wait_for(|open| *open).await;
                vec![address("1.1.1.1")]
            };
            found.boxed()
        };
        let resolver = Resolver::asking(Arc::new(Policy::public()), Arc::new(hangs));
        let ask = || resolver.resolve("hangs.example".parse().unwrap());
        let (gives_up, waits, waits_too) = (ask(), ask(), ask());
        drop(gives_up);
        gate.send_replace(true);
        let (first, second) = tokio::join!(waits, waits_too);
        assert!(first.is_ok() && second.is_ok());
        assert_eq!(looks.load(Ordering::SeqCst), 1);
        assert!(lock(&resolver.looking).is_empty());
        assert!(ask().await.is_ok());
        assert_eq!(looks.load(Ordering::SeqCst), 2, "and anew for the next");
    }
}
