//! A database file that is not what it was.

use std::fs;

use super::{SqliteStore, folder, meta, write};

#[test]
fn a_database_that_lost_its_content_is_not_filled_without_a_word() {
    let (path, _remove) = folder();
    let file = path.join("ahoy.sqlite3");
    let log = path.join("ahoy.sqlite3-wal");
    let fill = || {
        let mut store = SqliteStore::open(&path).unwrap();
        assert!(write(&mut store, |tx| tx.put_meta("kept", "yes")).is_ok());
        // All of it is in the file and nothing in the log.
        store
            .conn
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
        store.was_emptied()
    };
    assert!(!fill(), "a new folder");
    assert!(!fill(), "opened again");
    let whole = fs::read(&file).unwrap();

    // Cut off in the middle, and its end alone.
    for kept in [whole.len() / 2, whole.len() - 4_096] {
        fs::write(&file, &whole[..kept]).unwrap();
        let _ = fs::remove_file(&log);
        let refused = SqliteStore::open(&path).unwrap_err().to_string();
        assert!(refused.contains("is torn"), "{refused}");
        assert_eq!(fs::metadata(&file).unwrap().len(), kept as u64, "untouched");
    }
    // Without the file its log is of no use, and is kept.
    fs::write(&log, b"changes").unwrap();
    for empty in [true, false] {
        if empty {
            fs::write(&file, b"").unwrap();
        } else {
            fs::remove_file(&file).unwrap();
        }
        let refused = SqliteStore::open(&path).unwrap_err().to_string();
        assert!(refused.contains("while its log"), "{refused}");
        assert_eq!(fs::read(&log).unwrap(), b"changes");
    }
    fs::remove_file(&log).unwrap();
    fs::write(&file, b"").unwrap();
    assert!(fill(), "a file without a byte");
    assert!(!fill(), "filled by now");
    fs::write(&file, &whole).unwrap();
    assert_eq!(
        meta(&SqliteStore::open(&path).unwrap(), "kept").as_deref(),
        Some("yes")
    );
}
