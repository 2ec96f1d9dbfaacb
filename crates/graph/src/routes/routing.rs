//! Conversation routing (`graph-api.md` §2.8): `GET /{phone-number-id}/routing_roles` and `POST …/thread_control`.

use ahoy_calling::account::Scope;
use ahoy_calling::routing::{Control, Role};
use ahoy_wire::errors::ErrorEnvelope;
use ahoy_wire::routing::{ControlAction, RoutingRoles, ThreadControl, ThreadControlAnswer};
use axum::extract::State;

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::docs::ThreadControlBody;
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;
use crate::routes::calls::recipient;

/// The roles that the asking app's business has on the number. Roles of others and owners of threads are not told.
///
/// All apps of one business get the same answer. Without conversation routing there are no roles: every subscribed app gets
/// everything. The path is this server's own, because the reference platform's is not known.
#[utoipa::path(
    get,
    path = "/{phone_number_id}/routing_roles",
    operation_id = "routing_roles",
    tag = "routing",
    params(("phone_number_id" = String, Path, description = "The business phone number")),
    responses(
        (status = 200, description = "The roles", body = RoutingRoles),
        (status = 403, description = "Code 10: the token has neither WhatsApp permission", body = ErrorEnvelope),
    )
)]
pub(crate) async fn roles(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<RoutingRoles>, Refused> {
    let number = asked.number()?;
    asked.need(&[
        Scope::WhatsappBusinessMessaging,
        Scope::WhatsappBusinessManagement,
    ])?;
    let found = state.platform.routing_roles(&asked.caller, number.id);
    let (roles, is_standby) = found.or_refuse(&asked.incoming.method)?;
    Ok(Answer(RoutingRoles {
        roles: roles.iter().map(|r| r.as_str().to_owned()).collect(),
        is_standby,
    }))
}

/// Passes a thread to another role, releases it, or takes it.
///
/// Only its owner passes and releases a thread; only the escalation partner takes one. Whoever gains a thread by a pass or loses
/// it by a take gets a webhook of the field `messaging_handovers`.
#[utoipa::path(
    post,
    path = "/{phone_number_id}/thread_control",
    operation_id = "thread_control",
    tag = "routing",
    params(("phone_number_id" = String, Path, description = "The business phone number")),
    request_body = ThreadControlBody,
    responses(
        (status = 200, description = "Done", body = ThreadControlAnswer),
        (status = 400, description = "Code 100: parameter, no routing, or not the owner; 2494191: only the escalation partner takes", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks whatsapp_business_messaging", body = ErrorEnvelope),
    )
)]
pub(crate) async fn control(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<ThreadControlAnswer>, Refused> {
    let number = asked.number()?;
    asked.need(&[Scope::WhatsappBusinessMessaging])?;
    let owners = Role::WORDS.iter().filter(|(_, role)| role.owns_threads());
    let owners: Vec<_> = owners.copied().collect();
    let request = ThreadControl::parse(&asked.incoming.body()?, &owners, Role::Escalation)?;
    let control = match request.action {
        ControlAction::Pass(role) => Control::Pass(role),
        ControlAction::Release => Control::Release,
        ControlAction::Take => Control::Take,
    };
    let user = recipient(request.callee);
    let done = state
        .platform
        .thread_control(&asked.caller, number.id, &user, control, request.metadata)
        .await;
    done.or_refuse(&asked.incoming.method)?;
    Ok(Answer(ThreadControlAnswer {
        messaging_product: "whatsapp".to_owned(),
        request_id: asked.incoming.place.trace.clone(),
    }))
}
