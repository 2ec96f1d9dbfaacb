use ahoy_types::{AppId, CallId, DeliveryId, RuleTime};

use super::samples::{self, APP, NOW, NUMBER, call_id};
use super::{place, read, round_trip, try_write, write};
use crate::{Attempt, Delivery, DeliveryFilter, DeliveryState, NewDelivery, Store};

fn add(store: &mut dyn Store, row: &NewDelivery) -> DeliveryId {
    write(store, |tx| tx.add_delivery(row))
}

fn waiting(app: AppId, lane: CallId) -> NewDelivery {
    samples::delivery(app, Some(lane), DeliveryState::Waiting)
}

fn sending(app: AppId, lane: CallId) -> NewDelivery {
    samples::delivery(app, Some(lane), DeliveryState::Sending)
}

/// The row a new delivery becomes.
fn born(id: DeliveryId, row: NewDelivery) -> Delivery {
    Delivery {
        id,
        app: row.app,
        number: row.number,
        lane: row.lane,
        field: row.field,
        body: row.body,
        created_at: row.created_at,
        state: row.state,
        holds_lane: row.holds_lane,
        attempts: 0,
        next_due: None,
    }
}

pub(super) fn deliveries_come_back_as_they_were_written(store: &mut dyn Store) {
    place(store, 0..10);
    let without_lane = samples::delivery(APP, None, DeliveryState::Sending);
    for row in [
        sending(APP, call_id(1)),
        waiting(APP, call_id(1)),
        without_lane,
    ] {
        let id = write(store, |tx| {
            let id = tx.add_delivery(&row)?;
            assert_eq!(tx.delivery(id)?, Some(born(id, row.clone())));
            Ok(id)
        });
        assert_eq!(read(store, |rows| rows.delivery(id)), Some(born(id, row)));
    }
    assert_eq!(
        read(store, |rows| rows.delivery(DeliveryId(u64::MAX))),
        None
    );
}

pub(super) fn a_delivery_in_the_lane_of_an_unknown_call_is_refused(store: &mut dyn Store) {
    place(store, 0..1);
    let row = sending(APP, call_id(1));
    assert!(try_write(store, |tx| tx.add_delivery(&row)).is_err());
    read(store, |rows| {
        assert_eq!(rows.deliveries(&DeliveryFilter::default())?, []);
        assert!(!rows.lane_held(APP, &call_id(1))?);
        Ok(())
    });
}

pub(super) fn huge_and_empty_bodies_survive(store: &mut dyn Store) {
    let huge: Vec<u8> = (0..1 << 20)
        .map(|i: u32| i.to_le_bytes()[usize::from(i.is_multiple_of(3))])
        .collect();
    for body in [Vec::new(), vec![0], vec![0xff; 5000], huge] {
        let row = NewDelivery {
            body,
            ..samples::delivery(APP, None, DeliveryState::Sending)
        };
        let id = add(store, &row);
        let found = read(store, |rows| rows.delivery(id)).unwrap();
        assert!(
            found.body == row.body,
            "a body of {} bytes changed",
            row.body.len()
        );
    }
}

pub(super) fn delivery_ids_grow(store: &mut dyn Store) {
    let row = samples::delivery(APP, None, DeliveryState::Sending);
    let ids = write(store, |tx| {
        let ids = (0..5).map(|_| tx.add_delivery(&row));
        ids.collect::<crate::Result<Vec<_>>>()
    });
    let later = add(store, &row);
    assert!(ids.is_sorted_by(|a, b| a < b));
    assert!(ids.iter().all(|id| *id < later));
}

