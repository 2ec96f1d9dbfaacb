//! What the platform thinks of a number, and the mails that told its business: `numbers/{id}/standing`, `mailbox`.

use ahoy_calling::account::Number;
use ahoy_calling::quality::Tally;
use ahoy_calling::standing::Track;
use ahoy_platform::{Grade, StandingChange};
use ahoy_store::{Mail, Page};
use ahoy_types::{MailId, RuleTime};
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, Path, Query, object};
use crate::model::{Mailbox, StandingShown};

const MOST_MAILS: usize = 1_000;

fn view(number: &Number, tally: &Tally, now: RuleTime) -> Value {
    let standing = &number.standing;
    let state = |track: &Track, paused: Option<RuleTime>| {
        json!({
            "state": match (paused, track.warned_at) {
                (Some(_), _) => "restricted",
                (None, Some(_)) => "warned",
                (None, None) => "good",
            },
            "warned_at": track.warned_at.map(|t| t.secs()),
            "paused_until": paused.map(|t| t.secs()),
        })
    };
    let mut business = state(&standing.business_calls, standing.business_paused(now));
    business["calls"] = tally.business_calls.into();
    business["feedback"] = tally.business_feedback.into();
    let mut user = state(&standing.user_calls, standing.user_paused(now));
    user["calls"] = tally.user_calls().into();
    user["feedback"] = tally.user_feedback.into();
    json!({
        "phone_number_id": number.id,
        "business_calls": business,
        "user_calls": user,
        "pick_up": {
            "state": match (standing.pick_up.hidden_at, standing.pick_up.warned_at) {
                (Some(_), _) => "restricted",
                (None, Some(_)) => "warned",
                (None, None) => "good",
            },
            "warned_at": standing.pick_up.warned_at.map(|t| t.secs()),
            "button_hidden_at": standing.pick_up.hidden_at.map(|t| t.secs()),
            "answered": tally.user_answered,
            "missed": tally.user_missed,
        },
    })
}

fn shown(state: &SandboxState, text: &str) -> Answer {
    let id = crate::calls::business(state, text)?.id;
    let (number, tally) = state
        .platform
        .standing(id)
        .map_err(|e| Failure::Internal(e.to_string()))?;
    object(view(&number, &tally, state.platform.clock().now()))
}

/// What the platform thinks of a number.
#[utoipa::path(
    get,
    path = "/numbers/{number}/standing",
    operation_id = "read_standing",
    tag = "numbers",
    params(("number" = String, Path)),
    responses(
        (status = 200, description = "Its standing", body = StandingShown),
    )
)]
pub(crate) async fn get(State(state): State<SandboxState>, Path(id): Path<String>) -> Answer {
    shown(&state, &id)
}

/// A standing; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StandingPut)]
pub(crate) struct Put {
    /// `good`, `warned` or `restricted`.
    business_calls: Option<String>,
    /// `good`, `warned` or `restricted`.
    user_calls: Option<String>,
    /// `good`, `warned` or `restricted`.
    pick_up: Option<String>,
}

fn grade(name: &str, word: Option<String>) -> Result<Option<Grade>, Failure> {
    match word.as_deref() {
        None => Ok(None),
        Some("good") => Ok(Some(Grade::Good)),
        Some("warned") => Ok(Some(Grade::Warned)),
        Some("restricted") => Ok(Some(Grade::Restricted)),
        Some(other) => Err(Failure::Invalid(format!(
            "{name}: `{other}` is none of good, warned, restricted"
        ))),
    }
}

/// Sets what the platform thinks of a number. What gets worse is told by webhook and mail.
#[utoipa::path(
    put,
    path = "/numbers/{number}/standing",
    operation_id = "set_standing",
    tag = "numbers",
    params(("number" = String, Path)),
    request_body = Put,
    responses(
        (status = 200, description = "Its standing", body = StandingShown),
    )
)]
pub(crate) async fn put(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(body): Body<Put>,
) -> Answer {
    let number = crate::calls::business(&state, &id)?.id;
    let change = StandingChange {
        business_calls: grade("business_calls", body.business_calls)?,
        user_calls: grade("user_calls", body.user_calls)?,
        pick_up: grade("pick_up", body.pick_up)?,
    };
    if change == StandingChange::default() {
        return Err(Failure::Invalid(
            "the body names none of business_calls, user_calls, pick_up".into(),
        ));
    }
    state.platform.set_standing(number, change).await?;
    shown(&state, &id)
}

fn mail(mail: &Mail) -> Value {
    json!({
        "id": mail.id,
        "business_id": mail.business,
        "phone_number_id": mail.number,
        "to": mail.recipient,
        "subject": mail.subject,
        "body": mail.body,
        "state": mail.state,
        "created_at": mail.created_at.secs(),
        "attempts": mail.attempts,
        "next_attempt_at": mail.next_due.map(|t| t.secs()),
        "note": mail.note,
    })
}

/// Which mails.
#[derive(Deserialize, IntoParams)]
pub(crate) struct ListQuery {
    /// After this mail.
    after: Option<String>,
    /// At most this many: 1 to 1000, and that many if absent.
    limit: Option<usize>,
}

/// Mails to the contacts of businesses.
#[utoipa::path(
    get,
    path = "/mailbox",
    operation_id = "list_mails",
    tag = "numbers",
    params(ListQuery),
    responses(
        (status = 200, description = "Mails", body = Mailbox),
    )
)]
pub(crate) async fn mailbox(
    State(state): State<SandboxState>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let after: Option<MailId> =
        match query.after.as_deref().filter(|t| !t.is_empty()) {
            Some(text) => Some(text.parse().map_err(|_| {
                Failure::Invalid(format!("after: `{text}` is not the id of a mail"))
            })?),
            None => None,
        };
    let limit = query.limit.unwrap_or(MOST_MAILS).clamp(1, MOST_MAILS);
    let list = state.platform.mails(Page { after, limit })?;
    object(json!({ "data": list.iter().map(mail).collect::<Vec<_>>() }))
}
