//! A platform on a real store and the real media engine, with a webhooks edge that answers by script.

mod edge;
mod peer;
mod stores;

use std::time::Duration;

use ahoy_calling::account::{App, Callback, Scope, Subscription, Token};
use ahoy_calling::limits::LimitTable;
use ahoy_calling::simulated::{Behaviour, OnRing};
use ahoy_media::MediaConfig;
use ahoy_platform::{
    Caller, ConnectRequest, Dial, Grant, PHONE_MEDIA_WAIT, Platform, PlatformConfig, Recipient,
    Seed, UserLegKind,
};
use ahoy_store::sqlite::SqliteStore;
use ahoy_store::{DeliveryState, Store, Tx};
use ahoy_types::{
    AppId, BusinessId, CallId, DeliveryId, PhoneNumberId, RuleTime, TokenHash, TokenId, WaId,
    WabaId,
};

pub use edge::{Answer, Edge, Sent};
pub use peer::{Peer, answer_as_phone};
pub use stores::{Faults, Faulty, Folder, Watched, copy_of, folder};

/// How long a test waits, in real time, for what must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub const APP: AppId = AppId(900_100_200_300);
pub const WABA: WabaId = WabaId(720_000_000_000_001);
/// Sandbox limits, calling on.
pub const PHONE: PhoneNumberId = PhoneNumberId(710_000_000_000_001);
/// Production limits, calling off.
pub const PRODUCTION: PhoneNumberId = PhoneNumberId(710_000_000_000_002);
pub const ANA: WaId = WaId::from_u64(447_700_900_001);
pub const BEN: WaId = WaId::from_u64(447_700_900_002);
/// The seeded app's callback.
pub const CALLBACK: &str = "https://business.example/hook";
/// Another app of the same portfolio, where a test has one.
pub const SECOND_APP: AppId = AppId(900_100_200_301);
pub const SECOND_CALLBACK: &str = "https://second.example/hook";
pub const SECOND_TOKEN: &str = "token-of-the-second-app";

/// An offer of Chromium.
pub fn offer() -> String {
    crlf(include_str!("../../../../sdp/tests/data/chrome-offer.sdp"))
}
/// An answer of aiortc.
pub fn answer() -> String {
    crlf(include_str!(
        "../../../../sdp/tests/data/aiortc-stripped-answer.sdp"
    ))
}
fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// `n`-th of the numbers reserved for fiction.
pub fn somebody(n: u64) -> WaId {
    WaId::from_u64(447_700_901_000 + n)
}

pub fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// A platform and its edge.
pub struct World {
    pub platform: Platform,
    pub caller: Caller,
    pub edge: Edge,
}

