//! A user's phone: the other end of `docs/phone-protocol.md`.

use std::collections::HashMap;
use std::time::Duration;

use ahoy_types::WaId;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use url::Url;

use crate::failure::{Failure, FailureKind};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What the server says of its own accord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// A business calls.
    Ring { call: String, sdp: String },
    /// Both sides hear each other.
    Connected { call: String },
    /// A call is over.
    Ended { call: String, cause: String },
}

/// A refusal of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PhoneError {
    /// The socket is gone.
    Lost,
    /// The server did not answer in time.
    Late,
    /// An error with its code and sentence.
    Refused { code: String, message: String },
}

impl PhoneError {
    /// As the failure of a call.
    pub(crate) fn failure(&self, what: &str) -> Failure {
        match self {
            Self::Lost => Failure::new(
                FailureKind::NoAnswer,
                format!("phone {what}"),
                format!("phone {what}: the socket was closed"),
            ),
            Self::Late => Failure::new(
                FailureKind::NoAnswer,
                format!("phone {what}"),
                format!("phone {what}: no answer in time"),
            ),
            Self::Refused { code, message } => {
                let kind = if code == "busy" {
                    FailureKind::UserDeclined
                } else {
                    FailureKind::Refused
                };
                Failure::new(
                    kind,
                    format!("phone {what}: {code}"),
                    format!("phone {what} was refused with {code}: {message}"),
                )
            }
        }
    }
}

struct Ask {
    text: String,
    id: String,
    reply: oneshot::Sender<Result<Value, PhoneError>>,
}

/// A phone that is switched on. Dropping it closes its socket.
pub(crate) struct Phone {
    asks: mpsc::UnboundedSender<Ask>,
    words: mpsc::UnboundedReceiver<Word>,
    next: u64,
    patience: Duration,
}

/// The socket's address at a server.
fn address(base: &Url) -> String {
    let base = base.as_str().trim_end_matches('/');
    // `http` becomes `ws`, `https` becomes `wss`.
    format!("{}/phone/socket", base.replacen("http", "ws", 1))
}

impl Phone {
    /// Connects and begins a session.
    pub(crate) async fn open(base: &Url, user: WaId, patience: Duration) -> Result<Self, String> {
        let connect = tokio_tungstenite::connect_async(address(base));
        let late = |_| "no answer in time".to_owned();
        let (mut socket, _) = timeout(patience, connect)
            .await
            .map_err(late)?
            .map_err(|e| e.to_string())?;
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            let _ = stream.set_nodelay(true);
        }
        let hello = json!({ "type": "hello", "version": 1, "user": user.to_string() });
        socket
            .send(Message::text(hello.to_string()))
            .await
            .map_err(|e| e.to_string())?;
        let welcome = timeout(patience, read(&mut socket)).await.map_err(late)?;
        let welcome = welcome.ok_or("the socket was closed before the welcome")?;
        if welcome["type"] != "welcome" {
            return Err(format!(
                "no welcome: {}",
                welcome["error"]["message"]
                    .as_str()
                    .unwrap_or("no reason given")
            ));
        }
        let (asks, inbox) = mpsc::unbounded_channel();
        let (news, words) = mpsc::unbounded_channel();
        tokio::spawn(serve(socket, inbox, news));
        Ok(Self {
            asks,
            words,
            next: 0,
            patience,
        })
    }

    /// One request.
    pub(crate) async fn ask(
        &mut self,
        kind: &'static str,
        mut fields: Value,
    ) -> Result<Value, PhoneError> {
        self.next += 1;
        let id = self.next.to_string();
        fields["type"] = json!(kind);
        fields["id"] = json!(id);
        let (reply, answer) = oneshot::channel();
        let ask = Ask {
            text: fields.to_string(),
            id,
            reply,
        };
        self.asks.send(ask).map_err(|_| PhoneError::Lost)?;
        match timeout(self.patience, answer).await {
            Err(_) => Err(PhoneError::Late),
            Ok(Err(_)) => Err(PhoneError::Lost),
            Ok(Ok(answer)) => answer,
        }
    }

    /// The next word of the server; `None` when the socket is gone.
    pub(crate) async fn word(&mut self) -> Option<Word> {
        self.words.recv().await
    }

    /// Forgets what was said about calls before.
    pub(crate) fn clear(&mut self) {
        while self.words.try_recv().is_ok() {}
    }
}

