//! `/{phone-number-id}/official_business_account`: the badge beside the name (`graph-api.md` §7).

use ahoy_calling::account::Scope;
use ahoy_calling::badge::{LINKS, TEXT_CHARS};
use ahoy_wire::Success;
use ahoy_wire::errors::ErrorEnvelope;
use ahoy_wire::nodes::select;
use ahoy_wire::verification::{OFFICIAL_ACCOUNT_FIELDS, OfficialAccount, check_badge_request};
use axum::extract::State;
use serde_json::{Map, Value};

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::docs::BadgeBody;
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;

/// How far a number has come with the badge of an official business account.
#[utoipa::path(
    get,
    path = "/{phone_number_id}/official_business_account",
    operation_id = "official_business_account",
    tag = "nodes",
    params(
        ("phone_number_id" = String, Path, description = "The business phone number"),
        ("fields" = Option<String>, Query, description = "Only these fields"),
    ),
    responses(
        (status = 200, description = "The state", body = OfficialAccount),
        (status = 400, description = "Code 100: unknown field or number", body = ErrorEnvelope),
    )
)]
pub(crate) async fn read(asked: Asked) -> Result<Answer<Map<String, Value>>, Refused> {
    let number = asked.number()?;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let badge = number.badge();
    let node = OfficialAccount {
        id: number.id.to_string(),
        oba_status: Some(badge.as_str().to_owned()),
        status_message: Some(badge.message().to_owned()),
    };
    let query = asked.incoming.query();
    let fields = query.fields();
    let kind = "WhatsAppOfficialBusinessAccount";
    let known = OFFICIAL_ACCOUNT_FIELDS;
    Ok(Answer(select(
        &node,
        fields.text("fields")?,
        known,
        known,
        kind,
    )?))
}

/// Asks for the badge; the platform decides later. Test numbers and numbers used in the Business app cannot have it, and after a
/// refusal a business waits 30 days.
#[utoipa::path(
    post,
    path = "/{phone_number_id}/official_business_account",
    operation_id = "ask_for_official_business_account",
    tag = "nodes",
    params(("phone_number_id" = String, Path, description = "The business phone number")),
    request_body = BadgeBody,
    responses(
        (status = 200, description = "Asked for", body = Success),
        (status = 400, description = "Code 100: parameter, or a number that cannot ask now", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks whatsapp_business_management", body = ErrorEnvelope),
    )
)]
pub(crate) async fn ask(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Success>, Refused> {
    let number = asked.number()?.id;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    check_badge_request(&asked.incoming.body()?, LINKS, TEXT_CHARS)?;
    let done = state.platform.ask_for_badge(&asked.caller, number).await;
    done.or_refuse(&asked.incoming.method)?;
    Ok(Answer(Success::default()))
}
