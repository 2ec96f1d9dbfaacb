//! The sessions there are: one a user, found by their token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ahoy_types::{CallId, WaId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::{Semaphore, mpsc};

use crate::exchange::Exchange;
use crate::keeper::{self, Inbox, Mail, Owner};
use crate::protocol::{Act, Problem};
use crate::session::Session;

/// Bounds and times of the phone's socket.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Sessions at once, those waiting for their phone included; sockets as many.
    pub sessions: usize,
    /// How long a session waits for its phone after the socket is lost: 15 s.
    pub resume: Duration,
    /// How long a socket may take to say hello.
    pub hello: Duration,
    /// How often the server asks whether the phone is still there.
    pub ping: Duration,
    /// A socket that said nothing for this long is lost; pings are answered by the phone's own machinery.
    pub silence: Duration,
    /// Longest message in bytes; a longer one is refused by name up to four times this, beyond that the socket is closed.
    pub message: usize,
    /// Messages taken at once, and the time each further one has to wait.
    pub burst: u32,
    /// The pace beyond the burst.
    pub pace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 10_000,
            resume: Duration::from_secs(15),
            hello: Duration::from_secs(10),
            ping: Duration::from_secs(10),
            silence: Duration::from_secs(25),
            message: 32 * 1024,
            burst: 40,
            pace: Duration::from_millis(50),
        }
    }
}

/// A session as the hub knows it.
struct Entry {
    user: WaId,
    inbox: Inbox,
}

#[derive(Default)]
struct Tables {
    sessions: HashMap<String, Entry>,
    users: HashMap<WaId, String>,
}

/// The sessions. Cheap to clone.
pub(crate) struct Hub<X> {
    shared: Arc<Shared<X>>,
}

struct Shared<X> {
    exchange: X,
    limits: Limits,
    sockets: Arc<Semaphore>,
    tables: Mutex<Tables>,
}

impl<X> Clone for Hub<X> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<X: Exchange> Hub<X> {
    pub(crate) fn new(exchange: X, limits: Limits) -> Self {
        let sockets = Arc::new(Semaphore::new(limits.sessions.min(Semaphore::MAX_PERMITS)));
        Self {
            shared: Arc::new(Shared {
                exchange,
                limits,
                sockets,
                tables: Mutex::default(),
            }),
        }
    }
    pub(crate) fn exchange(&self) -> &X {
        &self.shared.exchange
    }
    pub(crate) fn limits(&self) -> &Limits {
        &self.shared.limits
    }
    /// Room for sockets.
    pub(crate) fn sockets(&self) -> &Arc<Semaphore> {
        &self.shared.sockets
    }
    // Nothing panics while the lock is held; a poisoned table is still a right one.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.shared
            .tables
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session and gives its inbox. The user's former one ends, and so do the user's calls that no phone
    /// holds any more. Runs on its own, so that a phone that goes away meanwhile leaves nothing half done.
    pub(crate) async fn open(&self, user: WaId, holds: Vec<CallId>) -> Result<Inbox, Problem> {
        let hub = self.clone();
        let opening = tokio::spawn(async move { hub.open_now(user, &holds).await });
        let failed = |e| Problem::new("internal", format!("The session could not begin: {e}."));
        opening.await.unwrap_or_else(|e| Err(failed(e)))
    }

    async fn open_now(&self, user: WaId, holds: &[CallId]) -> Result<Inbox, Problem> {
        let person = self.exchange().meet(user).await?;
        let token = token()?;
        let (inbox, mail) = mpsc::channel(keeper::MAIL);
        let former = {
            let mut tables = self.tables();
            let former = tables.users.get(&user).cloned();
            let former = former.and_then(|token| tables.sessions.remove(&token));
            if former.is_none() && tables.sessions.len() >= self.limits().sessions {
                return Err(full());
            }
            let entry = Entry {
                user,
                inbox: inbox.clone(),
            };
            tables.sessions.insert(token.clone(), entry);
            tables.users.insert(user, token.clone());
            former
        };
        if let Some(former) = former {
            // The former one is gone before calls are looked at, so that it cannot place one afterwards.
            let _ = former.inbox.send(Mail::Replaced).await;
            former.inbox.closed().await;
        }
        self.drop_calls(user, holds).await;
        let mut session = Session::default();
        for call in self.exchange().calls(user) {
            if holds.contains(&call.call_id) {
                session.know(call.call_id, call.direction);
            }
        }
        let line = self.exchange().attach(user);
        let hub = self.clone();
        tokio::spawn(async move {
            let owner = Owner { token, person };
            keeper::keep(&hub, &owner, session, line, mail).await;
            hub.close(&owner.token);
        });
        Ok(inbox)
    }

    /// The session of a token.
    pub(crate) fn find(&self, token: &str) -> Result<Inbox, Problem> {
        let tables = self.tables();
        let entry = tables.sessions.get(token);
        let inbox = entry.map(|entry| entry.inbox.clone());
        inbox.ok_or_else(keeper::over)
    }

    /// Ends the user's calls but those in `holds` and those that ring for the user to decide.
    pub(crate) async fn drop_calls(&self, user: WaId, holds: &[CallId]) {
        for call in self.exchange().calls(user) {
            if call.rings || holds.contains(&call.call_id) {
                continue;
            }
            let act = Act::HangUp { call: call.call_id };
            if let Err(problem) = self.exchange().perform(user, &act).await {
                // It ended on its own in the meantime.
                tracing::debug!(%user, ?problem, "a call nobody holds could not be hung up");
            }
        }
    }

    fn close(&self, token: &str) {
        let mut tables = self.tables();
        if let Some(entry) = tables.sessions.remove(token)
            && tables.users.get(&entry.user).is_some_and(|t| t == token)
        {
            tables.users.remove(&entry.user);
        }
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.tables().sessions.len()
    }
}

/// No room for one more.
pub(crate) fn full() -> Problem {
    Problem::new(
        "full",
        "There are too many phones here right now. Try again later.",
    )
}

/// 192 random bits: whoever has it is the phone.
fn token() -> Result<String, Problem> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|e| {
        Problem::new(
            "internal",
            format!("The system gives no random bytes: {e}."),
        )
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
