//! `GET /admin/v1/call_logs`: everything for whoever is tied to nobody, one's own numbers for the others.

use crate::support::*;
use ahoy_platform::{Dial, UserLegKind};
use ahoy_types::WaId;
use serde_json::json;

#[tokio::test]
async fn the_call_log_is_read_by_its_own() {
    let api = Api::new().await;
    let ours = api.tenant("Ours", "+44 20 7946 0000").await;
    let theirs = api.tenant("Theirs", "+44 20 7946 0001").await;
    let role = json!({"name": "Ana", "role": "viewer", "business": ours.business});
    let viewer = api.post(ROOT, "/roles", role).await.ok();
    let viewer = viewer["token"].as_str().unwrap();

    assert_eq!(api.get("wrong", "/call_logs").await.status, 401);
    assert_eq!(api.get(ROOT, "/call_logs").await.ok()["data"], json!([]));
    let own = format!("/call_logs?phone_number={}", ours.number);
    assert_eq!(api.get(viewer, &own).await.ok()["data"], json!([]));
    assert_eq!(api.get(viewer, "/call_logs").await.status, 400);
    for number in [theirs.number.as_str(), "799999999999999"] {
        let path = format!("/call_logs?phone_number={number}");
        assert_eq!(api.get(viewer, &path).await.status, 404, "{path}");
    }
    assert_eq!(api.get(ROOT, "/call_logs?limit=0").await.status, 400);
    // A number without calling takes none: nothing gets into the log.
    let refused = api
        .platform
        .user_calls(
            WaId::from_u64(447_700_900_001),
            ours.number.parse().unwrap(),
            UserLegKind::Simulated,
            Dial::default(),
        )
        .await;
    assert!(refused.is_err());
    assert_eq!(api.get(ROOT, "/call_logs").await.ok()["data"], json!([]));
}
