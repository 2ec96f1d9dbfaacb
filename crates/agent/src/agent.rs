//! The agent as a whole: start it, let it call, stop it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

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

/// A callback that leads to an agent.
enum Taken {
    /// The app's, and what it was before with its fields.
    App(Option<(String, String)>),
    /// A number's own, and what it was before.
    Number(PhoneNumberId, Option<String>),
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App(_) => f.write_str("the app's callback"),
            Self::Number(phone, _) => write!(f, "the callback of number {phone}"),
        }
    }
}

/// A running agent. Dropping it stops it without saying goodbye; [`Agent::stop`] hangs up first.
pub struct Agent {
    config: AgentConfig,
    /// What this agent took to get its webhooks, newest last: given back when it ends.
    taken: Mutex<Vec<Taken>>,
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

        let agent = Self {
            config,
            taken: Mutex::default(),
            callback,
            client,
            setup,
            orders,
            events,
            server,
            desk,
        };
        if agent.config.register {
            // Whatever was taken before a failure is given back.
            if let Err(error) = agent.register().await {
                agent.give_back().await;
                return Err(error);
            }
        }
        Ok(agent)
    }

    /// Where webhooks must go.
    pub fn callback_url(&self) -> &Url {
        &self.callback
    }

    /// Has webhooks sent here, which the platform verifies on the way: as the numbers' own callback where the app is subscribed to calls
    /// already, so that whoever has the app's callback keeps it; else as the app's.
    ///
    /// # Errors
    /// [`AgentError::Api`].
    pub async fn register(&self) -> Result<(), AgentError> {
        let (callback, token) = (self.callback.as_str(), &self.config.verify_token);
        let app = self.client.subscription().await?;
        let has_calls = |fields: &str| fields.split(',').any(|field| field == "calls");
        if !app.as_ref().is_some_and(|(_, fields)| has_calls(fields)) {
            self.client.subscribe(callback, token, "calls").await?;
            self.took(Taken::App(app));
            return Ok(());
        }
        for phone in &self.config.phone_number_ids {
            let former = self.client.own_callback(*phone).await?;
            let ours = Some((callback, token.as_str()));
            self.client.set_own_callback(*phone, ours).await?;
            self.took(Taken::Number(*phone, former));
        }
        Ok(())
    }

    fn took(&self, what: Taken) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.push(what);
    }

    /// Gives back what was taken, unless somebody else has it meanwhile. The platform does not tell verify tokens and verifies a callback
    /// again, so one comes back whose receiver lives and knows our token; where it does not, such as one that an agent
    /// left behind when it was killed, the number has none of its own any more.
    async fn give_back(&self) {
        let taken = std::mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner));
        for what in taken.into_iter().rev() {
            if let Err(error) = self.return_one(&what).await {
                tracing::warn!(%error, "{what} still leads to this agent, which has ended");
            }
        }
    }

    async fn return_one(&self, what: &Taken) -> Result<(), ApiError> {
        let (callback, token) = (self.callback.as_str(), self.config.verify_token.as_str());
        match what {
            Taken::App(former) => {
                let now = self.client.subscription().await?;
                if now.is_none_or(|(url, _)| url != callback) {
                    return Ok(());
                }
                if let Some((url, fields)) = former {
                    match self.client.subscribe(url, token, fields).await {
                        Ok(()) => return Ok(()),
                        Err(error) => {
                            tracing::warn!(callback = url, %error, "the app's former callback does not answer");
                        }
                    }
                }
                self.client.unsubscribe().await
            }
            Taken::Number(phone, former) => {
                if self.client.own_callback(*phone).await?.as_deref() != Some(callback) {
                    return Ok(());
                }
                if let Some(url) = former.as_deref().filter(|url| *url != callback) {
                    let former = Some((url, token));
                    match self.client.set_own_callback(*phone, former).await {
                        Ok(()) => return Ok(()),
                        Err(error) => {
                            tracing::warn!(callback = url, %error, "the number's former callback does not answer");
                        }
                    }
                }
                self.client.set_own_callback(*phone, None).await
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

    /// Hangs up every call, waits at most four seconds for the last webhooks, gives back the callbacks it took, and
    /// closes its own.
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
