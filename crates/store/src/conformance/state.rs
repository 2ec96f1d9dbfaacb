//! Export and import.

use ahoy_calling::routing::{Role, RoutingRules};
use ahoy_types::Direction;
use serde_json::{Value, json};

use super::samples::{self, APP, NOW, NUMBER};
use super::{read, write};
use crate::{DeliveryState, Dump, ReplaceError, RoutingScope, Store, StoreError, TimerKind};

/// Routing whose roles are all the one business's.
fn own_rules() -> RoutingRules {
    RoutingRules {
        enabled: Some(true),
        roles: [(Role::Calls, samples::BUSINESS)].into(),
        ..Default::default()
    }
}

/// A bit of everything whose rows hang together.
fn fill(store: &mut dyn Store) {
    write(store, |tx| {
        tx.put_business(&samples::business())?;
        tx.put_waba(&samples::waba())?;
        tx.put_number(&samples::number(NUMBER))?;
        tx.put_app(&samples::app())?;
        tx.put_token(&samples::token("a"))?;
        tx.put_subscription(&samples::subscription(APP))?;
        tx.put_number_override(&samples::number_override(NUMBER, APP))?;
        for n in 1..=3 {
            tx.put_user(&samples::user(n))?;
            tx.put_pair(NUMBER, samples::wa_id(n), &samples::pair())?;
        }
        let call = samples::call(1, NUMBER, Direction::UserInitiated);
        tx.put_call(&call)?;
        tx.add_timer(
            NOW,
            &TimerKind::RingTimeout {
                call: call.id.clone(),
            },
        )?;
        let delivery = samples::delivery(APP, Some(call.id), DeliveryState::Sending);
        let delivery = tx.add_delivery(&delivery)?;
        tx.add_attempt(&samples::attempt(delivery, 1))?;
        let account = RoutingScope::Account(samples::waba().id);
        tx.put_routing_rules(account, &own_rules())?;
        tx.put_thread(NUMBER, samples::wa_id(1), &super::routing::thread())?;
        tx.put_meta("seeded", "1")
    });
}

fn dump(store: &dyn Store) -> Dump {
    read(store, |rows| rows.dump())
}

fn put(store: &mut dyn Store, dump: &Dump) -> Result<(), ReplaceError> {
    store.replace(dump, &mut |_| Ok(()))
}

