//! What every store must do, as cases that run against any of them.
//!
//! A case gets an empty store and panics with the reason where the store does not behave:
//!
//! ```
//! use ahoy_store::{conformance, sqlite::SqliteStore};
//!
//! conformance::run(|| Box::new(SqliteStore::temporary().expect("a temporary folder")));
//! ```

#![allow(
    clippy::unwrap_used,
    reason = "a case reports a failing store by panicking"
)]

mod accounts;
mod admin;
mod calls;
mod charges;
mod identity;
mod ids_and_lists;
mod messages;
mod outbox;
mod quality;
mod routing;
pub mod samples;
mod state;
mod templates;
mod timers;
mod transactions;

use std::fmt::Debug;

use ahoy_types::Direction;

use crate::{Result, Rows, Store, Tx};

/// One behaviour, tried on an empty store.
pub type Case = fn(&mut dyn Store);

macro_rules! cases {
    ($($module:ident :: $case:ident),+ $(,)?) => {
        &[$((stringify!($case), $module::$case as Case)),+]
    };
}

/// All cases by name.
pub const CASES: &[(&str, Case)] = cases![
    accounts::rows_come_back_as_they_were_written,
    accounts::a_second_write_replaces_the_first,
    accounts::what_was_never_written_is_not_found,
    ids_and_lists::ids_beyond_63_bits_are_refused_and_never_found,
    ids_and_lists::two_numbers_cannot_share_their_digits,
    ids_and_lists::numbers_are_listed_by_id_in_pages,
    ids_and_lists::users_are_listed_in_the_order_of_their_creation,
    ids_and_lists::subscriptions_are_listed_by_app_and_can_be_removed,
    ids_and_lists::overrides_can_be_removed,
    accounts::any_text_survives,
    accounts::values_of_the_platform_are_kept,
    admin::objects_are_listed_by_id_and_by_their_business,
    admin::a_token_is_found_by_its_id,
    admin::roles_come_back_and_go,
    admin::an_allow_list_belongs_to_its_number,
    admin::a_picture_is_replaced_and_taken_away,
    admin::what_is_deleted_takes_along_what_hangs_on_it,
    admin::ids_beyond_63_bits_are_never_found,
    calls::a_pair_is_the_default_until_written,
    calls::every_kind_of_call_comes_back_as_it_was_written,
    calls::a_live_state_with_an_end_is_refused,
    calls::a_pair_has_at_most_one_live_call,
    calls::live_calls_are_counted_by_number,
    calls::live_calls_are_listed_in_the_order_they_were_placed,
    calls::a_call_moved_to_another_pair_is_found_there,
    calls::connects_are_counted_after_an_instant_up_to_a_cap,
    calls::the_newest_calls_are_listed_oldest_first,
    calls::a_report_goes_to_its_call_and_nowhere_else,
    calls::old_calls_lose_their_sdps_and_nothing_else,
    messages::every_kind_of_message_comes_back,
    messages::a_failed_message_without_its_error_is_refused,
    messages::the_newest_messages_of_a_pair_come_oldest_first,
    messages::requests_come_newest_first_without_the_failed,
    messages::unread_messages_are_found_by_side_up_to_one,
    messages::what_a_phone_has_not_taken_is_found,
    messages::service_messages_are_counted_by_number_and_month,
    charges::a_charge_comes_back_and_is_made_once,
    charges::volumes_add_up_by_portfolio_market_and_month,
    charges::sums_are_kept_for_number_and_account_by_half_hour_and_day,
    charges::sums_are_handed_out_by_time_until_it_is_enough,
    charges::days_follow_the_clock_of_their_account,
    charges::events_of_a_call_keep_their_order,
    charges::the_log_is_filtered_and_goes_on_where_it_stopped,
    charges::the_log_finds_a_time_wherever_it_lies,
    identity::an_id_belongs_to_one_portfolio,
    identity::a_portfolio_has_one_above_it,
    identity::what_one_number_knows_its_portfolio_knows,
    identity::a_user_takes_everything_along_to_another_number,
    timers::every_kind_of_timer_comes_back,
    timers::the_earliest_timer_comes_first_and_ties_go_by_id,
    timers::timers_of_a_call_go_together,
    timers::a_timer_of_an_unknown_call_is_refused,
    timers::timer_ids_are_never_used_again,
    templates::templates_come_back_by_id_and_by_name,
    templates::a_name_is_taken_once_an_account_and_language,
    templates::a_media_file_comes_in_parts_and_goes_as_a_whole,
    outbox::deliveries_come_back_as_they_were_written,
    outbox::a_delivery_in_the_lane_of_an_unknown_call_is_refused,
    outbox::huge_and_empty_bodies_survive,
    outbox::delivery_ids_grow,
    outbox::deliveries_are_listed_by_id_and_filtered,
    outbox::an_update_changes_the_state_and_never_the_body,
    outbox::lanes_are_kept_apart_by_receiver_and_call,
    outbox::what_was_being_sent_is_found_after_a_crash,
    outbox::attempts_are_listed_oldest_first,
    outbox::the_last_delivery_id_outlives_its_row,
    outbox::pruning_takes_old_finished_deliveries_only,
    quality::marks_are_summed_from_an_hour_on,
    quality::marks_are_forgotten_by_kind_and_by_age,
    quality::mails_come_back_and_are_pruned_when_finished,
    routing::rules_of_accounts_and_numbers_are_kept_apart,
    routing::threads_come_back_in_pages,
    transactions::refused_work_leaves_no_trace_and_its_neighbours_stay,
    transactions::failed_work_undoes_the_whole_batch,
    transactions::panicking_work_undoes_the_whole_batch,
    transactions::a_violated_rule_undoes_its_own_work_only,
    transactions::work_sees_its_own_rows_before_the_commit,
    transactions::a_reader_sees_committed_rows_only,
    transactions::a_reader_keeps_its_snapshot,
    transactions::readers_work_on_other_threads,
    transactions::clearing_removes_every_row_but_no_id_returns,
    state::what_is_exported_comes_back_to_the_last_byte,
    state::an_import_replaces_what_was_there,
    state::a_dump_that_is_wrong_is_refused_and_changes_nothing,
    state::what_follows_an_import_belongs_to_it,
];

