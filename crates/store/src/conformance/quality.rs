use ahoy_calling::quality::{BUCKET_MS, Mark, Tally, bucket};
use ahoy_types::{Direction, MailId, RuleTime};

use super::samples::{BUSINESS, NOW, NUMBER, OTHER_NUMBER, wa_id};
use super::{read, write};
use crate::{Mail, MailState, NewMail, Page, Store};

fn hour(n: i64) -> RuleTime {
    RuleTime(bucket(NOW).0 + n * BUCKET_MS)
}

fn tally(store: &mut dyn Store, since: RuleTime) -> Tally {
    read(store, |rows| rows.tally(NUMBER, since))
}

pub(super) fn marks_are_summed_from_an_hour_on(store: &mut dyn Store) {
    assert_eq!(tally(store, hour(0)), Tally::default());
    write(store, |tx| {
        for (n, mark) in (1..).zip(Mark::ALL) {
            for _ in 0..n {
                tx.count_mark(NUMBER, hour(0), mark)?;
                tx.count_mark(NUMBER, hour(1), mark)?;
            }
            tx.count_mark(OTHER_NUMBER, hour(1), mark)?;
        }
        Ok(())
    });
    let once = Tally {
        business_calls: 1,
        business_feedback: 2,
        user_answered: 3,
        user_missed: 4,
        user_feedback: 5,
    };
    assert_eq!(tally(store, hour(1)), once, "the hour itself counts");
    assert_eq!(tally(store, hour(0)).user_feedback, 10);
    assert_eq!(tally(store, hour(2)), Tally::default());
}

pub(super) fn marks_are_forgotten_by_kind_and_by_age(store: &mut dyn Store) {
    write(store, |tx| {
        for n in 0..3 {
            tx.count_mark(NUMBER, hour(n), Mark::UserMissed)?;
            tx.count_mark(NUMBER, hour(n), Mark::BusinessCall)?;
            tx.count_mark(OTHER_NUMBER, hour(n), Mark::UserMissed)?;
        }
        tx.forget_marks(NUMBER, &[Mark::UserMissed, Mark::UserAnswered])
    });
    let after = tally(store, hour(0));
    assert_eq!((after.user_missed, after.business_calls), (0, 3));
    let others = read(store, |rows| rows.tally(OTHER_NUMBER, hour(0)));
    assert_eq!(others.user_missed, 3, "the other number keeps its own");
    write(store, |tx| {
        tx.put_feedback_counted(NUMBER, wa_id(1), Direction::UserInitiated, hour(0))?;
        tx.put_feedback_counted(NUMBER, wa_id(1), Direction::BusinessInitiated, hour(2))
    });
    assert_eq!(write(store, |tx| tx.prune_quality(hour(2), 3)), 4);
    assert_eq!(write(store, |tx| tx.prune_quality(hour(2), 3)), 1);
    assert_eq!(write(store, |tx| tx.prune_quality(hour(2), 3)), 0);
    assert_eq!(tally(store, hour(0)).business_calls, 1);
    let counted = |direction| {
        move |rows: &mut dyn crate::Rows| rows.feedback_counted(NUMBER, wa_id(1), direction)
    };
    assert_eq!(read(store, counted(Direction::UserInitiated)), None);
    assert_eq!(
        read(store, counted(Direction::BusinessInitiated)),
        Some(hour(2))
    );
}

fn new_mail(recipient: Option<&str>, state: MailState) -> NewMail {
    NewMail {
        business: BUSINESS,
        number: NUMBER,
        recipient: recipient.map(str::to_owned),
        subject: "Calls to +44 20 7946 0000 are paused — Café".into(),
        body: "First line\nsecond line\n".into(),
        created_at: NOW,
        state,
    }
}

pub(super) fn mails_come_back_and_are_pruned_when_finished(store: &mut dyn Store) {
    let owed = new_mail(Some("owner@harbour.example"), MailState::Sending);
    let kept = new_mail(None, MailState::Kept);
    let ids = write(store, |tx| Ok([tx.add_mail(&owed)?, tx.add_mail(&kept)?]));
    assert!(ids[0] < ids[1]);
    let all = read(store, |rows| {
        rows.mails(Page {
            after: None,
            limit: 10,
        })
    });
    let as_read = |id: MailId, row: &NewMail| Mail {
        id,
        business: row.business,
        number: row.number,
        recipient: row.recipient.clone(),
        subject: row.subject.clone(),
        body: row.body.clone(),
        created_at: row.created_at,
        state: row.state,
        attempts: 0,
        next_due: None,
        note: String::new(),
    };
    assert_eq!(all, [as_read(ids[0], &owed), as_read(ids[1], &kept)]);
    assert_eq!(read(store, |rows| rows.mails_sending()), [ids[0]]);
    let later = Mail {
        state: MailState::Retrying,
        attempts: 2,
        next_due: Some(RuleTime(NOW.0 + 5)),
        note: "connection refused".into(),
        ..all[0].clone()
    };
    write(store, |tx| tx.update_mail(&later));
    assert_eq!(read(store, |rows| rows.mail(ids[0])), Some(later));
    assert!(read(store, |rows| rows.mails_sending()).is_empty());
    assert_eq!(write(store, |tx| tx.prune_mails(NOW, 10)), 0);
    let gone = write(store, |tx| tx.prune_mails(RuleTime(NOW.0 + 1), 10));
    assert_eq!(gone, 1, "what is still tried stays");
    assert_eq!(read(store, |rows| rows.mail(ids[1])), None);
}
