#![allow(clippy::unwrap_used)]

use std::fs;

use ahoy_types::{AppId, BusinessId, PhoneNumberId, WaId};
use rusqlite::{Connection, TransactionState};

use super::folder::Folder;
use super::migrate::MIGRATIONS;
use super::{Durability, SqliteStore};
use crate::conformance::samples::{self, BUSINESS, NUMBER};
use crate::{Batch, Result, RoutingScope, Store, StoreError, Tx};

mod lost;

fn write(store: &mut SqliteStore, work: impl Fn(&mut dyn Tx) -> Result<()>) -> Result<()> {
    store.batch(&mut |batch| batch.savepoint(&mut |tx| work(tx).map(|()| true)))
}

fn put_meta(batch: &mut dyn Batch, key: &str, value: &str) -> Result<()> {
    batch.savepoint(&mut |tx| tx.put_meta(key, value).map(|()| true))
}

fn meta(store: &SqliteStore, key: &str) -> Option<String> {
    let mut found = None;
    store
        .reader()
        .unwrap()
        .read(&mut |rows| {
            found = rows.meta(key)?;
            Ok(())
        })
        .unwrap();
    found
}

/// A folder that outlives the stores opened in it.
fn folder() -> (std::path::PathBuf, impl Drop) {
    struct Remove(std::path::PathBuf);
    impl Drop for Remove {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
    let path = Folder::temporary().unwrap().path().to_owned();
    (path.clone(), Remove(path))
}

#[test]
fn rows_are_there_when_the_folder_is_opened_again() {
    let (path, _remove) = folder();
    let deep = path.join("a/b c/ü");
    let mut store = SqliteStore::open(&deep).unwrap();
    write(&mut store, |tx| tx.put_number(&samples::number(NUMBER))).unwrap();
    drop(store);
    let store = SqliteStore::open(&deep).unwrap();
    assert_eq!(store.folder(), deep);
    let mut found = None;
    let mut reader = store.reader().unwrap();
    let mut read = |rows: &mut dyn crate::Rows| {
        found = rows.number(NUMBER)?;
        Ok(())
    };
    reader.read(&mut read).unwrap();
    assert_eq!(found, Some(samples::number(NUMBER)));
    assert_eq!(store.check(), Ok(()));
}

#[test]
fn a_folder_belongs_to_one_store_and_its_readers() {
    let (path, _remove) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let reader = store.reader().unwrap();
    let refused = SqliteStore::open(&path).unwrap_err().0;
    let expected = format!(
        "{} is in use by process {}",
        path.display(),
        std::process::id()
    );
    assert!(refused.contains(&expected), "{refused}");
    drop(store);
    assert!(SqliteStore::open(&path).is_err(), "a reader still uses it");
    drop(reader);
    SqliteStore::open(&path).unwrap();
}

#[test]
fn a_temporary_folder_goes_with_its_last_user() {
    let store = SqliteStore::temporary().unwrap();
    let path = store.folder().to_owned();
    let reader = store.reader().unwrap();
    drop(store);
    assert!(path.exists());
    drop(reader);
    assert!(!path.exists());
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_the_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let store = SqliteStore::temporary().unwrap();
    let mode = fs::metadata(store.folder()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_path_that_cannot_be_a_folder_is_named() {
    let (path, _remove) = folder();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("file"), "").unwrap();
    let refused = SqliteStore::open(&path.join("file")).unwrap_err().0;
    assert!(refused.contains("file cannot be"), "{refused}");
}

#[test]
fn an_older_schema_is_brought_up_to_date_and_a_newer_one_refused() {
    let (path, _remove) = folder();
    let open =
        |steps: &[&str]| SqliteStore::open_schema(Folder::open(&path)?, Durability::Normal, steps);
    let mut old = open(MIGRATIONS).unwrap();
    write(&mut old, |tx| tx.put_business(&samples::business())).unwrap();
    drop(old);
    let mut steps = MIGRATIONS.to_vec();
    steps.push("ALTER TABLE businesses ADD COLUMN country TEXT; CREATE TABLE wanted (id INTEGER PRIMARY KEY);");
    steps.push("UPDATE businesses SET country = 'GB'; INSERT INTO wanted VALUES (1);");
    for _ in 0..2 {
        let store = open(&steps).unwrap();
        let country: String = store
            .conn
            .query_row(
                "SELECT country FROM businesses WHERE id = ?1",
                [BUSINESS.0.cast_signed()],
                |r| r.get(0),
            )
            .unwrap();
        assert_eq!(country, "GB");
        let mut reader = store.reader().unwrap();
        reader
            .read(&mut |rows| {
                assert_eq!(rows.business(BUSINESS)?, Some(samples::business()));
                Ok(())
            })
            .unwrap();
    }
    let refused = open(MIGRATIONS).unwrap_err().0;
    let known = MIGRATIONS.len();
    assert!(
        refused.contains(&format!("schema version {}", known + 2)),
        "{refused}"
    );
    assert!(refused.contains("newer release"), "{refused}");
    open(&steps).unwrap();
}

#[test]
fn a_folder_is_emptied_only_if_all_in_it_is_ours() {
    let (path, _remove) = folder();
    assert!(!SqliteStore::erase(&path).unwrap(), "there is none");
    let mut store = SqliteStore::open(&path).unwrap();
    write(&mut store, |tx| tx.put_business(&samples::business())).unwrap();
    let refused = SqliteStore::erase(&path).unwrap_err().0;
    assert!(refused.contains("in use by process"), "{refused}");
    drop(store);
    fs::write(path.join("letter.txt"), "dear").unwrap();
    let refused = SqliteStore::erase(&path).unwrap_err().0;
    assert!(refused.contains("holds `letter.txt`"), "{refused}");
    fs::remove_file(path.join("letter.txt")).unwrap();
    assert!(SqliteStore::erase(&path).unwrap());
    assert!(!SqliteStore::erase(&path).unwrap());
    let store = SqliteStore::open(&path).unwrap();
    let dump = super::state::dump(&store.conn).unwrap();
    assert_eq!(dump.tables["businesses"], []);
    drop(store);
    SqliteStore::erase(&path).unwrap();
    let foreign = Connection::open(path.join("ahoy.sqlite3")).unwrap();
    foreign.execute_batch("CREATE TABLE parrots (id)").unwrap();
    drop(foreign);
    let refused = SqliteStore::erase(&path).unwrap_err().0;
    assert!(refused.contains("another program's database"), "{refused}");
    assert!(path.join("ahoy.sqlite3").is_file());
}

#[test]
fn an_export_of_an_older_schema_goes_through_the_migrations() {
    // Before administrators: tokens had no ids of their own, and there were fewer tables.
    let old = SqliteStore::open_schema(
        Folder::temporary().unwrap(),
        Durability::Normal,
        &MIGRATIONS[..7],
    )
    .unwrap();
    old.conn
        .execute_batch(
            "INSERT INTO businesses (id, name) VALUES (1, 'Old Ltd');
             INSERT INTO apps (id, name, secret, business, fields_json) VALUES (2, 'App', 's', 1, '[]');
             INSERT INTO tokens (hash, app, business, scopes_json, issued_at) VALUES (zeroblob(32), 2, 1, '[]', 0);",
        )
        .unwrap();
    let dump = super::state::dump(&old.conn).unwrap();
    assert_eq!(dump.schema, 7);
    let mut new = SqliteStore::temporary().unwrap();
    new.replace(&dump, &mut |_| Ok(())).unwrap();
    let known: u32 = new
        .conn
        .query_row("SELECT id FROM tokens WHERE id > 0", [], |_| Ok(1))
        .unwrap();
    assert_eq!(known, 1);
    let newest = super::state::dump(&new.conn).unwrap();
    assert_eq!(newest.schema as usize, MIGRATIONS.len());
    assert_eq!(newest.tables["businesses"][0]["name"], "Old Ltd");
}

#[test]
fn a_folder_from_before_routing_opens_and_has_none() {
    let (path, _remove) = folder();
    let before = MIGRATIONS
        .iter()
        .position(|step| step.contains("CREATE TABLE routing"))
        .unwrap();
    let old = SqliteStore::open_schema(
        Folder::open(&path).unwrap(),
        Durability::Normal,
        &MIGRATIONS[..before],
    )
    .unwrap();
    let id = ahoy_types::MessageId::new(samples::wa_id(0), [1; 16]);
    old.conn
        .execute(
            "INSERT INTO messages (id, number, user, author, at, kind_json, status, is_request)
             VALUES (?1, ?2, 447700900001, 'business', 0, '{\"type\":\"text\",\"body\":\"old\"}', 'sent', 0)",
            rusqlite::params![id.as_str(), NUMBER.0.cast_signed()],
        )
        .unwrap();
    drop(old);
    let store = SqliteStore::open(&path).unwrap();
    let mut reader = store.reader().unwrap();
    reader
        .read(&mut |rows| {
            let message = rows.message(&id)?.unwrap();
            assert_eq!(message.app, None);
            let of = RoutingScope::Account(samples::WABA);
            assert_eq!(rows.routing_rules(of)?, None);
            assert_eq!(rows.thread(NUMBER, message.user)?, Default::default());
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_failing_step_leaves_the_version_before_it() {
    let (path, _remove) = folder();
    let open =
        |steps: &[&str]| SqliteStore::open_schema(Folder::open(&path)?, Durability::Normal, steps);
    drop(open(MIGRATIONS).unwrap());
    let mut steps = MIGRATIONS.to_vec();
    steps.push("CREATE TABLE half (id INTEGER PRIMARY KEY); INSERT INTO nowhere VALUES (1);");
    let refused = open(&steps).unwrap_err().0;
    assert!(
        refused.contains(&format!("schema version {} failed", steps.len())),
        "{refused}"
    );
    let store = open(MIGRATIONS).unwrap();
    assert!(store.conn.prepare("SELECT * FROM half").is_err());
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let (path, _remove) = folder();
    fs::create_dir(&path).unwrap();
    let foreign = Connection::open(path.join("ahoy.sqlite3")).unwrap();
    foreign
        .execute_batch("CREATE TABLE cats (name TEXT); INSERT INTO cats VALUES ('Tom');")
        .unwrap();
    let refused = SqliteStore::open(&path).unwrap_err().0;
    assert!(refused.contains("another program"), "{refused}");
    let name: String = foreign
        .query_row("SELECT name FROM cats", [], |r| r.get(0))
        .unwrap();
    assert_eq!(name, "Tom");
    fs::write(
        path.join("ahoy.sqlite3"),
        "not a database, but long enough to have a header".repeat(20),
    )
    .unwrap();
    assert!(SqliteStore::open(&path).is_err());
}

#[test]
fn commits_wait_for_the_disk_unless_told_otherwise() {
    let (path, _remove) = folder();
    let level = |store: &SqliteStore| -> i64 {
        store
            .conn
            .pragma_query_value(None, "synchronous", |row| row.get(0))
            .unwrap()
    };
    assert_eq!(level(&SqliteStore::open(&path).unwrap()), 2);
    assert_eq!(
        level(&SqliteStore::open_with(&path, Durability::Normal).unwrap()),
        1
    );
}

/// A constraint that is checked at the commit makes COMMIT itself fail.
#[test]
fn a_failing_commit_undoes_the_batch() {
    let mut store = SqliteStore::temporary().unwrap();
    store
        .conn
        .execute_batch(
            "PRAGMA foreign_keys = on;
             CREATE TABLE parents (id INTEGER PRIMARY KEY);
             CREATE TABLE children (parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER orphan AFTER INSERT ON meta WHEN NEW.key = 'orphan'
             BEGIN INSERT INTO children VALUES (1); END;",
        )
        .unwrap();
    let failed = store.batch(&mut |batch| {
        put_meta(batch, "before", "1")?;
        put_meta(batch, "orphan", "1")
    });
    assert!(failed.unwrap_err().0.contains("FOREIGN KEY"));
    assert_eq!(meta(&store, "before"), None);
    store
        .batch(&mut |batch| put_meta(batch, "after", "1"))
        .unwrap();
    assert_eq!(meta(&store, "after").as_deref(), Some("1"));
}

#[test]
fn a_full_disk_undoes_the_batch_and_keeps_what_was_committed() {
    let mut store = SqliteStore::temporary().unwrap();
    store
        .batch(&mut |batch| put_meta(batch, "before", "1"))
        .unwrap();
    let pages: i64 = store
        .conn
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    let limit = |store: &SqliteStore, pages: i64| {
        store
            .conn
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .unwrap();
    };
    limit(&store, pages + 8);
    let big = "x".repeat(20_000);
    let failed = store.batch(&mut |batch| {
        for n in 0..100 {
            put_meta(batch, &n.to_string(), &big)?;
        }
        Ok(())
    });
    assert!(failed.unwrap_err().0.contains("full"));
    // Work that shrugs off its failures must not commit behind the batch's back.
    let shrugged = store.batch(&mut |batch| {
        for n in 0..100 {
            let _ = put_meta(batch, &n.to_string(), &big);
        }
        Err(StoreError("told".into()))
    });
    assert!(shrugged.is_err());
    for n in 0..100 {
        assert_eq!(meta(&store, &n.to_string()), None);
    }
    assert_eq!(meta(&store, "before").as_deref(), Some("1"));
    limit(&store, pages + 10_000);
    store
        .batch(&mut |batch| put_meta(batch, "after", &big))
        .unwrap();
    assert_eq!(meta(&store, "after"), Some(big));
    assert_eq!(store.check(), Ok(()));
}

/// SQLite undoes the transaction by itself on some failures: later work must not run in one of its own.
#[test]
fn work_after_a_lost_transaction_is_refused() {
    let mut store = SqliteStore::temporary().unwrap();
    store
        .conn
        .execute_batch(
            "CREATE TRIGGER lose AFTER INSERT ON meta WHEN NEW.key = 'lose' BEGIN SELECT RAISE(ROLLBACK, 'lost'); END;",
        )
        .unwrap();
    let mut later = None;
    let failed = store.batch(&mut |batch| {
        put_meta(batch, "before", "1")?;
        assert!(put_meta(batch, "lose", "1").is_err());
        later = Some(put_meta(batch, "later", "1"));
        Ok(())
    });
    assert!(failed.is_err());
    assert!(later.unwrap().unwrap_err().0.contains("gave up"));
    assert_eq!(
        (meta(&store, "before"), meta(&store, "later")),
        (None, None)
    );
    assert_eq!(
        store.conn.transaction_state(None::<&str>).unwrap(),
        TransactionState::None
    );
}

#[test]
fn a_reader_cannot_write() {
    let store = SqliteStore::temporary().unwrap();
    let reader = super::SqliteReader::connect(&store.folder).unwrap();
    assert!(reader.conn.execute("DELETE FROM meta", []).is_err());
}

#[test]
fn a_damaged_value_is_an_error_and_no_panic() {
    let mut store = SqliteStore::temporary().unwrap();
    write(&mut store, |tx| {
        tx.put_number(&samples::number(NUMBER))?;
        tx.put_call(&samples::call(
            1,
            NUMBER,
            ahoy_types::Direction::UserInitiated,
        ))?;
        tx.put_user(&samples::user(1))
    })
    .unwrap();
    for damage in [
        "UPDATE numbers SET profile = 'gold'",
        "UPDATE numbers SET profile = 'sandbox', settings_json = '{'",
        "UPDATE numbers SET settings_json = '{}', waba = -1",
        "UPDATE users SET country = 'Atlantis'",
        "UPDATE users SET country = NULL, behaviour_json = 'null'",
        "UPDATE calls SET id = 'no call'",
    ] {
        store.conn.execute_batch(damage).unwrap();
        let read = store.reader().unwrap().read(&mut |rows| {
            rows.number(NUMBER)?;
            rows.user(samples::wa_id(1))?;
            rows.live_calls().map(|_| ())
        });
        assert!(read.unwrap_err().0.contains("does not know"), "{damage}");
        if damage.contains("waba") {
            store
                .conn
                .execute_batch("UPDATE numbers SET waba = 1")
                .unwrap();
        }
        if damage.contains("null") {
            store
                .conn
                .execute_batch("UPDATE users SET behaviour_json = NULL")
                .unwrap();
        }
    }
}

/// The thread moves the log beside a writer that never rests, and the writer begins it anew.
#[test]
fn the_log_stays_short_under_a_steady_load() {
    const MIB: u64 = 1 << 20;
    let mut store = SqliteStore::temporary().unwrap();
    let log = store.folder().join("ahoy.sqlite3-wal");
    let body = vec![7; 1 << 20];
    let mut longest = 0;
    for _ in 0..200 {
        let row = crate::NewDelivery {
            body: body.clone(),
            ..samples::delivery(samples::APP, None, crate::DeliveryState::Sending)
        };
        write(&mut store, |tx| tx.add_delivery(&row).map(|_| ())).unwrap();
        longest = longest.max(fs::metadata(&log).unwrap().len() / MIB);
    }
    assert!((4..100).contains(&longest), "the log grew to {longest} MiB");
    let (conn, folder) = (store.folder().join("ahoy.sqlite3"), store.reader().unwrap());
    drop(store);
    let moved = fs::metadata(conn).unwrap().len() / MIB;
    drop(folder);
    assert!(moved > 100, "only {moved} MiB were moved");
}

/// With SQLite's own checkpoints the first wait for the disk in a commit would be a long one.
#[test]
fn commits_do_not_checkpoint_while_the_log_is_short() {
    let store = SqliteStore::temporary().unwrap();
    let pages: i64 = store
        .conn
        .pragma_query_value(None, "wal_autocheckpoint", |row| row.get(0))
        .unwrap();
    assert_eq!(pages, 0);
}

/// What the release before had of people with two numbers, of ids and of acquaintances, as this one keeps it.
#[test]
fn users_of_the_release_before_keep_ids_and_numbers_in_the_form_of_this_one() {
    let old = SqliteStore::open_schema(
        Folder::temporary().unwrap(),
        Durability::Normal,
        &MIGRATIONS[..11],
    )
    .unwrap();
    let numbers: [u64; 7] = [
        525_512_345_678,
        541_112_345_678,
        551_181_234_567,
        5_531_981_234_567,
        551_132_345_678,
        5_511_981_234_567,
        447_700_900_001,
    ];
    for number in numbers {
        old.conn
            .execute_batch(&format!(
                "INSERT INTO users (wa_id, created_at) VALUES ({number}, 0);
                 INSERT INTO pairs VALUES (5, {number}, '{{}}');
                 INSERT INTO user_ids VALUES (1, {number}, 'ZZ.{number}');
                 INSERT INTO user_ids VALUES (9, {number}, 'ZZ.9{number}');"
            ))
            .unwrap();
    }
    old.conn
        .execute_batch(
            "INSERT INTO businesses (id, name) VALUES (1, 'Old Ltd');
             INSERT INTO business_parents VALUES (1, 9);
             INSERT INTO wabas (id, business, name) VALUES (2, 1, 'Old');
             INSERT INTO apps (id, name, secret, business, fields_json) VALUES (3, 'App', 's', 1, '[\"calls\",\"user_id_update\"]');
             INSERT INTO messages (id, number, user, author, at, kind_json, status, is_request)
                 VALUES ('wamid.1', 5, 525512345678, 'user', 77, '{}', 'read', 0);",
        )
        .unwrap();
    let (path, _remove) = folder();
    fs::create_dir(&path).unwrap();
    old.conn
        .execute("VACUUM INTO ?1", [path.join("ahoy.sqlite3").to_str()])
        .unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let mut reader = store.reader().unwrap();
    reader
        .read(&mut |rows| {
            let mut users: Vec<u64> = rows.users(99)?.iter().map(|u| u.wa_id.as_u64()).collect();
            let mut known: Vec<u64> = numbers
                .iter()
                .map(|n| n.to_string().parse::<WaId>().unwrap().as_u64())
                .collect();
            for list in [&mut users, &mut known] {
                list.sort_unstable();
                list.dedup();
            }
            assert_eq!(users, known, "one user a person, by the platform's form");
            for number in known.into_iter().map(WaId::from_u64) {
                assert!(rows.acquaintance(PhoneNumberId(5), number)?.is_some());
                let own = rows.user_id(BusinessId(1), number, false)?.unwrap();
                let above = rows.user_id(BusinessId(9), number, true)?.unwrap();
                assert_eq!((own.is_parent(), above.is_parent()), (false, true));
                assert_eq!(rows.user_by_id(BusinessId(9), &above)?, Some(number));
            }
            let ana = "+52 55 1234 5678".parse::<WaId>().unwrap();
            let met = rows.acquaintance(PhoneNumberId(5), ana)?.unwrap();
            assert_eq!((met.met_at.map(|at| at.0), met.in_book), (Some(77), true));
            assert_eq!(rows.app(AppId(3))?.unwrap().fields, ["calls"]);
            assert!(rows.business(BusinessId(1))?.unwrap().contact_book);
            Ok(())
        })
        .unwrap();
}