/// Runs every case, each on a store of its own.
///
/// # Panics
/// With the reason, where a store does not behave; the name of the case stands on standard error.
pub fn run(mut open: impl FnMut() -> Box<dyn Store>) {
    for (name, case) in CASES {
        eprintln!("conformance: {name}");
        case(open().as_mut());
    }
}

/// Commits one piece of work and hands back what it answered.
fn write<T>(store: &mut dyn Store, work: impl FnOnce(&mut dyn Tx) -> Result<T>) -> T {
    try_write(store, work).unwrap()
}

/// Commits one piece of work, or hands back why it failed; it is undone then and the batch committed without it.
fn try_write<T>(store: &mut dyn Store, work: impl FnOnce(&mut dyn Tx) -> Result<T>) -> Result<T> {
    let mut work = Some(work);
    let mut answer = None;
    store.batch(&mut |batch| {
        let work = work.take().expect("a batch runs its work once");
        let mut work = Some(work);
        batch.savepoint(&mut |tx| {
            let work = work.take().expect("a savepoint runs its work once");
            let result = work(tx);
            let keep = result.is_ok();
            answer = Some(result);
            Ok(keep)
        })
    })?;
    answer.expect("the work ran")
}

/// Places the calls of `samples::call` with these numbers.
fn place(store: &mut dyn Store, calls: std::ops::Range<u64>) {
    write(store, |tx| {
        for n in calls {
            tx.put_call(&samples::call(n, samples::NUMBER, Direction::UserInitiated))?;
        }
        Ok(())
    });
}

/// Reads what is committed.
fn read<T>(store: &dyn Store, work: impl FnOnce(&mut dyn Rows) -> Result<T>) -> T {
    let mut work = Some(work);
    let mut answer = None;
    store
        .reader()
        .unwrap()
        .read(&mut |rows| {
            let work = work.take().expect("a reader runs its work once");
            answer = Some(work(rows)?);
            Ok(())
        })
        .unwrap();
    answer.expect("the work ran")
}

/// Writes a row and reads it back, inside the transaction and after the commit.
fn round_trip<T: PartialEq + Debug>(
    store: &mut dyn Store,
    row: &T,
    put: impl Fn(&mut dyn Tx, &T) -> Result<()>,
    get: impl Fn(&mut dyn Rows) -> Result<Option<T>>,
) {
    write(store, |tx| {
        put(tx, row)?;
        assert_eq!(get(tx)?.as_ref(), Some(row), "inside the transaction");
        Ok(())
    });
    assert_eq!(
        read(store, |rows| get(rows)).as_ref(),
        Some(row),
        "after the commit"
    );
}
