//! The Graph API over HTTP: one program, because each links the whole platform.
#![allow(clippy::unwrap_used, missing_docs)]

mod a_body_too_large_is_answered_over_tcp;
mod a_call_is_refused_as_live;
mod a_number_is_registered_and_says_who_it_is;
mod a_number_is_verified_by_a_code;
mod a_template_of_an_impossible_shape_is_refused_first;
mod an_account_answers_for_its_calls;
mod an_answer_to_an_advertisement_is_free_for_days;
mod an_old_app_lacks_what_came_later;
mod calls_end_to_end_over_http;
mod each_code_is_met_by_a_request;
mod every_path_and_token_is_understood;
mod files_come_in_and_go;
mod health_says_what_blocks;
mod holidays_have_two_readings;
mod messages_over_http;
mod permissions_and_nodes;
mod requests_over_the_rate_are_refused;
mod settings_are_changed_by_parts_and_shown_whole;
mod subscriptions_and_tokens;
mod support;
mod templates_live_and_are_sent;
mod the_document_describes_the_routes;
mod two_apps_share_a_number;
