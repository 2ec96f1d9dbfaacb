//! What a user's phone shows: `users/{wa_id}/view`, `/chat_info`, `/callback`.

use ahoy_calling::view::PhoneView;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, Path, Query, object, success, wa_id};
use crate::calls::business_of;
use crate::chat::With;
use crate::model::{Done, PhoneShown, SandboxError};

fn shown(view: &PhoneView) -> Value {
    json!({
        "call_icon": view.no_icon.is_none(),
        "no_icon": view.no_icon.map(|why| why.as_str()),
        "no_icon_reason": view.no_icon.map(|why| why.sentence()),
        "open": view.open,
        "next_opening": view.next_opening.map(|at| at.secs()),
        "opens": view.opens,
        "callback": view.callback,
        "settings_as_of": view.as_of.secs(),
    })
}

/// Of which business.
#[derive(Deserialize, IntoParams)]
pub(crate) struct Of {
    /// The business number, by node id or digits.
    #[param(required = true)]
    phone_number_id: Option<String>,
}

/// What the user's phone shows of a business.
#[utoipa::path(
    get,
    path = "/users/{wa_id}/view",
    operation_id = "phone_view",
    tag = "users",
    params(("wa_id" = String, Path), Of),
    responses(
        (status = 200, description = "The view", body = PhoneShown),
    )
)]
pub(crate) async fn view(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Query(of): Query<Of>,
) -> Answer {
    let user = wa_id(&id)?;
    let Some(number) = of.phone_number_id else {
        return Err(Failure::Invalid(
            "phone_number_id: a business number is expected".into(),
        ));
    };
    let number = business_of(&state, "phone_number_id", &number)?;
    object(shown(&state.platform.phone_view(&number, user)?))
}

/// The user opens the chat information: the phone looks anew.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/chat_info",
    operation_id = "open_chat_info",
    tag = "users",
    params(("wa_id" = String, Path)),
    request_body = With,
    responses(
        (status = 200, description = "The view", body = PhoneShown),
    )
)]
pub(crate) async fn chat_info(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(chat): Body<With>,
) -> Answer {
    let user = wa_id(&id)?;
    let number = business_of(&state, "phone_number_id", &chat.phone_number_id)?;
    object(shown(
        &state.platform.open_chat_info(user, number.id).await?,
    ))
}

/// The user asks to be called back.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/callback",
    operation_id = "request_callback",
    tag = "users",
    params(("wa_id" = String, Path)),
    request_body = With,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 409, description = "What the phone would show instead", body = SandboxError),
    )
)]
pub(crate) async fn callback(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(chat): Body<With>,
) -> Answer {
    let user = wa_id(&id)?;
    let number = business_of(&state, "phone_number_id", &chat.phone_number_id)?;
    state.platform.request_callback(user, number.id).await?;
    success()
}