pub(super) fn what_is_exported_comes_back_to_the_last_byte(store: &mut dyn Store) {
    fill(store);
    let before = dump(store);
    let text = serde_json::to_string(&before).unwrap();
    store.clear().unwrap();
    assert_ne!(dump(store), before);
    // Through its text, as it goes over the wire.
    put(store, &serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(serde_json::to_string(&dump(store)).unwrap(), text);
    read(store, |rows| {
        assert_eq!(rows.number(NUMBER)?, Some(samples::number(NUMBER)));
        assert_eq!(rows.user(samples::wa_id(2))?, Some(samples::user(2)));
        assert_eq!(rows.pair(NUMBER, samples::wa_id(3))?, samples::pair());
        assert_eq!(rows.next_timer()?.map(|t| t.due), Some(NOW));
        assert_eq!(rows.sending()?.len(), 1);
        Ok(())
    });
}

pub(super) fn an_import_replaces_what_was_there(store: &mut dyn Store) {
    let empty = dump(store);
    fill(store);
    put(store, &empty).unwrap();
    assert_eq!(dump(store), empty);
}

/// What is wrong with a dump, and what the store must say about it.
type Wrong = (fn(&mut Value), &'static str);

const WRONG: &[Wrong] = &[
    (|d| d["schema"] = json!(0), "schema: 1 to "),
    (|d| d["schema"] = json!(999), "newer release"),
    (
        |d| d["tables"]["parrots"] = json!([]),
        "tables.parrots: there is no such table",
    ),
    (
        |d| drop(d["tables"].as_object_mut().unwrap().remove("users")),
        "tables.users: the table is missing",
    ),
    (
        |d| d["tables"]["users"][1]["shoes"] = json!(42),
        "tables.users[1].shoes: the table has no such column",
    ),
    (
        |d| {
            let row = d["tables"]["users"][1].as_object_mut().unwrap();
            row.remove("name");
        },
        "tables.users[1].name: it is missing",
    ),
    (
        |d| d["tables"]["numbers"][0]["digits"] = json!("x"),
        "tables.numbers[0].digits: a whole number is expected, not \"x\"",
    ),
    (
        |d| d["tables"]["numbers"][0]["verified_name"] = json!(null),
        "tables.numbers[0].verified_name: a text is expected, not null",
    ),
    (
        |d| d["tables"]["tokens"][0]["hash"] = json!("not base64!"),
        "tables.tokens[0].hash: base64 is expected",
    ),
    (
        |d| d["tables"]["numbers"][0]["profile"] = json!("bogus"),
        "tables.numbers[0]: the database holds a value this program does not know: `bogus`",
    ),
    (
        |d| d["tables"]["numbers"][0]["settings_json"] = json!([1]),
        "tables.numbers[0]: ",
    ),
    (
        |d| d["tables"]["timers"][0]["kind_json"] = json!({"kind": "sneeze"}),
        "tables.timers[0]: kind_json: ",
    ),
    (
        |d| d["tables"]["calls"][0]["id"] = json!("x"),
        "tables.calls[0]: `x` is no call id",
    ),
    (
        |d| d["tables"]["call_texts"] = json!([]),
        "tables.calls[0]: a part of it is missing",
    ),
    (
        |d| d["tables"]["routing"][0]["rules_json"] = json!({"enabled": 1}),
        "tables.routing[0]: ",
    ),
    (
        |d| d["tables"]["routing"][0]["rules_json"] = json!({"roles": {"calls": "5"}}),
        "tables.routing[0]: there is no business 5",
    ),
    (
        |d| d["tables"]["routing"][0]["node"] = json!(5),
        "tables.routing[0]: node 5 is no account and no number",
    ),
    (
        |d| d["tables"]["threads"][0]["state_json"] = json!({"owner": 1}),
        "tables.threads[0]: ",
    ),
    (
        |d| d["tables"]["numbers"][0]["waba"] = json!(5),
        "tables.numbers: waba 5 is no id of tables.wabas",
    ),
    (
        |d| {
            let twice = d["tables"]["users"][0].clone();
            d["tables"]["users"].as_array_mut().unwrap().push(twice);
        },
        "tables.users[3]: ",
    ),
];

pub(super) fn a_dump_that_is_wrong_is_refused_and_changes_nothing(store: &mut dyn Store) {
    fill(store);
    let good = dump(store);
    let text = serde_json::to_value(&good).unwrap();
    for (spoil, said) in WRONG {
        let mut spoilt = text.clone();
        spoil(&mut spoilt);
        let spoilt: Dump = serde_json::from_value(spoilt).unwrap();
        match put(store, &spoilt) {
            Err(ReplaceError::Invalid(clause)) => {
                assert!(clause.contains(said), "{said}: {clause}");
            }
            other => panic!("{said}: {other:?}"),
        }
        assert_eq!(dump(store), good, "{said}");
    }
}

pub(super) fn what_follows_an_import_belongs_to_it(store: &mut dyn Store) {
    let empty = dump(store);
    fill(store);
    let good = dump(store);
    let failed = store.replace(&empty, &mut |_| Err(StoreError("no".into())));
    assert_eq!(failed, Err(ReplaceError::Store(StoreError("no".into()))));
    assert_eq!(dump(store), good);
    store
        .replace(&empty, &mut |batch| {
            batch.savepoint(&mut |tx| {
                assert_eq!(tx.user(samples::wa_id(1))?, None);
                tx.put_meta("seeded", "2")?;
                Ok(true)
            })
        })
        .unwrap();
    assert_eq!(
        read(store, |rows| rows.meta("seeded")).as_deref(),
        Some("2")
    );
}
