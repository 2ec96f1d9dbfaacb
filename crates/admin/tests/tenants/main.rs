//! The admin API over HTTP: one program, because each links the whole platform.
#![allow(clippy::unwrap_used, missing_docs)]

mod another_tenants_objects_look_absent;
mod mails_are_read_by_their_own;
mod objects_are_created_changed_and_deleted;
mod routing_is_set_by_admins;
mod support;
mod the_call_log_is_read_by_its_own;
