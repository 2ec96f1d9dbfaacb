//! `POST /{phone-number-id}/messages` (`graph-api.md` §5).

use std::time::Instant;

use ahoy_calling::Refusal;
use ahoy_calling::account::Scope;
use ahoy_platform::OutgoingMessage;
use ahoy_wire::errors::ErrorEnvelope;
use ahoy_wire::messages::{ContactRef, Content, MessageRequest, SendAnswer};
use ahoy_wire::{Success, calls::Callee};
use axum::extract::State;

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::docs::{MessagesAnswer, MessagesBody};
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;
use crate::routes::calls::recipient;

/// Writes to a user, or notes what the business has read.
///
/// A message that is taken may still fail: that comes as a status webhook, 131047 for one outside of the 24-hour window.
#[utoipa::path(
    post,
    path = "/{phone_number_id}/messages",
    operation_id = "messages",
    tag = "messages",
    params(("phone_number_id" = String, Path, description = "The business phone number")),
    request_body = MessagesBody,
    responses(
        (status = 200, description = "Taken", body = MessagesAnswer),
        (status = 400, description = "Code 100, 131008, 131009: parameter; 131021: recipient; 130429: throughput; 131030: not on a test number's list; 131051: type; 131062: a user id where a number is needed; 132000 to 132018: template; 133010: not registered; 138000: calling disabled; 138009, 138013, 138014, 138017: permission request", body = ErrorEnvelope),
        (status = 401, description = "Code 190: token", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks whatsapp_business_messaging", body = ErrorEnvelope),
        (status = 404, description = "Code 132001: no such template", body = ErrorEnvelope),
    )
)]
pub(crate) async fn send(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<MessagesAnswer>, Refused> {
    let number = asked.number()?;
    asked.need(&[Scope::WhatsappBusinessMessaging])?;
    let method = &asked.incoming.method;
    let most = state.platform.config().limits.of(number.profile);
    let (number, most) = (number.id, most.messages_per_second);
    if !state.messages.admit(number, most, Instant::now()) {
        let edge = "messages";
        return Err(Refusal::RequestRate { most, edge }).or_refuse(method);
    }
    let body = asked.incoming.body()?;
    let send = match MessageRequest::parse(&body)? {
        MessageRequest::Read { message_id, typing } => {
            let done = state
                .platform
                .mark_read(&asked.caller, number, message_id, typing)
                .await;
            done.or_refuse(method)?;
            return Ok(Answer(MessagesAnswer::Read(Success::default())));
        }
        MessageRequest::Send(send) => *send,
    };
    let by_number = matches!(send.callee, Callee::Number(_));
    let template = matches!(send.content, Content::Template(_));
    let message = OutgoingMessage {
        recipient: recipient(send.callee),
        content: send.content,
        context: send.context,
        opaque: send.biz_opaque_callback_data,
        sent: Some(body.sent()),
    };
    let sent = state
        .platform
        .send_message(&asked.caller, number, message)
        .await;
    let sent = sent.or_refuse(method)?;
    let contact = ContactRef {
        input: send.input,
        // Whoever was written to by id is named by it alone.
        wa_id: sent.contact.wa_id.filter(|_| by_number),
        user_id: Some(sent.contact.user_id),
    };
    let answer = SendAnswer::new(contact, sent.id, template);
    Ok(Answer(MessagesAnswer::Sent(answer)))
}
