//! `/{node-id}`: a phone number, an account, a business, an app, a template or a media file, told apart by looking the id up.

use ahoy_calling::account::{Callback, Scope};
use ahoy_platform::{Node, Verified};
use ahoy_types::PhoneNumberId;
use ahoy_wire::errors::ErrorEnvelope;
use ahoy_wire::nodes::{
    BUSINESS_FIELDS, Business, OwnerBusiness, PhoneNumber, SUBSCRIBED_APPS, WABA_DEFAULTS,
    WABA_FIELDS, Waba, select,
};
use ahoy_wire::subscriptions::OverrideChange;
use ahoy_wire::templates::TemplateEdited;
use ahoy_wire::{GraphError, Success};
use axum::extract::State;
use axum::http::Method;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::docs::NodeBody;
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;
use crate::routes::{analytics, health, media, numbers, subscriptions, templates};

/// Fields of a phone number, an account, a business, an app, a template or a media file.
#[utoipa::path(
    get,
    path = "/{node_id}",
    operation_id = "node",
    tag = "nodes",
    params(
        ("node_id" = String, Path, description = "A phone number, an account, a business, an app, a template or a media file"),
        ("fields" = Option<String>, Query, description = "Names of fields with commas between them; `id` is always there. An account answers questions about its calls: `call_analytics.start(1790000000).end(1790086400).granularity(DAILY)`, with the granularities HALF_HOUR, DAILY and MONTHLY and, as needed, `.phone_numbers([\"…\"])`, `.country_codes([\"ES\"])`, `.directions([\"USER_INITIATED\"])`, `.metric_types([\"COUNT\",\"COST\",\"AVERAGE_DURATION\"])` and `.dimensions([\"phone\",\"direction\",\"country\"])`"),
    ),
    responses(
        (status = 200, description = "The fields of the node, here of a phone number", body = PhoneNumber),
        (status = 400, description = "Code 100: unknown field; subcode 33: unknown object", body = ErrorEnvelope),
    )
)]
pub(crate) async fn read(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Map<String, Value>>, Refused> {
    let query = asked.incoming.query();
    let fields = query.fields();
    let requested = fields.text("fields")?;
    let node = asked.node()?;
    match health::without(requested) {
        Some(rest) => {
            let mut answer = fields_of(&state, &asked, node.clone(), Some(&rest)).await?;
            health::add(&state.platform, &asked, &node, &mut answer)?;
            Ok(Answer(answer))
        }
        None => fields_of(&state, &asked, node, requested).await.map(Answer),
    }
}

/// The fields of a node that were asked for, its health apart.
async fn fields_of(
    state: &GraphState,
    asked: &Asked,
    node: Node,
    requested: Option<&str>,
) -> Result<Map<String, Value>, Refused> {
    match node {
        Node::Number(number) => {
            asked.need(&[
                Scope::WhatsappBusinessManagement,
                Scope::WhatsappBusinessMessaging,
            ])?;
            numbers::selected(&state.platform, asked, &number, requested)
        }
        Node::Waba(waba) => {
            asked.need(&[Scope::WhatsappBusinessManagement])?;
            let call_analytics = analytics::of(&state.platform, asked, &waba, requested).await?;
            let subscribed_apps = match requested {
                Some(fields) if fields.contains(SUBSCRIBED_APPS) => {
                    Some(subscriptions::apps_of(state, asked, waba.id)?)
                }
                _ => None,
            };
            let node = Waba {
                id: waba.id,
                name: Some(waba.name),
                timezone_id: Some(waba.timezone_id),
                currency: Some(waba.currency),
                owner_business_info: Some(OwnerBusiness {
                    id: waba.business.to_string(),
                    name: match state.platform.node(&asked.caller, waba.business.0) {
                        Ok(Some(Node::Business(business))) => Some(business.name),
                        _ => None,
                    },
                }),
                call_analytics,
                subscribed_apps,
            };
            let kind = "WhatsAppBusinessAccount";
            Ok(select(&node, requested, WABA_DEFAULTS, WABA_FIELDS, kind)?)
        }
        Node::Business(business) => {
            asked.need(&[Scope::WhatsappBusinessManagement])?;
            let node = Business {
                id: business.id,
                name: Some(business.name),
            };
            let (known, kind) = (BUSINESS_FIELDS, "Business");
            Ok(select(&node, requested, known, known, kind)?)
        }
        Node::App(app) if app.id == asked.caller.app => {
            let node = serde_json::json!({"id": app.id, "name": app.name});
            let known = ["id", "name"];
            Ok(select(&node, requested, &known, &known, "Application")?)
        }
        Node::App(_) => Err(asked.incoming.unsupported()),
        Node::Template(template) => {
            asked.need(&[Scope::WhatsappBusinessManagement])?;
            Ok(templates::selected(&template, requested)?)
        }
        Node::Media(file) => {
            let node = media::node(state, asked, &file)?;
            let known = [
                "messaging_product",
                "url",
                "mime_type",
                "sha256",
                "file_size",
                "id",
            ];
            Ok(select(&node, requested, &known, &known, "WhatsAppMedia")?)
        }
    }
}

/// Sets or removes a phone number's override of the callback, or sets its PIN; or changes a template.
#[utoipa::path(
    post,
    path = "/{node_id}",
    operation_id = "change_node",
    tag = "webhooks",
    params(("node_id" = String, Path, description = "A phone number or a template")),
    request_body = NodeBody,
    responses(
        (status = 200, description = "Changed; a template tells its id, name and category too", body = Success),
        (status = 400, description = "Code 100: parameter, unknown number, or the callback could not be verified", body = ErrorEnvelope),
    )
)]
pub(crate) async fn change(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Changed>, Refused> {
    match asked.node()? {
        Node::Number(number) => change_number(&state, &asked, number.id)
            .await
            .map(|done| Answer(Changed::Number(done))),
        Node::Template(template) => templates::edit(&state, &asked, template.id)
            .await
            .map(|done| Answer(Changed::Template(done))),
        _ => Err(asked.incoming.unsupported()),
    }
}

/// What a change of a node answers.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Changed {
    Number(Success),
    Template(TemplateEdited),
}

