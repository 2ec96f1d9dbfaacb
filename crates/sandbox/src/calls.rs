//! What a simulated user does with calls, and what it heard.

use ahoy_calling::account::Number;
use ahoy_calling::limits::PAYLOAD_CHARS;
use ahoy_packet::dtmf::Digit;
use ahoy_platform::{Dial, UserLegKind};
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, call_id, object, success, wa_id};

const MOST_CALLS: usize = 1_000;
const MOST_DIGITS: usize = 64;

/// A business number by node id or digits.
pub(crate) fn business(state: &SandboxState, text: &str) -> Result<Number, Failure> {
    state
        .platform
        .find_number(text)?
        .ok_or_else(|| Failure::NotFound(format!("there is no business number `{text}`")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    to: String,
    cta_payload: Option<String>,
    deeplink_payload: Option<String>,
}

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
    let number = business(&state, &body.to)?;
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

pub(crate) async fn list(State(state): State<SandboxState>, Path(id): Path<String>) -> Answer {
    let calls = state.platform.calls_of_user(wa_id(&id)?, MOST_CALLS)?;
    object(json!({ "data": calls }))
}

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

#[derive(Deserialize)]
pub(crate) struct WavQuery {
    rate: Option<u32>,
}

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

macro_rules! act {
    ($name:ident, $of_platform:ident) => {
        pub(crate) async fn $name(
            State(state): State<SandboxState>,
            Path((user, id)): Path<(String, String)>,
            Body(Nothing {}): Body<Nothing>,
        ) -> Answer {
            let (user, id) = (wa_id(&user)?, call_id(&id)?);
            state.platform.$of_platform(user, &id).await?;
            success()
        }
    };
}
act!(answer, user_answers);
act!(reject, user_rejects);
act!(hang_up, user_hangs_up);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dtmf {
    digits: String,
}

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
