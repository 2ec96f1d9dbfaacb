//! The agent as a whole: start it, let it call, stop it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ahoy_types::{CallId, PhoneNumberId, WaId};
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use url::Url;

use crate::call::Line;
use crate::client::{ApiError, Client};
use crate::config::AgentConfig;
use crate::desk::{Desk, Order};
use crate::event::AgentEvent;
use crate::media::{MediaError, MediaSetup};
use crate::webhook::{self, Receiver};

/// Why the agent cannot do what it is asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The webhook receiver's address is taken or not ours.
    #[error("the webhook receiver cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The platform refused or is away.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Media cannot be set up.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// There is no number to call from.
    #[error("name the phone number id to call from")]
    NoPhone,
    /// The agent is stopping.
    #[error("the agent has stopped")]
    Stopped,
}

/// A running agent. Dropping it stops it without saying goodbye; [`Agent::stop`] hangs up first.
pub struct Agent {
    config: AgentConfig,
    /// Callback and fields of the app before this agent took it over.
    former: Option<(String, String)>,
    callback: Url,
    client: Client,
    setup: MediaSetup,
    orders: mpsc::Sender<Order>,
    events: broadcast::Sender<AgentEvent>,
    server: JoinHandle<()>,
    desk: JoinHandle<()>,
}

impl Agent {
    /// Opens the webhook receiver and waits for calls. With [`AgentConfig::register`] it subscribes itself as well.
    ///
    /// # Errors
    /// [`AgentError::Listen`], [`AgentError::Media`], or what [`Agent::register`] answers.
    pub async fn start(config: AgentConfig) -> Result<Self, AgentError> {
        let failed = |e| AgentError::Listen(config.listen, e);
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let mut address = listener.local_addr().map_err(failed)?;
        if address.ip().is_unspecified() {
            // A callback needs an address that leads somewhere.
            address.set_ip(config.media_ip);
        }
        let callback = match &config.public_url {
            Some(url) => url.clone(),
            None => format!("http://{address}{}", webhook::PATH)
                .parse()
                .map_err(|e| failed(std::io::Error::other(e)))?,
        };

        let (events, _) = broadcast::channel(4_096);
        let client = Client::new(&config, events.clone())?;
        let setup = MediaSetup::new(config.media_ip)?;
        let line = Arc::new(Line {
            client: client.clone(),
            setup: setup.clone(),
            answer_after: config.answer_after,
            events: events.clone(),
        });

        let (updates, inbox) = mpsc::channel(1_024);
        let (orders, order_inbox) = mpsc::channel(64);
        let desk = Desk::new(line, config.phone_number_ids.clone(), config.max_calls);
        let desk = tokio::spawn(desk.run(inbox, order_inbox));

        let router = webhook::router(Receiver {
            verify_token: config.verify_token.as_str().into(),
            app_secret: config.app_secret.as_str().into(),
            updates,
            events: events.clone(),
        });
        // The answer is a few bytes; it shall not wait for more.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the webhook receiver failed");
            }
        });

        let mut agent = Self {
            config,
            former: None,
            callback,
            client,
            setup,
            orders,
            events,
            server,
            desk,
        };
        if agent.config.register {
            agent.former = agent.other_subscription().await;
            agent.register().await?;
        }
        Ok(agent)
    }

    /// Where webhooks must go.
    pub fn callback_url(&self) -> &Url {
        &self.callback
    }

    /// Subscribes the callback to the app's calls at the platform, which verifies it on the way.
    ///
    /// # Errors
    /// [`AgentError::Api`].
    pub async fn register(&self) -> Result<(), AgentError> {
        Ok(self
            .client
            .subscribe(self.callback.as_str(), &self.config.verify_token, "calls")
            .await?)
    }

    /// The app's subscription, unless it is ours.
    async fn other_subscription(&self) -> Option<(String, String)> {
        match self.client.subscription().await {
            Ok(found) => found.filter(|(callback, _)| callback != self.callback.as_str()),
            Err(error) => {
                tracing::warn!(%error, "what the app's callback is cannot be read");
                None
            }
        }
    }

    /// Gives the app's callback back to whoever had it, unless somebody else has taken it meanwhile. The platform does
    /// not tell verify tokens, so this works for receivers that know ours, such as the agent inside `ahoy dev`.
    async fn give_back(&self) {
        let Some((callback, fields)) = &self.former else {
            return;
        };
        if self.other_subscription().await.is_some() {
            return;
        }
        let token = &self.config.verify_token;
        match self.client.subscribe(callback, token, fields).await {
            Ok(()) => tracing::info!(callback, "the app's former callback is back"),
            Err(error) => {
                tracing::warn!(callback, %error, "the app's former callback could not be set again");
            }
        }
    }

    /// Every step of every call from now on. Whoever reads too slowly misses the oldest.
    pub fn events(&self) -> broadcast::Receiver<AgentEvent> {
        self.events.subscribe()
    }

    /// Calls a user from the first number of the configuration. Returns as soon as the platform has taken the call;
    /// what becomes of it is in [`Agent::events`].
    ///
    /// # Errors
    /// [`AgentError::NoPhone`], [`AgentError::Media`], [`AgentError::Api`].
    pub async fn call(&self, to: &WaId) -> Result<CallId, AgentError> {
        let phone = *self
            .config
            .phone_number_ids
            .first()
            .ok_or(AgentError::NoPhone)?;
        self.call_from(phone, to).await
    }

    /// Calls a user from the number `phone`.
    ///
    /// # Errors
    /// As [`Agent::call`].
    pub async fn call_from(&self, phone: PhoneNumberId, to: &WaId) -> Result<CallId, AgentError> {
        let (media, offer) = self.setup.offer().await?;
        let id = self.client.connect(phone, to, &offer).await?;
        let order = Order::Placed {
            id: id.clone(),
            phone,
            media,
        };
        self.orders
            .send(order)
            .await
            .map_err(|_| AgentError::Stopped)?;
        Ok(id)
    }

    /// Hangs up a call, or declines it while it rings. Answers whether there was such a call.
    pub async fn hang_up(&self, call: &CallId) -> bool {
        let (reply, known) = oneshot::channel();
        self.orders
            .send(Order::HangUp(call.clone(), reply))
            .await
            .is_ok()
            && known.await.unwrap_or(false)
    }

    /// How many calls there are now.
    pub async fn live_calls(&self) -> usize {
        let (reply, count) = oneshot::channel();
        match self.orders.send(Order::Count(reply)).await {
            Ok(()) => count.await.unwrap_or(0),
            Err(_) => 0,
        }
    }

    /// Hangs up every call, waits at most four seconds for the last webhooks, gives the app's callback back to the
    /// receiver it was taken from, and closes ours.
    pub async fn stop(mut self) {
        let _ = self.orders.send(Order::Stop).await;
        // A desk that failed has nothing left to wait for.
        let _ = (&mut self.desk).await;
        self.give_back().await;
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.server.abort();
        self.desk.abort();
    }
}

/// Runs an agent until `shutdown`: the whole of `ahoy agent`.
///
/// # Errors
/// Those of [`Agent::start`].
pub async fn run(config: AgentConfig, shutdown: impl Future) -> Result<(), AgentError> {
    let media_ip: IpAddr = config.media_ip;
    let agent = Agent::start(config).await?;
    tracing::info!(callback = %agent.callback, %media_ip, "waiting for calls");
    shutdown.await;
    agent.stop().await;
    Ok(())
}