async fn change_number(
    state: &GraphState,
    asked: &Asked,
    number: PhoneNumberId,
) -> Result<Success, Refused> {
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let body = asked.incoming.body()?;
    let fields = body.fields();
    if fields.has("new_display_name") {
        return Err(GraphError::invalid(
            "The parameter `new_display_name` is not supported by this server: its operator changes a number's `verified_name`.",
        )
        .into());
    }
    if let Some(pin) = fields.text("pin")? {
        if fields.has("webhook_configuration") {
            return Err(GraphError::invalid(
                "The parameters `pin` and `webhook_configuration` are set one at a time.",
            )
            .into());
        }
        let set = state.platform.set_pin(&asked.caller, number, pin).await;
        set.or_refuse(&asked.incoming.method)?;
        return Ok(Success::default());
    }
    let change = OverrideChange::parse_configuration(&body)?;
    let callback = match change {
        OverrideChange::Remove => None,
        OverrideChange::Set(callback) => {
            let name = "webhook_configuration.override_callback_uri";
            Some(verified(state, name, callback).await?)
        }
    };
    let changed = state
        .platform
        .override_number(&asked.caller, number, callback)
        .await;
    changed.or_refuse(&asked.incoming.method)?;
    Ok(Success::default())
}

/// An edge this server does not have.
pub(crate) async fn unknown_edge(asked: Asked) -> Result<Answer<Value>, Refused> {
    let kind = match asked.node()? {
        Node::Number(_) => "WhatsAppBusinessPhoneNumber",
        Node::Waba(_) => "WhatsAppBusinessAccount",
        Node::Business(_) => "Business",
        Node::App(_) => "Application",
        Node::Template(_) => templates::KIND,
        Node::Media(_) => "WhatsAppMedia",
    };
    let edge = asked.incoming.edge.as_deref().unwrap_or_default();
    let edge = ahoy_wire::body::excerpt(edge);
    if asked.incoming.method != Method::GET {
        // The title is what the reference platform says of anything; the details name the misspelt edge.
        let method = &asked.incoming.method;
        let mut refused = asked.incoming.unsupported();
        refused.0.details =
            format!("This server has no edge `{edge}` on a {kind} that takes {method}.");
        return Err(refused);
    }
    let title = format!("Tried accessing nonexisting field ({edge}) on node type ({kind})");
    let details = format!("This server has no edge `{edge}` on a {kind}.");
    Err(GraphError::invalid(details).with_title(&title).into())
}

/// Asks a callback to repeat the challenge; `name` is the parameter it came in.
pub(super) async fn verified(
    state: &GraphState,
    name: &str,
    callback: ahoy_wire::subscriptions::Callback,
) -> Result<Verified, Refused> {
    let url = ahoy_wire::body::excerpt(&callback.url);
    let callback = Callback {
        url: callback.url,
        verify_token: callback.verify_token,
    };
    state.verifier.verify(callback).await.map_err(|reason| {
        let details =
            format!("The parameter `{name}` names `{url}`, which could not be verified: {reason}.");
        Refused(GraphError::invalid(details).with_title("Callback verification failed"))
    })
}
