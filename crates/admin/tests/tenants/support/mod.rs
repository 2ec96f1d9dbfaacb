//! A real platform on a temporary store behind the router.

use ahoy_admin::{AdminState, router};
use ahoy_calling::limits::LimitTable;
use ahoy_media::MediaConfig;
use ahoy_platform::{DeliveryJob, Platform, PlatformConfig};
use ahoy_store::sqlite::SqliteStore;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tower::ServiceExt as _;

/// The token of the server's configuration.
pub const ROOT: &str = "an admin token of the configuration";

pub struct Api {
    pub platform: Platform,
    router: Router,
    _deliveries: UnboundedReceiver<DeliveryJob>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub json: Value,
}

impl Reply {
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.json);
        self.json
    }
    /// Status and sentence of a refusal.
    pub fn refusal(&self) -> (u16, &str) {
        (
            self.status,
            self.json["error"]["message"].as_str().unwrap_or_default(),
        )
    }
    pub fn id(self) -> String {
        let json = self.ok();
        json["id"].as_str().unwrap().to_owned()
    }
}

impl Api {
    pub async fn new() -> Self {
        let config = PlatformConfig {
            limits: LimitTable::default(),
            create_users: true,
            phone_media_wait: ahoy_platform::PHONE_MEDIA_WAIT,
            prices: std::sync::Arc::new(ahoy_calling::price::PriceList::published().unwrap()),
            media: MediaConfig {
                workers: 1,
                ..MediaConfig::default()
            },
        };
        let store = SqliteStore::temporary().unwrap();
        let (platform, deliveries) = Platform::start(Box::new(store), config).await.unwrap();
        Self {
            router: router(AdminState::new(platform.clone(), [ROOT])),
            platform,
            _deliveries: deliveries,
        }
    }

    pub async fn send(&self, token: &str, method: Method, path: &str, body: Vec<u8>) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(format!("/admin/v1{path}"))
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        assert!(json.is_object(), "every answer is a JSON object: {bytes:?}");
        Reply { status, json }
    }

    pub async fn get(&self, token: &str, path: &str) -> Reply {
        self.send(token, Method::GET, path, Vec::new()).await
    }
    pub async fn post(&self, token: &str, path: &str, body: Value) -> Reply {
        let body = body.to_string().into_bytes();
        self.send(token, Method::POST, path, body).await
    }
    pub async fn patch(&self, token: &str, path: &str, body: Value) -> Reply {
        let body = body.to_string().into_bytes();
        self.send(token, Method::PATCH, path, body).await
    }
    pub async fn delete(&self, token: &str, path: &str) -> Reply {
        self.send(token, Method::DELETE, path, Vec::new()).await
    }
}

/// Ids of one tenant's objects.
pub struct Tenant {
    pub business: String,
    pub waba: String,
    pub number: String,
    pub app: String,
    /// Id of an access token.
    pub token: String,
    /// The access token itself.
    pub access: String,
}

impl Api {
    /// A business with an account, a number, an app and an access token.
    pub async fn tenant(&self, name: &str, number: &str) -> Tenant {
        use serde_json::json;
        let business = self
            .post(ROOT, "/businesses", json!({"name": name}))
            .await
            .id();
        let waba = json!({"business": business, "name": name});
        let waba = self.post(ROOT, "/wabas", waba).await.id();
        let number = json!({"waba": waba, "number": number, "name": name});
        let number = self.post(ROOT, "/numbers", number).await.id();
        let app = json!({"business": business, "name": name});
        let app = self.post(ROOT, "/apps", app).await.id();
        let token = self.post(ROOT, "/tokens", json!({"app": app})).await.ok();
        Tenant {
            business,
            waba,
            number,
            app,
            token: token["id"].as_str().unwrap().to_owned(),
            access: token["token"].as_str().unwrap().to_owned(),
        }
    }
}
