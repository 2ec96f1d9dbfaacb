//! What a user's phone shows: `users/{wa_id}/view`, `/chat_info`, `/callback`.

use ahoy_calling::view::PhoneView;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, object, success, wa_id};
use crate::calls::business;

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

#[derive(Deserialize)]
pub(crate) struct Of {
    phone_number_id: Option<String>,
}

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
    let number = business(&state, &number)?;
    object(shown(&state.platform.phone_view(&number, user)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chat {
    phone_number_id: String,
}

pub(crate) async fn chat_info(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(chat): Body<Chat>,
) -> Answer {
    let user = wa_id(&id)?;
    let number = business(&state, &chat.phone_number_id)?;
    object(shown(
        &state.platform.open_chat_info(user, number.id).await?,
    ))
}

pub(crate) async fn callback(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(chat): Body<Chat>,
) -> Answer {
    let user = wa_id(&id)?;
    let number = business(&state, &chat.phone_number_id)?;
    state.platform.request_callback(user, number.id).await?;
    success()
}
