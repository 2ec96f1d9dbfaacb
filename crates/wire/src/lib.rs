//! The public face in types: request bodies, answers, webhooks and the one table of errors.
//!
//! Nothing here knows a server, a clock or a socket, so clients, the sample agent and the load tool use the same
//! definitions as the platform. What comes from outside is read leniently into strict types, and each refusal is a
//! [`GraphError`] whose details name the field.

mod ascii;
pub mod errors;
mod session;
pub mod settings;
pub mod webhook;

pub use errors::{ErrorCode, GraphError};
pub use session::{SdpType, Session};
