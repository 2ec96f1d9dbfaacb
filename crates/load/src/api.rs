//! The requests of a run: the business's API and the sandbox's routes, each timed, none repeated.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ahoy_types::{CallId, PhoneNumberId, WaId};
use ahoy_wire::Session;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use url::Url;

use crate::config::{LoadConfig, is_loopback};
use crate::failure::{Failure, FailureKind};
use crate::measure::Measure;
use crate::record::Record;

/// Connections kept for the next request.
const IDLE_CONNECTIONS: usize = 1_024;

/// Why a request was in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ApiError {
    /// No answer in time, or none at all.
    NoAnswer(String),
    /// A refusal: HTTP status, code, sentence.
    Refused {
        status: u16,
        code: String,
        sentence: String,
    },
    /// A success that lacks what it should hold.
    Senseless(String),
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoAnswer(why) => write!(f, "no answer: {why}"),
            Self::Refused {
                status,
                code,
                sentence,
            } => write!(f, "HTTP {status}, code {code}: {sentence}"),
            Self::Senseless(why) => write!(f, "the answer cannot be understood: {why}"),
        }
    }
}

impl ApiError {
    /// As the failure of a call.
    pub(crate) fn failure(&self, what: &str) -> Failure {
        match self {
            Self::Refused { status, code, .. } => {
                let kind = match code.as_str() {
                    "busy" => FailureKind::UserDeclined,
                    _ => FailureKind::Refused,
                };
                let mut failure = Failure::new(
                    kind,
                    format!("{what}: {code}"),
                    format!("{what} was refused with {self}"),
                );
                failure.ineffective = *status >= 500 || *status == 408;
                failure
            }
            Self::NoAnswer(_) | Self::Senseless(_) => {
                Failure::new(FailureKind::NoAnswer, what, format!("{what}: {self}"))
            }
        }
    }
}

/// Both clients in one.
pub(crate) struct Api {
    http: reqwest::Client,
    base: Url,
    token: String,
    app: String,
    app_token: String,
    number: String,
    record: Arc<Record>,
}

