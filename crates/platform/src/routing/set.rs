//! What no API of the business does: to set roles, and to look at whose a thread is.

use ahoy_calling::routing::{Role, Routing, RoutingRules, STANDBY_PARTNERS};
use ahoy_store::{Page, Result, RoutingScope, Rows, StoreError};
use ahoy_types::{BusinessId, PhoneNumberId, RuleTime, WaId, WabaId};

use crate::finish;
use crate::ledger::Step;
use crate::platform::Platform;

/// Rules of routing, and what comes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutingView {
    /// What was set.
    pub rules: RoutingRules,
    /// What holds on the number, or on every number of the account that has no exception; `None` where there is no routing.
    pub routing: Option<Routing>,
}

/// Whose a thread is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadOwner {
    /// The user.
    pub user: WaId,
    /// When the user last wrote.
    pub user_at: Option<RuleTime>,
    /// Business and role of the owner, and since when; `None` for an idle thread.
    pub owner: Option<(BusinessId, Role, RuleTime)>,
}

/// Why rules of routing are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoutingRefusal {
    /// There is no such account or number.
    #[error("there is no {0}")]
    NoSuch(String),
    /// They name what is not there, or too much.
    #[error("{0}")]
    Invalid(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is checked of rules wherever they come from.
pub(crate) fn check(
    rules: &RoutingRules,
    mut is_business: impl FnMut(BusinessId) -> Result<bool>,
) -> std::result::Result<(), RoutingRefusal> {
    let standby = rules.standby.as_ref().map_or(0, |list| list.len());
    if standby > STANDBY_PARTNERS {
        return Err(RoutingRefusal::Invalid(format!(
            "standby: at most {STANDBY_PARTNERS} partners are allowed, these are {standby}"
        )));
    }
    for (role, business) in &rules.roles {
        if !is_business(*business)? {
            return Err(RoutingRefusal::Invalid(format!(
                "roles.{}: there is no business {business}",
                role.as_str()
            )));
        }
    }
    for business in rules.standby.iter().flatten() {
        if !is_business(*business)? {
            return Err(RoutingRefusal::Invalid(format!(
                "standby: there is no business {business}"
            )));
        }
    }
    Ok(())
}

/// Threads of a number that has no routing any more are nobody's, also when it has some again.
fn forget_threads(step: &mut Step<'_>, number: PhoneNumberId) -> Result<()> {
    let number = finish::number_of(step, number)?;
    if super::of(step.tx, &number)?.is_none() {
        step.tx.delete_threads(number.id)?;
    }
    Ok(())
}

fn numbers_of(step: &mut Step<'_>, of: RoutingScope) -> Result<Vec<PhoneNumberId>> {
    Ok(match of {
        RoutingScope::Number(number) => vec![number],
        RoutingScope::Account(waba) => {
            let page = Page {
                after: None,
                limit: usize::MAX,
            };
            let numbers = step.tx.numbers_of(waba, page)?;
            numbers.iter().map(|number| number.id).collect()
        }
    })
}

pub(crate) fn set_rules(
    step: &mut Step<'_>,
    of: RoutingScope,
    rules: &RoutingRules,
) -> std::result::Result<(), RoutingRefusal> {
    let there = match of {
        RoutingScope::Account(waba) => step.tx.waba(waba)?.is_some(),
        RoutingScope::Number(number) => step.tx.number(number)?.is_some(),
    };
    if !there {
        return Err(RoutingRefusal::NoSuch(named(of)));
    }
    check(rules, |business| Ok(step.tx.business(business)?.is_some()))?;
    if *rules == RoutingRules::default() {
        step.tx.delete_routing_rules(of)?;
    } else {
        step.tx.put_routing_rules(of, rules)?;
    }
    for number in numbers_of(step, of)? {
        forget_threads(step, number)?;
    }
    Ok(())
}

pub(crate) fn rules_of(
    rows: &mut dyn Rows,
    of: RoutingScope,
) -> std::result::Result<RoutingView, RoutingRefusal> {
    let none = || RoutingRefusal::NoSuch(named(of));
    let number = match of {
        RoutingScope::Account(_) => None,
        RoutingScope::Number(number) => Some(rows.number(number)?.ok_or_else(none)?),
    };
    let waba = match (of, &number) {
        (_, Some(number)) => number.waba,
        (RoutingScope::Account(waba), None) => waba,
        (RoutingScope::Number(_), None) => return Err(none()),
    };
    let waba = rows.waba(waba)?.ok_or_else(none)?;
    let account = rows.routing_rules(RoutingScope::Account(waba.id))?;
    let own = match &number {
        Some(number) => rows.routing_rules(RoutingScope::Number(number.id))?,
        None => None,
    };
    let routing = Routing::of(waba.business, account.as_ref(), own.as_ref());
    let rules = if number.is_some() { own } else { account };
    Ok(RoutingView {
        rules: rules.unwrap_or_default(),
        routing,
    })
}

impl Platform {
    /// Sets the routing of an account, or the exceptions of a number. It holds for whatever happens from now on.
    ///
    /// # Errors
    /// There is no such account, number or business, or there are too many partners.
    pub async fn set_routing(
        &self,
        of: RoutingScope,
        rules: RoutingRules,
    ) -> std::result::Result<(), RoutingRefusal> {
        self.ledger()
            .execute(move |step| set_rules(step, of, &rules))
            .await
    }

    /// What was set for an account or a number, and what holds.
    ///
    /// # Errors
    /// There is no such account or number.
    pub fn routing(&self, of: RoutingScope) -> std::result::Result<RoutingView, RoutingRefusal> {
        self.read(|rows| Ok(rules_of(rows, of)))?
    }

    /// Whose the threads of a number are, by the users' numbers.
    ///
    /// # Errors
    /// The store's.
    pub fn thread_owners(
        &self,
        number: PhoneNumberId,
        page: Page<WaId>,
    ) -> Result<Vec<ThreadOwner>> {
        let now = self.clock().now();
        self.read(|rows| {
            let Some(number) = rows.number(number)? else {
                return Ok(Vec::new());
            };
            let routing = super::of(rows, &number)?;
            let threads = rows.threads(number.id, page)?;
            let shown = threads.into_iter().map(|(user, thread)| ThreadOwner {
                user,
                user_at: thread.user_at,
                owner: routing
                    .as_ref()
                    .and_then(|routing| thread.owner(routing, now))
                    .map(|owner| (owner.business, owner.role, owner.since)),
            });
            Ok(shown.collect())
        })
    }
}

fn named(of: RoutingScope) -> String {
    match of {
        RoutingScope::Account(WabaId(id)) => format!("account {id}"),
        RoutingScope::Number(PhoneNumberId(id)) => format!("business number {id}"),
    }
}
