//! A server with a platform of its own, a phone that speaks the protocol, and a business.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ahoy_calling::limits::LimitTable;
use ahoy_media::MediaConfig;
use ahoy_phone::{Limits, PhoneState, router_with};
use ahoy_platform::{Caller, ConnectRequest, Grant, Platform, PlatformConfig, Recipient, Seed};
use ahoy_store::sqlite::SqliteStore;
use ahoy_types::{CallId, PhoneNumberId, WaId};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub const PHONE: PhoneNumberId = PhoneNumberId(710_000_000_000_001);
/// Calling is off here.
pub const CLOSED: PhoneNumberId = PhoneNumberId(710_000_000_000_002);
pub const ANA: &str = "447700900001";

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("still missing after {PATIENCE:?}: {what}"),
    }
}

fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}
/// What a browser answers.
pub fn answer() -> String {
    crlf(include_str!("../../../../sdp/tests/data/chrome-answer.sdp"))
}

pub struct Server {
    pub address: SocketAddr,
    pub platform: Platform,
    pub business: Caller,
}

impl Server {
    pub async fn start() -> Self {
        Self::with(true, Limits::default()).await
    }

    pub async fn with(dev: bool, limits: Limits) -> Self {
        let config = PlatformConfig {
            limits: LimitTable::default(),
            prices: std::sync::Arc::new(ahoy_calling::price::PriceList::published().unwrap()),
            create_users: true,
            phone_media_wait: ahoy_platform::PHONE_MEDIA_WAIT,
            media: MediaConfig {
                workers: 1,
                ..MediaConfig::default()
            },
        };
        let store = Box::new(SqliteStore::temporary().unwrap());
        let (platform, mut jobs) = Platform::start(store, config).await.unwrap();
        platform.plant(&Seed::default()).await.unwrap();
        // Webhooks are nobody's business here.
        tokio::spawn(async move { while jobs.recv().await.is_some() {} });
        let business = platform.authenticate("ahoy-dev-token").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = router_with(
            PhoneState {
                platform: platform.clone(),
                dev,
            },
            limits,
        );
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            address,
            platform,
            business,
        }
    }

    /// A socket that has said nothing yet.
    pub async fn socket(&self) -> Phone {
        let url = format!("ws://{}/phone/socket", self.address);
        let (socket, _) = within("a WebSocket", connect_async(url)).await.unwrap();
        Phone {
            socket,
            session: String::new(),
            seen: 0,
        }
    }

    /// Ana's phone, welcomed.
    pub async fn phone(&self) -> Phone {
        let mut phone = self.socket().await;
        phone.hello(json!({"user": ANA})).await;
        phone
    }

    /// The business calls Ana.
    pub async fn call_ana(&self) -> CallId {
        let user: WaId = ANA.parse().unwrap();
        self.platform
            .set_permission(PHONE, user, Grant::Permanent)
            .await
            .unwrap();
        let request = ConnectRequest {
            recipient: Recipient::Number(user),
            sdp: crlf(include_str!("../../../../sdp/tests/data/chrome-offer.sdp")),
            opaque: None,
        };
        self.platform
            .connect(&self.business, PHONE, request)
            .await
            .unwrap()
    }

    /// The business takes Ana's call.
    pub async fn accept(&self, call: &CallId) {
        let sdp = crlf(include_str!(
            "../../../../sdp/tests/data/aiortc-stripped-answer.sdp"
        ));
        self.platform
            .accept(&self.business, PHONE, call.clone(), sdp, None)
            .await
            .unwrap();
    }

    /// Why Ana's call ended; `None` while it lives.
    pub async fn end_cause(&self, call: &CallId) -> Option<&'static str> {
        let user = ANA.parse().unwrap();
        self.platform
            .call_of_user(user, call)
            .await
            .unwrap()
            .unwrap()
            .end_cause
    }
}

pub struct Phone {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub session: String,
    pub seen: u64,
}

impl Phone {
    pub async fn say(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }
    pub async fn tell(&mut self, message: &Value) {
        self.say(Message::text(message.to_string())).await;
    }

    /// The next message; `None` at the end of the socket. Numbers must grow one by one.
    pub async fn hear(&mut self) -> Option<Value> {
        loop {
            match within("a message", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    if message["type"] != "welcome"
                        && let Some(seq) = message["seq"].as_u64()
                    {
                        assert_eq!(seq, self.seen + 1, "{message}");
                        self.seen = seq;
                    }
                    return Some(message);
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Hears on until a message of this type.
    pub async fn hear_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.hear().await;
            let message = message.unwrap_or_else(|| panic!("the socket ended before `{kind}`"));
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// Says hello with these fields and takes the welcome.
    pub async fn hello(&mut self, mut fields: Value) -> Value {
        fields["type"] = json!("hello");
        fields["version"] = json!(1);
        self.tell(&fields).await;
        let welcome = self.hear().await.unwrap();
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        self.session = welcome["session"].as_str().unwrap().to_owned();
        welcome
    }

    /// Asks and gives the whole answer.
    pub async fn ask(&mut self, kind: &str, mut fields: Value) -> Value {
        // Unique over all phones: a phone that resumes must not use an id again.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        fields["type"] = json!(kind);
        fields["id"] = json!(id);
        self.tell(&fields).await;
        loop {
            let message = self.hear().await.unwrap();
            if message["id"] == *id {
                return message;
            }
        }
    }

    /// Asks for what must succeed.
    pub async fn get(&mut self, kind: &str, fields: Value) -> Value {
        let answer = self.ask(kind, fields).await;
        assert_eq!(answer["type"], "result", "{answer}");
        answer["result"].clone()
    }

    /// Calls the seeded business and answers the offer.
    pub async fn dial(&mut self) -> CallId {
        let dialled = self.get("call", json!({"to": PHONE})).await;
        let sdp = dialled["sdp"].as_str().unwrap();
        assert!(
            sdp.starts_with("v=0\r\n") && sdp.contains("a=setup:actpass"),
            "{sdp}"
        );
        let call = dialled["call_id"].clone();
        self.get("sdp", json!({"call_id": call, "sdp": answer()}))
            .await;
        call.as_str().unwrap().parse().unwrap()
    }
}
