//! Switches of a business number that no business can throw: `numbers/{id}`.

use ahoy_types::BusinessId;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, object};
use crate::calls::business;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Patch {
    payment_valid: Option<bool>,
    parent_business: Option<String>,
}

pub(crate) async fn patch(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(body): Body<Patch>,
) -> Answer {
    let mut number = business(&state, &id)?;
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
    if let Some(valid) = body.payment_valid {
        let changed = state
            .platform
            .change_number(number.id, move |number| number.payment_valid = valid);
        number = changed.await?;
    }
    if let Some(parent) = parent {
        state.platform.set_parent(number.clone(), parent).await?;
    }
    object(json!({
        "phone_number_id": number.id,
        "number": number.number,
        "payment_valid": number.payment_valid,
        "parent_business": state.platform.parent_of(&number)?,
    }))
}
