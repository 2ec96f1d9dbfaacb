//! `/{phone-number-id}/register` and `/deregister`.

use ahoy_calling::account::Scope;
use ahoy_wire::Success;
use ahoy_wire::calls::messaging_product;
use ahoy_wire::errors::ErrorEnvelope;
use ahoy_wire::profile::parse_register;
use axum::extract::State;

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::docs::{DeregisterBody, RegisterBody};
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;

/// Registers a number; its first PIN is kept, later ones must be the same.
#[utoipa::path(
    post,
    path = "/{phone_number_id}/register",
    operation_id = "register",
    tag = "nodes",
    params(("phone_number_id" = String, Path, description = "The business phone number")),
    request_body = RegisterBody,
    responses(
        (status = 200, description = "Registered", body = Success),
        (status = 400, description = "Code 100: parameter; 133005, 133008: PIN; 133006: not verified; 133016: too often", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks whatsapp_business_management", body = ErrorEnvelope),
    )
)]
pub(crate) async fn register(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Success>, Refused> {
    let number = asked.number()?.id;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let pin = parse_register(&asked.incoming.body()?)?;
    let done = state.platform.register(&asked.caller, number, &pin).await;
    done.or_refuse(&asked.incoming.method)?;
    Ok(Answer(Success::default()))
}

/// Takes a number off the platform: it places and receives nothing until it is registered again.
#[utoipa::path(
    post,
    path = "/{phone_number_id}/deregister",
    operation_id = "deregister",
    tag = "nodes",
    params(("phone_number_id" = String, Path, description = "The business phone number")),
    request_body = Option<DeregisterBody>,
    responses(
        (status = 200, description = "Deregistered", body = Success),
        (status = 400, description = "Code 100: parameter; 133010: not registered; 133016: too often", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks whatsapp_business_management", body = ErrorEnvelope),
    )
)]
pub(crate) async fn deregister(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Success>, Refused> {
    let number = asked.number()?.id;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let body = asked.incoming.body()?;
    let fields = body.fields();
    // Clients send it or no body at all.
    if fields.has("messaging_product") {
        messaging_product(&fields)?;
    }
    let done = state.platform.deregister(&asked.caller, number).await;
    done.or_refuse(&asked.incoming.method)?;
    Ok(Answer(Success::default()))
}
