use ahoy_calling::Refusal;
use ahoy_calling::place::PhoneRefusal;
use ahoy_calling::quality::Feedback;
use ahoy_calling::settings::{IconVisibility, SettingsPatch};
use ahoy_platform::{Dial, UserLegKind};
use ahoy_store::{MailState, Page};
use ahoy_types::{Direction, WaId};
use serde_json::{Value, json};

use crate::support::{ANA, BEN, PHONE, World, secs, somebody};

const WEEK: u64 = 604_800;

/// The `account_update` events so far, entries and all.
fn updates(world: &World) -> Vec<Value> {
    let sent = world.edge.sent();
    sent.iter()
        .map(crate::support::Sent::json)
        .filter(|json| json["entry"][0]["changes"][0]["field"] == "account_update")
        .collect()
}

fn values(world: &World) -> Vec<Value> {
    let value = |json: &Value| json["entry"][0]["changes"][0]["value"].clone();
    updates(world).iter().map(value).collect()
}

/// `call_icon_visibility` in each webhook of changed settings.
fn icons(world: &World) -> Vec<String> {
    let all = world.platform.deliveries(&Default::default()).unwrap();
    let told = all
        .iter()
        .filter(|(delivery, _)| delivery.field == "account_settings_update");
    told.map(|(delivery, _)| {
        let body: Value = serde_json::from_slice(&delivery.body).unwrap();
        let value = &body["entry"][0]["changes"][0]["value"];
        let calling = &value["phone_number_settings"]["calling"];
        calling["call_icon_visibility"].as_str().unwrap().to_owned()
    })
    .collect()
}

async fn rung(world: &World, user: WaId) {
    world.permit(user).await;
    let call = world.business_calls(user).await;
    world.until(&call, "RINGING").await;
    world.platform.user_rejects(user, &call).await.unwrap();
    world.until(&call, "terminate").await;
}

async fn reports(world: &World, user: WaId) -> Option<Direction> {
    let counted = world.platform.user_feedback(PHONE, user, Feedback::Report);
    counted.await.unwrap()
}

