use ahoy_calling::account::{Business, Number, Subscription, User};
use ahoy_types::{AppId, BusinessId, PhoneNumberId, WaId, WabaId};

use super::samples::{self, APP, NUMBER, OTHER_NUMBER, WABA};
use super::{read, try_write, write};
use crate::{Page, Store};

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
