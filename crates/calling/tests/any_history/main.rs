//! Rules that go by what happened before, held against their whole history: a file a rule.
#![allow(clippy::unwrap_used, missing_docs)]

mod a_card_is_accepted_once_and_in_time;
mod a_permission_is_what_its_history_says;
mod a_thread_has_one_owner;
mod marks_stay_in_their_window;
mod no_window_holds_more_than_its_limit;
mod phones_look_anew_in_time;

use ahoy_types::RuleTime;

pub const START: RuleTime = RuleTime::from_secs(1_790_000_000);
pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;
