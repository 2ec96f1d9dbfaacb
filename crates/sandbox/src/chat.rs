//! What a simulated user does in a chat: writing, tapping, blocking, and looking at the thread.

use ahoy_platform::UserLegKind;
use ahoy_types::{MessageId, MessageIdError, PhoneNumberId};
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, object, success, wa_id};
use crate::calls::business;

const MOST_ENTRIES: usize = 1_000;

/// A message's id in a body.
pub(crate) fn message_id(name: &str, text: &str) -> Result<MessageId, Failure> {
    text.parse()
        .map_err(|e: MessageIdError| Failure::Invalid(format!("{name}: {e}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Write {
    to: String,
    #[serde(rename = "type", default = "text")]
    kind: String,
    text: Words,
    context: Option<Context>,
}

fn text() -> String {
    "text".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Context {
    message_id: String,
}

pub(crate) async fn write(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(body): Body<Write>,
) -> Answer {
    let user = wa_id(&id)?;
    if body.kind != "text" {
        return Err(Failure::Invalid(format!(
            "type: `{}` is not text; answers are tapped with the route `taps`",
            body.kind
        )));
    }
    let context = match &body.context {
        Some(context) => Some(message_id("context.message_id", &context.message_id)?),
        None => None,
    };
    let number = business(&state, &body.to)?;
    let written = state
        .platform
        .user_writes(user, number.id, body.text.body, context)
        .await?;
    object(json!({ "id": written }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tap {
    message_id: String,
    reply_id: Option<String>,
}

pub(crate) async fn tap(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(body): Body<Tap>,
) -> Answer {
    let user = wa_id(&id)?;
    let message = message_id("message_id", &body.message_id)?;
    if let Some(reply) = body.reply_id {
        let written = state.platform.user_replies(user, message, reply).await?;
        return object(json!({ "id": written }));
    }
    let placed = state
        .platform
        .user_taps(user, message, UserLegKind::Simulated)
        .await?;
    object(json!({ "id": placed.id }))
}

#[derive(Deserialize)]
pub(crate) struct ThreadQuery {
    phone_number_id: Option<String>,
    limit: Option<usize>,
}

pub(crate) async fn thread(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Query(query): Query<ThreadQuery>,
) -> Answer {
    let user = wa_id(&id)?;
    let number = query.phone_number_id.filter(|text| !text.is_empty());
    let Some(number) = number else {
        return Err(Failure::Invalid(
            "phone_number_id: say which business's chat, by id or number".into(),
        ));
    };
    let number = business(&state, &number)?;
    let limit = query.limit.unwrap_or(MOST_ENTRIES).clamp(1, MOST_ENTRIES);
    object(state.platform.thread(user, number.id, limit)?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct With {
    phone_number_id: String,
}

fn pair(
    state: &SandboxState,
    user: &str,
    with: &With,
) -> Result<(ahoy_types::WaId, PhoneNumberId), Failure> {
    Ok((wa_id(user)?, business(state, &with.phone_number_id)?.id))
}

pub(crate) async fn open(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(with): Body<With>,
) -> Answer {
    let (user, number) = pair(&state, &id, &with)?;
    state.platform.user_opens_chat(user, number).await?;
    success()
}

pub(crate) async fn block(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(with): Body<With>,
) -> Answer {
    let (user, number) = pair(&state, &id, &with)?;
    state.platform.user_blocks(user, number, true).await?;
    success()
}

pub(crate) async fn unblock(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(with): Body<With>,
) -> Answer {
    let (user, number) = pair(&state, &id, &with)?;
    state.platform.user_blocks(user, number, false).await?;
    success()
}

pub(crate) async fn report(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(with): Body<With>,
) -> Answer {
    let (user, number) = pair(&state, &id, &with)?;
    state.platform.user_reports(user, number).await?;
    success()
}

/// The state of a permission as an answer shows it.
pub(crate) fn permission(permission: ahoy_calling::Permission) -> Value {
    use ahoy_calling::Permission;
    let (status, expires) = match permission {
        Permission::None => ("no_permission", None),
        Permission::Temporary { expires } => ("temporary", Some(expires.secs())),
        Permission::Permanent => ("permanent", None),
    };
    json!({ "status": status, "expiration_time": expires })
}
