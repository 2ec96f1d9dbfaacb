//! A user writes out of an advertisement; what the business answers is free until the entry point ends (`rules.md` §7).

use std::time::Duration;

use ahoy_calling::identity::AppPlatform;
use ahoy_calling::limits::{FREE_ENTRY_LONGER_FROM, LimitTable};
use ahoy_store::DeliveryFilter;
use ahoy_types::{PhoneNumberId, RuleTime};
use ahoy_wire::webhook::Referral;
use serde_json::{Value, json};

use crate::support::bodies::{messages, text};
use crate::support::{ANA, Api, PHONE};

const PHONE_ID: PhoneNumberId = PhoneNumberId(PHONE);
const DAY: Duration = Duration::from_secs(86_400);

fn ad() -> Referral {
    Referral {
        source_type: "ad".into(),
        source_id: "120200000000001".into(),
        source_url: "https://example.com/ad".into(),
        headline: Some("Boots".into()),
        body: None,
        media_type: None,
        image_url: None,
        video_url: None,
        thumbnail_url: None,
        ctwa_clid: Some("click-1".into()),
        welcome_message: None,
    }
}

/// A server whose clock stands at `at` or later.
async fn at(at: RuleTime) -> Api {
    let mut limits = LimitTable::default();
    limits.sandbox.free_service_messages = 0;
    let api = Api::with(limits, |_| Ok(())).await;
    let now = api.platform.clock().now();
    if at > now {
        api.platform.advance(at.since(now)).await.unwrap();
    }
    api
}

async fn writes(api: &Api, referral: Option<Referral>) {
    let body = "Hello".to_owned();
    let written = api
        .platform
        .user_writes_from(ANA, PHONE_ID, body, None, referral);
    written.await.unwrap();
}

/// The values of the webhooks of `field` `messages`, oldest first, that have this key.
fn told(api: &Api, key: &str) -> Vec<Value> {
    let all = api.platform.deliveries(&DeliveryFilter::default()).unwrap();
    all.iter()
        .filter_map(|(delivery, _)| {
            let body: Value = serde_json::from_slice(&delivery.body).unwrap();
            body["entry"][0]["changes"][0]["value"][key].get(0).cloned()
        })
        .collect()
}

/// The statuses of one more message of the business.
async fn sends(api: &Api) -> Vec<Value> {
    let before = told(api, "statuses").len();
    api.post(&messages(PHONE), text(ANA)).await.ok();
    told(api, "statuses").split_off(before)
}

fn unix(of: RuleTime) -> String {
    of.secs().to_string()
}

#[tokio::test]
async fn the_answer_opens_it_and_its_statuses_tell_its_end() {
    let api = at(FREE_ENTRY_LONGER_FROM + DAY).await;
    writes(&api, Some(ad())).await;
    let heard = told(&api, "messages");
    assert_eq!(heard[0]["referral"]["headline"], "Boots");
    assert_eq!(heard[0]["referral"]["source_type"], "ad");

    let answered = api.platform.clock().now();
    let statuses = sends(&api).await;
    let free = json!({ "billable": false, "pricing_model": "PMP", "category": "referral_conversion", "type": "free_entry_point" });
    assert_eq!(statuses[0]["status"], "sent");
    assert_eq!(statuses[0]["pricing"], free);
    let conversation = &statuses[0]["conversation"];
    assert_eq!(conversation["origin"]["type"], "referral_conversion");
    let end: i64 = conversation["expiration_timestamp"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let week = answered + 7 * DAY;
    assert!(
        (week.secs()..=week.secs() + 5).contains(&end),
        "{end} is not {}",
        unix(week)
    );
    assert_eq!(statuses[1]["status"], "delivered");
    assert_eq!(statuses[1]["pricing"], free);
    assert_eq!(statuses[1]["conversation"]["id"], conversation["id"]);
    assert!(
        statuses[1]["conversation"]
            .get("expiration_timestamp")
            .is_none()
    );

    // The 24-hour window goes its own way: closed, nothing free-form arrives; opened anew, it is free still, without another ad.
    api.platform.advance(2 * DAY).await.unwrap();
    assert_eq!(sends(&api).await[0]["status"], "failed");
    writes(&api, None).await;
    let again = sends(&api).await;
    assert_eq!(again[0]["pricing"], free);
    assert_eq!(again[0]["conversation"], *conversation);
    api.platform.advance(6 * DAY).await.unwrap();
    writes(&api, None).await;
    let after = sends(&api).await;
    assert_eq!(after[0]["pricing"]["type"], "regular");
    assert!(after[0].get("conversation").is_none());
}

#[tokio::test]
async fn an_answer_that_comes_after_the_window_opens_nothing() {
    let api = at(FREE_ENTRY_LONGER_FROM + DAY).await;
    writes(&api, Some(ad())).await;
    api.platform.advance(DAY).await.unwrap();
    assert_eq!(sends(&api).await[0]["status"], "failed");
    writes(&api, None).await;
    assert_eq!(sends(&api).await[0]["pricing"]["type"], "regular");
}

#[tokio::test]
async fn an_advertisement_on_the_desktop_opens_nothing() {
    let api = at(FREE_ENTRY_LONGER_FROM + DAY).await;
    api.platform
        .change_user(ANA, |user| user.client.platform = AppPlatform::Desktop)
        .await
        .unwrap();
    writes(&api, Some(ad())).await;
    assert_eq!(told(&api, "messages")[0]["referral"]["headline"], "Boots");
    assert_eq!(sends(&api).await[0]["pricing"]["type"], "regular");
}
