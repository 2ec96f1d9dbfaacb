//! The scheduler's entries, and the platform's own values.

use ahoy_types::{CallId, RuleTime, TimerId};
use rusqlite::{Connection, params};

use super::calls;
use super::codec::{json, key, one, run, to_json, unsigned};
use crate::{Result, StoreError, Timer, TimerKind};

pub(super) fn next_timer(conn: &Connection) -> Result<Option<Timer>> {
    one(
        conn,
        "SELECT id, due, kind_json FROM timers ORDER BY due, id LIMIT 1",
        [],
        |row| {
            Ok(Timer {
                id: TimerId(unsigned(row, 0)?),
                due: RuleTime(row.get(1)?),
                kind: json(row, 2)?,
            })
        },
    )
}

pub(super) fn add_timer(conn: &Connection, due: RuleTime, kind: &TimerKind) -> Result<TimerId> {
    let call = match kind.call() {
        Some(call) => Some(calls::seq(conn, call)?),
        None => None,
    };
    run(
        conn,
        "INSERT INTO timers (due, call, kind_json) VALUES (?1, ?2, ?3)",
        params![due.0, call, to_json(kind)?],
    )?;
    u64::try_from(conn.last_insert_rowid())
        .map(TimerId)
        .map_err(|_| StoreError("timer ids are used up".into()))
}

pub(super) fn delete_timer(conn: &Connection, id: TimerId) -> Result<bool> {
    let Some(key) = key(id.0) else {
        return Ok(false);
    };
    Ok(run(conn, "DELETE FROM timers WHERE id = ?1", [key])? > 0)
}

pub(super) fn delete_timers_of_call(conn: &Connection, call: &CallId) -> Result<()> {
    run(
        conn,
        "DELETE FROM timers WHERE call = (SELECT seq FROM calls WHERE id = ?1)",
        [call.as_str()],
    )?;
    Ok(())
}

pub(super) fn meta(conn: &Connection, name: &str) -> Result<Option<String>> {
    one(
        conn,
        "SELECT value FROM meta WHERE key = ?1",
        [name],
        |row| Ok(row.get(0)?),
    )
}

pub(super) fn put_meta(conn: &Connection, name: &str, value: &str) -> Result<()> {
    run(
        conn,
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [name, value],
    )?;
    Ok(())
}
