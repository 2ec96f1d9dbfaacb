#![allow(clippy::unwrap_used)]
//! Sessions on invented time, with an exchange that only remembers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ahoy_platform::PhoneEvent;
use ahoy_types::{CallId, Direction};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::advance;

use super::*;
use crate::exchange::HeldCall;
use crate::hub::Limits;
use crate::protocol::Act;
use crate::session::{Answer, Done};

const ANA: WaId = WaId::from_u64(447_700_900_001);

#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    acts: Vec<Act>,
    live: Vec<HeldCall>,
    lines: Vec<UnboundedSender<PhoneEvent>>,
}

struct FakeLine(UnboundedReceiver<PhoneEvent>);

impl Line for FakeLine {
    fn events(&mut self) -> &mut UnboundedReceiver<PhoneEvent> {
        &mut self.0
    }
}

impl Exchange for Fake {
    type Line = FakeLine;
    async fn meet(&self, user: WaId) -> Result<Person, Problem> {
        Ok(Person {
            wa_id: user,
            name: "Ana".into(),
            number: user.to_string(),
        })
    }
    fn attach(&self, _: WaId) -> FakeLine {
        let (sender, events) = unbounded_channel();
        self.0.lock().unwrap().lines.push(sender);
        FakeLine(events)
    }
    fn calls(&self, _: WaId) -> Vec<HeldCall> {
        self.0.lock().unwrap().live.clone()
    }
    async fn perform(&self, _: WaId, act: &Act) -> Answer {
        let mut seen = self.0.lock().unwrap();
        if let Act::HangUp { call } = act {
            seen.live.retain(|held| held.call_id != *call);
        }
        seen.acts.push(act.clone());
        Ok(Done::Plain {})
    }
}

impl Fake {
    fn tell(&self, event: PhoneEvent) {
        self.0
            .lock()
            .unwrap()
            .lines
            .last()
            .unwrap()
            .send(event)
            .unwrap();
    }
    fn acts(&self) -> Vec<Act> {
        self.0.lock().unwrap().acts.clone()
    }
    /// Waits until the newest phone is detached.
    async fn detached(&self) {
        let line = self.0.lock().unwrap().lines.last().unwrap().clone();
        line.closed().await;
    }
    fn attached(&self) -> bool {
        !self.0.lock().unwrap().lines.last().unwrap().is_closed()
    }
}

fn call(n: u8) -> CallId {
    CallId::new(
        ANA,
        "442079460000".parse().unwrap(),
        Direction::UserInitiated,
        [n; 16],
    )
}
fn held(n: u8, direction: Direction, connected: bool) -> HeldCall {
    HeldCall {
        call_id: call(n),
        direction,
        rings: direction == Direction::BusinessInitiated && !connected,
        connected,
    }
}
fn hub() -> (Fake, Hub<Fake>) {
    let fake = Fake::default();
    (fake.clone(), Hub::new(fake, Limits::default()))
}

/// A socket's end in the test's hands.
struct Wire {
    id: u64,
    inbox: Inbox,
    out: mpsc::Receiver<String>,
}

