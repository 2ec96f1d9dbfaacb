//! The callback of the app, taken over for the time of a run.

use std::sync::Arc;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

use crate::api::{Api, ApiError};
use crate::config::LoadConfig;
use crate::hooks::{self, Hooks};

use super::LoadError;

/// The webhook receiver and the callback that leads to it.
pub(super) struct Desk {
    server: tokio::task::JoinHandle<()>,
    callback: String,
    verify_token: String,
    former: Option<(String, String)>,
}

impl Desk {
    pub(super) async fn open(
        config: &LoadConfig,
        api: &Api,
        hooks: &Arc<Hooks>,
    ) -> Result<Self, LoadError> {
        let cannot = |e: std::io::Error| {
            LoadError::Tool(format!(
                "--listen: the webhook receiver cannot listen on {}: {e}",
                config.listen
            ))
        };
        let listener = TcpListener::bind(config.listen).await.map_err(cannot)?;
        let mut address = listener.local_addr().map_err(cannot)?;
        if address.ip().is_unspecified() {
            // A callback needs an address that leads somewhere.
            address.set_ip(config.media_ip);
        }
        let callback = match &config.public_url {
            Some(url) => url.to_string(),
            None => format!("http://{address}{}", hooks::PATH),
        };
        let router = hooks::router(Arc::clone(hooks), &config.verify_token, &config.app_secret);
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the webhook receiver failed");
            }
        });
        let refused = |e: ApiError| {
            let app = config.app_id;
            LoadError::Server(format!(
                "--app-id, --app-secret: the callback of app {app} cannot be set ({e})"
            ))
        };
        let former = api
            .subscription()
            .await
            .map_err(refused)?
            .filter(|(url, _)| *url != callback);
        let desk = Self {
            server,
            callback,
            verify_token: config.verify_token.clone(),
            former,
        };
        api.subscribe(&desk.callback, &desk.verify_token, "calls")
            .await
            .map_err(refused)?;
        Ok(desk)
    }

    /// Gives the callback back to whoever had it, unless somebody else has taken it meanwhile, and closes the receiver. The platform
    /// does not tell verify tokens, so this works for receivers that know ours, such as the agent inside `ahoy dev`.
    pub(super) async fn close(self, api: &Api) {
        let ours = matches!(api.subscription().await, Ok(Some((url, _))) if url == self.callback);
        if let (true, Some((url, fields))) = (ours, &self.former)
            && let Err(error) = api.subscribe(url, &self.verify_token, fields).await
        {
            tracing::warn!(callback = url, %error, "the app's former callback could not be set again");
        }
        self.server.abort();
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.server.abort();
    }
}
