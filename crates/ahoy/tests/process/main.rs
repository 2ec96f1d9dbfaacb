//! The binary as users start it: one program, because all share how a server is started and stopped.
#![allow(clippy::unwrap_used, missing_docs)]

mod a_bad_neighbour_gets_no_more_than_its_share;
mod a_data_folder_is_seeded_once;
mod a_server_from_nothing_serves_two_tenants;
mod a_server_goes_where_its_operator_allows;
mod a_webhook_that_fails_is_told_on_the_terminal;
mod an_agent_gives_back_what_it_took;
mod every_example_of_the_sandbox_page_runs;
mod every_refusal_has_a_body;
mod load;
mod nobody_reads_what_it_prints;
mod support;
mod the_sandbox_takes_a_configuration;
mod the_start_page_says_what_the_banner_says;