impl Wire {
    async fn attach(inbox: Inbox, id: u64, seen: u64) -> Result<Self, Problem> {
        let (sender, out) = mpsc::channel(OUTGOING);
        let (reply, answer) = oneshot::channel();
        let socket = Socket { id, out: sender };
        let letter = Mail::Attach {
            socket,
            seen,
            resumed: seen > 0,
            reply,
        };
        inbox.send(letter).await.map_err(|_| over())?;
        answer.await.map_err(|_| over())??;
        Ok(Self { id, inbox, out })
    }
    async fn heard(&mut self) -> Option<Value> {
        let text = self.out.recv().await?;
        Some(serde_json::from_str(&text).unwrap())
    }
    async fn say(&self, text: &str) {
        let letter = Mail::Text {
            socket: self.id,
            text: text.into(),
        };
        self.inbox.send(letter).await.unwrap();
    }
    async fn lose(self) -> Inbox {
        self.inbox
            .send(Mail::Lost { socket: self.id })
            .await
            .unwrap();
        self.inbox
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_waits_for_its_phone_and_then_gives_up() {
    let (fake, hub) = hub();
    let inbox = hub.open(ANA, vec![]).await.unwrap();
    let mut wire = Wire::attach(inbox, 1, 0).await.unwrap();
    let token = wire.heard().await.unwrap()["session"]
        .as_str()
        .unwrap()
        .to_owned();
    let inbox = wire.lose().await;

    advance(Duration::from_millis(14_900)).await;
    assert!(fake.attached(), "the phone is still rung");
    let wire = Wire::attach(inbox, 2, 0).await.unwrap();
    let inbox = wire.lose().await;
    // Its absence is counted anew.
    advance(Duration::from_millis(14_900)).await;
    assert!(fake.attached() && hub.find(&token).is_ok());
    advance(Duration::from_millis(200)).await;
    fake.detached().await;
    inbox.closed().await;
    assert!(
        fake.acts().is_empty(),
        "losing the socket is not hanging up"
    );
}

#[tokio::test(start_paused = true)]
async fn what_happens_meanwhile_is_told_on_return() {
    let (fake, hub) = hub();
    let inbox = hub.open(ANA, vec![]).await.unwrap();
    let mut wire = Wire::attach(inbox, 1, 0).await.unwrap();
    wire.heard().await.unwrap();
    wire.say("{").await;
    assert_eq!(wire.heard().await.unwrap()["seq"], 1);
    let inbox = wire.lose().await;
    fake.tell(PhoneEvent::Connected { call_id: call(1) });
    advance(Duration::from_secs(5)).await;

    let mut wire = Wire::attach(inbox, 2, 1).await.unwrap();
    let welcome = wire.heard().await.unwrap();
    assert_eq!(
        (&welcome["resumed"], &welcome["seq"]),
        (&true.into(), &2.into())
    );
    let missed = wire.heard().await.unwrap();
    assert_eq!(
        (&missed["type"], &missed["seq"]),
        (&"thread_changed".into(), &2.into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_socket_takes_the_session_over() {
    let (_, hub) = hub();
    let inbox = hub.open(ANA, vec![]).await.unwrap();
    let mut first = Wire::attach(inbox.clone(), 1, 0).await.unwrap();
    first.heard().await.unwrap();
    let mut second = Wire::attach(inbox, 2, 0).await.unwrap();
    second.heard().await.unwrap();
    assert_eq!(first.heard().await.unwrap()["code"], "moved");
    assert_eq!(first.heard().await, None);
    // What the first one still says, and its loss, concern nobody.
    first.say(r#"{"type":"bye"}"#).await;
    first.lose().await;
    second.say("{").await;
    assert_eq!(second.heard().await.unwrap()["type"], "error");
}

#[tokio::test(start_paused = true)]
async fn a_new_session_ends_the_calls_nobody_holds() {
    let (fake, hub) = hub();
    let inbox = hub.open(ANA, vec![]).await.unwrap();
    let mut wire = Wire::attach(inbox, 1, 0).await.unwrap();
    wire.heard().await.unwrap();
    fake.0.lock().unwrap().live = vec![
        held(1, Direction::UserInitiated, true),
        held(2, Direction::UserInitiated, false),
        held(3, Direction::BusinessInitiated, true),
        held(4, Direction::BusinessInitiated, false),
        // Picked up, and the business's media is not there yet.
        HeldCall {
            rings: false,
            ..held(5, Direction::BusinessInitiated, false)
        },
    ];
    hub.open(ANA, vec![call(1)]).await.unwrap();
    assert_eq!(wire.heard().await.unwrap()["code"], "replaced");
    assert_eq!(wire.heard().await, None);
    // One is held, one rings for the user to decide.
    assert_eq!(
        fake.acts(),
        [2, 3, 5].map(|n| Act::HangUp { call: call(n) })
    );
    assert_eq!(hub.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_phone_that_is_switched_off_ends_its_calls() {
    let (fake, hub) = hub();
    let inbox = hub.open(ANA, vec![]).await.unwrap();
    let mut wire = Wire::attach(inbox.clone(), 1, 0).await.unwrap();
    wire.heard().await.unwrap();
    fake.0.lock().unwrap().live = vec![
        held(1, Direction::UserInitiated, true),
        held(2, Direction::BusinessInitiated, false),
    ];
    wire.say(r#"{"type":"bye"}"#).await;
    assert_eq!(wire.heard().await, None);
    fake.detached().await;
    assert_eq!(fake.acts(), [Act::HangUp { call: call(1) }]);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_takes_nothing_is_lost_not_waited_for() {
    let (fake, hub) = hub();
    let inbox = hub.open(ANA, vec![]).await.unwrap();
    let mut wire = Wire::attach(inbox.clone(), 1, 0).await.unwrap();
    let token = wire.heard().await.unwrap()["session"]
        .as_str()
        .unwrap()
        .to_owned();
    for _ in 0..2 * OUTGOING {
        fake.tell(PhoneEvent::Connected { call_id: call(1) });
    }
    while !wire.out.is_closed() {
        tokio::task::yield_now().await;
    }
    let mut told = 0;
    while wire.heard().await.is_some() {
        told += 1;
    }
    assert_eq!(told, OUTGOING);
    assert!(hub.find(&token).is_ok(), "the phone may come back");
}

#[tokio::test(start_paused = true)]
async fn there_is_room_for_so_many_and_no_more() {
    let fake = Fake::default();
    let hub = Hub::new(
        fake,
        Limits {
            sessions: 2,
            ..Limits::default()
        },
    );
    for n in 1..=2 {
        hub.open(WaId::from_u64(447_700_900_000 + n), vec![])
            .await
            .unwrap();
    }
    assert_eq!(
        hub.open(WaId::from_u64(447_700_900_003), vec![])
            .await
            .err()
            .unwrap()
            .code,
        "full"
    );
    // One's own place can be taken again.
    hub.open(WaId::from_u64(447_700_900_002), vec![])
        .await
        .unwrap();
    assert_eq!(hub.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_phone_whose_user_has_another_number_is_told_which_and_ends() {
    let (fake, hub) = hub();
    let inbox = hub.open(ANA, vec![]).await.unwrap();
    let mut wire = Wire::attach(inbox, 1, 0).await.unwrap();
    wire.heard().await.unwrap();
    let to = "447700900009".parse().unwrap();
    fake.tell(PhoneEvent::NumberChanged { to });
    let bye = wire.heard().await.unwrap();
    assert_eq!(
        (&bye["code"], &bye["user"]),
        (&"number_changed".into(), &"447700900009".into())
    );
    assert_eq!(wire.heard().await, None);
    fake.detached().await;
}
