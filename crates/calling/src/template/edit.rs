//! Making, changing and reviewing: the steps of a template's life.

use ahoy_types::{RuleTime, TemplateId, WabaId};

use super::{Category, Content, Draft, Fault, FaultKind, Reason, Status, Template, check, review};
use crate::Refusal;
use crate::limits::{DAY_WINDOW, MONTH_WINDOW, TemplateLimits};

/// May the account make one more template like this?
///
/// # Errors
/// 2388019 at the limit; 100 where name and language are taken or the draft breaks a rule.
pub fn may_create(
    draft: &Draft,
    existing: &[Template],
    limits: &TemplateLimits,
) -> Result<(), Refusal> {
    check(draft)?;
    let taken =
        |other: &Template| other.draft.name == draft.name && other.draft.language == draft.language;
    if existing.iter().any(taken) {
        return Err(Refusal::Invalid(format!(
            "name: there is already a template `{}` in the language `{}`",
            draft.name, draft.language
        )));
    }
    if u32::try_from(existing.len()).unwrap_or(u32::MAX) >= limits.most {
        return Err(Fault::new(
            FaultKind::Full,
            format!(
                "the account has reached its limit of {} templates",
                limits.most
            ),
        )
        .into());
    }
    Ok(())
}

/// A change of a template; what is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edit {
    /// What it is for.
    pub category: Option<Category>,
    /// Its parts, all of them anew.
    pub content: Option<Content>,
}

impl Template {
    /// A template under review.
    pub fn new(id: TemplateId, waba: WabaId, draft: Draft, now: RuleTime) -> Self {
        Self {
            id,
            waba,
            draft,
            status: Status::Pending,
            reason: None,
            revision: 1,
            edits: Vec::new(),
            created_at: now,
        }
    }

    /// Changes it; it is under review again.
    ///
    /// # Errors
    /// 100 while a review is under way, for a disabled template, for another category of an approved one, and beyond
    /// the number of edits an approved one may have; what [`check`] refuses.
    pub fn edit(
        &mut self,
        edit: Edit,
        limits: &TemplateLimits,
        now: RuleTime,
    ) -> Result<(), Refusal> {
        let refused = |sentence: String| Err(Refusal::Invalid(sentence));
        if edit == Edit::default() {
            return refused("components: there is nothing to change".into());
        }
        match self.status {
            Status::Pending | Status::Disabled => {
                return refused(format!(
                    "the template cannot be edited while it is {}",
                    self.status.as_str()
                ));
            }
            Status::Approved | Status::Rejected | Status::Paused => {}
        }
        if self.status == Status::Approved {
            if edit.category.is_some_and(|c| c != self.draft.category) {
                return refused("category: that of an approved template cannot be changed".into());
            }
            self.edits.retain(|at| *at > now - MONTH_WINDOW);
            let today = self
                .edits
                .iter()
                .filter(|at| **at > now - DAY_WINDOW)
                .count();
            if today >= limits.edits_per_day as usize
                || self.edits.len() >= limits.edits_per_month as usize
            {
                return refused(format!(
                    "an approved template can be edited {} times in 24 hours and {} times in 30 days",
                    limits.edits_per_day, limits.edits_per_month
                ));
            }
        }
        let mut draft = self.draft.clone();
        if let Some(category) = edit.category {
            draft.category = category;
        }
        if let Some(content) = edit.content {
            draft.content = content;
        }
        check(&draft)?;
        if self.status == Status::Approved {
            self.edits.push(now);
        }
        self.draft = draft;
        self.status = Status::Pending;
        self.reason = None;
        self.revision += 1;
        Ok(())
    }

    /// The platform approves it, rejects it or holds it back, whatever came before; a review under way is overtaken. Says
    /// whether that is news.
    pub fn set_status(&mut self, status: Status) -> bool {
        let news = self.status != status;
        self.status = status;
        self.reason = (status == Status::Rejected).then_some(Reason::InvalidFormat);
        news
    }

    /// The review of this revision is over. Says whether it decided anything: not where the text has changed since.
    pub fn reviewed<'t>(
        &mut self,
        revision: u32,
        others: impl IntoIterator<Item = &'t Template>,
    ) -> bool {
        if self.status != Status::Pending || self.revision != revision {
            return false;
        }
        let id = self.id;
        let others = others.into_iter().filter(|other| other.id != id);
        (self.status, self.reason) = match review(&self.draft, others) {
            Ok(()) => (Status::Approved, None),
            Err(reason) => (Status::Rejected, Some(reason)),
        };
        true
    }
}
