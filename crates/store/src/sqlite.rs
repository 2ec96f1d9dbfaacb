//! The embedded store: SQLite in WAL mode, one writer and any number of readers, all in one process.
//!
//! A commit is on the disk when [`Store::batch`] returns (with [`Durability::Full`]): it survives `kill -9` and a loss of
//! power. Readers see the last commit and never wait for the writer, nor it for them.
//!
//! A database is always a file: with `:memory:` each connection would see a database of its own, and readers none
//! of the ledger's rows. Tests use [`SqliteStore::temporary`].

mod accounts;
mod admin;
mod apps;
mod calls;
mod charges;
mod checkpoint;
mod codec;
mod folder;
mod found;
mod memory;
mod messages;
mod migrate;
mod outbox;
mod permissions;
#[cfg(test)]
mod plans;
mod quality;
mod routing;
mod state;
mod templates;
#[cfg(test)]
mod tests;
mod timers;
mod users;
mod view;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use self::checkpoint::Checkpointer;
use self::codec::run;
use self::folder::Folder;
use self::found::Found;
use self::view::View;
use crate::{Batch, Dump, Reader, ReplaceError, Result, Rows, Store, StoreError, Tx};

pub use self::memory::MemoryDatabase;

/// What a commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The end of the process and of the machine: each commit waits for the disk.
    #[default]
    Full,
    /// The end of the process. When the machine itself goes down the newest commits may be missing; the rest is sound.
    Normal,
}

/// SQL texts this program knows: each is compiled once a connection.
const STATEMENTS: usize = 128;
/// How long a statement waits for a foreign tool that holds the database.
const BUSY: Duration = Duration::from_secs(5);
/// Page cache of the writer, in KiB.
const WRITER_CACHE_KIB: i64 = 16 << 10;
/// Page cache of a reader, in KiB.
const READER_CACHE_KIB: i64 = 4 << 10;

/// The store on SQLite.
#[derive(Debug)]
pub struct SqliteStore {
    // In the order in which they go: the connection, the thread that hears of it, the lock.
    conn: Connection,
    _checkpointer: Checkpointer,
    folder: Arc<Folder>,
    lost: bool,
}

impl SqliteStore {
    /// Opens the database in the data folder `path` with [`Durability::Full`]; creates both where they are missing and
    /// brings an older schema up to date.
    ///
    /// # Errors
    /// A sentence for the operator when the folder cannot be written, is in use by another process, or holds a
    /// database of a newer release or of another program.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, Durability::Full)
    }

    /// [`SqliteStore::open`] with a choice of durability.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with(path: &Path, durability: Durability) -> Result<Self> {
        Self::open_schema(Folder::open(path)?, durability, migrate::MIGRATIONS)
    }

    /// Whether there was a database file with nothing in it, which is filled anew: whatever it held is gone. So it is too where the very first
    /// start was cut off.
    pub const fn was_emptied(&self) -> bool {
        self.lost
    }

    /// An empty store in a folder of its own, which is removed when the store and all its readers are dropped. Its
    /// commits do not wait for the disk.
    ///
    /// # Errors
    /// When the system's temporary folder cannot be written.
    pub fn temporary() -> Result<Self> {
        Self::open_schema(
            Folder::temporary()?,
            Durability::Normal,
            migrate::MIGRATIONS,
        )
    }

    fn open_schema(folder: Folder, durability: Durability, steps: &[&str]) -> Result<Self> {
        let folder = Arc::new(folder);
        let about = |e: StoreError| {
            StoreError(format!(
                "the data folder {}: {}",
                folder.path().display(),
                e.0
            ))
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let found = found::look(&folder.database()).map_err(about)?;
        let mut conn = connect(&folder, flags, WRITER_CACHE_KIB).map_err(about)?;
        let lost = match found {
            Found::Nothing => false,
            Found::Empty => true,
            Found::File => migrate::is_empty(&conn).map_err(about)?,
        };
        prepare_writer(&conn, durability).map_err(about)?;
        migrate::migrate(&mut conn, steps).map_err(about)?;
        let checkpointer = Checkpointer::start(&folder, &mut conn).map_err(about)?;
        Ok(Self {
            conn,
            _checkpointer: checkpointer,
            folder,
            lost,
        })
    }

    /// Deletes the database in the data folder `path`, so that the next [`SqliteStore::open`] finds none. Says whether there
    /// was one.
    ///
    /// # Errors
    /// The folder is in use, holds anything that this program did not write, or cannot be changed. Nothing is deleted then
    /// unless the sentence says that it cannot be emptied.
    pub fn erase(path: &Path) -> Result<bool> {
        folder::erase(path, |database| {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            match Connection::open_with_flags(database, flags) {
                Ok(conn) => Ok(migrate::is_ours(&conn).unwrap_or(false)),
                Err(e) => Err(e.into()),
            }
        })
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Reads the whole database and its indexes and says whether they agree: for diagnosis, it takes long.
    ///
    /// # Errors
    /// The first things SQLite finds wrong.
    pub fn check(&self) -> Result<()> {
        let mut statement = self.conn.prepare("PRAGMA integrity_check(10)")?;
        let found: Vec<String> = statement
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        if found == ["ok"] {
            Ok(())
        } else {
            Err(StoreError(format!(
                "the database is damaged: {}",
                found.join("; ")
            )))
        }
    }
}

fn connect(folder: &Folder, flags: OpenFlags, cache_kib: i64) -> Result<Connection> {
    let conn = Connection::open_with_flags(folder.database(), flags)?;
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.pragma_update(None, "cache_size", -cache_kib)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "trusted_schema", false)?;
    Ok(conn)
}

