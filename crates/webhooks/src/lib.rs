//! Delivery of webhooks: takes what the platform hands out, sends the stored bytes, tells what came of it.
//!
//! When to try again and whom to hold up is the platform's business (`ahoy_calling::delivery`); here is only HTTP.

mod places;
mod send;
mod verify;

pub use send::Sender;
pub use verify::{Verifier, VerifyError};
