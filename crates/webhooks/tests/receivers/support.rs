//! A platform with two subscribed apps, the real sender, and receivers that do as they are told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ahoy_calling::account::{App, Callback, Subscription};
use ahoy_calling::limits::LimitTable;
use ahoy_calling::readings::Readings;
use ahoy_calling::simulated::OnRing;
use ahoy_media::MediaConfig;
use ahoy_outbound::{Outbound, Policy};
use ahoy_platform::{Caller, Dial, Platform, PlatformConfig, Seed, UserLegKind};
use ahoy_store::sqlite::SqliteStore;
use ahoy_store::{Attempt, Delivery, DeliveryState, Store};
use ahoy_types::{AppId, BusinessId, CallId, PhoneNumberId, WaId, WabaId};
use ahoy_webhooks::Sender;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

pub const APP: AppId = AppId(900_100_200_300);
pub const SECRET: &str = "ahoy-dev-secret";
pub const SECOND_APP: AppId = AppId(900_100_200_301);
pub const SECOND_SECRET: &str = "another secret";
pub const PHONE: PhoneNumberId = PhoneNumberId(710_000_000_000_001);
pub const SECOND_PHONE: PhoneNumberId = PhoneNumberId(710_000_000_000_002);
pub const ANA: WaId = WaId::from_u64(447_700_900_001);

pub fn somebody(n: u64) -> WaId {
    WaId::from_u64(447_700_901_000 + n)
}

