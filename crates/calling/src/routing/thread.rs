//! A thread between a number and a user, and who owns it.

use ahoy_types::{BusinessId, RuleTime};
use serde::{Deserialize, Serialize};

use super::{EntryPoint, Role, Routing};
use crate::limits::DAY_WINDOW;

/// Who answers in a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The business.
    pub business: BusinessId,
    /// The role under which it answers.
    pub role: Role,
    /// Since when.
    pub since: RuleTime,
}

/// A template that the user has not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What an answer to it is.
    pub entry: EntryPoint,
    /// When it was sent.
    pub at: RuleTime,
}

/// What is kept of a thread. Calls and answers to permission requests change nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thread {
    /// When the user last wrote.
    pub user_at: Option<RuleTime>,
    /// Who owned it last; see [`Thread::owner`] for whoever does.
    pub owner: Option<Owner>,
    /// The last template since the user wrote.
    pub asked: Option<Asked>,
}

/// What a business asks of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Another role is to answer.
    Pass(Role),
    /// Nobody in particular is to answer.
    Release,
    /// The escalation partner is to answer.
    Take,
}

/// How an owner changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandoverKind {
    /// The owner gave it; the new one is told.
    Passed,
    /// The escalation partner took it; the old one is told.
    Taken,
}

/// A change of owner that somebody is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handover {
    /// How.
    pub kind: HandoverKind,
    /// Who is told.
    pub told: BusinessId,
    /// The role of the owner before.
    pub previous: Role,
    /// The role of the owner now.
    pub new: Role,
}

/// Why a thread stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ControlRefusal {
    /// The terms are not accepted.
    #[error(
        "thread control needs the terms of the business agent, which this business has not accepted"
    )]
    NoTerms,
    /// Somebody else owns it, or nobody.
    #[error("action: only the owner of a thread can {0} it, and this business is not its owner")]
    NotOwner(&'static str),
    /// Nobody has the role.
    #[error("control_pass.target_role: nobody has the role {} on this phone number", .0.as_str())]
    Vacant(Role),
    /// The thread is where it is to go.
    #[error("control_pass.target_role: the role {} has this thread already", .0.as_str())]
    There(Role),
    /// Only the escalation partner takes.
    #[error("only the escalation partner of this phone number can take a thread")]
    TakeNotAllowed,
}

/// What becomes of a message into a thread that another business owns, templates and permission requests left aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignThreads {
    /// It is refused (100).
    #[default]
    Refused,
    /// It is sent and changes nothing.
    Sent,
}

impl Thread {
    /// Who answers now: nobody once the user has been away for 24 hours, or once the owner's role is somebody else's.
    pub fn owner(&self, routing: &Routing, now: RuleTime) -> Option<Owner> {
        let owner = self.owner?;
        let holds = routing.holder(owner.role) == Some(owner.business);
        (holds && now < self.idle_from(&owner)).then_some(owner)
    }

    /// When nobody owns it any more if the user stays away. Whoever took a thread that had been idle has a day of its own.
    fn idle_from(&self, owner: &Owner) -> RuleTime {
        let seen = self.user_at.filter(|at| owner.since < *at + DAY_WINDOW);
        seen.unwrap_or(owner.since) + DAY_WINDOW
    }

    /// Where a message of the user comes in: out of an advertisement, as the answer to a message (of this category, where
    /// that is a template), or by itself, which within a day after a template is an answer to that.
    pub fn entry(
        &self,
        advertisement: bool,
        answers: Option<Option<&str>>,
        now: RuleTime,
    ) -> EntryPoint {
        if advertisement {
            return EntryPoint::ClickToWhatsapp;
        }
        match (answers, self.asked) {
            (Some(category), _) => category.map_or(EntryPoint::Service, EntryPoint::answering),
            (None, Some(asked)) if now < asked.at + DAY_WINDOW => asked.entry,
            _ => EntryPoint::Service,
        }
    }

