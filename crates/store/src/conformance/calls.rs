use ahoy_calling::{Call, CallState, EndCause, Pair, Permission};
use ahoy_types::{Direction, PhoneNumberId, RuleTime};

use super::samples::{self, NOW, NUMBER, OTHER_NUMBER, call_id, wa_id};
use super::{read, round_trip, try_write, write};
use crate::Store;

const DIRECTIONS: [Direction; 2] = [Direction::BusinessInitiated, Direction::UserInitiated];

pub(super) fn a_pair_is_the_default_until_written(store: &mut dyn Store) {
    assert_eq!(
        read(store, |rows| rows.pair(NUMBER, wa_id(0))),
        Pair::default()
    );
    let permanent = Pair {
        granted: Permission::Permanent,
        ..Pair::default()
    };
    for row in [samples::pair(), permanent, Pair::default()] {
        round_trip(
            store,
            &row,
            |tx, r| tx.put_pair(NUMBER, wa_id(0), r),
            |rows| rows.pair(NUMBER, wa_id(0)).map(Some),
        );
    }
    write(store, |tx| tx.put_pair(NUMBER, wa_id(1), &samples::pair()));
    read(store, |rows| {
        assert_eq!(rows.pair(NUMBER, wa_id(0))?, Pair::default());
        assert_eq!(rows.pair(OTHER_NUMBER, wa_id(1))?, Pair::default());
        assert_eq!(rows.pair(NUMBER, wa_id(1))?, samples::pair());
        Ok(())
    });
}

pub(super) fn every_kind_of_call_comes_back_as_it_was_written(store: &mut dyn Store) {
    let causes = [
        EndCause::BusinessHungUp,
        EndCause::UserHungUp,
        EndCause::BusinessRejected,
        EndCause::UserDeclined,
        EndCause::Abandoned,
        EndCause::Cancelled,
        EndCause::NoAnswer,
        EndCause::BusinessMediaTimeout,
        EndCause::UserMediaTimeout,
        EndCause::NoMedia,
        EndCause::SetupLost,
        EndCause::RelayLost,
    ];
    let states = [
        CallState::Ringing,
        CallState::PreAccepted,
        CallState::Answered,
        CallState::Connected,
    ];
    for direction in DIRECTIONS {
        let placed = samples::call(1, NUMBER, direction);
        let full = samples::full_call(1, direction, EndCause::UserHungUp);
        let mut life: Vec<Call> = Vec::new();
        for state in states {
            life.push(Call {
                state,
                ..placed.clone()
            });
            life.push(Call {
                state,
                end: None,
                ..full.clone()
            });
        }
        for cause in causes {
            life.push(samples::ended(placed.clone(), cause));
            life.push(samples::full_call(1, direction, cause));
        }
        life.push(Call {
            placed_at: RuleTime(-1),
            platform_sdp: String::new(),
            ..full
        });
        for row in &life {
            round_trip(
                store,
                row,
                |tx, r| tx.put_call(r),
                |rows| rows.call(&call_id(1)),
            );
        }
    }
    assert_eq!(read(store, |rows| rows.call(&call_id(2))), None);
}

pub(super) fn a_live_state_with_an_end_is_refused(store: &mut dyn Store) {
    let placed = samples::call(1, NUMBER, Direction::UserInitiated);
    let ended = samples::ended(placed.clone(), EndCause::Abandoned);
    let undead = Call {
        state: CallState::Ringing,
        ..ended
    };
    let lost = Call {
        state: CallState::Ended,
        ..placed
    };
    for row in [undead, lost] {
        assert!(try_write(store, |tx| tx.put_call(&row)).is_err());
    }
    assert_eq!(read(store, |rows| rows.call(&call_id(1))), None);
}

pub(super) fn a_pair_has_at_most_one_live_call(store: &mut dyn Store) {
    let live = |store: &mut dyn Store, number| {
        read(store, |rows| rows.live_call_of_pair(number, wa_id(1)))
    };
    let first = samples::call(1, NUMBER, Direction::UserInitiated);
    let second = Call {
        id: call_id(2),
        user: wa_id(1),
        ..samples::call(2, NUMBER, Direction::BusinessInitiated)
    };
    assert_eq!(live(store, NUMBER), None);
    write(store, |tx| tx.put_call(&first));
    assert_eq!(live(store, NUMBER), Some(call_id(1)));
    assert_eq!(live(store, OTHER_NUMBER), None);
    assert!(
        try_write(store, |tx| tx.put_call(&second)).is_err(),
        "a second live call"
    );
    let elsewhere = Call {
        id: call_id(3),
        number: OTHER_NUMBER,
        ..second.clone()
    };
    write(store, |tx| tx.put_call(&elsewhere));
    assert_eq!(live(store, OTHER_NUMBER), Some(call_id(3)));
    write(store, |tx| {
        tx.put_call(&Call {
            state: CallState::Connected,
            ..first.clone()
        })?;
        assert_eq!(tx.live_call_of_pair(NUMBER, wa_id(1))?, Some(call_id(1)));
        tx.put_call(&samples::ended(first.clone(), EndCause::UserHungUp))?;
        assert_eq!(tx.live_call_of_pair(NUMBER, wa_id(1))?, None);
        tx.put_call(&second)
    });
    assert_eq!(live(store, NUMBER), Some(call_id(2)));
    assert!(
        try_write(store, |tx| tx.put_call(&first)).is_err(),
        "back to life beside another"
    );
}

