//! The sample business against a platform it does not know: one program, because each links a whole peer.
#![allow(clippy::unwrap_used, missing_docs)]

mod a_call_of_our_own;
mod a_users_call_is_greeted_echoed_and_ended_by_star;
mod support;
mod trouble_with_the_platform_is_survived;
mod webhooks_are_believed_only_when_signed;
