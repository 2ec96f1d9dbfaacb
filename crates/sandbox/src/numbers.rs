//! Switches of a business number that no business can throw: `numbers/{id}`.

use ahoy_calling::account::Number;
use ahoy_calling::badge::BadgeStatus;
use ahoy_types::BusinessId;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, Path, object};
use crate::calls::business;
use crate::model::NumberShown;

/// Switches of a number.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NumberPatch)]
pub(crate) struct Patch {
    /// Whether somebody pays for its calls.
    payment_valid: Option<bool>,
    /// The portfolio above; an empty text takes it away.
    parent_business: Option<String>,
    /// Whether its portfolio keeps a contact book: numbers of users it once met then stay visible.
    contact_book: Option<bool>,
    /// Whether it is shown to be the business's own; `false` takes its registration away too.
    verified: Option<bool>,
    /// Whether it is used in the Business app too: its calls then stay there, and calling is switched off.
    on_biz_app: Option<bool>,
    /// State of the badge: `NOT_STARTED`, `PENDING`, `UNDER_REVIEW`, `APPROVED`, `REJECTED`, `EXPIRED` or `CANCELLED`.
    #[schema(example = "APPROVED")]
    oba_status: Option<String>,
}

fn view(state: &SandboxState, number: &Number) -> Answer {
    let now = state.platform.clock().now();
    let parent = state.platform.parent_of(number)?;
    let registration = &number.registration;
    object(json!({
        "phone_number_id": number.id,
        "number": number.number,
        "payment_valid": number.payment_valid,
        "parent_business": parent,
        "contact_book": state.platform.contact_book_of(number)?,
        "verified": registration.verified,
        "registered": registration.registered,
        "verification": registration.code.as_ref().map(|sent| json!({
            "code": sent.code,
            "method": sent.method,
            "language": sent.language,
            "sent_at": sent.sent_at.secs(),
            "ends_at": sent.ends().secs(),
            "holds": sent.holds(now),
        })),
        "on_biz_app": registration.on_biz_app,
        "oba_status": number.badge().as_str(),
    }))
}

/// A number as no business sees it, with the verification code that was sent to it.
#[utoipa::path(
    get,
    path = "/numbers/{number}",
    operation_id = "read_number",
    tag = "numbers",
    params(("number" = String, Path)),
    responses(
        (status = 200, description = "The number", body = NumberShown),
    )
)]
pub(crate) async fn get(State(state): State<SandboxState>, Path(id): Path<String>) -> Answer {
    let number = business(&state, &id)?;
    view(&state, &number)
}

/// Throws switches that no business can throw. What is absent stays.
#[utoipa::path(
    patch,
    path = "/numbers/{number}",
    operation_id = "change_number",
    tag = "numbers",
    params(("number" = String, Path)),
    request_body = Patch,
    responses(
        (status = 200, description = "The number", body = NumberShown),
    )
)]
pub(crate) async fn patch(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(body): Body<Patch>,
) -> Answer {
    let id = business(&state, &id)?.id;
    // An empty text takes the portfolio above away.
    let parent: Option<Option<BusinessId>> = match body.parent_business.as_deref() {
        None => None,
        Some("") => Some(None),
        Some(text) => {
            Some(Some(text.parse().map_err(|e| {
                Failure::Invalid(format!("parent_business: {e}"))
            })?))
        }
    };
    let badge = match body.oba_status.as_deref() {
        None => None,
        Some(word) => Some(BadgeStatus::parse(word).ok_or_else(|| {
            let words: Vec<_> = BadgeStatus::WORDS.iter().map(|(word, _)| *word).collect();
            Failure::Invalid(format!(
                "oba_status: one of {} is expected",
                words.join(", ")
            ))
        })?),
    };
    let now = state.platform.clock().now();
    let changed = state
        .platform
        .change_number_and_parent(id, parent, move |number| {
            number.payment_valid = body.payment_valid.unwrap_or(number.payment_valid);
            if let Some(verified) = body.verified {
                number.registration.verified = verified;
                number.registration.registered &= verified;
            }
            if let Some(shared) = body.on_biz_app {
                number.share_with_biz_app(shared);
            }
            if let Some(badge) = badge {
                number.judge_badge(badge, now);
            }
        });
    let number = changed.await?;
    if let Some(keeps) = body.contact_book {
        state.platform.keep_contact_book(id, keeps).await?;
    }
    view(&state, &number)
}
