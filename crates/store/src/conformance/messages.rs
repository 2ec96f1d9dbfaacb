use ahoy_calling::calendar::Month;
use ahoy_calling::message::{
    Answer, CallButton, ContactRequest, List, ListRow, ListSection, Message, MessageKind,
    MessageStatus, Notice, Pricing, RequestCard, Side, TemplateButton, TemplateMessage,
};
use ahoy_types::{MessageId, PhoneNumberId, RuleTime};

use super::samples::{APP, NOW, NUMBER, OTHER_NUMBER, wa_id};
use super::{read, round_trip, try_write, write};
use crate::Store;

fn message_id(n: u64) -> MessageId {
    let mut random = [0; 16];
    random[..8].copy_from_slice(&n.to_be_bytes());
    MessageId::new(wa_id(1), random)
}

pub(super) fn text(n: u64, from: Side) -> Message {
    let body = format!("message {n}");
    Message::new(
        message_id(n),
        NUMBER,
        wa_id(1),
        from,
        MessageKind::Text { body },
        NOW,
    )
}

fn request(n: u64) -> Message {
    Message {
        kind: MessageKind::PermissionRequest {
            body: None,
            card: RequestCard::new(),
        },
        ..text(n, Side::Business)
    }
}

fn put(store: &mut dyn Store, rows: &[Message]) {
    write(store, |tx| {
        rows.iter().try_for_each(|row| tx.put_message(row))
    });
}

fn ids(rows: &[Message]) -> Vec<MessageId> {
    rows.iter().map(|row| row.id.clone()).collect()
}

pub(super) fn every_kind_of_message_comes_back(store: &mut dyn Store) {
    let button = CallButton {
        display_text: "Call\u{1f4de}".into(),
        payload: Some("order-55".into()),
        expires: RuleTime(i64::MAX),
    };
    let kinds = [
        MessageKind::Text {
            body: "\0 ñ".into(),
        },
        MessageKind::CallButton {
            body: "b".into(),
            button: button.clone(),
        },
        MessageKind::PermissionRequest {
            body: Some("May we?".into()),
            card: RequestCard {
                answer: Some((Answer::AcceptPermanent, NOW)),
                expires: Some(NOW),
            },
        },
        MessageKind::List(List {
            header: None,
            body: "b".into(),
            footer: Some("f".into()),
            button: "Open".into(),
            sections: vec![ListSection {
                title: None,
                rows: vec![ListRow {
                    id: "1".into(),
                    title: "One".into(),
                    description: None,
                }],
            }],
        }),
        MessageKind::Template(TemplateMessage {
            name: "ask".into(),
            language: "en".into(),
            category: "utility".into(),
            header: Some("h".into()),
            body: "b".into(),
            footer: None,
            buttons: vec![TemplateButton::Url {
                text: "t".into(),
                url: "https://a.example".into(),
            }],
            call_button: Some(button),
            request: Some(RequestCard::new()),
            contact_request: Some(ContactRequest {
                shared_at: Some(NOW),
            }),
        }),
        MessageKind::ContactRequest {
            body: "b".into(),
            asked: ContactRequest::default(),
        },
        MessageKind::SharedNumber {
            name: "Ana".into(),
            number: wa_id(1),
        },
        MessageKind::NumberChanged {
            from: wa_id(1),
            to: wa_id(2),
        },
        MessageKind::System {
            notice: Notice::PermissionRevoked,
        },
    ];
    for (n, kind) in (0..).zip(kinds) {
        let mut row = Message {
            kind,
            context: Some(message_id(99)),
            opaque: Some("crm".into()),
            app: (n > 0).then_some(APP),
            pricing: (n > 0).then(|| Pricing {
                billable: n % 2 == 0,
                category: "utility".into(),
                free_entry_until: (n % 3 == 0).then_some(NOW),
            }),
            ..text(n, Side::Platform)
        };
        round_trip(
            store,
            &row,
            |tx, row| tx.put_message(row),
            |rows| rows.message(&message_id(n)),
        );
        row.status = MessageStatus::Failed;
        row.error = Some(131_047);
        round_trip(
            store,
            &row,
            |tx, row| tx.put_message(row),
            |rows| rows.message(&message_id(n)),
        );
    }
    assert_eq!(read(store, |rows| rows.message(&message_id(50))), None);
}

