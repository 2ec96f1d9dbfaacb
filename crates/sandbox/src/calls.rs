//! What a simulated user does with calls, and what it heard.

use ahoy_calling::account::Number;
use ahoy_calling::limits::PAYLOAD_CHARS;
use ahoy_packet::dtmf::Digit;
use ahoy_platform::{Dial, UserLegKind};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, Path, Query, call_id, object, success, wa_id};
use crate::clock::Nothing;
use crate::model::{CallList, CallShown, Done, Placed, SandboxError};

const MOST_CALLS: usize = 1_000;
const MOST_DIGITS: usize = 64;

/// A business number by node id or digits.
pub(crate) fn business(state: &SandboxState, text: &str) -> Result<Number, Failure> {
    state
        .platform
        .find_number(text)?
        .ok_or_else(|| Failure::NotFound(format!("there is no business number `{text}`")))
}

/// The business number that the field of this name says.
pub(crate) fn business_of(
    state: &SandboxState,
    field: &str,
    text: &str,
) -> Result<Number, Failure> {
    business(state, text).map_err(|failure| match failure {
        Failure::NotFound(sentence) => Failure::NotFound(format!("{field}: {sentence}")),
        other => other,
    })
}

/// A call to a business.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// The business number, by node id or digits.
    #[schema(example = "710000000000001")]
    to: String,
    /// As if a call button with this payload was tapped.
    #[schema(max_length = 512)]
    cta_payload: Option<String>,
    /// As if a call link with this payload was followed.
    #[schema(max_length = 512)]
    deeplink_payload: Option<String>,
}

/// The user calls a business.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/calls",
    operation_id = "place_call",
    tag = "calls",
    params(("wa_id" = String, Path)),
    request_body = Place,
    responses(
        (status = 200, description = "It rings", body = Placed),
        (status = 409, description = "What the phone would show instead", body = SandboxError),
    )
)]
pub(crate) async fn place(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(body): Body<Place>,
) -> Answer {
    let user = wa_id(&id)?;
    for (name, payload) in [
        ("cta_payload", &body.cta_payload),
        ("deeplink_payload", &body.deeplink_payload),
    ] {
        if payload
            .as_ref()
            .is_some_and(|p| p.chars().count() > PAYLOAD_CHARS)
        {
            return Err(Failure::Invalid(format!(
                "{name}: at most {PAYLOAD_CHARS} characters are allowed"
            )));
        }
    }
    let number = business_of(&state, "to", &body.to)?;
    let dial = Dial {
        cta_payload: body.cta_payload,
        deeplink_payload: body.deeplink_payload,
        button: None,
    };
    let placed = state
        .platform
        .user_calls(user, number.id, UserLegKind::Simulated, dial)
        .await?;
    object(json!({ "id": placed.id }))
}

/// The calls of a user, the newest thousand.
#[utoipa::path(
    get,
    path = "/users/{wa_id}/calls",
    operation_id = "list_calls",
    tag = "calls",
    params(("wa_id" = String, Path)),
    responses(
        (status = 200, description = "Calls", body = CallList),
    )
)]
pub(crate) async fn list(State(state): State<SandboxState>, Path(id): Path<String>) -> Answer {
    let calls = state.platform.calls_of_user(wa_id(&id)?, MOST_CALLS)?;
    object(json!({ "data": calls }))
}

/// One call of a user: state, times, what was heard, what became of the media.
#[utoipa::path(
    get,
    path = "/users/{wa_id}/calls/{id}",
    operation_id = "read_call",
    tag = "calls",
    params(("wa_id" = String, Path), ("id" = String, Path)),
    responses(
        (status = 200, description = "The call", body = CallShown),
    )
)]
pub(crate) async fn get(
    State(state): State<SandboxState>,
    Path((user, id)): Path<(String, String)>,
) -> Answer {
    let (user, id) = (wa_id(&user)?, call_id(&id)?);
    match state.platform.call_of_user(user, &id).await? {
        Some(view) => object(view),
        None => Err(Failure::NotFound(format!("user {user} has no call {id}"))),
    }
}

/// How to write it.
#[derive(Deserialize, IntoParams)]
pub(crate) struct WavQuery {
    /// Samples a second: 8000 (if absent), 12000, 16000, 24000 or 48000.
    rate: Option<u32>,
}

