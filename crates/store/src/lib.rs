//! What survives a crash.
//!
//! [`Store`] is what a database must offer the ledger; [`sqlite::SqliteStore`] is the embedded one. A batch is one commit;
//! inside it each piece of work has a savepoint of its own, so that a refused one leaves no trace and the others
//! still share the cost of the disk (`design.md` §6).

mod admin;
mod charges;
pub mod conformance;
mod messages;
mod permissions;
mod quality;
mod routing;
mod rows;
pub mod sqlite;
mod state;
mod templates;

pub use admin::{AdminRows, AdminTx, Picture};
pub use charges::{CallEvent, CallLogFilter, Charge, ChargeRows, ChargeTx, LoggedCall, SumsOf};
pub use messages::{MessageRows, MessageTx};
pub use permissions::{IdentityRows, IdentityTx, ShownId};
pub use quality::{Mail, MailState, NewMail, QualityRows, QualityTx};
pub use routing::{RoutingRows, RoutingScope, RoutingTx};
pub use rows::{
    Attempt, Delivery, DeliveryFilter, DeliveryState, NewDelivery, NumberOverride, Page, Timer,
    TimerKind,
};
pub use state::{Dump, ReplaceError};
pub use templates::{MediaHeld, TemplateRows, TemplateTx};

use ahoy_calling::account::{App, Business, Number, Subscription, Token, User, Waba};
use ahoy_calling::{Call, Pair};
use ahoy_types::{
    AppId, BusinessId, CallId, DeliveryId, PhoneNumberId, RuleTime, TimerId, TokenHash, WaId,
    WabaId,
};

/// The store failed: disk full, file corrupt, schema newer than the program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StoreError(pub String);

/// Result of a store operation.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A database behind the ledger. Used from one thread at a time.
pub trait Store: Send {
    /// Runs `work` inside one transaction and commits it. When `work` fails nothing of the batch stays.
    fn batch(&mut self, work: &mut dyn FnMut(&mut dyn Batch) -> Result<()>) -> Result<()>;
    /// Another connection that reads committed state, for use on other threads.
    fn reader(&self) -> Result<Box<dyn Reader>>;
    /// Deletes every row but the schema: the sandbox's reset.
    fn clear(&mut self) -> Result<()>;
    /// Puts the rows of `dump` in the place of all there are and runs `then` on them, in one transaction: when the dump
    /// is refused or `then` fails, everything stays as it was. A dump of an older schema is brought up to date; one that
    /// this store could not have written is refused.
    ///
    /// # Errors
    /// [`ReplaceError::Invalid`] names the place in the dump.
    fn replace(
        &mut self,
        dump: &Dump,
        then: &mut dyn FnMut(&mut dyn Batch) -> Result<()>,
    ) -> std::result::Result<(), ReplaceError>;
}

/// One commit in the making.
pub trait Batch {
    /// Runs `work` under a savepoint: what it wrote stays if it answers `true`, and is undone if it answers `false`.
    fn savepoint(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> Result<bool>) -> Result<()>;
}

/// Reads of committed state.
pub trait Reader: Send {
    /// Runs `work` on one consistent snapshot.
    fn read(&mut self, work: &mut dyn FnMut(&mut dyn Rows) -> Result<()>) -> Result<()>;
    /// One more connection like this one.
    fn another(&self) -> Result<Box<dyn Reader>>;
}

