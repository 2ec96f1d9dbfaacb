//! The platform as its edges see it: on a real store and the real media engine, with receivers that answer by script,
//! on virtual time. One file a promise.
#![allow(clippy::unwrap_used)]

mod a_bad_standing_warns_before_it_restricts;
mod a_business_call_waits_for_phone_and_media;
mod a_charge_is_made_exactly_once;
mod a_closed_business_is_not_called;
mod a_crash_loses_nothing;
mod a_jump_leaves_the_audio_alone;
mod a_number_is_seen_only_while_it_may_be;
mod a_real_phone_hears_the_first_syllable;
mod a_silent_call_says_why;
mod a_state_goes_out_and_comes_back;
mod a_stop_ends_the_calls;
mod a_store_that_fails_costs_no_more_than_it_must;
mod a_users_call_lives_from_connect_to_terminate;
mod a_webhook_is_sent_once_more_when_asked;
mod a_webhook_that_fails_is_told;
mod an_ended_call_is_charged_and_counted;
mod any_order_of_acts_keeps_the_promises;
mod exactly_the_allowed_calls_win;
mod keys_go_only_where_they_were_agreed;
mod messages_go_both_ways;
mod one_of_many_acts_wins;
mod permissions_come_and_go;
mod support;
mod the_clock_jumps_and_never_goes_back;
mod users_may_hide_their_number;
mod webhooks_keep_the_order_of_their_call;
mod what_is_old_is_let_go;
