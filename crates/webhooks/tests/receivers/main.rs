//! The sender against real receivers over HTTP, with a real platform behind it.
#![allow(clippy::unwrap_used)]

mod each_receiver_gets_what_was_stored_and_signed;
mod one_receiver_never_waits_for_another;
mod support;
mod what_counts_as_an_answer;
