//! `/{waba-id}/message_templates`, and a template as a node (`graph-api.md` §6).

mod content;

use std::collections::BTreeSet;

use ahoy_calling::account::Scope;
use ahoy_calling::template::{Category, Edit, Status, Template};
use ahoy_platform::{category_of, content_of, draft_of};
use ahoy_types::TemplateId;
use ahoy_wire::body::{Fields, excerpt};
use ahoy_wire::errors::ErrorEnvelope;
use ahoy_wire::nodes::{Cursors, Paging, parse_fields, select};
use ahoy_wire::templates::{
    SUMMARY_FIELDS, TEMPLATE_DEFAULTS, TEMPLATE_FIELDS, TemplateBody, TemplateCategory,
    TemplateCreated, TemplateEdit, TemplateEdited, TemplateNode, TemplateSummary, Templates,
};
use ahoy_wire::{GraphError, Success};
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::docs::TemplateRequest;
use crate::incoming::Asked;
use crate::refusal::OrRefuse as _;
use crate::routes::numbers::{SelectedPage, next_page};
use content::components;

/// Templates on a page unless asked otherwise.
const DEFAULT_LIMIT: u64 = 25;

/// Templates on a page at most.
const MAX_LIMIT: u64 = 250;

/// Name of the node's kind in sentences.
pub(super) const KIND: &str = "WhatsAppMessageTemplate";

/// Makes a template.
#[utoipa::path(
    post,
    path = "/{waba_id}/message_templates",
    operation_id = "create_template",
    tag = "templates",
    params(("waba_id" = String, Path, description = "The account")),
    request_body = TemplateRequest,
    responses(
        (status = 200, description = "Made, and approved, rejected or under review", body = TemplateCreated),
        (status = 400, description = "Code 100: parameter; 2388019, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299: a rule of templates", body = ErrorEnvelope),
        (status = 403, description = "Code 10: the token lacks whatsapp_business_management", body = ErrorEnvelope),
    )
)]
pub(crate) async fn create(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<TemplateCreated>, Refused> {
    let waba = asked.waba()?.id;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let body = TemplateBody::parse(&asked.incoming.body()?)?;
    let draft = draft_of(body);
    let made = state
        .platform
        .create_template(&asked.caller, waba, draft)
        .await;
    let template = made.or_refuse(&asked.incoming.method)?;
    Ok(Answer(TemplateCreated {
        id: template.id.to_string(),
        status: template.status.as_str().to_owned(),
        category: template.draft.category.as_str().to_owned(),
    }))
}

/// The templates of an account, by ascending id.
#[utoipa::path(
    get,
    path = "/{waba_id}/message_templates",
    operation_id = "templates",
    tag = "templates",
    params(
        ("waba_id" = String, Path, description = "The account"),
        ("fields" = Option<String>, Query, description = "Fields of each template"),
        ("summary" = Option<String>, Query, description = "Figures about the list: `total_count`, `message_template_count`, `message_template_limit`, `are_translations_complete`, with commas between them"),
        ("limit" = Option<u64>, Query, description = "1 to 250, 25 if absent"),
        ("name" = Option<String>, Query, description = "Only names that contain this"),
        ("language" = Option<String>, Query, description = "Only this language"),
        ("category" = Option<String>, Query, description = "Only MARKETING, UTILITY or AUTHENTICATION"),
        ("status" = Option<String>, Query, description = "Only this status: APPROVED, PENDING, REJECTED, PAUSED or DISABLED"),
        ("after" = Option<String>, Query, description = "A cursor: only what comes after it"),
        ("before" = Option<String>, Query, description = "A cursor: only what comes before it"),
    ),
    responses(
        (status = 200, description = "A page of templates", body = Templates),
        (status = 400, description = "Code 100: parameter or unknown account", body = ErrorEnvelope),
    )
)]
pub(crate) async fn list(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<SelectedPage>, Refused> {
    let waba = asked.waba()?.id;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let query = asked.incoming.query();
    let fields = query.fields();
    let limit = match fields.integer("limit")?.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => usize::try_from(limit).unwrap_or(usize::MAX),
        other => {
            let range = format!("1 to {MAX_LIMIT}");
            return Err(fields
                .not_allowed("limit", &other.to_string(), &range)
                .into());
        }
    };
    let after = cursor(&fields, "after")?;
    let before = cursor(&fields, "before")?;
    let wanted = Wanted::read(&fields)?;
    let all = state.platform.templates(&asked.caller, waba);
    let mut found: Vec<Template> = all.or_refuse(&asked.incoming.method)?;
    let summary = match fields.text("summary")? {
        Some(names) => Some(summed_up(&state, names, &found, &wanted)?),
        None => None,
    };
    found.retain(|template| wanted.takes(template));
    let more = match before {
        Some(before) => {
            found.retain(|template| template.id < before);
            let surplus = found.len().saturating_sub(limit);
            found.drain(..surplus);
            true
        }
        None => {
            found.retain(|template| after.is_none_or(|after| template.id > after));
            let more = found.len() > limit;
            found.truncate(limit);
            more
        }
    };
    let requested = fields.text("fields")?;
    let mut data = Vec::with_capacity(found.len());
    for template in &found {
        data.push(selected(template, requested)?);
    }
    let paging = match (found.first(), found.last()) {
        (Some(first), Some(last)) => {
            let after = text_of(last.id);
            let kept = [
                "fields", "summary", "limit", "name", "language", "category", "status",
            ];
            Some(Paging {
                next: more
                    .then(|| next_page(&asked.incoming, &kept, &after))
                    .flatten(),
                cursors: Cursors {
                    before: text_of(first.id),
                    after,
                },
            })
        }
        _ => None,
    };
    Ok(Answer(SelectedPage {
        data,
        paging,
        summary,
    }))
}

