//! The platform's HTTP API, as far as a business that calls needs it.
//!
//! Everything about a call is one endpoint, `POST /{phone-number-id}/calls`, told apart by `action`:
//!
//! | call of | order |
//! |---|---|
//! | the user | webhook `connect` with an offer → [`Client::pre_accept`] → [`Client::accept`] with the same answer → … → [`Client::terminate`], or [`Client::reject`] instead |
//! | the business | [`Client::connect`] with an offer → webhook `connect` with the answer → status `RINGING` → `ACCEPTED` → … |
//!
//! Errors come as `{"error":{"message","code","error_data":{"details"},…}}` with a status of 400 or more.

use std::time::{Duration, Instant};

use ahoy_types::{AppId, CallId, PhoneNumberId, WaId};
use ahoy_wire::Session;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use url::Url;

use crate::config::AgentConfig;
use crate::event::AgentEvent;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Waits between attempts that certainly had no effect.
const RETRIES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_millis(600),
    Duration::from_millis(1_800),
];

/// Why a request was not granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// No answer: the platform is away, or slower than ten seconds.
    #[error("no answer from the platform: {0}")]
    NoAnswer(String),
    /// The platform refused, with a code of its error table.
    #[error("{message}: {details} (HTTP {status})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The code to switch on, 0 if the answer had none.
        code: u64,
        /// Code and title.
        message: String,
        /// What it is about in this case.
        details: String,
    },
    /// The answer was a success, but what we need is not in it.
    #[error("the platform's answer cannot be understood: {0}")]
    Unexpected(String),
}

/// A client for one account. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: String,
    app: AppId,
    app_secret: String,
    events: broadcast::Sender<AgentEvent>,
}

impl Client {
    /// Reports every request to `events`.
    ///
    /// # Errors
    /// [`ApiError::NoAnswer`] if no TLS roots can be loaded.
    pub fn new(
        config: &AgentConfig,
        events: broadcast::Sender<AgentEvent>,
    ) -> Result<Self, ApiError> {
        let mut http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .user_agent("ahoy-agent");
        // A proxy of the environment never leads to this machine.
        let local = match config.graph_url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if local {
            http = http.no_proxy();
        }
        Ok(Self {
            http: http
                .build()
                .map_err(|e| ApiError::NoAnswer(e.to_string()))?,
            base: config.graph_url.clone(),
            token: config.token.clone(),
            app: config.app_id,
            app_secret: config.app_secret.clone(),
            events,
        })
    }

    /// Calls `to`. The id in the answer names the call in every webhook; the answer to the offer comes in the first.
    ///
    /// # Errors
    /// [`ApiError`]; 138006 means that the user has not permitted calls. Never repeated by itself: a connect that was
    /// lost on its way back has rung a phone.
    pub async fn connect(
        &self,
        from: PhoneNumberId,
        to: &WaId,
        offer: &str,
    ) -> Result<CallId, ApiError> {
        let body = json!({
            "messaging_product": "whatsapp",
            "to": to,
            "action": "connect",
            "session": Session::offer(offer),
        });
        let answer = self
            .attempt(
                None,
                &format!("{from}/calls"),
                "connect",
                &self.token,
                &body,
            )
            .await?
            .0?;
        answer["calls"][0]["id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| ApiError::Unexpected("it names no call".into()))
    }

    /// Prepares the media of a user's call while it still rings, so that nothing is clipped after accept.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn pre_accept(
        &self,
        phone: PhoneNumberId,
        call: &CallId,
        answer: &str,
    ) -> Result<(), ApiError> {
        self.action(phone, call, "pre_accept", Some(Session::answer(answer)))
            .await
    }

    /// Picks up. `answer` must be the very text given to [`Self::pre_accept`].
    ///
    /// # Errors
    /// [`ApiError`]; the user may just have hung up.
    pub async fn accept(
        &self,
        phone: PhoneNumberId,
        call: &CallId,
        answer: &str,
    ) -> Result<(), ApiError> {
        self.action(phone, call, "accept", Some(Session::answer(answer)))
            .await
    }

