use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use ahoy_types::{Direction, RuleTime};

use super::samples::{self, APP, BUSINESS, NOW, NUMBER, WABA, call_id, wa_id};
use super::{read, write};
use crate::{Batch, DeliveryFilter, DeliveryState, Page, Result, Store, StoreError, TimerKind, Tx};

/// Something in every table that a job usually writes.
fn job(tx: &mut dyn Tx, n: u64) -> Result<()> {
    let call = samples::call(n, NUMBER, Direction::UserInitiated);
    tx.put_call(&call)?;
    tx.put_pair(NUMBER, call.user, &samples::pair())?;
    tx.add_delivery(&samples::delivery(
        APP,
        Some(call.id.clone()),
        DeliveryState::Sending,
    ))?;
    tx.add_timer(RuleTime(NOW.0), &TimerKind::RingTimeout { call: call.id })?;
    tx.put_meta("last", &n.to_string())
}

/// The jobs whose rows are there, all of each.
fn done(store: &dyn Store) -> Vec<u64> {
    read(store, |rows| {
        let mut found = Vec::new();
        for n in 0..10 {
            let call = Some(call_id(n));
            let of_call = DeliveryFilter {
                call,
                ..Default::default()
            };
            let deliveries = rows.deliveries(&of_call)?.len();
            let pair = rows.pair(NUMBER, wa_id(n))? == samples::pair();
            match (rows.call(&call_id(n))?.is_some(), pair, deliveries) {
                (true, true, 1) => found.push(n),
                (false, false, 0) => {}
                other => panic!("job {n} is there in part: {other:?}"),
            }
        }
        let last = rows.meta("last")?.map(|n| n.parse().unwrap());
        assert_eq!(last, found.last().copied());
        assert_eq!(rows.next_timer()?.is_some(), !found.is_empty());
        Ok(found)
    })
}

fn keep(batch: &mut dyn Batch, n: u64) -> Result<()> {
    batch.savepoint(&mut |tx| job(tx, n).map(|()| true))
}

