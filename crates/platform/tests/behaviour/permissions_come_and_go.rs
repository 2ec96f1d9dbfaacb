//! The life of a call permission, and what the business is told of it (`rules.md` §3, `webhooks.md` §3.1).

use ahoy_calling::limits::LimitTable;
use ahoy_calling::place::PhoneRefusal;
use ahoy_calling::settings::{SettingsPatch, Switch};
use ahoy_calling::{Permission, Refusal};
use ahoy_platform::{Dial, Grant, UserLegKind};
use ahoy_types::{CallId, RuleTime};
use serde_json::{Value, json};

use crate::support::*;

const REPLY: &str = "call_permission_reply";

/// The permission replies so far, with the message each came in.
fn replies(world: &World) -> Vec<(Value, Value)> {
    let sent = world.edge.sent();
    let replies = sent.iter().filter(|s| s.event == REPLY);
    replies
        .map(|s| {
            let message = s.value()["messages"][0].clone();
            (message["interactive"][REPLY].clone(), message)
        })
        .collect()
}

fn expiry(at: RuleTime) -> String {
    (at.secs() + 604_800).to_string()
}

async fn callbacks_on(world: &World) {
    let patch = SettingsPatch {
        callback_permission_status: Some(Switch::Enabled),
        ..Default::default()
    };
    let changed = world
        .platform
        .update_settings(&world.caller, PHONE, patch)
        .await;
    changed.unwrap();
}

fn granted(world: &World) -> Permission {
    let pair = world.platform.pair(PHONE, ANA).unwrap();
    pair.permission(world.platform.clock().now())
}

#[tokio::test]
async fn a_users_call_lets_the_business_call_back_answered_or_not() {
    let world = World::new().await;
    world.by_hand(&[ANA]).await;
    let silent = world.user_calls(ANA).await;
    world.platform.user_hangs_up(ANA, &silent).await.unwrap();
    world.until(&silent, "terminate").await;
    assert_eq!(granted(&world), Permission::None, "the number does not ask");
    assert!(replies(&world).is_empty());

    callbacks_on(&world).await;
    let missed = world.user_calls(ANA).await;
    world.advance(secs(30)).await;
    assert_eq!(granted(&world), Permission::None, "it still rings");
    world.advance(secs(30)).await;
    let now = world.platform.clock().now();
    let all = replies(&world);
    let [(reply, message)] = all.as_slice() else {
        panic!("one reply is expected: {all:?}");
    };
    assert_eq!(
        *reply,
        json!({"response": "accept", "is_permanent": false, "expiration_timestamp": expiry(now),
               "response_source": "automatic"})
    );
    assert_eq!(message["type"], "interactive");
    assert_eq!(message["from"], ANA.to_string());
    assert_eq!(
        message["context"],
        json!({"from": "442079460000", "id": missed.to_string()})
    );
    assert!(message["id"].as_str().unwrap().starts_with("wamid."));
    assert_eq!(world.events(&missed), ["connect", "terminate"]);

    world.advance(secs(100)).await;
    let connected = world.user_calls(ANA).await;
    world.accept(&connected).await;
    let held = granted(&world);
    world.terminate(&connected).await;
    world.until(&connected, "terminate").await;
    assert_eq!(granted(&world), held, "the end adds nothing");
    let all = replies(&world);
    assert_eq!(all.len(), 2);
    assert_eq!(all[1].1["context"]["id"], connected.to_string());

    world.permit(ANA).await;
    let count = replies(&world).len();
    let again = world.user_calls(ANA).await;
    world.platform.user_hangs_up(ANA, &again).await.unwrap();
    world.until(&again, "terminate").await;
    assert_eq!(granted(&world), Permission::Permanent);
    assert_eq!(replies(&world).len(), count, "there was nothing to add");
}

#[tokio::test]
async fn a_companion_device_lets_nobody_call_back() {
    let world = World::new().await;
    world.by_hand(&[ANA]).await;
    callbacks_on(&world).await;
    let changed = world
        .platform
        .change_user(ANA, |user| user.client.companion = true);
    changed.await.unwrap();
    let call = world.user_calls(ANA).await;
    world.platform.user_hangs_up(ANA, &call).await.unwrap();
    world.until(&call, "terminate").await;
    assert_eq!(granted(&world), Permission::None);
    assert!(replies(&world).is_empty());
}