    /// Declines a ringing call of a user.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn reject(&self, phone: PhoneNumberId, call: &CallId) -> Result<(), ApiError> {
        self.action(phone, call, "reject", None).await
    }

    /// Hangs up, or gives up ringing. RTCP BYE alone does not end a call.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn terminate(&self, phone: PhoneNumberId, call: &CallId) -> Result<(), ApiError> {
        self.action(phone, call, "terminate", None).await
    }

    /// Subscribes `callback` to the field `calls` of the app, with the app token `APPID|SECRET`. The platform verifies
    /// the callback by a GET before it answers, so the receiver must be up.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn subscribe(
        &self,
        callback: &str,
        verify_token: &str,
        fields: &str,
    ) -> Result<(), ApiError> {
        let body = json!({
            "object": "whatsapp_business_account",
            "callback_url": callback,
            "verify_token": verify_token,
            "fields": fields,
        });
        let token = format!("{}|{}", self.app, self.app_secret);
        let path = format!("{}/subscriptions", self.app);
        self.post(None, &path, "subscribe", &token, &body)
            .await
            .map(drop)
    }

    /// The app's subscription as it is now: its callback and its fields with commas between; `None` if there is none.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn subscription(&self) -> Result<Option<(String, String)>, ApiError> {
        let sent = self
            .http
            .get(self.url(&format!("{}/subscriptions", self.app))?)
            .bearer_auth(format!("{}|{}", self.app, self.app_secret));
        let answer = self.answer(sent).await?;
        let subscription = &answer["data"][0];
        let fields = subscription["fields"].as_array();
        let names = fields.map(|all| all.iter().filter_map(|f| f["name"].as_str()));
        let names = names.map(|names| names.collect::<Vec<_>>().join(","));
        let callback = subscription["callback_url"].as_str().map(str::to_owned);
        Ok(callback.zip(names))
    }

    /// Unsubscribes the app.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn unsubscribe(&self) -> Result<(), ApiError> {
        let token = format!("{}|{}", self.app, self.app_secret);
        let url = self.url(&format!("{}/subscriptions", self.app))?;
        let object = [("object", "whatsapp_business_account")];
        let sent = self.http.delete(url).query(&object).bearer_auth(token);
        self.answer(sent).await.map(drop)
    }

    /// The callback that a number has of its own, beside the app's.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn own_callback(&self, phone: PhoneNumberId) -> Result<Option<String>, ApiError> {
        let url = self.url(&phone.to_string())?;
        let fields = [("fields", "webhook_configuration")];
        let sent = self.http.get(url).query(&fields).bearer_auth(&self.token);
        let answer = self.answer(sent).await?;
        let own = &answer["webhook_configuration"]["phone_number"];
        Ok(own.as_str().map(str::to_owned))
    }

    /// Gives a number a callback of its own, which goes over the app's, or takes it away. The platform verifies it by a GET before
    /// it answers.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn set_own_callback(
        &self,
        phone: PhoneNumberId,
        callback: Option<(&str, &str)>,
    ) -> Result<(), ApiError> {
        let (url, verify_token) = callback.unwrap_or_default();
        let mut configuration = json!({ "override_callback_uri": url });
        if !url.is_empty() {
            configuration["verify_token"] = json!(verify_token);
        }
        let body = json!({ "webhook_configuration": configuration });
        let path = phone.to_string();
        self.post(None, &path, "subscribe", &self.token, &body)
            .await
            .map(drop)
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Value, ApiError> {
        let sent = request.send().await;
        let response = sent.map_err(|e| ApiError::NoAnswer(why(&e)))?;
        let status = response.status();
        let bytes = response.bytes().await;
        read(status, &bytes.map_err(|e| ApiError::NoAnswer(why(&e)))?)
    }

    fn url(&self, path: &str) -> Result<Url, ApiError> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| ApiError::NoAnswer(format!("{} is no base of an API", self.base)))?
            .pop_if_empty()
            .extend(path.split('/'));
        Ok(url)
    }

    async fn action(
        &self,
        phone: PhoneNumberId,
        call: &CallId,
        action: &'static str,
        session: Option<Session>,
    ) -> Result<(), ApiError> {
        let mut body = json!({
            "messaging_product": "whatsapp",
            "call_id": call,
            "action": action,
        });
        if let Some(session) = session {
            body["session"] = json!(session);
        }
        let path = format!("{phone}/calls");
        self.post(Some(call), &path, action, &self.token, &body)
            .await
            .map(drop)
    }

    /// Repeats what certainly was not done: the connection was refused, or the platform said *not now* (503).
    async fn post(
        &self,
        call: Option<&CallId>,
        path: &str,
        action: &'static str,
        token: &str,
        body: &Value,
    ) -> Result<Value, ApiError> {
        for wait in RETRIES {
            let (result, undone) = self.attempt(call, path, action, token, body).await?;
            match result {
                Err(_) if undone => tokio::time::sleep(wait).await,
                done => return done,
            }
        }
        self.attempt(call, path, action, token, body).await?.0
    }

    /// One request. The flag tells whether it surely had no effect.
    async fn attempt(
        &self,
        call: Option<&CallId>,
        path: &str,
        action: &'static str,
        token: &str,
        body: &Value,
    ) -> Result<(Result<Value, ApiError>, bool), ApiError> {
        let url = self.url(path)?;
        let start = Instant::now();
        let sent = self
            .http
            .request(Method::POST, url.clone())
            .bearer_auth(token)
            .json(body)
            .send()
            .await;
        let (result, status, undone) = match sent {
            Err(e) => (Err(ApiError::NoAnswer(why(&e))), None, e.is_connect()),
            Ok(response) => {
                let status = response.status();
                let bytes = response.bytes().await;
                let result = bytes
                    .map_err(|e| ApiError::NoAnswer(why(&e)))
                    .and_then(|bytes| read(status, &bytes));
                (
                    result,
                    Some(status),
                    status == StatusCode::SERVICE_UNAVAILABLE,
                )
            }
        };
        // Nobody may be watching.
        let _ = self.events.send(AgentEvent::ApiCall {
            call: call.cloned(),
            method: "POST",
            path: url.path().to_owned(),
            action: (action != "subscribe").then_some(action),
            status: status.map(|s| s.as_u16()),
            ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
            error: result.as_ref().err().map(ToString::to_string),
        });
        Ok((result, undone))
    }
}