pub(super) fn a_failed_message_without_its_error_is_refused(store: &mut dyn Store) {
    let row = Message {
        status: MessageStatus::Failed,
        ..text(1, Side::Business)
    };
    assert!(try_write(store, |tx| tx.put_message(&row)).is_err());
}

pub(super) fn the_newest_messages_of_a_pair_come_oldest_first(store: &mut dyn Store) {
    let mut rows: Vec<Message> = (0..5).map(|n| text(n, Side::User)).collect();
    rows[1].user = wa_id(2);
    rows[2].number = OTHER_NUMBER;
    put(store, &rows);
    // A change does not move it to the end.
    rows[0].status = MessageStatus::Read;
    put(store, &rows[..1]);
    let found = |limit| read(store, |db| db.messages_of_pair(NUMBER, wa_id(1), limit));
    assert_eq!(found(9), [&rows[0], &rows[3], &rows[4]].map(Clone::clone));
    assert_eq!(ids(&found(2)), [message_id(3), message_id(4)]);
}

pub(super) fn requests_come_newest_first_without_the_failed(store: &mut dyn Store) {
    let mut rows = vec![request(0), text(1, Side::Business), request(2), request(3)];
    rows[3].status = MessageStatus::Failed;
    rows[3].error = Some(131_047);
    put(store, &rows);
    let found = read(store, |db| db.requests_of_pair(NUMBER, wa_id(1), 9));
    assert_eq!(ids(&found), [message_id(2), message_id(0)]);
    let found = read(store, |db| db.requests_of_pair(NUMBER, wa_id(2), 9));
    assert!(found.is_empty());
}

pub(super) fn unread_messages_are_found_by_side_up_to_one(store: &mut dyn Store) {
    let mut rows: Vec<Message> = (0..6).map(|n| text(n, Side::User)).collect();
    rows[1].status = MessageStatus::Read;
    rows[2].status = MessageStatus::Delivered;
    rows[3].from = Side::Business;
    put(store, &rows);
    let found = |from, up_to: Option<u64>| {
        let up_to = up_to.map(message_id);
        ids(&read(store, |db| {
            db.unread(NUMBER, wa_id(1), from, up_to.as_ref())
        }))
    };
    assert_eq!(found(Side::User, None), [0, 2, 4, 5].map(message_id));
    assert_eq!(found(Side::User, Some(4)), [0, 2, 4].map(message_id));
    assert_eq!(found(Side::Business, None), [message_id(3)]);
    assert!(found(Side::User, Some(77)).is_empty());
}

pub(super) fn what_a_phone_has_not_taken_is_found(store: &mut dyn Store) {
    let mut rows: Vec<Message> = (0..4).map(|n| text(n, Side::Business)).collect();
    rows[0].from = Side::User;
    rows[1].status = MessageStatus::Delivered;
    rows[2].number = OTHER_NUMBER;
    put(store, &rows);
    let found = read(store, |db| db.undelivered(wa_id(1), 9));
    assert_eq!(ids(&found), [message_id(2), message_id(3)]);
}

pub(super) fn service_messages_are_counted_by_number_and_month(store: &mut dyn Store) {
    let month = Month::of(NOW);
    write(store, |tx| {
        for (number, month) in [
            (NUMBER, month),
            (NUMBER, month),
            (NUMBER, month.next()),
            (OTHER_NUMBER, month),
        ] {
            tx.count_service_message(number, month)?;
        }
        Ok(())
    });
    let found = read(store, |rows| {
        Ok([
            rows.service_messages(NUMBER, month)?,
            rows.service_messages(NUMBER, month.next())?,
            rows.service_messages(OTHER_NUMBER, month)?,
            rows.service_messages(OTHER_NUMBER, month.next())?,
            rows.service_messages(PhoneNumberId(u64::MAX), month)?,
        ])
    });
    assert_eq!(found, [2, 1, 1, 0, 0]);
}