pub(super) fn deliveries_are_listed_by_id_and_filtered(store: &mut dyn Store) {
    place(store, 0..10);
    let small = NewDelivery {
        body: b"{}".to_vec(),
        ..samples::delivery(APP, None, DeliveryState::Sending)
    };
    let ids = write(store, |tx| {
        (0..1005)
            .map(|n| {
                tx.add_delivery(&NewDelivery {
                    lane: (n % 5 == 0).then(|| call_id(n % 2)),
                    ..small.clone()
                })
            })
            .collect::<crate::Result<Vec<_>>>()
    });
    let listed = |filter: DeliveryFilter| {
        let found = read(store, |rows| rows.deliveries(&filter));
        found.into_iter().map(|d| d.id).collect::<Vec<_>>()
    };
    let of_call: Vec<_> = ids.iter().copied().step_by(10).collect();
    let call = Some(call_id(0));
    assert_eq!(listed(DeliveryFilter::default()), ids[..1000]);
    let rest = DeliveryFilter {
        after: Some(ids[999]),
        ..Default::default()
    };
    assert_eq!(listed(rest), ids[1000..]);
    let three = DeliveryFilter {
        after: Some(ids[1]),
        limit: 3,
        ..Default::default()
    };
    assert_eq!(listed(three), ids[2..5]);
    let all = DeliveryFilter {
        call: call.clone(),
        ..Default::default()
    };
    assert_eq!(listed(all), of_call);
    let part = DeliveryFilter {
        call,
        after: Some(of_call[2]),
        limit: 4,
        ..Default::default()
    };
    assert_eq!(listed(part), of_call[3..7]);
    let nobody = DeliveryFilter {
        call: Some(call_id(9)),
        ..Default::default()
    };
    assert_eq!(listed(nobody), []);
    let beyond = DeliveryFilter {
        after: Some(DeliveryId(u64::MAX)),
        ..Default::default()
    };
    assert_eq!(listed(beyond), []);
    let settled = Delivery {
        state: DeliveryState::Delivered,
        ..read(store, |rows| rows.delivery(of_call[1])).unwrap()
    };
    write(store, |tx| tx.update_delivery(&settled));
    let listed = |filter: DeliveryFilter| {
        let found = read(store, |rows| rows.deliveries(&filter));
        found.into_iter().map(|d| d.id).collect::<Vec<_>>()
    };
    for call in [None, Some(call_id(0))] {
        let delivered = DeliveryFilter {
            call,
            number: Some(NUMBER),
            state: Some(DeliveryState::Delivered),
            ..Default::default()
        };
        assert_eq!(listed(delivered), [of_call[1]]);
    }
    let elsewhere = DeliveryFilter {
        number: Some(ahoy_types::PhoneNumberId(NUMBER.0 + 1)),
        ..Default::default()
    };
    assert_eq!(listed(elsewhere), []);
}

pub(super) fn an_update_changes_the_state_and_never_the_body(store: &mut dyn Store) {
    place(store, 0..10);
    let row = sending(APP, call_id(1));
    let id = add(store, &row);
    let neighbour = add(store, &row);
    let states = [
        DeliveryState::Retrying,
        DeliveryState::Sending,
        DeliveryState::Waiting,
        DeliveryState::Abandoned,
        DeliveryState::Delivered,
    ];
    for (n, state) in (1..).zip(states) {
        let updated = Delivery {
            state,
            attempts: n,
            holds_lane: n % 2 == 0,
            next_due: (n % 2 == 1).then_some(RuleTime(NOW.0 + i64::from(n))),
            ..born(id, row.clone())
        };
        write(store, |tx| {
            tx.update_delivery(&Delivery {
                body: b"other".to_vec(),
                ..updated.clone()
            })
        });
        assert_eq!(read(store, |rows| rows.delivery(id)), Some(updated));
    }
    assert_eq!(
        read(store, |rows| rows.delivery(neighbour)),
        Some(born(neighbour, row.clone()))
    );
    let unknown = born(DeliveryId(neighbour.0 + 1), row);
    assert!(try_write(store, |tx| tx.update_delivery(&unknown)).is_err());
}

pub(super) fn lanes_are_kept_apart_by_receiver_and_call(store: &mut dyn Store) {
    place(store, 0..10);
    let other_app = AppId(1);
    let [head, next, last] = write(store, |tx| {
        tx.add_delivery(&samples::delivery(APP, None, DeliveryState::Sending))?;
        let head = tx.add_delivery(&sending(APP, call_id(1)))?;
        let next = tx.add_delivery(&waiting(APP, call_id(1)))?;
        let last = tx.add_delivery(&waiting(APP, call_id(1)))?;
        tx.add_delivery(&waiting(other_app, call_id(2)))?;
        Ok([head, next, last])
    });
    let states = [(APP, 1), (APP, 2), (other_app, 1), (other_app, 2)];
    let lanes = |store: &mut dyn Store| {
        read(store, |rows| {
            let mut seen = Vec::new();
            for (app, n) in states {
                seen.push((
                    rows.lane_held(app, &call_id(n))?,
                    rows.lane_next(app, &call_id(n))?,
                ));
            }
            Ok(seen)
        })
    };
    let foreign = DeliveryId(last.0 + 1);
    let nothing = (false, None);
    assert_eq!(
        lanes(store),
        [(true, Some(next)), nothing, nothing, (false, Some(foreign))]
    );
    // The head is delivered, the next one goes out and holds the lane.
    write(store, |tx| {
        let mut row = tx.delivery(head)?.unwrap();
        (row.state, row.holds_lane) = (DeliveryState::Delivered, false);
        tx.update_delivery(&row)?;
        assert!(!tx.lane_held(APP, &call_id(1))?);
        let mut row = tx.delivery(next)?.unwrap();
        (row.state, row.holds_lane) = (DeliveryState::Sending, true);
        tx.update_delivery(&row)
    });
    assert_eq!(lanes(store)[0], (true, Some(last)));
    // It is refused and waits for its retry: it may hold the lane or leave it, whatever its state.
    for holds in [true, false] {
        write(store, |tx| {
            let mut row = tx.delivery(next)?.unwrap();
            (row.state, row.holds_lane) = (DeliveryState::Retrying, holds);
            tx.update_delivery(&row)
        });
        assert_eq!(lanes(store)[0], (holds, Some(last)));
    }
}

