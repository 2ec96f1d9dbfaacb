use ahoy_calling::account::{App, Business, Token, Waba};
use ahoy_calling::admin::{Role, RoleGrant};
use ahoy_types::{AppId, BusinessId, PhoneNumberId, TokenHash, TokenId, WabaId};

use super::samples::{self, APP, BUSINESS, NOW, NUMBER, OTHER_NUMBER, WABA};
use super::{read, write};
use crate::{Page, Picture, Store};

const OTHER: BusinessId = BusinessId(BUSINESS.0 + 1);
const OTHER_WABA: WabaId = WabaId(WABA.0 + 1);
const OTHER_APP: AppId = AppId(APP.0 + 1);

fn all<I>() -> Page<I> {
    Page {
        after: None,
        limit: 100,
    }
}

/// Two portfolios with an account, a number, an app and a token each.
fn two_tenants(store: &mut dyn Store) {
    write(store, |tx| {
        tx.put_business(&samples::business())?;
        tx.put_business(&Business {
            id: OTHER,
            name: "Other".into(),
            contacts: Vec::new(),
            contact_book: true,
        })?;
        tx.put_waba(&samples::waba())?;
        tx.put_waba(&Waba::new(OTHER_WABA, OTHER, "Other"))?;
        let mut other = samples::number(OTHER_NUMBER);
        other.waba = OTHER_WABA;
        tx.put_number(&samples::number(NUMBER))?;
        tx.put_number(&other)?;
        tx.put_app(&samples::app())?;
        tx.put_app(&App {
            id: OTHER_APP,
            business: OTHER,
            ..samples::app()
        })?;
        tx.put_token(&samples::token("a"))?;
        tx.put_token(&Token {
            business: OTHER,
            app: OTHER_APP,
            ..samples::token("b")
        })?;
        tx.put_subscription(&samples::subscription(APP))?;
        tx.put_number_override(&samples::number_override(NUMBER, APP))
    });
}

pub(super) fn objects_are_listed_by_id_and_by_their_business(store: &mut dyn Store) {
    two_tenants(store);
    read(store, |rows| {
        let ids: Vec<_> = rows.businesses(all())?.iter().map(|b| b.id).collect();
        assert_eq!(ids, [BUSINESS, OTHER]);
        let second = Page {
            after: Some(BUSINESS),
            limit: 1,
        };
        assert_eq!(rows.businesses(second)?.len(), 1);
        assert_eq!(rows.wabas(None, all())?.len(), 2);
        assert_eq!(rows.wabas(Some(BUSINESS), all())?, [samples::waba()]);
        let after = Page {
            after: Some(WABA),
            limit: 9,
        };
        assert!(rows.wabas(Some(BUSINESS), after)?.is_empty());
        let numbers = rows.numbers_of_business(OTHER, all())?;
        assert_eq!(
            numbers.iter().map(|n| n.id).collect::<Vec<_>>(),
            [OTHER_NUMBER]
        );
        assert_eq!(rows.apps(None, all())?.len(), 2);
        assert_eq!(rows.apps(Some(BUSINESS), all())?, [samples::app()]);
        assert_eq!(rows.tokens(None, all())?.len(), 2);
        assert_eq!(rows.tokens(Some(BUSINESS), all())?, [samples::token("a")]);
        assert_eq!(rows.subscribed_wabas(APP)?, [WABA]);
        assert!(rows.subscribed_wabas(OTHER_APP)?.is_empty());
        Ok(())
    });
}

pub(super) fn a_token_is_found_by_its_id(store: &mut dyn Store) {
    let token = samples::token("a");
    write(store, |tx| tx.put_token(&token));
    let found = read(store, |rows| rows.token_by_id(token.id));
    assert_eq!(found, Some(token));
    assert_eq!(read(store, |rows| rows.token_by_id(TokenId(1))), None);
}

pub(super) fn roles_come_back_and_go(store: &mut dyn Store) {
    let admin = RoleGrant {
        id: TokenId(750_000_000_000_001),
        hash: TokenHash::of("admin"),
        name: "Ops".into(),
        role: Role::Admin,
        business: None,
        issued_at: NOW,
        expires_at: None,
    };
    let viewer = RoleGrant {
        id: TokenId(750_000_000_000_002),
        hash: TokenHash::of("viewer"),
        role: Role::Viewer,
        business: Some(BUSINESS),
        expires_at: Some(NOW),
        ..admin.clone()
    };
    let developer = RoleGrant {
        id: TokenId(750_000_000_000_003),
        hash: TokenHash::of("developer"),
        role: Role::Developer,
        ..viewer.clone()
    };
    for grant in [&admin, &viewer, &developer] {
        write(store, |tx| tx.put_role_grant(grant));
        assert_eq!(
            read(store, |rows| rows.role_grant(&grant.hash)).as_ref(),
            Some(grant)
        );
        assert_eq!(
            read(store, |rows| rows.role_grant_by_id(grant.id)).as_ref(),
            Some(grant)
        );
    }
    let listed = read(store, |rows| rows.role_grants(all()));
    assert_eq!(listed, [admin.clone(), viewer.clone(), developer]);
    assert!(write(store, |tx| tx.delete_role_grant(viewer.id)));
    assert!(!write(store, |tx| tx.delete_role_grant(viewer.id)));
    assert_eq!(read(store, |rows| rows.role_grant(&viewer.hash)), None);
}

