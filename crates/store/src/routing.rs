//! Conversation routing: rules of accounts and numbers, and threads.

use ahoy_calling::routing::{RoutingRules, Thread};
use ahoy_types::{BusinessId, PhoneNumberId, WaId, WabaId};

use crate::{Page, Result};

/// What rules of routing hold for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoutingScope {
    /// Every number of an account.
    Account(WabaId),
    /// One number, as an exception from its account.
    Number(PhoneNumberId),
}

/// Reading them.
pub trait RoutingRows {
    /// What was set; `None` where nothing ever was.
    fn routing_rules(&mut self, of: RoutingScope) -> Result<Option<RoutingRules>>;
    /// Whether any rules name this business.
    fn routing_names(&mut self, business: BusinessId) -> Result<bool>;
    /// A thread; the default one where none was ever written.
    fn thread(&mut self, number: PhoneNumberId, user: WaId) -> Result<Thread>;
    /// Threads of a number by the user's number.
    fn threads(&mut self, number: PhoneNumberId, page: Page<WaId>) -> Result<Vec<(WaId, Thread)>>;
}

/// Writing them.
pub trait RoutingTx: RoutingRows {
    /// Creates or replaces the rules of an account or a number.
    fn put_routing_rules(&mut self, of: RoutingScope, rules: &RoutingRules) -> Result<()>;
    /// Removes them; says whether there were any.
    fn delete_routing_rules(&mut self, of: RoutingScope) -> Result<bool>;
    /// Creates or replaces a thread.
    fn put_thread(&mut self, number: PhoneNumberId, user: WaId, row: &Thread) -> Result<()>;
    /// Removes every thread of a number.
    fn delete_threads(&mut self, number: PhoneNumberId) -> Result<()>;
}
