use ahoy_calling::account::{
    App, Business, MessagingLimit, Number, Scope, Subscription, Token, User, Waba,
};
use ahoy_calling::limits::Profile;
use ahoy_calling::settings::CallingSettings;
use ahoy_calling::simulated::{Audio, Behaviour, OnPermissionRequest, OnRing};
use ahoy_types::{AppId, BusinessId, PhoneNumberId, TokenHash, WaId, WabaId};

use super::samples::{self, APP, BUSINESS, NUMBER, OTHER_NUMBER, WABA};
use super::{read, round_trip, try_write, write};
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

/// Nineteen digits reach beyond 2⁶³: a request may name such an id, and a bug could try to write one.
pub(super) fn ids_beyond_63_bits_are_refused_and_never_found(store: &mut dyn Store) {
    let largest = Business {
        id: BusinessId(i64::MAX as u64),
        ..samples::business()
    };
    write(store, |tx| tx.put_business(&largest));
    for beyond in [i64::MAX as u64 + 1, 9_999_999_999_999_999_999, u64::MAX] {
        let row = Business {
            id: BusinessId(beyond),
            ..samples::business()
        };
        assert!(try_write(store, |tx| tx.put_business(&row)).is_err());
        let row = Number {
            waba: WabaId(beyond),
            ..samples::number(NUMBER)
        };
        assert!(try_write(store, |tx| tx.put_number(&row)).is_err());
        read(store, |rows| {
            assert_eq!(rows.business(BusinessId(beyond))?, None);
            assert_eq!(rows.number(PhoneNumberId(beyond))?, None);
            assert_eq!(rows.number_by_digits(WaId::from_u64(beyond))?, None);
            assert_eq!(rows.user(WaId::from_u64(beyond))?, None);
            assert_eq!(rows.app(AppId(beyond))?, None);
            let page = Page {
                after: Some(PhoneNumberId(beyond)),
                limit: 10,
            };
            assert_eq!(rows.numbers(page)?, []);
            Ok(())
        });
    }
    assert_eq!(read(store, |rows| rows.business(largest.id)), Some(largest));
}

pub(super) fn two_numbers_cannot_share_their_digits(store: &mut dyn Store) {
    let first = samples::number(NUMBER);
    let thief = Number {
        number: first.number,
        ..samples::number(OTHER_NUMBER)
    };
    write(store, |tx| tx.put_number(&first));
    assert!(try_write(store, |tx| tx.put_number(&thief)).is_err());
    read(store, |rows| {
        assert_eq!(rows.number(OTHER_NUMBER)?, None);
        assert_eq!(rows.number_by_digits(first.number)?, Some(first));
        Ok(())
    });
}

pub(super) fn numbers_are_listed_by_id_in_pages(store: &mut dyn Store) {
    let elsewhere = WabaId(5);
    write(store, |tx| {
        for id in [30, 10, 50, 20, 40] {
            let waba = if id == 20 { elsewhere } else { WABA };
            tx.put_number(&Number {
                waba,
                ..samples::number(PhoneNumberId(id))
            })?;
        }
        Ok(())
    });
    let page = |after: Option<u64>, limit| Page {
        after: after.map(PhoneNumberId),
        limit,
    };
    read(store, |rows| {
        let mut all = |p| {
            rows.numbers(p)
                .map(|n| n.iter().map(|n| n.id.0).collect::<Vec<_>>())
        };
        assert_eq!(all(page(None, 10))?, [10, 20, 30, 40, 50]);
        assert_eq!(all(page(None, 2))?, [10, 20]);
        assert_eq!(all(page(Some(20), 2))?, [30, 40]);
        assert_eq!(all(page(Some(50), 2))?, [0; 0]);
        assert_eq!(all(page(None, 0))?, [0; 0]);
        let mut of = |w, p| {
            let found = rows.numbers_of(w, p);
            found.map(|n| n.iter().map(|n| n.id.0).collect::<Vec<_>>())
        };
        assert_eq!(of(WABA, page(None, 10))?, [10, 30, 40, 50]);
        assert_eq!(of(WABA, page(Some(10), 2))?, [30, 40]);
        assert_eq!(of(elsewhere, page(None, 10))?, [20]);
        Ok(())
    });
}

pub(super) fn users_are_listed_in_the_order_of_their_creation(store: &mut dyn Store) {
    write(store, |tx| {
        for n in [7, 3, 5] {
            tx.put_user(&samples::user(n))?;
        }
        tx.put_user(&User {
            name: None,
            ..samples::user(7)
        })
    });
    let listed = |limit| {
        let users = read(store, |rows| rows.users(limit));
        users.into_iter().map(|u| u.wa_id).collect::<Vec<_>>()
    };
    let [first, second, third] = [7, 3, 5].map(samples::wa_id);
    assert_eq!(listed(10), [first, second, third]);
    assert_eq!(listed(2), [first, second]);
}

pub(super) fn subscriptions_are_listed_by_app_and_can_be_removed(store: &mut dyn Store) {
    write(store, |tx| {
        for app in [9, 4, 6] {
            tx.put_subscription(&samples::subscription(AppId(app)))?;
        }
        let elsewhere = Subscription {
            waba: WabaId(1),
            ..samples::subscription(AppId(4))
        };
        tx.put_subscription(&elsewhere)
    });
    let listed = |store: &mut dyn Store, waba| {
        let found = read(store, |rows| rows.subscriptions(waba));
        found.into_iter().map(|s| s.app.0).collect::<Vec<_>>()
    };
    assert_eq!(listed(store, WABA), [4, 6, 9]);
    assert!(write(store, |tx| tx.delete_subscription(WABA, AppId(4))));
    assert!(!write(store, |tx| tx.delete_subscription(WABA, AppId(4))));
    assert_eq!(listed(store, WABA), [6, 9]);
    assert_eq!(listed(store, WabaId(1)), [4]);
}

pub(super) fn overrides_can_be_removed(store: &mut dyn Store) {
    write(store, |tx| {
        tx.put_number_override(&samples::number_override(NUMBER, APP))?;
        tx.put_number_override(&samples::number_override(NUMBER, AppId(1)))
    });
    assert!(write(store, |tx| tx.delete_number_override(NUMBER, APP)));
    assert!(!write(store, |tx| tx.delete_number_override(NUMBER, APP)));
    assert_eq!(read(store, |rows| rows.number_override(NUMBER, APP)), None);
    assert!(read(store, |rows| rows.number_override(NUMBER, AppId(1))).is_some());
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
