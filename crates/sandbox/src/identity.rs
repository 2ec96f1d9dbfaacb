//! Who a user is: another number, a number shared on request, and what a business sees.

use ahoy_types::RuleTime;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, Path, Query, object, wa_id};
use crate::calls::business_of;
use crate::chat::message_id;
use crate::model::{SandboxError, SeenShown, UserShown, Written};
use crate::users::view;

/// Another number.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNumber {
    /// The number from now on; nobody may have it.
    #[schema(example = "447700900009")]
    wa_id: String,
}

/// The user changes the number: chats, calls and permissions stay, ids are others, and every business that knows the user is told.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/number",
    operation_id = "change_number_of_user",
    tag = "users",
    params(("wa_id" = String, Path)),
    request_body = NewNumber,
    responses(
        (status = 200, description = "The user under the new number", body = UserShown),
        (status = 409, description = "The number is taken, or the user is in a call", body = SandboxError),
    )
)]
pub(crate) async fn change_number(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(body): Body<NewNumber>,
) -> Answer {
    let (from, to) = (wa_id(&id)?, wa_id(&body.wa_id)?);
    object(view(&state.platform.change_number_of_user(from, to).await?))
}

/// A message that asks for the number.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// The message with the button.
    message_id: String,
}

/// The user taps the button with which a business asked for the number (`request_contact_info`): the business gets it.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/share_number",
    operation_id = "share_number",
    tag = "chat",
    params(("wa_id" = String, Path)),
    request_body = Asked,
    responses(
        (status = 200, description = "The message that went to the business", body = Written),
        (status = 409, description = "What the phone would show instead", body = SandboxError),
    )
)]
pub(crate) async fn share_number(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(body): Body<Asked>,
) -> Answer {
    let user = wa_id(&id)?;
    let message = message_id("message_id", &body.message_id)?;
    let written = state.platform.user_shares_number(user, message).await?;
    object(json!({ "id": written }))
}

/// Which business.
#[derive(Deserialize, IntoParams)]
pub(crate) struct SeenQuery {
    /// The business number, by node id or digits.
    #[param(required = true)]
    phone_number_id: Option<String>,
}

/// What a business sees of the user now: whether its webhooks carry the number, and why.
#[utoipa::path(
    get,
    path = "/users/{wa_id}/seen",
    operation_id = "seen_of_user",
    tag = "users",
    params(("wa_id" = String, Path), SeenQuery),
    responses(
        (status = 200, description = "What it sees", body = SeenShown),
    )
)]
pub(crate) async fn seen(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Query(query): Query<SeenQuery>,
) -> Answer {
    let wa_id = wa_id(&id)?;
    let number = query.phone_number_id.filter(|text| !text.is_empty());
    let Some(number) = number else {
        return Err(Failure::Invalid(
            "phone_number_id: say which business, by id or number".into(),
        ));
    };
    let number = business_of(&state, "phone_number_id", &number)?;
    let Some(user) = state.platform.user(wa_id)? else {
        return Err(Failure::NotFound(format!("there is no user {wa_id}")));
    };
    let seen = state.platform.seen_of(&number, &user)?;
    object(json!({
        "wa_id": wa_id,
        "phone_number_id": number.id,
        "number_visible": seen.number_visible,
        "username": user.identity.username,
        "user_id": seen.user_id,
        "parent_user_id": seen.parent_user_id,
        "met_at": seen.known.met_at.map(RuleTime::secs),
        "in_contact_book": seen.known.in_book,
        "contact_book": state.platform.contact_book_of(&number)?,
    }))
}
