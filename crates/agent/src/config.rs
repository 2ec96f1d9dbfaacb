//! What the agent must know to be a business.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use ahoy_types::{AppId, PhoneNumberId};
use url::Url;

/// How to reach the platform, who we are, and where we listen. [`Default`] is the account that `ahoy dev` seeds.
#[derive(Clone)]
pub struct AgentConfig {
    /// The platform's API, with a version in the path or without: `http://127.0.0.1:8080`.
    pub graph_url: Url,
    /// Access token for calls.
    pub token: String,
    /// The app that is subscribed to the calls.
    pub app_id: AppId,
    /// Its secret: webhooks are signed with it, and with the id it makes the app token.
    pub app_secret: String,
    /// Proves to us that the verification GET belongs to a subscription of ours.
    pub verify_token: String,
    /// The numbers to answer for; empty: every number whose webhooks reach us. Calls are placed from the first.
    pub phone_number_ids: Vec<PhoneNumberId>,
    /// Address of the webhook receiver; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The receiver's address as the platform sees it, if that is another (a tunnel, a proxy).
    pub public_url: Option<Url>,
    /// Address of the interface that media uses. It is offered to the platform as the only candidate.
    pub media_ip: IpAddr,
    /// Whether to subscribe the callback at the platform on start.
    pub register: bool,
    /// How long to let it ring before accepting.
    pub answer_after: Duration,
    /// Calls at a time; further ones are rejected.
    pub max_calls: usize,
}

impl Default for AgentConfig {
    fn default() -> Self {
        let port = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            graph_url: format!("http://{}", port(8080))
                .parse()
                .unwrap_or_else(|_| unreachable!("a socket address makes a URL")),
            token: "ahoy-dev-token".into(),
            app_id: AppId(900_100_200_300),
            app_secret: "ahoy-dev-secret".into(),
            verify_token: "ahoy-dev-verify".into(),
            phone_number_ids: Vec::new(),
            listen: port(0),
            public_url: None,
            media_ip: Ipv4Addr::LOCALHOST.into(),
            register: false,
            answer_after: Duration::ZERO,
            max_calls: 200,
        }
    }
}

impl fmt::Debug for AgentConfig {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentConfig")
            .field("graph_url", &self.graph_url.as_str())
            .field("app_id", &self.app_id)
            .field("phone_number_ids", &self.phone_number_ids)
            .field("listen", &self.listen)
            .field("public_url", &self.public_url.as_ref().map(Url::as_str))
            .field("media_ip", &self.media_ip)
            .field("register", &self.register)
            .field("answer_after", &self.answer_after)
            .field("max_calls", &self.max_calls)
            .finish_non_exhaustive()
    }
}