pub(super) fn refused_work_leaves_no_trace_and_its_neighbours_stay(store: &mut dyn Store) {
    store
        .batch(&mut |batch| {
            for n in 0..6 {
                batch.savepoint(&mut |tx| job(tx, n).map(|()| n % 3 != 1))?;
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(done(store), [0, 2, 3, 5]);
}

pub(super) fn failed_work_undoes_the_whole_batch(store: &mut dyn Store) {
    let told = StoreError("told".into());
    store.batch(&mut |batch| keep(batch, 0)).unwrap();
    let between = store.batch(&mut |batch| {
        keep(batch, 1)?;
        Err(told.clone())
    });
    assert_eq!(between, Err(told.clone()));
    let within = store.batch(&mut |batch| {
        keep(batch, 2)?;
        batch.savepoint(&mut |tx| job(tx, 3).and(Err(told.clone())))
    });
    assert_eq!(within, Err(told.clone()));
    assert_eq!(done(store), [0]);
    // A batch that takes the failure of one piece of work lightly goes on without it.
    store
        .batch(&mut |batch| {
            let failed = batch.savepoint(&mut |tx| job(tx, 4).and(Err(told.clone())));
            assert_eq!(failed, Err(told.clone()));
            keep(batch, 5)
        })
        .unwrap();
    assert_eq!(done(store), [0, 5]);
}

pub(super) fn panicking_work_undoes_the_whole_batch(store: &mut dyn Store) {
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.batch(&mut |batch| {
            keep(batch, 0)?;
            batch.savepoint(&mut |tx| {
                job(tx, 1)?;
                // Unlike `panic!` it prints nothing: this one is wanted.
                resume_unwind(Box::new("wanted"))
            })
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(done(store), [0; 0]);
    store.batch(&mut |batch| keep(batch, 2)).unwrap();
    assert_eq!(done(store), [2]);
}

pub(super) fn a_violated_rule_undoes_its_own_work_only(store: &mut dyn Store) {
    store
        .batch(&mut |batch| {
            keep(batch, 1)?;
            batch.savepoint(&mut |tx| {
                tx.put_meta("last", "7")?;
                let mut second = samples::call(7, NUMBER, Direction::UserInitiated);
                second.user = wa_id(1);
                assert!(tx.put_call(&second).is_err(), "the pair has a live call");
                Ok(false)
            })?;
            keep(batch, 3)
        })
        .unwrap();
    assert_eq!(done(store), [1, 3]);
}

pub(super) fn work_sees_its_own_rows_before_the_commit(store: &mut dyn Store) {
    store
        .batch(&mut |batch| {
            keep(batch, 1)?;
            batch.savepoint(&mut |tx| {
                assert_eq!(tx.live_calls_of(NUMBER)?, 1);
                assert!(tx.lane_held(APP, &call_id(1))?);
                job(tx, 2).map(|()| false)
            })?;
            batch.savepoint(&mut |tx| {
                assert_eq!(tx.live_calls_of(NUMBER)?, 1);
                assert!(!tx.lane_held(APP, &call_id(2))?);
                Ok(true)
            })
        })
        .unwrap();
    assert_eq!(done(store), [1]);
}

pub(super) fn a_reader_sees_committed_rows_only(store: &mut dyn Store) {
    let mut reader = store.reader().unwrap();
    let mut live = || {
        let mut count = 0;
        let read = reader.read(&mut |rows| {
            count = rows.live_calls_of(NUMBER)?;
            Ok(())
        });
        read.map(|()| count)
    };
    store
        .batch(&mut |batch| {
            keep(batch, 1)?;
            assert_eq!(live()?, 0, "before the commit");
            Ok(())
        })
        .unwrap();
    assert_eq!(live(), Ok(1), "after the commit");
    let failed = reader.read(&mut |_| Err(StoreError("told".into())));
    assert_eq!(failed, Err(StoreError("told".into())));
    let mut found = None;
    let mut other = reader.another().unwrap();
    other
        .read(&mut |rows| {
            found = rows.live_call_of_pair(NUMBER, wa_id(1))?;
            Ok(())
        })
        .unwrap();
    assert_eq!(found, Some(call_id(1)));
}

pub(super) fn a_reader_keeps_its_snapshot(store: &mut dyn Store) {
    write(store, |tx| job(tx, 1));
    let mut reader = store.reader().unwrap();
    reader
        .read(&mut |rows| {
            assert_eq!(rows.live_calls_of(NUMBER)?, 1);
            write(store, |tx| job(tx, 2));
            assert_eq!(rows.live_calls_of(NUMBER)?, 1);
            assert_eq!(rows.call(&call_id(2))?, None);
            assert_eq!(rows.meta("last")?.as_deref(), Some("1"));
            Ok(())
        })
        .unwrap();
    reader
        .read(&mut |rows| {
            assert_eq!(rows.live_calls_of(NUMBER)?, 2);
            assert_eq!(rows.meta("last")?.as_deref(), Some("2"));
            Ok(())
        })
        .unwrap();
}

/// Each batch writes a call and its number into `last`: a reader that saw parts of two batches would find them apart.
pub(super) fn readers_work_on_other_threads(store: &mut dyn Store) {
    const BATCHES: u64 = 50;
    let mut threads = Vec::new();
    for _ in 0..3 {
        let mut reader = store.reader().unwrap();
        threads.push(std::thread::spawn(move || {
            let (mut seen, mut snapshots) = (0, 0);
            while seen < BATCHES {
                reader
                    .read(&mut |rows| {
                        let live = u64::from(rows.live_calls_of(NUMBER)?);
                        let last = rows.meta("last")?.map_or(0, |n| n.parse().unwrap());
                        assert_eq!(live, last, "one snapshot");
                        assert!(live >= seen, "commits do not go back");
                        seen = live;
                        Ok(())
                    })
                    .unwrap();
                snapshots += 1;
            }
            snapshots
        }));
    }
    for n in 1..=BATCHES {
        write(store, |tx| job(tx, n));
    }
    for thread in threads {
        assert!(thread.join().unwrap() > 0);
    }
}

pub(super) fn clearing_removes_every_row_but_no_id_returns(store: &mut dyn Store) {
    let (delivery, timer) = write(store, |tx| {
        tx.put_business(&samples::business())?;
        tx.put_waba(&samples::waba())?;
        tx.put_number(&samples::number(NUMBER))?;
        tx.put_app(&samples::app())?;
        tx.put_token(&samples::token("a"))?;
        tx.put_subscription(&samples::subscription(APP))?;
        tx.put_number_override(&samples::number_override(NUMBER, APP))?;
        tx.put_user(&samples::user(1))?;
        job(tx, 1)?;
        let delivery = tx.add_delivery(&samples::delivery(APP, None, DeliveryState::Sending))?;
        tx.add_attempt(&samples::attempt(delivery, 1))?;
        let timer = tx.add_timer(NOW, &TimerKind::Retry { delivery })?;
        Ok((delivery, timer))
    });
    store.clear().unwrap();
    assert_eq!(done(store), [0; 0]);
    read(store, |rows| {
        assert_eq!(rows.business(BUSINESS)?, None);
        assert_eq!(rows.waba(WABA)?, None);
        assert_eq!(
            rows.numbers(Page {
                after: None,
                limit: 9
            })?,
            []
        );
        assert_eq!(rows.app(APP)?, None);
        assert_eq!(rows.token(&samples::token("a").hash)?, None);
        assert_eq!(rows.subscriptions(WABA)?, []);
        assert_eq!(rows.number_override(NUMBER, APP)?, None);
        assert_eq!(rows.users(9)?, []);
        assert_eq!(rows.deliveries(&DeliveryFilter::default())?, []);
        assert_eq!(rows.attempts(delivery)?, []);
        assert_eq!(rows.sending()?, []);
        assert_eq!(rows.live_calls()?, []);
        Ok(())
    });
    store.clear().unwrap();
    write(store, |tx| {
        job(tx, 1)?;
        assert!(tx.add_delivery(&samples::delivery(APP, None, DeliveryState::Sending))? > delivery);
        assert!(tx.add_timer(NOW, &TimerKind::Retry { delivery })? > timer);
        Ok(())
    });
    assert_eq!(done(store), [1]);
}
