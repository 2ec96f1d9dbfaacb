use ahoy_calling::message::Answer;
use ahoy_calling::simulated::UserAct;
use ahoy_types::{DeliveryId, MailId, MediaId, MessageId, RuleTime, TemplateId, TimerId};

use super::samples::{NOW, call_id, wa_id};
use super::{place, read, try_write, write};
use crate::{Store, TimerKind};

fn drain(store: &mut dyn Store) -> Vec<(TimerId, RuleTime, TimerKind)> {
    write(store, |tx| {
        let mut drained = Vec::new();
        while let Some(timer) = tx.next_timer()? {
            assert!(tx.delete_timer(timer.id)?, "a timer that is next is there");
            drained.push((timer.id, timer.due, timer.kind));
        }
        Ok(drained)
    })
}

pub(super) fn every_kind_of_timer_comes_back(store: &mut dyn Store) {
    assert_eq!(read(store, |rows| rows.next_timer()), None);
    place(store, 1..2);
    let call = call_id(1);
    let kinds = [
        TimerKind::RingTimeout { call: call.clone() },
        TimerKind::UserAct {
            call: call.clone(),
            act: UserAct::Answer,
        },
        TimerKind::UserAct {
            call: call.clone(),
            act: UserAct::Reject,
        },
        TimerKind::UserAct {
            call,
            act: UserAct::HangUp,
        },
        TimerKind::AnswerRequest {
            message: MessageId::new(wa_id(1), [3; 16]),
            answer: Answer::Reject,
        },
        TimerKind::Retry {
            delivery: DeliveryId(7),
        },
        TimerKind::ReleaseLane {
            delivery: DeliveryId(i64::MAX as u64),
        },
        TimerKind::TemplateReview {
            template: TemplateId(7),
            revision: 2,
        },
        TimerKind::MediaExpiry { media: MediaId(7) },
        TimerKind::MailRetry { mail: MailId(3) },
    ];
    let added = write(store, |tx| {
        let ids = kinds.iter().map(|kind| tx.add_timer(NOW, kind));
        ids.collect::<crate::Result<Vec<_>>>()
    });
    let expected: Vec<_> = added
        .into_iter()
        .zip(kinds)
        .map(|(id, kind)| (id, NOW, kind))
        .collect();
    assert_eq!(drain(store), expected);
}

pub(super) fn the_earliest_timer_comes_first_and_ties_go_by_id(store: &mut dyn Store) {
    let retry = |n| TimerKind::Retry {
        delivery: DeliveryId(n),
    };
    let dues = [5, -3, 9, 5, 0, i64::MIN, 5, i64::MAX];
    write(store, |tx| {
        for (n, due) in (0..).zip(dues) {
            tx.add_timer(RuleTime(due), &retry(n))?;
        }
        Ok(())
    });
    let found: Vec<_> = drain(store)
        .into_iter()
        .map(|(_, due, kind)| (due.0, kind))
        .collect();
    let mut expected: Vec<_> = (0..).zip(dues).map(|(n, due)| (due, retry(n))).collect();
    expected.sort_by_key(|(due, _)| *due);
    assert_eq!(found, expected);
}

pub(super) fn timers_of_a_call_go_together(store: &mut dyn Store) {
    place(store, 1..4);
    let ring = |n| TimerKind::RingTimeout { call: call_id(n) };
    let kept = write(store, |tx| {
        tx.add_timer(RuleTime(1), &ring(1))?;
        tx.add_timer(
            RuleTime(2),
            &TimerKind::UserAct {
                call: call_id(1),
                act: UserAct::Answer,
            },
        )?;
        let other = tx.add_timer(RuleTime(3), &ring(2))?;
        let retry = tx.add_timer(
            RuleTime(4),
            &TimerKind::Retry {
                delivery: DeliveryId(1),
            },
        )?;
        tx.delete_timers_of_call(&call_id(1))?;
        tx.delete_timers_of_call(&call_id(3))?;
        Ok([other, retry])
    });
    let left: Vec<_> = drain(store).into_iter().map(|(id, ..)| id).collect();
    assert_eq!(left, kept);
}

/// An id that came back would let a late deletion take somebody else's timer.
pub(super) fn timer_ids_are_never_used_again(store: &mut dyn Store) {
    let kind = TimerKind::Retry {
        delivery: DeliveryId(1),
    };
    let first = write(store, |tx| tx.add_timer(NOW, &kind));
    assert!(write(store, |tx| tx.delete_timer(first)));
    assert!(!write(store, |tx| tx.delete_timer(first)));
    assert!(!write(store, |tx| tx.delete_timer(TimerId(u64::MAX))));
    let second = write(store, |tx| tx.add_timer(NOW, &kind));
    assert!(second > first);
}

pub(super) fn a_timer_of_an_unknown_call_is_refused(store: &mut dyn Store) {
    place(store, 1..2);
    let unknown = TimerKind::RingTimeout { call: call_id(2) };
    assert!(try_write(store, |tx| tx.add_timer(NOW, &unknown)).is_err());
    assert_eq!(read(store, |rows| rows.next_timer()), None);
}
