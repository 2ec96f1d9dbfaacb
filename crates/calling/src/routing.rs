//! Conversation routing (`rules.md` §12): which of several businesses behind one number answers what.
//!
//! Roles belong to businesses, so to all apps of one. Without routing every app that is subscribed to the account gets
//! everything and may call.

mod thread;

use std::collections::{BTreeMap, BTreeSet};

use ahoy_types::BusinessId;
use serde::{Deserialize, Serialize};

pub use thread::{
    Asked, Control, ControlRefusal, ForeignThread, ForeignThreads, Handover, HandoverKind, Owner,
    Thread,
};

/// Partners with copies at most, an account or a number.
pub const STANDBY_PARTNERS: usize = 20;
/// Characters of the metadata of a handover at most.
pub const METADATA_CHARS: usize = 2_000;

/// Where a user comes in. Each has one primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryPoint {
    /// Whatever is none of the others.
    Service,
    /// The answer to a marketing template.
    MarketingResponse,
    /// The answer to a utility template.
    UtilityResponse,
    /// A message out of an advertisement.
    ClickToWhatsapp,
    /// Calls, in both directions.
    Call,
}

impl EntryPoint {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Service,
        Self::MarketingResponse,
        Self::UtilityResponse,
        Self::ClickToWhatsapp,
        Self::Call,
    ];

    /// The role of its primary.
    pub const fn role(self) -> Role {
        match self {
            Self::Service => Role::CustomerService,
            Self::MarketingResponse => Role::Marketing,
            Self::UtilityResponse => Role::Utility,
            Self::ClickToWhatsapp => Role::Ctwa,
            Self::Call => Role::Calls,
        }
    }

    /// What a message is that answers a template of this category.
    pub fn answering(category: &str) -> Self {
        match category {
            "marketing" => Self::MarketingResponse,
            "utility" => Self::UtilityResponse,
            _ => Self::Service,
        }
    }
}

/// What a business is on a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Primary for [`EntryPoint::Call`]; it owns no thread.
    Calls,
    /// Primary for [`EntryPoint::Service`].
    CustomerService,
    /// Primary for [`EntryPoint::MarketingResponse`].
    Marketing,
    /// Primary for [`EntryPoint::UtilityResponse`].
    Utility,
    /// Primary for [`EntryPoint::ClickToWhatsapp`].
    Ctwa,
    /// The agent that answers by itself.
    AiAgent,
    /// The partner that takes over what others cannot answer.
    Escalation,
}

impl Role {
    /// Every role with its word on the wire.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("calls", Self::Calls),
        ("customer_service", Self::CustomerService),
        ("marketing", Self::Marketing),
        ("utility", Self::Utility),
        ("ctwa", Self::Ctwa),
        ("ai_agent", Self::AiAgent),
        ("escalation", Self::Escalation),
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::CustomerService => "customer_service",
            Self::Marketing => "marketing",
            Self::Utility => "utility",
            Self::Ctwa => "ctwa",
            Self::AiAgent => "ai_agent",
            Self::Escalation => "escalation",
        }
    }

    /// Whether threads are owned under it.
    pub const fn owns_threads(self) -> bool {
        !matches!(self, Self::Calls)
    }
}

/// What a business set, for an account or as an exception for one number. What an exception leaves out is as the account
/// has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoutingRules {
    /// Whether there is routing.
    pub enabled: Option<bool>,
    /// Who has which role.
    pub roles: BTreeMap<Role, BusinessId>,
    /// Who gets copies of threads it does not own.
    pub standby: Option<BTreeSet<BusinessId>>,
    /// Whether the business has accepted the terms without which there is no thread control, no escalation and no
    /// standby; it has unless this says otherwise.
    pub agent_terms: Option<bool>,
}

impl RoutingRules {
    /// Everybody it names.
    pub fn businesses(&self) -> impl Iterator<Item = BusinessId> + '_ {
        let standby = self.standby.iter().flatten();
        self.roles.values().chain(standby).copied()
    }
}

/// What holds on a number that has routing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    holders: BTreeMap<Role, BusinessId>,
    standby: BTreeSet<BusinessId>,
    agent_terms: bool,
}

/// Who gets a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// Whose it is.
    pub main: BusinessId,
    /// Who gets a copy.
    pub copies: Vec<BusinessId>,
}

impl Routing {
    /// What holds on a number of an account that this business owns; `None` where there is no routing. An entry point
    /// that was given to nobody is the owner's, so that each has one primary.
    pub fn of(
        owner: BusinessId,
        account: Option<&RoutingRules>,
        number: Option<&RoutingRules>,
    ) -> Option<Self> {
        let set = [number, account];
        let first = |of: fn(&RoutingRules) -> Option<bool>| set.into_iter().flatten().find_map(of);
        if !first(|rules| rules.enabled).unwrap_or(false) {
            return None;
        }
        let mut holders: BTreeMap<Role, BusinessId> = EntryPoint::ALL
            .iter()
            .map(|entry| (entry.role(), owner))
            .collect();
        for rules in [account, number].into_iter().flatten() {
            holders.extend(&rules.roles);
        }
        let standby = set.into_iter().flatten().find_map(|r| r.standby.clone());
        let mut routing = Self {
            holders,
            standby: standby.unwrap_or_default(),
            agent_terms: first(|rules| rules.agent_terms).unwrap_or(true),
        };
        if !routing.agent_terms {
            routing.holders.remove(&Role::Escalation);
            routing.standby.clear();
        }
        Some(routing)
    }

    /// Who has a role.
    pub fn holder(&self, role: Role) -> Option<BusinessId> {
        self.holders.get(&role).copied()
    }

    /// Whether this business takes and places the calls.
    pub fn is_call_primary(&self, business: BusinessId) -> bool {
        self.holder(Role::Calls) == Some(business)
    }

    /// The roles of one business.
    pub fn roles_of(&self, business: BusinessId) -> Vec<Role> {
        let own = self.holders.iter().filter(|(_, b)| **b == business);
        own.map(|(role, _)| *role).collect()
    }

    /// Whether this business gets copies.
    pub fn is_standby(&self, business: BusinessId) -> bool {
        self.standby.contains(&business)
    }

    /// Who gets copies.
    pub fn standby(&self) -> impl Iterator<Item = BusinessId> + '_ {
        self.standby.iter().copied()
    }

    /// Whether there is thread control.
    pub const fn agent_terms(&self) -> bool {
        self.agent_terms
    }

    /// Who gets an event of a call: the Call primary, and the end of a business-initiated one also the standby partners.
    /// `None` where nobody is Call primary.
    pub fn call_event(&self, end_of_business_call: bool) -> Option<Audience> {
        let main = self.holder(Role::Calls)?;
        Some(Audience {
            main,
            copies: if end_of_business_call {
                self.watchers(main)
            } else {
                Vec::new()
            },
        })
    }

    /// Who gets the answer to a permission request, whoever sent the request.
    pub fn permission_reply(&self) -> Option<Audience> {
        self.holder(Role::Calls).map(|main| self.seen_by(main))
    }

    /// Who gets what is this business's and seen by the standby partners.
    pub fn seen_by(&self, main: BusinessId) -> Audience {
        Audience {
            main,
            copies: self.watchers(main),
        }
    }

    fn watchers(&self, but: BusinessId) -> Vec<BusinessId> {
        let others = self.standby.iter().filter(|b| **b != but);
        others.copied().collect()
    }
}

#[cfg(test)]
mod tests;
