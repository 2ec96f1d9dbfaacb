//! `GET /{phone-number-id}/call_permissions` (`graph-api.md` §3).

use std::time::Instant;

use ahoy_calling::Refusal;
use ahoy_calling::account::Scope;
use ahoy_calling::pair::{Permission as Granted, Usage};
use ahoy_platform::PermissionView;
use ahoy_wire::errors::ErrorEnvelope;
use ahoy_wire::permissions::{
    Action, ActionName, CallPermissions, Limit, Permission, PermissionStatus, parse_query,
};
use axum::extract::State;

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;
use crate::routes::calls::recipient;

/// Whether the business may call a user or ask for permission, and how much of each limit is used.
#[utoipa::path(
    get,
    path = "/{phone_number_id}/call_permissions",
    operation_id = "call_permissions",
    tag = "calls",
    params(
        ("phone_number_id" = String, Path, description = "The business phone number"),
        ("user_wa_id" = Option<String>, Query, description = "The user's number"),
        ("recipient" = Option<String>, Query, description = "The user's business-scoped id, instead of user_wa_id"),
    ),
    responses(
        (status = 200, description = "The permission", body = CallPermissions),
        (status = 400, description = "Code 100: parameter; 138000: calling disabled", body = ErrorEnvelope),
        (status = 429, description = "Code 613: more than 100 reads a second", body = ErrorEnvelope),
    )
)]
pub(crate) async fn read(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<CallPermissions>, Refused> {
    let method = &asked.incoming.method;
    let number = asked.number()?;
    asked.need(&[Scope::WhatsappBusinessMessaging])?;
    let limits = state.platform.config().limits.of(number.profile);
    let most = limits.permission_reads_per_second;
    if !state
        .permission_reads
        .admit(number.id, most, Instant::now())
    {
        return Err(Refusal::ReadRate(most)).or_refuse(method);
    }
    let callee = parse_query(&asked.incoming.query())?;
    let view = state
        .platform
        .call_permissions(&asked.caller, number.id, &recipient(callee));
    Ok(Answer(answer(&view.or_refuse(method)?)))
}

fn answer(view: &PermissionView) -> CallPermissions {
    let (status, expires) = match view.permission {
        Granted::None => (PermissionStatus::NoPermission, None),
        Granted::Temporary { expires } => (PermissionStatus::Temporary, Some(expires)),
        Granted::Permanent => (PermissionStatus::Permanent, None),
    };
    let limit =
        |period, usage: &Usage| Limit::new(period, usage.allowed, usage.used, usage.next_at);
    CallPermissions {
        messaging_product: "whatsapp".to_owned(),
        permission: Permission::new(status, expires),
        actions: vec![
            Action {
                action_name: ActionName::SendCallPermissionRequest,
                can_perform_action: view.may_request,
                limits: vec![
                    limit("PT24H", &view.requests_day),
                    limit("P7D", &view.requests_week),
                ],
            },
            Action {
                action_name: ActionName::StartCall,
                can_perform_action: view.may_call,
                limits: vec![limit("PT24H", &view.calls)],
            },
        ],
    }
}