/// The error with its causes, but without the URL: what went wrong is at the end of the chain.
fn why(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

/// Tells success from refusal. A refusal need not be JSON: a proxy on the way may have spoken.
fn read(status: StatusCode, body: &[u8]) -> Result<Value, ApiError> {
    let json = serde_json::from_slice::<Value>(body);
    if status.is_success() {
        return json.map_err(|e| ApiError::Unexpected(e.to_string()));
    }
    let json = json.unwrap_or_default();
    let error = &json["error"];
    let text = |value: &Value| value.as_str().unwrap_or("no reason given").to_owned();
    Err(ApiError::Refused {
        status: status.as_u16(),
        code: error["code"].as_u64().unwrap_or(0),
        message: text(&error["message"]),
        details: text(&error["error_data"]["details"]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_keep_code_and_sentence() {
        let body = br#"{"error":{"message":"(#138006) No approved call permission found","type":"OAuthException",
            "code":138006,"error_data":{"messaging_product":"whatsapp","details":"Ask first."},"fbtrace_id":"A"}}"#;
        assert_eq!(
            read(StatusCode::UNAUTHORIZED, body),
            Err(ApiError::Refused {
                status: 401,
                code: 138_006,
                message: "(#138006) No approved call permission found".into(),
                details: "Ask first.".into(),
            })
        );
    }

    #[test]
    fn answers_that_are_not_json_are_errors_all_the_same() {
        assert!(matches!(
            read(StatusCode::BAD_GATEWAY, b"<html>"),
            Err(ApiError::Refused {
                status: 502,
                code: 0,
                ..
            })
        ));
        assert!(matches!(
            read(StatusCode::OK, b"<html>"),
            Err(ApiError::Unexpected(_))
        ));
    }
}