/// The next JSON object.
async fn read(socket: &mut Socket) -> Option<Value> {
    loop {
        match socket.next().await?.ok()? {
            Message::Text(text) => {
                if let Ok(value) = serde_json::from_str(&text) {
                    return Some(value);
                }
            }
            Message::Close(_) => return None,
            // Pings are answered by the library as it reads on.
            _ => {}
        }
    }
}

/// Carries the socket until either end is gone.
async fn serve(
    mut socket: Socket,
    mut asks: mpsc::UnboundedReceiver<Ask>,
    news: mpsc::UnboundedSender<Word>,
) {
    let mut open: HashMap<String, oneshot::Sender<Result<Value, PhoneError>>> = HashMap::new();
    loop {
        tokio::select! {
            ask = asks.recv() => {
                let Some(ask) = ask else {
                    // The phone is switched off; a server that does not listen will find out by itself.
                    let bye = json!({ "type": "bye" }).to_string();
                    let _ = socket.send(Message::text(bye)).await;
                    let _ = socket.close(None).await;
                    return;
                };
                open.insert(ask.id, ask.reply);
                if socket.send(Message::text(ask.text)).await.is_err() {
                    return;
                }
            }
            message = read(&mut socket) => {
                let Some(mut message) = message else { return };
                match message["type"].as_str() {
                    Some("result" | "error") => {
                        let waiting = message["id"].as_str().and_then(|id| open.remove(id));
                        if let Some(waiting) = waiting {
                            let _ = waiting.send(outcome(&mut message));
                        }
                    }
                    _ => {
                        if let Some(word) = word(&message) {
                            let _ = news.send(word);
                        }
                    }
                }
            }
        }
    }
}

fn outcome(message: &mut Value) -> Result<Value, PhoneError> {
    if message["type"] == "result" {
        return Ok(message["result"].take());
    }
    let text = |key: &str| {
        message["error"][key]
            .as_str()
            .unwrap_or("unknown")
            .to_owned()
    };
    Err(PhoneError::Refused {
        code: text("code"),
        message: text("message"),
    })
}

fn word(message: &Value) -> Option<Word> {
    let text = |key: &str| message[key].as_str().map(str::to_owned);
    let call = text("call_id")?;
    match message["type"].as_str()? {
        "ring" => Some(Word::Ring {
            call,
            sdp: text("sdp")?,
        }),
        "connected" => Some(Word::Connected { call }),
        "ended" => Some(Word::Ended {
            call,
            cause: text("cause").unwrap_or_default(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_socket_is_beside_the_api() {
        let at = |base: &str| address(&base.parse().unwrap());
        assert_eq!(
            at("http://127.0.0.1:8080"),
            "ws://127.0.0.1:8080/phone/socket"
        );
        assert_eq!(
            at("https://calls.example/"),
            "wss://calls.example/phone/socket"
        );
    }

    #[test]
    fn words_are_understood_and_others_passed_over() {
        let ring = json!({"seq": 5, "type": "ring", "call_id": "c", "business": {}, "sdp": "v=0"});
        assert_eq!(
            word(&ring),
            Some(Word::Ring {
                call: "c".into(),
                sdp: "v=0".into()
            })
        );
        assert_eq!(
            word(&json!({"type": "thread_changed", "business": "7"})),
            None
        );
        assert_eq!(word(&json!({"type": "ring", "call_id": "c"})), None);
        let mut refused =
            json!({"type": "error", "id": "1", "error": {"code": "busy", "message": "no"}});
        let error = outcome(&mut refused).unwrap_err();
        assert_eq!(error.failure("call").kind, FailureKind::UserDeclined);
    }
}
