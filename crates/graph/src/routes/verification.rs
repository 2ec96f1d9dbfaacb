//! How a number comes to an account and is shown to be its own: `POST /{waba-id}/phone_numbers`, `/{phone-number-id}/request_code` and
//! `/verify_code` (`graph-api.md` §7).

use ahoy_calling::account::Scope;
use ahoy_calling::verification::CodeMethod;
use ahoy_wire::errors::ErrorEnvelope;
use ahoy_wire::verification::{NewNumber, NumberAdded, parse_request_code, parse_verify_code};
use ahoy_wire::{GraphError, Success};
use axum::extract::State;

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::docs::{AddNumberBody, RequestCodeBody, VerifyCodeBody};
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;

/// Adds a phone number to an account. It is neither verified nor registered yet. On a server whose operator creates the numbers this is
/// refused.
#[utoipa::path(
    post,
    path = "/{waba_id}/phone_numbers",
    operation_id = "add_phone_number",
    tag = "nodes",
    params(("waba_id" = String, Path, description = "The account")),
    request_body = AddNumberBody,
    responses(
        (status = 200, description = "Its node", body = NumberAdded),
        (status = 400, description = "Code 100: parameter, or a number that is taken", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks whatsapp_business_management", body = ErrorEnvelope),
    )
)]
pub(crate) async fn add(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<NumberAdded>, Refused> {
    let waba = asked.waba()?.id;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let new = NewNumber::parse(&asked.incoming.body()?)?;
    let added = state
        .platform
        .add_number(&asked.caller, waba, new.number, &new.verified_name)
        .await
        .or_refuse(&asked.incoming.method)?;
    Ok(Answer(NumberAdded {
        id: added.to_string(),
    }))
}

/// Asks for a verification code by text message or call. Parameters may stand in the query or in the body.
#[utoipa::path(
    post,
    path = "/{phone_number_id}/request_code",
    operation_id = "request_code",
    tag = "nodes",
    params(("phone_number_id" = String, Path, description = "The business phone number")),
    request_body = Option<RequestCodeBody>,
    responses(
        (status = 200, description = "The code is on its way", body = Success),
        (status = 400, description = "Code 100: parameter; 136024: no code can be sent", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks whatsapp_business_management", body = ErrorEnvelope),
    )
)]
pub(crate) async fn request_code(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Success>, Refused> {
    let number = asked.number()?.id;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let (method, language) = parse_request_code(&asked.incoming.body()?)?;
    let method = CodeMethod::parse(&method).ok_or_else(|| {
        GraphError::invalid("The parameter `code_method` must be one of SMS, VOICE.")
    })?;
    let done = state
        .platform
        .request_code(&asked.caller, number, method, language)
        .await;
    done.or_refuse(&asked.incoming.method)?;
    Ok(Answer(Success::default()))
}

/// Gives the verification code back; the number is then verified and can be registered.
#[utoipa::path(
    post,
    path = "/{phone_number_id}/verify_code",
    operation_id = "verify_code",
    tag = "nodes",
    params(("phone_number_id" = String, Path, description = "The business phone number")),
    request_body = Option<VerifyCodeBody>,
    responses(
        (status = 200, description = "Verified", body = Success),
        (status = 400, description = "Code 100: parameter, or a code that is wrong, expired or used", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks whatsapp_business_management", body = ErrorEnvelope),
    )
)]
pub(crate) async fn verify_code(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Success>, Refused> {
    let number = asked.number()?.id;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let code = parse_verify_code(&asked.incoming.body()?)?;
    let done = state
        .platform
        .verify_code(&asked.caller, number, code)
        .await;
    done.or_refuse(&asked.incoming.method)?;
    Ok(Answer(Success::default()))
}
