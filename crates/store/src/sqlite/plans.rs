//! Every statement the conformance suite runs, and how SQLite means to find its rows.

#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::SqliteStore;
use crate::conformance;

thread_local! {
    static RAN: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

pub(super) fn record(sql: &str) {
    RAN.with_borrow_mut(|ran| {
        if !ran.contains(sql) {
            ran.insert(sql.to_owned());
        }
    });
}

fn plan(store: &SqliteStore, sql: &str) -> Vec<String> {
    let mut statement = store
        .conn
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap();
    // Parameters stay unbound: the plan is made without their values.
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get::<_, String>(3).unwrap());
    }
    steps
}

/// What a statement may do beyond searching, each with the reason.
const ALLOWED: &[(&str, &[&str])] = &[
    // At start: live calls only, put in order.
    (
        "WHERE state <> 'ended' ORDER BY seq",
        &[
            "SCAN calls USING INDEX calls_live",
            "USE TEMP B-TREE FOR ORDER BY",
        ],
    ),
    // In the order of the table, and only as many as asked for.
    ("FROM users ORDER BY seq LIMIT", &["SCAN users"]),
    // In the order of the index, and only the first.
    (
        "FROM timers ORDER BY due, id LIMIT 1",
        &["SCAN timers USING INDEX timers_due"],
    ),
    // The rows that the search within the brackets has found.
    ("SELECT COUNT(*) FROM (SELECT 1", &["SCAN (subquery-1)"]),
    // A portfolio's numbers come account by account; they are few, and put in order.
    (
        "WHERE waba IN (SELECT id FROM wabas",
        &["USE TEMP B-TREE FOR ORDER BY"],
    ),
    // Somebody changes the number, which is rare: the chats with each business number are looked at.
    (
        "AND number IN (SELECT id FROM numbers)",
        &["SCAN numbers USING COVERING INDEX numbers_of_waba"],
    ),
    // Before a business is deleted: what few accounts have set.
    (
        "SELECT rules_json FROM routing ORDER BY node",
        &["SCAN routing"],
    ),
    // Before an upload, and not on the ledger's thread: `limits.media.all_files` bounds them.
    ("FROM media WHERE complete", &["SCAN media"]),
    // A handful of counters, one a table.
    ("FROM sqlite_sequence", &["SCAN sqlite_sequence"]),
    // The reset reads the schema.
    ("FROM sqlite_schema", &["SCAN sqlite_schema"]),
];

#[test]
fn no_statement_reads_a_whole_table() {
    conformance::run(|| Box::new(SqliteStore::temporary().unwrap()));
    let ran = RAN.take();
    let store = SqliteStore::temporary().unwrap();
    let mut looked_at = 0;
    for sql in &ran {
        let steps = plan(&store, sql);
        looked_at += usize::from(!steps.is_empty());
        for step in steps {
            let slow = ["SCAN", "TEMP B-TREE", "AUTOMATIC"]
                .iter()
                .any(|word| step.contains(word));
            let allowed = ALLOWED
                .iter()
                .any(|(part, steps)| sql.contains(part) && steps.contains(&step.as_str()));
            assert!(!slow || allowed, "{step}\nin: {sql}");
        }
    }
    assert!(
        looked_at >= 35,
        "only {looked_at} statements with a plan were seen"
    );
}

#[test]
fn hot_queries_use_the_index_made_for_them() {
    conformance::run(|| Box::new(SqliteStore::temporary().unwrap()));
    let ran = RAN.take();
    let store = SqliteStore::temporary().unwrap();
    for (part, index) in [
        ("SELECT id FROM calls INDEXED", "calls_live"),
        ("SELECT COUNT(*) FROM calls", "calls_live"),
        ("SELECT COUNT(*) FROM (SELECT 1", "calls_connects"),
        ("WHERE user = ?1 ORDER BY seq", "calls_of_user"),
        (
            "calls.seq WHERE number = ?1 AND user = ?2 ORDER BY seq",
            "calls_of_user",
        ),
        ("BY messages_of_pair", "messages_of_pair"),
        ("BY messages_requests", "messages_requests"),
        ("BY messages_unread", "messages_unread"),
        ("BY messages_undelivered", "messages_undelivered"),
        ("c.number = ?1 AND c.seq", "calls_of_number"),
        ("c.user = ?1 AND c.seq", "calls_of_user"),
        ("FROM timers ORDER BY due", "timers_due"),
        ("DELETE FROM timers WHERE call", "timers_of_call"),
        ("holds_lane = 1", "deliveries_holding"),
        ("state = 'waiting'", "deliveries_waiting"),
        (
            "FROM deliveries INDEXED BY deliveries_sending",
            "deliveries_sending",
        ),
        ("FROM mails INDEXED BY mails_s", "mails_sending"),
        ("FROM mails INDEXED BY mails_f", "mails_finished"),
        ("WHERE d.lane = ", "deliveries_of_call"),
        ("state IN ('delivered'", "deliveries_finished"),
        ("FROM attempts", "attempts_of_delivery"),
    ] {
        let found: Vec<&String> = ran.iter().filter(|sql| sql.contains(part)).collect();
        assert!(!found.is_empty(), "nothing ran with {part}");
        for sql in found {
            let steps = plan(&store, sql);
            assert!(
                steps.iter().any(|s| s.contains(index)),
                "{steps:?} without {index}\nin: {sql}"
            );
        }
    }
}
