//! A real platform on a temporary store behind the router, with two tenants; every answer is checked for what holds
//! of all of them.

pub mod bodies;

use std::sync::{Arc, Mutex};

use ahoy_calling::account::{
    App, Business, Callback, MessagingLimit, Number, Scope, Subscription, Token, User, Waba,
};
use ahoy_calling::limits::{LimitTable, Profile};
use ahoy_calling::settings::{CallingSettings, Switch};
use ahoy_calling::simulated::{Behaviour, OnRing};
use ahoy_graph::{CallbackVerifier, GraphState, Verifying, router};
use ahoy_platform::{DeliveryJob, Dial, Platform, PlatformConfig, Seed, UserLegKind, Verified};
use ahoy_store::sqlite::SqliteStore;
use ahoy_store::{Store as _, Tx};
use ahoy_types::{
    AppId, BusinessId, CallId, PhoneNumberId, RuleTime, TokenHash, TokenId, WaId, WabaId,
};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tower::ServiceExt as _;

pub const TOKEN: &str = "ahoy-dev-token";
pub const APP_TOKEN: &str = "900100200300|ahoy-dev-secret";
pub const APP: u64 = 900_100_200_300;
pub const WABA: u64 = 720_000_000_000_001;
/// Sandbox limits, calling on.
pub const PHONE: u64 = 710_000_000_000_001;
/// Production limits, calling off.
pub const PRODUCTION: u64 = 710_000_000_000_002;
/// May only message.
pub const MESSAGING: &str = "token-that-may-message";
/// May only manage.
pub const MANAGEMENT: &str = "token-that-may-manage";
pub const EXPIRED: &str = "token-that-has-expired";
/// The other tenant's.
pub const STRANGER: &str = "token-of-another-tenant";
pub const STRANGERS_PHONE: u64 = 711_000_000_000_001;
pub const STRANGERS_WABA: u64 = 721_000_000_000_001;
pub const STRANGERS_APP: u64 = 901_100_200_300;
pub const ANA: WaId = WaId::from_u64(447_700_900_001);
pub const BEN: WaId = WaId::from_u64(447_700_900_002);

const OFFER: &str = include_str!("../../../../sdp/tests/data/chrome-offer.sdp");
const ANSWER: &str = include_str!("../../../../sdp/tests/data/aiortc-stripped-answer.sdp");

pub fn offer() -> String {
    crlf(OFFER)
}
pub fn answer() -> String {
    crlf(ANSWER)
}
fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// Takes every callback whose verify token is `right`, and remembers what it was asked.
#[derive(Default)]
pub struct Receiver {
    pub asked: Mutex<Vec<Callback>>,
}

impl CallbackVerifier for Receiver {
    fn verify(&self, callback: Callback) -> Verifying {
        self.asked.lock().unwrap().push(callback.clone());
        Box::pin(async move {
            if callback.verify_token == "right" {
                Ok(Verified(callback))
            } else {
                Err("it answered 403 Forbidden".to_owned())
            }
        })
    }
}

pub struct Api {
    pub platform: Platform,
    pub receiver: Arc<Receiver>,
    router: Router,
    _deliveries: UnboundedReceiver<DeliveryJob>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
}

impl Reply {
    /// Code and sentence of a refusal.
    pub fn refusal(&self) -> (u16, u64, &str) {
        let error = &self.json["error"];
        let details = error["error_data"]["details"].as_str().unwrap_or_default();
        (
            self.status.as_u16(),
            error["code"].as_u64().unwrap_or(u64::MAX),
            details,
        )
    }
    /// The body of a success.
    pub fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.json);
        self.json
    }
}

fn rows(tx: &mut dyn Tx) -> ahoy_store::Result<()> {
    let ours = BusinessId(730_000_000_000_001);
    let theirs = BusinessId(731_000_000_000_001);
    tx.put_business(&Business {
        id: theirs,
        name: "Other Ltd".into(),
        contacts: Vec::new(),
        contact_book: true,
    })?;
    tx.put_waba(&Waba::new(WabaId(STRANGERS_WABA), theirs, "Other"))?;
    tx.put_app(&App {
        id: AppId(STRANGERS_APP),
        name: "Other Voice".into(),
        secret: "other-secret".into(),
        business: theirs,
        callback: None,
        fields: vec!["calls".into()],
    })?;
    tx.put_subscription(&Subscription {
        waba: WabaId(STRANGERS_WABA),
        app: AppId(STRANGERS_APP),
        callback: None,
    })?;
    tx.put_number(&number(STRANGERS_PHONE, STRANGERS_WABA, 442_079_460_099))?;
    let both = [
        Scope::WhatsappBusinessManagement,
        Scope::WhatsappBusinessMessaging,
    ];
    let tokens = [
        (STRANGER, STRANGERS_APP, theirs, &both[..], None),
        (MANAGEMENT, APP, ours, &both[..1], None),
        (MESSAGING, APP, ours, &both[1..], None),
        (
            EXPIRED,
            APP,
            ours,
            &both[..],
            Some(RuleTime::from_secs(1_000_000)),
        ),
    ];
    for (n, (token, app, business, scopes, expires_at)) in (1..).zip(tokens) {
        tx.put_token(&Token {
            id: TokenId(741_000_000_000_000 + n),
            hash: TokenHash::of(token),
            name: token.into(),
            app: AppId(app),
            business,
            scopes: scopes.to_vec(),
            issued_at: RuleTime::from_secs(900_000),
            expires_at,
            revoked_at: None,
        })?;
    }
    // Users who let it ring: the tests act in their own time.
    for (wa_id, name) in [(ANA, "Ana"), (BEN, "Ben")] {
        tx.put_user(&User {
            wa_id,
            name: Some(name.into()),
            country: wa_id.country(),
            behaviour: Some(Behaviour {
                on_ring: OnRing::Manual,
                ..Behaviour::default()
            }),
            identity: Default::default(),
            client: Default::default(),
            created_at: RuleTime::from_secs(900_000),
        })?;
    }
    Ok(())
}

