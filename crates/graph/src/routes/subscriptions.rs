//! `/{app-id}/subscriptions` and `/{waba-id}/subscribed_apps` (`graph-api.md` §8).

use ahoy_calling::account::Scope;
use ahoy_types::WabaId;
use ahoy_wire::Success;
use ahoy_wire::errors::ErrorEnvelope;
use ahoy_wire::subscriptions::{
    AppInfo, OBJECT, OverrideChange, Subscribe, SubscribedApp, SubscribedApps, SubscribedField,
    Subscription, Subscriptions, Unsubscribe,
};
use axum::extract::State;

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::docs::{OverrideBody, SubscribeBody};
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;
use crate::routes::nodes::verified;

/// Version whose payloads the webhooks follow.
const PAYLOAD_VERSION: &str = "v25.0";

/// The app's subscription.
#[utoipa::path(
    get,
    path = "/{app_id}/subscriptions",
    operation_id = "subscriptions",
    tag = "webhooks",
    params(("app_id" = String, Path, description = "The app the token belongs to")),
    responses(
        (status = 200, description = "The subscription, or nothing", body = Subscriptions),
        (status = 400, description = "Code 100: unknown app", body = ErrorEnvelope),
    )
)]
pub(crate) async fn list(asked: Asked) -> Result<Answer<Subscriptions>, Refused> {
    let app = asked.app()?;
    let data = app.callback.map(|callback| Subscription {
        object: OBJECT.to_owned(),
        callback_url: callback.url,
        active: true,
        fields: app
            .fields
            .into_iter()
            .map(|name| SubscribedField {
                name,
                version: PAYLOAD_VERSION.to_owned(),
            })
            .collect(),
    });
    Ok(Answer(Subscriptions {
        data: data.into_iter().collect(),
    }))
}

/// Sets the app's callback, once it has repeated the challenge, and the fields it wants.
#[utoipa::path(
    post,
    path = "/{app_id}/subscriptions",
    operation_id = "subscribe",
    tag = "webhooks",
    params(("app_id" = String, Path, description = "The app the token belongs to")),
    request_body = SubscribeBody,
    responses(
        (status = 200, description = "Subscribed", body = Success),
        (status = 400, description = "Code 100: parameter, unknown app, or the callback could not be verified", body = ErrorEnvelope),
    )
)]
pub(crate) async fn subscribe(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Success>, Refused> {
    let app = asked.app()?.id;
    let wanted = Subscribe::parse(&asked.incoming.body()?)?;
    let callback = verified(&state, "callback_url", wanted.callback).await?;
    let done = state
        .platform
        .subscribe_fields(&asked.caller, app, callback, wanted.fields)
        .await;
    done.or_refuse(&asked.incoming.method)?;
    Ok(Answer(Success::default()))
}

/// Drops fields of the app's subscription, or all of it with the callback.
#[utoipa::path(
    delete,
    path = "/{app_id}/subscriptions",
    operation_id = "unsubscribe",
    tag = "webhooks",
    params(
        ("app_id" = String, Path, description = "The app the token belongs to"),
        ("object" = Option<String>, Query, description = "whatsapp_business_account"),
        ("fields" = Option<String>, Query, description = "Only these fields"),
    ),
    responses(
        (status = 200, description = "Dropped", body = Success),
        (status = 400, description = "Code 100: parameter or unknown app", body = ErrorEnvelope),
    )
)]
pub(crate) async fn unsubscribe(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Success>, Refused> {
    let app = asked.app()?.id;
    let gone = Unsubscribe::parse(&asked.incoming.body()?)?;
    let done = state
        .platform
        .unsubscribe_fields(&asked.caller, app, gone.fields)
        .await;
    done.or_refuse(&asked.incoming.method)?;
    Ok(Answer(Success::default()))
}

/// The apps that get the account's webhooks.
#[utoipa::path(
    get,
    path = "/{waba_id}/subscribed_apps",
    operation_id = "subscribed_apps",
    tag = "webhooks",
    params(("waba_id" = String, Path, description = "The account")),
    responses(
        (status = 200, description = "The apps", body = SubscribedApps),
        (status = 400, description = "Code 100: unknown account", body = ErrorEnvelope),
    )
)]
pub(crate) async fn apps(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<SubscribedApps>, Refused> {
    let waba = asked.waba()?.id;
    Ok(Answer(apps_of(&state, &asked, waba)?))
}

/// The apps that get an account's webhooks.
pub(super) fn apps_of(
    state: &GraphState,
    asked: &Asked,
    waba: WabaId,
) -> Result<SubscribedApps, Refused> {
    let apps = state.platform.subscriptions(&asked.caller, waba);
    let data = apps
        .or_refuse(&asked.incoming.method)?
        .into_iter()
        .map(|(app, subscription)| SubscribedApp {
            whatsapp_business_api_data: AppInfo {
                id: app.id,
                link: format!("/{}", app.id),
                name: app.name,
            },
            override_callback_uri: subscription.callback.map(|callback| callback.url),
        })
        .collect();
    Ok(SubscribedApps { data })
}

/// Subscribes the token's app to the account, with a callback of its own for this account or without.
#[utoipa::path(
    post,
    path = "/{waba_id}/subscribed_apps",
    operation_id = "add_subscribed_app",
    tag = "webhooks",
    params(("waba_id" = String, Path, description = "The account")),
    request_body = OverrideBody,
    responses(
        (status = 200, description = "Subscribed", body = Success),
        (status = 400, description = "Code 100: parameter, unknown account, or the callback could not be verified", body = ErrorEnvelope),
    )
)]
pub(crate) async fn add_app(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Success>, Refused> {
    let waba = asked.waba()?.id;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let callback = match OverrideChange::parse(&asked.incoming.body()?)? {
        OverrideChange::Remove => None,
        OverrideChange::Set(callback) => {
            Some(verified(&state, "override_callback_uri", callback).await?)
        }
    };
    let done = state
        .platform
        .subscribe_waba(&asked.caller, waba, callback)
        .await;
    done.or_refuse(&asked.incoming.method)?;
    Ok(Answer(Success::default()))
}

/// Ends the subscription of the token's app to the account.
#[utoipa::path(
    delete,
    path = "/{waba_id}/subscribed_apps",
    operation_id = "remove_subscribed_app",
    tag = "webhooks",
    params(("waba_id" = String, Path, description = "The account")),
    responses(
        (status = 200, description = "Ended", body = Success),
        (status = 400, description = "Code 100: unknown account", body = ErrorEnvelope),
    )
)]
pub(crate) async fn remove_app(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Success>, Refused> {
    let waba = asked.waba()?.id;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let done = state.platform.unsubscribe_waba(&asked.caller, waba).await;
    done.or_refuse(&asked.incoming.method)?;
    Ok(Answer(Success::default()))
}
