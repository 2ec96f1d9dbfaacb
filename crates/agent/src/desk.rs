//! The desk: knows which calls there are and passes each webhook to its call.
//!
//! Webhooks may come twice, in another order, for calls that are over, or for a call of ours whose id we do not know
//! yet because the answer to our request is still on its way. All of that is settled here, so that [`crate::call`]
//! can be written as if the world were in order.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use ahoy_types::{CallId, Direction, PhoneNumberId};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::call::{self, Call, Ended, Line, Mail};
use crate::event::AgentEvent;
use crate::heard::Heard;
use crate::media::Media;
use crate::webhook::{News, Update};

/// Webhooks and ended calls remembered, to know them again.
const MEMORY: usize = 8_192;
/// Calls of ours whose webhooks came before their id, and webhooks kept for each.
const EARLY: (usize, usize) = (256, 8);
/// Events that may wait in a call's mailbox.
const MAILBOX: usize = 16;
/// On stop, how long calls have to say goodbye.
const FAREWELL: Duration = Duration::from_secs(4);

/// What the agent asks of the desk.
pub(crate) enum Order {
    /// A call of ours has its id.
    Placed {
        id: CallId,
        phone: PhoneNumberId,
        media: Media,
    },
    /// Hang up; answers whether there is such a call.
    HangUp(CallId, oneshot::Sender<bool>),
    /// How many calls there are.
    Count(oneshot::Sender<usize>),
    /// Hang up all and finish.
    Stop,
}

pub(crate) struct Desk {
    line: Arc<Line>,
    phones: Vec<PhoneNumberId>,
    max_calls: usize,
    calls: HashMap<CallId, mpsc::Sender<Mail>>,
    tasks: JoinSet<Option<Ended>>,
    names: HashMap<tokio::task::Id, CallId>,
    seen: Recent<(CallId, String)>,
    ended: Recent<CallId>,
    early: HashMap<CallId, Vec<News>>,
    early_order: VecDeque<CallId>,
}

impl Desk {
    pub(crate) fn new(line: Arc<Line>, phones: Vec<PhoneNumberId>, max_calls: usize) -> Self {
        Self {
            line,
            phones,
            max_calls,
            calls: HashMap::new(),
            tasks: JoinSet::new(),
            names: HashMap::new(),
            seen: Recent::new(MEMORY),
            ended: Recent::new(MEMORY),
            early: HashMap::new(),
            early_order: VecDeque::new(),
        }
    }

    /// Works until told to stop and every call is over.
    pub(crate) async fn run(
        mut self,
        mut updates: mpsc::Receiver<Update>,
        mut orders: mpsc::Receiver<Order>,
    ) {
        let mut farewell = None;
        loop {
            if farewell.is_some() && self.calls.is_empty() {
                return;
            }
            tokio::select! {
                Some(update) = updates.recv() => self.update(update, farewell.is_some()),
                order = orders.recv(), if farewell.is_none() => match order {
                    Some(Order::Placed { id, phone, media }) => self.placed(id, phone, media),
                    Some(Order::HangUp(id, known)) => {
                        let _ = known.send(self.post(&id, Mail::HangUp));
                    }
                    Some(Order::Count(reply)) => {
                        let _ = reply.send(self.calls.len());
                    }
                    Some(Order::Stop) | None => {
                        farewell = Some(tokio::time::Instant::now() + FAREWELL);
                        for mail in self.calls.values() {
                            let _ = mail.try_send(Mail::HangUp);
                        }
                    }
                },
                Some(done) = self.tasks.join_next_with_id() => match done {
                    Ok((task, ended)) => self.over(task, ended),
                    // One call's fault is no other call's trouble.
                    Err(error) => {
                        let (why, heard) = (format!("a fault of the agent: {error}"), Heard::default());
                        self.over(error.id(), Some(Ended { why, heard }));
                    }
                },
                () = sleep_until(farewell), if farewell.is_some() => return,
            }
        }
    }

    /// A task is done; if it was a call's, the call is over and forgotten before anybody is told.
    fn over(&mut self, task: tokio::task::Id, ended: Option<Ended>) {
        let (Some(call), Some(Ended { why, heard })) = (self.names.remove(&task), ended) else {
            return;
        };
        tracing::info!(%call, why, packets = heard.packets, lost = heard.lost, "call ended");
        self.calls.remove(&call);
        self.ended.insert(call.clone());
        let _ = self
            .line
            .events
            .send(AgentEvent::CallEnded { call, why, heard });
    }