pub fn number(id: u64, waba: u64, digits: u64) -> Number {
    Number {
        id: PhoneNumberId(id),
        waba: WabaId(waba),
        number: WaId::from_u64(digits),
        verified_name: "Other".into(),
        profile: Profile::Production,
        messaging_limit: MessagingLimit::Tier2k,
        payment_valid: true,
        settings: CallingSettings {
            status: Switch::Enabled,
            ..CallingSettings::default()
        },
        registration: Default::default(),
        about: Default::default(),
        standing: Default::default(),
    }
}

impl Api {
    pub async fn new() -> Self {
        Self::with(LimitTable::default(), |_| Ok(())).await
    }

    /// With other limits, and more rows in the store.
    pub async fn with(
        limits: LimitTable,
        more: impl Fn(&mut dyn Tx) -> ahoy_store::Result<()>,
    ) -> Self {
        let mut store = SqliteStore::temporary().unwrap();
        store
            .batch(&mut |batch| {
                batch.savepoint(&mut |tx| {
                    rows(tx)?;
                    more(tx)?;
                    Ok(true)
                })
            })
            .unwrap();
        let media = ahoy_media::MediaConfig {
            workers: 1,
            ..Default::default()
        };
        let config = PlatformConfig {
            limits,
            prices: std::sync::Arc::new(ahoy_calling::price::PriceList::published().unwrap()),
            create_users: true,
            phone_media_wait: ahoy_platform::PHONE_MEDIA_WAIT,
            media,
        };
        let (platform, deliveries) = Platform::start(Box::new(store), config).await.unwrap();
        let seed = Seed {
            users: Vec::new(),
            ..Seed::default()
        };
        platform.plant(&seed).await.unwrap();
        let receiver = Arc::new(Receiver::default());
        let state = GraphState::new(platform.clone(), receiver.clone());
        Self {
            platform,
            receiver,
            router: router(state),
            _deliveries: deliveries,
        }
    }

    /// Sends a request and checks what holds of every answer.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let shown = format!("{} {}", request.method(), request.uri());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let header = |name: &str| {
            parts
                .headers
                .get(name)
                .map(|v| v.to_str().unwrap().to_owned())
                .unwrap_or_default()
        };
        assert_eq!(
            header("content-type"),
            "application/json; charset=UTF-8",
            "{shown}"
        );
        assert!(header("facebook-api-version").starts_with('v'), "{shown}");
        for name in ["x-fb-trace-id", "x-fb-request-id", "x-fb-debug"] {
            assert_eq!(header(name).len(), 22, "{shown}: {name}");
        }
        let json: Value = serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{shown}: {e}"));
        if parts.status != StatusCode::OK {
            let error = &json["error"];
            assert!(error["message"].is_string(), "{shown}: {json}");
            assert!(error["code"].is_u64(), "{shown}: {json}");
            assert!(error["type"].is_string(), "{shown}: {json}");
            assert_eq!(error["fbtrace_id"], header("x-fb-trace-id"), "{shown}");
            assert_eq!(
                error["error_data"]["messaging_product"], "whatsapp",
                "{shown}"
            );
            let details = error["error_data"]["details"].as_str().unwrap();
            assert!(details.ends_with('.'), "{shown}: {details}");
        }
        Reply {
            status: parts.status,
            headers: parts.headers,
            json,
        }
    }

    pub async fn ask(&self, method: &str, uri: &str, token: &str, body: Option<Value>) -> Reply {
        let mut request = Request::builder().method(method).uri(uri);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = match body {
            Some(json) => {
                request = request.header("content-type", "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }
    pub fn router(&self) -> Router {
        self.router.clone()
    }
    pub async fn get(&self, uri: &str) -> Reply {
        self.ask("GET", uri, TOKEN, None).await
    }
    pub async fn post(&self, uri: &str, body: Value) -> Reply {
        self.ask("POST", uri, TOKEN, Some(body)).await
    }
    /// `POST /{phone}/calls`.
    pub async fn calls(&self, phone: u64, body: Value) -> Reply {
        self.post(&format!("/v25.0/{phone}/calls"), body).await
    }
    /// A user's call to [`PHONE`].
    pub async fn user_calls(&self, user: WaId) -> CallId {
        let dialled = self
            .platform
            .user_calls(
                user,
                PhoneNumberId(PHONE),
                UserLegKind::Simulated,
                Dial::default(),
            )
            .await;
        dialled.unwrap().id
    }
}
