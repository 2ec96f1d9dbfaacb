//! The schema: numbered steps in `migrations/`, each applied once and for ever.

use rusqlite::{Connection, TransactionBehavior};

use crate::{Result, StoreError};

/// All steps; a database of version *n* has had the first *n*. Published steps never change, new ones follow.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_ledger.sql"),
    include_str!("../../migrations/0002_numbers_and_users.sql"),
    include_str!("../../migrations/0003_messages.sql"),
    include_str!("../../migrations/0004_templates.sql"),
    include_str!("../../migrations/0005_permissions.sql"),
    include_str!("../../migrations/0006_quality.sql"),
    include_str!("../../migrations/0007_charges.sql"),
    include_str!("../../migrations/0008_admin.sql"),
    include_str!("../../migrations/0009_account_clock.sql"),
    include_str!("../../migrations/0010_replays.sql"),
    include_str!("../../migrations/0011_faults.sql"),
    include_str!("../../migrations/0012_identity.sql"),
    include_str!("../../migrations/0013_routing.sql"),
];

/// Marks a file as this program's (`Ahoy` in ASCII, SQLite's `application_id`).
const APPLICATION: i32 = 0x41_68_6f_79;

/// Whether the database is this program's, or nobody's yet.
pub(super) fn is_ours(conn: &Connection) -> Result<bool> {
    let application: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let objects: i64 =
        conn.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(application == APPLICATION || (application == 0 && objects == 0))
}

/// Whether there is not a single table.
pub(super) fn is_empty(conn: &Connection) -> Result<bool> {
    let objects: i64 =
        conn.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(objects == 0)
}

/// Brings the database to the newest version, one transaction a step.
pub(super) fn migrate(conn: &mut Connection, steps: &[&str]) -> Result<()> {
    let newest = i64::try_from(steps.len())
        .map_err(|_| StoreError("there are more migrations than versions".into()))?;
    loop {
        // The version is read under the write lock, so that a step can never run twice.
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !is_ours(&tx)? {
            return Err(StoreError("the database belongs to another program".into()));
        }
        let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version > newest {
            return Err(StoreError(format!(
                "the database has schema version {version} and this program knows versions up to {newest}: \
                 it was written by a newer release; start that one, or use another data folder"
            )));
        }
        let Some(step) = usize::try_from(version).ok().and_then(|v| steps.get(v)) else {
            return Ok(());
        };
        let next = version + 1;
        tx.execute_batch(step)
            .and_then(|()| tx.pragma_update(None, "application_id", APPLICATION))
            .and_then(|()| tx.pragma_update(None, "user_version", next))
            .and_then(|()| tx.commit())
            .map_err(|e| StoreError(format!("the step to schema version {next} failed: {e}")))?;
    }
}