    fn update(&mut self, update: Update, stopping: bool) {
        let Update { call, phone, news } = update;
        let what = news.in_words();
        let ours = self.phones.is_empty() || self.phones.contains(&phone);
        let new = ours && self.seen.insert((call.clone(), what.clone()));
        let used = new && self.place_news(&call, phone, news, stopping);
        let _ = self.line.events.send(AgentEvent::Webhook {
            call,
            what,
            ignored: !used,
        });
    }

    /// Answers whether the news changed anything.
    fn place_news(
        &mut self,
        id: &CallId,
        phone: PhoneNumberId,
        news: News,
        stopping: bool,
    ) -> bool {
        if self.calls.contains_key(id) {
            return self.post(id, Mail::News(news));
        }
        // The end may overtake the beginning. A call that is over is not answered.
        if self.ended.contains(id) {
            return false;
        }
        match news {
            News::Connect(Direction::UserInitiated, offer) => {
                if stopping || self.calls.len() >= self.max_calls {
                    let (line, id) = (self.line.clone(), id.clone());
                    self.tasks.spawn(async move {
                        let _ = line.client.reject(phone, &id).await;
                        None
                    });
                    return false;
                }
                self.start(id.clone(), phone, |call| {
                    Box::pin(call::answer(call, offer))
                });
                true
            }
            News::Terminate(_) if !self.early.contains_key(id) => {
                self.ended.insert(id.clone());
                false
            }
            // Of our own calls, or of a colleague's under the same number: it will show.
            news => {
                self.keep(id, news);
                true
            }
        }
    }

    fn keep(&mut self, id: &CallId, news: News) {
        if !self.early.contains_key(id) {
            self.early_order.push_back(id.clone());
            if self.early_order.len() > EARLY.0
                && let Some(oldest) = self.early_order.pop_front()
            {
                self.early.remove(&oldest);
            }
        }
        let kept = self.early.entry(id.clone()).or_default();
        if kept.len() < EARLY.1 {
            kept.push(news);
        }
    }

    fn placed(&mut self, id: CallId, phone: PhoneNumberId, media: Media) {
        let early = self.early.remove(&id).unwrap_or_default();
        self.early_order.retain(|kept| *kept != id);
        // It ended before we knew that it had begun: the task learns it as any other.
        let over = self
            .ended
            .contains(&id)
            .then(|| News::Terminate("at once".into()));
        self.start(id.clone(), phone, |call| Box::pin(call::place(call, media)));
        for news in early.into_iter().chain(over) {
            self.post(&id, Mail::News(news));
        }
    }

    fn start(
        &mut self,
        id: CallId,
        phone: PhoneNumberId,
        life: impl FnOnce(Call) -> std::pin::Pin<Box<dyn Future<Output = Ended> + Send>>,
    ) {
        let (mailbox, mail) = mpsc::channel(MAILBOX);
        let call = Call {
            line: self.line.clone(),
            id: id.clone(),
            phone,
            mail,
        };
        let life = life(call);
        let task = self.tasks.spawn(async move { Some(life.await) });
        self.names.insert(task.id(), id.clone());
        self.calls.insert(id, mailbox);
    }

    fn post(&self, id: &CallId, mail: Mail) -> bool {
        self.calls
            .get(id)
            .is_some_and(|mailbox| mailbox.try_send(mail).is_ok())
    }
}

async fn sleep_until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// A set that forgets the oldest.
struct Recent<T> {
    set: HashSet<T>,
    order: VecDeque<T>,
    capacity: usize,
}

impl<T: Clone + Eq + Hash> Recent<T> {
    fn new(capacity: usize) -> Self {
        Self {
            set: HashSet::new(),
            order: VecDeque::new(),
            capacity,
        }
    }
    /// Whether it is new.
    fn insert(&mut self, value: T) -> bool {
        if !self.set.insert(value.clone()) {
            return false;
        }
        self.order.push_back(value);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.set.remove(&oldest);
        }
        true
    }
    fn contains(&self, value: &T) -> bool {
        self.set.contains(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded() {
        let mut recent = Recent::new(3);
        assert!(recent.insert(1));
        assert!(!recent.insert(1));
        for n in 2..=4 {
            assert!(recent.insert(n));
        }
        assert!(!recent.contains(&1));
        assert!(recent.contains(&2));
        assert_eq!((recent.set.len(), recent.order.len()), (3, 3));
    }
}
