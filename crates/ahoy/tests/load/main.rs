//! `ahoy load` against `ahoy dev`, both as the processes users start.
#![allow(clippy::unwrap_used, missing_docs)]

mod calls_are_played_and_reported;
mod support;
mod what_goes_wrong_is_named;