/// What a test may want otherwise.
pub struct Setup {
    pub limits: LimitTable,
    pub media: MediaConfig,
    pub phone_media_wait: Duration,
    /// What the receivers answer from the start.
    pub answer: fn(&Sent) -> Answer,
    /// More rows for the store.
    pub rows: fn(&mut dyn Tx) -> ahoy_store::Result<()>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            limits: LimitTable::default(),
            media: MediaConfig {
                workers: 1,
                ..MediaConfig::default()
            },
            phone_media_wait: PHONE_MEDIA_WAIT,
            answer: |_| Answer::Status(200),
            rows: |_| Ok(()),
        }
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    pub async fn with(setup: Setup) -> Self {
        Self::on(Box::new(SqliteStore::temporary().unwrap()), setup).await
    }

    /// On a store of the test's own, seeded if it is empty.
    pub async fn on(mut store: Box<dyn Store>, setup: Setup) -> Self {
        let written = store.batch(&mut |batch| {
            batch.savepoint(&mut |tx| {
                (setup.rows)(tx)?;
                Ok(true)
            })
        });
        written.unwrap();
        let answer = setup.answer;
        let config = Self::config(setup);
        let (platform, jobs) = Platform::start(store, config).await.unwrap();
        let edge = Edge::start(platform.clone(), jobs, answer);
        platform.plant(&Seed::default()).await.unwrap();
        let callback = Callback {
            url: CALLBACK.into(),
            verify_token: "ours".into(),
        };
        platform
            .offer_callback(APP, callback, "ours")
            .await
            .unwrap();
        let caller = platform.authenticate("ahoy-dev-token").unwrap();
        Self {
            platform,
            caller,
            edge,
        }
    }

    /// How its platform is set up.
    pub fn config(setup: Setup) -> PlatformConfig {
        PlatformConfig {
            limits: setup.limits,
            prices: std::sync::Arc::new(ahoy_calling::price::PriceList::published().unwrap()),
            create_users: true,
            phone_media_wait: setup.phone_media_wait,
            media: setup.media,
        }
    }

    /// Users who do as they are told in the test.
    pub async fn by_hand(&self, users: &[WaId]) {
        for user in users {
            self.behaves(*user, |b| b.on_ring = OnRing::Manual).await;
        }
    }

    pub async fn behaves(&self, user: WaId, change: impl FnOnce(&mut Behaviour) + Send + 'static) {
        let changed = self.platform.change_user(user, |user| {
            let mut behaviour = user.behaviour.take().unwrap_or_default();
            change(&mut behaviour);
            user.behaviour = Some(behaviour);
        });
        changed.await.unwrap();
    }

    /// The user lets the business call.
    pub async fn permit(&self, user: WaId) {
        self.platform
            .set_permission(PHONE, user, Grant::Permanent)
            .await
            .unwrap();
    }

    pub async fn user_calls(&self, user: WaId) -> CallId {
        let dial = Dial::default();
        let dialled = self
            .platform
            .user_calls(user, PHONE, UserLegKind::Simulated, dial)
            .await;
        dialled.unwrap().id
    }

    /// The same from a real phone; with our offer for it.
    pub async fn phone_calls(&self, user: WaId) -> (CallId, String) {
        let dial = Dial::default();
        let dialled = self
            .platform
            .user_calls(user, PHONE, UserLegKind::Phone, dial)
            .await
            .unwrap();
        (dialled.id, dialled.offer.unwrap())
    }

    pub fn request(&self, user: WaId) -> ConnectRequest {
        ConnectRequest {
            recipient: Recipient::Number(user),
            sdp: offer(),
            opaque: None,
        }
    }

    pub async fn business_calls(&self, user: WaId) -> CallId {
        let request = self.request(user);
        self.platform
            .connect(&self.caller, PHONE, request)
            .await
            .unwrap()
    }

    pub async fn accept(&self, call: &CallId) {
        self.platform
            .accept(&self.caller, PHONE, call.clone(), answer(), None)
            .await
            .unwrap();
    }

    pub async fn terminate(&self, call: &CallId) {
        self.platform
            .terminate(&self.caller, PHONE, call.clone())
            .await
            .unwrap();
    }

    pub async fn advance(&self, by: Duration) -> RuleTime {
        self.platform.advance(by).await.unwrap()
    }

    /// What the seeded app was sent about a call, each event once, in the order of first attempts.
    pub fn events(&self, call: &CallId) -> Vec<String> {
        events(&self.edge.sent(), APP, call)
    }

    /// Waits until the seeded app was sent this event of the call.
    pub async fn until(&self, call: &CallId, event: &str) -> Sent {
        let what = format!("{event} of {call}");
        let found = self.edge.until(&what, |sent| {
            let mut all = sent.iter();
            all.find(|s| s.app == APP && s.call.as_ref() == Some(call) && s.event == event)
                .cloned()
        });
        found.await
    }

    /// Stops the platform and lets go of its store.
    pub async fn stop(self) {
        self.platform.drain(secs(5)).await;
        self.edge.stop();
    }

    /// Every delivery as the store has it.
    pub fn outbox(&self) -> Vec<(DeliveryId, DeliveryState)> {
        let all = self.platform.deliveries(&Default::default()).unwrap();
        all.into_iter().map(|(d, _)| (d.id, d.state)).collect()
    }
}

/// First attempts at one receiver about one call.
pub fn events(sent: &[Sent], app: AppId, call: &CallId) -> Vec<String> {
    let ours = sent
        .iter()
        .filter(|s| s.app == app && s.call.as_ref() == Some(call));
    let mut seen = Vec::new();
    let mut events = Vec::new();
    for one in ours {
        if !seen.contains(&one.id) {
            seen.push(one.id);
            events.push(one.event.clone());
        }
    }
    events
}

/// The second app of the same portfolio, subscribed to the WABA with these fields.
pub fn second_app(tx: &mut dyn Tx, fields: &[&str]) -> ahoy_store::Result<()> {
    let business = BusinessId(730_000_000_000_001);
    tx.put_app(&App {
        id: SECOND_APP,
        name: "Second".into(),
        secret: "second-secret".into(),
        business,
        callback: Some(Callback {
            url: SECOND_CALLBACK.into(),
            verify_token: "second".into(),
        }),
        fields: fields.iter().map(|f| (*f).to_owned()).collect(),
    })?;
    tx.put_subscription(&Subscription {
        waba: WABA,
        app: SECOND_APP,
        callback: None,
    })?;
    tx.put_token(&Token {
        id: TokenId(741_000_000_000_001),
        name: "Test".into(),
        revoked_at: None,
        hash: TokenHash::of(SECOND_TOKEN),
        app: SECOND_APP,
        business,
        scopes: vec![
            Scope::WhatsappBusinessManagement,
            Scope::WhatsappBusinessMessaging,
        ],
        issued_at: RuleTime(0),
        expires_at: None,
    })
}
