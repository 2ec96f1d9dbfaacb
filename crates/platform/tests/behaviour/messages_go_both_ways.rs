//! Messages (`graph-api.md` §5, `webhooks.md` §3): what arrives, what the business is told, what a user can still tap.

use ahoy_calling::Refusal;
use ahoy_calling::message::Answer as Reply;
use ahoy_calling::place::PhoneRefusal;
use ahoy_calling::simulated::{OnMessage, OnPermissionRequest};
use ahoy_platform::{Grant, OutgoingMessage, Recipient, ThreadEntry, UserLegKind};
use ahoy_types::{MessageId, WaId};
use ahoy_wire::messages::{CallButton, Content, Interactive, List, ReplyButtons, Row, Section};
use serde_json::Value;

use crate::support::*;

const DAY: u64 = 86_400;

fn text(body: &str) -> Content {
    Content::Text { body: body.into() }
}

fn request() -> Content {
    Content::Interactive(Interactive::PermissionRequest {
        body: Some("May we call you?".into()),
    })
}

fn call_button(ttl_minutes: u32) -> Content {
    Content::Interactive(Interactive::VoiceCall {
        body: "Talk to us".into(),
        button: CallButton {
            display_text: "Call us".into(),
            ttl_minutes,
            payload: Some("order-55".into()),
        },
    })
}

impl World {
    async fn try_send(&self, user: WaId, content: Content) -> Result<MessageId, Refusal> {
        let message = OutgoingMessage {
            recipient: Recipient::Number(user),
            content,
            context: None,
            opaque: Some("crm-77".into()),
            sent: None,
        };
        let sent = self.platform.send_message(&self.caller, PHONE, message);
        sent.await.map(|sent| sent.id)
    }
    async fn send(&self, user: WaId, content: Content) -> MessageId {
        self.try_send(user, content).await.unwrap()
    }
    async fn writes(&self, user: WaId, body: &str) -> MessageId {
        let written = self.platform.user_writes(user, PHONE, body.into(), None);
        written.await.unwrap()
    }
    /// Waits for the webhook about this message whose event is the word.
    async fn told(&self, id: &MessageId, word: &str) -> Value {
        let what = format!("{word} of {id}");
        let found = self.edge.until(&what, |sent| {
            let about = |v: &Value| {
                v["statuses"][0]["id"] == id.as_str() || v["messages"][0]["id"] == id.as_str()
            };
            let mut all = sent.iter();
            all.find(|s| s.event == word && about(&s.value()))
                .map(|s| s.value())
        });
        found.await
    }
    fn statuses(&self, id: &MessageId) -> Vec<String> {
        let sent = self.edge.sent();
        let ours = sent
            .iter()
            .filter(|s| s.value()["statuses"][0]["id"] == id.as_str());
        let mut words: Vec<String> = ours.map(|s| s.event.clone()).collect();
        words.sort();
        words
    }
    fn entry(&self, user: WaId, id: &MessageId) -> Option<ThreadEntry> {
        let thread = self.platform.thread(user, PHONE, 100).unwrap();
        thread.data.into_iter().find(|e| e.id == id.as_str())
    }
    fn state(&self, user: WaId, id: &MessageId) -> &'static str {
        self.entry(user, id).map_or("absent", |e| e.state)
    }
}

#[tokio::test]
async fn a_text_is_sent_delivered_and_read_and_answered_with_context() {
    let world = World::new().await;
    let hello = world.writes(ANA, "Hello").await;
    let inbound = world.told(&hello, "text").await;
    let message = &inbound["messages"][0];
    assert_eq!(message["from"], ANA.to_string());
    assert_eq!(message["text"]["body"], "Hello");
    assert_eq!(inbound["contacts"][0]["profile"]["name"], "Ana");

    let id = world.send(ANA, text("How can we help?")).await;
    let sent = world.told(&id, "sent").await;
    let status = &sent["statuses"][0];
    assert_eq!(status["recipient_id"], ANA.to_string());
    assert_eq!(status["biz_opaque_callback_data"], "crm-77");
    assert_eq!(status["pricing"]["type"], "free_customer_service");
    world.told(&id, "delivered").await;
    let read = world.told(&id, "read").await;
    assert!(read["statuses"][0].get("pricing").is_none());

    let reply = world
        .platform
        .user_writes(ANA, PHONE, "Where is it?".into(), Some(id.clone()))
        .await
        .unwrap();
    let replied = world.told(&reply, "text").await;
    assert_eq!(replied["messages"][0]["context"]["id"], id.as_str());
    assert_eq!(replied["messages"][0]["context"]["from"], "442079460000");

    let marked = world
        .platform
        .mark_read(&world.caller, PHONE, reply.clone(), true);
    marked.await.unwrap();
    assert_eq!(world.state(ANA, &hello), "read", "earlier ones too");
    assert!(world.platform.thread(ANA, PHONE, 9).unwrap().typing);
    world.advance(secs(25)).await;
    assert!(!world.platform.thread(ANA, PHONE, 9).unwrap().typing);
}