/// The figures that `names` asks for about a list that keeps of `all` templates of the account those `wanted`.
fn summed_up(
    state: &GraphState,
    names: &str,
    all: &[Template],
    wanted: &Wanted,
) -> Result<TemplateSummary, GraphError> {
    let names = parse_fields(names)?;
    if let Some(stranger) = names.iter().find(|n| !SUMMARY_FIELDS.contains(&n.as_str())) {
        return Err(GraphError::invalid(format!(
            "The parameter `summary` names `{stranger}`; allowed: {}.",
            SUMMARY_FIELDS.join(", ")
        )));
    }
    let asked = |name: &str| names.iter().any(|asked| asked == name);
    let languages: BTreeSet<&str> = all.iter().map(|t| t.draft.language.as_str()).collect();
    let by_name: BTreeSet<&str> = all.iter().map(|t| t.draft.name.as_str()).collect();
    Ok(TemplateSummary {
        total_count: asked("total_count").then(|| all.iter().filter(|t| wanted.takes(t)).count()),
        message_template_count: asked("message_template_count").then_some(all.len()),
        message_template_limit: asked("message_template_limit")
            .then_some(state.platform.config().limits.templates.most),
        // A name and a language make one template.
        are_translations_complete: asked("are_translations_complete")
            .then_some(all.len() == languages.len() * by_name.len()),
    })
}

