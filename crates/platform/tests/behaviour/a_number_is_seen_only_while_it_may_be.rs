//! Users with a username: who sees their number, for how long, and what happens when it changes (`rules.md` §8).

use ahoy_calling::Refusal;
use ahoy_calling::place::PhoneRefusal;
use ahoy_platform::{NumberRefusal, OutgoingMessage, Recipient, SentMessage};
use ahoy_types::{BusinessId, MessageId, UserId, WaId};
use ahoy_wire::messages::{Content, Interactive};
use serde_json::Value;

use crate::support::*;

const DAY: u64 = 86_400;

impl World {
    async fn named(&self, user: WaId) {
        let changed = self.platform.change_user(user, |user| {
            user.identity.username = Some("ana.of.the.sea".into());
        });
        changed.await.unwrap();
    }
    /// The value of the webhook about a text of the user.
    async fn hears(&self, user: WaId) -> Value {
        let written = self.platform.user_writes(user, PHONE, "Hello".into(), None);
        self.message(&written.await.unwrap()).await
    }
    async fn message(&self, id: &MessageId) -> Value {
        let what = format!("the webhook of {id}");
        let found = self.edge.until(&what, |sent| {
            let mut values = sent.iter().map(Sent::value);
            values.find(|v| v["messages"][0]["id"] == id.as_str())
        });
        found.await
    }
    /// What the business is told of a changed number.
    async fn system_message(&self) -> Value {
        let found = self.edge.until("a system message", |sent| {
            let mut values = sent.iter().map(Sent::value);
            values.find(|v| v["messages"][0]["type"] == "system")
        });
        found.await
    }
    async fn writes_to(&self, recipient: Recipient, content: Content) -> SentMessage {
        let message = OutgoingMessage {
            recipient,
            content,
            context: None,
            opaque: None,
            sent: None,
        };
        let sent = self.platform.send_message(&self.caller, PHONE, message);
        sent.await.unwrap()
    }
    async fn keeps_book(&self, keeps: bool) {
        self.platform.keep_contact_book(PHONE, keeps).await.unwrap();
    }
    fn resolves(&self, id: &UserId) -> bool {
        let recipient = Recipient::UserId(id.clone());
        let asked = self
            .platform
            .call_permissions(&self.caller, PHONE, &recipient);
        asked.is_ok()
    }
}

fn text() -> Content {
    Content::Text { body: "Hi".into() }
}

fn number_in(value: &Value) -> Option<&str> {
    assert_eq!(
        value["messages"][0].get("from"),
        value["contacts"][0].get("wa_id"),
        "both or none"
    );
    value["messages"][0]["from"].as_str()
}

