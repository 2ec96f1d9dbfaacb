use ahoy_calling::media::{MediaFile, UseCase};
use ahoy_calling::template::{
    Button, Category, Content, Draft, Example, Header, ParameterFormat, Reason, Status, Template,
    Text,
};
use ahoy_types::{MediaId, PhoneNumberId, RuleTime, TemplateId, WabaId};

use super::samples::{NOW, NUMBER, WABA};
use super::{read, round_trip, try_write, write};
use crate::{MediaHeld, Store};

fn template(id: u64, name: &str, language: &str) -> Template {
    let text = |text: &str| Text {
        text: text.into(),
        examples: vec![Example {
            name: Some("order".into()),
            value: "A-77 \u{0} ✓".into(),
        }],
    };
    Template {
        id: TemplateId(id),
        waba: WABA,
        draft: Draft {
            name: name.into(),
            language: language.into(),
            category: Category::Utility,
            parameter_format: ParameterFormat::Named,
            content: Content {
                header: Some(Header::Text(text("About {{order}}"))),
                body: text("Ring us about {{order}}, please"),
                footer: Some("Acme".into()),
                buttons: vec![
                    Button::VoiceCall {
                        text: "Call Now".into(),
                        ttl_minutes: Some(1440),
                    },
                    Button::Url {
                        text: "Track".into(),
                        url: "https://acme.example/{{1}}".into(),
                        example: Some("A".into()),
                    },
                ],
                call_permission_request: false,
            },
        },
        status: Status::Rejected,
        reason: Some(Reason::InvalidFormat),
        revision: 3,
        edits: vec![NOW],
        created_at: NOW,
    }
}

pub(super) fn templates_come_back_by_id_and_by_name(store: &mut dyn Store) {
    let first = template(7, "ask", "en");
    round_trip(
        store,
        &first,
        |tx, row| tx.put_template(row),
        |rows| rows.template(TemplateId(7)),
    );
    let mut changed = first.clone();
    changed.status = Status::Approved;
    let second = template(3, "ask", "en_GB");
    let elsewhere = Template {
        waba: WabaId(5),
        ..template(9, "ask", "en")
    };
    write(store, |tx| {
        tx.put_template(&changed)?;
        tx.put_template(&second)?;
        tx.put_template(&elsewhere)
    });
    let found = read(store, |rows| rows.template_by_name(WABA, "ask", "en"));
    assert_eq!(found.as_ref(), Some(&changed));
    let none = read(store, |rows| rows.template_by_name(WABA, "ask", "fr"));
    assert_eq!(none, None);
    let listed = read(store, |rows| rows.templates_of(WABA));
    assert_eq!(listed, [second, changed], "by ascending id");
    assert!(write(store, |tx| tx.delete_template(TemplateId(7))));
    assert!(!write(store, |tx| tx.delete_template(TemplateId(7))));
    assert_eq!(read(store, |rows| rows.template(TemplateId(7))), None);
    assert_eq!(
        read(store, |rows| rows.template(TemplateId(u64::MAX))),
        None
    );
}

pub(super) fn a_name_is_taken_once_an_account_and_language(store: &mut dyn Store) {
    write(store, |tx| tx.put_template(&template(1, "ask", "en")));
    assert!(try_write(store, |tx| tx.put_template(&template(2, "ask", "en"))).is_err());
}

pub(super) fn a_media_file_comes_in_parts_and_goes_as_a_whole(store: &mut dyn Store) {
    let id = MediaId(900_000_000_000_001);
    assert!(
        try_write(store, |tx| tx.add_media_part(id, 0, b"x")).is_err(),
        "of a file that is not there"
    );
    let mut file = MediaFile {
        id,
        number: NUMBER,
        mime_type: String::new(),
        sha256: [0; 32],
        size: 0,
        use_case: UseCase::Message,
        complete: false,
        created_at: NOW,
        expires_at: Some(RuleTime(NOW.0 + 1)),
    };
    write(store, |tx| tx.put_media(&file));
    let held = |store: &mut dyn Store, number| read(store, |rows| rows.media_held(number));
    let nothing = MediaHeld::default();
    assert_eq!(held(store, NUMBER), [nothing; 2], "of what has not arrived");
    let parts: [Vec<u8>; 3] = [vec![0xff; 300_000], vec![], b"end".to_vec()];
    for (n, part) in (0..).zip(&parts) {
        write(store, |tx| tx.add_media_part(id, n, part));
    }
    file = MediaFile {
        mime_type: "audio/ogg".into(),
        sha256: [7; 32],
        size: 300_003,
        use_case: UseCase::CallVoicemailAnnouncement,
        complete: true,
        expires_at: None,
        ..file
    };
    round_trip(
        store,
        &file,
        |tx, row| tx.put_media(row),
        |rows| rows.media(id),
    );
    for (n, part) in (0..).zip(&parts) {
        let found = read(store, |rows| rows.media_part(id, n));
        assert_eq!(found.as_ref(), Some(part), "part {n}");
    }
    assert_eq!(read(store, |rows| rows.media_part(id, 3)), None);
    let all = MediaHeld {
        bytes: 300_003,
        files: 1,
    };
    assert_eq!(held(store, NUMBER), [all; 2]);
    assert_eq!(held(store, PhoneNumberId(7)), [nothing, all]);
    assert!(write(store, |tx| tx.delete_media(id)));
    assert!(!write(store, |tx| tx.delete_media(id)));
    assert_eq!(read(store, |rows| rows.media(id)), None);
    assert_eq!(read(store, |rows| rows.media_part(id, 0)), None);
}
