//! `POST /{phone-number-id}/calls` (`graph-api.md` §2).

use std::time::Instant;

use ahoy_calling::Refusal;
use ahoy_calling::account::Scope;
use ahoy_platform::{ConnectRequest, Recipient};
use ahoy_types::{PhoneNumberId, WaId};
use ahoy_wire::CallAction;
use ahoy_wire::calls::{ActionAnswer, Callee, ConnectAnswer};
use ahoy_wire::errors::ErrorEnvelope;
use axum::extract::State;

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::docs::{CallsAnswer, CallsBody};
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;

/// Places, warms up, takes, declines or ends a call.
///
/// The answer leaves once the change and its webhooks are committed.
#[utoipa::path(
    post,
    path = "/{phone_number_id}/calls",
    operation_id = "calls",
    tag = "calls",
    params(("phone_number_id" = String, Path, description = "The business phone number")),
    request_body = CallsBody,
    responses(
        (status = 200, description = "Done", body = CallsAnswer),
        (status = 400, description = "Code 100: parameter, SDP or state; 130429: throughput; 131055: SIP; 138000 calling disabled; 138001, 138003, 138012, 138013, 138014; 138038: another business is primary for the number's calls", body = ErrorEnvelope),
        (status = 401, description = "Code 190: token; 138006: no permission to call", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks whatsapp_business_messaging", body = ErrorEnvelope),
        (status = 429, description = "Code 138002: concurrent calls; 138005: calls in 24 hours", body = ErrorEnvelope),
    )
)]
pub(crate) async fn act(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<CallsAnswer>, Refused> {
    let number = asked.number()?;
    asked.need(&[Scope::WhatsappBusinessMessaging])?;
    let limits = state.platform.config().limits.of(number.profile);
    let most = limits.call_requests_per_second;
    if !state.call_requests.admit(number.id, most, Instant::now()) {
        let edge = "calls";
        return Err(Refusal::RequestRate { most, edge }).or_refuse(&asked.incoming.method);
    }
    let (platform, caller) = (&state.platform, &asked.caller);
    let primary = platform.may_call(caller, &number);
    primary.or_refuse(&asked.incoming.method)?;
    let number = number.id;
    let action = CallAction::parse(&asked.incoming.body()?)?;
    let done = match action {
        CallAction::Connect {
            callee,
            session,
            biz_opaque_callback_data,
        } => {
            let request = ConnectRequest {
                recipient: recipient(callee),
                sdp: session.sdp,
                opaque: biz_opaque_callback_data,
            };
            let callee = match &request.recipient {
                Recipient::Number(user) => Some(*user),
                Recipient::UserId(_) => None,
            };
            let placed = platform.connect(caller, number, request).await;
            let lacks_permission = matches!(placed, Err(Refusal::NoPermission));
            let id = placed
                .or_refuse(&asked.incoming.method)
                .map_err(|refused| match (lacks_permission, &state.sandbox, callee) {
                    (true, Some(url), Some(user)) => refused.with_hint(&granted(url, user, number)),
                    _ => refused,
                })?;
            return Ok(Answer(CallsAnswer::Connect(ConnectAnswer::new(id))));
        }
        CallAction::PreAccept { call_id, session } => {
            platform
                .pre_accept(caller, number, call_id, session.sdp)
                .await
        }
        CallAction::Accept {
            call_id,
            session,
            biz_opaque_callback_data,
        } => {
            let opaque = biz_opaque_callback_data;
            platform
                .accept(caller, number, call_id, session.sdp, opaque)
                .await
        }
        CallAction::Reject { call_id } => platform.reject(caller, number, call_id).await,
        CallAction::Terminate { call_id } => platform.terminate(caller, number, call_id).await,
    };
    done.or_refuse(&asked.incoming.method)?;
    Ok(Answer(CallsAnswer::Action(ActionAnswer::default())))
}

/// The command with which a sandbox's user lets a number call.
fn granted(url: &str, user: WaId, number: PhoneNumberId) -> String {
    let url = url.trim_end_matches('/');
    format!(
        "This grants one in the sandbox: curl {url}/sandbox/v1/users/{user}/permission \
         -d '{{\"phone_number_id\":\"{number}\",\"response\":\"accept\"}}'"
    )
}

pub(super) fn recipient(callee: Callee) -> Recipient {
    match callee {
        Callee::Number(number) => Recipient::Number(number),
        Callee::User(id) => Recipient::UserId(id),
    }
}