pub(super) fn what_was_being_sent_is_found_after_a_crash(store: &mut dyn Store) {
    place(store, 0..10);
    assert_eq!(read(store, |rows| rows.sending()), []);
    let ids = write(store, |tx| {
        let mut ids = Vec::new();
        for n in 0..4 {
            ids.push(tx.add_delivery(&sending(APP, call_id(n)))?);
            tx.add_delivery(&waiting(APP, call_id(n)))?;
        }
        let mut row = tx.delivery(ids[1])?.unwrap();
        (row.state, row.next_due) = (DeliveryState::Retrying, Some(NOW));
        tx.update_delivery(&row)?;
        Ok(ids)
    });
    assert_eq!(read(store, |rows| rows.sending()), [ids[0], ids[2], ids[3]]);
}

pub(super) fn attempts_are_listed_oldest_first(store: &mut dyn Store) {
    let row = samples::delivery(APP, None, DeliveryState::Sending);
    let [id, other] = [add(store, &row), add(store, &row)];
    let refused = Attempt {
        url: String::new(),
        headers: Vec::new(),
        status: None,
        note: "connection refused".into(),
        took_us: 0,
        fault: Some("drop".into()),
        ..samples::attempt(id, 2)
    };
    let first = samples::attempt(id, 1);
    write(store, |tx| {
        tx.add_attempt(&refused)?;
        tx.add_attempt(&samples::attempt(other, 1))?;
        tx.add_attempt(&first)
    });
    assert_eq!(
        read(store, |rows| rows.attempts(id)),
        [first.clone(), refused]
    );
    assert!(
        try_write(store, |tx| tx.add_attempt(&first)).is_err(),
        "an attempt is made once"
    );
    let unknown = DeliveryId(other.0 + 1);
    assert_eq!(read(store, |rows| rows.attempts(unknown)), []);
    let slow = Attempt {
        took_us: i64::MAX as u64,
        replay: true,
        ..samples::attempt(unknown, u32::MAX)
    };
    round_trip(
        store,
        &slow,
        |tx, r| tx.add_attempt(r),
        |rows| Ok(rows.attempts(unknown)?.pop()),
    );
}

pub(super) fn the_last_delivery_id_outlives_its_row(store: &mut dyn Store) {
    place(store, 0..2);
    let row = samples::delivery(APP, None, DeliveryState::Delivered);
    let id = add(store, &row);
    assert_eq!(read(store, |rows| rows.last_delivery()), Some(id));
    store.clear().unwrap();
    assert_eq!(read(store, |rows| rows.last_delivery()), Some(id));
}

pub(super) fn pruning_takes_old_finished_deliveries_only(store: &mut dyn Store) {
    place(store, 0..10);
    let states = [
        DeliveryState::Waiting,
        DeliveryState::Sending,
        DeliveryState::Retrying,
        DeliveryState::Delivered,
        DeliveryState::Abandoned,
    ];
    let ids = write(store, |tx| {
        let mut ids = Vec::new();
        for age in [2, 1, 0] {
            for state in states {
                let created_at = RuleTime(NOW.0 - age);
                let id = tx.add_delivery(&NewDelivery {
                    created_at,
                    ..waiting(APP, call_id(1))
                })?;
                let row = tx.delivery(id)?.unwrap();
                tx.update_delivery(&Delivery { state, ..row })?;
                tx.add_attempt(&samples::attempt(id, 1))?;
                ids.push((id, age, state));
            }
        }
        Ok(ids)
    });
    // Four are old enough; they go in two portions, the oldest first.
    assert_eq!(write(store, |tx| tx.prune_deliveries(NOW, 3)), 3);
    assert_eq!(write(store, |tx| tx.prune_deliveries(NOW, 3)), 1);
    assert_eq!(write(store, |tx| tx.prune_deliveries(NOW, 3)), 0);
    for (id, age, state) in ids {
        let finished = matches!(state, DeliveryState::Delivered | DeliveryState::Abandoned);
        let kept = !(finished && age > 0);
        read(store, |rows| {
            assert_eq!(
                rows.delivery(id)?.is_some(),
                kept,
                "{id}: {state:?} at age {age}"
            );
            assert_eq!(rows.attempts(id)?.len(), usize::from(kept));
            Ok(())
        });
    }
    let left = read(store, |rows| {
        rows.deliveries(&DeliveryFilter {
            call: Some(call_id(1)),
            ..Default::default()
        })
    });
    assert!(left.iter().all(|d| d.number == NUMBER) && left.len() == 11);
}
