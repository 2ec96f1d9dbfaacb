//! Media stays in real time (`contract.md` §3 `clock`): a call whose parties talk does not notice that the clock jumps.

use std::time::Duration;

use ahoy_platform::ConnectRequest;
use ahoy_types::CallId;
use serde_json::Value;

use crate::support::*;

const DAY: u64 = 86_400;

/// What Ana has heard, once `enough` is content.
async fn heard(world: &World, id: &CallId, what: &str, enough: impl Fn(&Value) -> bool) -> Value {
    let asked = async {
        loop {
            let view = world.platform.call_of_user(ANA, id).await.unwrap().unwrap();
            assert_eq!(view.state, "connected", "{:?}", view.end_cause);
            if let Some(heard) = view.heard.filter(&enough) {
                return heard;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, asked).await;
    in_time.unwrap_or_else(|_| panic!("Ana never heard {what}"))
}

fn packets(heard: &Value) -> u64 {
    heard["packets"].as_u64().unwrap()
}

#[tokio::test]
async fn of_a_business_call_that_goes_on_for_a_week() {
    let world = World::new().await;
    world.permit(ANA).await;
    let peer = Peer::new().await;
    let request = ConnectRequest {
        sdp: peer.offer.clone(),
        ..world.request(ANA)
    };
    let id = world
        .platform
        .connect(&world.caller, PHONE, request)
        .await
        .unwrap();
    let connect = world.until(&id, "connect").await.about();
    let answer = connect["session"]["sdp"].as_str().unwrap().to_owned();
    let _media = peer.connect_and_speak(&answer, 440.0).await;
    world.until(&id, "ACCEPTED").await;
    heard(&world, &id, "half a second", |h| packets(h) >= 25).await;
    // Minutes, days, a week: far beyond what any watchdog allows for.
    let mut before = 0;
    for jump in [300, DAY, 7 * DAY] {
        let now = heard(&world, &id, "some more", |h| packets(h) >= before + 25).await;
        before = packets(&now);
        world.advance(secs(jump)).await;
    }
    let last = heard(&world, &id, "what came after the jumps", |h| {
        packets(h) >= before + 50
    })
    .await;
    assert_eq!(last["lost"], 0, "{last}");
    let missing = |gap: &Value| gap["missing"].as_u64().unwrap();
    assert!(
        last["gaps"]
            .as_array()
            .unwrap()
            .iter()
            .all(|g| missing(g) == 0),
        "{last}"
    );
    let pitch = last["tone_hz"].as_f64().unwrap();
    assert!((pitch - 440.0).abs() < 5.0, "{last}");
    // The business pays for the week, and the call ends as any other.
    world.terminate(&id).await;
    let terminate = world.until(&id, "terminate").await.about();
    assert_eq!(terminate["status"], "COMPLETED");
    let duration = terminate["duration"].as_u64().unwrap();
    assert!(
        (8 * DAY + 300..8 * DAY + 400).contains(&duration),
        "{duration}"
    );
}
