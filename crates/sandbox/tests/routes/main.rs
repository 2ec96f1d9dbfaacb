//! The sandbox over HTTP: one program, because each links the whole platform.
#![allow(clippy::unwrap_used, missing_docs)]

mod a_numbers_standing_is_set_and_told;
mod a_template_is_held_back_on_request;
mod a_user_has_another_number;
mod a_users_network_and_sound_are_checked_at_once;
mod bad_input_is_refused_by_name;
mod every_route_is_described;
mod phones_show_what_a_business_says;
mod support;
mod the_clock_is_told_what_to_do;
mod the_log_of_calls_is_served;
mod the_state_goes_out_and_comes_back;
mod the_timeline_is_listed_and_followed;
mod users_act_on_their_phones;
mod values_out_of_range_are_refused_by_name;
mod world;
