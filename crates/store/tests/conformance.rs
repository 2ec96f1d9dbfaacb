//! SQLite does what every store must do.

use ahoy_store::Store;
use ahoy_store::conformance;
use ahoy_store::sqlite::{Durability, SqliteStore};

#[test]
fn a_temporary_store_conforms() {
    conformance::run(|| Box::new(SqliteStore::temporary().expect("a temporary folder")));
}

/// As in production: each commit waits for the disk, and the folder was opened before.
#[test]
fn a_store_opened_again_conforms() {
    let temporary = SqliteStore::temporary().expect("a temporary folder");
    let folder = temporary.folder().join("data");
    for durability in [Durability::Full, Durability::Normal] {
        conformance::run(|| {
            let mut store = SqliteStore::open_with(&folder, durability).expect("a free folder");
            store.clear().expect("an empty store");
            Box::new(store)
        });
    }
    SqliteStore::open(&folder)
        .and_then(|store| store.check())
        .expect("a sound database");
}