pub(super) fn live_calls_are_counted_by_number(store: &mut dyn Store) {
    write(store, |tx| {
        for n in 0..10 {
            let direction = if n % 2 == 0 {
                DIRECTIONS[0]
            } else {
                DIRECTIONS[1]
            };
            tx.put_call(&samples::call(n, NUMBER, direction))?;
        }
        tx.put_call(&samples::call(20, OTHER_NUMBER, DIRECTIONS[0]))?;
        for n in 0..3 {
            let call = samples::call(n, NUMBER, DIRECTIONS[1]);
            tx.put_call(&samples::ended(call, EndCause::NoAnswer))?;
        }
        Ok(())
    });
    read(store, |rows| {
        assert_eq!(rows.live_calls_of(NUMBER)?, 7);
        assert_eq!(rows.live_calls_of(OTHER_NUMBER)?, 1);
        assert_eq!(rows.live_calls_of(PhoneNumberId(u64::MAX))?, 0);
        Ok(())
    });
}

pub(super) fn live_calls_are_listed_in_the_order_they_were_placed(store: &mut dyn Store) {
    let calls = [9, 2, 7, 4].map(|n| samples::call(n, NUMBER, Direction::UserInitiated));
    write(store, |tx| {
        for call in &calls {
            tx.put_call(call)?;
        }
        tx.put_call(&samples::ended(calls[1].clone(), EndCause::Abandoned))?;
        tx.put_call(&calls[0])
    });
    let [first, _, third, fourth] = calls;
    assert_eq!(
        read(store, |rows| rows.live_calls()),
        [first, third, fourth]
    );
}

pub(super) fn a_call_moved_to_another_pair_is_found_there(store: &mut dyn Store) {
    let call = samples::call(1, NUMBER, Direction::UserInitiated);
    let moved = Call {
        number: OTHER_NUMBER,
        user: wa_id(2),
        direction: Direction::BusinessInitiated,
        placed_at: RuleTime(NOW.0 + 5),
        ..call.clone()
    };
    write(store, |tx| {
        tx.put_call(&call).and_then(|()| tx.put_call(&moved))
    });
    read(store, |rows| {
        assert_eq!(rows.call(&call.id)?.as_ref(), Some(&moved));
        assert_eq!(rows.live_call_of_pair(NUMBER, wa_id(1))?, None);
        assert_eq!(
            rows.live_call_of_pair(OTHER_NUMBER, wa_id(2))?,
            Some(call_id(1))
        );
        assert_eq!(rows.live_calls_of(NUMBER)?, 0);
        assert_eq!(rows.calls_of_user(wa_id(1), 9)?, []);
        assert_eq!(rows.calls_of_pair(OTHER_NUMBER, wa_id(2), 9)?, [moved]);
        assert_eq!(rows.connects_since(OTHER_NUMBER, NOW, 9)?, 1);
        Ok(())
    });
}

pub(super) fn connects_are_counted_after_an_instant_up_to_a_cap(store: &mut dyn Store) {
    write(store, |tx| {
        for n in 0..10 {
            let mut call = samples::call(n, NUMBER, Direction::BusinessInitiated);
            call.placed_at = RuleTime(NOW.0 + i64::try_from(n).unwrap());
            if n % 2 == 0 {
                call = samples::ended(call, EndCause::UserDeclined);
            }
            tx.put_call(&call)?;
        }
        let later = RuleTime(NOW.0 + 100);
        let of_user = Call {
            placed_at: later,
            ..samples::call(20, NUMBER, Direction::UserInitiated)
        };
        tx.put_call(&of_user)?;
        let elsewhere = samples::call(21, OTHER_NUMBER, Direction::BusinessInitiated);
        tx.put_call(&Call {
            placed_at: later,
            ..elsewhere
        })
    });
    read(store, |rows| {
        let mut since = |ms, cap| rows.connects_since(NUMBER, RuleTime(NOW.0 + ms), cap);
        assert_eq!(since(-1, 100)?, 10);
        assert_eq!(since(0, 100)?, 9, "at the very instant is not after it");
        assert_eq!(since(8, 100)?, 1);
        assert_eq!(since(9, 100)?, 0);
        assert_eq!(since(-1, 4)?, 4);
        assert_eq!(since(-1, 0)?, 0);
        assert_eq!(since(-1, u32::MAX)?, 10);
        Ok(())
    });
}