fn id_in(value: &Value) -> UserId {
    let id = value["contacts"][0]["user_id"].as_str();
    id.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_cold_user_is_an_id_until_the_business_names_the_number() {
    let world = World::new().await;
    world.named(ANA).await;
    let first = world.hears(ANA).await;
    assert_eq!(number_in(&first), None);
    // What runs by the id alone gives no number away.
    let sent = world
        .writes_to(Recipient::UserId(id_in(&first)), text())
        .await;
    assert_eq!(sent.contact.wa_id, None);
    assert_eq!(number_in(&world.hears(ANA).await), None);

    let sent = world.writes_to(Recipient::Number(ANA), text()).await;
    assert_eq!(sent.contact.wa_id, Some(ANA));
    let number = ANA.to_string();
    assert_eq!(number_in(&world.hears(ANA).await), Some(number.as_str()));
    // Another business of the same portfolio's accounts would see it too; a call does as well.
    world.by_hand(&[ANA]).await;
    let call = world.user_calls(ANA).await;
    let connect = world.until(&call, "connect").await;
    assert_eq!(connect.about()["from"], number.as_str());
}

#[tokio::test]
async fn thirty_days_of_silence_hide_the_number_where_no_contact_book_is_kept() {
    for (book, seen) in [(true, true), (false, false)] {
        let world = World::new().await;
        world.keeps_book(book).await;
        // Met without a username: the number was there for all to see.
        assert!(number_in(&world.hears(ANA).await).is_some());
        world.named(ANA).await;
        world.advance(secs(29 * DAY)).await;
        assert!(number_in(&world.hears(ANA).await).is_some());
        world.advance(secs(31 * DAY)).await;
        let late = world.hears(ANA).await;
        assert_eq!(number_in(&late).is_some(), seen, "a book is kept: {book}");
    }
}

#[tokio::test]
async fn another_number_is_told_with_both_numbers_and_takes_everything_but_the_ids_along() {
    let world = World::new().await;
    let above = Some(BusinessId(739_000_000_000_001));
    let changed = world
        .platform
        .change_number_and_parent(PHONE, Some(above), |_| {});
    changed.await.unwrap();
    let before = world.hears(ANA).await;
    let (id, parent) = (
        id_in(&before),
        before["contacts"][0]["parent_user_id"].clone(),
    );
    assert!(parent.as_str().unwrap().starts_with("GB.ENT."), "{parent}");
    world.permit(ANA).await;
    let to = somebody(1);
    let moved = world.platform.change_number_of_user(ANA, to).await.unwrap();
    assert_eq!((moved.wa_id, moved.name.as_deref()), (to, Some("Ana")));

    let told = world.system_message().await;
    assert!(told.get("contacts").is_none());
    let message = &told["messages"][0];
    assert_eq!(message["from"], ANA.to_string());
    let system = &message["system"];
    assert_eq!(system["type"], "user_changed_number");
    assert_eq!(
        system["body"],
        format!("User Ana changed from {ANA} to {to}")
    );
    assert_eq!(system["wa_id"], to.to_string());
    assert_eq!(system["previous_user_id"], id.as_str());
    assert_eq!(system["previous_parent_user_id"], parent);
    let after = world.hears(to).await;
    assert_eq!(system["user_id"], id_in(&after).as_str());
    assert_eq!(
        system["parent_user_id"],
        after["contacts"][0]["parent_user_id"]
    );

    assert!(world.resolves(&id_in(&after)));
    assert!(!world.resolves(&id), "the former id names nobody");
    let now = world.platform.clock().now();
    let pair = world.platform.pair(PHONE, to).unwrap();
    assert_eq!(pair.permission(now), ahoy_calling::Permission::Permanent);
    let kinds = |user| {
        let thread = world.platform.thread(user, PHONE, 9).unwrap();
        thread.data.iter().map(|e| e.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(to), ["text", "system", "text"]);
    assert_eq!(kinds(ANA), [""; 0]);
    // Whoever gets the number next is somebody else, and so is Ana when she takes it back.
    let stranger = world.hears(ANA).await;
    assert_ne!(id_in(&stranger), id);
    assert_eq!(kinds(ANA), ["text"]);
}

#[tokio::test]
async fn another_number_of_a_user_nobody_may_see_is_told_by_the_two_ids() {
    let world = World::new().await;
    world.named(ANA).await;
    let id = id_in(&world.hears(ANA).await);
    let to = somebody(1);
    world.platform.change_number_of_user(ANA, to).await.unwrap();
    let told = world.system_message().await;
    let message = &told["messages"][0];
    let system = &message["system"];
    assert!(message.get("from").is_none() && system.get("wa_id").is_none());
    assert_eq!(system["type"], "user_changed_user_id");
    assert_eq!(system["previous_user_id"], id.as_str());
    let new = system["user_id"].as_str().unwrap();
    assert_eq!(
        system["body"],
        format!("User Ana changed from {id} to {new}")
    );
    assert!(
        !serde_json::to_string(&told)
            .unwrap()
            .contains(&to.to_string()),
        "the number is nowhere in it"
    );
    // It opens no window and can be marked as read.
    let wamid: MessageId = message["id"].as_str().unwrap().parse().unwrap();
    let marked = world.platform.mark_read(&world.caller, PHONE, wamid, false);
    marked.await.unwrap();
}

#[tokio::test]
async fn a_number_that_is_taken_and_a_user_in_a_call_are_refused() {
    let world = World::new().await;
    world.by_hand(&[ANA]).await;
    let change = |from, to| world.platform.change_number_of_user(from, to);
    let nobody = somebody(7);
    assert_eq!(
        change(nobody, somebody(8)).await,
        Err(NumberRefusal::NoSuchUser(nobody))
    );
    for taken in [ANA, BEN, WaId::from_u64(442_079_460_000)] {
        let refused = change(ANA, taken).await.unwrap_err();
        assert!(matches!(refused, NumberRefusal::Taken(..)), "{refused}");
    }
    let call = world.user_calls(ANA).await;
    assert_eq!(change(ANA, nobody).await, Err(NumberRefusal::InCall(ANA)));
    world.platform.user_hangs_up(ANA, &call).await.unwrap();
    change(ANA, nobody).await.unwrap();
    let calls = world.platform.calls_of_pair(PHONE, nobody, 9).unwrap();
    assert_eq!(calls.len(), 1, "calls go along");
}

#[tokio::test]
async fn a_number_shared_on_request_is_seen_from_then_on() {
    let world = World::new().await;
    world.named(ANA).await;
    let id = id_in(&world.hears(ANA).await);
    let ask = Content::Interactive(Interactive::ContactRequest {
        body: "May we have your number?".into(),
    });
    let asked = world.writes_to(Recipient::UserId(id), ask).await;
    assert_eq!(asked.contact.wa_id, None);
    let state = || {
        let thread = world.platform.thread(ANA, PHONE, 9).unwrap();
        let mut entries = thread.data.into_iter();
        let entry = entries.find(|e| e.kind == "contact_request").unwrap();
        (entry.state, entry.content["body"].clone())
    };
    assert_eq!(state(), ("open", "May we have your number?".into()));

    let shared = world.platform.user_shares_number(ANA, asked.id.clone());
    let value = world.message(&shared.await.unwrap()).await;
    assert_eq!(number_in(&value), Some(ANA.to_string().as_str()));
    let message = &value["messages"][0];
    assert_eq!(message["type"], "contacts");
    assert_eq!(message["context"]["id"], asked.id.as_str());
    let contact = &message["contacts"][0];
    assert_eq!(contact["origin"], "contact_request");
    assert_eq!(contact["phones"][0]["wa_id"], ANA.to_string());
    assert_eq!(state().0, "shared");
    let twice = world.platform.user_shares_number(ANA, asked.id).await;
    assert_eq!(
        twice,
        Err(PhoneRefusal::Gone(
            "You have shared your number already.".into()
        ))
    );
    // It stands in the contact book.
    world.advance(secs(100 * DAY)).await;
    assert!(number_in(&world.hears(ANA).await).is_some());
    let sent = world.writes_to(Recipient::Number(ANA), text()).await.id;
    let other = world.platform.user_shares_number(ANA, sent).await;
    assert_eq!(
        other,
        Err(PhoneRefusal::Gone(
            "This message does not ask for your number.".into()
        ))
    );
}

#[tokio::test]
async fn an_id_with_ent_is_the_parents_alone() {
    let world = World::new().await;
    let id = id_in(&world.hears(ANA).await);
    let digits = id.as_str().strip_prefix("GB.").unwrap();
    let parent: UserId = format!("GB.ENT.{digits}").parse().unwrap();
    assert!(world.resolves(&id) && !world.resolves(&parent));
    let recipient = Recipient::UserId(parent.clone());
    let asked = world
        .platform
        .call_permissions(&world.caller, PHONE, &recipient);
    assert_eq!(
        asked.unwrap_err(),
        Refusal::Invalid(format!(
            "recipient: no user of this business has the id `{parent}`"
        ))
    );
}