/// Deletes a template in all its languages, or with `hsm_id` in one.
#[utoipa::path(
    delete,
    path = "/{waba_id}/message_templates",
    operation_id = "delete_template",
    tag = "templates",
    params(
        ("waba_id" = String, Path, description = "The account"),
        ("name" = String, Query, description = "The template's name"),
        ("hsm_id" = Option<String>, Query, description = "Only the template with this id"),
    ),
    responses(
        (status = 200, description = "Deleted", body = Success),
        (status = 400, description = "Code 100: parameter, or there is no such template", body = ErrorEnvelope),
    )
)]
pub(crate) async fn delete(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<Success>, Refused> {
    let waba = asked.waba()?.id;
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let body = asked.incoming.body()?;
    let fields = body.fields();
    let name = fields.required_text("name")?.to_owned();
    let id = match fields.text_or_integer("hsm_id")? {
        None => None,
        Some(text) => Some(
            text.parse::<TemplateId>()
                .map_err(|_| fields.not_allowed("hsm_id", &text, "the id of a template"))?,
        ),
    };
    let gone = state
        .platform
        .delete_templates(&asked.caller, waba, name, id)
        .await;
    gone.or_refuse(&asked.incoming.method)?;
    Ok(Answer(Success::default()))
}

/// Changes a template: `POST /{template-id}`, which the route of all nodes hands on.
pub(super) async fn edit(
    state: &GraphState,
    asked: &Asked,
    id: TemplateId,
) -> Result<TemplateEdited, Refused> {
    asked.need(&[Scope::WhatsappBusinessManagement])?;
    let change = TemplateEdit::parse(&asked.incoming.body()?)?;
    let edit = Edit {
        category: change.category.map(category_of),
        content: change.components.map(content_of),
    };
    let edited = state.platform.edit_template(&asked.caller, id, edit).await;
    let template = edited.or_refuse(&asked.incoming.method)?;
    Ok(TemplateEdited {
        success: true,
        id: template.id.to_string(),
        name: template.draft.name,
        category: template.draft.category.as_str().to_owned(),
    })
}

/// A template with the fields that were asked for.
pub(super) fn selected(
    template: &Template,
    requested: Option<&str>,
) -> Result<Map<String, Value>, GraphError> {
    let draft = &template.draft;
    let node = TemplateNode {
        id: template.id.to_string(),
        name: Some(draft.name.clone()),
        parameter_format: Some(draft.parameter_format.as_str().to_owned()),
        components: Some(components(&draft.content)),
        language: Some(draft.language.clone()),
        status: Some(template.status.as_str().to_owned()),
        category: Some(draft.category.as_str().to_owned()),
        rejected_reason: Some(template.reason.map_or("NONE", |r| r.as_str()).to_owned()),
    };
    select(&node, requested, TEMPLATE_DEFAULTS, TEMPLATE_FIELDS, KIND)
}

/// Which templates a list is to hold.
struct Wanted {
    name: Option<String>,
    language: Option<String>,
    category: Option<Category>,
    status: Option<Status>,
}

impl Wanted {
    fn read(fields: &Fields<'_>) -> Result<Self, GraphError> {
        Ok(Self {
            name: fields.text("name")?.map(str::to_owned),
            language: fields.text("language")?.map(str::to_owned),
            category: fields
                .word("category", &TemplateCategory::WORDS)?
                .map(category_of),
            status: fields.word("status", &Status::WORDS)?,
        })
    }

    fn takes(&self, template: &Template) -> bool {
        let draft = &template.draft;
        self.name
            .as_ref()
            .is_none_or(|name| draft.name.contains(name.as_str()))
            && self.language.as_ref().is_none_or(|l| *l == draft.language)
            && self.category.is_none_or(|c| c == draft.category)
            && self.status.is_none_or(|s| s == template.status)
    }
}

fn text_of(id: TemplateId) -> String {
    URL_SAFE_NO_PAD.encode(id.0.to_be_bytes())
}

fn cursor(fields: &Fields<'_>, name: &str) -> Result<Option<TemplateId>, GraphError> {
    let Some(text) = fields.text(name)? else {
        return Ok(None);
    };
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
    let id = bytes.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
    id.map(|id| Some(TemplateId(u64::from_be_bytes(id))))
        .ok_or_else(|| {
            GraphError::invalid(format!(
                "The parameter `{name}` has the value `{}`, which is not a cursor of this list.",
                excerpt(text)
            ))
        })
}
