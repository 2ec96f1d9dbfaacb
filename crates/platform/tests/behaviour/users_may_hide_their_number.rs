//! Business-scoped ids: users without a visible number, and businesses that name users by id (`rules.md` §8).

use ahoy_calling::Refusal;
use ahoy_platform::{ConnectRequest, Recipient};
use ahoy_types::{BusinessId, UserId};
use serde_json::Value;

use crate::support::*;

fn id(value: &Value) -> UserId {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_user_who_hides_the_number_is_known_by_name_and_id() {
    let world = World::new().await;
    world.by_hand(&[ANA]).await;
    let seen = world.user_calls(ANA).await;
    let before = world.until(&seen, "connect").await;
    let user_id = before.value()["contacts"][0]["user_id"].clone();
    world.platform.user_hangs_up(ANA, &seen).await.unwrap();
    world.until(&seen, "terminate").await;

    let changed = world.platform.change_user(ANA, |user| {
        user.identity.username = Some("ana.of.the.sea".into());
        user.identity.hides_number = true;
        user.country = "FR".parse().ok();
    });
    changed.await.unwrap();
    let hidden = world.user_calls(ANA).await;
    let connect = world.until(&hidden, "connect").await;
    let (contact, call) = (connect.value()["contacts"][0].clone(), connect.about());
    assert_eq!(contact["profile"]["username"], "ana.of.the.sea");
    assert_eq!(
        contact["user_id"], user_id,
        "an id that was shown stays, in another country too"
    );
    assert_eq!(call["from_user_id"], user_id);
    assert!(contact.get("wa_id").is_none() && call.get("from").is_none());
    world.platform.user_hangs_up(ANA, &hidden).await.unwrap();
    world.until(&hidden, "terminate").await;

    // The business calls back by id alone.
    world.permit(ANA).await;
    let request = ConnectRequest {
        recipient: Recipient::UserId(id(&user_id)),
        ..world.request(ANA)
    };
    let placed = world.platform.connect(&world.caller, PHONE, request).await;
    let ringing = world.until(&placed.unwrap(), "RINGING").await.value();
    let status = &ringing["statuses"][0];
    assert_eq!(status["recipient_user_id"], user_id);
    assert!(status.get("recipient_id").is_none());
}

#[tokio::test]
async fn a_portfolio_above_has_ids_of_its_own_which_name_users_as_well() {
    let world = World::new().await;
    world.by_hand(&[ANA]).await;
    let above = Some(BusinessId(739_000_000_000_001));
    world
        .platform
        .change_number_and_parent(PHONE, Some(above), |_| {})
        .await
        .unwrap();
    let call = world.user_calls(ANA).await;
    let connect = world.until(&call, "connect").await;
    let contact = connect.value()["contacts"][0].clone();
    let parent_id = contact["parent_user_id"].clone();
    assert_ne!(parent_id, contact["user_id"]);
    assert_eq!(connect.about()["from_parent_user_id"], parent_id);
    let recipient = |id: UserId| Recipient::UserId(id);
    let ask = |id| {
        let asked = world
            .platform
            .call_permissions(&world.caller, PHONE, &recipient(id));
        asked.map(|view| view.may_request)
    };
    assert_eq!(ask(id(&parent_id)), Ok(true));
    assert_eq!(
        ask("GB.1".parse().unwrap()),
        Err(Refusal::Invalid(
            "recipient: no user of this business has the id `GB.1`".into()
        ))
    );
}
