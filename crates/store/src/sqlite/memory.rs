//! SQLite without a disk, for one thread: the statements, constraints and rollbacks of the real one at the speed of memory.
//!
//! All stores and readers of a [`MemoryDatabase`] share one connection. What a dropped store had committed is there for the
//! next one, and what it had not is gone: for the simulation that is a process that died.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::codec::many;
use super::view::View;
use super::{Commit, Open, SqliteStore, migrate, state};
use crate::{Batch, Dump, Reader, ReplaceError, Result, Rows, Store, StoreError};

/// SQL texts that stay compiled: every one of the program's, and those that empty and dump each table.
const STATEMENTS: usize = 512;

/// A database in memory. Cheap to clone; it lives as long as a clone, a store or a reader of it.
#[derive(Debug, Clone)]
pub struct MemoryDatabase(Arc<Mutex<Connection>>);

impl MemoryDatabase {
    /// An empty database with the newest schema.
    ///
    /// # Errors
    /// SQLite gets no memory.
    pub fn new() -> Result<Self> {
        let mut conn = Connection::open_in_memory()?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        conn.pragma_update(None, "temp_store", "memory")?;
        migrate::migrate(&mut conn, migrate::MIGRATIONS)?;
        Ok(Self(Arc::new(Mutex::new(conn))))
    }

    /// A store on it, as after the start of a process.
    pub fn store(&self) -> Box<dyn Store> {
        Box::new(MemoryStore(self.clone()))
    }

    /// Deletes every row and begins the ids anew: another database with the same statements at hand.
    ///
    /// # Errors
    /// The database is in use.
    pub fn wipe(&self) -> Result<()> {
        let conn = self.take()?;
        let open = Open::begin(&conn, "BEGIN IMMEDIATE")?;
        state::delete_all(&conn)?;
        conn.execute_batch("DELETE FROM sqlite_sequence")?;
        open.commit()
    }

    /// Runs SQL of the caller's own. The simulation plants its bugs with it.
    ///
    /// # Errors
    /// The SQL is wrong.
    pub fn execute(&self, sql: &str) -> Result<()> {
        Ok(self.take()?.execute_batch(sql)?)
    }

    /// Every row of every table as text, the same for the same content.
    ///
    /// # Errors
    /// The database is in use.
    pub fn dump(&self) -> Result<String> {
        dump(&*self.take()?)
    }

    /// The connection, if nobody is at work on it: with one thread that would be whoever asks.
    fn take(&self) -> Result<MutexGuard<'_, Connection>> {
        match self.0.try_lock() {
            Ok(conn) => Ok(conn),
            // An open transaction was undone when the panic passed it.
            Err(TryLockError::Poisoned(e)) => Ok(PoisonError::into_inner(e)),
            Err(TryLockError::WouldBlock) => Err(StoreError(
                "a database in memory does one thing at a time".into(),
            )),
        }
    }
}

struct MemoryStore(MemoryDatabase);

impl Store for MemoryStore {
    fn batch(&mut self, work: &mut dyn FnMut(&mut dyn Batch) -> Result<()>) -> Result<()> {
        let conn = self.0.take()?;
        let open = Open::begin(&conn, "BEGIN IMMEDIATE")?;
        work(&mut Commit(&conn))?;
        open.commit()
    }

    fn reader(&self) -> Result<Box<dyn Reader>> {
        Ok(Box::new(MemoryReader(self.0.clone())))
    }

    fn clear(&mut self) -> Result<()> {
        let conn = self.0.take()?;
        let open = Open::begin(&conn, "BEGIN IMMEDIATE")?;
        state::delete_all(&conn)?;
        open.commit()
    }

    fn replace(
        &mut self,
        dump: &Dump,
        then: &mut dyn FnMut(&mut dyn Batch) -> Result<()>,
    ) -> std::result::Result<(), ReplaceError> {
        let conn = self.0.take()?;
        let open = Open::begin(&conn, "BEGIN IMMEDIATE")?;
        state::replace(&conn, dump)?;
        then(&mut Commit(&conn))?;
        Ok(open.commit()?)
    }
}

struct MemoryReader(MemoryDatabase);

impl Reader for MemoryReader {
    fn read(&mut self, work: &mut dyn FnMut(&mut dyn Rows) -> Result<()>) -> Result<()> {
        work(&mut View(&*self.0.take()?))
    }

    fn another(&self) -> Result<Box<dyn Reader>> {
        Ok(Box::new(Self(self.0.clone())))
    }
}

impl SqliteStore {
    /// Every row of every table as text, the same for the same content: for comparisons, it takes long.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn dump(&self) -> Result<String> {
        dump(&self.conn)
    }
}

fn dump(conn: &Connection) -> Result<String> {
    let tables = many(
        conn,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name",
        [],
        |row| Ok(row.get::<_, String>(0)?),
    )?;
    let mut text = String::new();
    for table in tables {
        let _ = writeln!(text, "[{table}]");
        let mut statement = conn.prepare_cached(&format!("SELECT * FROM \"{table}\""))?;
        let columns = statement.column_count();
        let mut lines = Vec::new();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut line = String::new();
            for column in 0..columns {
                let _ = match row.get_ref(column)? {
                    ValueRef::Null => write!(line, "|"),
                    ValueRef::Integer(i) => write!(line, "{i}|"),
                    ValueRef::Real(r) => write!(line, "{r}|"),
                    ValueRef::Text(t) | ValueRef::Blob(t) => {
                        write!(line, "{}|", String::from_utf8_lossy(t))
                    }
                };
            }
            lines.push(line);
        }
        lines.sort();
        for line in lines {
            text.push_str(&line);
            text.push('\n');
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::conformance;

    #[test]
    fn it_does_what_every_store_must_that_one_thread_can_ask_of_it() {
        // These read on while another connection writes.
        let beside_a_writer = [
            "a_reader_sees_committed_rows_only",
            "a_reader_keeps_its_snapshot",
            "readers_work_on_other_threads",
        ];
        let mut left_out = 0;
        for (name, case) in conformance::CASES {
            if beside_a_writer.contains(name) {
                left_out += 1;
                continue;
            }
            case(MemoryDatabase::new().unwrap().store().as_mut());
        }
        assert_eq!(left_out, beside_a_writer.len());
    }

    #[test]
    fn what_was_committed_outlives_the_store_and_nothing_else_does() {
        let database = MemoryDatabase::new().unwrap();
        let mut store = database.store();
        let write = |store: &mut Box<dyn Store>, value: &str, ok: bool| {
            store.batch(&mut |batch| {
                batch.savepoint(&mut |tx| {
                    tx.put_meta("key", value)?;
                    Ok(true)
                })?;
                if ok {
                    Ok(())
                } else {
                    Err(StoreError("cut".into()))
                }
            })
        };
        write(&mut store, "kept", true).unwrap();
        write(&mut store, "lost", false).unwrap_err();
        drop(store);
        let before = database.dump().unwrap();
        assert!(before.contains("key|kept|"), "{before}");
        let mut again = database.store();
        write(&mut again, "newer", true).unwrap();
        assert_ne!(database.dump().unwrap(), before);
        database.wipe().unwrap();
        assert!(!database.dump().unwrap().contains("newer"));
    }
}
