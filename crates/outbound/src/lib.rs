//! Requests that a tenant causes: callbacks, their verification, and whatever else a tenant names an address for.
//!
//! They all go through one client ([`Outbound`]), because a server can reach what its tenants cannot: itself, its
//! neighbours, the metadata service of its host. Which addresses it goes to is a [`Policy`]; why a request failed is
//! said in plain words ([`Failure`]), and never with a byte of what was read.

mod client;
mod failure;
mod policy;
mod resolver;

pub use client::{Outbound, SetupError, certificates};
pub use failure::{Failure, TlsFailure};
pub use policy::{Policy, PolicyError, PolicyTable};
