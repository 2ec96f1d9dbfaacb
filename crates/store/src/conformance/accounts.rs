use ahoy_calling::account::{
    App, Business, MessagingLimit, Number, Scope, Subscription, Token, User, Waba,
};
use ahoy_calling::limits::Profile;
use ahoy_calling::settings::CallingSettings;
use ahoy_calling::simulated::{Audio, Behaviour, OnPermissionRequest, OnRing};
use ahoy_types::{BusinessId, TokenHash, WaId};

use super::samples::{self, APP, BUSINESS, NUMBER, WABA};
use super::{read, round_trip, write};
use crate::{Page, Store};

pub(super) fn rows_come_back_as_they_were_written(store: &mut dyn Store) {
    round_trip(
        store,
        &samples::business(),
        |tx, r| tx.put_business(r),
        |rows| rows.business(BUSINESS),
    );
    round_trip(
        store,
        &samples::waba(),
        |tx, r| tx.put_waba(r),
        |rows| rows.waba(WABA),
    );
    round_trip(
        store,
        &samples::number_override(NUMBER, APP),
        |tx, r| tx.put_number_override(r),
        |rows| rows.number_override(NUMBER, APP),
    );
    numbers_come_back(store);
    apps_and_tokens_come_back(store);
    users_come_back(store);
}

fn numbers_come_back(store: &mut dyn Store) {
    let limits = [
        MessagingLimit::Tier250,
        MessagingLimit::Tier2k,
        MessagingLimit::Tier10k,
        MessagingLimit::Tier100k,
        MessagingLimit::TierUnlimited,
    ];
    for (profile, payment_valid) in [
        (Profile::Production, true),
        (Profile::Sandbox, false),
        (Profile::Test, true),
    ] {
        for messaging_limit in limits {
            for settings in [samples::number(NUMBER).settings, CallingSettings::default()] {
                let row = Number {
                    profile,
                    payment_valid,
                    messaging_limit,
                    settings,
                    ..samples::number(NUMBER)
                };
                round_trip(
                    store,
                    &row,
                    |tx, r| tx.put_number(r),
                    |rows| rows.number(NUMBER),
                );
                let by_digits = read(store, |rows| rows.number_by_digits(row.number));
                assert_eq!(by_digits.as_ref(), Some(&row));
            }
        }
    }
}

fn apps_and_tokens_come_back(store: &mut dyn Store) {
    let bare = App {
        callback: None,
        fields: Vec::new(),
        ..samples::app()
    };
    for row in [samples::app(), bare] {
        round_trip(store, &row, |tx, r| tx.put_app(r), |rows| rows.app(APP));
    }
    let unlimited = Token {
        expires_at: None,
        revoked_at: Some(samples::NOW),
        scopes: vec![Scope::WhatsappBusinessManagement],
        ..samples::token("b")
    };
    let useless = Token {
        scopes: Vec::new(),
        ..samples::token("c")
    };
    for row in [samples::token("a"), unlimited, useless] {
        round_trip(
            store,
            &row,
            |tx, r| tx.put_token(r),
            |rows| rows.token(&row.hash),
        );
    }
    let plain = Subscription {
        callback: None,
        ..samples::subscription(APP)
    };
    for row in [samples::subscription(APP), plain] {
        write(store, |tx| tx.put_subscription(&row));
        assert_eq!(read(store, |rows| rows.subscriptions(WABA)), [row]);
    }
}

fn users_come_back(store: &mut dyn Store) {
    let real = User {
        name: None,
        country: None,
        behaviour: None,
        ..samples::user(0)
    };
    let mut users = vec![samples::user(0), real];
    let rings = [
        OnRing::Answer,
        OnRing::Reject,
        OnRing::Ignore,
        OnRing::Manual,
    ];
    let requests = [
        OnPermissionRequest::Accept,
        OnPermissionRequest::AcceptPermanent,
        OnPermissionRequest::Reject,
        OnPermissionRequest::Ignore,
    ];
    let audios = [
        Audio::Tone { tone_hz: 440.0 },
        Audio::File {
            file: "/a b/ü.wav".into(),
            repeat: false,
        },
        Audio::Silence { silence: true },
        Audio::default(),
    ];
    for ((on_ring, on_permission_request), audio) in rings.into_iter().zip(requests).zip(audios) {
        let behaviour = Behaviour {
            on_ring,
            on_permission_request,
            audio,
            ..Default::default()
        };
        users.push(User {
            behaviour: Some(behaviour),
            ..samples::user(0)
        });
    }
    for row in &users {
        round_trip(
            store,
            row,
            |tx, r| tx.put_user(r),
            |rows| rows.user(row.wa_id),
        );
    }
}

