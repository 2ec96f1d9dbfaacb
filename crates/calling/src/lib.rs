//! The rules of calling, pure: every item here is a function of `(state, input, now)`.
//!
//! No I/O, no clock, no randomness. The ledger loads the rows of a scope, calls a decision of this crate, and
//! writes what it says in the same transaction.

pub mod about;
pub mod account;
pub mod act;
pub mod admin;
pub mod analytics;
pub mod app;
pub mod badge;
pub mod calendar;
pub mod call;
pub mod delivery;
pub mod health;
pub mod hours;
pub mod identity;
pub mod instant;
pub mod limits;
pub mod media;
pub mod message;
pub mod notice;
pub mod pair;
pub mod place;
pub mod price;
pub mod quality;
pub mod readings;
pub mod registration;
pub mod routing;
pub mod settings;
pub mod simulated;
pub mod standing;
pub mod template;
pub mod verification;
pub mod view;

pub use call::{Call, CallState, End, EndCause, EndStatus, Ending, WithoutMedia, WrongState};
pub use pair::{Pair, Permission};
pub use place::Refusal;
