//! Switches of a business number that no business can throw: `numbers/{id}`.

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
    let changed = state
        .platform
        .change_number_and_parent(id, parent, move |number| {
            number.payment_valid = body.payment_valid.unwrap_or(number.payment_valid);
        });
    let number = changed.await?;
    object(json!({
        "phone_number_id": number.id,
        "number": number.number,
        "payment_valid": number.payment_valid,
        "parent_business": state.platform.parent_of(&number)?,
    }))
}