pub(super) fn a_second_write_replaces_the_first(store: &mut dyn Store) {
    let moved = Waba {
        business: BusinessId(1),
        name: "Moved".into(),
        ..samples::waba()
    };
    let renumbered = Number {
        number: WaId::from_u64(15_550_001_111),
        ..samples::number(NUMBER)
    };
    write(store, |tx| {
        tx.put_business(&samples::business())?;
        tx.put_business(&Business {
            name: "Renamed".into(),
            ..samples::business()
        })?;
        tx.put_waba(&samples::waba())?;
        tx.put_waba(&moved)?;
        tx.put_number(&samples::number(NUMBER))?;
        tx.put_number(&renumbered)?;
        tx.put_number_override(&samples::number_override(NUMBER, APP))?;
        let mut other = samples::number_override(NUMBER, APP);
        other.callback = samples::callback("other");
        tx.put_number_override(&other)
    });
    read(store, |rows| {
        assert_eq!(
            rows.business(BUSINESS)?.map(|b| b.name).as_deref(),
            Some("Renamed")
        );
        assert_eq!(rows.waba(WABA)?, Some(moved));
        assert_eq!(rows.number(NUMBER)?.as_ref(), Some(&renumbered));
        assert_eq!(rows.number_by_digits(renumbered.number)?, Some(renumbered));
        assert_eq!(rows.number_by_digits(samples::number(NUMBER).number)?, None);
        let found = rows.number_override(NUMBER, APP)?.map(|o| o.callback);
        assert_eq!(found, Some(samples::callback("other")));
        Ok(())
    });
}

pub(super) fn what_was_never_written_is_not_found(store: &mut dyn Store) {
    let everything = Page {
        after: None,
        limit: 10,
    };
    read(store, |rows| {
        assert_eq!(rows.business(BUSINESS)?, None);
        assert_eq!(rows.waba(WABA)?, None);
        assert_eq!(rows.number(NUMBER)?, None);
        assert_eq!(rows.number_by_digits(samples::wa_id(0))?, None);
        assert_eq!(rows.numbers(everything)?, []);
        assert_eq!(rows.numbers_of(WABA, everything)?, []);
        assert_eq!(rows.app(APP)?, None);
        assert_eq!(rows.token(&TokenHash::of("ahoy-dev-token"))?, None);
        assert_eq!(rows.subscriptions(WABA)?, []);
        assert_eq!(rows.number_override(NUMBER, APP)?, None);
        assert_eq!(rows.user(samples::wa_id(0))?, None);
        assert_eq!(rows.users(10)?, []);
        assert_eq!(rows.meta("clock")?, None);
        Ok(())
    });
}

pub(super) fn any_text_survives(store: &mut dyn Store) {
    let long = "é".repeat(100_000);
    for text in [
        "",
        "Zoë 🛟 אהוי",
        "a\0b",
        "'; DROP TABLE calls; --",
        "\u{feff}\r\n\t",
        &long,
    ] {
        let row = Business {
            name: text.into(),
            ..samples::business()
        };
        round_trip(
            store,
            &row,
            |tx, r| tx.put_business(r),
            |rows| rows.business(BUSINESS),
        );
        let row = App {
            fields: vec![text.into()],
            ..samples::app()
        };
        round_trip(store, &row, |tx, r| tx.put_app(r), |rows| rows.app(APP));
        let row = User {
            name: Some(text.into()),
            ..samples::user(1)
        };
        round_trip(
            store,
            &row,
            |tx, r| tx.put_user(r),
            |rows| rows.user(row.wa_id),
        );
    }
}

pub(super) fn values_of_the_platform_are_kept(store: &mut dyn Store) {
    write(store, |tx| {
        tx.put_meta("clock", "1790000000000")?;
        tx.put_meta("clock", "1790000000001")?;
        tx.put_meta("Clock", "")
    });
    read(store, |rows| {
        assert_eq!(rows.meta("clock")?.as_deref(), Some("1790000000001"));
        assert_eq!(rows.meta("Clock")?.as_deref(), Some(""));
        assert_eq!(rows.meta("heartbeat")?, None);
        Ok(())
    });
}