#[tokio::test]
async fn a_user_who_does_not_look_has_it_unread_until_the_chat_is_opened() {
    let world = World::new().await;
    world
        .behaves(ANA, |b| b.on_message = OnMessage::Ignore)
        .await;
    world.writes(ANA, "Hello").await;
    let id = world.send(ANA, text("Hi")).await;
    world.told(&id, "delivered").await;
    assert_eq!(world.state(ANA, &id), "delivered");
    world.platform.user_opens_chat(ANA, PHONE).await.unwrap();
    world.told(&id, "read").await;
    assert_eq!(world.statuses(&id), ["delivered", "read", "sent"]);
}

#[tokio::test]
async fn outside_the_window_a_message_is_taken_and_fails() {
    let world = World::new().await;
    let id = world.send(ANA, text("Hello?")).await;
    let failed = world.told(&id, "failed").await;
    let error = &failed["statuses"][0]["errors"][0];
    assert_eq!(error["code"], 131_047);
    assert!(error["href"].is_string() && error["error_data"]["details"].is_string());
    assert_eq!(world.statuses(&id), ["failed"]);
    assert_eq!(world.state(ANA, &id), "absent");

    // A user's call opens the window for a day; so does a text.
    let call = world.user_calls(ANA).await;
    world.terminate(&call).await;
    world.advance(secs(DAY - 1)).await;
    let id = world.send(ANA, text("You called")).await;
    world.told(&id, "delivered").await;
    world.advance(secs(1)).await;
    let id = world.send(ANA, text("You called")).await;
    world.told(&id, "failed").await;
}

#[tokio::test]
async fn messages_go_both_ways_during_a_call() {
    let world = World::new().await;
    world.by_hand(&[ANA]).await;
    let call = world.user_calls(ANA).await;
    world.accept(&call).await;
    let asked = world.writes(ANA, "I send you the number: 1234").await;
    world.told(&asked, "text").await;
    let id = world.send(ANA, text("Thanks")).await;
    world.told(&id, "read").await;
    let thread = world.platform.thread(ANA, PHONE, 9).unwrap();
    let kinds: Vec<_> = thread.data.iter().map(|e| (e.kind, e.from)).collect();
    assert_eq!(
        kinds,
        [("call", "user"), ("text", "user"), ("text", "business")]
    );
    assert_eq!(thread.data[0].state, "connected");
}

#[tokio::test]
async fn a_call_button_calls_with_its_payload_until_it_expires() {
    let world = World::new().await;
    world.by_hand(&[ANA]).await;
    world.writes(ANA, "Hello").await;
    let id = world.send(ANA, call_button(2)).await;
    assert_eq!(world.state(ANA, &id), "active");
    let tapped = world
        .platform
        .user_taps(ANA, id.clone(), UserLegKind::Simulated);
    let call = tapped.await.unwrap().id;
    let connect = world.until(&call, "connect").await;
    assert_eq!(connect.about()["cta_payload"], "order-55");
    world.terminate(&call).await;
    let ended = world.until(&call, "terminate").await;
    assert_eq!(ended.about()["cta_payload"], "order-55");

    world.advance(secs(120)).await;
    assert_eq!(world.state(ANA, &id), "expired");
    let late = world
        .platform
        .user_taps(ANA, id.clone(), UserLegKind::Simulated)
        .await;
    assert!(matches!(late, Err(PhoneRefusal::Gone(why)) if why.contains("expired")));
    let strangers = world
        .platform
        .user_taps(BEN, id, UserLegKind::Simulated)
        .await;
    assert!(matches!(strangers, Err(PhoneRefusal::NoSuchMessage(_))));
}

#[tokio::test]
async fn a_simulated_user_answers_a_request_after_its_time() {
    let world = World::new().await;
    world
        .behaves(ANA, |b| {
            b.on_permission_request = OnPermissionRequest::Accept;
            b.reply_after_ms = 30_000;
        })
        .await;
    world.writes(ANA, "Hello").await;
    let id = world.send(ANA, request()).await;
    assert_eq!(world.state(ANA, &id), "open");
    world.advance(secs(30)).await;
    assert_eq!(world.state(ANA, &id), "accepted");
    let reply = world
        .edge
        .until("the reply", |sent| {
            let mut all = sent.iter();
            all.find(|s| s.event == "call_permission_reply")
                .map(|s| s.value())
        })
        .await;
    let message = &reply["messages"][0];
    assert_eq!(message["context"]["id"], id.as_str());
    let answer = &message["interactive"]["call_permission_reply"];
    assert_eq!(answer["response"], "accept");
    assert_eq!(answer["is_permanent"], false);
    // The call it allows goes through.
    world.business_calls(ANA).await;
}

