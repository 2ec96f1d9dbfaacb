//! Requests to harmless servers on loopback.
#![allow(clippy::unwrap_used)]

mod each_tls_fault_is_said_in_words;
mod support;
mod what_is_not_allowed_is_not_connected_to;
mod what_listens_is_told_from_what_does_not;
