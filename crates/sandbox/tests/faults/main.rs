//! Faults on request: asked for over HTTP, met over HTTP.
#![allow(clippy::unwrap_used, missing_docs)]

mod a_header_is_about_its_own_request_alone;
mod calls_are_refused_when_asked;
mod requests_go_wrong_when_asked;
mod support;
mod webhooks_go_wrong_when_asked;
mod what_cannot_be_done_is_said;