    /// The user wrote: the owner has the message, and where there is none the primary of the entry point becomes owner.
    /// `None` where that role is nobody's.
    pub fn user_wrote(
        &mut self,
        routing: &Routing,
        entry: EntryPoint,
        now: RuleTime,
    ) -> Option<BusinessId> {
        let owner = self.owner(routing, now).or_else(|| {
            let role = entry.role();
            let business = routing.holder(role).filter(|_| role.owns_threads())?;
            Some(Owner {
                business,
                role,
                since: now,
            })
        });
        self.owner = owner;
        self.user_at = Some(now);
        self.asked = None;
        owner.map(|owner| owner.business)
    }

    /// Whose it is what the platform says of the user: the owner's, else the primary's for service. Nobody becomes owner.
    pub fn told(&self, routing: &Routing, now: RuleTime) -> Option<BusinessId> {
        let owner = self.owner(routing, now).map(|owner| owner.business);
        owner.or_else(|| routing.holder(Role::CustomerService))
    }

    /// The business sent a template of this category.
    pub fn template_sent(&mut self, category: &str, now: RuleTime) {
        self.asked = Some(Asked {
            entry: EntryPoint::answering(category),
            at: now,
        });
    }

    /// A business sends what is neither a template nor a permission request: the escalation partner takes the thread with it,
    /// for others it is as `reading` says.
    ///
    /// # Errors
    /// Another business owns the thread.
    pub fn service_message(
        &mut self,
        routing: &Routing,
        sender: BusinessId,
        reading: ForeignThreads,
        now: RuleTime,
    ) -> Result<Option<Handover>, ForeignThread> {
        if routing.holder(Role::Escalation) == Some(sender) {
            return Ok(self.take(routing, sender, now));
        }
        match self.owner(routing, now) {
            Some(owner) if owner.business != sender && reading == ForeignThreads::Refused => {
                Err(ForeignThread)
            }
            _ => Ok(None),
        }
    }

    /// A business asks for another owner.
    ///
    /// # Errors
    /// See [`ControlRefusal`].
    pub fn control(
        &mut self,
        routing: &Routing,
        asker: BusinessId,
        control: Control,
        now: RuleTime,
    ) -> Result<Option<Handover>, ControlRefusal> {
        if !routing.agent_terms() {
            return Err(ControlRefusal::NoTerms);
        }
        let own = |what| {
            let owner = self.owner(routing, now).filter(|o| o.business == asker);
            owner.ok_or(ControlRefusal::NotOwner(what))
        };
        match control {
            Control::Take if routing.holder(Role::Escalation) == Some(asker) => {
                Ok(self.take(routing, asker, now))
            }
            Control::Take => Err(ControlRefusal::TakeNotAllowed),
            Control::Release => {
                own("release")?;
                self.owner = None;
                Ok(None)
            }
            Control::Pass(role) => {
                let owner = own("pass")?;
                let business = routing.holder(role).filter(|_| role.owns_threads());
                let business = business.ok_or(ControlRefusal::Vacant(role))?;
                if owner.role == role {
                    return Err(ControlRefusal::There(role));
                }
                self.owner = Some(Owner {
                    business,
                    role,
                    since: now,
                });
                Ok(Some(Handover {
                    kind: HandoverKind::Passed,
                    told: business,
                    previous: owner.role,
                    new: role,
                }))
            }
        }
    }

    /// The escalation partner answers from now on. Of a thread that was nobody's or its own nobody is told.
    fn take(&mut self, routing: &Routing, partner: BusinessId, now: RuleTime) -> Option<Handover> {
        let before = self.owner(routing, now);
        if before.is_some_and(|owner| owner.business == partner) {
            return None;
        }
        self.owner = Some(Owner {
            business: partner,
            role: Role::Escalation,
            since: now,
        });
        before.map(|owner| Handover {
            kind: HandoverKind::Taken,
            told: owner.business,
            previous: owner.role,
            new: Role::Escalation,
        })
    }
}

/// Another business owns the thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignThread;