pub(super) fn an_allow_list_belongs_to_its_number(store: &mut dyn Store) {
    let (ana, ben) = (samples::wa_id(0), samples::wa_id(1));
    write(store, |tx| {
        for user in [ben, ana, ana] {
            tx.put_allow_listed(NUMBER, user)?;
        }
        Ok(())
    });
    read(store, |rows| {
        assert!(rows.allow_listed(NUMBER, ana)?);
        assert!(!rows.allow_listed(OTHER_NUMBER, ana)?);
        assert_eq!(rows.allow_list(NUMBER, all())?, [ana, ben]);
        let next = Page {
            after: Some(ana),
            limit: 5,
        };
        assert_eq!(rows.allow_list(NUMBER, next)?, [ben]);
        Ok(())
    });
    assert!(write(store, |tx| tx.delete_allow_listed(NUMBER, ana)));
    assert!(!write(store, |tx| tx.delete_allow_listed(NUMBER, ana)));
    assert!(!read(store, |rows| rows.allow_listed(NUMBER, ana)));
}

pub(super) fn a_picture_is_replaced_and_taken_away(store: &mut dyn Store) {
    for body in [vec![0xff; 300_000], vec![]] {
        let picture = Picture {
            kind: "image/png".into(),
            body,
        };
        write(store, |tx| tx.put_picture(NUMBER, &picture));
        assert_eq!(read(store, |rows| rows.picture(NUMBER)), Some(picture));
    }
    assert!(write(store, |tx| tx.delete_picture(NUMBER)));
    assert!(!write(store, |tx| tx.delete_picture(NUMBER)));
    assert_eq!(read(store, |rows| rows.picture(NUMBER)), None);
}

pub(super) fn what_is_deleted_takes_along_what_hangs_on_it(store: &mut dyn Store) {
    two_tenants(store);
    let ana = samples::wa_id(0);
    write(store, |tx| {
        tx.put_allow_listed(NUMBER, ana)?;
        assert!(tx.delete_number(NUMBER)?);
        assert!(!tx.delete_number(NUMBER)?);
        Ok(())
    });
    read(store, |rows| {
        assert_eq!(rows.number(NUMBER)?, None);
        assert_eq!(rows.number_override(NUMBER, APP)?, None);
        assert!(!rows.allow_listed(NUMBER, ana)?);
        assert_eq!(rows.subscriptions(WABA)?.len(), 1);
        Ok(())
    });
    write(store, |tx| {
        assert!(tx.delete_app(APP)?);
        assert!(tx.delete_waba(WABA)?);
        assert!(tx.delete_business(BUSINESS)?);
        Ok(())
    });
    read(store, |rows| {
        assert_eq!(rows.token(&TokenHash::of("a"))?, None);
        assert!(rows.subscriptions(WABA)?.is_empty());
        // The other tenant's are all there.
        assert!(rows.business(OTHER)?.is_some() && rows.waba(OTHER_WABA)?.is_some());
        assert!(rows.app(OTHER_APP)?.is_some() && rows.number(OTHER_NUMBER)?.is_some());
        assert!(rows.token(&TokenHash::of("b"))?.is_some());
        Ok(())
    });
}

pub(super) fn ids_beyond_63_bits_are_never_found(store: &mut dyn Store) {
    let huge = u64::MAX;
    write(store, |tx| {
        assert_eq!(tx.token_by_id(TokenId(huge))?, None);
        assert_eq!(tx.role_grant_by_id(TokenId(huge))?, None);
        assert_eq!(tx.picture(PhoneNumberId(huge))?, None);
        assert!(!tx.delete_business(BusinessId(huge))?);
        assert!(!tx.delete_waba(WabaId(huge))?);
        assert!(!tx.delete_number(PhoneNumberId(huge))?);
        assert!(!tx.delete_app(AppId(huge))?);
        assert!(!tx.delete_role_grant(TokenId(huge))?);
        let after = Page {
            after: Some(WabaId(huge)),
            limit: 1,
        };
        assert!(tx.wabas(Some(BusinessId(huge)), after)?.is_empty());
        Ok(())
    });
}
