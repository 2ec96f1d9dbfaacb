//! What the platform thinks of a template: `templates/{id}`.

use ahoy_calling::template::{Status, Template};
use ahoy_types::TemplateId;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::SandboxState;
use crate::answer::{Answer, Body, Failure, object};
use crate::model::TemplateShown;

fn view(template: &Template) -> Value {
    json!({
        "id": template.id.to_string(),
        "waba_id": template.waba.to_string(),
        "name": template.draft.name,
        "language": template.draft.language,
        "category": template.draft.category.as_str(),
        "status": template.status.as_str(),
        "rejected_reason": template.reason.map_or("NONE", |reason| reason.as_str()),
    })
}

/// The state to put a template into.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TemplatePatch)]
pub(crate) struct Patch {
    /// `APPROVED`, `REJECTED`, `PAUSED` or `DISABLED`.
    #[schema(example = "PAUSED")]
    status: String,
}

/// What the platform alone decides: a review is asked for by an edit.
const SETTABLE: [Status; 4] = [
    Status::Approved,
    Status::Rejected,
    Status::Paused,
    Status::Disabled,
];

fn status(word: &str) -> Result<Status, Failure> {
    let found = SETTABLE
        .into_iter()
        .find(|status| status.as_str().eq_ignore_ascii_case(word));
    found.ok_or_else(|| {
        let shown: String = word.chars().take(40).collect();
        Failure::Invalid(format!(
            "status: `{shown}` is none of APPROVED, REJECTED, PAUSED, DISABLED"
        ))
    })
}

/// Approves, rejects, pauses or disables a template. The account is told by webhook.
#[utoipa::path(
    patch,
    path = "/templates/{id}",
    operation_id = "change_template",
    tag = "templates",
    params(("id" = String, Path)),
    request_body = Patch,
    responses(
        (status = 200, description = "The template", body = TemplateShown),
    )
)]
pub(crate) async fn patch(
    State(state): State<SandboxState>,
    Path(id): Path<String>,
    Body(body): Body<Patch>,
) -> Answer {
    let wanted = status(&body.status)?;
    let unknown = || Failure::NotFound(format!("there is no template {id}"));
    let key: TemplateId = id.parse().map_err(|_| unknown())?;
    let changed = state.platform.set_template_status(key, wanted).await?;
    object(view(&changed.ok_or_else(unknown)?))
}