/// What was in the user's ear.
#[utoipa::path(
    get,
    path = "/users/{wa_id}/calls/{id}/heard.wav",
    operation_id = "heard_wav",
    tag = "calls",
    params(("wa_id" = String, Path), ("id" = String, Path), WavQuery),
    responses(
        (status = 200, description = "Sound, mono", body = Vec<u8>, content_type = "audio/wav"),
    )
)]
pub(crate) async fn heard_wav(
    State(state): State<SandboxState>,
    Path((user, id)): Path<(String, String)>,
    Query(query): Query<WavQuery>,
) -> Result<Response, Failure> {
    let (user, id) = (wa_id(&user)?, call_id(&id)?);
    let rate = query.rate.unwrap_or(8_000);
    if ![8_000, 12_000, 16_000, 24_000, 48_000].contains(&rate) {
        return Err(Failure::Invalid(format!(
            "rate: {rate} is none of 8000, 12000, 16000, 24000, 48000"
        )));
    }
    match state.platform.heard_wav(user, &id, rate).await? {
        Some(wav) => Ok(([(header::CONTENT_TYPE, "audio/wav")], wav).into_response()),
        None => Err(Failure::NotFound(format!(
            "there is no sound of call {id} at user {user}: it is unknown, on a real phone, or no longer kept"
        ))),
    }
}

/// Picks up: for users with `on_ring` `manual`, or to be quicker than the delay.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/calls/{id}/answer",
    operation_id = "answer_call",
    tag = "calls",
    params(("wa_id" = String, Path), ("id" = String, Path)),
    request_body = Option<Nothing>,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 409, description = "What the phone would show instead", body = SandboxError),
    )
)]
pub(crate) async fn answer(
    State(state): State<SandboxState>,
    Path((user, id)): Path<(String, String)>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    let (user, id) = (wa_id(&user)?, call_id(&id)?);
    state.platform.user_answers(user, &id).await?;
    success()
}

/// Declines the call.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/calls/{id}/reject",
    operation_id = "reject_call",
    tag = "calls",
    params(("wa_id" = String, Path), ("id" = String, Path)),
    request_body = Option<Nothing>,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 409, description = "What the phone would show instead", body = SandboxError),
    )
)]
pub(crate) async fn reject(
    State(state): State<SandboxState>,
    Path((user, id)): Path<(String, String)>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    let (user, id) = (wa_id(&user)?, call_id(&id)?);
    state.platform.user_rejects(user, &id).await?;
    success()
}

/// Hangs up, or gives up a call nobody took.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/calls/{id}/hang_up",
    operation_id = "hang_up_call",
    tag = "calls",
    params(("wa_id" = String, Path), ("id" = String, Path)),
    request_body = Option<Nothing>,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 409, description = "What the phone would show instead", body = SandboxError),
    )
)]
pub(crate) async fn hang_up(
    State(state): State<SandboxState>,
    Path((user, id)): Path<(String, String)>,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    let (user, id) = (wa_id(&user)?, call_id(&id)?);
    state.platform.user_hangs_up(user, &id).await?;
    success()
}

/// Keys.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dtmf {
    /// 1 to 64 of 0-9, `*`, `#`, A-D.
    #[schema(example = "12#")]
    digits: String,
}

/// The user presses keys.
#[utoipa::path(
    post,
    path = "/users/{wa_id}/calls/{id}/dtmf",
    operation_id = "press_keys",
    tag = "calls",
    params(("wa_id" = String, Path), ("id" = String, Path)),
    request_body = Dtmf,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 409, description = "The call is over, or the business's SDP names no telephone-event", body = SandboxError),
    )
)]
pub(crate) async fn dtmf(
    State(state): State<SandboxState>,
    Path((user, id)): Path<(String, String)>,
    Body(body): Body<Dtmf>,
) -> Answer {
    let digits: Vec<Digit> = body
        .digits
        .chars()
        .map(|c| c.to_string().parse::<Digit>())
        .collect::<Result<_, _>>()
        .map_err(|_| Failure::Invalid("digits: only 0-9, *, # and A-D can be pressed".into()))?;
    if digits.is_empty() || digits.len() > MOST_DIGITS {
        return Err(Failure::Invalid(format!(
            "digits: 1 to {MOST_DIGITS} digits are expected"
        )));
    }
    state
        .platform
        .user_digits(wa_id(&user)?, &call_id(&id)?, digits)?;
    success()
}