async fn unanswered(world: &World) -> CallId {
    let call = world.business_calls(ANA).await;
    world.until(&call, "RINGING").await;
    world.advance(secs(60)).await;
    call
}

#[tokio::test]
async fn four_unanswered_calls_in_a_row_end_the_permission() {
    let mut limits = LimitTable::default();
    (
        limits.sandbox.unanswered_nudge,
        limits.sandbox.unanswered_revoke,
    ) = (2, 4);
    let world = World::with(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    world.by_hand(&[ANA]).await;
    world.permit(ANA).await;
    for n in 1..4 {
        unanswered(&world).await;
        assert_eq!(world.platform.pair(PHONE, ANA).unwrap().unanswered, n);
    }
    // Declining counts as well.
    let last = world.business_calls(ANA).await;
    world.until(&last, "RINGING").await;
    world.platform.user_rejects(ANA, &last).await.unwrap();
    world.until(&last, "terminate").await;
    let revoked = world
        .edge
        .until("the revocation", |sent| {
            let mut all = sent.iter().filter(|s| s.event == REPLY);
            all.nth(1).cloned()
        })
        .await;
    let message = revoked.value()["messages"][0].clone();
    assert_eq!(
        message["interactive"][REPLY],
        json!({"response": "reject", "response_source": "automatic"})
    );
    assert!(message.get("context").is_none(), "{message}");
    // The nudge after the second and the notice after the fourth are for the user's eyes alone.
    assert_eq!(replies(&world).len(), 2, "the grant and its end");
    let refused = world
        .platform
        .connect(&world.caller, PHONE, world.request(ANA))
        .await;
    assert_eq!(refused, Err(Refusal::NoPermission));
}

#[tokio::test]
async fn what_the_user_sets_in_the_profile_is_told_and_an_expiry_is_not() {
    let world = World::new().await;
    let set = async |grant| {
        let set = world.platform.set_permission(PHONE, ANA, grant).await;
        set.unwrap()
    };
    assert_eq!(set(Grant::Revoke).await, Permission::None);
    set(Grant::Permanent).await;
    set(Grant::Permanent).await;
    set(Grant::Revoke).await;
    set(Grant::Temporary).await;
    let at = world.platform.clock().now();
    world.advance(secs(604_800)).await;
    assert_eq!(granted(&world), Permission::None);
    let all = replies(&world);
    let said: Vec<Value> = all.iter().map(|(reply, _)| reply.clone()).collect();
    let accept = json!({"response": "accept", "is_permanent": false, "expiration_timestamp": expiry(at),
                        "response_source": "user_action"});
    assert_eq!(
        said,
        [
            json!({"response": "accept", "is_permanent": true, "response_source": "user_action"}),
            json!({"response": "reject", "response_source": "user_action"}),
            accept
        ],
        "what changes nothing is not told"
    );
    assert!(
        all.iter()
            .all(|(_, message)| message.get("context").is_none())
    );
}

#[tokio::test]
async fn a_business_that_does_not_pay_is_not_reached_and_hears_of_it() {
    let world = World::new().await;
    world.by_hand(&[ANA, BEN]).await;
    let ringing = world.user_calls(ANA).await;
    let unpaid = world
        .platform
        .change_number(PHONE, |number| number.payment_valid = false);
    unpaid.await.unwrap();
    let accept = world
        .platform
        .accept(&world.caller, PHONE, ringing, answer(), None);
    assert_eq!(accept.await, Err(Refusal::Payment));
    let dialled = world
        .platform
        .user_calls(BEN, PHONE, UserLegKind::Simulated, Dial::default())
        .await;
    assert_eq!(dialled, Err(PhoneRefusal::Payment));
    let told = world
        .edge
        .until("the error", |sent| {
            sent.iter().find(|s| s.event == "errors").cloned()
        })
        .await;
    let value = told.value();
    assert_eq!(value["errors"][0]["code"], 131_044);
    assert_eq!(value["contacts"][0]["wa_id"], BEN.to_string());
    assert!(value.get("calls").is_none());
    assert!(world.platform.calls_of_user(BEN, 10).unwrap().is_empty());
}