impl Api {
    pub(crate) fn new(config: &LoadConfig, record: Arc<Record>) -> Result<Self, ApiError> {
        let mut http = reqwest::Client::builder()
            .timeout(config.patience)
            .connect_timeout(config.patience.min(Duration::from_secs(5)))
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .tcp_nodelay(true)
            .user_agent("ahoy-load");
        if is_loopback(&config.url) {
            // A proxy of the environment never leads to this machine.
            http = http.no_proxy();
        }
        Ok(Self {
            http: http.build().map_err(|e| ApiError::NoAnswer(why(&e)))?,
            base: config.url.clone(),
            token: config.token.clone(),
            app: config.app_id.to_string(),
            app_token: format!("{}|{}", config.app_id, config.app_secret),
            number: config.number.to_string(),
            record,
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let base = self.base.as_str().trim_end_matches('/');
        self.http.request(method, format!("{base}/{path}"))
    }

    /// Sends and reads JSON; timed under `measure` when there was an answer, a refusal included.
    async fn send(
        &self,
        request: RequestBuilder,
        measure: Option<Measure>,
    ) -> Result<Value, ApiError> {
        let start = Instant::now();
        let answer = request
            .send()
            .await
            .map_err(|e| ApiError::NoAnswer(why(&e)))?;
        let status = answer.status();
        let body = answer
            .bytes()
            .await
            .map_err(|e| ApiError::NoAnswer(why(&e)))?;
        if let Some(measure) = measure {
            self.record.time(measure, start.elapsed());
        }
        let content = serde_json::from_slice::<Value>(&body);
        if status.is_success() {
            return content.map_err(|e| ApiError::Senseless(e.to_string()));
        }
        let error = content.map(|mut c| c["error"].take()).unwrap_or_default();
        // A number in the business's API, a word in the sandbox.
        let code = match &error["code"] {
            Value::String(word) => word.clone(),
            Value::Number(number) => number.to_string(),
            _ => status.as_u16().to_string(),
        };
        let message = error["message"].as_str().unwrap_or("no reason given");
        let details = error["error_data"]["details"]
            .as_str()
            .map(|d| format!(": {d}"));
        Err(ApiError::Refused {
            status: status.as_u16(),
            code,
            sentence: format!("{message}{}", details.unwrap_or_default()),
        })
    }

    async fn action(
        &self,
        action: &'static str,
        call: &CallId,
        session: Option<Session>,
        measure: Option<Measure>,
    ) -> Result<(), ApiError> {
        let mut body =
            json!({ "messaging_product": "whatsapp", "action": action, "call_id": call });
        if let Some(session) = session {
            body["session"] = json!(session);
        }
        let request = self.request(Method::POST, &format!("{}/calls", self.number));
        self.send(request.bearer_auth(&self.token).json(&body), measure)
            .await
            .map(drop)
    }

    pub(crate) async fn pre_accept(&self, call: &CallId, answer: &str) -> Result<(), ApiError> {
        self.action(
            "pre_accept",
            call,
            Some(Session::answer(answer)),
            Some(Measure::PreAccept),
        )
        .await
    }

    pub(crate) async fn accept(&self, call: &CallId, answer: &str) -> Result<(), ApiError> {
        self.action(
            "accept",
            call,
            Some(Session::answer(answer)),
            Some(Measure::Accept),
        )
        .await
    }

    pub(crate) async fn terminate(&self, call: &CallId) -> Result<(), ApiError> {
        self.action("terminate", call, None, Some(Measure::Terminate))
            .await
    }

    /// Ends a call that failed, so that it does not hold its place; what comes of it is nobody's concern.
    pub(crate) async fn clear(&self, call: &CallId) {
        if let Err(error) = self.action("terminate", call, None, None).await {
            tracing::debug!(%call, %error, "a failed call could not be ended");
        }
    }

    pub(crate) async fn connect(&self, to: WaId, offer: &str) -> Result<CallId, ApiError> {
        let body = json!({
            "messaging_product": "whatsapp",
            "to": to,
            "action": "connect",
            "session": Session::offer(offer),
        });
        let request = self.request(Method::POST, &format!("{}/calls", self.number));
        let answer = self
            .send(
                request.bearer_auth(&self.token).json(&body),
                Some(Measure::Connect),
            )
            .await?;
        id_in(&answer["calls"][0]["id"])
    }

    /// Whether there is a server and it is ready; what it says of itself.
    pub(crate) async fn health(&self) -> Result<Value, ApiError> {
        self.send(self.request(Method::GET, "healthz"), None).await
    }

    /// The number as the token sees it.
    pub(crate) async fn see_number(&self) -> Result<Value, ApiError> {
        self.send(
            self.request(Method::GET, &self.number)
                .bearer_auth(&self.token),
            None,
        )
        .await
    }

    /// Prometheus text.
    pub(crate) async fn metrics(&self) -> Option<String> {
        let answer = self.request(Method::GET, "metrics").send().await.ok()?;
        answer.error_for_status().ok()?.text().await.ok()
    }

    /// The app's callback and its fields, if it has one.
    pub(crate) async fn subscription(&self) -> Result<Option<(String, String)>, ApiError> {
        let request = self.request(Method::GET, &format!("{}/subscriptions", self.app));
        let answer = self
            .send(request.bearer_auth(&self.app_token), None)
            .await?;
        let subscription = &answer["data"][0];
        let names = subscription["fields"]
            .as_array()
            .map(|all| all.iter().filter_map(|f| f["name"].as_str()));
        let names = names.map(|names| names.collect::<Vec<_>>().join(","));
        Ok(subscription["callback_url"]
            .as_str()
            .map(str::to_owned)
            .zip(names))
    }

    /// Unsubscribes the app.
    pub(crate) async fn unsubscribe(&self) -> Result<(), ApiError> {
        let request = self.request(Method::DELETE, &format!("{}/subscriptions", self.app));
        let request = request.query(&[("object", "whatsapp_business_account")]);
        self.send(request.bearer_auth(&self.app_token), None)
            .await
            .map(drop)
    }

    /// The callback that a number has of its own, beside the app's.
    pub(crate) async fn own_callback(
        &self,
        phone: PhoneNumberId,
    ) -> Result<Option<String>, ApiError> {
        let request = self.request(Method::GET, &phone.to_string());
        let request = request.query(&[("fields", "webhook_configuration")]);
        let answer = self.send(request.bearer_auth(&self.token), None).await?;
        let own = &answer["webhook_configuration"]["phone_number"];
        Ok(own.as_str().map(str::to_owned))
    }

    /// Gives a number a callback of its own, or takes it away.
    pub(crate) async fn set_own_callback(
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
        let request = self.request(Method::POST, &phone.to_string());
        self.send(request.bearer_auth(&self.token).json(&body), None)
            .await
            .map(drop)
    }

    pub(crate) async fn subscribe(
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
        let request = self.request(Method::POST, &format!("{}/subscriptions", self.app));
        self.send(request.bearer_auth(&self.app_token).json(&body), None)
            .await
            .map(drop)
    }

    async fn sandbox(
        &self,
        path: &str,
        body: &Value,
        measure: Option<Measure>,
    ) -> Result<Value, ApiError> {
        let request = self.request(Method::POST, &format!("sandbox/v1/{path}"));
        self.send(request.json(body), measure).await
    }

    /// Makes a user, or gives one this behaviour.
    pub(crate) async fn dress(&self, user: WaId, behaviour: &Value) -> Result<(), ApiError> {
        let body = json!({ "wa_id": user, "behaviour": behaviour });
        self.sandbox("users", &body, None).await.map(drop)
    }

    /// The user lets the business call for good.
    pub(crate) async fn permit(&self, user: WaId) -> Result<(), ApiError> {
        let body = json!({ "phone_number_id": self.number, "response": "accept_permanent" });
        self.sandbox(&format!("users/{user}/permission"), &body, None)
            .await
            .map(drop)
    }

    /// A simulated user calls.
    pub(crate) async fn dial(&self, user: WaId) -> Result<CallId, ApiError> {
        let body = json!({ "to": self.number });
        let answer = self
            .sandbox(&format!("users/{user}/calls"), &body, Some(Measure::Dial))
            .await?;
        id_in(&answer["id"])
    }

    /// A simulated user hangs up.
    pub(crate) async fn user_hangs_up(&self, user: WaId, call: &CallId) -> Result<(), ApiError> {
        let path = format!("users/{user}/calls/{call}/hang_up");
        self.sandbox(&path, &json!({}), Some(Measure::UserAct))
            .await
            .map(drop)
    }

    /// What a simulated user's call was like.
    pub(crate) async fn call_of_user(&self, user: WaId, call: &CallId) -> Result<Value, ApiError> {
        let path = format!("sandbox/v1/users/{user}/calls/{call}");
        self.send(self.request(Method::GET, &path), None).await
    }

    /// The number as text, for the phone's socket.
    pub(crate) fn number(&self) -> &str {
        &self.number
    }
}

fn id_in(value: &Value) -> Result<CallId, ApiError> {
    let id = value.as_str().and_then(|id| id.parse().ok());
    id.ok_or_else(|| ApiError::Senseless("it names no call".into()))
}

/// The error with its causes, but without the URL: what went wrong is at the end of the chain.
fn why(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "the time was over".into();
    }
    let mut last = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        last = error.to_string();
        next = error.source();
    }
    last
}
