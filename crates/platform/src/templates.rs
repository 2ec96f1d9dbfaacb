//! Message templates: made, changed, reviewed, deleted, and filled in for a message (`graph-api.md` §6).

mod draft;

use ahoy_calling::Refusal;
use ahoy_calling::account::Scope;
use ahoy_calling::template::{Draft, Edit, Status, Template, may_create};
use ahoy_store::{Result as StoreResult, TimerKind};
use ahoy_types::{MediaId, TemplateId, WabaId};
use ahoy_wire::webhook::{TemplateStatus, template_status};

use crate::account::{Caller, Node};
use crate::business::internal;
use crate::effect::Effect;
use crate::ledger::Step;
use crate::outbox;
use crate::platform::Platform;

pub use draft::{category_of, content_of, draft_of};

/// First of the ids templates get.
const FIRST_ID: u64 = 1_300_000_000_000_000;

impl Platform {
    /// Makes a template; it is reviewed at once or after the time the configuration says.
    pub async fn create_template(
        &self,
        caller: &Caller,
        waba: WabaId,
        draft: Draft,
    ) -> Result<Template, Refusal> {
        caller.need(Scope::WhatsappBusinessManagement)?;
        self.waba_for(caller, waba)?;
        let id = self.random_node_id(FIRST_ID)?;
        self.ledger()
            .execute(move |step| {
                let existing = step.tx.templates_of(waba).map_err(internal)?;
                may_create(&draft, &existing, &step.limits.templates)?;
                let id = free_id(step, id).map_err(internal)?;
                let template = Template::new(TemplateId(id), waba, draft, step.now);
                begin_review(step, template).map_err(internal)
            })
            .await
    }

    /// Changes a template and has it reviewed anew.
    pub async fn edit_template(
        &self,
        caller: &Caller,
        id: TemplateId,
        edit: Edit,
    ) -> Result<Template, Refusal> {
        caller.need(Scope::WhatsappBusinessManagement)?;
        match self.node(caller, id.0)? {
            Some(Node::Template(_)) => {}
            _ => return Err(Refusal::NoSuchObject(id.to_string())),
        }
        self.ledger()
            .execute(move |step| {
                let template = step.tx.template(id).map_err(internal)?;
                let mut template = template.ok_or_else(|| Refusal::NoSuchObject(id.to_string()))?;
                template.edit(edit, &step.limits.templates, step.now)?;
                begin_review(step, template).map_err(internal)
            })
            .await
    }

    /// Deletes every language of a name, or the one template with this id too.
    pub async fn delete_templates(
        &self,
        caller: &Caller,
        waba: WabaId,
        name: String,
        id: Option<TemplateId>,
    ) -> Result<(), Refusal> {
        caller.need(Scope::WhatsappBusinessManagement)?;
        self.waba_for(caller, waba)?;
        self.ledger()
            .execute(move |step| {
                let gone: Vec<TemplateId> = step
                    .tx
                    .templates_of(waba)
                    .map_err(internal)?
                    .into_iter()
                    .filter(|t| t.draft.name == name && id.is_none_or(|id| id == t.id))
                    .map(|t| t.id)
                    .collect();
                if gone.is_empty() {
                    return Err(Refusal::Invalid(match id {
                        Some(id) => {
                            format!("hsm_id: there is no template `{name}` with the id {id}")
                        }
                        None => format!("name: there is no template `{name}`"),
                    }));
                }
                for id in gone {
                    step.tx.delete_template(id).map_err(internal)?;
                }
                Ok(())
            })
            .await
    }

    /// Puts a template into a state that no business can put it into, for tests of what follows; the account is told.
    ///
    /// # Errors
    /// The store fails. `None` for an unknown template.
    pub async fn set_template_status(
        &self,
        id: TemplateId,
        status: Status,
    ) -> StoreResult<Option<Template>> {
        self.ledger()
            .execute(move |step| {
                let Some(mut template) = step.tx.template(id)? else {
                    return Ok(None);
                };
                if template.set_status(status) {
                    step.tx.put_template(&template)?;
                    tell(step, &template)?;
                }
                Ok(Some(template))
            })
            .await
    }

    /// An account's templates by ascending id.
    pub fn templates(&self, caller: &Caller, waba: WabaId) -> Result<Vec<Template>, Refusal> {
        caller.need(Scope::WhatsappBusinessManagement)?;
        self.waba_for(caller, waba)?;
        self.read(|rows| rows.templates_of(waba)).map_err(internal)
    }
}

/// The first id from this one on that no node has.
pub(crate) fn free_id(step: &mut Step<'_>, mut id: u64) -> StoreResult<u64> {
    use ahoy_types::{AppId, PhoneNumberId};
    loop {
        let taken = step.tx.template(TemplateId(id))?.is_some()
            || step.tx.media(MediaId(id))?.is_some()
            || step.tx.number(PhoneNumberId(id))?.is_some()
            || step.tx.waba(WabaId(id))?.is_some()
            || step.tx.app(AppId(id))?.is_some();
        if !taken {
            return Ok(id);
        }
        id += 1;
    }
}

/// Keeps the template and reviews it, at once or later.
fn begin_review(step: &mut Step<'_>, template: Template) -> StoreResult<Template> {
    step.tx.put_template(&template)?;
    let (id, revision) = (template.id, template.revision);
    let takes = step.limits.templates.review;
    if takes.is_zero() {
        reviewed(step, id, revision)?;
        return Ok(step.tx.template(id)?.unwrap_or(template));
    }
    let kind = TimerKind::TemplateReview {
        template: id,
        revision,
    };
    step.tx.add_timer(step.now + takes, &kind)?;
    step.effects.push(Effect::TimersChanged);
    Ok(template)
}

/// A review is over: decide, and tell the account.
pub(crate) fn reviewed(step: &mut Step<'_>, id: TemplateId, revision: u32) -> StoreResult<()> {
    let Some(mut template) = step.tx.template(id)? else {
        return Ok(());
    };
    let others = step.tx.templates_of(template.waba)?;
    if !template.reviewed(revision, &others) {
        return Ok(());
    }
    step.tx.put_template(&template)?;
    tell(step, &template)
}

fn tell(step: &mut Step<'_>, template: &Template) -> StoreResult<()> {
    let body = template_status(&TemplateStatus {
        waba: template.waba,
        id: template.id,
        name: template.draft.name.clone(),
        language: template.draft.language.clone(),
        category: template.draft.category.as_str(),
        status: template.status.as_str(),
        reason: template.reason.map(|reason| reason.as_str()),
        at: step.now,
    });
    let field = "message_template_status_update";
    outbox::publish_for_account(step, template.waba, field, &body)
}
