//! The public face in types: request bodies, answers, webhooks and the one table of errors.
//!
//! Nothing here knows a server, a clock or a socket, so clients, the sample agent and the load tool use the same
//! definitions as the platform. What comes from outside is read leniently ([`Body`]) into strict types, and each
//! refusal is a [`GraphError`] whose details name the field.

pub mod analytics;
mod ascii;
pub mod body;
pub mod calls;
pub mod errors;
pub mod filtering;
pub mod health;
pub mod json;
pub mod media;
pub mod messages;
pub mod nodes;
pub mod permissions;
pub mod profile;
pub mod routing;
mod session;
pub mod settings;
pub mod subscriptions;
pub mod templates;
pub mod tokens;
pub mod verification;
pub mod webhook;

pub use body::Body;
pub use calls::CallAction;
pub use errors::{ErrorCode, GraphError};
pub use session::{SdpType, Session};
pub use subscriptions::Success;