async fn missed(world: &World, user: WaId) {
    let call = world.user_calls(user).await;
    world
        .platform
        .reject(&world.caller, PHONE, call.clone())
        .await
        .unwrap();
    world.until(&call, "terminate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_of_called_users_pause_the_business_for_a_week() {
    let world = World::new().await;
    world.by_hand(&[ANA, BEN]).await;
    assert_eq!(reports(&world, ANA).await, None, "there was no call");
    rung(&world, ANA).await;
    rung(&world, BEN).await;
    let ours = Some(Direction::BusinessInitiated);
    assert_eq!(reports(&world, ANA).await, ours);
    assert_eq!(reports(&world, ANA).await, None, "one user counts once");
    assert_eq!(reports(&world, BEN).await, ours);
    let now = world.advance(secs(0)).await;
    let until = now.secs() + i64::try_from(WEEK).unwrap();
    let told = values(&world);
    assert_eq!(
        told[0],
        json!({"phone_number": "442079460000", "event": "ACCOUNT_VIOLATION",
            "violation_info": {"violation_type": "LOW_BUSINESS_INITIATED_CALLING_QUALITY"}})
    );
    let (number, _) = world.platform.standing(PHONE).unwrap();
    let end = number.standing.business_paused(now).unwrap();
    assert!((until - 60..=until).contains(&end.secs()));
    assert_eq!(
        told[1..],
        [
            json!({"phone_number": "442079460000", "event": "ACCOUNT_RESTRICTION", "restriction_info":
            [{"restriction_type": "RESTRICTED_BUSINESS_INITIATED_CALLING", "expiration": end.secs()}]})
        ]
    );
    for entry in updates(&world) {
        assert_eq!(entry["entry"][0]["id"], "0");
        assert!(entry["entry"][0]["time"].is_i64());
    }
    // The permission stays, the calls are refused, and users still get through.
    let refused = world
        .platform
        .connect(&world.caller, PHONE, world.request(ANA))
        .await;
    assert_eq!(refused, Err(Refusal::Restricted { until: end }));
    missed(&world, ANA).await;
    let mails = world
        .platform
        .mails(Page {
            after: None,
            limit: 10,
        })
        .unwrap();
    assert_eq!(mails.len(), 2);
    for mail in &mails {
        assert_eq!(mail.recipient.as_deref(), Some("owner@harbour.example"));
        assert_eq!(mail.state, MailState::Kept, "there is no mail server");
        assert!(mail.body.contains("+44 20 7946 0000"), "{}", mail.body);
    }
    world.advance(secs(WEEK)).await;
    let again = world
        .platform
        .connect(&world.caller, PHONE, world.request(ANA))
        .await;
    assert!(again.is_ok(), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_after_their_own_calls_keep_users_out() {
    let world = World::new().await;
    missed(&world, ANA).await;
    missed(&world, BEN).await;
    for user in [ANA, BEN] {
        let counted = world.platform.user_feedback(PHONE, user, Feedback::Block);
        assert_eq!(counted.await.unwrap(), Some(Direction::UserInitiated));
    }
    let dial = |user| {
        world
            .platform
            .user_calls(user, PHONE, UserLegKind::Simulated, Dial::default())
    };
    assert_eq!(dial(ANA).await, Err(PhoneRefusal::Restricted));
    world.advance(secs(WEEK)).await;
    assert!(dial(ANA).await.is_ok());
    let kinds: Vec<Value> = values(&world)
        .iter()
        .map(|v| match &v["violation_info"]["violation_type"] {
            Value::Null => v["restriction_info"][0]["restriction_type"].clone(),
            kind => kind.clone(),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "LOW_USER_INITIATED_CALLING_QUALITY",
            "RESTRICTED_USER_INITIATED_CALLING"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_left_unanswered_hide_the_button_until_the_business_shows_it() {
    let world = World::new().await;
    for n in 0..9 {
        missed(&world, somebody(n)).await;
    }
    assert_eq!(values(&world), Vec::<Value>::new(), "nine are too few");
    missed(&world, somebody(9)).await;
    missed(&world, somebody(10)).await;
    world.advance(secs(0)).await;
    let told = values(&world);
    assert_eq!(told.len(), 2, "{told:#?}");
    let warning = &told[0]["violation_info"];
    assert_eq!(
        warning["violation_type"],
        "USER_INITIATED_CALLS_LOW_PICKUP_RATE"
    );
    assert!(warning["remediation"].is_string());
    let hidden = &told[1]["restriction_info"][0];
    assert_eq!(
        hidden["restriction_type"],
        "RESTRICTED_USER_INITIATED_CALLING_CALL_BUTTON_HIDDEN"
    );
    assert!(hidden["expiration"].is_null() && hidden["remediation"].is_string());
    let (number, _) = world.platform.standing(PHONE).unwrap();
    assert!(number.standing.button_hidden());
    let icon = number.settings.call_icon_visibility;
    assert_eq!(icon, IconVisibility::DisableAll);
    // The settings have changed, whoever changed them.
    assert_eq!(icons(&world), ["DISABLE_ALL"]);
    missed(&world, ANA).await;
    let show = SettingsPatch {
        call_icon_visibility: Some(IconVisibility::Default),
        ..SettingsPatch::default()
    };
    let after = world
        .platform
        .update_settings(&world.caller, PHONE, show)
        .await
        .unwrap();
    assert_eq!(after.call_icon_visibility, IconVisibility::Default);
    assert_eq!(icons(&world), ["DISABLE_ALL", "DEFAULT"]);
    for n in 0..9 {
        missed(&world, somebody(n)).await;
    }
    let (number, tally) = world.platform.standing(PHONE).unwrap();
    assert!(!number.standing.button_hidden());
    assert_eq!(tally.user_missed, 9, "the count began anew");
    assert_eq!(values(&world).len(), 2);
}
