//! Calls in memory: which bridge carries which call, and whose phone is at the other end.
//!
//! Nothing here survives a restart, and nothing here decides: the ledger does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ahoy_types::{CallId, Direction, PhoneNumberId, WaId};
use tokio::sync::mpsc;

use crate::effect::{DeliveryJob, PhoneEvent};
use crate::inspector::Concerns;
use crate::quiet::Pending;

/// What is at the user's end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserLegKind {
    /// A phone of the sandbox, inside the media worker.
    Simulated,
    /// A real phone over WebRTC.
    Phone,
}

/// A live call.
#[derive(Debug, Clone)]
pub(crate) struct LiveCall {
    pub bridge: u64,
    pub number: PhoneNumberId,
    pub business_name: String,
    pub user: WaId,
    pub direction: Direction,
    pub leg: UserLegKind,
    pub user_offer: Option<String>,
    /// The user picked up a business's call.
    pub answered: bool,
    pub connected: bool,
    /// The business's session description names telephone events.
    pub takes_keys: bool,
}

impl LiveCall {
    /// Whether it is the user who is being asked.
    pub(crate) fn rings_user(&self) -> bool {
        self.direction == Direction::BusinessInitiated && !self.answered && !self.connected
    }
}

/// A bridge of the media.
struct Bridge {
    call: CallId,
    number: PhoneNumberId,
    user: WaId,
    /// From the end of the call to the media's report of it.
    closing: Option<Pending>,
}

#[derive(Default)]
struct Tables {
    calls: BTreeMap<CallId, LiveCall>,
    bridges: BTreeMap<u64, Bridge>,
    phones: BTreeMap<WaId, Vec<(u64, mpsc::UnboundedSender<PhoneEvent>)>>,
    /// Webhooks of calls whose phone cannot hear yet, in order.
    held: BTreeMap<CallId, Vec<DeliveryJob>>,
}

/// The table of live calls and attached phones.
#[derive(Default)]
pub(crate) struct Live {
    tables: Mutex<Tables>,
    next_phone: AtomicU64,
}

/// An attached phone; dropping it detaches.
#[derive(Debug)]
pub struct PhoneHandle {
    pub(crate) user: WaId,
    pub(crate) id: u64,
    pub(crate) detach: mpsc::UnboundedSender<(WaId, u64)>,
    /// What the phone is told, in order.
    pub events: mpsc::UnboundedReceiver<PhoneEvent>,
}

impl Drop for PhoneHandle {
    fn drop(&mut self) {
        let _ = self.detach.send((self.user, self.id));
    }
}