/// An answer of aiortc.
pub fn answer() -> String {
    let text = include_str!("../../../sdp/tests/data/aiortc-stripped-answer.sdp");
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// What a receiver got.
#[derive(Debug, Clone)]
pub struct Got {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Got {
    pub fn event(&self) -> String {
        self.about("event")
    }
    pub fn call(&self) -> CallId {
        self.about("id").parse().unwrap()
    }
    fn about(&self, key: &str) -> String {
        let json: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        json["entry"][0]["changes"][0]["value"]["calls"][0][key]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

/// What a receiver does with a webhook.
pub type Handler =
    Arc<dyn Fn(Got) -> std::pin::Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

pub fn handler<F>(handle: impl Fn(Got) -> F + Send + Sync + 'static) -> Handler
where
    F: Future<Output = Response> + Send + 'static,
{
    Arc::new(move |got| Box::pin(handle(got)))
}

/// A receiver on a loopback port.
pub struct Receiver {
    pub address: SocketAddr,
    got: Arc<watch::Sender<Vec<Got>>>,
    handler: Arc<Mutex<Handler>>,
}

#[derive(Clone)]
struct Ours {
    got: Arc<watch::Sender<Vec<Got>>>,
    handler: Arc<Mutex<Handler>>,
}

async fn take(State(ours): State<Ours>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let got = Got {
        path: uri.path().to_owned(),
        headers,
        body: body.to_vec(),
    };
    ours.got.send_modify(|all| all.push(got.clone()));
    let handler = ours.handler.lock().unwrap().clone();
    handler(got).await
}

impl Receiver {
    pub async fn new(handle: Handler) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), handle)
    }

    pub fn on(listener: TcpListener, handle: Handler) -> Self {
        let address = listener.local_addr().unwrap();
        let ours = Ours {
            got: Arc::new(watch::Sender::new(Vec::new())),
            handler: Arc::new(Mutex::new(handle)),
        };
        let (got, handler) = (ours.got.clone(), ours.handler.clone());
        let app = Router::new().fallback(any(take)).with_state(ours);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            address,
            got,
            handler,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// From now on it does this.
    pub fn does(&self, handle: Handler) {
        *self.handler.lock().unwrap() = handle;
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.borrow().clone()
    }

    /// Waits until what it got fits.
    pub async fn until<T>(&self, what: &str, mut fits: impl FnMut(&[Got]) -> Option<T>) -> T {
        let mut watch = self.got.subscribe();
        let mut found = None;
        let wait = watch.wait_for(|got| {
            found = fits(got);
            found.is_some()
        });
        let in_time = tokio::time::timeout(PATIENCE, wait).await.is_ok();
        match found {
            Some(found) if in_time => found,
            _ => panic!(
                "{what} did not come; there were {:?}",
                self.got().iter().map(Got::event).collect::<Vec<_>>()
            ),
        }
    }
}

pub fn ok() -> Handler {
    handler(|_| async { Response::default() })
}

pub struct World {
    pub platform: Platform,
    pub caller: Caller,
    pub first: Receiver,
    pub second: Receiver,
}

impl World {
    pub async fn new(first: Handler) -> Self {
        Self::with(first, Duration::from_secs(10)).await
    }

    pub async fn with(first: Handler, timeout: Duration) -> Self {
        Self::reading(first, timeout, Readings::default()).await
    }

    pub async fn reading(first: Handler, timeout: Duration, readings: Readings) -> Self {
        let (first, second) = (Receiver::new(first).await, Receiver::new(ok()).await);
        let mut store = SqliteStore::temporary().unwrap();
        let callback = Callback {
            url: second.url(),
            verify_token: "v".into(),
        };
        let written = store.batch(&mut |batch| {
            batch.savepoint(&mut |tx| {
                tx.put_app(&App {
                    id: SECOND_APP,
                    name: "Second".into(),
                    secret: SECOND_SECRET.into(),
                    business: BusinessId(730_000_000_000_001),
                    callback: Some(callback.clone()),
                    fields: vec!["calls".into()],
                })?;
                tx.put_subscription(&Subscription {
                    waba: WabaId(720_000_000_000_001),
                    app: SECOND_APP,
                    callback: None,
                })?;
                Ok(true)
            })
        });
        written.unwrap();
        let config = PlatformConfig {
            limits: LimitTable {
                readings,
                ..LimitTable::default()
            },
            prices: std::sync::Arc::new(ahoy_calling::price::PriceList::published().unwrap()),
            create_users: true,
            phone_media_wait: ahoy_platform::PHONE_MEDIA_WAIT,
            media: MediaConfig {
                workers: 1,
                ..MediaConfig::default()
            },
        };
        let (platform, jobs) = Platform::start(Box::new(store), config).await.unwrap();
        let client = Outbound::new(Policy::anywhere(), Vec::new()).unwrap();
        tokio::spawn(Sender::with_timeout(platform.clone(), client, timeout).run(jobs));
        let mut seed = Seed::default();
        seed.numbers
            .iter_mut()
            .for_each(|number| number.calling = true);
        platform.plant(&seed).await.unwrap();
        let callback = Callback {
            url: first.url(),
            verify_token: "v".into(),
        };
        platform.offer_callback(APP, callback, "v").await.unwrap();
        let change = platform.change_user(ANA, |user| {
            if let Some(behaviour) = &mut user.behaviour {
                behaviour.on_ring = OnRing::Manual;
            }
        });
        change.await.unwrap();
        let caller = platform.authenticate("ahoy-dev-token").unwrap();
        Self {
            platform,
            caller,
            first,
            second,
        }
    }

    pub async fn user_calls(&self, user: WaId) -> CallId {
        self.user_calls_number(user, PHONE).await
    }

    pub async fn user_calls_number(&self, user: WaId, number: PhoneNumberId) -> CallId {
        let dialled = self
            .platform
            .user_calls(user, number, UserLegKind::Simulated, Dial::default())
            .await;
        dialled.unwrap().id
    }

    /// A call that is placed and given up.
    pub async fn brief_call(&self) -> CallId {
        let id = self.user_calls(ANA).await;
        self.platform.user_hangs_up(ANA, &id).await.unwrap();
        id
    }

    /// Passes time, and waits for what was sent because of it.
    pub async fn advance(&self, secs: u64) {
        self.platform
            .advance(Duration::from_secs(secs))
            .await
            .unwrap();
    }

    /// The log of one app.
    pub fn log(&self, app: AppId) -> Vec<(Delivery, Vec<Attempt>)> {
        let mut all = self.platform.deliveries(&Default::default()).unwrap();
        all.retain(|(delivery, _)| delivery.app == app);
        all
    }

    pub fn all_delivered(&self, app: AppId) -> bool {
        self.log(app)
            .iter()
            .all(|(d, _)| d.state == DeliveryState::Delivered)
    }
}
