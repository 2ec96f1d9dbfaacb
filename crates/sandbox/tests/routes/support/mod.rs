//! The sandbox's routes over a platform of their own, without sockets.

use std::sync::Arc;
use std::time::Duration;

use ahoy_calling::limits::LimitTable;
use ahoy_calling::price::PriceList;
use ahoy_media::MediaConfig;
use ahoy_platform::{Platform, PlatformConfig, Seed};
use ahoy_sandbox::{SandboxState, router};
use ahoy_store::sqlite::SqliteStore;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;

/// The routes, and the platform behind them.
pub struct Sandbox {
    pub platform: Platform,
    pub router: Router,
}

impl Sandbox {
    pub async fn new() -> Self {
        let config = PlatformConfig {
            limits: LimitTable::default(),
            prices: Arc::new(PriceList::published().unwrap()),
            create_users: true,
            phone_media_wait: Duration::ZERO,
            media: MediaConfig {
                workers: 1,
                ..MediaConfig::default()
            },
        };
        let store = Box::new(SqliteStore::temporary().unwrap());
        // Nobody sends webhooks here: they stay owed.
        let (platform, _) = Platform::start(store, config).await.unwrap();
        let seed = Seed::default();
        platform.plant(&seed).await.unwrap();
        let router = router(SandboxState {
            platform: platform.clone(),
            seed: Arc::new(seed),
            after_reset: Arc::new(|_| Box::pin(async {})),
        });
        Self { platform, router }
    }

    pub async fn send(&self, method: &str, path: &str, body: &str) -> Response<Body> {
        let request = Request::builder()
            .method(method.to_ascii_uppercase().as_str())
            .uri(path)
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Status and body; what is not JSON is `null`.
    pub async fn ask(&self, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
        let response = self.send(method, path, body).await;
        let status = response.status();
        let kind = response.headers().get("content-type");
        if kind.is_some_and(|kind| kind == "text/event-stream") {
            // It has no end to wait for.
            return (status, Value::Null);
        }
        let bytes = to_bytes(response.into_body(), 64 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }
}