#[tokio::test]
async fn a_card_can_be_answered_for_seven_days_and_a_newer_one_ends_it() {
    let world = World::new().await;
    world.writes(ANA, "Hello").await;
    let old = world.send(ANA, request()).await;
    let new = world.send(ANA, request()).await;
    let answer = |id: &MessageId, answer| {
        let id = Some(id.clone());
        world.platform.user_answers_request(ANA, PHONE, id, answer)
    };
    answer(&new, Reply::Reject).await.unwrap();
    assert_eq!(world.state(ANA, &new), "declined");
    assert_eq!(world.state(ANA, &old), "expired");
    let refused = answer(&old, Reply::Accept).await;
    assert!(matches!(refused, Err(PhoneRefusal::Gone(_))));
    world.advance(secs(7 * DAY - 1)).await;
    answer(&new, Reply::Accept).await.unwrap();
    assert_eq!(world.state(ANA, &new), "accepted");

    // Ben may be called from the start: he takes that back first.
    let back = world.platform.set_permission(PHONE, BEN, Grant::Revoke);
    back.await.unwrap();
    world.writes(BEN, "Hello").await;
    let late = world.send(BEN, request()).await;
    world.advance(secs(7 * DAY)).await;
    assert_eq!(world.state(BEN, &late), "expired");
    let none = world
        .platform
        .user_answers_request(BEN, PHONE, None, Reply::Accept)
        .await;
    assert_eq!(none, Ok(false), "nothing is open any more");
}

#[tokio::test]
async fn answers_are_tapped_and_come_back_by_id() {
    let world = World::new().await;
    world.writes(ANA, "Hello").await;
    let buttons = Content::Interactive(Interactive::Buttons(ReplyButtons {
        header: None,
        body: "Better by chat?".into(),
        footer: None,
        buttons: vec![ahoy_wire::messages::Reply {
            id: "yes".into(),
            title: "Yes, chat".into(),
        }],
    }));
    let list = Content::Interactive(Interactive::List(List {
        header: None,
        body: "What about?".into(),
        footer: None,
        button: "Choose".into(),
        sections: vec![Section {
            title: None,
            rows: vec![Row {
                id: "bill".into(),
                title: "A bill".into(),
                description: Some("Paid or not".into()),
            }],
        }],
    }));
    for (content, id, word, title) in [
        (buttons, "yes", "button_reply", "Yes, chat"),
        (list, "bill", "list_reply", "A bill"),
    ] {
        let asked = world.send(ANA, content).await;
        let unknown = world
            .platform
            .user_replies(ANA, asked.clone(), "no".into())
            .await;
        assert!(matches!(unknown, Err(PhoneRefusal::Gone(_))));
        let tapped = world.platform.user_replies(ANA, asked.clone(), id.into());
        let told = world.told(&tapped.await.unwrap(), word).await;
        let message = &told["messages"][0];
        assert_eq!(message["context"]["id"], asked.as_str());
        assert_eq!(message["interactive"][word]["id"], id);
        assert_eq!(message["interactive"][word]["title"], title);
    }
}

#[tokio::test]
async fn a_blocked_business_reaches_nobody_and_is_not_told() {
    let world = World::new().await;
    world.permit(ANA).await;
    world.writes(ANA, "Hello").await;
    world.platform.user_blocks(ANA, PHONE, true).await.unwrap();
    let id = world.send(ANA, text("Please come back")).await;
    world.told(&id, "sent").await;
    let call = world.business_calls(ANA).await;
    world.until(&call, "connect").await;
    let written = world.platform.user_writes(ANA, PHONE, "No".into(), None);
    assert_eq!(written.await, Err(PhoneRefusal::Blocked));
    world.advance(secs(60)).await;
    world.until(&call, "terminate").await;
    assert_eq!(world.events(&call), ["connect", "terminate"], "no RINGING");
    assert_eq!(world.statuses(&id), ["sent"]);

    world.platform.user_blocks(ANA, PHONE, false).await.unwrap();
    assert_eq!(world.state(ANA, &id), "absent", "it was held back for good");
    let shown = world.platform.thread(ANA, PHONE, 9).unwrap().data;
    assert!(shown.iter().all(|e| e.kind != "call"), "{shown:?}");
    let id = world.send(ANA, text("Hello again")).await;
    world.told(&id, "read").await;
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_at_once() {
    let world = World::new().await;
    let number = world.platform.find_number("442079460000").unwrap().unwrap();
    let own = world.try_send(number.number, text("Hi")).await;
    assert_eq!(own, Err(Refusal::RecipientIsSender));
    let message = OutgoingMessage {
        recipient: Recipient::Number(ANA),
        content: text("Hi"),
        context: Some(MessageId::new(ANA, [9; 16])),
        opaque: None,
        sent: None,
    };
    let sent = world.platform.send_message(&world.caller, PHONE, message);
    let refused = sent.await.unwrap_err().to_string();
    assert!(refused.starts_with("context.message_id:"), "{refused}");
    // The second number has calling switched off: what is about calls is refused, a text is not.
    let second = "442079460001";
    let second = world.platform.find_number(second).unwrap().unwrap().id;
    for (content, refused) in [
        (call_button(5), true),
        (request(), true),
        (text("x"), false),
    ] {
        let message = OutgoingMessage {
            recipient: Recipient::Number(ANA),
            content,
            context: None,
            opaque: None,
            sent: None,
        };
        let sent = world.platform.send_message(&world.caller, second, message);
        let off = sent.await.err() == Some(Refusal::CallingDisabled);
        assert_eq!(off, refused);
    }
}
