//! Charge records, tiers and the figures of analytics; and the log of calls.

use ahoy_calling::act::CallAct;
use ahoy_calling::analytics::{Cell, Span};
use ahoy_calling::calendar::{Month, Zone};
use ahoy_calling::price::Micros;
use ahoy_calling::{CallState, End};
use ahoy_types::{BusinessId, CallId, Direction, PhoneNumberId, RuleTime, Seconds, WaId, WabaId};

use crate::Result;

/// What a call cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The call.
    pub call: CallId,
    /// The portfolio whose volume it added to.
    pub business: BusinessId,
    /// The market of the callee's country.
    pub market: String,
    /// The month it added to.
    pub month: Month,
    /// The tier whose rate held, as webhooks name it.
    pub tier: String,
    /// Started pulses.
    pub pulses: u64,
    /// ISO 4217.
    pub currency: String,
    /// The rate.
    pub per_minute: Micros,
    /// The sum.
    pub cost: Micros,
}

/// Whose kept figures to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SumsOf {
    /// The account.
    pub waba: WabaId,
    /// One of its numbers; `None` for the account as a whole.
    pub number: Option<PhoneNumberId>,
    /// Of half hours or of days.
    pub span: Span,
    /// From this instant …
    pub from: RuleTime,
    /// … until before this one.
    pub until: RuleTime,
}

/// An entry of a call's own log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEvent {
    /// When.
    pub at: RuleTime,
    /// What.
    pub act: CallAct,
    /// More about it: the cause of an end.
    pub detail: Option<String>,
    /// The id that the API's answer carried, where a request did it.
    pub request: Option<String>,
}

/// Which calls to list, in the order they were placed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallLogFilter {
    /// Only of this number.
    pub number: Option<PhoneNumberId>,
    /// Only with this user.
    pub user: Option<WaId>,
    /// Only in this direction.
    pub direction: Option<Direction>,
    /// Only placed at or after this instant.
    pub since: Option<RuleTime>,
    /// Only placed before this instant.
    pub until: Option<RuleTime>,
    /// Only after this place of the log.
    pub after: Option<u64>,
    /// At most this many.
    pub limit: usize,
}

/// A call as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedCall {
    /// Its place in the log.
    pub place: u64,
    /// The call.
    pub id: CallId,
    /// The business's number.
    pub number: PhoneNumberId,
    /// The user.
    pub user: WaId,
    /// Who called.
    pub direction: Direction,
    /// Where it is in its life.
    pub state: CallState,
    /// When it was placed.
    pub placed_at: RuleTime,
    /// When it was picked up.
    pub answered_at: Option<RuleTime>,
    /// How it ended.
    pub end: Option<End>,
    /// Currency and sum, where it was charged.
    pub cost: Option<(String, Micros)>,
}

/// Reading them.
pub trait ChargeRows {
    /// What a call cost, if it was charged.
    fn charge(&mut self, call: &CallId) -> Result<Option<Charge>>;
    /// The volume of a month so far.
    fn month_volume(&mut self, business: BusinessId, market: &str, month: Month)
    -> Result<Seconds>;
    /// Hands out kept figures by time, until `each` says `false`.
    fn call_sums(&mut self, of: &SumsOf, each: &mut dyn FnMut(Cell) -> Result<bool>) -> Result<()>;
    /// What happened to a call, oldest first.
    fn call_events(&mut self, call: &CallId) -> Result<Vec<CallEvent>>;
    /// Calls for the log, oldest first.
    fn call_log(&mut self, filter: &CallLogFilter) -> Result<Vec<LoggedCall>>;
    /// One call for the log.
    fn logged_call(&mut self, call: &CallId) -> Result<Option<LoggedCall>>;
}

/// Writing them.
pub trait ChargeTx: ChargeRows {
    /// Adds the charge of a call, which must be there and not be charged yet.
    fn add_charge(&mut self, row: &Charge) -> Result<()>;
    /// Adds to the volume of a month.
    fn add_volume(
        &mut self,
        business: BusinessId,
        market: &str,
        month: Month,
        volume: Seconds,
    ) -> Result<()>;
    /// Adds figures of one number, at the instant they are for, to everything that is kept: half hour and day, of
    /// the number and of its account. Days are those of the account's time zone.
    fn add_call_sums(
        &mut self,
        waba: WabaId,
        zone: &Zone,
        number: PhoneNumberId,
        cell: &Cell,
    ) -> Result<()>;
    /// Sums up an account's days anew out of its half hours: its time zone has changed.
    fn resum_days(&mut self, waba: WabaId, zone: &Zone) -> Result<()>;
    /// Adds an entry to a call's log; the call must be there.
    fn add_call_event(&mut self, call: &CallId, event: &CallEvent) -> Result<()>;
}