impl Live {
    // Nothing panics while the lock is held; a poisoned table is still a right one.
    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
    pub(crate) fn add(&self, id: CallId, call: LiveCall) {
        let mut t = self.lock();
        let bridge = Bridge {
            call: id.clone(),
            number: call.number,
            user: call.user,
            closing: None,
        };
        t.bridges.insert(call.bridge, bridge);
        t.calls.insert(id, call);
    }
    pub(crate) fn get(&self, id: &CallId) -> Option<LiveCall> {
        self.lock().calls.get(id).cloned()
    }
    pub(crate) fn by_bridge(&self, bridge: u64) -> Option<(CallId, LiveCall)> {
        let t = self.lock();
        let id = &t.bridges.get(&bridge)?.call;
        Some((id.clone(), t.calls.get(id)?.clone()))
    }
    /// Whom the media of this bridge is about, also when the call is over and its report is to come.
    pub(crate) fn concerns(&self, bridge: u64) -> Option<Concerns> {
        let t = self.lock();
        let bridge = t.bridges.get(&bridge)?;
        Some(Concerns {
            call: Some(bridge.call.clone()),
            number: Some(bridge.number),
            user: Some(bridge.user),
        })
    }
    pub(crate) fn set_answered(&self, id: &CallId) {
        if let Some(call) = self.lock().calls.get_mut(id) {
            call.answered = true;
        }
    }
    pub(crate) fn set_connected(&self, id: &CallId) {
        if let Some(call) = self.lock().calls.get_mut(id) {
            call.connected = true;
        }
    }
    /// What the business's session description says of keys.
    pub(crate) fn set_takes_keys(&self, bridge: u64, takes_keys: bool) {
        let mut t = self.lock();
        let t = &mut *t;
        if let Some(call) = t
            .bridges
            .get(&bridge)
            .and_then(|b| t.calls.get_mut(&b.call))
        {
            call.takes_keys = takes_keys;
        }
    }
    /// From now on the call's webhooks are held.
    pub(crate) fn begin_hold(&self, id: CallId) {
        self.lock().held.insert(id, Vec::new());
    }
    /// Keeps a webhook of a call whose webhooks are held; gives back any other.
    pub(crate) fn hold(&self, lane: Option<&CallId>, job: DeliveryJob) -> Option<DeliveryJob> {
        let mut t = self.lock();
        let Some(held) = lane.and_then(|id| t.held.get_mut(id)) else {
            return Some(job);
        };
        held.push(job);
        None
    }
    /// The call's webhooks are held no more; what was, in order.
    pub(crate) fn end_hold(&self, id: &CallId) -> Vec<DeliveryJob> {
        self.lock().held.remove(id).unwrap_or_default()
    }
    /// Forgets the call; its bridge stays known until the media reports its end.
    pub(crate) fn remove(&self, id: &CallId) -> Option<LiveCall> {
        self.lock().calls.remove(id)
    }
    /// The media was told to close; `pending` is over when its report is written.
    pub(crate) fn closing(&self, bridge: u64, pending: Pending) {
        if let Some(bridge) = self.lock().bridges.get_mut(&bridge) {
            bridge.closing = Some(pending);
        }
    }
    /// The call whose bridge this is, ended or not.
    pub(crate) fn call_of_bridge(&self, bridge: u64) -> Option<CallId> {
        Some(self.lock().bridges.get(&bridge)?.call.clone())
    }
    /// Whether the media has not said its last word on a call.
    pub(crate) fn has_bridge(&self, call: &CallId) -> bool {
        self.lock().bridges.values().any(|b| b.call == *call)
    }
    pub(crate) fn remove_bridge(&self, bridge: u64) -> Option<(CallId, Option<Pending>)> {
        let gone = self.lock().bridges.remove(&bridge)?;
        Some((gone.call, gone.closing))
    }
    pub(crate) fn any_connected(&self) -> bool {
        self.lock().calls.values().any(|c| c.connected)
    }
    pub(crate) fn all(&self) -> Vec<(CallId, LiveCall)> {
        let t = self.lock();
        let calls = t.calls.iter();
        calls.map(|(id, c)| (id.clone(), c.clone())).collect()
    }
    pub(crate) fn count(&self) -> usize {
        self.lock().calls.len()
    }
    /// Calls at this user's real phone.
    pub(crate) fn phone_calls(&self, user: WaId) -> Vec<(CallId, LiveCall)> {
        let t = self.lock();
        t.calls
            .iter()
            .filter(|(_, c)| c.user == user && c.leg == UserLegKind::Phone)
            .map(|(id, c)| (id.clone(), c.clone()))
            .collect()
    }
    pub(crate) fn attach(
        &self,
        user: WaId,
        detach: mpsc::UnboundedSender<(WaId, u64)>,
    ) -> PhoneHandle {
        let id = self.next_phone.fetch_add(1, Ordering::Relaxed);
        let (tx, events) = mpsc::unbounded_channel();
        self.lock().phones.entry(user).or_default().push((id, tx));
        PhoneHandle {
            user,
            id,
            detach,
            events,
        }
    }
    pub(crate) fn detach(&self, user: WaId, id: u64) {
        let mut t = self.lock();
        if let Some(phones) = t.phones.get_mut(&user) {
            phones.retain(|(other, _)| *other != id);
            if phones.is_empty() {
                t.phones.remove(&user);
            }
        }
    }
    pub(crate) fn has_phone(&self, user: WaId) -> bool {
        self.lock().phones.contains_key(&user)
    }
    /// Tells one phone of the user.
    pub(crate) fn tell_one(&self, user: WaId, phone: u64, event: PhoneEvent) {
        let t = self.lock();
        let found = t
            .phones
            .get(&user)
            .and_then(|p| p.iter().find(|(id, _)| *id == phone));
        if let Some((_, tx)) = found {
            let _ = tx.send(event);
        }
    }
    /// Tells every phone of the user; says whether there was one.
    pub(crate) fn tell(&self, user: WaId, event: &PhoneEvent) -> bool {
        let t = self.lock();
        let Some(phones) = t.phones.get(&user) else {
            return false;
        };
        phones
            .iter()
            .filter(|(_, tx)| tx.send(event.clone()).is_ok())
            .count()
            > 0
    }
}