pub(super) fn the_newest_calls_are_listed_oldest_first(store: &mut dyn Store) {
    write(store, |tx| {
        // All at one instant of rule time: only the order of writing tells them apart.
        for n in [3, 8, 1, 6] {
            let number = if n == 1 { OTHER_NUMBER } else { NUMBER };
            let call = Call {
                user: wa_id(0),
                ..samples::call(n, number, Direction::UserInitiated)
            };
            tx.put_call(&samples::ended(call, EndCause::Abandoned))?;
        }
        tx.put_call(&samples::call(5, NUMBER, Direction::UserInitiated))?;
        let first = Call {
            user: wa_id(0),
            ..samples::call(3, NUMBER, Direction::UserInitiated)
        };
        tx.put_call(&samples::ended(first, EndCause::BusinessRejected))
    });
    let ids = |calls: Vec<Call>| calls.into_iter().map(|c| c.id).collect::<Vec<_>>();
    read(store, |rows| {
        assert_eq!(
            ids(rows.calls_of_user(wa_id(0), 10)?),
            [3, 8, 1, 6].map(call_id)
        );
        assert_eq!(ids(rows.calls_of_user(wa_id(0), 2)?), [1, 6].map(call_id));
        assert_eq!(ids(rows.calls_of_user(wa_id(0), 0)?), []);
        assert_eq!(
            ids(rows.calls_of_pair(NUMBER, wa_id(0), 10)?),
            [3, 8, 6].map(call_id)
        );
        assert_eq!(
            ids(rows.calls_of_pair(NUMBER, wa_id(0), 1)?),
            [6].map(call_id)
        );
        assert_eq!(ids(rows.calls_of_user(wa_id(5), 10)?), [5].map(call_id));
        Ok(())
    });
}

pub(super) fn a_report_goes_to_its_call_and_nowhere_else(store: &mut dyn Store) {
    let calls = [1, 2].map(|n| samples::call(n, NUMBER, Direction::UserInitiated));
    let report = r#"{"verdict":"no packet ever came from the business"}"#;
    write(store, |tx| {
        for call in &calls {
            tx.put_call(call)?;
        }
        tx.put_report(&call_id(1), report)?;
        tx.put_report(&call_id(3), report)
    });
    let [first, second] = calls;
    read(store, |rows| {
        let with_report = Call {
            report: Some(report.into()),
            ..first
        };
        assert_eq!(rows.call(&call_id(1))?, Some(with_report));
        assert_eq!(rows.call(&call_id(2))?, Some(second));
        assert_eq!(rows.call(&call_id(3))?, None);
        Ok(())
    });
}

pub(super) fn old_calls_lose_their_sdps_and_nothing_else(store: &mut dyn Store) {
    let ended = |n| samples::full_call(n, Direction::UserInitiated, EndCause::UserHungUp);
    let late = |n, ms: i64| {
        let mut call = ended(n);
        call.end.as_mut().unwrap().at.0 += ms;
        call
    };
    let living = samples::call(5, NUMBER, Direction::UserInitiated);
    let all = [ended(1), ended(2), ended(3), late(4, 1), living, ended(6)];
    write(store, |tx| {
        all.iter().try_for_each(|call| tx.put_call(call))
    });
    // The instant itself is not before it.
    let end = all[3].end.unwrap().at;
    assert_eq!(
        write(store, |tx| tx.prune_sdps(all[0].end.unwrap().at, 9)),
        0
    );
    assert_eq!(write(store, |tx| tx.prune_sdps(end, 2)), 2);
    assert_eq!(write(store, |tx| tx.prune_sdps(end, 2)), 1);
    assert_eq!(write(store, |tx| tx.prune_sdps(end, 2)), 0);
    let emptied = |call: &Call| Call {
        business_sdp: None,
        platform_sdp: String::new(),
        ..call.clone()
    };
    read(store, |rows| {
        for call in &all[..3] {
            assert_eq!(rows.call(&call.id)?, Some(emptied(call)));
        }
        for call in &all[3..] {
            assert_eq!(rows.call(&call.id)?.as_ref(), Some(call));
        }
        Ok(())
    });
    let far = RuleTime(end.0 + 1_000_000);
    assert_eq!(write(store, |tx| tx.prune_sdps(far, 9)), 1);
    // One that still lives stops those behind it, until it has ended.
    assert_eq!(write(store, |tx| tx.prune_sdps(far, 9)), 0);
    write(store, |tx| {
        let call = tx.call(&all[4].id)?.unwrap();
        tx.put_call(&samples::ended(call, EndCause::Abandoned))
    });
    assert_eq!(write(store, |tx| tx.prune_sdps(far, 9)), 2);
    assert_eq!(
        read(store, |rows| rows.call(&all[5].id)),
        Some(emptied(&all[5]))
    );
}
