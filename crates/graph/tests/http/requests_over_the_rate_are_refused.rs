//! 130429: more requests to `/calls` a second than a number may make (`rules.md` §3).

use crate::support::*;
use ahoy_calling::limits::{LimitTable, RequestLimits};
use serde_json::json;

/// Sandbox numbers may make so many requests a second.
async fn api(a_second: u32) -> Api {
    let mut limits = LimitTable::default();
    limits.sandbox.call_requests_per_second = a_second;
    Api::with(limits, |_| Ok(())).await
}

#[tokio::test]
async fn every_action_over_the_rate_is_refused_and_does_nothing() {
    let api = api(0).await;
    let call = api.user_calls(ANA).await;
    let session = json!({"sdp_type": "answer", "sdp": answer()});
    let id = call.to_string();
    for body in [
        json!({"messaging_product": "whatsapp", "action": "accept", "call_id": id, "session": session}),
        json!({"messaging_product": "whatsapp", "action": "reject", "call_id": id}),
        json!({"messaging_product": "whatsapp", "action": "terminate", "call_id": id}),
        json!({"messaging_product": "whatsapp", "to": BEN.to_string(), "action": "connect", "session": {"sdp_type": "offer", "sdp": offer()}}),
        // It is refused before it is read.
        json!({}),
    ] {
        let reply = api.calls(PHONE, body.clone()).await;
        let (status, code, sentence) = reply.refusal();
        assert_eq!((status, code), (400, 130_429), "{body}: {sentence}");
        assert!(
            sentence.contains("More than 0 requests to `/calls` a second"),
            "{sentence}"
        );
    }
    let seen = api.platform.calls_of_user(ANA, 10).unwrap();
    assert_eq!(seen[0].state, "ringing", "it still rings");
    assert!(api.platform.calls_of_user(BEN, 10).unwrap().is_empty());
}

#[tokio::test]
async fn each_number_has_a_rate_of_its_own_and_other_paths_have_none() {
    let api = api(0).await;
    let terminate =
        json!({"messaging_product": "whatsapp", "action": "terminate", "call_id": "wacid.none"});
    // The number under production limits gets as far as looking for the call.
    let other = api.calls(PRODUCTION, terminate.clone()).await;
    assert_eq!(other.refusal().1, 100, "{:?}", other.refusal());
    assert_eq!(
        api.calls(PHONE, terminate.clone()).await.refusal().1,
        130_429
    );
    api.get(&format!("/v25.0/{PHONE}/settings")).await.ok();
    // Who may not act at all is told that first.
    let path = format!("/v25.0/{PHONE}/calls");
    let reply = api
        .ask("POST", &path, MANAGEMENT, Some(terminate.clone()))
        .await;
    assert_eq!(reply.refusal().1, 10);
    let reply = api.ask("POST", &path, STRANGER, Some(terminate)).await;
    assert_eq!(reply.refusal().1, 100);
}

#[tokio::test]
async fn what_fits_into_the_second_is_let_in() {
    let api = api(1).await;
    let reject =
        json!({"messaging_product": "whatsapp", "action": "reject", "call_id": "wacid.none"});
    assert_eq!(
        api.calls(PHONE, reject.clone()).await.refusal().1,
        100,
        "the first is looked at"
    );
    // Seconds are real here: on a machine that hangs, one more may be let in before one is refused.
    let mut refused = false;
    for _ in 0..50 {
        refused |= api.calls(PHONE, reject.clone()).await.refusal().1 == 130_429;
    }
    assert!(refused, "fifty requests in a row were all let in");
}

#[tokio::test]
async fn an_app_with_too_many_requests_under_way_is_told_when_to_try_again() {
    let limits = LimitTable {
        requests: RequestLimits {
            node: 0,
            ..RequestLimits::default()
        },
        ..LimitTable::default()
    };
    let api = Api::with(limits, |_| Ok(())).await;
    let reply = api.get(&format!("/v25.0/{PHONE}")).await;
    let (status, code, details) = reply.refusal();
    assert_eq!((status, code), (503, 2));
    assert!(
        details.starts_with("This app has 0 requests to"),
        "{details}"
    );
    assert_eq!(reply.headers["retry-after"], "1");
}
