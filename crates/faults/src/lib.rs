//! Faults on request (`contract.md` §3): what may be asked to go wrong, and the decision whether it does.
//!
//! A [`Plan`] is read from JSON or from the header `Ahoy-Fault`; an [`Active`] plan decides. Every decision is a function of
//! the plan's seed, the rule, and the number of what it is about: the n-th webhook since the plan was set, the n-th request or
//! call that a rule looked at. The same seed over the same story strikes the same places. A [`Board`] keeps the plan that holds
//! for everybody and those that came with one request.
//!
//! Nothing here carries a fault out; who sends, answers or relays does.

mod active;
mod board;
mod dice;
mod event;
mod plan;
mod read;

pub use active::{
    Active, ApiOutcome, ApiRequest, Attempt, CallFacts, MediaOutcome, WebhookOutcome,
};
pub use board::{Board, Subject};
pub use event::events_of;
pub use plan::{
    AlertFault, ApiFault, Area, Cut, EventFault, Heard, MediaFault, Plan, ProcessFault, Receiver,
    Rule, WebhookFault,
};
pub use read::{Numbers, from_header, from_json};
