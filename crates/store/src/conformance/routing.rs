//! Conversation routing.

use ahoy_calling::routing::{Asked, EntryPoint, Owner, Role, RoutingRules, Thread};
use ahoy_types::{BusinessId, WabaId};

use super::samples::{self, BUSINESS, NOW, NUMBER, WABA};
use super::{read, write};
use crate::{Page, RoutingScope, Store};

const PARTNER: BusinessId = BusinessId(731_000_000_000_001);

pub(super) fn rules() -> RoutingRules {
    RoutingRules {
        enabled: Some(true),
        roles: [(Role::Calls, PARTNER), (Role::CustomerService, BUSINESS)].into(),
        standby: Some([PARTNER].into()),
        agent_terms: Some(false),
    }
}

pub(super) fn thread() -> Thread {
    Thread {
        user_at: Some(NOW),
        owner: Some(Owner {
            business: PARTNER,
            role: Role::Escalation,
            since: NOW,
        }),
        asked: Some(Asked {
            entry: EntryPoint::MarketingResponse,
            at: NOW,
        }),
    }
}

/// Rules of an account and of a number are kept apart, replaced and removed.
pub fn rules_of_accounts_and_numbers_are_kept_apart(store: &mut dyn Store) {
    let (account, number) = (RoutingScope::Account(WABA), RoutingScope::Number(NUMBER));
    let exception = RoutingRules {
        enabled: Some(false),
        ..Default::default()
    };
    write(store, |tx| {
        tx.put_routing_rules(account, &exception)?;
        tx.put_routing_rules(account, &rules())?;
        tx.put_routing_rules(number, &exception)?;
        assert_eq!(tx.routing_rules(account)?, Some(rules()));
        Ok(())
    });
    read(store, |rows| {
        assert_eq!(rows.routing_rules(account)?, Some(rules()));
        assert_eq!(rows.routing_rules(number)?, Some(exception.clone()));
        let other = RoutingScope::Account(WabaId(1));
        assert_eq!(rows.routing_rules(other)?, None);
        let beyond = RoutingScope::Account(WabaId(u64::MAX));
        assert_eq!(rows.routing_rules(beyond)?, None);
        assert!(rows.routing_names(PARTNER)? && rows.routing_names(BUSINESS)?);
        assert!(!rows.routing_names(BusinessId(1))?);
        Ok(())
    });
    write(store, |tx| {
        assert!(tx.delete_routing_rules(account)?);
        assert!(!tx.delete_routing_rules(account)?);
        assert!(!tx.routing_names(PARTNER)?);
        assert_eq!(tx.routing_rules(number)?, Some(exception.clone()));
        Ok(())
    });
}

/// Threads come back as they were written, in pages, and go all together.
pub fn threads_come_back_in_pages(store: &mut dyn Store) {
    write(store, |tx| {
        assert_eq!(tx.thread(NUMBER, samples::wa_id(0))?, Thread::default());
        for n in 0..3 {
            tx.put_thread(NUMBER, samples::wa_id(n), &Thread::default())?;
            tx.put_thread(NUMBER, samples::wa_id(n), &thread())?;
        }
        tx.put_thread(samples::OTHER_NUMBER, samples::wa_id(0), &thread())
    });
    read(store, |rows| {
        assert_eq!(rows.thread(NUMBER, samples::wa_id(1))?, thread());
        let page = |after, limit| Page { after, limit };
        let first = rows.threads(NUMBER, page(None, 2))?;
        let users: Vec<_> = first.iter().map(|(user, _)| *user).collect();
        assert_eq!(users, [samples::wa_id(0), samples::wa_id(1)]);
        let rest = rows.threads(NUMBER, page(Some(samples::wa_id(1)), 2))?;
        assert_eq!(rest, [(samples::wa_id(2), thread())]);
        Ok(())
    });
    write(store, |tx| tx.delete_threads(NUMBER));
    read(store, |rows| {
        assert_eq!(rows.thread(NUMBER, samples::wa_id(1))?, Thread::default());
        let other = rows.thread(samples::OTHER_NUMBER, samples::wa_id(0))?;
        assert_eq!(other, thread());
        Ok(())
    });
}
