//! Where the webhooks of a run arrive: the number's own callback for the time of a run, or the app's where it has none.

use std::sync::Arc;

use ahoy_types::PhoneNumberId;
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
    taken: Taken,
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
        let mut desk = Self {
            server,
            callback,
            verify_token: config.verify_token.clone(),
            taken: Taken::Nothing,
        };
        let app = api.subscription().await.map_err(refused)?;
        let calls = |fields: &str| fields.split(',').any(|field| field == "calls");
        let ours = (desk.callback.as_str(), desk.verify_token.as_str());
        desk.taken = if app.as_ref().is_some_and(|(_, fields)| calls(fields)) {
            // Whoever has the app's callback keeps it.
            let former = api.own_callback(config.number).await.map_err(refused)?;
            let set = api.set_own_callback(config.number, Some(ours)).await;
            set.map_err(refused)?;
            Taken::Number(config.number, former)
        } else {
            let set = api.subscribe(ours.0, ours.1, "calls").await;
            set.map_err(refused)?;
            Taken::App(app)
        };
        Ok(desk)
    }

    /// Gives back what was taken, unless somebody else has it meanwhile, and closes the receiver. The platform does not tell verify tokens and
    /// verifies a callback again: one comes back whose receiver lives and knows our token.
    pub(super) async fn close(self, api: &Api) {
        if let Err(error) = self.give_back(api).await {
            let callback = &self.callback;
            tracing::warn!(%callback, %error, "webhooks still go to this run, which has ended");
        }
        self.server.abort();
    }

    async fn give_back(&self, api: &Api) -> Result<(), ApiError> {
        let token = self.verify_token.as_str();
        match &self.taken {
            Taken::Nothing => Ok(()),
            Taken::App(former) => {
                let now = api.subscription().await?;
                if now.is_none_or(|(url, _)| url != self.callback) {
                    return Ok(());
                }
                if let Some((url, fields)) = former
                    && api.subscribe(url, token, fields).await.is_ok()
                {
                    return Ok(());
                }
                api.unsubscribe().await
            }
            Taken::Number(phone, former) => {
                if api.own_callback(*phone).await?.as_deref() != Some(&self.callback) {
                    return Ok(());
                }
                if let Some(url) = former.as_deref().filter(|url| *url != self.callback)
                    && api
                        .set_own_callback(*phone, Some((url, token)))
                        .await
                        .is_ok()
                {
                    return Ok(());
                }
                api.set_own_callback(*phone, None).await
            }
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What a run took to get its webhooks.
enum Taken {
    Nothing,
    /// The app's callback, and what it was before with its fields.
    App(Option<(String, String)>),
    /// The number's own, and what it was before.
    Number(PhoneNumberId, Option<String>),
}
