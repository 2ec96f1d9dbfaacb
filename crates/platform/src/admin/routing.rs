//! Conversation routing of accounts and numbers.

use ahoy_calling::admin::AdminRefusal;
use ahoy_calling::routing::RoutingRules;
use ahoy_store::{RoutingScope, Rows};

use super::businesses::waba;
use super::numbers::number;
use super::{Admin, internal};
use crate::routing::{RoutingRefusal, RoutingView, rules_of, set_rules};

/// What an administrator is told of it.
fn refusal(refusal: RoutingRefusal) -> AdminRefusal {
    match refusal {
        RoutingRefusal::NoSuch(_) | RoutingRefusal::Invalid(_) => {
            AdminRefusal::Invalid(refusal.to_string())
        }
        RoutingRefusal::Store(e) => internal(e),
    }
}

impl Admin {
    fn known(&self, rows: &mut dyn Rows, of: RoutingScope) -> Result<(), AdminRefusal> {
        match of {
            RoutingScope::Account(id) => waba(rows, self.who(), id).map(|_| ()),
            RoutingScope::Number(id) => number(rows, self.who(), id).map(|_| ()),
        }
    }

    /// The routing of an account, or the exceptions of a number, and what holds.
    ///
    /// # Errors
    /// No such account or number.
    pub fn routing(&self, of: RoutingScope) -> Result<RoutingView, AdminRefusal> {
        self.look(|rows, _| {
            self.known(rows, of)?;
            rules_of(rows, of).map_err(refusal)
        })
    }

    /// Sets the routing of an account, or the exceptions of a number. Its partners are businesses of whoever runs the server, so only
    /// an administrator of all of them names them.
    ///
    /// # Errors
    /// Forbidden to all but admins; no such account, number or business; too many partners.
    pub async fn set_routing(
        &self,
        of: RoutingScope,
        rules: RoutingRules,
    ) -> Result<RoutingView, AdminRefusal> {
        self.who().must_be_admin("set conversation routing")?;
        let this = self.clone();
        let view = self
            .change(move |step, _| {
                this.known(step.tx, of)?;
                set_rules(step, of, &rules).map_err(refusal)?;
                rules_of(step.tx, of).map_err(refusal)
            })
            .await?;
        let (kind, id) = match of {
            RoutingScope::Account(id) => ("routing of waba", id.0),
            RoutingScope::Number(id) => ("routing of number", id.0),
        };
        self.audit("update", kind, id);
        Ok(view)
    }
}