fn prepare_writer(conn: &Connection, durability: Durability) -> Result<()> {
    let mode: String =
        conn.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError(format!(
            "the file system does not offer what SQLite's WAL needs (journal mode is `{mode}`)"
        )));
    }
    let synchronous = match durability {
        Durability::Full => "full",
        Durability::Normal => "normal",
    };
    conn.pragma_update(None, "synchronous", synchronous)?;
    Ok(())
}

/// An open transaction: undone unless it is committed, also when the work in it panics.
struct Open<'c>(&'c Connection);

impl<'c> Open<'c> {
    fn begin(conn: &'c Connection, sql: &str) -> Result<Self> {
        run(conn, sql, [])?;
        Ok(Self(conn))
    }

    fn commit(self) -> Result<()> {
        // SQLite may have undone the transaction by itself (disk full, I/O error): then this fails as well.
        run(self.0, "COMMIT", []).map(|_| ())
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            // Should it fail, the next BEGIN does, and says why.
            let _ = run(self.0, "ROLLBACK", []);
        }
    }
}

struct Commit<'c>(&'c Connection);

impl Batch for Commit<'_> {
    fn savepoint(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> Result<bool>) -> Result<()> {
        let conn = self.0;
        // A disk that fills up can make SQLite undo the whole transaction. A savepoint outside of one would commit
        // by itself, so the rest of the batch must not begin.
        let lost = || StoreError("the database gave up this transaction".into());
        if conn.is_autocommit() {
            return Err(lost());
        }
        run(conn, "SAVEPOINT job", [])?;
        let kept = work(&mut View(conn));
        if conn.is_autocommit() {
            return Err(kept.err().unwrap_or_else(lost));
        }
        if !matches!(kept, Ok(true)) {
            run(conn, "ROLLBACK TO job", [])?;
        }
        run(conn, "RELEASE job", [])?;
        kept.map(|_| ())
    }
}

impl Store for SqliteStore {
    fn batch(&mut self, work: &mut dyn FnMut(&mut dyn Batch) -> Result<()>) -> Result<()> {
        let open = Open::begin(&self.conn, "BEGIN IMMEDIATE")?;
        work(&mut Commit(&self.conn))?;
        open.commit()
    }

    fn reader(&self) -> Result<Box<dyn Reader>> {
        Ok(Box::new(SqliteReader::connect(&self.folder)?))
    }

    fn clear(&mut self) -> Result<()> {
        let open = Open::begin(&self.conn, "BEGIN IMMEDIATE")?;
        state::delete_all(&self.conn)?;
        open.commit()
    }

    fn replace(
        &mut self,
        dump: &Dump,
        then: &mut dyn FnMut(&mut dyn Batch) -> Result<()>,
    ) -> std::result::Result<(), ReplaceError> {
        let open = Open::begin(&self.conn, "BEGIN IMMEDIATE")?;
        state::replace(&self.conn, dump)?;
        then(&mut Commit(&self.conn))?;
        Ok(open.commit()?)
    }
}

struct SqliteReader {
    // Before the folder: the connection closes, then the lock goes.
    conn: Connection,
    folder: Arc<Folder>,
}

impl SqliteReader {
    fn connect(folder: &Arc<Folder>) -> Result<Self> {
        // Not read-only for SQLite: in WAL mode a reader writes its mark into the shared index. Rows it cannot write.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = connect(folder, flags, READER_CACHE_KIB)?;
        conn.pragma_update(None, "query_only", true)?;
        Ok(Self {
            conn,
            folder: Arc::clone(folder),
        })
    }
}

impl Reader for SqliteReader {
    fn read(&mut self, work: &mut dyn FnMut(&mut dyn Rows) -> Result<()>) -> Result<()> {
        let open = Open::begin(&self.conn, "BEGIN")?;
        work(&mut View(&self.conn))?;
        open.commit()
    }

    fn another(&self) -> Result<Box<dyn Reader>> {
        Ok(Box::new(Self::connect(&self.folder)?))
    }
}