/// Reading rows: the same on the ledger's connection (own uncommitted writes included) and on a reader.
pub trait Rows:
    MessageRows + TemplateRows + IdentityRows + QualityRows + ChargeRows + AdminRows + RoutingRows
{
    /// A portfolio.
    fn business(&mut self, id: BusinessId) -> Result<Option<Business>>;
    /// A WABA.
    fn waba(&mut self, id: WabaId) -> Result<Option<Waba>>;
    /// A number by its node id.
    fn number(&mut self, id: PhoneNumberId) -> Result<Option<Number>>;
    /// A number by its digits.
    fn number_by_digits(&mut self, number: WaId) -> Result<Option<Number>>;
    /// Numbers of a WABA by ascending id, after `after`.
    fn numbers_of(&mut self, waba: WabaId, page: Page<PhoneNumberId>) -> Result<Vec<Number>>;
    /// All numbers by ascending id (the phone's list of businesses).
    fn numbers(&mut self, page: Page<PhoneNumberId>) -> Result<Vec<Number>>;
    /// An app.
    fn app(&mut self, id: AppId) -> Result<Option<App>>;
    /// A token by its hash.
    fn token(&mut self, hash: &TokenHash) -> Result<Option<Token>>;
    /// Subscriptions of a WABA by ascending app id.
    fn subscriptions(&mut self, waba: WabaId) -> Result<Vec<Subscription>>;
    /// One app's override on one number.
    fn number_override(
        &mut self,
        number: PhoneNumberId,
        app: AppId,
    ) -> Result<Option<NumberOverride>>;
    /// A user.
    fn user(&mut self, wa_id: WaId) -> Result<Option<User>>;
    /// Users in the order they were created.
    fn users(&mut self, limit: usize) -> Result<Vec<User>>;
    /// A pair; the default one where none was ever written.
    fn pair(&mut self, number: PhoneNumberId, user: WaId) -> Result<Pair>;
    /// A call.
    fn call(&mut self, id: &CallId) -> Result<Option<Call>>;
    /// The live call of a pair.
    fn live_call_of_pair(&mut self, number: PhoneNumberId, user: WaId) -> Result<Option<CallId>>;
    /// How many live calls a number has, both directions.
    fn live_calls_of(&mut self, number: PhoneNumberId) -> Result<u32>;
    /// Every live call (at start, after a crash).
    fn live_calls(&mut self) -> Result<Vec<Call>>;
    /// Business-initiated calls a number placed after `since`, at most `cap` counted.
    fn connects_since(&mut self, number: PhoneNumberId, since: RuleTime, cap: u32) -> Result<u32>;
    /// A user's calls, oldest first, the newest `limit` of them.
    fn calls_of_user(&mut self, user: WaId, limit: usize) -> Result<Vec<Call>>;
    /// Calls of one pair, oldest first, the newest `limit` of them.
    fn calls_of_pair(
        &mut self,
        number: PhoneNumberId,
        user: WaId,
        limit: usize,
    ) -> Result<Vec<Call>>;
    /// The timer that is due first; ties by id.
    fn next_timer(&mut self) -> Result<Option<Timer>>;
    /// A delivery.
    fn delivery(&mut self, id: DeliveryId) -> Result<Option<Delivery>>;
    /// Deliveries by ascending id.
    fn deliveries(&mut self, filter: &DeliveryFilter) -> Result<Vec<Delivery>>;
    /// Attempts of one delivery, oldest first.
    fn attempts(&mut self, id: DeliveryId) -> Result<Vec<Attempt>>;
    /// Whether some delivery of this receiver and call holds its lane.
    fn lane_held(&mut self, app: AppId, lane: &CallId) -> Result<bool>;
    /// The oldest delivery that waits in a lane.
    fn lane_next(&mut self, app: AppId, lane: &CallId) -> Result<Option<DeliveryId>>;
    /// Deliveries in state `Sending` by ascending id: in flight when the process died.
    fn sending(&mut self) -> Result<Vec<DeliveryId>>;
    /// The delivery id given last, be its row still there or not.
    fn last_delivery(&mut self) -> Result<Option<DeliveryId>>;
    /// A value of the platform's own (`clock`, `heartbeat`, `seeded`).
    fn meta(&mut self, key: &str) -> Result<Option<String>>;
    /// Every row of every table: the sandbox's export.
    fn dump(&mut self) -> Result<Dump>;
}

/// Writing rows, inside the ledger.
pub trait Tx:
    Rows + MessageTx + TemplateTx + IdentityTx + QualityTx + ChargeTx + AdminTx + RoutingTx
{
    /// Creates or replaces a portfolio.
    fn put_business(&mut self, row: &Business) -> Result<()>;
    /// Creates or replaces a WABA.
    fn put_waba(&mut self, row: &Waba) -> Result<()>;
    /// Creates or replaces a number.
    fn put_number(&mut self, row: &Number) -> Result<()>;
    /// Creates or replaces an app.
    fn put_app(&mut self, row: &App) -> Result<()>;
    /// Creates or replaces a token.
    fn put_token(&mut self, row: &Token) -> Result<()>;
    /// Creates or replaces a subscription.
    fn put_subscription(&mut self, row: &Subscription) -> Result<()>;
    /// Removes a subscription; says whether there was one.
    fn delete_subscription(&mut self, waba: WabaId, app: AppId) -> Result<bool>;
    /// Creates or replaces an override.
    fn put_number_override(&mut self, row: &NumberOverride) -> Result<()>;
    /// Removes an override; says whether there was one.
    fn delete_number_override(&mut self, number: PhoneNumberId, app: AppId) -> Result<bool>;
    /// Creates or replaces a user.
    fn put_user(&mut self, row: &User) -> Result<()>;
    /// Creates or replaces a pair.
    fn put_pair(&mut self, number: PhoneNumberId, user: WaId, row: &Pair) -> Result<()>;
    /// Creates or replaces a call.
    fn put_call(&mut self, row: &Call) -> Result<()>;
    /// Stores the media report of a call, if the call is there.
    fn put_report(&mut self, id: &CallId, report: &str) -> Result<()>;
    /// Adds a timer; the call it belongs to must be there.
    fn add_timer(&mut self, due: RuleTime, kind: &TimerKind) -> Result<TimerId>;
    /// Removes a timer; says whether it was there.
    fn delete_timer(&mut self, id: TimerId) -> Result<bool>;
    /// Removes every timer of a call.
    fn delete_timers_of_call(&mut self, call: &CallId) -> Result<()>;
    /// Adds a delivery; the call whose lane it keeps must be there.
    fn add_delivery(&mut self, row: &NewDelivery) -> Result<DeliveryId>;
    /// Updates state, attempts, due time and hold of a delivery that is there; never its body, receiver or lane.
    fn update_delivery(&mut self, row: &Delivery) -> Result<()>;
    /// Adds an attempt.
    fn add_attempt(&mut self, row: &Attempt) -> Result<()>;
    /// Deletes finished deliveries (`Delivered`, `Abandoned`) committed before `before`, oldest first and at most
    /// `limit` of them, with their bodies and attempts. Says how many: fewer than `limit` when none is left.
    fn prune_deliveries(&mut self, before: RuleTime, limit: u32) -> Result<u32>;
    /// Empties the SDPs of at most `limit` calls that ended before `before`, in the order they were placed; the first
    /// call that is too young or still lives stops it. The calls stay. Says how many: fewer than `limit` when none is
    /// left.
    fn prune_sdps(&mut self, before: RuleTime, limit: u32) -> Result<u32>;
    /// Sets a value of the platform's own.
    fn put_meta(&mut self, key: &str, value: &str) -> Result<()>;
}
